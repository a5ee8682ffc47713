"""One try at a charge, a refund or a send: committed before the call, closed by one of five answers.

         claim            compare-and-set           answer
    new ───────▶ claimed ─────────────────▶ sending ───────▶ succeeded   (final; a send may still be reversed)
     ▲             │ lease ran out:            │  ├─────────▶ declined    (final; a charge may still be paid late)
     └─────────────┘ it never left             │  ├─────────▶ pending  ─┐ asked about until one of the above,
     ▲                                         │  └─────────▶ unknown  ─┘ or parked on a person's list
     └── not_sent (only if nothing ever left) ─┘       ▲
                        lease ran out while sending ───┘

A claim on a `pending` or `unknown` attempt leaves its state and takes a lease only: asking changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from opla.core.item import Why
from opla.core.ports import Answer, Promises


class Kind(StrEnum):
    CHARGE = "charge"
    REFUND = "refund"
    SEND = "send"


class State(StrEnum):
    NEW = "new"
    CLAIMED = "claimed"
    SENDING = "sending"
    PENDING = "pending"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    DECLINED = "declined"


OPEN = frozenset({State.NEW, State.CLAIMED, State.SENDING, State.PENDING, State.UNKNOWN})

#: (state, answer) → state. What is missing is a contradiction: evidence, an item, no money moves.
NEXT: dict[tuple[State, Answer], State] = {
    (State.NEW, Answer.DECLINED): State.DECLINED,  # called off by a person before it ever left
    (State.SENDING, Answer.SUCCEEDED): State.SUCCEEDED,
    (State.SENDING, Answer.DECLINED): State.DECLINED,
    (State.SENDING, Answer.PENDING): State.PENDING,
    (State.SENDING, Answer.UNKNOWN): State.UNKNOWN,
    (State.SENDING, Answer.NOT_SENT): State.NEW,
    (State.PENDING, Answer.SUCCEEDED): State.SUCCEEDED,
    (State.PENDING, Answer.DECLINED): State.DECLINED,
    (State.PENDING, Answer.PENDING): State.PENDING,
    (State.PENDING, Answer.UNKNOWN): State.PENDING,  # the question got no answer; what we knew stays true
    (State.PENDING, Answer.NOT_SENT): State.PENDING,  # the question did not leave; the request did
    (State.UNKNOWN, Answer.SUCCEEDED): State.SUCCEEDED,
    (State.UNKNOWN, Answer.DECLINED): State.DECLINED,
    (State.UNKNOWN, Answer.PENDING): State.PENDING,
    (State.UNKNOWN, Answer.UNKNOWN): State.UNKNOWN,
    (State.UNKNOWN, Answer.NOT_SENT): State.UNKNOWN,  # this try did not leave, an earlier one may have
    (State.SUCCEEDED, Answer.SUCCEEDED): State.SUCCEEDED,  # told twice
    (State.SUCCEEDED, Answer.UNKNOWN): State.SUCCEEDED,
    (State.SUCCEEDED, Answer.NOT_SENT): State.SUCCEEDED,
    (State.SUCCEEDED, Answer.PENDING): State.SUCCEEDED,  # an older message, late
    (State.DECLINED, Answer.DECLINED): State.DECLINED,
    (State.DECLINED, Answer.UNKNOWN): State.DECLINED,
    (State.DECLINED, Answer.NOT_SENT): State.DECLINED,
    (State.DECLINED, Answer.PENDING): State.DECLINED,
}

#: Only a charge may turn: a customer can pay a session that the provider had called expired.
NEXT_CHARGE: dict[tuple[State, Answer], State] = {
    **NEXT,
    (State.DECLINED, Answer.SUCCEEDED): State.SUCCEEDED,
}


class Contradiction(Exception):  # noqa: N818 - the design's word
    """The outside world says what cannot be. A person must look; money does not move."""

    def __init__(self, why: Why, **params: str) -> None:
        super().__init__(" ".join([why, *(f"{name}={value}" for name, value in params.items())]))
        self.why = why
        self.params = params


def after(kind: Kind, state: State, answer: Answer) -> State:
    """The state an answer leads to. Raises `Contradiction` for what the table does not hold."""
    try:
        return (NEXT_CHARGE if kind is Kind.CHARGE else NEXT)[state, answer]
    except KeyError:
        raise Contradiction(Why.ANSWER_IMPOSSIBLE, kind=kind, state=state, answer=answer) from None


class Step(StrEnum):
    """What a worker that has claimed an attempt does with it."""

    SEND = "send"  # compare-and-set to sending, then the socket
    REPEAT = "repeat"  # the same reference again: they refuse repeats, so the answer is the first one's
    ASK = "ask"  # look it up by reference
    PARK = "park"  # nobody can be asked: a person's list


def step(state: State, promises: Promises, age: timedelta = timedelta()) -> Step:
    """What to do with an attempt in this state, that was made so long ago, from what the adapter promises alone."""
    remembered = not promises.repeat_within_s or age < timedelta(seconds=promises.repeat_within_s)
    match state:
        case State.NEW | State.CLAIMED:
            return Step.SEND
        case State.PENDING | State.SUCCEEDED | State.DECLINED:
            return Step.ASK if promises.find_by_reference else Step.PARK
        case _ if promises.refuses_repeat and remembered:
            return Step.REPEAT
        case _ if promises.find_by_reference:
            return Step.ASK
        case _:
            return Step.PARK


#: Seconds from one question to the next; the last one repeats. A webhook or a return page asks at once.
ASK_AFTER_S: dict[Kind, tuple[int, ...]] = {
    Kind.CHARGE: (2, 2, 3, 3, 5, 5, 10, 10, 20, 30, 60, 120, 300, 900, 3600),
    Kind.REFUND: (2, 5, 10, 30, 60, 300, 900, 3600),
    Kind.SEND: (1, 1, 2, 2, 5, 5, 10, 10, 30, 60, 300, 900, 3600),
}

#: Seconds until what never left is sent again.
RESEND_AFTER_S = (1, 2, 5, 10, 30, 60, 300)

#: How long something that never left us is tried before a send counts as declined (nothing was given, so that is safe).
GIVE_UP_AFTER = timedelta(minutes=15)

#: After its last expected answer an attempt is still looked at now and then: a session called expired may be paid,
#: a success may be reversed, and neither may be lost with a webhook. Counted from when the attempt was made.
LATE_ASKS = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5), timedelta(hours=1), timedelta(days=1))


def due(kind: Kind, state: State, tries: int, at: datetime, parks_at: datetime | None = None) -> datetime:
    """When an attempt that stays open is looked at next. `tries` counts what was asked or sent before.

    The long steps of the schedule do not pass over `parks_at`: a person's list does not wait for the next question.
    """
    schedule = RESEND_AFTER_S if state is State.NEW else ASK_AFTER_S[kind]
    after = at + timedelta(seconds=schedule[min(tries, len(schedule) - 1)])
    return min(after, parks_at) if parks_at is not None and parks_at > at else after


#: A captured payment is looked at less: only a second payment in the same session could be missed.
LATE_ASKS_CAPTURED = LATE_ASKS[2:]


#: The last look counts when it was answered. Where it was not, it is made again so much later, for so long in all.
LATE_AGAIN, LATE_AT_MOST = timedelta(hours=1), timedelta(days=30)


def late(
    made_at: datetime, at: datetime, looks: tuple[timedelta, ...] = LATE_ASKS, *, answered: bool = True
) -> datetime | None:
    """The next late look after `at`, or None when the last one was made. `answered`: the one just made was."""
    found = next((made_at + after for after in looks if made_at + after > at), None)
    if found is None and not answered and at < made_at + LATE_AT_MOST:
        return at + LATE_AGAIN
    return found


@dataclass(frozen=True)
class Age:
    """How old an attempt is, and whether it is time for a person."""

    made_at: datetime

    def parks_at(self, promises: Promises) -> datetime:
        return self.made_at + timedelta(seconds=promises.park_after_s)

    def parks(self, promises: Promises, at: datetime) -> bool:
        return at >= self.parks_at(promises)

    def gives_up(self, at: datetime) -> bool:
        return at - self.made_at >= GIVE_UP_AFTER
