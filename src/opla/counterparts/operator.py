"""The counterpart operators and the supplier that sells them: subscribers, sends, codes. Pure; replayed from entries.

    asked ──▶ submitted ──▶ completed ──▶ reversed
      │            └──────▶ declined
      └─ nothing (no answer, nothing done: `endings` scripts it)

A reference gives value once, whatever is asked again: the second answer is the first one's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from opla.core.money import share_half_up
from opla.core.ports import Kind
from opla.counterparts.codes import pin_of, serial_of
from opla.counterparts.endings import Fault, ending_of
from opla.counterparts.entries import Entry, Refused

#: What the supplier takes of us per thousand of face value: invented, like everything here.
COST_PER_MILLE = 960
#: And what it takes for a thousand of the face value's minor units where it takes another currency: invented rates.
TAKES_PER_MILLE = {"USD": 1080}
#: Invented too: how long a top-up keeps the credit, and a code its worth.
CREDIT_DAYS = 31
CODE_DAYS = 365

#: What lies with this supplier of ours when it is full. Nobody need fill it: at half it is full again.
FLOAT_MINOR = 1_000_000
FLOAT_CURRENCY = "EUR"

_DAY_MS = 86_400_000


class Status(StrEnum):
    """This supplier's own words; the adapter's `mapping.py` turns them into ours."""

    SUBMITTED = "submitted"
    COMPLETED = "completed"
    DECLINED = "declined"
    REVERSED = "reversed"


@dataclass(frozen=True)
class Ask:
    """What the shop asks for. `number` is E.164 for a direct top-up and empty for a code."""

    reference: str
    sku: str
    operator: str
    kind: Kind
    face_minor: int
    currency: str
    number: str
    plan: str


@dataclass
class Send:
    id: str
    ask: Ask
    cost_minor: int
    cost_currency: str
    status: Status = Status.SUBMITTED
    why: str = ""
    running: int = 0  # of the code, from 1; 0 for a direct top-up
    valid_until: str = ""
    redeemed_by: str = ""
    made_ms: int = 0


@dataclass
class Subscriber:
    """One number as its operator sees it. Credit in minor units of `currency`; times in milliseconds."""

    operator: str
    number: str
    plan: str
    currency: str
    credit_minor: int = 0
    credit_until_ms: int = 0
    last_top_up_ms: int = 0


@dataclass(frozen=True)
class Turn:
    """What a call brings about, and what happens to the call itself."""

    entries: list[Entry]
    fault: Fault = Fault.NONE


class Operators:
    """All operators behind one supplier. Each method decides entries and changes nothing; `apply` changes."""

    def __init__(self, seed: str, takes: str = "") -> None:
        self.takes = takes  # the currency of its costs; empty: that of what is asked for
        self.sends: dict[str, Send] = {}
        self.subscribers: dict[tuple[str, str], Subscriber] = {}
        self._seed = seed
        self._spent_minor = 0
        self._heard: set[str] = set()
        self._by_pin: dict[str, Send] = {}
        self._sold = 0
        self._due: dict[tuple[str, str], Entry] = {}

    def send(self, ask: Ask, at_ms: int, id_: str) -> Turn | Refused:
        """Value for a number, or a code; nothing new when this reference was asked before."""
        known = self.sends.get(ask.reference)
        if known:
            return Turn([]) if known.ask == ask else Refused(409, "reference_used")
        if ask.face_minor <= 0:
            return Refused(422, "amount_invalid")
        if (ask.kind is Kind.DIRECT) is not bool(ask.number) or ask.kind is Kind.ESIM:
            return Refused(422, "kind_not_sold")
        ending = ending_of(ask.number)
        if not ending.fault.acts and (ending.always or ask.reference not in self._heard):
            return Turn([{"what": "operator.heard", "at_ms": at_ms, "reference": ask.reference}], ending.fault)
        accepted: Entry = {
            "what": "operator.accepted",
            "at_ms": at_ms,
            "id": id_,
            "cost_minor": share_half_up(ask.face_minor * TAKES_PER_MILLE.get(self.takes, 1000), COST_PER_MILLE, 10**6),
            "cost_currency": self.takes or ask.currency,
            **vars(ask),
            "pending_ms": ending.pending_s * 1000,
            "why": ending.why,
            "reverse_ms": ending.reversed_after_s * 1000,
        }
        entries = [accepted] if ending.pending_s else [accepted, self._outcome(accepted, at_ms)]
        return Turn(entries, ending.fault if ending.fault.acts else Fault.NONE)

    def _outcome(self, accepted: Entry, at_ms: int) -> Entry:
        """What the operator does with what it accepted: give, or decline."""
        base: Entry = {"at_ms": at_ms, "reference": accepted["reference"]}
        if accepted["why"]:
            return {"what": "operator.declined", **base, "why": accepted["why"]}
        if accepted["kind"] != Kind.CODE:
            return {"what": "operator.given", **base}
        until = datetime.fromtimestamp(at_ms / 1000, UTC).date() + timedelta(days=CODE_DAYS)
        return {"what": "operator.given", **base, "running": self._sold + 1, "valid_until": until.isoformat()}

    def due(self, at_ms: int) -> Iterator[Entry]:
        """What time alone brings about, up to and including `at_ms`."""
        for entry in self._due.values():
            if int(entry["at_ms"]) <= at_ms:
                yield entry

    def next_due_ms(self) -> int | None:
        return min((int(entry["at_ms"]) for entry in self._due.values()), default=None)

    def float_left(self) -> tuple[int, str]:
        """In minor units, and their currency. Invented, like its costs."""
        return FLOAT_MINOR - self._spent_minor % (FLOAT_MINOR // 2), self.takes or FLOAT_CURRENCY

    def whose(self, number: str) -> str:
        """The operator that has topped this number up; empty where none has, for then nobody here knows."""
        return next((operator for operator, known in reversed(self.subscribers) if known == number), "")

    def pin(self, send: Send) -> str:
        """The code in the clear: computed for whoever may see it, never stored."""
        return pin_of(self._seed, send.ask.operator, send.running) if send.running else ""

    def redeem(self, pin: str, number: str, at_ms: int) -> list[Entry] | Refused:
        """A person types a code on a number. A code works once."""
        send = self._by_pin.get(pin)
        if send is None:
            return Refused(422, "code_unknown")
        if send.redeemed_by:
            return Refused(422, "code_used")
        if send.status is not Status.COMPLETED:
            return Refused(422, "code_blocked")
        if datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat() > send.valid_until:
            return Refused(422, "code_expired")
        entry: Entry = {"what": "operator.redeemed", "at_ms": at_ms, "reference": send.ask.reference, "number": number}
        return [entry]

    def apply(self, entry: Entry) -> None:
        reference, at_ms = str(entry["reference"]), int(entry["at_ms"])
        match entry["what"]:
            case "operator.heard":
                self._heard.add(reference)
            case "operator.accepted":
                self._apply_accepted(reference, entry)
            case "operator.given":
                self._apply_given(self.sends[reference], entry)
            case "operator.declined":
                send = self.sends[reference]
                send.status, send.why = Status.DECLINED, str(entry["why"])
                self._due.pop((reference, "outcome"), None)
            case "operator.reversed":
                send = self.sends[reference]
                send.status = Status.REVERSED
                self._spent_minor -= send.cost_minor
                self._due.pop((reference, "reverse"), None)
                self._subscriber(send, send.ask.number).credit_minor -= send.ask.face_minor
            case "operator.redeemed":
                send = self.sends[reference]
                send.redeemed_by = str(entry["number"])
                self._top_up(send, send.redeemed_by, at_ms)

    def _apply_accepted(self, reference: str, entry: Entry) -> None:
        words = {name: str(entry[name]) for name in ("reference", "sku", "operator", "currency", "number", "plan")}
        ask = Ask(**words, kind=Kind(str(entry["kind"])), face_minor=int(entry["face_minor"]))
        currency = str(entry.get("cost_currency", ask.currency))
        made_ms = int(entry["at_ms"])
        self.sends[reference] = Send(str(entry["id"]), ask, int(entry["cost_minor"]), currency, made_ms=made_ms)
        given_ms = int(entry["at_ms"]) + int(entry["pending_ms"])
        if entry["pending_ms"]:
            self._due[reference, "outcome"] = self._outcome(entry, given_ms)
        if entry["reverse_ms"]:
            taken_ms = given_ms + int(entry["reverse_ms"])
            self._due[reference, "reverse"] = {"what": "operator.reversed", "at_ms": taken_ms, "reference": reference}

    def _apply_given(self, send: Send, entry: Entry) -> None:
        send.status = Status.COMPLETED
        self._spent_minor += send.cost_minor
        self._due.pop((send.ask.reference, "outcome"), None)
        if send.ask.kind is Kind.DIRECT:
            self._top_up(send, send.ask.number, int(entry["at_ms"]))
            return
        send.running, send.valid_until = int(entry["running"]), str(entry["valid_until"])
        self._sold = max(self._sold, send.running)
        self._by_pin[self.pin(send)] = send

    def _top_up(self, send: Send, number: str, at_ms: int) -> None:
        subscriber = self._subscriber(send, number)
        subscriber.credit_minor += send.ask.face_minor
        subscriber.last_top_up_ms = at_ms
        subscriber.credit_until_ms = max(subscriber.credit_until_ms, at_ms + CREDIT_DAYS * _DAY_MS)
        subscriber.plan = send.ask.plan or subscriber.plan

    def _subscriber(self, send: Send, number: str) -> Subscriber:
        operator = send.ask.operator
        fresh = Subscriber(operator, number, send.ask.plan, send.ask.currency)
        return self.subscribers.setdefault((operator, number), fresh)


def serial(send: Send) -> str:
    return serial_of(send.running) if send.running else ""
