"""Step 4: everything that will happen, to the cent, and the one button that pays."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from opla.core.calendar import zone
from opla.core.cash import grouped
from opla.core.catalog import FactKind, Product
from opla.core.day import day_of
from opla.core.device_check import Checked
from opla.core.ports import Kind
from opla.core.quote import Quote
from opla.core.refusal import Code, Refusal
from opla.db.queries import pages, texts
from opla.operations import agree_renewal, catalogue, counter_sale, devices, order_texts, promotions, remind
from opla.operations import rescue as rescuing
from opla.operations.cash import ways
from opla.operations.count_in import count_in
from opla.operations.offers import Claim
from opla.operations.place_orders import Placed, Placement, place_orders
from opla.operations.quote_topup import Wanted, days_to_choose, quote_topup
from opla.operations.rights import agree
from opla.operations.wishes import Watched
from opla.presenting import cash as cash_words
from opla.presenting import device_check, facts, languages, numbers, paying, payment_methods, refusals, renewing
from opla.presenting import promotions as words
from opla.presenting.changes import Changes
from opla.presenting.consent import consent
from opla.presenting.pictures import qr
from opla.storefront import basketing, card_asking, draft, having, renewing_form
from opla.storefront.basketing import Entry
from opla.storefront.forms import Form, refused, status_of
from opla.storefront.visit import Visit, visit

_STATUS = {
    Code.QUOTE_EXPIRED: 410,
    Code.QUOTE_CHANGED: 409,
    Code.QUOTE_TAKEN: 409,
    Code.BOUGHT_ALREADY: 409,
    Code.QUOTE_UNKNOWN: 404,
    Code.PROMOTION_USED_UP: 409,
    Code.PAYMENTS_PAUSED: 429,
    Code.TOO_MANY_TRIES: 429,
}


@require_http_methods(["GET", "HEAD", "POST"])
def quote(request: HttpRequest, quote_id: UUID) -> HttpResponse:
    here = visit(request)
    made = _own(quote_id, here)
    if request.method != "POST":
        return _page(request, made, here, made.refused(here.at))
    total = request.POST.get("total", "")
    placement = Placement(
        quote_id, int(total) if total.isascii() and total.isdecimal() and len(total) < 13 else -1,
        request.POST.get("method", ""),
    )  # fmt: skip
    to = card_asking.read(request, here.shop) if made.kind is Kind.SIM else None
    if isinstance(to, card_asking.Asked):
        return _page(request, made, here, None, card_to=to, status=422)
    placement = replace(placement, card_to=to)
    if "at_once" not in request.POST and not made.refused(here.at):
        return _page(request, made, here, Refusal(Code.CONSENT_MISSING))
    if no := having.impossible(made, draft.line(request, made.operator)):
        return _page(request, made, here, no)
    again_by_itself = renewing_form.read(request, made, placement.method, here)
    if isinstance(again_by_itself, Form):
        return _page(request, made, here, None, renewal=again_by_itself, status=422)
    said = _consent(made)
    agree(here.actor, [made.id], [said], languages.current(), at=here.at)
    if again_by_itself:
        placed = agree_renewal.place(
            here.actor, placement, again_by_itself, made, said=renewing.agreement(again_by_itself), device=here.device,
            shop=here.shop, at=here.at, address=here.address,
        )  # fmt: skip
    else:
        [placed] = place_orders(
            here.actor, [placement], device=here.device, shop=here.shop, at=here.at, address=here.address
        )
    if isinstance(placed, Placed):
        if "count_in" in request.POST and _reminder(request, made, here):
            count_in(here.actor, draft.reminder(request), placed.order_id, shop=here.shop, at=here.at)
        return redirect("order", link=placed.link)
    return _page(request, made, here, placed)


@require_POST
def line(request: HttpRequest, quote_id: UUID) -> HttpResponse:
    """What the SIM holds now, as it is told beside the price. Kept in the person's own browser; empty forgets it."""
    here = visit(request)
    made = _own(quote_id, here)
    values = {name: draft.typed(request, name) for name in having.FIELDS}
    catalog = catalogue.at_version(made.catalog_version)
    told = having.read(values, draft.line(request, made.operator), made, catalog.currency, zone(catalog.time_zone))
    if isinstance(told, list):
        return _page(request, made, here, None, told=refused(values, told), status=422)
    draft.keep_line(request, told)
    return redirect(reverse("quote", args=[made.id]) + "#changes")


