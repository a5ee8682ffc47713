"""Several SIMs, one payment: what lies in the basket, what each does, and the one button that pays them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from opla.core.money import Money
from opla.core.ports import Kind
from opla.core.quote import Quote
from opla.core.refusal import Code, Refusal
from opla.db.queries import pages, texts, together
from opla.operations import catalogue, links
from opla.operations.cash import ways
from opla.operations.place_orders import Placed, Placement, place_orders
from opla.operations.rights import agree
from opla.presenting import facts, languages, numbers, paying, payment_methods
from opla.presenting.changes import Changes
from opla.presenting.consent import consent
from opla.presenting.refusals import sentence
from opla.storefront import basketing, card_asking, draft, having
from opla.storefront.basketing import Entry
from opla.storefront.views.quote import again
from opla.storefront.visit import Visit, visit

_STATUS: Final = {Code.QUOTE_EXPIRED: 410, Code.PAYMENTS_PAUSED: 429}


@dataclass(frozen=True)
class Item:
    """One quote of the basket as it is drawn. `link` leads to the order it has become meanwhile; empty: none."""

    quote: Quote
    operator: str
    number: str
    delivery: str
    replaces: facts.Line | None
    loses: bool
    warnings: tuple[str, ...]
    expired: bool
    was: Money | None  # what it cost before, where its price was asked again
    refused: str
    ticket: str
    link: str
    texted: bool  # its code goes to whoever asked for it by text

    @property
    def payable(self) -> bool:
        return not (self.link or self.expired)

    @property
    def consent(self) -> str:
        return _consent(self.quote, self.texted)


def _consent(made: Quote, texted: bool) -> str:
    return consent(made.kind, dated=made.deliver_at is not None, texted=texted)


@dataclass(frozen=True)
class Basket:
    items: tuple[Item, ...]

    @property
    def open(self) -> tuple[Item, ...]:
        """What is still to be bought."""
        return tuple(item for item in self.items if not item.link)

    @property
    def payable(self) -> bool:
        return bool(self.open) and all(item.payable for item in self.open)

    @property
    def total(self) -> Money:
        first, *others = [item.quote.price.total for item in self.open]
        return sum(others, first)

    @property
    def twice(self) -> tuple[str, ...]:
        """Numbers that several of them are for: the second may undo what the first gives."""
        to = [item.number for item in self.open if item.number]
        return tuple(sorted({number for number in to if to.count(number) > 1}))


@require_http_methods(["GET", "HEAD", "POST"])
def basket(request: HttpRequest) -> HttpResponse:
    here = visit(request)
    if request.method != "POST":
        return _page(request, here)
    placements = _placements(request)
    if not placements:
        return redirect("basket")
    made = pages.quotes([p.quote_id for p in placements], here.device_hash) if here.device else {}
    expired = [one for one in made.values() if one.refused(here.at)]
    if expired and not together.bought([p.quote_id for p in placements], here.device_hash):
        # Asked again for them, so that the page that says so can be paid from.
        gone = {old.id: no for old in expired if (no := _renew(request, old, here))}
        return _page(request, here, Refusal(Code.QUOTE_EXPIRED), gone)
    never = {one.id: no for one in made.values() if (no := having.impossible(one, draft.line(request, one.operator)))}
    if never:
        return _page(request, here, Refusal(Code.BASKET_CHANGED), never)
    if "at_once" not in request.POST and not together.bought([p.quote_id for p in placements], here.device_hash):
        return _page(request, here, Refusal(Code.CONSENT_MISSING))
    if cards := {one.id for one in made.values() if one.kind is Kind.SIM}:  # all of them go to one address
        to = card_asking.read(request, here.shop)
        if isinstance(to, card_asking.Asked):
            return _page(request, here, card_to=to)
        placements = [replace(p, card_to=to) if p.quote_id in cards else p for p in placements]
    texted = texts.with_code(list(made))
    agreed = [(one.id, _consent(one, one.id in texted)) for one in made.values()]
    agree(here.actor, [name for name, _ in agreed], [said for _, said in agreed], languages.current(), at=here.at)
    answers = place_orders(
        here.actor, placements, device=here.device, shop=here.shop, at=here.at, together=True, address=here.address
    )
    paused = next((no for no in answers if isinstance(no, Refusal) and no.code is Code.PAYMENTS_PAUSED), None)
    if paused:
        return _page(request, here, paused)
    placed = [answer for answer in answers if isinstance(answer, Placed)]
    if len(placed) == len(answers):
        basketing.drop(request, [p.quote_id for p in placements])
        return redirect("order", link=placed[0].link)
    refused = {p.quote_id: a for p, a in zip(placements, answers, strict=True) if isinstance(a, Refusal)}
    for quote_id in [name for name in refused if name not in made]:
        basketing.drop(request, [quote_id])  # not of this device, or of no shop of ours
    return _page(request, here, Refusal(Code.BASKET_CHANGED), refused)


@require_POST
def add(request: HttpRequest, quote_id: UUID) -> HttpResponse:
    """Keep this quote, and choose what the next SIM needs."""
    here = visit(request)
    if here.device and pages.quote(quote_id, here.device_hash) and not basketing.add(request, quote_id):
        return _page(request, here, Refusal(Code.BASKET_FULL))
    return redirect("basket")


@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    if (quote_id := _uuid(draft.typed(request, "quote"))) is not None:
        basketing.drop(request, [quote_id])
    return redirect("basket")


@require_POST
def renew(request: HttpRequest) -> HttpResponse:
    """Every price that is over, asked again."""
    here = visit(request)
    no: dict[UUID, Refusal] = {}
    for old in _quotes(request, here).values():
        if old.refused(here.at) and (refused := _renew(request, old, here)):
            no[old.id] = refused
    return _page(request, here, None, no) if no else redirect("basket")


def _renew(request: HttpRequest, old: Quote, here: Visit) -> Refusal | None:
    """Put today's price in the place of an old one; or why there is none."""
    made = again(old, "", here)
    if not isinstance(made, Quote):
        return made[0]
    basketing.swap(request, old.id, Entry(made.id, old.price.total.amount_minor))
    return None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(hex=text)
    except ValueError:
        return None


