"""A price that expires: what a person is shown before paying is what happens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from opla.core.money import Money, share_half_up
from opla.core.order import Price
from opla.core.ports import Kind
from opla.core.promotion import Kept
from opla.core.refusal import Code, Refusal
from opla.core.ways import Means, means

LANGUAGES = ("zh-Hans", "en", "fr", "nl", "de")


@dataclass(frozen=True)
class Terms:
    """How this shop sells. The defaults charge the face value and nothing else.

    vat_percent applies to the shop's own fee only (the face value is an electronic means of payment, taxed on use:
    Belgian circular AFER 41/2004; an accountant must confirm it for each shop).
    """

    fee_minor: int = 0
    vat_percent: int = 21
    quote_valid: timedelta = timedelta(minutes=15)
    payment_valid: timedelta = timedelta(minutes=20)
    transfer_valid: timedelta = timedelta(days=7)  # by bank transfer: a weekend, a holiday, and statements read daily
    cash_valid: timedelta = timedelta(days=2)  # until somebody comes by with it; the owner may say otherwise

    def valid(self, method: str) -> timedelta:
        """How long an order waits for money that comes this way. Its price stays as it was shown for as long."""
        match means(method):
            case Means.CASH:
                return self.cash_valid
            case Means.TRANSFER:
                return self.transfer_valid
        return self.payment_valid


@dataclass(frozen=True)
class Quote:
    """Everything that was shown, kept as it was shown. `expires_at` is exclusive."""

    id: UUID
    sku: str
    operator: str
    product_name: str
    kind: Kind
    price: Price
    number: str
    plan: str
    email: str
    language: str
    catalog_version: int
    sample: bool
    made_at: datetime
    expires_at: datetime
    promotions: Kept | None = None  # None: none to speak of
    deliver_at: datetime | None = None  # paid now and delivered then; None: at once
    device: str = ""  # what was said of the phone that an eSIM is for, as `core.device_check` writes it

    @property
    def reaches_at(self) -> datetime:
        """When it reaches the SIM, as far as that is known beforehand."""
        return self.deliver_at or self.made_at

    def refused(self, at: datetime) -> Refusal | None:
        return Refusal(Code.QUOTE_EXPIRED) if at >= self.expires_at else None


def price(face: Money, terms: Terms) -> Price:
    """Face value, plus the shop's own fee with the VAT inside it."""
    fee = Money(terms.fee_minor, face.currency)
    vat = Money(share_half_up(terms.fee_minor, terms.vat_percent, 100 + terms.vat_percent), face.currency)
    return Price(face, fee, vat)


# One @, a dot in the domain, no spaces or control signs; lengths of RFC 5321 §4.5.3.1. Use proves the rest.
_EMAIL = re.compile(r"[^\s@<>\"'\\,;:()\[\]\x00-\x1f]{1,64}@[^\s@<>\"'\\,;:()\[\]\x00-\x1f]+\.[^\s@.]{2,}")


def read_email(text: str) -> str | Refusal:
    """An address a receipt can be sent to, trimmed; the case of the part before the @ is kept."""
    text = text.strip().replace("＠", "@")
    if not text:
        return Refusal(Code.EMAIL_MISSING, "email")
    if len(text) > 254 or ".." in text or not _EMAIL.fullmatch(text):
        return Refusal(Code.EMAIL_INVALID, "email")
    local, _, domain = text.rpartition("@")
    return f"{local}@{domain.lower()}"


def read_language(text: str) -> str | Refusal:
    """One of ours, by its BCP 47 tag in any letter case; `zh`, `zh-CN` and `zh-SG` are zh-Hans."""
    tag = text.strip().replace("_", "-").lower()
    if tag in ("zh", "zh-cn", "zh-sg", "zh-hans", "zh-hans-cn"):
        return "zh-Hans"
    for language in LANGUAGES:
        if tag.split("-")[0] == language.lower():
            return language
    return Refusal(Code.LANGUAGE_UNKNOWN, "language", {"language": text})
