"""What can be bought at today's price, from whom, and what each thing gives, as sure as the catalogue is of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import partial
from typing import Annotated, Final, Literal, TypeVar

from django.http import HttpRequest
from django.views.decorators.http import conditional_page
from ninja import Field, Query, Router, Schema
from ninja.decorators import decorate_view

from opla.api.auth import Key
from opla.api.problems import Refused
from opla.api.schemas import Money, Problem
from opla.core import catalog as core
from opla.core import money
from opla.core.api_access import Scope
from opla.core.catalog import Cell, Length, NumberLife, sellable
from opla.core.ports import Kind as Delivery
from opla.core.quote import Terms, read_language
from opla.core.refusal import Code, Refusal
from opla.operations import catalogue, prices, shop
from opla.operations.shop import Shop
from opla.presenting import facts, languages

router = Router(tags=["catalogue"])

T = TypeVar("T")
Plain = int | str | bool | list[str] | Money | None

#: What a length is written as where there is no end but the number's.
WITH_NUMBER: Final = "as_long_as_number"
_KB_PER_MB: Final = 1000
_S_PER_MIN: Final = 60


class Known(Schema):
    """One figure with its evidence. `value` is null where nobody knows: the operator decides. Lengths are ISO 8601
    durations, or `as_long_as_number`.

    `sure`: A (the operator, a regulator or the law says it), B, C (old or third-party), unknown, or sample (invented).
    `shown`: how to say it to people: fact, reported, not_verified or sample.
    """

    value: Plain
    sure: str
    shown: str
    source: str
    dated: str
    verified_on: date | None
    disputed: str

    @staticmethod
    def of(cell: Cell[object]) -> Known:
        return Known.model_validate(_evidence(cell))


class Fact(Known):
    """One thing there is to say about a product: its stable name, and `label` and `text` in the language asked for."""

    fact: str
    label: str
    text: str


class Gives(Schema):
    """One kind of thing that a product gives. `amount` is null where it is not known, and `as_paid` where what is paid
    becomes credit. What goes on more slowly afterwards does so at `then_kbps`."""

    kind: Literal["credit", "data", "voice", "sms"]
    amount: int | Literal["unlimited", "as_paid"] | None
    unit: Literal["minor", "kB", "s", "sms"]
    then_kbps: int | None = None


class Product(Schema):
    """`least` and `most` are the face values there are, by `step`; of a fixed one both are the same. `fee` is this
    shop's own and comes on top. `needs_number`: an order names whom it is for. `sample`: invented, for trying."""

    sku: str
    operator: str
    name: str
    kind: str
    least: Money
    most: Money
    step: Money
    fee: Money
    needs_number: bool
    asks_plan: bool
    sample: bool
    gives: list[Gives]
    lasts: str | None = Field(description="ISO 8601 duration, `as_long_as_number`, or null where it is not known")


class OneProduct(Product):
    """With everything there is to say about it, each figure with its evidence."""

    version: int
    plans: list[str]
    facts: list[Fact]


class Products(Schema):
    """`version` changes with the catalogue. `next` is the `after` of the next page; null where the list ends."""

    version: int
    items: list[Product]
    next: str | None


class Operator(Schema):
    """A brand. `selling`: something of it can be bought here now."""

    id: str
    name: str
    selling: bool
    prepaid: Known
    prepaid_esim: Known
    website: Known
    network_generation: Known
    care_languages: list[str]
    plans: list[str]


class Operators(Schema):
    version: int
    items: list[Operator]
    next: str | None


#: What every list and thing of the catalogue understands: the same again is not sent again.
_UNCHANGED: Final = {
    "parameters": [
        {
            "in": "header",
            "name": "If-None-Match",
            "schema": {"type": "string"},
            "required": False,
            "description": "`ETag` of the answer of last time",
        }
    ],
    "responses": {304: {"description": "Nothing has changed since."}},
}
_DENIED = {401: Problem, 403: Problem, 429: Problem, 503: Problem}
Limit = Annotated[int, Query(ge=1, le=200, description="at most so many")]
After = Annotated[str, Query(max_length=200, description="`next` of the page before")]
Words = Annotated[
    str, Query(max_length=35, description="the words' language, instead of Accept-Language: en, fr, nl, de, zh-Hans")
]


