"""What becomes of a sandbox key's order: the last three digits of its number say it, time alone moves it.

Nothing of it is real, in a live shop either: no supplier is asked, no money moves, and the codes open nothing. Where an
ending means the same to the sandbox's operators (`opla.counterparts.endings`) it has the same digits. A code for
nobody in particular is delivered at once; with a number, which is allowed, it does what the number says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from opla.core.money import Money
from opla.core.order import ENDED, Price, State
from opla.core.ports import Kind
from opla.core.refund import UNSEEN
from opla.core.refund import State as RefundState
from opla.core.refusal import Code, Refusal
from opla.core.reselling import GivenBack, Line, Sold
from opla.core.webhook import Event, order_event

#: What lies on the float of play money every midnight, whatever was spent the day before.
FLOAT_MINOR: Final = 100_000
#: Orders that one reseller may play in a day.
MOST_A_DAY: Final = 1_000
#: After so long a played order is gone.
KEPT: Final = timedelta(days=7)
#: Every ending has come to its end by then.
SETTLED_S: Final = 60


@dataclass(frozen=True)
class Ending:
    """One row. `path`: the states it comes to, so many seconds after it was placed. Or it is `refused`, not placed."""

    digits: str
    meaning: str
    path: tuple[tuple[int, State], ...] = ()
    refused: Refusal | None = None


_PLACED, _PAID = (0, State.PLACED), (0, State.PAID)

ENDINGS: Final = (
    Ending("900", "pending for 5 s, then delivered", (_PAID, (5, State.DELIVERED))),
    Ending("901", "declined by the operator", (_PLACED, (1, State.PAID), (2, State.REFUNDED))),
    Ending("903", "nobody knows for 15 s, then delivered", (_PAID, (15, State.DELIVERED))),
    Ending("904", "nobody knows for 15 s, then it was not delivered", (_PAID, (15, State.REFUNDED))),
    Ending("905", "pending for 20 s, then declined", (_PAID, (20, State.REFUNDED))),
    Ending("906", "delivered, and taken back 10 s later", ((0, State.DELIVERED), (10, State.REFUNDED))),
    Ending("910", "never an answer: it stays so, and a person of ours would look", (_PAID,)),
    Ending(
        "911",
        "10 s before anybody takes it up, 5 s more to deliver",
        (_PLACED, (10, State.PAID), (15, State.DELIVERED)),
    ),
    Ending("912", "nobody takes it up for 5 s (really: a day)", (_PLACED, (5, State.CANCELLED))),
    Ending("920", "refused: the float is too low", refused=Refusal(Code.FLOAT_TOO_LOW, "amount")),
    Ending("921", "refused: the number is not one", refused=Refusal(Code.NUMBER_INVALID, "number")),
    Ending("922", "refused: sold out", refused=Refusal(Code.SOLD_OUT, "sku")),
    Ending("923", "refused: too many calls", refused=Refusal(Code.TOO_MANY_CALLS, params={"seconds": "1"})),
    Ending("924", "refused: another request under this key still runs", refused=Refusal(Code.STILL_RUNNING)),
    Ending("925", "refused: closed for a moment", refused=Refusal(Code.TEMPORARILY_CLOSED)),
)

AT_ONCE: Final = Ending("", "delivered at once", ((0, State.DELIVERED),))
_BY_DIGITS = {ending.digits: ending for ending in ENDINGS}


def ending(number: str) -> Ending:
    return _BY_DIGITS.get(number[-3:], AT_ONCE)


@dataclass(frozen=True, slots=True)
class Played:
    """An order of a sandbox key, as it was placed, and what its reseller did with it since."""

    id: UUID
    key: str
    ticket: str
    sku: str
    operator: str
    product_name: str
    kind: Kind
    price: Price
    number: str
    plan: str
    language: str
    placed_at: datetime
    seen_at: datetime | None
    refund_id: UUID | None
    given_back_at: datetime | None


def path(played: Played, now: datetime) -> list[tuple[datetime, State]]:
    """The states it has come to by now, and when."""
    steps = [(played.placed_at + timedelta(seconds=s), state) for s, state in ending(played.number).path]
    if played.given_back_at is not None:
        steps = [*(step for step in steps if step[0] <= played.given_back_at), (played.given_back_at, State.REFUNDED)]
    return [step for step in steps if step[0] <= now]


def state(played: Played, now: datetime) -> State:
    steps = path(played, now)
    return steps[-1][1] if steps else State.PLACED


def sold(played: Played, now: datetime) -> Sold:
    """As its reseller sees it, in the shape of a real one."""
    steps = path(played, now)
    came = {into: at for at, into in steps}
    into = state(played, now)
    return Sold(
        id=played.id,
        key=played.key,
        ticket=played.ticket,
        state=into,
        sku=played.sku,
        operator=played.operator,
        product_name=played.product_name,
        kind=played.kind,
        price=played.price,
        number=played.number,
        plan=played.plan,
        language=played.language,
        placed_at=played.placed_at,
        delivered_at=came.get(State.DELIVERED),
        ended_at=came[into] if into in ENDED else None,
        seen=played.seen_at is not None,
    )


@dataclass(frozen=True, slots=True)
class News:
    """What a sandbox's endpoints are told of an order: as `core.webhook.EVENTS` has it of a real one."""

    at: datetime
    event: Event
    data: Mapping[str, object]


