"""What a purchase does to a SIM, and what is on it in the course of time. Computed from what is sent, kept nowhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema
from pydantic import AwareDatetime, BeforeValidator, ConfigDict, WithJsonSchema
from pydantic.config import JsonDict

from opla.api.auth import Key
from opla.api.problems import Refused
from opla.api.schemas import Body, Money, Problem
from opla.core import money
from opla.core.api_access import Scope
from opla.core.calendar import day_of, zone
from opla.core.catalog import Catalog
from opla.core.drawing import evenly
from opla.core.effects import Effect, completed
from opla.core.line import Line
from opla.core.line_file import write_line
from opla.core.refusal import Code, Refusal
from opla.core.timeline import Purchase, Wants, demand_fields, event_fields, happened_fields, timeline
from opla.core.verdict import Renewal, verdict
from opla.operations import catalogue, look_ahead, prices, shop
from opla.operations.look_ahead import Wish
from opla.operations.shop import Shop
from opla.presenting import changes as words
from opla.presenting import plans
from opla.presenting import timeline as sentences

router = Router(tags=["lines"])

#: A number that is kept for thirteen months, and some days.
_FARTHEST: Final = timedelta(days=400)
_USUAL: Final = timedelta(days=60)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def _written(value: object) -> object:
    """Times come as text: a bare number would be taken for seconds since 1970."""
    if not isinstance(value, str):
        raise ValueError("not_time")  # noqa: TRY004 - pydantic's word for a wrong value
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_written), Field(ge=_EARLIEST, lt=_LATEST)]
Whole = Annotated[int, Field(strict=True, ge=0)]
Amount = Annotated[int, Field(strict=True, ge=1, le=10**9)]
Sku = Annotated[str, Field(min_length=1, max_length=60)]
PlanName = Annotated[str, Field(max_length=60)]
_TIME: Final[JsonDict] = {"type": ["string", "null"], "format": "date-time"}
_WHOLE: Final[JsonDict] = {"type": ["integer", "null"], "minimum": 0, "maximum": 10**15}
_LEFT: Final[JsonDict] = {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 10**15}, {"const": "unlimited"}]}
_NAME: Final[JsonDict] = {"type": ["string", "null"], "minLength": 1, "maxLength": 100}
_CREDIT: Final[JsonDict] = {
    "type": "object",
    "properties": {
        "amount_minor": {"type": "integer", "minimum": 0, "maximum": 10**15},
        "starts": _TIME,
        "ends": _TIME,
    },
    "required": ["amount_minor"],
    "additionalProperties": False,
}
_BUCKET: Final[JsonDict] = {
    "type": "object",
    "description": "What is left: `left_kb` of data, `left_s` of voice, `left` of SMS.",
    "properties": {
        "kind": {"enum": ["data", "voice", "sms"]},
        **dict.fromkeys(("left_kb", "left_s", "left"), _LEFT),
        **dict.fromkeys(("starts", "ends", "bought_at"), _TIME),
        **dict.fromkeys(("sku", "group", "generation"), _NAME),
        **dict.fromkeys(("slow_kbps", "eu_left", "eu_left_kb", "max_mbps"), _WHOLE),
        "renews": {"type": "boolean"},
    },
    "required": ["kind"],
    "additionalProperties": False,
}
#: Read by the core (`line_file`), which names the first field that is wrong.
LINE_SCHEMA: Final[JsonDict] = {
    "type": "object",
    "title": "LineFile",
    "description": "What is on a SIM, as docs/reference/sims-file.md says. What is left out is not known.",
    "properties": {
        "operator": {"type": "string", "minLength": 1, "maxLength": 100},
        "currency": {"const": "EUR"},
        "plan": _NAME,
        "credit": {"type": ["array", "null"], "items": _CREDIT, "maxItems": 100},
        "buckets": {"type": ["array", "null"], "items": _BUCKET, "maxItems": 100},
        **dict.fromkeys(
            ("topped_up_at", "used_at", "number_ends", "number_lost", "plan_changed_at", "plan_fixed_until"), _TIME
        ),
        "auto_top_up": {
            "type": ["object", "null"],
            "properties": {"sku": _NAME, "below_minor": _WHOLE},
            "required": ["sku", "below_minor"],
            "additionalProperties": False,
        },
    },
    "required": ["operator"],
    "additionalProperties": False,
}
LineFile = Annotated[dict[str, object], WithJsonSchema(LINE_SCHEMA)]

_LINE: Final[JsonDict] = {
    "operator": "proximus",
    "plan": "bonus",
    "topped_up_at": "2026-11-02T12:00:00Z",
    "credit": [{"amount_minor": 350, "ends": "2027-11-02T12:00:00Z"}],
    "buckets": [{"kind": "data", "left_kb": 1200000, "ends": "2026-12-02T12:00:00Z", "sku": "PX-15"}],
}


class Look(Body):
    """`line` null: nobody said what is on the SIM, and nothing is taken to be. `amount_minor`: of a product with a
    price range. `at`: when it would reach the SIM; now, where it is left out."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"line": _LINE, "sku": "PX-15"}]})
    sku: Sku
    line: LineFile | None = None
    amount_minor: Amount | None = None
    plan: PlanName = ""
    at: Instant | None = None