@router.get(
    "/operators",
    auth=Key(Scope.CATALOGUE),
    response={200: Operators, 422: Problem, **_DENIED},
    openapi_extra=_UNCHANGED,
)
@decorate_view(conditional_page)
def operators(request: HttpRequest, limit: Limit = 50, after: After = "") -> Operators:
    """Every operator the catalogue knows, those too of which nothing is sold."""
    version, catalog = catalogue.active()
    selling = {one.operator for one in _sold(catalog, shop.current())}
    page, following = _page(catalog.operators, lambda one: one.id, limit, after)
    return Operators(version=version, items=[_operator(one, one.id in selling) for one in page], next=following)


@router.get(
    "/products", auth=Key(Scope.CATALOGUE), response={200: Products, 422: Problem, **_DENIED}, openapi_extra=_UNCHANGED
)
@decorate_view(conditional_page)
def products(
    request: HttpRequest,
    operator: Annotated[str, Query(max_length=60, description="only this operator's")] = "",
    kind: Annotated[Delivery | None, Query(description="only what arrives like this")] = None,
    language: Words = "",
    limit: Limit = 50,
    after: After = "",
) -> Products:
    """What is sold now, in the catalogue's order. `If-None-Match` with the ETag of last time answers 304 while nothing
    has changed; such a call counts as one too."""
    version, catalog = catalogue.active()
    here = shop.current()
    if operator and catalog.operator(operator) is None:
        raise Refused(Refusal(Code.OPERATOR_UNKNOWN, "operator", {"operator": operator}))
    found = [
        one for one in _sold(catalog, here) if operator in ("", one.operator) and kind in (None, one.delivery.value)
    ]
    with languages.speaking(_language(language)):
        terms = prices.terms(here)
        page, following = _page(found, lambda one: one.sku, limit, after)
        return Products(
            version=version, items=[Product.model_validate(_fields(one, terms)) for one in page], next=following
        )


@router.get(
    "/products/{sku}",
    auth=Key(Scope.CATALOGUE),
    response={200: OneProduct, 404: Problem, 422: Problem, **_DENIED},
    openapi_extra=_UNCHANGED,
)
@decorate_view(conditional_page)
def product(request: HttpRequest, sku: str, language: Words = "") -> OneProduct:
    """One product that is sold now, with what it gives and what is known about it."""
    version, catalog = catalogue.active()
    here = shop.current()
    found = catalog.sold(sku)
    if found is None or sellable(found, sandbox=here.sandbox) is not None:
        raise Refused(Refusal(Code.NOT_FOUND, "sku"))
    brand = catalog.operator(found.operator)
    plans = [one.id for one in brand.plans_offered] if brand and found.asks_plan else []
    with languages.speaking(_language(language)):
        told = [_fact(fact) for fact in core.describe(found)]
        return OneProduct.model_validate(
            {**_fields(found, prices.terms(here)), "version": version, "plans": plans, "facts": told}
        )


def duration(length: Length) -> str:
    """As ISO 8601 writes it: `P30D`, `P1M`, `PT90M`."""
    if length.with_number:
        return WITH_NUMBER
    days = f"{length.months}M" * bool(length.months) + f"{length.days}D" * bool(length.days)
    return f"P{days}" + f"T{length.minutes}M" * bool(length.minutes)


def _sold(catalog: core.Catalog, here: Shop) -> Iterable[core.Product]:
    several = (*catalog.products, *catalog.starters)
    return (one for one in several if sellable(one, sandbox=here.sandbox) is None)


