"""The reference under which a reseller pays in by bank transfer, and the letter when little is left on its float."""

from __future__ import annotations

from datetime import datetime

from opla.core.money import Money
from opla.core.quote import read_language
from opla.core.refusal import Code, Refusal
from opla.db.queries import bank, floats
from opla.operations.letters import Posted, seal
from opla.operations.shop import Shop

#: What floats are kept in.
CURRENCY = "EUR"
#: How many are told in one go; the rest a moment later.
_TOLD = 100


def reference(reseller: str, *, shop: Shop, at: datetime) -> str:
    """Twelve digits (`core.structured`), the same for ever: whatever comes in under them is on its float."""
    return bank.float_number(reseller, shop.chance, at=at)


def warn_below(reseller: str, amount: str, language: str, *, at: datetime) -> Refusal | None:
    """From now on it is told when less than this is free; of nothing (empty) never again."""
    if not amount.strip():
        floats.warn_below(reseller, None, "en", at=at)
        return None
    money, tag = Money.parse(amount, CURRENCY), read_language(language)
    if money is None or money.amount_minor <= 0:
        return Refusal(Code.AMOUNT_UNREADABLE, "amount", {"amount": amount[:20]})
    if isinstance(tag, Refusal):
        return tag
    floats.warn_below(reseller, money.amount_minor, tag, at=at)
    return None


def tell_low(*, shop: Shop, at: datetime) -> int:
    """Write to those whose float has gone below what they said, once until it is above again. How many."""
    found = floats.low(CURRENCY, limit=_TOLD)
    rows = []
    for one in found:
        facts = {
            "reseller": one.reseller,
            "title": one.title,
            "free": str(one.free_minor),
            "below": str(one.below_minor),
            "currency": CURRENCY,
        }
        letter_id, sealed = seal(Posted("float_low", one.email, one.language, facts), shop=shop, at=at)
        rows.append((one.reseller, letter_id, sealed, shop.chance.reference()))
    return floats.told_low(rows, currency=CURRENCY, at=at)
