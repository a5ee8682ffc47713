"""The ticket: what became of an order. Whoever has the link sees the state, never the code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urljoin

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_POST, require_safe

from opla.accounts.customer import customer_of
from opla.core import order, payment
from opla.core.catalog import Operator, Product
from opla.core.ledger import CASH, OWN_ACCOUNTS
from opla.core.money import Money
from opla.core.nudge import Said
from opla.core.ports import Kind
from opla.core.refusal import Code, Refusal
from opla.core.ways import next_ways
from opla.db.queries import aftercare as kept
from opla.db.queries import bank, codes, counting, pages, texts, together
from opla.db.queries import cards as card_rows
from opla.db.queries import cash as tills
from opla.db.queries.pages import OrderPage
from opla.db.queries.together import Share
from opla.operations import call_off as calling_off
from opla.operations import card_to, cards, catalogue, links, mail_back, remind, renewals
from opla.operations import pay_again as paying
from opla.operations import shop as shops
from opla.operations.card_to import Going
from opla.operations.cash import counters, ways
from opla.presenting import aftercare, languages, numbers, orders, payment_methods, receipts, redeeming, texting
from opla.presenting import cards as card_words
from opla.presenting import cash as cash_words
from opla.presenting import paying as paying_words
from opla.presenting.pictures import qr
from opla.presenting.refusals import sentence
from opla.presenting.transfers import Transfer, transfer, transfer_to
from opla.storefront import draft, helping, pushes
from opla.storefront.context import browser_of
from opla.storefront.views.language import chosen
from opla.storefront.visit import Visit, visit


@dataclass(frozen=True)
class Ticket:
    """An order as it is drawn."""

    link: str
    page: OrderPage
    status: orders.Status
    operator: Operator | None
    product: Product | None
    refresh_s: int
    fresh: bool  # delivered within a day: what it gave is what there is
    card: card_words.Shown | None = None

    @property
    def seen(self) -> str:
        """Changes whenever the drawn page would: what a browser has is compared with it."""
        card = self.status.title if self.card else ""
        bits = (self.page.state, self.status.name, len(self.page.events), self.page.proven, self.refresh_s, card)
        return "-".join(str(bit) for bit in (*bits, self.page.refunding.amount_minor, self.page.refunded.amount_minor))

    @property
    def stand_ins(self) -> str:
        """Where the sandbox's operators and mailbox are: beside its payment page. Empty in a real shop."""
        if self.page.provider != "sandbox" or not self.page.redirect_url:
            return ""
        return urljoin(self.page.redirect_url, "/")

    @property
    def code_ready(self) -> bool:
        return self.page.state is order.State.DELIVERED and self.page.kind.is_secret


@dataclass(frozen=True)
class Beside:
    """Another order under the same payment."""

    link: str
    product_name: str
    number: str
    state: str


def ticket(request: HttpRequest, link: str, here: Visit) -> Ticket:
    """The order of this link, or 404: a guessed link and a wrong one look the same."""
    link_hash = links.hash_link(link)
    page = pages.order_by_link(link_hash, here.device_hash, here.customer_id) if link_hash else None
    if page is None:
        raise Http404
    if not chosen(request) and page.language in languages.NAMES:
        # Opened from a message on another device: the order's own language, until the person says otherwise.
        translation.activate(page.language.lower())
    catalog = catalogue.at_version(page.catalog_version)
    status, card = orders.status(page, here.at), None
    if page.kind is Kind.SIM:
        status, card = _card(status, page, here)
    return Ticket(
        link,
        page,
        status,
        catalog.operator(page.operator),
        catalog.sold(page.sku),
        orders.refresh_s(page, here.at),
        page.delivered_at is not None and here.at - page.delivered_at < timedelta(days=1),
        card,
    )


def _card(status: orders.Status, page: OrderPage, here: Visit) -> tuple[orders.Status, card_words.Shown]:
    """What the page says where the goods are a SIM card."""
    had = card_rows.of_order(page.id)
    going = card_to.of([page.id], shop=here.shop).get(page.id, Going())
    code = cards.collection_code(page.id, shop=here.shop)
    return card_words.status(status, page, had, going), card_words.shown(page, had, going, code)


@require_safe
def show(request: HttpRequest, link: str) -> HttpResponse:
    here = visit(request)
    found = ticket(request, link, here)
    going = _goes_to_pay(request, found)
    return draw(request, found, going=going)


@require_safe
def state(request: HttpRequest, link: str) -> HttpResponse:
    """The part that changes, for htmx; 204 while nothing has changed, so that nothing is read aloud twice."""
    here = visit(request)
    found = ticket(request, link, here)
    if going := _goes_to_pay(request, found):
        answer = HttpResponse(status=200)
        answer["HX-Redirect"] = going
        return answer
    seen = request.GET.get("seen", "")
    if seen == found.seen:
        return HttpResponse(status=204)
    # Said aloud once: when the state is another one, not whenever the page is drawn again.
    announced = seen.split("-")[:2] != found.seen.split("-")[:2]
    return draw(request, found, template="storefront/order_state.html", announced=announced)


