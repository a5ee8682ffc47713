"""What a clerk sells: one field for whatever is typed or scanned, what this till sells most, an operator, an amount;
then the price, what it does on the SIM, and the coins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from opla.core import cash, sim
from opla.core.cash import Purpose
from opla.core.catalog import Catalog, Operator, Product, sellable
from opla.core.money import Money
from opla.core.phone import Number
from opla.core.ports import Kind
from opla.core.promotion import Channel
from opla.core.quote import Quote
from opla.core.refusal import Code, Refusal
from opla.core.voucher import read_serial
from opla.db.queries import cash as codes
from opla.db.queries import counter, pages
from opla.operations import catalogue, counter_sale, shop, terminal, vouchers
from opla.operations.cash import CURRENCY, step_minor
from opla.operations.counter_sale import Press, Sold
from opla.operations.links import device_hash
from opla.operations.offers import Claim
from opla.operations.quote_topup import Wanted, choose, quote_topup
from opla.presenting import facts, figures, languages, numbers
from opla.presenting.refusals import sentence
from opla.storefront import draft, over_the_counter
from opla.storefront.forms import Form, refused
from opla.till.guard import Till, signed_in

#: What counts for "sells most".
_LATELY: Final = timedelta(days=30)
_FAVOURITES: Final = 8
_MAX_TYPED: Final = 200


def typed(request: HttpRequest, name: str) -> str:
    """A posted text, cut to a length no honest answer reaches."""
    return request.POST.get(name, "")[:_MAX_TYPED].replace("\0", "").strip()  # no column holds that sign


def key_of(request: HttpRequest) -> UUID:
    """Of the form, made when it was drawn: pressed twice it is one. Whoever sends none gets one that was never used."""
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError:
        return uuid4()


# ── home ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Offer:
    """A button that makes a price."""

    operator: Operator
    sku: str
    face: Money
    how: str  # by code, or to the number


@require_safe
@signed_in
def home(request: HttpRequest, here: Till) -> HttpResponse:
    return _home(request, here)


def _home(request: HttpRequest, here: Till, *, wrong: str = "", value: str = "", status: int = 200) -> HttpResponse:
    catalog = catalogue.active()[1]
    number = draft.number(request)
    hinted = catalog.hinted_operator(number) if number else None
    selling = _selling(catalog)
    shown = {
        "here": here,
        "wrong": wrong,
        "value": value,
        "number": numbers.grouped(number, catalog.country) if number else "",
        "favourites": _favourites(here, catalog),
        "selling": sorted(selling, key=lambda one: one != hinted),
        "hinted": hinted,
    }
    return render(request, "till/home.html", shown, status=status)


def _selling(catalog: Catalog) -> list[Operator]:
    sells = {product.operator for product in catalog.products if product.on_sale}
    return [one for one in catalog.operators if one.id in sells]


def _favourites(here: Till, catalog: Catalog) -> list[Offer]:
    """What this till sold most lately, of what can still be sold."""
    found = []
    for one in counter.sold_most(here.station.id, here.at - _LATELY, limit=_FAVOURITES):
        operator, product = catalog.operator(one.operator), catalog.product(one.sku)
        on_sale = product is not None and sellable(product, sandbox=shop.current().sandbox) is None
        if operator and product and on_sale and product.accepts(one.face.amount_minor) is None:
            found.append(Offer(operator, one.sku, one.face, facts.delivery(product)))
    return found


@require_POST
@signed_in
def find(request: HttpRequest, here: Till) -> HttpResponse:
    """Whatever was typed or scanned: a price from home, an order of this till, a code for cash, a mobile number."""
    text = typed(request, "typed")
    code = cash.read(text)
    if code and cash.purpose_of(code) is Purpose.QUOTE and (brought := counter.brought(code, at=here.at)):
        return _brought(request, here, brought, text)
    if sale := counter.of_ticket(here.station.id, text.upper()):
        return redirect("till-sale", n=sale.n)
    if (serial := read_serial(text)) and not isinstance(vouchers.look_up(here.actor, serial, at=here.at), Refusal):
        return redirect(f"{reverse('till-voucher')}?{urlencode({'serial': serial})}")
    if (code and cash.purpose_of(code) is not Purpose.QUOTE) or codes.code_of_ticket(text.upper()):
        return redirect(f"{reverse('till-cash')}?{urlencode({'code': code or text.upper()})}")
    catalog = catalogue.active()[1]
    found = sim.identify(text, home=catalog.country, served=frozenset({catalog.country}))
    if isinstance(found, Number):
        draft.keep_number(request, found.e164)
        return redirect("till")
    no = found if isinstance(found, Refusal) else sim.why_not(found)
    if code or no is None:  # a code that is over, or of something else
        no = Refusal(Code.CASH_CODE_UNKNOWN)
    return _home(request, here, wrong=sentence(no), value=text, status=422)


def _brought(request: HttpRequest, here: Till, brought: Quote, text: str) -> HttpResponse:
    """A price from home, made again for this till."""
    made = counter_sale.priced_again(here.actor, brought, device=here.device, shop=shop.current(), at=here.at)
    if isinstance(made, Quote):
        return redirect(_address(made, brought.price.total))
    return _home(request, here, wrong=" ".join(sentence(no) for no in made), value=text, status=422)


def _address(made: Quote, was: Money | None = None) -> str:
    """A price's page; `was` is what somebody was shown for it before, where that differs."""
    path = reverse("till-quote", args=[made.id])
    return f"{path}?{urlencode({'was': was.amount_minor})}" if was is not None and was != made.price.total else path