class Row(Schema):
    """One kind of thing, in words: what there is of it now, and after the purchase."""

    name: str
    now: list[str]
    after: list[str]


class Said(Schema):
    """In the language asked for: a table, what to mind, and what must be so for the bonus where nobody told."""

    rows: list[Row]
    warnings: list[str]
    conditions: list[str]
    mark: str


class Advice(Schema):
    """`advice` renew, wait, lapse or ask, and `because` of which row of the table. `since`: from when renewing costs
    nothing that is there; `by`: before that it saves something."""

    advice: str
    because: str
    since: datetime | None
    by: datetime | None
    empty_from: datetime | None


class Uncertain(Schema):
    """A figure it was computed from that is no plain fact, and why: reported, disputed, usual, sample."""

    sku: str
    figure: str
    doubts: list[str]


class Effects(Schema):
    """`before` and `after` are line files at `at`; what `said.conditions` asks for is taken to be so. `happened`: what
    the purchase does, each fact by its `what` with its figures. `lost`: what it takes away; `wait_until`: when it would
    take nothing away. `silent`: rules that nobody knows, taken for none."""

    at: datetime
    cost: Money
    before: dict[str, object]
    after: dict[str, object]
    happened: list[dict[str, object]]
    lost: list[dict[str, object]]
    wait_until: datetime | None
    number_ends: datetime | None
    verdict: Advice
    uncertain: list[Uncertain]
    silent: list[str]
    said: Said


_ANSWERS = {400: Problem, 401: Problem, 403: Problem, 422: Problem, 429: Problem, 503: Problem}


@router.post("/lines/effects", auth=Key(Scope.CATALOGUE, cost=2), response={200: Effects, **_ANSWERS})
def effects(request: HttpRequest, payload: Look) -> Effects:
    """What buying this would do to a SIM, as the shop says it before anybody pays. Counts as two calls."""
    _, catalog = catalogue.active()
    here, at = shop.current(), (payload.at or timezone.now()).astimezone(UTC)
    line = _line(payload.line, catalog) if payload.line is not None else None
    wish = Wish(payload.sku, payload.amount_minor, payload.plan)
    effect = _known(look_ahead.effect_wished(wish, line, catalog, shop=here))
    brand = catalog.operator(effect.operator)
    if payload.plan and not (brand and any(plan.id == payload.plan for plan in brand.plans_offered)):
        raise Refused(Refusal(Code.PRODUCT_UNKNOWN, "plan", {"plan": payload.plan}))
    return looked_at(effect, line, at, payload.plan, catalog, here)


def looked_at(effect: Effect, line: Line | None, at: datetime, plan: str, catalog: Catalog, here: Shop) -> Effects:
    """What it would do, in figures and in words. Raises `Refused` where nobody can say."""
    others = look_ahead.effects_of(effect.operator, catalog)
    found, _conditions = words.looked(effect, line, at, plan=plan, effects=others)
    said = words.changes(effect, plans.product(catalog, effect.sku), line, at, plan=plan, effects=others)
    if isinstance(found, Refusal):
        raise Refused(found)
    if isinstance(said, Refusal):
        raise Refused(said)
    cost = money.Money(effect.paid_minor + (0 if effect.from_credit else prices.terms(here).fee_minor), effect.currency)
    holding = completed(line, effect) if line else Line(effect.operator, currency=effect.currency)
    advised = verdict(holding, at, Renewal(effect, cost.amount_minor, plan), where=effect.zone, effects=others)
    return Effects(
        at=at,
        cost=Money.of(cost),
        before=write_line(found.now.at(at)),
        after=write_line(found.after.at(at)),
        happened=[happened_fields(fact) for event in found.after.events if event.at <= at for fact in event.happened],
        lost=[event_fields(event) for event in found.lost],
        wait_until=found.wait_until,
        number_ends=found.number_ends,
        verdict=Advice(
            advice=advised.advice,
            because=advised.because,
            since=advised.since,
            by=advised.by,
            empty_from=advised.empty_from,
        ),
        uncertain=_uncertain([effect]),
        silent=list(effect.silent),
        said=Said(
            rows=[Row(name=row.name, now=list(row.now), after=list(row.after)) for row in said.rows],
            warnings=list(said.warnings),
            conditions=list(said.conditions),
            mark=said.mark,
        ),
    )


