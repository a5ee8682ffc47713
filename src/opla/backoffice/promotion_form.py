"""The forms of a promotion: an entry of the document as fields, and fields as an entry. The file's checks judge it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from django.http import QueryDict

from opla.core.catalog import Sure

Entry = dict[str, object]
Values = dict[str, object]

_MAX_TYPED: Final = 2_000
#: Cells of an operator's promotion.
CELLS: Final = ("from", "until", "minimum", "gives")
#: What an operator adds, and for how long.
BONUS: Final = ("credit", "data_mb", "voice_min", "sms", "days", "months")
#: A source that is typed below.
_NEW: Final = "+"


def typed(posted: QueryDict, name: str) -> str:
    return posted.get(name, "")[:_MAX_TYPED].replace("\0", "").strip()


def ours_values(entry: Mapping[str, object]) -> Values:
    """One of ours as its form has it; of an empty entry, a new one."""
    gives = entry.get("gives")
    kind, much = next(iter(gives.items())) if isinstance(gives, Mapping) and gives else ("percent", "")
    sealed = entry.get("sealed_coupons")
    texts = {name: str(entry.get(name, "")) for name in ("id", "minimum", "most_uses", "most_each", "group")}
    lists = {name: _listed(entry.get(name)) for name in ("operators", "products", "channels", "groups")}
    return {
        **texts,
        **lists,
        **_titles(entry),
        "from": _local(entry.get("from")),
        "until": _local(entry.get("until")),
        "kind": kind,
        "much": "" if kind == "fee" else str(much),
        "first_purchase": entry.get("first_purchase") is True,
        "stacks": entry.get("stacks") is True,
        "sealed": len(sealed) if isinstance(sealed, list) else 0,
        "keep_coupons": True,
    }


def ours_typed(posted: QueryDict) -> Values:
    """What was typed, to be shown again."""
    names = ("id", "minimum", "most_uses", "most_each", "group", "from", "until", "kind", "much", "coupons",
             "group_name", "group_domains", "why")  # fmt: skip
    lists = {name: posted.getlist(name)[:500] for name in ("operators", "products", "channels", "groups")}
    ticked = {name: name in posted for name in ("first_purchase", "stacks", "keep_coupons")}
    return {**{name: typed(posted, name) for name in names}, **lists, **ticked, **_titles_typed(posted)}


def read_ours(posted: QueryDict, old: Mapping[str, object], document: Mapping[str, object]) -> tuple[Entry, Entry]:
    """The entry, and what of the document comes with it: a group of customers that is new."""
    found = ours_typed(posted)
    kept = {name: old[name] for name in ("time_zone",) if name in old}
    kind, much = str(found["kind"]), str(found["much"])
    gives: dict[str, object] = (
        {"fee": "waived"} if kind == "fee" else {kind: _number(much) if kind == "percent" else much}
    )
    entry: Entry = {
        "id": old.get("id") or found["id"],
        "title": _title(posted),
        "from": _clock(found["from"]),
        "until": _clock(found["until"]),
        **kept,
        "gives": gives,
        "operators": found["operators"],
        "products": found["products"],
        "minimum": found["minimum"],
        "channels": found["channels"],
        "first_purchase": found["first_purchase"],
        "coupons": str(found["coupons"]).replace(",", " ").split(),
        "sealed_coupons": old.get("sealed_coupons") if found["keep_coupons"] else None,
        "most_uses": _number(str(found["most_uses"])),
        "most_each": _number(str(found["most_each"])),
        "stacks": found["stacks"],
        "group": found["group"],
    }
    groups, more = _groups(found, document)
    return _without_empty({**entry, "groups": groups}), more


def _groups(found: Values, document: Mapping[str, object]) -> tuple[list[str], Entry]:
    names = _listed(found["groups"])
    name, domains = str(found["group_name"]), str(found["group_domains"]).replace(",", " ").lower().split()
    if not name and not domains:
        return names, {}
    known = document.get("groups")
    listed = [one for one in known if isinstance(one, Mapping)] if isinstance(known, list) else []
    rest = [one for one in listed if one.get("id") != name]
    return list(dict.fromkeys([*names, name])), {"groups": [*rest, {"id": name, "email_domains": domains}]}


def theirs_values(entry: Mapping[str, object]) -> Values:
    """One of theirs: beside each figure how sure it is, who says so and when it was seen there."""
    shown: Values = {"id": str(entry.get("id", "")), "operator": str(entry.get("operator", ""))}
    shown |= {"products": _listed(entry.get("products")), **_titles(entry)}
    for name in CELLS:
        cell = entry.get(name)
        cell = cell if isinstance(cell, Mapping) else {}
        for part in ("sure", "source", "verified_on"):
            shown[f"{name}_{part}"] = str(cell.get(part, "unknown" if part == "sure" else ""))
        value = cell.get("value")
        if name == "gives":
            shown |= {f"gives_{part}": text for part, text in _bonus(value).items()}
        else:
            shown[name] = _local(value) if name != "minimum" else str(value or "")
    return shown


def _bonus(value: object) -> dict[str, str]:
    given = value if isinstance(value, Mapping) else {}
    lasts = given.get("lasts")
    length = lasts if isinstance(lasts, Mapping) else {}
    parts = {name: str(given.get(name, "")) for name in ("credit", "data_mb", "voice_min", "sms")}
    return {**parts, "days": str(length.get("days", "")), "months": str(length.get("months", ""))}


def theirs_typed(posted: QueryDict) -> Values:
    names = ["id", "operator", "where", "dated", "why", "from", "until", "minimum"]
    names += [f"{name}_{part}" for name in CELLS for part in ("sure", "source", "verified_on")]
    names += [f"gives_{part}" for part in BONUS]
    return {**{name: typed(posted, name) for name in names}, "products": posted.getlist("products")[:500],
            **_titles_typed(posted)}  # fmt: skip


def read_theirs(posted: QueryDict, old: Mapping[str, object], document: Mapping[str, object]) -> tuple[Entry, Entry]:
    """The entry, and the list of sources where one of them is new."""
    found = theirs_typed(posted)
    known = document.get("sources")
    sources = dict(known) if isinstance(known, Mapping) else {}
    fresh, where = "", " ".join(str(found["where"]).split())
    if where:
        fresh = next(f"source-{n}" for n in range(1, 10_000) if f"source-{n}" not in sources)
        sources[fresh] = {"where": where, "dated": str(found["dated"]) or "nd"}
    cells = {name: _cell(found, name, old.get(name), fresh) for name in CELLS}
    entry: Entry = {
        "id": old.get("id") or found["id"],
        "operator": found["operator"],
        "title": _title(posted),
        "products": found["products"],
        **{name: cell for name, cell in cells.items() if cell is not None},
    }
    return _without_empty(entry), {"sources": sources} if where else {}


def _cell(found: Values, name: str, old: object, fresh: str) -> Entry | None:
    """None: nobody said anything of it, which is the same as unknown. What a form does not show stays."""
    source = str(found[f"{name}_source"])
    source = fresh if source == _NEW else source
    sure, value = str(found[f"{name}_sure"]) or Sure.UNKNOWN, _value(found, name)
    if sure == Sure.UNKNOWN and not source and not value and name != "from":
        return None
    rest = {key: old[key] for key in ("note", "disputed", "usual") if key in old} if isinstance(old, Mapping) else {}
    cell: Entry = {} if sure == Sure.UNKNOWN else {"value": value}
    seen = str(found[f"{name}_verified_on"])
    return {**cell, "sure": sure, "source": source, **({"verified_on": seen} if seen else {}), **rest}


def _value(found: Values, name: str) -> object:
    if name != "gives":
        return str(found[name]) if name == "minimum" else _clock(found[name])
    given: Entry = {"credit": str(found["gives_credit"])}
    given |= {part: _number(str(found[f"gives_{part}"])) for part in ("data_mb", "voice_min", "sms")}
    lasts = {part: _number(str(found[f"gives_{part}"])) for part in ("days", "months")}
    return _without_empty({**given, "lasts": _without_empty(lasts)})


def sources_of(document: Mapping[str, object]) -> list[tuple[str, str]]:
    known = document.get("sources")
    listed = known.items() if isinstance(known, Mapping) else ()
    return [(str(key), str(one.get("where", ""))) for key, one in listed if isinstance(one, Mapping)]


def groups_of(document: Mapping[str, object]) -> list[tuple[str, str]]:
    """Each group of customers with its domains."""
    known = document.get("groups")
    listed = [one for one in known if isinstance(one, Mapping)] if isinstance(known, list) else []
    return [(str(one.get("id")), ", ".join(_listed(one.get("email_domains")))) for one in listed]


def _titles(entry: Mapping[str, object]) -> Values:
    title = entry.get("title")
    return {"titles": dict(title) if isinstance(title, Mapping) else {}}


def _title(posted: QueryDict) -> Entry:
    return {tag: text for tag, text in _tags(posted) if text}


def _titles_typed(posted: QueryDict) -> Values:
    return {"titles": dict(_tags(posted))}


def _tags(posted: QueryDict) -> Iterator[tuple[str, str]]:
    for name in posted:
        if name.startswith("title_"):
            yield name.removeprefix("title_")[:20], " ".join(typed(posted, name).split())


def _number(text: str) -> object:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text


def _clock(local: object) -> str:
    """`2026-12-01T00:00` of a form as the file writes it."""
    return str(local).replace("T", " ")[:40]


def _local(value: object) -> str:
    return value.replace(" ", "T") if isinstance(value, str) else ""


def _listed(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _without_empty(entry: Entry) -> Entry:
    """What stands empty in a form is left out of the document."""
    return {name: value for name, value in entry.items() if value is not False and value not in ("", None, [], {})}
