"""What became of an order, in words: a heading, what to do now, and three bars (paid, sent, told)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core import order, payment
from opla.core.ledger import CASH, TERMINAL, VOUCHER
from opla.core.ports import Kind
from opla.core.ways import Means, means
from opla.db.queries.pages import OrderPage
from opla.presenting import figures


class Tone(StrEnum):
    """How it is drawn. Red is only for what truly failed."""

    WAIT = "wait"
    DONE = "done"
    MIND = "mind"
    FAILED = "failed"


class Fill(StrEnum):
    EMPTY = "empty"
    BUSY = "busy"
    FULL = "full"
    FAILED = "failed"


@dataclass(frozen=True)
class Bar:
    label: str
    fill: Fill
    at: datetime | None
    said: str  # what the fill means, for those who do not see it


@dataclass(frozen=True)
class Status:
    """`payable`: there is an open payment page. `retry`: paying may be tried again. `final`: nothing more will come."""

    name: str
    title: str
    text: str
    tone: Tone
    bars: tuple[Bar, Bar, Bar]
    payable: bool = False
    retry: bool = False
    final: bool = False


_EVENTS: Final[dict[str, str]] = {
    "placed": gettext_noop("Ordered"),
    "paid": gettext_noop("Paid"),
    "paid_late": gettext_noop("Paid after the time was over: it goes back"),
    "paid_after": gettext_noop("Somebody else had paid for it first: it goes back"),
    "reserved": gettext_noop("Ordered, and held on the float"),
    "paid_from_float": gettext_noop("Paid from the float"),
    "freed": gettext_noop("Not delivered: free on the float again"),
    "credited": gettext_noop("A part of the price is on the float again"),
    "credited_whole": gettext_noop("Given back: the price is on the float again"),
    "returned_to_float": gettext_noop("Given back unused: the price is on the float again"),
    "freed_again": gettext_noop("Taken back by the operator: on the float again"),
    "paid_twice": gettext_noop("Paid a second time: the second payment goes back"),
    "expired": gettext_noop("The time to pay ran out"),
    "delivered": gettext_noop("Delivered"),
    "rerouted": gettext_noop("A supplier is asked once more"),
    "declined": gettext_noop("The operator declined: the money goes back"),
    "called_off": gettext_noop("Called off before its day: the money goes back"),
    "reversed": gettext_noop("The operator took it back: the money goes back"),
    "refunded": gettext_noop("Refunded"),
    "second_refunded": gettext_noop("The second payment was refunded"),
    "refunded_otherwise": gettext_noop("Refunded by bank transfer"),
    "second_refunded_otherwise": gettext_noop("The second payment was refunded by bank transfer"),
    "part_refunded_otherwise": gettext_noop("A part of the price was refunded by bank transfer"),
    "goodwill": gettext_noop("A part of the price goes back to you"),
    "part_refunded": gettext_noop("A part of the price was refunded"),
    "returned": gettext_noop("Taken back: the money goes back"),
    "card_lost": gettext_noop("The SIM card was lost: the money goes back"),
    "withdrawn": gettext_noop("Taken back: the money goes back"),
    "went_back": gettext_noop("The money went back"),
    "forfeited": gettext_noop("The money went back"),
    "settled_outside": gettext_noop("The money went back"),
    "told": gettext_noop("Message sent to you"),
    "forgotten": gettext_noop("Its buyer's data was deleted"),
}

_STATES: Final[dict[str, str]] = {
    "placed": gettext_noop("Not paid yet"),
    "paid": gettext_noop("Paid, being delivered"),
    "delivered": gettext_noop("Delivered"),
    "refunding": gettext_noop("Being refunded"),
    "refunded": gettext_noop("Refunded"),
    "cancelled": gettext_noop("Cancelled"),
}

#: A cancelled order's page still looks for money that arrives late.
_LATE_MONEY = timedelta(minutes=10)


def event(name: str) -> str:
    """One line of the order's life. An event without words keeps its name: it is evidence, never hidden."""
    return _(_EVENTS[name]) if name in _EVENTS else name


def state(name: str) -> str:
    return _(_STATES[name]) if name in _STATES else name


def refresh_s(page: OrderPage, at: datetime) -> int:
    """How soon to look again: often while something is about to happen, rarely when it takes long."""
    if waits(page, at):
        return 30
    age = at - max([page.placed_at, *(happened.at for happened in page.events)])
    if age < timedelta(minutes=1):
        return 2
    return 5 if age < timedelta(minutes=10) else 30