@require_POST
@signed_in
def forget(request: HttpRequest, here: Till) -> HttpResponse:  # noqa: ARG001 - the guard's
    """The next customer: nothing of the last one is left on the tablet."""
    draft.forget(request)
    return redirect("till")


# ── operator, amount, number ──────────────────────────────────────────────


@require_safe
@signed_in
def operator(request: HttpRequest, here: Till, operator_id: str) -> HttpResponse:
    return _amounts(request, here, operator_id)


def _amounts(
    request: HttpRequest, here: Till, operator_id: str, form: Form | None = None, status: int = 200
) -> HttpResponse:
    catalog = catalogue.active()[1]
    found = catalog.operator(operator_id)
    if found is None:
        raise Http404
    number = draft.number(request)
    shown = {
        "here": here,
        "operator": found,
        "number": numbers.grouped(number, catalog.country) if number else "",
        "amounts": over_the_counter.amounts(catalog, found, sandbox=shop.current().sandbox),
        "form": form or Form({"amount": ""}),
    }
    return render(request, "till/amounts.html", shown, status=status)


@require_POST
@signed_in
def price(request: HttpRequest, here: Till) -> HttpResponse:
    """A price for a product and an amount; where it asks for a number or a plan, those first."""
    catalog = catalogue.active()[1]
    operator_id, sku, amount = (typed(request, name) for name in ("operator", "sku", "amount"))
    language = typed(request, "language")
    here_shop = shop.current()
    chosen = choose(catalog, Wanted(operator_id, amount, "", "", sku=sku), sandbox=here_shop.sandbox)
    brand = catalog.operator(operator_id)
    if brand is None:
        raise Http404
    if isinstance(chosen, Refusal):
        return _amounts(request, here, operator_id, refused({"amount": amount}, [chosen]), status=422)
    product, face = chosen
    asks: dict[str, str] = {}
    if product.delivery.value is Kind.DIRECT:
        kept = draft.number(request)
        asks["number"] = typed(request, "number") or (numbers.grouped(kept, catalog.country) if kept else "")
    if product.asks_plan:
        asks["plan"] = typed(request, "plan")
    if asks and "asked" not in request.POST and ("plan" in asks or not asks["number"]):
        return _asked(request, here, brand, product, face, Form(asks), language)
    wanted = Wanted(
        operator_id, face.decimal, "", language or languages.current(), sku=product.sku, number=asks.get("number", ""),
        plan=asks.get("plan", ""), claim=Claim(Channel.TILL),
    )  # fmt: skip
    made = quote_topup(here.actor, wanted, device=here.device, shop=here_shop, at=here.at)
    if isinstance(made, Quote):
        return redirect(_address(made))
    if any(no.about in asks for no in made):
        return _asked(request, here, brand, product, face, refused(asks, made), language, status=422)
    return _amounts(request, here, operator_id, refused({"amount": amount}, made), status=422)


