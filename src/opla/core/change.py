"""What one decision writes, as one value: applied whole by compare-and-set, or not at all.

The core decides a `Change`; `db.queries.apply` writes any number of them in one call and says for each
whether it won. A change whose `moves` no longer find their source state was decided on old news: it
writes nothing, and whoever wants it loads again and decides again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from opla.core import attempt
from opla.core.fx import Conversion
from opla.core.item import NewItem, Said
from opla.core.ledger import Reason, Transfer
from opla.core.ports import Kind, Mandate, Pin


class Subject(StrEnum):
    ORDER = "order"
    PAYMENT = "payment"
    REFUND = "refund"
    ATTEMPT = "attempt"
    CARD = "card"


@dataclass(frozen=True)
class Move:
    """`source` → `target` of one subject, and the event row it leaves (none for attempts: they have evidence)."""

    subject: Subject
    id: UUID
    source: str
    target: str
    event: str
    transfers: tuple[Transfer, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class NewAttempt:
    """A try to be made: committed before anybody is called. Exactly one of the three ids is set."""

    id: UUID
    kind: attempt.Kind
    adapter: str
    reference: str
    due_at: datetime
    order_id: UUID | None = None
    payment_id: UUID | None = None
    refund_id: UUID | None = None


@dataclass(frozen=True)
class Note:
    """What an answer taught us about an attempt, whatever it did to its state.

    `tries` is how many answers it had when this was decided. It is compared and set with the states: some decisions
    leave every state where it was and still move money (a second capture, a charge-back), and must not be made twice.
    """

    attempt_id: UUID
    answer: str
    due_at: datetime | None  # None: nothing more to ask
    tries: int
    provider_id: str = ""
    redirect_url: str = ""
    why: str = ""
    evidence: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sums:
    """What to add to a payment's cumulative amounts, in minor units. In flight is `refunding`.

    `seen` is `Payment.seen` as the decision found it, where the decision rests on what has gone back or may yet: it is
    compared and set like a state. Empty: it does not.
    """

    payment_id: UUID
    captured_minor: int = 0
    refunding_minor: int = 0
    refunded_minor: int = 0
    charged_back_minor: int = 0
    outside_minor: int = 0
    seen: str = ""


@dataclass(frozen=True)
class NewRefund:
    """Money that goes back. `order_id` is None for what was paid beyond the orders' sum.

    Without a payment it goes to the float of the order's reseller, and is done by this change.
    `why` and `evidence` are a person's words; a rule needs none.
    """

    id: UUID
    payment_id: UUID | None
    order_id: UUID | None
    amount_minor: int
    currency: str
    reason: str
    why: str = ""
    evidence: str = ""


@dataclass(frozen=True)
class CodeBack:
    """A delivered code that its buyer no longer has: for sale again (`stock`), or `blocked` for ever.

    `revealed` is what the decision was made from: a look in the same moment makes it old news.
    """

    code_id: UUID
    order_id: UUID
    target: str
    revealed: bool


@dataclass(frozen=True)
class CardNow:
    """Whose a SIM card is after its move in the same change. `was_of` is compared and set like its state."""

    card_id: UUID
    was_of: UUID | None
    order_id: UUID | None
    tracking: str = ""


@dataclass(frozen=True)
class NewDelivery:
    """Value given for an order: at most one row per order, and the database says so.

    `pin` comes from a supplier and is sealed on its way into the database; `stock_id` names a code of our own stock.
    """

    order_id: UUID
    kind: Kind
    supplier: str
    supplier_id: str
    cost_minor: int
    attempt_id: UUID
    pin: Pin | None = None
    stock_id: str = ""


@dataclass(frozen=True)
class NewMessage:
    """Something to tell, left in the outbox by the commit that made it true."""

    topic: str
    order_id: UUID
    reference: str


@dataclass(frozen=True)
class Converted:
    """A conversion that this change posts: why, and for which order."""

    order_id: UUID
    reason: Reason
    conversion: Conversion


@dataclass(frozen=True)
class GivenBack:
    """How much of a reseller's order had been given back by choice when this was decided: compared like a state."""

    order_id: UUID
    amount_minor: int


@dataclass(frozen=True)
class Fee:
    """What the provider keeps for an attempt in all, posted by this change; `on` is what it was told for (core.fee)."""

    attempt_id: UUID
    amount_minor: int
    on: str


@dataclass(frozen=True)
class ConsentKept:
    """The provider keeps consent with this payment: sealed on its way into the database. Told twice, kept once."""

    payment_id: UUID
    attempt_id: UUID
    provider: str
    mandate: Mandate


@dataclass(frozen=True)
class Change:
    moves: tuple[Move, ...]
    notes: tuple[Note, ...] = ()
    sums: tuple[Sums, ...] = ()
    attempts: tuple[NewAttempt, ...] = ()
    refunds: tuple[NewRefund, ...] = ()
    deliveries: tuple[NewDelivery, ...] = ()
    codes: tuple[CodeBack, ...] = ()
    cards: tuple[CardNow, ...] = ()
    messages: tuple[NewMessage, ...] = ()
    items: tuple[NewItem, ...] = ()
    closes: tuple[tuple[str, UUID], ...] = ()  # (item kind, subject) now settled
    fees: tuple[Fee, ...] = ()
    converted: tuple[Converted, ...] = ()
    given_back: tuple[GivenBack, ...] = ()
    consents: tuple[ConsentKept, ...] = ()
    says: tuple[Said, ...] = ()  # what a person said of an item that must still be open