def status(page: OrderPage, at: datetime) -> Status:
    match page.state:
        case order.State.PLACED:
            return _placed(page, at)
        case order.State.PAID:
            return _paid(page, at)
        case order.State.DELIVERED:
            return _delivered(page)
        case order.State.REFUNDING:
            return _refunding(page)
        case order.State.REFUNDED:
            return _refunded(page)
        case order.State.CANCELLED:
            return _cancelled(page, at)


def _placed(page: OrderPage, at: datetime) -> Status:
    if at >= page.expires_at:
        text = _("We are closing this order. If you did pay, the money comes back by itself.")
        return Status("expiring", _("The time to pay ran out"), text, Tone.MIND, _bars(page, Fill.EMPTY, Fill.EMPTY))
    if page.bought and page.payment_total == page.price.total:
        text = _(
            "Somebody else has paid for this meanwhile, so do not pay. If you did pay, the money comes back by itself."
        )
        return Status("bought", _("Paid for already"), text, Tone.MIND, _bars(page, Fill.EMPTY, Fill.EMPTY))
    if page.provider == VOUCHER:
        text = _("Your voucher is accepted. Delivery takes a few seconds.")
        return Status("opening", _("One moment"), text, Tone.WAIT, _bars(page, Fill.BUSY, Fill.EMPTY))
    if page.by_consent and page.payment_state in (payment.State.OPENING, payment.State.OPEN):
        text = _("You need to do nothing. A direct debit can take days; this page goes on by itself.")
        return Status("charging", _("It is charged by itself"), text, Tone.WAIT, _bars(page, Fill.BUSY, Fill.EMPTY))
    if page.payment_state in (payment.State.OPENING, payment.State.OPEN) and means(page.provider) is Means.TERMINAL:
        text = _("Hold your card or phone to the machine on the counter by %(time)s. This page goes on by itself.")
        text %= {"time": figures.minute(page.expires_at)}
        bars = _bars(page, Fill.BUSY, Fill.EMPTY)
        return Status("payable", _("Waiting for your card"), text, Tone.WAIT, bars)
    if page.payment_state is payment.State.OPENING:
        text = _("We are connecting you to the payment page. This takes a few seconds.")
        return Status("opening", _("One moment"), text, Tone.WAIT, _bars(page, Fill.BUSY, Fill.EMPTY))
    if page.payment_state is payment.State.OPEN and means(page.provider) is Means.TRANSFER:
        text = _(
            "Transfer the amount below, with its reference, by %(day)s. This price stays yours until then. Nothing is "
            "delivered before the money is booked on our account."
        ) % {"day": figures.moment(page.expires_at)}
        return Status("transfer", _("Waiting for your transfer"), text, Tone.WAIT, _bars(page, Fill.BUSY, Fill.EMPTY))
    if page.payment_state is payment.State.OPEN and page.provider == CASH:
        text = _(
            "Bring the amount in cash to one of the places below by %(time)s, and show the code there. This price "
            "stays yours until then. It is delivered while you are there."
        ) % {"time": figures.moment(page.expires_at)}
        return Status("cash", _("Waiting for you at the counter"), text, Tone.WAIT, _bars(page, Fill.BUSY, Fill.EMPTY))
    if page.payment_state is payment.State.OPEN:
        text = _("Pay by %(time)s. As soon as your payment arrives, this page goes on by itself.")
        text %= {"time": figures.minute(page.expires_at)}
        bars = _bars(page, Fill.BUSY, Fill.EMPTY)
        return Status("payable", _("Waiting for your payment"), text, Tone.WAIT, bars, payable=bool(page.redirect_url))
    if page.payment_state is payment.State.CAPTURED:
        text = _("Less came in than the price, so it goes back to you by itself. You can pay again until %(time)s.")
        text %= {"time": figures.moment(page.expires_at)}
        bars = _bars(page, Fill.FAILED, Fill.EMPTY)
        return Status("short", _("Too little came in"), text, Tone.MIND, bars, retry=True)
    text = _("Nothing was charged. You can try again until %(time)s.") % {"time": figures.minute(page.expires_at)}
    failed = page.payment_state is payment.State.FAILED
    title = _("The payment did not go through") if failed else _("The payment was not finished")
    fill = Fill.FAILED if failed else Fill.EMPTY
    return Status(
        "unpaid", title, text, Tone.FAILED if failed else Tone.MIND, _bars(page, fill, Fill.EMPTY), retry=True
    )


