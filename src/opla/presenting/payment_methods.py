"""What ways of paying are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

#: By its whole name, or by what is left of it without its adapter's.
_NAMES: Final[dict[str, tuple[str, str]]] = {
    "bank_transfer": (
        gettext_noop("Bank transfer"),
        gettext_noop(
            "From any bank in Europe to our account. It takes until the next working day, or seconds as an instant "
            "transfer; we deliver when we see it on our account."
        ),
    ),
    "cash": (
        gettext_noop("Cash"),
        gettext_noop(
            "At a counter of ours, with notes and coins. It works for everybody; we deliver while you are there."
        ),
    ),
    "terminal": (gettext_noop("Card machine"), gettext_noop("Hold your card or phone to the machine on the counter.")),
    "voucher": (gettext_noop("Voucher"), gettext_noop("Paid for at a counter, and redeemed with its code.")),
    "sandbox": (gettext_noop("Sandbox payment"), gettext_noop("You choose what happens. No real money moves.")),
    "mollie": (gettext_noop("Pay with Mollie"), gettext_noop("You choose how on the next page.")),
    "stripe": (gettext_noop("Pay with Stripe"), gettext_noop("You choose how on the next page.")),
    "card": (
        gettext_noop("Bank card"),
        gettext_noop(
            "Visa, Mastercard and others, Apple Pay, Google Pay. A card from outside the EU may be refused by "
            "its own bank: allow payments abroad there."
        ),
    ),
    "applepay": ("Apple Pay", gettext_noop("With a card in your iPhone, from any country.")),
    "bancontact": ("Bancontact", gettext_noop("Belgian bank cards and their app only.")),
    "paypal": ("PayPal", gettext_noop("With a PayPal account of any country.")),
    "alipay": (gettext_noop("Alipay"), gettext_noop("With the Alipay app on your phone.")),
    "wechat_pay": (gettext_noop("WeChat Pay"), gettext_noop("You scan a code with WeChat on your phone.")),
    "kbc": ("KBC/CBC", gettext_noop("For customers of this Belgian bank only.")),
    "belfius": ("Belfius", gettext_noop("For customers of this Belgian bank only.")),
}


@dataclass(frozen=True)
class Method:
    id: str
    name: str
    hint: str


def method(name: str) -> Method:
    """A method without words here shows its own name: adding an adapter needs no change in this file."""
    title, hint = _NAMES.get(name) or _NAMES.get(name.partition("_")[2]) or (name, "")
    return Method(name, _(title), _(hint) if hint else "")
