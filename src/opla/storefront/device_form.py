"""The questions about a phone, as fields of whatever form they stand in, and what was answered.

The digits of an EID never reach an address, a cookie or a table: they are judged where they are posted, and the answer
goes on as `Answers.encode` writes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext as _

from opla.core.device_check import Answers, Says, Why, typed
from opla.core.devices import Region
from opla.core.refusal import Code, Refusal
from opla.operations.devices import families
from opla.presenting import device_check as words
from opla.presenting.refusals import sentence
from opla.storefront.draft import MAX_TYPED

#: Holds all answers at once, encoded; read only where none of the fields below was sent.
HIDDEN: Final = "device"
_SHOWS: Final = "device_eid_shown"
_LOCKED: Final = "device_locked"
_REGION: Final = "device_region"
_FAMILY: Final = "device_family"
_EID: Final = "device_eid"
_ASKED: Final[dict[str, type[StrEnum]]] = {_SHOWS: Says, _LOCKED: Says, _REGION: Region}


@dataclass(frozen=True)
class Question:
    """One that is answered by choosing. `error` is empty, or the sentence beside it."""

    name: str
    title: str
    hint: str
    options: list[tuple[str, str, bool]]
    error: str


def read(sent: Mapping[str, str]) -> Answers | Refusal:
    """What a form or an address says. The first question without an answer refuses, and is named.

    An EID that is none is an answer too: `core.device_check.check` refuses it.
    """
    if not any(name in sent for name in (*_ASKED, _FAMILY, _EID)):
        return Answers.decode(sent.get(HIDDEN, ""))
    for name in _ASKED:
        if not _chosen(sent, name):
            return Refusal(Code.DEVICE_NOT_CHECKED, name)
    found = families().find(sent.get(_FAMILY, ""))
    return Answers(
        shows_eid=Says(sent[_SHOWS]),
        locked=Says(sent[_LOCKED]),
        region=Region(sent[_REGION]),
        family=found.id if found else "",
        eid=typed(sent.get(_EID, "")[:MAX_TYPED]),
    )


def context(sent: Mapping[str, str] | Answers | None = None, refusal: Refusal | None = None) -> dict[str, object]:
    """What `storefront/device_check.html` needs: the fields as they were sent, or as they were answered before."""
    values = _of(sent) if isinstance(sent, Answers) else dict(sent or {})
    said = sentence(refusal) if refusal else ""
    missing = said if refusal and refusal.code is Code.DEVICE_NOT_CHECKED else ""
    return {
        "device": {
            "questions": [_question(name, values, missing) for name in _ASKED],
            "families": _families(values.get(_FAMILY, "")),
            "eid": values.get(_EID, "")[:MAX_TYPED],
            "eid_error": said if refusal and refusal.params.get("why") == Why.EID_WRONG else "",
        }
    }


def _question(name: str, values: Mapping[str, str], missing: str) -> Question:
    titles = {
        _SHOWS: (_("Does it show an EID?"), _("Dial *#06# on that phone, as for a call. Is an EID in the list?")),
        _LOCKED: (_("Is it locked to an operator?"), ""),
        _REGION: (_("Where was it bought?"), _("The same name is another phone elsewhere.")),
    }
    return Question(name, *titles[name], _options(name, values), "" if _chosen(values, name) else missing)


def _of(answers: Answers) -> dict[str, str]:
    return {_SHOWS: answers.shows_eid, _LOCKED: answers.locked, _REGION: answers.region, _FAMILY: answers.family}


def _chosen(sent: Mapping[str, str], name: str) -> bool:
    return sent.get(name, "") in list(_ASKED[name])


def _options(name: str, values: Mapping[str, str]) -> list[tuple[str, str, bool]]:
    chosen = values.get(name, "")
    if _ASKED[name] is Region:
        return [(region.value, words.region(region), chosen == region) for region in Region]
    return [(one.value, words.says(one), chosen == one) for one in Says]


def _families(chosen: str) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """The models by brand."""
    table = families()
    return [
        (brand, [(one.id, words.models(one), one.id == chosen) for one in table.all if one.brand == brand])
        for brand in table.brands
    ]
