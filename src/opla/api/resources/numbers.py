"""What a number is, and whose it probably is. Numbers move between operators: this proposes, a person decides."""

from __future__ import annotations

from typing import Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema
from pydantic import ConfigDict

from opla.accounts.address import address_of
from opla.api.auth import Key, access
from opla.api.problems import Refused
from opla.api.schemas import Body, Problem, Why
from opla.core import sim
from opla.core.api_access import Scope
from opla.core.phone import Number
from opla.core.refusal import Refusal
from opla.operations import catalogue, look_up, shop
from opla.presenting import numbers, problems

router = Router(tags=["numbers"])


class LookUp(Body):
    """A number as somebody typed it: `0470 12 34 56`, `+32 470…`, or what stands on a SIM."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"number": "0470 12 34 56"}]})
    number: str = Field(min_length=1, max_length=200)


class Proposal(Schema):
    """Whose number it probably is. `by` supplier: somebody who tops up was asked; number_block: whom it was first given
    to, which says little, because numbers move. Let the person confirm."""

    operator: str
    name: str
    by: Literal["supplier", "number_block"]


class LookedUp(Schema):
    """`kind` number: it can be topped up. The others are of a SIM or a phone; `why_not` says so, and `where_to_look`
    where its number is found. `waiting`: a supplier is being asked; ask again in a second."""

    kind: Literal["number", "iccid", "eid", "activation_code"]
    number: str | None = Field(description="E.164")
    shown: str | None = Field(description="as people write it")
    country: str | None
    proposal: Proposal | None
    waiting: bool
    why_not: Why | None
    where_to_look: list[str]


@router.post(
    "/numbers/look-up",
    auth=Key(Scope.CATALOGUE),
    response={200: LookedUp, 400: Problem, 401: Problem, 403: Problem, 422: Problem, 429: Problem, 503: Problem},
)
def identify(request: HttpRequest, payload: LookUp) -> LookedUp:
    """What was typed, read as the shop's own page reads it. What can be no number is refused, saying why. The same
    address has twenty look-ups an hour that ask a supplier; others, and every key of the sandbox, are answered from
    the catalogue alone."""
    _, catalog = catalogue.active()
    found = sim.identify(payload.number, home=catalog.country, served=frozenset({catalog.country}))
    if isinstance(found, Refusal):
        raise Refused(found)
    if not isinstance(found, Number):
        return _of_a_sim(found)
    told = look_up.Found(waiting=False)
    if not access(request).sandbox:
        here, at = shop.current(), timezone.now()
        look_up.ask(found.e164, address=address_of(request), shop=here, at=at)
        told = look_up.found(found.e164, shop=here, at=at)
    likely = told.operator or catalog.hinted_operator(found.e164)
    by: Literal["supplier", "number_block"] = "supplier" if told.operator else "number_block"
    return LookedUp(
        kind="number",
        number=found.e164,
        shown=found.grouped,
        country=found.country,
        proposal=Proposal(operator=likely.id, name=likely.name, by=by) if likely else None,
        waiting=told.waiting,
        why_not=None,
        where_to_look=[],
    )


def _of_a_sim(found: sim.SimIdentifier) -> LookedUp:
    """What was typed is not said again: an activation code is a secret."""
    match found:
        case sim.Iccid(country=country):
            kind: Literal["iccid", "eid", "activation_code"] = "iccid"
        case sim.Eid():
            kind, country = "eid", ""
        case _:
            kind, country = "activation_code", ""
    refused = sim.why_not(found)
    return LookedUp(
        kind=kind,
        number=None,
        shown=None,
        country=country or None,
        proposal=None,
        waiting=False,
        why_not=Why.model_validate(problems.why(refused)) if refused else None,
        where_to_look=numbers.places(kind),
    )