def _asked(
    request: HttpRequest, here: Till, brand: Operator, product: Product, face: Money, form: Form, language: str,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    plans = [(plan.id, plan.name.value) for plan in brand.plans_offered] if "plan" in form.values else []
    shown = {
        "here": here, "operator": brand, "product": product, "face": face, "form": form, "plans": plans,
        "speaks": language,
    }  # fmt: skip
    return render(request, "till/recipient.html", shown, status=status)


# ── the price, and the coins ──────────────────────────────────────────────


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def quote(request: HttpRequest, here: Till, quote_id: UUID) -> HttpResponse:
    """What it costs, what it does, and the buttons that take the money."""
    made = own(quote_id, here)
    if request.method != "POST":
        return page(request, here, made)
    total = typed(request, "total")
    press = Press(
        key_of(request), made.id, int(total) if total.isascii() and total.isdecimal() and len(total) < 13 else -1,
        typed(request, "given"),
    )  # fmt: skip
    done = counter_sale.sell(
        here.actor, press, here.clerk, here.station, device=here.device, shop=shop.current(), at=here.at
    )
    if isinstance(done, Sold):
        draft.forget(request)
        return redirect("till-sale", n=done.sale.n)
    return page(request, here, made, no=done, given=press.given)


@require_POST
@signed_in
def again(request: HttpRequest, here: Till, quote_id: UUID) -> HttpResponse:
    """The same at today's price, or in the customer's language."""
    old, language = own(quote_id, here), typed(request, "language")
    made = counter_sale.priced_again(
        here.actor, old, device=here.device, shop=shop.current(), at=here.at,
        language=language if language in languages.NAMES else "",
    )  # fmt: skip
    if not isinstance(made, Quote):
        return page(request, here, old, no=made[0])
    if language in languages.NAMES:
        return redirect("till-quote-turned", quote_id=made.id)
    return redirect(_address(made, old.price.total))


@require_safe
@signed_in
def turned(request: HttpRequest, here: Till, quote_id: UUID) -> HttpResponse:
    """The same page for the customer, in their language, with nothing to press but the way back."""
    made = own(quote_id, here)
    mine, back = languages.current(), _("Back to the clerk")
    with translation.override(made.language.lower()):
        shown = _shown(here, made) | {"mine": mine, "back": back}
        return render(request, "till/turned_quote.html", shown)


def own(quote_id: UUID, here: Till) -> Quote:
    """A price that was made on this till."""
    found = pages.quote(quote_id, device_hash(here.device))
    if found is None:
        raise Http404
    return found


def page(request: HttpRequest, here: Till, made: Quote, *, no: Refusal | None = None, given: str = "") -> HttpResponse:
    was = request.GET.get("was", "")
    shown = _shown(here, made) | {
        "refused": sentence(no) if no else "",
        "given": given,
        "key": uuid4(),
        "machines": terminal.terminals_at(shop.current(), drawer=here.station.drawer),
        "was": Money(int(was), CURRENCY) if was.isascii() and was.isdecimal() and len(was) < 10 else None,
        "speaks": languages.NAMES[made.language],
    }
    return render(request, "till/quote.html", shown, status=422 if no else 200)


def _shown(here: Till, made: Quote) -> dict[str, object]:
    coins = cash.rounded(made.price.total, step_minor())
    return over_the_counter.shown(made, here.at) | {
        "here": here,
        "coins": coins,
        "notes": [(figures.money_short(one), one.decimal) for one in cash.handed(coins, step_minor())],
    }