def waits(page: OrderPage, at: datetime) -> bool:
    """Whether it is paid, and waits for the date it was bought for."""
    return page.state is order.State.PAID and page.deliver_at is not None and at < page.deliver_at


def _paid(page: OrderPage, at: datetime) -> Status:
    if page.deliver_at is not None and waits(page, at):
        text = _("It will be delivered on %(day)s at %(time)s, Belgian time. You need to do nothing.")
        text %= {"day": figures.day(page.deliver_at), "time": figures.minute(page.deliver_at)}
        title = _("Paid. Delivered on %(day)s") % {"day": figures.day(page.deliver_at)}
        return Status("waiting", title, text, Tone.WAIT, _bars(page, Fill.FULL, Fill.EMPTY))
    bars = _bars(page, Fill.FULL, Fill.BUSY)
    if page.parked:
        text = _(
            "The operator gave no clear answer, so a person is looking at your order. You need to do nothing, and "
            "please do not pay again. It ends delivered or refunded, and we write to you."
        )
        if not page.email:
            text = _(
                "The operator gave no clear answer, so a person is looking at your order. Please do not pay again. "
                "It ends delivered or refunded. Take the link of this order along: it is the only way to hear of it."
            )
        return Status("parked", _("A person is looking at it"), text, Tone.MIND, bars)
    if page.asking:
        text = _("We are asking the operator what became of it. Please do not pay again; this page goes on by itself.")
        return Status("checking", _("Paid. Being delivered"), text, Tone.WAIT, bars)
    text = _("Your payment has arrived. Delivery takes a few seconds.")
    return Status("sending", _("Paid. Being delivered"), text, Tone.WAIT, bars)


def _delivered(page: OrderPage) -> Status:
    bars = _bars(page, Fill.FULL, Fill.FULL)
    final = _told_at(page) is not None and not page.refunding.amount_minor
    if page.kind is Kind.DIRECT:
        text = _("The operator confirmed the top-up. Its own SMS may take a few minutes; keep the phone on.")
    elif page.kind is Kind.ESIM:
        text = _("Your eSIM is ready. Show it when you are at the phone it is for, with Wi-Fi on.")
    else:
        text = _("Your code is ready. Enter it on the SIM to top up.")
    return Status("delivered", _("Delivered"), text, Tone.DONE, bars, final=final)


def _refunding(page: OrderPage) -> Status:
    amount = figures.money(page.refunding if page.refunding.amount_minor else page.price.total)
    bars = _bars(page, Fill.FULL, Fill.FAILED)
    if page.parked:
        text = _("%(amount)s is owed to you, and a person is looking for the way to send it. We write to you.")
        if not page.email:
            text = _(
                "%(amount)s is owed to you, and a person is looking for the way to send it. Take the link of this "
                "order along: it is the only way to hear of it."
            )
        return Status("refund_parked", _("Your refund needs a person"), text % {"amount": amount}, Tone.MIND, bars)
    if page.provider == CASH:
        text = _("%(amount)s waits for you in cash at our counter. Show the code below there.")
        return Status("refunding", _("Collect your money"), text % {"amount": amount}, Tone.MIND, bars)
    if page.provider == TERMINAL:
        text = _("%(amount)s is yours. Come to our counter with the card you paid with: it goes back onto that.")
        return Status("refunding", _("Collect your money"), text % {"amount": amount}, Tone.MIND, bars)
    if page.provider == VOUCHER:
        text = _("Your voucher will work again in a moment. You need to do nothing.")
        return Status("refunding", _("Your voucher is coming back"), text, Tone.MIND, bars)
    if any(happened.name == "called_off" for happened in page.events):
        text = _("You called it off. %(amount)s is on its way back to you, the way you paid. You need to do nothing.")
    elif forestalled(page):
        text = _("Somebody else had paid for it first. %(amount)s is on its way back to you, the way you paid.")
    elif page.delivered_at is None:
        text = _(
            "It was not delivered, so %(amount)s is on its way back to you, the way you paid. You need to do nothing."
        )
    else:
        text = _("%(amount)s is on its way back to you, the way you paid. You need to do nothing.")
    return Status("refunding", _("Your money is coming back"), text % {"amount": amount}, Tone.MIND, bars)