def _placements(request: HttpRequest) -> list[Placement]:
    """What the page that was sent back had shown: each quote and its total, once. Another tab may show other ones."""
    method, found = draft.typed(request, "method"), dict[UUID, Placement]()
    for shown in request.POST.getlist("shown")[: basketing.MOST]:
        name, _, total = shown[:60].partition(" ")
        quote_id = _uuid(name)
        if quote_id is not None:
            minor = int(total) if total.isascii() and total.isdecimal() and len(total) < 13 else -1
            found.setdefault(quote_id, Placement(quote_id, minor, method))
    return list(found.values())


def _quotes(request: HttpRequest, here: Visit) -> dict[UUID, Quote]:
    names = [entry.quote_id for entry in basketing.entries(request)]
    return pages.quotes(names, here.device_hash) if names and here.device else {}


def _page(
    request: HttpRequest,
    here: Visit,
    no: Refusal | None = None,
    refused: Mapping[UUID, Refusal] | None = None,
    *,
    card_to: card_asking.Asked | None = None,
) -> HttpResponse:
    entries, made = basketing.entries(request), _quotes(request, here)
    bought = together.bought(list(made), here.device_hash)
    shown = Basket(
        tuple(
            _item(request, made[entry.quote_id], entry, bought.get(entry.quote_id), (refused or {}), here)
            for entry in entries
            if entry.quote_id in made
        )
    )
    if card_to is None and any(item.quote.kind is Kind.SIM for item in shown.open):
        card_to = card_asking.again(request, here.shop)
    status = 200
    if request.method == "POST":
        status = _STATUS.get(no.code, 409) if no else 422
    return render(
        request,
        "storefront/basket.html",
        {
            "basket": shown,
            "at_home": paying.at_home(shown.total, visit(request).at) if shown.open else "",
            "methods": [payment_methods.method(name) for name in ways(here.shop)],
            "refused": sentence(no) if no else "",
            "consents": list(dict.fromkeys(item.consent for item in shown.open)),
            "agreed": "at_once" in request.POST,
            "card_to": card_to,
        },
        status=status,
    )


def _item(
    request: HttpRequest,
    made: Quote,
    entry: Entry,
    bought: together.Bought | None,
    refused: Mapping[UUID, Refusal],
    here: Visit,
) -> Item:
    catalog = catalogue.at_version(made.catalog_version)
    product, operator = catalog.sold(made.sku), catalog.operator(made.operator)
    if product is None or operator is None:
        raise LookupError(f"the catalogue of version {made.catalog_version} lost {made.sku}")
    changed = having.changes_of(made, draft.line(request, made.operator))
    told = isinstance(changed, Changes) and changed.told
    no = refused.get(made.id) or (changed if isinstance(changed, Refusal) else None)
    return Item(
        made,
        operator.name,
        numbers.grouped(made.number) if made.number else "",
        facts.delivery(product),
        None if told else facts.replaces(product),
        facts.loses_something(product),
        tuple(changed.warnings) if isinstance(changed, Changes) else (),
        made.refused(here.at) is not None,
        Money(entry.was_minor, made.price.total.currency) if entry.was_minor is not None else None,
        sentence(no) if no and no.code is not Code.BASKET_CHANGED else "",
        bought.ticket if bought else "",
        links.link_from(bought.sealed, bought.order_id, here.shop.keyring) if bought else "",
        made.id in texts.with_code([made.id]),
    )
