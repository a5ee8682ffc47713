"""The counterpart payment provider. Pure; replayed from its entries.

open ──pay──▶ paid ──charge_back──▶ paid, less kept
 │ └─twice──▶ paid, captured 2×        └──refund──▶ paid, less kept
 ├─refuse───▶ failed
 ├─abandon──▶ open: the person walked away and the session runs out
 ├─15 min───▶ expired
 └─late─────▶ expired ──5 s──▶ paid      (a provider may change its mind; money must not be lost with it)

One that is asked to keep consent leaves a mandate when it is captured. A charge by a mandate has no page: it is born
paid or failed, or, by direct debit, open for 5 s, as the person at the first checkout chose.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import takewhile

from opla.core.money import share_half_up
from opla.counterparts.entries import Entry, Refused

SESSION_MS = 15 * 60_000
LATE_MS = 5_000


@dataclass(frozen=True)
class Fees:
    """What this provider keeps for its work, in minor units: invented, like everything here."""

    per_capture_minor: int = 25
    per_mille: int = 12
    per_refund_minor: int = 10
    per_charge_back_minor: int = 1500

    def of_capture(self, amount_minor: int) -> int:
        return self.per_capture_minor + share_half_up(amount_minor, self.per_mille, 1000)


FEES = Fees()


class Status(StrEnum):
    """This provider's own words; the adapter's `mapping.py` turns them into ours."""

    OPEN = "open"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"


class Outcome(StrEnum):
    """What the person at the checkout (or the cardholder's bank, later) does."""

    PAY = "pay"
    REFUSE = "refuse"
    ABANDON = "abandon"
    LATE = "late"
    TWICE = "twice"
    CHARGE_BACK = "charge_back"
    # Pays, where consent is asked for, and says what becomes of later charges by it.
    THEN_AUTHENTICATE = "then_authenticate"
    THEN_REFUSE = "then_refuse"
    THEN_END = "then_end"
    THEN_SILENCE = "then_silence"
    THEN_DEBIT = "then_debit"


#: What the checkout page offers, in its order.
BUTTONS = (Outcome.PAY, Outcome.REFUSE, Outcome.ABANDON, Outcome.LATE, Outcome.TWICE)
#: What it offers besides where consent is to be kept.
KEEPING = (
    Outcome.THEN_AUTHENTICATE,
    Outcome.THEN_REFUSE,
    Outcome.THEN_END,
    Outcome.THEN_SILENCE,
    Outcome.THEN_DEBIT,
)
#: In how many days, at most, the money of a direct debit is sure. In the sandbox it comes sooner: after `LATE_MS`.
DEBIT_DAYS = 5


@dataclass(frozen=True)
class Order:
    """What the shop asks for. `language` is the person's; the two addresses are the shop's.

    `keep`: their consent is to be kept for later. `mandate`: the one to charge by, with nobody there.
    """

    reference: str
    amount_minor: int
    currency: str
    description: str
    language: str
    return_url: str
    webhook_url: str
    keep: bool = False
    mandate: str = field(default="", repr=False)


@dataclass
class Mandate:
    """Consent kept by a first payment. `manner` is what was chosen there; PAY: later charges are paid at once."""

    id: str = field(repr=False)
    manner: Outcome = Outcome.PAY
    ended: bool = False

    @property
    def days(self) -> int:
        return DEBIT_DAYS if self.manner is Outcome.THEN_DEBIT else 0


@dataclass
class Payment:
    id: str
    token: str
    order: Order
    expires_ms: int
    status: Status = Status.OPEN
    captured_minor: int = 0
    refunded_minor: int = 0
    charged_back_minor: int = 0
    fee_minor: int = 0  # for its captures and charge-backs
    why: str = ""  # it failed, charged by a mandate
    made_ms: int = 0

    @property
    def kept_minor(self) -> int:
        return self.captured_minor - self.refunded_minor - self.charged_back_minor


@dataclass(frozen=True)
class Refund:
    """`why` is empty when the money went back."""

    id: str
    reference: str
    payment_id: str
    amount_minor: int
    currency: str
    why: str = ""
    fee_minor: int = 0


class Payments:
    """All payments of this provider. Each method decides entries and changes nothing; `apply` changes."""

    def __init__(self, session_ms: int = SESSION_MS, fees: Fees = FEES) -> None:
        self._fees = fees
        self.by_id: dict[str, Payment] = {}
        self.by_reference: dict[str, Payment] = {}
        self.by_token: dict[str, Payment] = {}
        self.refunds: dict[str, Refund] = {}
        self.mandates: dict[str, Mandate] = {}
        self._session_ms = session_ms
        # Both are in the order they fall due, because every wait of one kind is equally long.
        self._running_out: dict[str, int] = {}
        self._coming_late: dict[str, int] = {}

    def create(self, order: Order, at_ms: int, id_: str, token: str) -> list[Entry] | Refused:
        """A session, or a charge by a mandate; nothing new when this reference has one.

        `id_` and `token` are the caller's randomness.
        """
        known = self.by_reference.get(order.reference)
        if known:
            same = _asked(known.order) == _asked(order)
            return [] if same else Refused(409, "reference_used")
        created: dict[str, str | int] = {
            "what": "payment.created",
            "at_ms": at_ms,
            "id": id_,
            "token": token,
            "expires_ms": at_ms + self._session_ms,
            **vars(order),
        }
        if not order.mandate:
            return [created]
        mandate = self.mandates.get(order.mandate)
        if mandate is None or mandate.ended or mandate.manner is Outcome.THEN_END:
            return Refused(422, "mandate_ended")
        payment = Payment(id_, token, order, at_ms)
        match mandate.manner:
            case Outcome.THEN_AUTHENTICATE:
                return [created, {**_entry("failed", payment, at_ms), "why": "authentication"}]
            case Outcome.THEN_REFUSE:
                return [created, {**_entry("failed", payment, at_ms), "why": "refused"}]
            case Outcome.THEN_DEBIT:
                return [{**created, "capture_ms": at_ms + LATE_MS}]
            case _:
                return [created, self._captured(payment, at_ms)]

    def end_mandate(self, mandate: str, at_ms: int) -> list[Entry] | Refused:
        """Consent is withdrawn; nothing new when it was before."""
        known = self.mandates.get(mandate)
        if known is None:
            return Refused(404, "not_found")
        return [] if known.ended else [{"what": "payment.mandate_ended", "at_ms": at_ms, "id": known.id}]

    def mandate_of(self, payment: Payment) -> Mandate | None:
        """What it left, while it is good for anything."""
        mandate = self.mandates.get(_mandate_id(payment.id))
        return None if mandate is None or mandate.ended else mandate

    def loses_answer(self, order: Order) -> bool:
        """Whether the first answer to this charge by a mandate never comes, as was chosen for it."""
        mandate = self.mandates.get(order.mandate)
        return mandate is not None and mandate.manner is Outcome.THEN_SILENCE

    def decide(self, id_: str, outcome: Outcome, at_ms: int) -> list[Entry] | Refused:
        """What a person chose. Only an open session can be decided, and only kept money charged back."""
        payment = self.by_id.get(id_)
        if payment is None:
            return Refused(404, "payment_unknown")
        if outcome is Outcome.CHARGE_BACK:
            if payment.kept_minor <= 0:
                return Refused(409, "nothing_kept")
            fee_minor = self._fees.per_charge_back_minor
            return [_entry("charged_back", payment, at_ms, amount_minor=payment.kept_minor, fee_minor=fee_minor)]
        if payment.status is not Status.OPEN:
            return Refused(409, "already_decided")
        if outcome in KEEPING:
            if not payment.order.keep:
                return Refused(409, "keeps_nothing")
            return [{**self._captured(payment, at_ms), "manner": outcome.value}]
        match outcome:
            case Outcome.PAY:
                return [self._captured(payment, at_ms)]
            case Outcome.TWICE:
                return [self._captured(payment, at_ms) for _ in range(2)]
            case Outcome.REFUSE:
                return [_entry("failed", payment, at_ms)]
            case Outcome.LATE:
                return [_entry("expired", payment, at_ms, capture_ms=at_ms + LATE_MS)]
            case _:
                return []

    def _captured(self, payment: Payment, at_ms: int) -> Entry:
        amount_minor = payment.order.amount_minor
        fee_minor = self._fees.of_capture(amount_minor)
        return _entry("captured", payment, at_ms, amount_minor=amount_minor, fee_minor=fee_minor)

    def refund(
        self, reference: str, payment_id: str, amount_minor: int, currency: str, at_ms: int, id_: str
    ) -> list[Entry] | Refused:
        """Money back, once per reference. Beyond what is kept it is refused, and stays refused for this reference."""
        known = self.refunds.get(reference)
        if known:
            same = (known.payment_id, known.amount_minor) == (payment_id, amount_minor)
            return [] if same else Refused(409, "reference_used")
        payment = self.by_id.get(payment_id)
        if payment is None:
            return Refused(404, "payment_unknown")
        if amount_minor <= 0 or currency != payment.order.currency:
            return Refused(422, "amount_invalid")
        fits = amount_minor <= payment.kept_minor
        return [
            {
                **_entry("refunded" if fits else "refund_refused", payment, at_ms, amount_minor=amount_minor),
                "reference": reference,
                "refund_id": id_,
                "why": "" if fits else "refund_too_much",
                "fee_minor": self._fees.per_refund_minor if fits else 0,
            }
        ]

    def due(self, at_ms: int) -> Iterator[Entry]:
        """What time alone brings about, up to and including `at_ms`."""
        for id_, when in takewhile(lambda item: item[1] <= at_ms, self._running_out.items()):
            yield _entry("expired", self.by_id[id_], when)
        for id_, when in takewhile(lambda item: item[1] <= at_ms, self._coming_late.items()):
            yield self._captured(self.by_id[id_], when)

    def next_due_ms(self) -> int | None:
        firsts = [next(iter(waiting.values())) for waiting in (self._running_out, self._coming_late) if waiting]
        return min(firsts, default=None)

    def apply(self, entry: Entry) -> None:
        id_ = str(entry["id"])
        if entry["what"] == "payment.created":
            self._apply_created(id_, entry)
            return
        if entry["what"] == "payment.mandate_ended":
            self.mandates[id_].ended = True
            return
        payment = self.by_id[id_]
        amount = int(entry.get("amount_minor", 0))
        match entry["what"]:
            case "payment.captured":
                self._settle(payment, Status.PAID)
                payment.captured_minor += amount
                if payment.order.keep:
                    manner = Outcome(str(entry.get("manner", Outcome.PAY)))
                    mandate = Mandate(_mandate_id(id_), manner)
                    self.mandates.setdefault(mandate.id, mandate)
                payment.fee_minor += int(entry.get("fee_minor", 0))
            case "payment.failed":
                self._settle(payment, Status.FAILED)
                payment.why = str(entry.get("why", ""))
            case "payment.expired":
                self._settle(payment, Status.EXPIRED)
                if "capture_ms" in entry:
                    self._coming_late[id_] = int(entry["capture_ms"])
            case "payment.charged_back":
                payment.charged_back_minor += amount
                payment.fee_minor += int(entry.get("fee_minor", 0))
            case "payment.refunded":
                payment.refunded_minor += amount
                self._apply_refund(entry)
            case "payment.refund_refused":
                self._apply_refund(entry)

    def _apply_created(self, id_: str, entry: Entry) -> None:
        words = ("reference", "currency", "description", "language", "return_url", "webhook_url")
        order = Order(
            amount_minor=int(entry["amount_minor"]),
            **{name: str(entry[name]) for name in words},
            keep=bool(entry.get("keep", False)),
            mandate=str(entry.get("mandate", "")),
        )
        payment = Payment(id_, str(entry["token"]), order, int(entry["expires_ms"]), made_ms=int(entry["at_ms"]))
        self.by_id[id_] = self.by_reference[order.reference] = payment
        if "capture_ms" in entry:
            self._coming_late[id_] = int(entry["capture_ms"])
        if not order.mandate:
            self.by_token[payment.token] = payment
            self._running_out[id_] = payment.expires_ms

    def _apply_refund(self, entry: Entry) -> None:
        reference = str(entry["reference"])
        self.refunds[reference] = Refund(
            id=str(entry["refund_id"]),
            reference=reference,
            payment_id=str(entry["id"]),
            amount_minor=int(entry["amount_minor"]),
            currency=self.by_id[str(entry["id"])].order.currency,
            why=str(entry["why"]),
            fee_minor=int(entry.get("fee_minor", 0)),
        )

    def _settle(self, payment: Payment, status: Status) -> None:
        payment.status = status
        self._running_out.pop(payment.id, None)
        self._coming_late.pop(payment.id, None)


def _asked(order: Order) -> tuple[int, str, bool, str]:
    """What may not differ when the same reference comes again."""
    return order.amount_minor, order.currency, order.keep, order.mandate


def _mandate_id(payment_id: str) -> str:
    return f"sm_{payment_id.removeprefix('sp_')}"


def _entry(what: str, payment: Payment, at_ms: int, **more: int) -> Entry:
    return {"what": f"payment.{what}", "at_ms": at_ms, "id": payment.id, **more}
