"""The cheapest purchases for a need: the planner that answers on the shop's page, for programs."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema
from pydantic import ConfigDict

from opla.api.auth import Key
from opla.api.problems import Refused
from opla.api.resources.lines import LineFile, Uncertain, Use
from opla.api.schemas import Body, Money, Problem
from opla.core import planner
from opla.core.api_access import Scope
from opla.core.calendar import day_of, zone
from opla.core.catalog import Catalog
from opla.core.line import Line
from opla.core.line_file import write_line
from opla.core.refusal import Code, Refusal
from opla.operations import catalogue, look_ahead, shop
from opla.operations.find_plan import MOST_DAYS, Asked, find_plan
from opla.presenting import plans as words

router = Router(tags=["plans"])


class Need(Body):
    """From today on, for so many days, with so much use per 30 days. `line`: the SIM there is; null: a new one."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"days": 30, "use": {"data_kb": 3000000, "voice_s": 3600, "sms": 10}}]}
    )
    days: int = Field(strict=True, ge=1, le=MOST_DAYS)
    use: Use
    line: LineFile | None = None


class Bought(Schema):
    """One purchase. `cost`: with our fee; `from_credit`: what it takes from the credit on the SIM instead. `reason`:
    runs_out, keeps_what_is_left or pays, and in words."""

    at: datetime
    sku: str
    face: Money
    cost: Money
    from_credit: Money
    reason: str
    kinds: list[str]
    text: str


class Plan(Schema):
    """The purchases for one SIM. `exact`: nothing costs less, as `means` says it; else the best that was found.
    `sim`: the price of a new SIM, counted in `cost`; null where it is not known."""

    operator: str
    plan: str
    new_sim: bool
    cost: Money
    per_day: Money
    sim: Money | None
    exact: bool
    purchases: list[Bought]
    left_over: dict[str, object]
    uncertain: list[Uncertain]
    text: str


class LeftOut(Schema):
    """A product that was not considered, because these figures are not known."""

    operator: str
    sku: str
    unknown: list[str]


class Answer(Schema):
    """`best`, then the best of every other operator, cheapest first. `cannot`: operators with which it is not covered.
    Prices are those of the shop's page; an order from a float costs the face value and the fee."""

    first: str
    days: int
    best: Plan
    runners_up: list[Plan]
    cannot: list[str]
    left_out: list[LeftOut]
    means: list[str]


_ANSWERS = {400: Problem, 401: Problem, 403: Problem, 409: Problem, 422: Problem, 429: Problem, 503: Problem}


@router.post("/plans", auth=Key(Scope.CATALOGUE, cost=10), response={200: Answer, **_ANSWERS})
def cheapest(request: HttpRequest, payload: Need) -> Answer:
    """The cheapest sequence of purchases that covers a need, with reasons. Counts as ten calls. A search ends after a
    fixed number of steps, some seconds at most, and says so (`exact`). One runs at a time: another is refused with
    409 `still_running`. What nothing covers is refused with `need_not_covered`, naming what fails."""
    _, catalog = catalogue.active()
    at = timezone.now()
    line = _line(payload, catalog)
    if not (payload.use.data_kb or payload.use.voice_s or payload.use.sms):
        raise Refused(Refusal(Code.NEED_MISSING, "use"))
    first = day_of(at, zone(catalog.time_zone))
    asked = Asked(
        payload.use.data_kb,
        payload.use.voice_s,
        payload.use.sms,
        first,
        payload.days,
        sim=line.operator if line else "",
    )
    found = find_plan(asked, line, shop.current(), at)
    if isinstance(found, Refusal):
        raise Refused(found)
    if isinstance(found.answer, Refusal):
        raise Refused(found.answer)
    answer = found.answer
    return Answer(
        first=first.isoformat(),
        days=answer.days,
        best=_plan(answer.best, catalog),
        runners_up=[_plan(other, catalog) for other in answer.runners_up],
        cannot=[one.operator for one in answer.uncovered],
        left_out=[LeftOut(operator=o.operator, sku=o.sku, unknown=list(o.cells)) for o in answer.left_out],
        means=list(words.meaning()),
    )


def _line(payload: Need, catalog: Catalog) -> Line | None:
    if payload.line is None:
        return None
    found = look_ahead.described(payload.line, catalog)
    if isinstance(found, Refusal):
        raise Refused(found)
    return found


def _plan(one: planner.Plan, catalog: Catalog) -> Plan:
    left = Line(one.operator, credit=one.left_over.credit, buckets=one.left_over.buckets, currency=one.currency)

    def amount(minor: int) -> Money:
        return Money(amount_minor=minor, currency=one.currency)

    return Plan(
        operator=one.operator,
        plan=one.plan,
        new_sim=not one.own_line,
        cost=amount(one.cost_minor),
        per_day=amount(one.per_day_minor),
        sim=None if one.sim_minor is None else amount(one.sim_minor),
        exact=one.exact,
        purchases=[
            Bought(
                at=bought.at,
                sku=bought.sku,
                face=amount(bought.face_minor),
                cost=amount(bought.cost_minor),
                from_credit=amount(bought.credit_minor),
                reason=bought.reason,
                kinds=[str(kind) for kind in bought.kinds],
                text=words.reason(bought),
            )
            for bought in one.purchases
        ],
        left_over=write_line(left),
        uncertain=[Uncertain(sku=sku, figure=u.cell, doubts=[str(d) for d in u.doubts]) for sku, u in one.uncertain],
        text=f"{words.title(one)}: {words.cost(one)}, {words.line(one, catalog)}",
    )