class Buy(Body):
    """One purchase on the way; `at` left out: at the beginning."""

    sku: Sku
    amount_minor: Amount | None = None
    plan: PlanName = ""
    at: Instant | None = None


class Use(Body):
    """Per 30 days, spread evenly over the days."""

    data_kb: Whole = Field(0, le=200_000_000)
    voice_s: Whole = Field(0, le=600_000)
    sms: Whole = Field(0, le=10_000)


class Course(Body):
    """`start`: now, where it is left out; `until`: sixty days on, at most 400. `instants`: when the line is shown."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "line": _LINE,
                    "start": "2026-11-22T12:00:00Z",
                    "until": "2027-01-22T12:00:00Z",
                    "purchases": [{"sku": "PX-15", "at": "2026-12-03T08:00:00Z"}],
                    "use": {"data_kb": 3000000},
                    "instants": ["2026-12-01T00:00:00Z", "2026-12-24T00:00:00Z"],
                }
            ]
        }
    )
    line: LineFile
    start: Instant | None = None
    until: Instant | None = None
    purchases: list[Buy] = Field(default_factory=list, max_length=20)
    use: Use | None = None
    instants: list[Instant] = Field(default_factory=list, max_length=50)


class Moment(Schema):
    at: datetime
    line: dict[str, object]


class Timeline(Schema):
    """`events`: what happens, each by its `event` with its figures, and `text` in the language asked for. `unmet`: by
    local day, what of the use found nothing to draw from."""

    start: datetime
    until: datetime
    instants: list[Moment]
    events: list[dict[str, object]]
    met: dict[str, int]
    unmet: dict[str, dict[str, int]]
    credit_spent: Money
    uncertain: list[Uncertain]


@router.post("/lines/timeline", auth=Key(Scope.CATALOGUE, cost=5), response={200: Timeline, **_ANSWERS})
def course(request: HttpRequest, payload: Course) -> Timeline:
    """What is on a SIM at each instant, and what happens to it by itself, bought or used. Counts as five calls."""
    _, catalog = catalogue.active()
    here, where = shop.current(), zone(catalog.time_zone)
    line = _line(payload.line, catalog)
    start = (payload.start or timezone.now()).astimezone(UTC)
    until = (payload.until or start + _USUAL).astimezone(UTC)
    if not start < until <= start + _FARTHEST:
        raise Refused(Refusal(Code.DAY_UNREADABLE, "until"))
    if any(not start <= instant <= until for instant in payload.instants):
        raise Refused(Refusal(Code.DAY_UNREADABLE, "instants"))
    bought = [
        Purchase(
            (one.at or start).astimezone(UTC),
            _known(look_ahead.effect_wished(Wish(one.sku, one.amount_minor), line, catalog, shop=here)),
            one.plan,
        )
        for one in payload.purchases
    ]
    wants = _wants(payload.use, start, catalog)
    known = look_ahead.effects_of(line.operator, catalog)
    found = timeline(line, start, until, purchases=bought, wants=wants, effects=known, where=where)
    if isinstance(found, Refusal):
        raise Refused(found)
    names = {sku: plans.product(catalog, sku) for sku in known}
    return Timeline(
        start=start,
        until=until,
        instants=[Moment(at=at.astimezone(UTC), line=write_line(found.at(at))) for at in payload.instants],
        events=[
            {**event_fields(event), "text": sentences.sentence(event, line.currency, names)} for event in found.events
        ],
        met={name: int(str(figure)) for name, figure in demand_fields(found.met).items()},
        unmet={
            day.isoformat(): {name: int(str(figure)) for name, figure in demand_fields(demand).items()}
            for day, demand in found.unmet.items()
        },
        credit_spent=Money(amount_minor=found.credit_spent_minor, currency=line.currency),
        uncertain=_uncertain([purchase.effect for purchase in bought]),
    )


def _line(document: dict[str, object], catalog: Catalog) -> Line:
    found = look_ahead.described(document, catalog)
    if isinstance(found, Refusal):
        raise Refused(found)
    return found


def _known(effect: Effect | Refusal) -> Effect:
    if isinstance(effect, Refusal):
        raise Refused(effect)
    return effect


def _wants(use: Use | None, start: datetime, catalog: Catalog) -> Wants | None:
    if use is None or not (use.data_kb or use.voice_s or use.sms):
        return None
    return Wants(evenly(use.data_kb, use.voice_s, use.sms, day_of(start, zone(catalog.time_zone))))


def _uncertain(several: list[Effect]) -> list[Uncertain]:
    return [
        Uncertain(sku=sku, figure=figure, doubts=list(doubts))
        for sku, figure, doubts in dict.fromkeys(
            (effect.sku, one.cell, tuple(str(doubt) for doubt in one.doubts))
            for effect in several
            for one in effect.uncertain
        )
    ]
