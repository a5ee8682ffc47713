"""The e-mails of an order, in the order's language. Pure: from facts to words. Never with a code in it:
only the proof carries a secret, its six digits, in a message of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from opla.core import payment
from opla.core.ledger import CASH, TERMINAL, VOUCHER
from opla.core.nudge import Nudge
from opla.core.ports import Kind
from opla.db.queries.pages import OrderPage
from opla.presenting import figures, languages, numbers, orders

TOPICS = (
    payment.TRANSFER,
    "delivered",
    "dated",
    "soon",
    "refunding",
    "refunded",
    "card_ready",
    "card_sent",
    "text_failed",
    "text_unknown",
    "proof",
    *Nudge,
)


@dataclass(frozen=True)
class Notice:
    subject: str
    text: str = field(repr=False)  # a proof's digits stand in it


def notice(topic: str, page: OrderPage, link_url: str, *, sandbox: bool, digits: str = "", agreed: str = "") -> Notice:
    """The message of one topic. `link_url` is the order page's whole address; `digits` are the proof's;
    `agreed` is what the buyer agreed to about stepping back, which the law wants confirmed in writing.

    Raises ValueError for a topic that is none of `TOPICS`.
    """
    with languages.speaking(page.language):
        match topic:
            case payment.TRANSFER:
                subject, body = _cash(page) if page.provider == CASH else _transfer(page)
            case "delivered":
                subject, body = _delivered(page)
            case "dated" | "soon" if page.deliver_at is not None:
                subject, body = _dated(topic, page, page.deliver_at)
            case "card_ready":
                subject, body = _card_ready(page)
            case "card_sent":
                subject, body = _card_sent(page)
            case "text_failed":
                subject, body = _text_failed(page)
            case "text_unknown":
                subject, body = _text_unknown(page)
            case "refunding":
                subject, body = _refunding(page)
            case "refunded":
                subject, body = _refunded(page)
            case Nudge.NOT_ENTERED:
                subject, body = _not_entered(page)
            case Nudge.CODE_ENDS:
                subject, body = _code_ends(page)
            case "proof":
                subject, body = _proof(page, digits)
            case _:
                raise ValueError(f"no message is about {topic!r}")
        if agreed and topic == "delivered":
            body = f"{body}\n\n" + _("You agreed before paying: “%(said)s”") % {"said": agreed}
        subject = f"[SANDBOX] {subject}" if sandbox else subject
        parts = [_("Hello,"), body, *_tail(topic, page, link_url)]
        if sandbox:
            parts.append(_("This is a sandbox: no real money moved, and codes top up nothing."))
        return Notice(subject, "\n\n".join(parts) + "\n")


def _tail(topic: str, page: OrderPage, link_url: str) -> list[str]:
    if topic == "proof":
        return []
    order = _("Your order: %(link)s") % {"link": link_url}
    ticket = _("Order number: %(ticket)s") % {"ticket": page.ticket}
    return [f"{order}\n{ticket}"]


def _transfer(page: OrderPage) -> tuple[str, str]:
    """Without the account: whoever finds one in a mail of ours knows that it is not from us."""
    what = {
        "product": page.product_name,
        "total": figures.money(page.payment_total),
        "time": figures.moment(page.expires_at),
    }
    return (
        _("Waiting for your transfer: %(product)s") % what,
        _(
            "Your order, %(product)s, waits for your bank transfer of %(total)s until %(time)s. Its page shows our "
            "account and the reference to write; we never send an account number by e-mail. As soon as we see the "
            "money on our account, it is delivered and we write to you."
        )
        % what,
    )


def _cash(page: OrderPage) -> tuple[str, str]:
    """Without the code, so that every code people show comes from the page."""
    what = {
        "product": page.product_name,
        "total": figures.money(page.payment_total),
        "time": figures.moment(page.expires_at),
    }
    return (
        _("To be paid in cash: %(product)s") % what,
        _(
            "Your order, %(product)s, waits for %(total)s in cash until %(time)s. Its page shows where to bring it, "
            "when they are open, and the code to show there."
        )
        % what,
    )


def _delivered(page: OrderPage) -> tuple[str, str]:
    what = {
        "product": page.product_name,
        "number": numbers.grouped(page.number),
        "total": figures.money(page.price.total),
    }
    if page.kind is Kind.SIM:
        return _card_handed_over(page)
    if page.kind is Kind.DIRECT:
        return (
            _("Topped up: %(product)s") % what,
            _("%(product)s was credited to %(number)s. You paid %(total)s. Keep the phone on until the operator's SMS.")
            % what,
        )
    if page.kind is Kind.ESIM:
        return (
            _("Your eSIM is ready: %(product)s") % what,
            _(
                "Your eSIM, %(product)s, is ready. You paid %(total)s. For your safety its activation code is not in "
                "this message: open your order, on the device you ordered with or with the six digits we can send you. "
                "It can be installed once, on one phone."
            )
            % what,
        )
    return (
        _("Your code is ready: %(product)s") % what,
        _(
            "Your code for %(product)s is ready. You paid %(total)s. For your safety the code itself is not in this "
            "message: open your order, on the device you ordered with or with the six digits we can send you."
        )
        % what,
    )


def _text_failed(page: OrderPage) -> tuple[str, str]:
    what = {"product": page.product_name}
    return (
        _("The SMS with the code did not arrive: %(product)s") % what,
        _(
            "You paid %(product)s for somebody who asked by SMS, and the SMS with the code did not reach "
            "their phone. Open your order to see the code, and give it to them."
        )
        % what,
    )


def _text_unknown(page: OrderPage) -> tuple[str, str]:
    what = {"product": page.product_name}
    return (
        _("The SMS with the code may not have arrived: %(product)s") % what,
        _(
            "You paid %(product)s for somebody who asked by SMS, and nobody can tell whether the SMS with the code "
            "reached their phone. Ask them. If it did not, open your order to see the code, and give it to them."
        )
        % what,
    )


def _card_handed_over(page: OrderPage) -> tuple[str, str]:
    what = {"product": page.product_name, "total": figures.money(page.price.total)}
    return (
        _("Your SIM card was handed over: %(product)s") % what,
        _(
            "Your SIM card %(product)s was sent, or you have collected it. You paid %(total)s. The page of your order "
            "shows the tracking number, where there is one. If the card does not come or does not fit, or if you want "
            "to send it back unopened within 14 days, say so there."
        )
        % what,
    )


def _card_ready(page: OrderPage) -> tuple[str, str]:
    what = {"product": page.product_name}
    return (
        _("Your SIM card is ready: %(product)s") % what,
        _(
            "Your SIM card %(product)s lies ready for you. For your safety the code to collect it with is not in this "
            "message: the page of your order shows it, and where to go."
        )
        % what,
    )


def _card_sent(page: OrderPage) -> tuple[str, str]:
    what = {"product": page.product_name}
    return (
        _("Another SIM card was sent to you: %(product)s") % what,
        _("In place of the first one we have sent you another %(product)s. It costs you nothing.") % what,
    )


def _dated(topic: str, page: OrderPage, due: datetime) -> tuple[str, str]:
    what = {
        "product": page.product_name,
        "number": numbers.grouped(page.number),
        "total": figures.money(page.price.total),
        "day": figures.day(due),
        "time": figures.minute(due),
    }
    off = _("Until then you can call it off on the page of your order, and get %(total)s back.") % what
    if page.number:
        body = _("%(product)s for %(number)s is paid, and will be delivered on %(day)s at %(time)s, Belgian time.")
    else:
        body = _("%(product)s is paid, and will be delivered on %(day)s at %(time)s, Belgian time.")
    if topic == "soon":
        return _("Tomorrow: %(product)s") % what, f"{body % what} {off}"
    return _("Paid, for %(day)s: %(product)s") % what, f"{body % what} {off}"


def _refunding(page: OrderPage) -> tuple[str, str]:
    amount = page.refunding if page.refunding.amount_minor else page.price.total
    what = {"product": page.product_name, "amount": figures.money(amount)}
    if page.provider == CASH:
        return (
            _("Collect your money: %(amount)s") % what,
            _(
                "%(product)s: %(amount)s waits for you in cash at our counter. For your safety the code for it is not "
                "in this message: the page of your order shows it, and where to go."
            )
            % what,
        )
    if page.provider == TERMINAL:
        text = _("%(product)s: come to our counter with the card you paid with, and %(amount)s goes back onto it.")
        return _("Collect your money: %(amount)s") % what, text % what
    if page.provider == VOUCHER:
        text = _("%(product)s: your voucher will work again in a moment. You need to do nothing.")
        return _("Your voucher is coming back") % what, text % what
    if orders.forestalled(page):
        text = _(
            "%(product)s: somebody else had paid for it first, so %(amount)s is on its way back to you, the way you "
            "paid. You need to do nothing."
        )
        return _("Your money is coming back: %(amount)s") % what, text % what
    return (
        _("Your money is coming back: %(amount)s") % what,
        _("%(product)s: %(amount)s is on its way back to you, the way you paid. You need to do nothing.") % what,
    )


def _refunded(page: OrderPage) -> tuple[str, str]:
    amount = page.refunded if page.refunded.amount_minor else page.price.total
    what = {"product": page.product_name, "amount": figures.money(amount)}
    if orders.otherwise(page):
        text = _("%(product)s: %(amount)s went back by bank transfer. It shows within some days.")
        return _("Refunded: %(amount)s") % what, text % what
    if page.provider == CASH:
        return _("Refunded: %(amount)s") % what, _("%(product)s: %(amount)s was paid out to you in cash.") % what
    if page.provider == VOUCHER:
        text = _(
            "%(product)s: your voucher works again. Redeem it with the same code, or get its price back where you "
            "bought it."
        )
        return _("Your voucher works again"), text % what
    return (
        _("Refunded: %(amount)s") % what,
        _(
            "%(product)s: %(amount)s went back the way you paid. Depending on your bank it shows at once or within "
            "some days."
        )
        % what,
    )


def _not_entered(page: OrderPage) -> tuple[str, str]:
    what = {"product": page.product_name}
    if page.kind is Kind.ESIM:
        return (
            _("Have you installed your eSIM? %(product)s") % what,
            _(
                "Your eSIM, %(product)s, came yesterday or before, and nobody has told us that it is installed. Open "
                "your order: it shows the eSIM, how to install it, and help if it does not work. When it is installed, "
                "say so there, and we do not ask again."
            )
            % what,
        )
    return (
        _("Have you entered your code? %(product)s") % what,
        _(
            "Your code for %(product)s came yesterday or before, and nobody has told us that it is entered. Open your "
            "order: it shows the code again, how to enter it, and help if it does not work. When it is entered, say so "
            "there, and we do not ask again."
        )
        % what,
    )


def _code_ends(page: OrderPage) -> tuple[str, str]:
    # A message of this topic is made of codes with a last day alone.
    what = {"product": page.product_name, "day": figures.day(page.code_valid_until or page.placed_at)}
    if page.kind is Kind.ESIM:
        return (
            _("Install your eSIM by %(day)s: %(product)s") % what,
            _(
                "Your eSIM, %(product)s, can be installed until %(day)s, and nobody has told us that it is. Open your "
                "order to see it and how to install it. After that day it may be worth nothing."
            )
            % what,
        )
    return (
        _("Enter your code by %(day)s: %(product)s") % what,
        _(
            "Your code for %(product)s can be entered until %(day)s, and nobody has told us that it is. Open your "
            "order to see the code and how to enter it. After that day it may be worth nothing."
        )
        % what,
    )


def _proof(page: OrderPage, digits: str) -> tuple[str, str]:
    return (
        _("Your six digits for order %(ticket)s") % {"ticket": page.ticket},
        _(
            "Your six digits: %(digits)s\n\nEnter them on the page of your order to see the code there. They are good "
            "for 15 minutes. If you did not ask for them, do nothing, and give them to nobody."
        )
        % {"digits": digits},
    )
