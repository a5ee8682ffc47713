"""Which supplier an order is asked of, and why that one: a table, read from the top, the same wherever it is asked.

Each supplier has one standing for one order (`STANDINGS`: the first row that is true of it). `ASKED` says which
standing comes before which; within one, the cheaper, then the owner's own order. Whoever is skipped may be waited for.

An attempt that has begun is never judged by this: it is asked about where it was sent, whatever became of them since.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from opla.core.attempt import GIVE_UP_AFTER
from opla.core.ledger import SHELVES
from opla.core.money import Money
from opla.core.order import Order
from opla.core.ports import Kind


class Standing(StrEnum):
    """Where a supplier stands for one order. These words are kept with attempts: never renamed."""

    SHELF = "shelf"  # it lies on a shelf of our own
    PRICED = "priced"
    UNPRICED = "unpriced"  # nobody has said what it costs there, or what their currency is worth
    NO_ANSWER = "no_answer"  # the last sends got no answer: its circuit is open
    FLOAT_LOW = "float_low"  # less of our money lies there than it costs, as far as they have said
    SHELF_EMPTY = "shelf_empty"
    NOT_APPROVED = "not_approved"  # nobody has said which of theirs it is
    REFUSED = "refused"
    OTHER_KIND = "other_kind"


@dataclass(frozen=True)
class Known:
    """What is known of one supplier for one product. `cost` is in the order's currency; `sku` is theirs."""

    approved: bool = True
    sku: str = ""
    cost: Money | None = None
    silent: bool = False
    float_low: bool = False


class _One(NamedTuple):
    """One supplier beside one order."""

    supplier: str
    kind: Kind
    known: Known
    refused: bool
    in_stock: bool


#: What a supplier is for an order: the first row that is true of it.
STANDINGS: Final[tuple[tuple[Standing, Callable[[_One], bool]], ...]] = (
    (Standing.OTHER_KIND, lambda one: not carries(one.supplier, one.kind)),
    (Standing.REFUSED, lambda one: one.refused),
    (Standing.NOT_APPROVED, lambda one: not one.known.approved),
    (Standing.SHELF_EMPTY, lambda one: one.supplier == "code_stock" and not one.in_stock),
    (Standing.SHELF, lambda one: one.supplier in SHELVES),
    (Standing.NO_ANSWER, lambda one: one.known.silent),
    (Standing.FLOAT_LOW, lambda one: one.known.float_low),
    (Standing.UNPRICED, lambda one: one.known.cost is None),
    (Standing.PRICED, lambda _: True),
)

#: Who is asked first. What is not here is never asked. An empty shelf says so itself, and the money goes back by that
#: rule; nobody is sent what they have no name for, so whoever is not approved only ever passes the order on, or back.
ASKED: Final[dict[Standing, int]] = {
    Standing.SHELF: 0,
    Standing.PRICED: 1,
    Standing.UNPRICED: 2,
    Standing.NO_ANSWER: 3,
    Standing.FLOAT_LOW: 3,
    Standing.SHELF_EMPTY: 4,
    Standing.NOT_APPROVED: 5,
}

#: May be sent now.
READY: Final = frozenset({Standing.SHELF, Standing.PRICED, Standing.UNPRICED})

#: How long an order that nobody else can deliver waits for one of these. Whoever waits for credit wants it today: a
#: float is filled within the hour or the money goes back; out of reach is what it was before (`attempt`).
HOLDS: Final[dict[Standing, timedelta]] = {
    Standing.NO_ANSWER: GIVE_UP_AFTER,
    Standing.FLOAT_LOW: timedelta(hours=1),
}
#: A reseller's customer stands before its counter.
_HOLDS_RESELLER: Final = GIVE_UP_AFTER
#: Seconds until a supplier that said its float is too low is asked again; the last one repeats.
_AGAIN_S: Final = (60, 300, 600, 1200)
_LOOKS_S: Final[dict[Standing, int]] = {Standing.NO_ANSWER: 15, Standing.FLOAT_LOW: 15}

#: What suppliers say when too little of our money lies with them (`SendReport.why`).
OUT_OF_FLOAT: Final = "insufficient_float"
_PASSED: Final = "passed_"
#: Sends that ended with one of these were no refusal of the order: their supplier may be asked for it again.
NO_REFUSAL: Final = (OUT_OF_FLOAT, *(f"{_PASSED}{standing}" for standing in (*HOLDS, Standing.NOT_APPROVED)))


@dataclass(frozen=True)
class Considered:
    """One supplier in the list that an order was routed by. `said` is its word, where it refused."""

    supplier: str
    standing: Standing
    cost: Money | None = None
    sku: str = ""
    said: str = ""


_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_UNKNOWN: Final = Known()