def _refunded(page: OrderPage) -> Status:
    text = _("%(amount)s went back the way you paid. Depending on your bank it shows at once or within some days.")
    if page.provider == CASH:
        text = _("%(amount)s was paid out to you in cash.")
    if page.provider == VOUCHER:
        text = _("Your voucher works again. Redeem it with the same code, or get its price back where you bought it.")
    if otherwise(page):
        text = _("%(amount)s went back by bank transfer. It shows within some days.")
    text %= {"amount": figures.money(page.refunded if page.refunded.amount_minor else page.price.total)}
    final = not page.refunding.amount_minor and _told_at(page) is not None
    return Status("refunded", _("Refunded"), text, Tone.WAIT, _bars(page, Fill.FULL, Fill.FAILED), final=final)


@dataclass(frozen=True)
class Passed:
    """What a recipient is told of somebody else's order. `arrived`: delivered, and not taken back."""

    title: str
    text: str
    tone: Tone
    arrived: bool = False


class Sold(Protocol):
    """As much of an order as its recipient is told from."""

    @property
    def state(self) -> order.State: ...

    @property
    def kind(self) -> Kind: ...


def passed(page: Sold) -> Passed:
    """The state without anything of money: whoever it is for learns whether it came, comes, or will not."""
    match page.state:
        case order.State.DELIVERED if page.kind is Kind.DIRECT:
            text = _("The operator confirmed the top-up. Its own SMS may take a few minutes; keep the phone on.")
            return Passed(_("Delivered"), text, Tone.DONE, arrived=True)
        case order.State.DELIVERED if page.kind is Kind.ESIM:
            return Passed(_("Delivered"), _("Install it on the phone it is for."), Tone.DONE, arrived=True)
        case order.State.DELIVERED:
            return Passed(_("Delivered"), _("Enter the code on the SIM to top up."), Tone.DONE, arrived=True)
        case order.State.PLACED | order.State.PAID:
            return Passed(_("On its way"), _("It is not here yet. Open this page again in a few minutes."), Tone.WAIT)
        case _:
            return Passed(_("It will not come"), _("Ask whoever sent you this link."), Tone.MIND)


def forestalled(page: OrderPage) -> bool:
    """Its money came after somebody else had paid for what was asked for by text."""
    return any(happened.name == "paid_after" for happened in page.events)


def otherwise(page: OrderPage) -> bool:
    """The money went back from our bank account, because the way it was paid refused it."""
    return any(happened.name == "refunded_otherwise" for happened in page.events)


def _cancelled(page: OrderPage, at: datetime) -> Status:
    text = _("It was not paid in time, so nothing was bought. If you did pay, the money comes back by itself.")
    final = page.ended_at is None or at - page.ended_at > _LATE_MONEY
    return Status("cancelled", _("Order cancelled"), text, Tone.MIND, _bars(page, Fill.EMPTY, Fill.EMPTY), final=final)


def _told_at(page: OrderPage) -> datetime | None:
    """When the message about the order's ending went out. Others (six digits, say) come before or after it.

    Without an address nobody is written to: who bought it at a counter, or opened a link, reads it here.
    """
    if page.ended_at is None or not page.email:
        return page.ended_at
    told = (happened.at for happened in page.events if happened.name == "told")
    return next((at for at in told if at >= page.ended_at), None)


def _bars(page: OrderPage, paid: Fill, sent: Fill) -> tuple[Bar, Bar, Bar]:
    at = {happened.name: happened.at for happened in page.events}
    told_at = _told_at(page)
    told = Fill.FULL if told_at else Fill.EMPTY
    if told is Fill.EMPTY and page.state in order.ENDED and page.state is not order.State.CANCELLED:
        told = Fill.BUSY
    return (
        Bar(_("paid"), paid, at.get("paid") or at.get("paid_late") or at.get("paid_after"), _fill(paid)),
        Bar(_("sent"), sent, page.delivered_at, _fill(sent)),
        Bar(_("told"), told, told_at, _fill(told)),
    )


def _fill(fill: Fill) -> str:
    return {Fill.EMPTY: _("not yet"), Fill.BUSY: _("under way"), Fill.FULL: _("done"), Fill.FAILED: _("failed")}[fill]
