"""The machines behind one lock and one log. Whatever is answered is on disk first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from itertools import chain
from typing import TypeVar

from opla.counterparts.endings import Fault
from opla.counterparts.entries import Entry, Refused
from opla.counterparts.log import Log
from opla.counterparts.mailbox import Mail, Mailbox, Pushed, PushService
from opla.counterparts.operator import Ask, Operators, Send
from opla.counterparts.payment import FEES, SESSION_MS, Fees, Order, Outcome, Payment, Payments, Refund

#: Entries after which the shop is told to come and look.
_WAKING = frozenset({"captured", "failed", "expired", "charged_back", "refunded"})

Found = TypeVar("Found")


class Service:
    """`clock` gives milliseconds since 1970, `token` a fresh random hexadecimal word.

    `takes` is the currency in which the supplier takes its costs; empty: that of what is asked for.
    `wake` is called with (payment's webhook address, its id) after each change the shop should look at.
    """

    def __init__(
        self,
        log: Log,
        seed: str,
        clock: Callable[[], int],
        token: Callable[[], str],
        session_ms: int = SESSION_MS,
        fees: Fees = FEES,
        takes: str = "",
    ) -> None:
        self.payments = Payments(session_ms, fees)
        self.operators = Operators(seed, takes)
        self.mailbox = Mailbox()
        self.push_service = PushService()
        self.wake: Callable[[str, str], None] = lambda _url, _id: None
        self._log, self._clock, self._token = log, clock, token
        self._lock = threading.RLock()
        for entry in log.entries:
            self._apply(entry)

    # ── payments ──

    def create(self, order: Order) -> tuple[Payment | Refused, Fault]:
        with self._lock:
            id_, token = f"sp_{self._token()[:24]}", self._token()
            change = self.payments.create(order, self.tick(), id_, token)
            no = self._keep(change)
            fault = Fault.SILENT_AFTER if change and self.payments.loses_answer(order) else Fault.NONE
            return no or self.payments.by_reference[order.reference], Fault.NONE if no else fault

    def end_mandate(self, mandate: str) -> Refused | None:
        with self._lock:
            return self._keep(self.payments.end_mandate(mandate, self.tick()))

    def decide(self, id_: str, outcome: Outcome) -> Payment | Refused:
        with self._lock:
            return self._keep(self.payments.decide(id_, outcome, self.tick())) or self.payments.by_id[id_]

    def refund(self, reference: str, payment_id: str, amount_minor: int, currency: str) -> Refund | Refused:
        with self._lock:
            id_ = f"sr_{self._token()[:24]}"
            change = self.payments.refund(reference, payment_id, amount_minor, currency, self.tick(), id_)
            return self._keep(change) or self.payments.refunds[reference]

    # ── operators ──

    def send(self, ask: Ask) -> tuple[Send | Refused | None, Fault]:
        """The send, as known after this call; None when the call was lost before anything was done."""
        with self._lock:
            turn = self.operators.send(ask, self.tick(), f"so_{self._token()[:24]}")
            if isinstance(turn, Refused):
                return turn, Fault.NONE
            self._keep(turn.entries)
            return self.operators.sends.get(ask.reference), turn.fault

    def redeem(self, pin: str, number: str) -> Refused | None:
        with self._lock:
            return self._keep(self.operators.redeem(pin, number, self.tick()))

    # ── mailbox ──

    def receive(self, mail: Mail) -> None:
        with self._lock:
            self._keep(self.mailbox.receive(mail, self.tick()))

    def push(self, pushed: Pushed) -> Refused | None:
        with self._lock:
            return self._keep(self.push_service.receive(pushed, self.tick()))

    # ── time, reading, keeping ──

    def read(self, question: Callable[[Service], Found]) -> Found:
        """Ask something of the machines as they are now, with nobody changing them meanwhile."""
        with self._lock:
            self.tick()
            return question(self)

    def tick(self) -> int:
        """Let what has become due happen. Returns the moment, in milliseconds."""
        with self._lock:
            at_ms = self._clock()
            # One thing due may bring another (expired, then captured late): until nothing is due.
            while due := list(chain(self.payments.due(at_ms), self.operators.due(at_ms))):
                self._keep(due)
            return at_ms

    def next_due_s(self) -> float | None:
        """Seconds until something happens by itself; None when nothing will."""
        with self._lock:
            dues = [due for due in (self.payments.next_due_ms(), self.operators.next_due_ms()) if due is not None]
            return max(0.0, (min(dues) - self._clock()) / 1000) if dues else None

    def _keep(self, change: Sequence[Entry] | Refused) -> Refused | None:
        if isinstance(change, Refused):
            return change
        if change:
            self._log.append(change)
        for entry in change:
            self._apply(entry)
            machine, _, what = str(entry["what"]).partition(".")
            if machine == "payment" and what in _WAKING:
                id_ = str(entry["id"])
                self.wake(self.payments.by_id[id_].order.webhook_url, id_)
        return None

    def _apply(self, entry: Entry) -> None:
        match str(entry["what"]).partition(".")[0]:
            case "payment":
                self.payments.apply(entry)
            case "operator":
                self.operators.apply(entry)
            case "mail":
                self.mailbox.apply(entry)
            case "push":
                self.push_service.apply(entry)