def draw(
    request: HttpRequest, found: Ticket, *, template: str = "storefront/order.html", going: str = "", status: int = 200,
    **more: object,
) -> HttpResponse:  # fmt: skip
    page, here = found.page, visit(request)
    asks = page.proven and not found.status.final  # and never before there is an order
    shares = _shares(page, here)
    shown: dict[str, object] = {
        "ticket": found,
        "order": page,
        "card": found.card,
        "status": found.status,
        "keepable": _keepable(request, found),
        "operator": found.operator,
        "number": numbers.grouped(page.number) if page.number else "",
        "events": _events(page),
        "mail_back": page.email and mail_back.dead({page.email}, shop=here.shop, at=here.at) and hidden(page.email),
        "balance": redeeming.balance(found.operator) if found.operator else [],
        "digits_shown": found.code_ready and not page.email and codes.proof_waits(page.id, at=here.at),
        "going": going,
        "push": pushes.offer(request, found.page.ticket, reverse("order-push", args=[found.link])) if asks else None,
        "elsewhere": _elsewhere(found),
        "counting": _counting(request, found),
        "help": helping.help_of(page, found.product, here),
        "sms": aftercare.sms(found.operator) if found.operator else [],
        "said": _said(page),
        "asks": aftercare.asks(page.kind),
        "share": _share(page, here.at),
        "trouble": trouble(found.link),
        "beside": _beside(shares, here),
        **(_unpaid(page, shares, here) if found.status.retry else {}),
        "transfer": _transfer(found, here),
        "renewal": _renewal(page, here),
        **_cash(found, here),
        **more,
    }
    return render(request, template, shown, status=status)


def _renewal(page: OrderPage, here: Visit) -> str:
    """The link of the renewal that began with this order or charged it, for whoever may see more than the order."""
    if page.kind is not Kind.DIRECT or not page.proven or not here.shop.keeping:
        return ""
    found = renewals.of_order(page.id, shop=here.shop)
    return found.whose.link if found else ""


def hidden(address: str) -> str:
    """Enough of an address for whoever typed it."""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}"


def _events(page: OrderPage) -> list[tuple[datetime, str]]:
    """What happened, and what became of its texts, in order."""
    told = [(one.made_at, texting.became(one)) for one in texts.of_order(page.id)]
    happened = [(happened.at, orders.event(happened.name)) for happened in page.events]
    return sorted([*happened, *told], key=lambda one: one[0])


def _elsewhere(found: Ticket) -> dict[str, str]:
    """The order's link to open on another phone, and its picture; only where there is something to pay."""
    if not (found.page.proven and found.status.payable):
        return {}
    address = shops.current().base_url + reverse("order", args=[found.link])
    return {"address": address, "picture": qr(address)}


def _transfer(found: Ticket, here: Visit) -> Transfer | None:
    """What to fill in at one's bank, while the order waits for that."""
    if found.status.name != "transfer":
        return None
    page = found.page
    if page.provider not in OWN_ACCOUNTS:
        theirs = bank.transfer_to(page.payment_id)
        return transfer_to(theirs[0], page.payment_total, theirs[1]) if theirs else None
    number = bank.number_of(page.payment_id) if here.shop.account else ""
    return transfer(here.shop.account, page.payment_total, number) if here.shop.account and number else None


def _cash(found: Ticket, here: Visit) -> dict[str, object]:
    """What to show at a counter, and where, while the order waits for cash, or money of it waits there; a refund's code
    for the ordering device alone."""
    page, code = found.page, ""
    if page.provider != CASH:
        return {}
    if found.status.name == "cash":
        code = tills.code_of(page.payment_id)
    owed = tills.owed_to(page.id) if page.refunding.amount_minor else []
    if not code and not owed:
        return {}
    _version, catalog = catalogue.active()
    shown: dict[str, object] = {
        "owed": [cash_words.shown(one.amount, one.code, catalog.country) if page.proven else None for one in owed],
        "cash_places": cash_words.where([c.place for c in counters(here.shop)], catalog, here.at),
    }
    return {**shown, "cash": cash_words.shown(page.payment_total, code, catalog.country)} if code else shown


def _shares(page: OrderPage, here: Visit) -> list[Share]:
    """What was bought with it, as far as this device may know: who only has the link sees this order alone."""
    if page.payment_total == page.price.total:
        return []
    return [
        share for share in together.shares(page.id, here.device_hash, here.customer_id) if share.order_id != page.id
    ]


def _unpaid(page: OrderPage, shares: list[Share], here: Visit) -> dict[str, object]:
    """Why it was not paid, and every way to pay it, the likeliest to work in front."""
    return {
        "unpaid_because": paying_words.why(page.payment_why),
        "ways": [payment_methods.method(name) for name in next_ways(page.provider, page.payment_why, ways(here.shop))],
        "retry": _retry(page, shares),
    }