def _page(several: Sequence[T], name: Callable[[T], str], limit: int, after: str) -> tuple[Sequence[T], str | None]:
    """What stands behind the one that `after` names, and the name to go on with. Names never change their places
    within one version; a name that is gone is refused, so that nothing is skipped in silence."""
    begin = 0
    if after:
        places = [name(one) for one in several]
        if after not in places:
            raise Refused(Refusal(Code.FIELD_INVALID, "after", {"why": "cursor"}))
        begin = places.index(after) + 1
    page = several[begin : begin + limit]
    return page, name(page[-1]) if page and begin + limit < len(several) else None


def _language(asked: str) -> str:
    """Words are given in this language; empty: as Accept-Language said."""
    found = read_language(asked) if asked else languages.current()
    if isinstance(found, Refusal):
        raise Refused(found)
    return found


def _fields(one: core.Product, terms: Terms) -> dict[str, object]:
    amount = partial(money.Money, currency=one.currency)
    lasts = one.rules.lasts.value
    return {
        "sku": one.sku,
        "operator": one.operator,
        "name": one.name,
        "kind": str(one.delivery.value),
        "least": Money.of(amount(one.min_minor)),
        "most": Money.of(amount(one.max_minor)),
        "step": Money.of(amount(one.step_minor)),
        "fee": Money.of(amount(terms.fee_minor)),
        "needs_number": one.delivery.value is Delivery.DIRECT,
        "asks_plan": one.asks_plan,
        "sample": facts.has_sample(one),
        "gives": list(_gives(one)),
        "lasts": duration(lasts) if lasts else None,
    }


def _gives(one: core.Product) -> Iterable[Gives]:
    rules = one.rules
    for content in rules.contents.value or ():
        match content:
            case core.Content.CREDIT:
                credit = rules.credit.value
                ranged = one.kind is core.PriceKind.RANGED
                yield Gives(
                    kind="credit", amount=credit.amount_minor if credit else "as_paid" if ranged else None, unit="minor"
                )
            case core.Content.DATA:
                full, data = rules.data_full_speed_mb.value, rules.data_mb.value
                amount = _units(full if data == "unlimited" and full is not None else data, _KB_PER_MB)
                then = rules.data_then_kbps.value if amount != "unlimited" else None
                yield Gives(kind="data", amount=amount, unit="kB", then_kbps=then)
            case core.Content.VOICE:
                yield Gives(kind="voice", amount=_units(rules.voice_min.value, _S_PER_MIN), unit="s")
            case core.Content.SMS:
                yield Gives(kind="sms", amount=_units(rules.sms.value, 1), unit="sms")


def _units(allowance: int | Literal["unlimited"] | None, per: int) -> int | Literal["unlimited"] | None:
    return allowance * per if isinstance(allowance, int) else allowance


def _fact(fact: core.Fact) -> Fact:
    said = facts.line(fact)
    return Fact.model_validate({**_evidence(fact.cell), "fact": str(fact.kind), "label": said.label, "text": said.text})


def _evidence(cell: Cell[object]) -> dict[str, object]:
    return {
        "value": _plain(cell.value),
        "sure": str(cell.sure),
        "shown": str(cell.shown_as),
        "source": cell.source,
        "dated": cell.dated,
        "verified_on": cell.verified_on,
        "disputed": cell.disputed,
    }


def _plain(value: object) -> Plain:
    match value:
        case None | bool() | int():
            return value
        case money.Money():
            return Money.of(value)
        case Length():
            return duration(value)
        case NumberLife(length=length, since=since):
            return f"{duration(length)} since {since}"
        case tuple():
            return [str(one) for one in value]
        case date():
            return value.isoformat()
    return str(value)


def _operator(one: core.Operator, selling: bool) -> Operator:
    return Operator(
        id=one.id,
        name=one.name,
        selling=selling,
        prepaid=Known.of(one.prepaid),
        prepaid_esim=Known.of(one.prepaid_esim),
        website=Known.of(one.website),
        network_generation=Known.of(one.network_generation),
        care_languages=list(one.care_speaks),
        plans=[plan.id for plan in one.plans_offered],
    )