@require_POST
def renew(request: HttpRequest, quote_id: UUID) -> HttpResponse:
    """The same again at today's price, with everything that was typed."""
    here = visit(request)
    old = _own(quote_id, here)
    made = again(old, "", here)
    if isinstance(made, Quote):
        return _instead(request, old, made)
    if tired := _tired(made):
        return _page(request, old, here, tired)
    if any(refusal.about == "deliver_on" for refusal in made):  # its day has come
        return _page(request, old, here, None, dated=refused(_day(old), made), status=status_of(made))
    return _gone(old)


@require_POST
def day(request: HttpRequest, quote_id: UUID) -> HttpResponse:
    """The same, delivered on another day; an empty one means at once."""
    here = visit(request)
    old = _own(quote_id, here)
    typed = draft.typed(request, "deliver_on").strip()
    made = again(old, "", here, deliver_on=typed)
    if isinstance(made, Quote):
        return _instead(request, old, made)
    if tired := _tired(made):
        return _page(request, old, here, tired)
    no = [refusal for refusal in made if refusal.about == "deliver_on" or refusal.code is Code.LAPSES_BEFORE_START]
    if not no:
        return _gone(old)
    form = refused({"deliver_on": typed}, [replace(refusal, about="deliver_on") for refusal in no])
    return _page(request, old, here, None, dated=form, status=status_of(no))


def _tired(made: list[Refusal]) -> Refusal | None:
    """Too many prices were asked for: the one that is shown stays."""
    return next((one for one in made if one.code is Code.TOO_MANY_TRIES and not one.about), None)


def _gone(old: Quote) -> HttpResponse:
    """The product is gone, or changed: the list of what there is now says so."""
    return redirect("new") if old.kind.is_starter else redirect("amounts", operator=old.operator)


def _instead(request: HttpRequest, old: Quote, made: Quote) -> HttpResponse:
    """The new one, also where the old one lay in the basket."""
    basketing.swap(request, old.id, Entry(made.id))
    return redirect("quote", quote_id=made.id)


@require_POST
def counter(request: HttpRequest, quote_id: UUID) -> HttpResponse:
    """The digits and the picture that find this price at a till: somebody chooses at home, and pays at a counter."""
    here = visit(request)
    made = _own(quote_id, here)
    standing = [one.place for one in counter_sale.tills(here.shop)]
    if no := made.refused(here.at):
        return _page(request, made, here, no)
    if not standing or made.kind is Kind.SIM:
        return _page(request, made, here, Refusal(Code.NOT_AT_TILLS))
    code = counter_sale.bring(made, shop=here.shop)
    shown = {
        "quote": made,
        "number": numbers.grouped(made.number) if made.number else "",
        "code": grouped(code),
        "picture": qr(code),
        "until": counter_sale.good_until(made, here.shop),
        "cash_places": cash_words.where(standing, catalogue.active()[1], here.at),
    }
    return render(request, "storefront/quote_counter.html", shown)


@require_POST
def coupon(request: HttpRequest, quote_id: UUID) -> HttpResponse:
    """The same with a coupon; where it does nothing, the price that was shown stays, with the reason beside it."""
    here = visit(request)
    old = _own(quote_id, here)
    typed = draft.typed(request, "coupon")
    if not typed.strip():
        return redirect("quote", quote_id=old.id)
    made = again(old, typed, here)
    if isinstance(made, Quote):
        return _instead(request, old, made)
    if tired := _tired(made):
        return _page(request, old, here, tired)
    if all(refusal.about != "coupon" for refusal in made):
        return _gone(old)
    return _page(request, old, here, None, coupon=refused({"coupon": typed}, made), status=status_of(made))


def again(old: Quote, coupon: str, here: Visit, deliver_on: str | None = None) -> Quote | list[Refusal]:
    """What was asked, asked once more: with the coupons that were typed before, and one typed now; for the same day, or
    the one of `deliver_on`."""
    opened = old.promotions.opened if old.promotions else frozenset()
    wanted = Wanted(
        old.operator, old.price.face.decimal, old.email, languages.current(), sku=old.sku, number=old.number,
        plan=old.plan, claim=Claim(coupon=coupon, opened=opened, address=here.address),
        deliver_on=_day(old)["deliver_on"] if deliver_on is None else deliver_on,
        device=old.device,
    )  # fmt: skip
    made = quote_topup(here.actor, wanted, device=here.device, shop=here.shop, at=here.at)
    if isinstance(made, Quote):
        order_texts.carry(old.id, made.id, at=here.at)
    return made


def _consent(made: Quote) -> str:
    return consent(made.kind, dated=made.deliver_at is not None, texted=made.id in texts.with_code([made.id]))