def _retry(page: OrderPage, shares: list[Share]) -> Money | None:
    """What another try asks: the price of all that still waits for it. None where it is this order alone."""
    waiting = [share.price.total for share in shares if share.state is order.State.PLACED]
    return sum(waiting, page.price.total) if waiting else None


def _beside(shares: list[Share], here: Visit) -> list[Beside]:
    return [
        Beside(
            links.link_from(share.sealed, share.order_id, here.shop.keyring),
            share.product_name,
            numbers.grouped(share.number) if share.number else "",
            orders.state(share.state),
        )
        for share in shares
    ]


def _counting(request: HttpRequest, found: Ticket) -> str:
    """Whether it is `counted` in on a reminder, or `can` be: on the ordering device, where one was opened."""
    if not (found.page.proven and found.page.delivered_at and draft.reminder(request)):
        return ""
    if counting.wanted(found.page.id):
        return "counted"
    watched = remind.find(draft.reminder(request), shop=visit(request).shop)
    same = watched is not None and watched.confirmed and watched.usage.line.operator == found.page.operator
    return "can" if same else ""


@dataclass(frozen=True)
class Heard:
    """What the buyer said became of it."""

    word: Said
    at: datetime


def _said(page: OrderPage) -> Heard | None:
    if not page.proven or page.delivered_at is None:
        return None
    found = kept.said_of([page.id]).get(page.id)
    return Heard(*found) if found else None


@dataclass(frozen=True)
class Link:
    """The link that the buyer made for the recipient, as it stands."""

    text: str
    stands: bool


def _share(page: OrderPage, at: datetime) -> Link | None:
    found = kept.share_of(page.id) if page.proven else None
    return Link(aftercare.share_state(found, at), not found.over(at)) if found else None


def trouble(link: str) -> str:
    """Where help is when it did not work."""
    return reverse("order-trouble", args=[link])


def _keepable(request: HttpRequest, found: Ticket) -> str:
    """The name under which somebody signed in may keep the SIM this was for; empty where they may not."""
    if not (found.page.proven and found.page.delivered_at and customer_of(request)):
        return ""
    return found.operator.name if found.operator else found.page.operator


def _goes_to_pay(request: HttpRequest, found: Ticket) -> str:
    """The payment page's address, once per payment and only for the ordering device; the button stays for ever."""
    page = found.page
    if browser_of(request).app:
        return ""  # a payment that opens a bank's app may fail there: the person chooses first
    if not (page.proven and found.status.payable and page.payment_state is payment.State.OPEN):
        return ""
    return page.redirect_url if draft.send_once(request, page.payment_id) else ""


@require_POST
def pay_again(request: HttpRequest, link: str) -> HttpResponse:
    here = visit(request)
    found = ticket(request, link, here)
    method = request.POST.get("method", found.page.provider)
    refused = paying.pay_again(
        here.actor, found.page.id, shop=here.shop, method=method, at=here.at, device=here.device, address=here.address
    )
    if isinstance(refused, Refusal):
        status = 429 if refused.code is Code.PAYMENTS_PAUSED else 409
        return draw(request, found, refused=sentence(refused), status=status)
    return redirect("order", link=link)


@require_POST
def call_off(request: HttpRequest, link: str) -> HttpResponse:
    """What was bought for a date, before it comes; for the ordering device, or after a proof."""
    here = visit(request)
    found = ticket(request, link, here)
    refused = calling_off.call_off(
        here.actor, found.page.id, device=here.device, shop=here.shop, at=here.at, customer=here.customer_id
    )
    if isinstance(refused, Refusal):
        status = 403 if refused.code is Code.PROOF_NEEDED else 409
        return draw(request, found, refused=sentence(refused), status=status)
    return redirect("order", link=link)


@require_safe
def receipt(request: HttpRequest, link: str) -> HttpResponse:
    """On paper too. There is none before money has arrived."""
    here = visit(request)
    found = ticket(request, link, here)
    return render(request, "storefront/receipt.html", {"ticket": found, "receipt": _receipt(found, here)})


@require_safe
def receipt_pdf(request: HttpRequest, link: str) -> HttpResponse:
    """The same as a file. An attachment, because no viewer of PDF runs under our policy."""
    here = visit(request)
    made = _receipt(ticket(request, link, here), here)
    answer = HttpResponse(receipts.pdf(made), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{made.number}.pdf"'
    return answer


def _receipt(found: Ticket, here: Visit) -> receipts.Receipt:
    seller = receipts.house()
    made = receipts.receipt(
        found.page.id, here.device_hash, seller, sandbox=settings.SANDBOX, customer=here.customer_id
    )
    if made is None:
        raise Http404
    return made