def news(played: Played) -> list[News]:
    """All that will be told of it, when it is placed: time alone moves it, so what is told later is known, too."""
    told = [News(played.placed_at, Event.ORDER_PLACED, _data(played, State.PLACED))]
    delivered = False
    for at, into in path(played, played.placed_at + timedelta(seconds=SETTLED_S)):
        delivered = delivered or into is State.DELIVERED
        topic = "delivered" if into is State.DELIVERED else "refunded" if into in ENDED else ""
        if event := order_event(topic, into, delivered=delivered):
            told.append(News(at, event, _data(played, into, back=event is Event.ORDER_REFUNDED)))
    return told


def news_of_giving_back(played: Played, at: datetime) -> News:
    """Instead of whatever was still to come."""
    return News(at, Event.ORDER_REFUNDED, _data(played, State.REFUNDED, back=True))


def _data(played: Played, into: State, *, back: bool = False) -> dict[str, object]:
    def told(money: Money) -> dict[str, object]:
        return {"amount_minor": money.amount_minor, "currency": money.currency}

    return {
        "order": str(played.id),
        "ticket": played.ticket,
        "key": played.key,
        "state": str(into),
        "sku": played.sku,
        "operator": played.operator,
        "face": told(played.price.face),
        "price": told(played.price.total),
        **({"given_back": told(played.price.total)} if back else {}),
    }


def given_back(played: Played) -> GivenBack | None:
    """The refund of its code, where it was given back."""
    if played.refund_id is None or played.given_back_at is None:
        return None
    at = played.given_back_at
    return GivenBack(played.refund_id, played.price.total, UNSEEN, str(RefundState.DONE), at, at)


def secret(played: Played) -> str:
    """Its code: what begins with 0000, or lies under `.invalid`, opens nothing anywhere."""
    if played.kind is Kind.ESIM:
        return f"LPA:1$play.invalid${played.id.hex[-16:].upper()}"
    return f"0000{played.id.int % 10**9:09d}"


def lines(orders: Iterable[Played], midnight: datetime, now: datetime, currency: str) -> list[Line]:
    """What moved on the float of play money since midnight, newest first."""
    moves: list[tuple[datetime, int, str, UUID | None, str, int, int]]
    moves = [(midnight, 0, "paid_in", None, "sandbox", FLOAT_MINOR, 0)]
    for played in orders:
        price, first = played.price.total.amount_minor, played.id.int % 2**56 * 8
        moves.append((played.placed_at, first, "reserved", played.id, played.key, 0, price))
        before = State.PLACED
        for n, (at, into) in enumerate(path(played, now), start=1):
            if name := _NAMES.get((before, into)):
                returned = into is State.REFUNDED and at == played.given_back_at
                moved, held = _MOVES[name]
                name = "returned_to_float" if returned else name
                moves.append((at, first + n, name, played.id, played.key, moved * price, held * price))
            before = into
    balance = holding = 0
    found = []
    for at, event_id, name, order_id, key, moved, held in sorted(moves, key=lambda move: move[:2]):
        balance, holding = balance + moved, holding + held
        amounts = (Money(minor, currency) for minor in (moved, held, balance, holding))
        found.append(Line(at, event_id, name, order_id, key, *amounts))
    return found[::-1]


_NAMES: Final = {
    (State.PLACED, State.DELIVERED): "delivered",
    (State.PAID, State.DELIVERED): "delivered",
    (State.PLACED, State.CANCELLED): "freed",
    (State.PAID, State.REFUNDED): "freed",
    (State.DELIVERED, State.REFUNDED): "freed_again",
}
#: In prices: what lies there, what is held.
_MOVES: Final = {"delivered": (-1, -1), "freed": (0, -1), "freed_again": (1, 0)}
