"""Which of theirs is which of ours: what a supplier lists, what may be meant by it, and what has changed since.

    listed ──proposed──▶ proposed ──a person──▶ approved ──a person──▶ gone
                            └──────────────────▶ refused

Nothing here decides: a proposal is a likeness (operator, kind and face value), and a person says whether it is so.
What they list next changes what is told of it, never what was approved.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from opla.core.catalog import Catalog, Operator, PriceKind, Product
from opla.core.money import Money, share_half_up
from opla.core.ports import Listed

#: A list that has lost more than this share since the last one is believed to be broken, not true.
_LOST_AT_MOST: Final = (1, 2)


class State(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    GONE = "gone"


class News(StrEnum):
    """What a person is asked about one of theirs."""

    NEW = "new"
    COST = "cost"
    RANGE = "range"
    GONE = "gone"


@dataclass(frozen=True)
class Terms:
    """What one of theirs is: its face values in minor units of `currency`, and what the smallest one costs us."""

    currency: str
    min_minor: int
    max_minor: int
    cost_minor: int | None
    cost_currency: str

    def sells(self, face: Money) -> bool:
        return self.currency == face.currency and self.min_minor <= face.amount_minor <= self.max_minor

    def cost_of(self, face_minor: int) -> int | None:
        """What a face value costs, in minor units of `cost_currency`; reckoned in proportion to the smallest one."""
        if self.cost_minor is None or not self.min_minor:
            return None
        return share_half_up(self.cost_minor, face_minor, self.min_minor)


def news(state: State, kept: Terms | None, told: Terms | None) -> tuple[News, ...]:
    """What is new of one of theirs: `kept` was approved, `told` is what they list now (None: not any more)."""
    if state is State.PROPOSED:
        return (News.NEW,) if told is not None else ()
    if state is not State.APPROVED or kept is None:
        return ()
    if told is None:
        return (News.GONE,)
    found = []
    if (kept.cost_minor, kept.cost_currency) != (told.cost_minor, told.cost_currency):
        found.append(News.COST)
    if (kept.currency, kept.min_minor, kept.max_minor) != (told.currency, told.min_minor, told.max_minor):
        found.append(News.RANGE)
    return tuple(found)


def suspicious(before: int, now: int) -> bool:
    """Whether a list of `now` products can hardly be true after one of `before`."""
    share, whole = _LOST_AT_MOST
    return now * whole < before * share


def problem(one: Listed) -> str:
    """Why nobody could sell this; empty when it may be listed."""
    if not one.sku or not one.operator:
        return "nameless"
    if not 0 < one.min_minor <= one.max_minor:
        return "range"
    return "cost" if one.cost_minor is not None and (one.cost_minor < 0 or not one.cost_currency) else ""


def likely(listed: Sequence[Listed], catalog: Catalog) -> Iterator[tuple[Product, Listed]]:
    """Ours beside theirs, where operator, kind and face value are the same; several of either where nobody can say."""
    for one in listed:
        operator = operator_named(one.operator, catalog) if one.country == catalog.country else None
        if operator is None:
            continue
        for product in (*catalog.products_of(operator.id), *catalog.starters_of(operator.id)):
            if product.on_sale and not differs(product, one):
                yield product, one


def operator_named(name: str, catalog: Catalog) -> Operator | None:
    """The operator of ours that this name begins with; the longest, and None where two are as long."""
    theirs = _words(name)
    found: dict[int, list[Operator]] = {}
    for operator in catalog.operators:
        ours = _words(operator.name)
        if theirs[: len(ours)] == ours:
            found.setdefault(len(ours), []).append(operator)
    longest = found[max(found)] if found else []
    return longest[0] if len(longest) == 1 else None


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    return re.findall(r"[a-z0-9]+", plain)


def differs(product: Product, one: Listed) -> str:
    """What of theirs is not as ours is: `kind`, `currency` or `face`; empty when it can be sold for it.

    All that we sell of ours must lie within what they sell; of theirs with one face value, exactly that one.
    """
    if product.delivery.value is not one.kind or product.kind is PriceKind.FROM_CREDIT:
        return "kind"
    if product.currency != one.currency:
        return "currency"
    return "" if one.min_minor <= product.min_minor and product.max_minor <= one.max_minor else "face"
