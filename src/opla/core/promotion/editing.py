"""Documents of promotions against each other: one entry put in or taken out, and what two versions differ in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from opla.core.catalog.place import name_of
from opla.core.promotion.model import Promotion, Promotions

Document = Mapping[str, object]

#: Keyed digests say nothing to anybody; how many there are does.
_COUNTED: Final = frozenset({"coupons", "sealed_coupons"})


class Side(StrEnum):
    """Whose promotion an entry is."""

    OURS = "ours"
    THEIRS = "theirs"


def entries(document: Document, side: Side) -> list[Mapping[str, object]]:
    """Those of one side, in the order of the document."""
    found = document.get(side)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, Sequence) else []


def entry_of(document: Document, side: Side, name: str) -> Mapping[str, object] | None:
    return next((one for one in entries(document, side) if one.get("id") == name), None)


def with_entry(document: Document, side: Side, entry: Mapping[str, object]) -> dict[str, object]:
    """The document with this entry: in the place of the one of its name, or behind the others."""
    known = entries(document, side)
    if any(one.get("id") == entry.get("id") for one in known):
        return {**document, side: [entry if one.get("id") == entry.get("id") else one for one in known]}
    return {**document, side: [*known, entry]}


def without(document: Document, side: Side, name: str) -> dict[str, object]:
    return {**document, side: [one for one in entries(document, side) if one.get("id") != name]}


@dataclass(frozen=True)
class Difference:
    """One field of one entry. `old` None: it is new; `new` None: it is gone. Of coupons how many there are."""

    name: str
    field: str
    old: object
    new: object


def differences(old: Document, new: Document) -> list[Difference]:
    """Every field in which two documents differ, in the order of the new one."""
    return [found for section in _sections(old, new) for found in _of_section(section, old, new)]


def _sections(old: Document, new: Document) -> list[str]:
    return [*new, *(key for key in old if key not in new)]


def _of_section(section: str, old: Document, new: Document) -> Iterator[Difference]:
    before, after = old.get(section), new.get(section)
    if before == after:
        return
    if not isinstance(before or [], list) or not isinstance(after or [], list) or section == "languages":
        yield Difference(section, "", before, after)
        return
    was, now = _by_name(before), _by_name(after)
    for name in [*now, *(one for one in was if one not in now)]:
        yield from _of_entry(name, was.get(name, {}), now.get(name, {}))


def _of_entry(name: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Difference]:
    for field in [*new, *(key for key in old if key not in new)]:
        before, after = old.get(field), new.get(field)
        if before != after and field != "id":
            yield Difference(name, field, _counted(field, before), _counted(field, after))


def _by_name(section: object) -> dict[str, Mapping[str, object]]:
    listed = section if isinstance(section, list) else []
    return {name_of(one): one for one in listed if isinstance(one, Mapping)}


def _counted(field: str, value: object) -> object:
    return len(value) if field in _COUNTED and isinstance(value, list) else value


def changed(old: Promotions, new: Promotions) -> frozenset[str]:
    """The promotions of ours that are another thing in the new one, that are new, or that are gone."""
    names = {one.id for one in (*old.ours, *new.ours)}
    regrouped = {name for name in names if old.groups != new.groups and _for_a_group(name, old, new)}
    return frozenset(name for name in names if old.find(name) != new.find(name)) | regrouped


def _for_a_group(name: str, old: Promotions, new: Promotions) -> bool:
    return any(one is not None and one.groups for one in (old.find(name), new.find(name)))


def takes_only(old: Promotions, new: Promotions) -> bool:
    """Whether nobody gets or is told anything by the new one that they are not by the old one: it only ends things."""
    return (
        old.groups == new.groups
        and all(_no_more(old.find(one.id), one) for one in new.ours)
        and all(one in old.theirs for one in new.theirs)
    )


def _no_more(old: Promotion | None, new: Promotion) -> bool:
    return (
        old is not None
        and replace(new, window=old.window) == old
        and new.window.start >= old.window.start
        and _not_later(new.window.until, old.window.until)
    )


def _not_later(new: datetime | None, old: datetime | None) -> bool:
    return old is None or (new is not None and new <= old)