def _phone(made: Quote) -> device_check.Result | None:
    """What was answered of the phone that an eSIM is for, before it was priced."""
    found = devices.checked(made.device)
    return device_check.result(found) if isinstance(found, Checked) else None


def _day(made: Quote) -> dict[str, str]:
    """The day it is for, as a field has it; empty: at once."""
    return {"deliver_on": day_of(made.deliver_at).isoformat() if made.deliver_at else ""}


def _promoted(made: Quote, refused: Refusal | None, coupon: Form | None) -> dict[str, object]:
    """What the page says of promotions. Without the last use that somebody else took, the price is none any more."""
    kept = made.promotions
    used_up = refused is not None and refused.code is Code.PROMOTION_USED_UP
    return {
        "promotions": words.of_quote(kept, promotions.at_version(kept.version)) if kept else None,
        "coupon": coupon or Form({"coupon": ""}),
        "used_up": used_up,
        **({"expired": True} if used_up else {}),
    }


def _reminder(request: HttpRequest, made: Quote, here: Visit) -> Watched | None:
    """The reminder this can be counted in on: opened in this browser, of the same operator. A code is counted once it
    is entered, which nobody knows here: its order's page asks."""
    if made.kind is not Kind.DIRECT or not draft.reminder(request):
        return None
    found = remind.find(draft.reminder(request), shop=here.shop)
    return found if found and found.confirmed and found.usage.line.operator == made.operator else None


def _own(quote_id: UUID, here: Visit) -> Quote:
    """The quote, on the device it was shown on. For everybody else there is none."""
    found = pages.quote(quote_id, here.device_hash) if here.device else None
    if found is None:
        raise Http404(refusals.sentence(Refusal(Code.QUOTE_UNKNOWN)))
    return found


def _lines(product: Product) -> list[facts.Line]:
    """What it does, from when first; of a starter, which is in nobody's phone yet, what it takes."""
    without = (FactKind.EARLY_RENEWAL, FactKind.DELIVERY)
    if product.is_starter:
        return facts.lines(product, without=without)
    return [*facts.when(product), *facts.lines(product, without=(*without, *facts.WHEN))]


def _page(
    request: HttpRequest,
    made: Quote,
    here: Visit,
    no: Refusal | None,
    *,
    told: Form | None = None,
    coupon: Form | None = None,
    dated: Form | None = None,
    card_to: card_asking.Asked | None = None,
    renewal: Form | None = None,
    status: int = 200,
) -> HttpResponse:
    catalog = catalogue.at_version(made.catalog_version)
    product, operator = catalog.sold(made.sku), catalog.operator(made.operator)
    if product is None or operator is None:
        raise LookupError(f"the catalogue of version {made.catalog_version} lost {made.sku}")
    plan = next((plan.name.value for plan in operator.plans if plan.id == made.plan), made.plan)
    kept = draft.line(request, made.operator)
    changed = having.changes_of(made, kept)
    shown = {
        "quote": made,
        "number": numbers.grouped(made.number) if made.number else "",
        "operator": operator,
        "product": product,
        "texted": rescuing.texted(made.id, shop=here.shop),
        "lines": _lines(product),
        "replaces": facts.replaces(product),
        "loses": facts.loses_something(product),
        "delivery": facts.delivery(product),
        "plan": plan,
        "consent": _consent(made),
        "agreed": "at_once" in request.POST,
        "at_home": paying.at_home(made.price.total, here.at),
        "methods": [payment_methods.method(name) for name in ways(here.shop)],
        "expired": made.refused(here.at) is not None,
        "changes": changed if isinstance(changed, Changes) else None,
        "impossible": refusals.sentence(changed) if isinstance(changed, Refusal) else "",
        "told": told or having.form(kept, zone(catalog.time_zone)),
        "refused": refusals.sentence(no) if no else "",
        "phone": _phone(made),
        "step": 4,
        "at_tills": made.kind is not Kind.SIM and bool(counter_sale.tills(here.shop)),
        "basket": basketing.held(request, without=made.id),
        "dated": dated or Form(_day(made)),
        "days": days_to_choose(product, shop=here.shop, at=here.at),
    }
    if made.kind is Kind.SIM:
        shown["card_to"] = card_to or card_asking.again(request, here.shop)
    shown |= renewing_form.shown(request, made, here, renewal)
    shown |= _promoted(made, no, coupon)
    shown["reminder"] = _reminder(request, made, visit(request))
    if no and request.method == "POST":
        status = _STATUS.get(no.code, 422)
    return render(request, "storefront/quote.html", shown, status=status)