@dataclass(frozen=True)
class Market:
    """The suppliers as they are known for one product, in the owner's order."""

    suppliers: Sequence[str]
    known: Mapping[str, Known] = field(default_factory=lambda: MappingProxyType({}))

    def ranked(self, sold: Order, *, refused_by: Mapping[str, str] = _NOTHING, in_stock: bool) -> list[Considered]:
        """All of them: who is asked first stands first; then those that are never asked."""
        found = []
        for place, name in enumerate(self.suppliers):
            known = self.known.get(name, _UNKNOWN)
            one = _One(name, sold.kind, known, name in refused_by, in_stock)
            standing = next(word for word, is_so in STANDINGS if is_so(one))
            # Ours is paid for: its cost is no reason, and it is not looked up.
            cost = None if name in SHELVES else known.cost
            key = (ASKED.get(standing, len(ASKED)), cost.amount_minor if cost else 0, place)
            found.append((key, Considered(name, standing, cost, known.sku, refused_by.get(name, ""))))
        return [considered for _, considered in sorted(found, key=lambda pair: pair[0])]


def carries(supplier: str, kind: Kind) -> bool:
    """Whether it may have such a thing at all: our own shelves hold one kind each, and cards come from nowhere else."""
    match supplier:
        case "code_stock":
            return kind.is_secret
        case "card_stock":
            return kind is Kind.SIM
        case _:
            return kind is not Kind.SIM


def first(ranked: Sequence[Considered]) -> str:
    """Whom an order is given to when it is paid; empty when nobody could ever have it."""
    return ranked[0].supplier if ranked and ranked[0].standing in ASKED else ""


def following(ranked: Sequence[Considered]) -> str:
    """Whom to ask after a final refusal; empty when nobody is left: whoever has no name for it is nobody."""
    left = ranked and ranked[0].standing in ASKED and ranked[0].standing is not Standing.NOT_APPROVED
    return ranked[0].supplier if left else ""


class Turn(StrEnum):
    """What becomes of a send that has not begun."""

    GO = "go"
    WAIT = "wait"
    MOVE = "move"  # another one can have it at once
    GIVE_UP = "give_up"


def turn(ranked: Sequence[Considered], supplier: str, *, since: datetime, at: datetime, resold: bool) -> Turn:
    """For the order that waits at `supplier` since `since`. An own shelf, and who has left the list, speaks itself."""
    here = next((one for one in ranked if one.supplier == supplier), None)
    if here is None or here.standing in READY or here.standing is Standing.SHELF_EMPTY:
        return Turn.GO
    best = ranked[0]
    if best.supplier != supplier and best.standing in READY:
        return Turn.MOVE
    if here.standing in HOLDS:
        return Turn.WAIT if at < since + longest(here.standing, resold=resold) else Turn.GIVE_UP
    return Turn.MOVE if following(ranked) else Turn.GIVE_UP


def longest(standing: Standing, *, resold: bool) -> timedelta:
    """How long an order waits for it at most."""
    return min(HOLDS[standing], _HOLDS_RESELLER) if resold else HOLDS[standing]


def looks_again(standing: Standing, at: datetime) -> datetime:
    """When an order that waits is looked at next."""
    return at + timedelta(seconds=_LOOKS_S[standing])


def asks_again(refusals: int, *, since: datetime, at: datetime, resold: bool) -> datetime | None:
    """When a supplier that lacked the float for this order so often is asked for it again; None: no more."""
    due = at + timedelta(seconds=_AGAIN_S[min(refusals, len(_AGAIN_S)) - 1])
    return due if due < since + longest(Standing.FLOAT_LOW, resold=resold) else None


def passed(standing: Standing) -> str:
    """Why a send ended that never began (`NO_REFUSAL`)."""
    return f"{_PASSED}{standing}"


# ── health ────────────────────────────────────────────────────────────────

#: So many sends in a row without an answer open a supplier's circuit.
OPENS_AFTER: Final = 5
#: For so many seconds, by how often in a row it was opened; then one send tries, and its answer closes it or not.
OPEN_S: Final = (15, 30, 60, 120)
#: Whoever tries and never comes back is believed dead after this.
TRY_S: Final = 120
#: What a supplier says of our float is believed for so long; after that nobody knows.
FLOAT_FRESH: Final = timedelta(minutes=30)
#: And a refusal for want of float until they are heard again, or for so long.
SHORT_FOR: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class State:
    """What is known of one supplier, whatever the order."""

    open_until: datetime | None = None  # its circuit: None is closed
    try_until: datetime | None = None  # one send is trying it
    failures: int = 0
    left: Money | None = None
    left_at: datetime | None = None
    short_at: datetime | None = None

    @property
    def clean(self) -> bool:
        """Nothing is held against it, so a good answer changes nothing."""
        return not self.failures and self.open_until is None

    def silent(self, at: datetime) -> bool:
        """Whether a new order is given to somebody else. When its time is over it is given some again, to try it."""
        return self.open_until is not None and at < max(self.open_until, self.try_until or self.open_until)

    def short(self, at: datetime) -> bool:
        """They refused for want of float, and have not been heard since."""
        if self.short_at is None or self.short_at + SHORT_FOR <= at:
            return False
        return self.left_at is None or self.left_at <= self.short_at

    def too_little(self, needed: Money | None, at: datetime) -> bool:
        """Whether less than `needed`, which is in the float's currency, lies there. Not known is not too little."""
        if self.short(at):
            return True
        if needed is None or self.left is None or self.left_at is None or self.left_at + FLOAT_FRESH <= at:
            return False
        return needed.currency == self.left.currency and self.left < needed
