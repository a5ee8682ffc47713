"""Something parked for a person, with its age and the money at risk; and what a person may decide about it.

open ──the outside answered after all──▶ closed
  ├── a person decided ────────────────▶ closed   (RESOLUTIONS; above a limit, two persons)
  └── a person asked again ────────────▶ open
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from opla.core.money import Money


class Kind(StrEnum):
    UNKNOWN_SEND = "unknown_send"  # nobody can say whether value was given
    UNKNOWN_REFUND = "unknown_refund"
    UNKNOWN_CHARGE = "unknown_charge"
    CONTRADICTION = "contradiction"  # the outside says what cannot be
    REFUND_REFUSED = "refund_refused"  # the provider will not give it back: another way is needed
    REFUND_CAP = "refund_cap"  # refunds by rule reached the day's cap
    WRONG_AMOUNT = "wrong_amount"  # paid too little; it goes back by rule, a person may want to know
    REFUND_APPROVAL = "refund_approval"  # a refund by choice waits for a second person
    OUTSIDE_REFUND = "outside_refund"  # refunded or charged back at the provider, not by us
    MESSAGE_GIVEN_UP = "message_given_up"  # nobody could be told, after the last try
    STEPPED_BACK = "stepped_back"  # a consumer withdrew: a person settles what is owed
    ADAPTER_GONE = "adapter_gone"  # whom to ask is not set up (any more), and stays so
    RESERVATION = "reservation"  # what was bought for a date has no code that is good then
    CARD_TESTING = "card_testing"  # somebody asks for payment after payment: cards are tested here
    LOW_STOCK = "low_stock"  # few SIM cards or codes of one product are left
    FLOAT_LOW = "float_low"  # little of our money is left at a supplier
    SUPPLIER_LIST = "supplier_list"  # what is approved left a supplier's list, or the list cannot be believed
    BANK_LINE = "bank_line"  # money came into our bank account, and nobody can say what for
    BANK_OUT = "bank_out"  # money left it under a reference of ours, not as was expected, or to a payment provider
    BANK_GAP = "bank_gap"  # a statement is missing between two
    TRANSFER_DUE = "transfer_due"  # a refund that a person sends from the bank account
    CASH_DUE = "cash_due"  # a refund that waits to be paid out over a counter
    SLIP_DUE = "slip_due"  # a refund that waits to be given back on a card machine
    LINE_BACK = "line_back"  # money that belongs to no order, which a person sends back
    PAYOUT_DIFFERS = "payout_differs"  # a provider's payout is of other sums than ours
    PAYOUT_LATE = "payout_late"  # it failed, or no statement shows it
    PAYOUT_MISSING = "payout_missing"  # a payment that no payout has brought
    PASSPORT = "passport"  # a seller applies for one, or one is due for review
    SELLER_REPORTED = "seller_reported"
    LETTER_UNREADABLE = "letter_unreadable"  # a letter that cannot be printed: its code or address does not open
    TABLET = "tablet"  # what a tablet sold without a line cannot be
    LEFT_BEHIND = "left_behind"  # paid at a kiosk, and whoever paid has gone without it
    LOST_PAYMENT = "lost_payment"  # paid after the backup that the shop came out of: no book knows what for
    LOST_SEND = "lost_send"  # delivered after it: no book knows to whom


class Why(StrEnum):
    """Why something was parked: a stable word. Its sentence, with the figures in `params`, is in `presenting/items`."""

    SUPPLIER_SILENT = "supplier_silent"
    SUPPLIER_UNDECIDED = "supplier_undecided"  # they have it, and do not decide
    NOT_HANDED_OVER = "not_handed_over"  # a card is reserved, and was neither sent nor collected
    FEW_CARDS = "few_cards"  # left, sku: on the shelf
    FEW_CODES = "few_codes"  # left, sku, below (as the owner wants it), sold (lately), suggested (to order)
    FLOAT_BELOW = "float_below"  # supplier, float_minor, below_minor: as they say, and as the owner wants it
    FLOAT_SHORT = "float_short"  # supplier, float_minor (if they say): orders wait for it
    NOT_LISTED = "not_listed"  # supplier, skus: of ours
    LIST_TOO_SHORT = "list_too_short"  # supplier, count_before, count
    REFUND_SILENT = "refund_silent"
    REFUND_UNREACHABLE = "refund_unreachable"  # it never left us
    CHARGE_SILENT = "charge_silent"
    REFUND_REFUSED = "refund_refused"  # said: the provider's word
    CAP_REACHED = "cap_reached"
    UNDERPAID = "underpaid"  # came, asked
    PARTLY_GONE = "partly_gone"  # gone, owed: a part of a refund left without us
    SECOND_PERSON = "second_person"  # asker, reason: of a large refund by choice
    CHANGED_AT_PROVIDER = "changed_at_provider"  # refunded, charged_back: in all, not by us
    CAME_BACK = "came_back"  # the same, when some of it came back to us
    MORE_THAN_CAME_IN = "more_than_came_in"  # the same, and beyond: so much more than came in went back or is due
    MESSAGE_GIVEN_UP = "message_given_up"  # topic
    STEPPED_BACK = "stepped_back"  # name: of whoever withdrew
    ADAPTER_GONE = "adapter_gone"  # adapter
    NOTHING_HELD = "nothing_held"  # day: our shelf has no code that is good then, and nobody else delivers it
    EXPIRES_FIRST = "expires_first"  # valid_until, day: of the code that is held
    CARD_TESTING = "card_testing"  # source, payments, failed, numbers, turned_away, orders: of one source today
    # of lines of our bank account
    NO_REFERENCE = "no_reference"  # none that checks
    REFERENCE_UNKNOWN = "reference_unknown"  # it checks, and is not one of ours
    TWO_REFERENCES = "two_references"  # two of ours in one transfer
    SLIP_WITHOUT_ORDER = "slip_without_order"  # number: paid for an order slip that has not come, or was sent back
    TRANSFER_RETURNED = "transfer_returned"  # what we sent came back
    OTHER_AMOUNT = (
        "other_amount"  # asked: sent under the reference of a refund, which was another amount or sent before
    )
    REVERSAL_UNKNOWN = "reversal_unknown"  # the bank took money back, and does not say which
    FLOAT_OWES = "float_owes"  # reseller, gone: it went out under its float's reference, which held so much of it
    PROVIDER_TOOK = "provider_took"  # it went out, and names a provider: perhaps a payout below nothing
    STATEMENT_MISSING = "statement_missing"  # before, after: the statements on both sides
    TRANSFER_DUE = "transfer_due"  # reference: to send it under
    LINE_BACK = "line_back"  # reference
    # of payouts
    PAYOUT_DIFFERS = "payout_differs"  # provider, payout, unknown, other: of how many lines
    PAYOUT_FAILED = "payout_failed"  # provider, payout
    PAYOUT_NOT_SHOWN = "payout_not_shown"  # provider, payout, day
    PAYOUT_MISSING = "payout_missing"  # provider, day
    CASH_DUE = "cash_due"
    SLIP_DUE = "slip_due"
    # of sellers
    PASSPORT_APPLIED = "passport_applied"  # seller, place
    PASSPORT_DUE = "passport_due"  # seller, place, day: its last
    SELLER_REPORTED = "seller_reported"  # number: of the passport it is about, or empty
    # of sales without a line: station, n, clerk, serial
    OFFLINE_TWICE = "offline_twice"  # this code was sold before: there are two tablets
    OFFLINE_FORKED = "offline_forked"  # another sale stands under the same number: there are two tablets
    OFFLINE_UNKNOWN = "offline_unknown"  # the tablet never held this code
    OFFLINE_UNBOOKED = "offline_unbooked"  # refused: what stands in the way of its order, or of its money
    OFFLINE_LATE = "offline_late"  # the code had been posted as lost
    # of letters
    LETTER_UNREADABLE = "letter_unreadable"  # number: of its slip
    LEFT_AT_KIOSK = "left_at_kiosk"  # station: its code was never looked at, and no link was taken along
    # of a shop that came out of a backup
    RESTORED = "restored"  # until: what became of it after that is not known
    LOST_PAYMENT = "lost_payment"  # adapter, their_id, about
    LOST_SEND = "lost_send"  # adapter, their_id, about
    # what cannot be
    ANSWER_IMPOSSIBLE = "answer_impossible"  # kind, state, answer
    MOVE_IMPOSSIBLE = "move_impossible"  # subject, state, event
    OTHER_CURRENCY = "other_currency"  # came, asked
    OTHER_PAYMENT = "other_payment"
    CAPTURED_LESS = "captured_less"  # before, now
    NOTHING_CAPTURED = "nothing_captured"
    NO_COST = "no_cost"
    NO_CODE = "no_code"
    CURRENCY_UNKNOWN = "currency_unknown"  # came: of a supplier's cost
    NO_RATE = "no_rate"  # came, asked: nobody has said lately what the one is worth in the other
    FEE_CHANGED = "fee_changed"  # before, now: what the provider keeps, told otherwise than it was posted
    FEE_CURRENCY = "fee_currency"  # came, asked
    REFUNDED_ALREADY = "refunded_already"  # taken back by the supplier after we gave it back by choice
    # what the database refused although it was decided
    REFUND_TOO_MUCH = "refund_too_much"
    PROVIDER_ID_TAKEN = "provider_id_taken"
    CODE_KNOWN = "code_known"


class Resolution(StrEnum):
    """What a person may say of an item. Published: never renamed."""

    DELIVERED = "delivered"  # with what it cost, and the code where one was sold
    NOT_DELIVERED = "not_delivered"  # the next supplier is asked, or the money goes back
    PAID_BACK = "paid_back"
    NOT_PAID_BACK = "not_paid_back"  # tried again, under a new reference
    PAID = "paid"  # with how much came in
    NOT_PAID = "not_paid"
    PAID_BACK_OTHERWISE = "paid_back_otherwise"  # from the bank account
    ALLOW_TODAY = "allow_today"  # past the day's cap
    APPROVE = "approve"  # a refund by choice, as its second person
    DENY = "deny"
    TELL_AGAIN = "tell_again"
    ASK_AGAIN = "ask_again"  # the item stays open
    MATCHED = "matched"  # of a line of our bank account: for this order
    ON_FLOAT = "on_float"  # the same: of this reseller's float
    SEND_BACK = "send_back"  # the same: it belongs to none, and goes back
    NOT_OURS = "not_ours"  # the same: no customer's money
    SEEN = "seen"  # nothing moves


_SEND: Final = (Resolution.DELIVERED, Resolution.NOT_DELIVERED, Resolution.ASK_AGAIN)
_REFUND: Final = (
    Resolution.PAID_BACK,
    Resolution.NOT_PAID_BACK,
    Resolution.PAID_BACK_OTHERWISE,
    Resolution.ASK_AGAIN,
)
_CHARGE: Final = (Resolution.PAID, Resolution.NOT_PAID, Resolution.ASK_AGAIN)

#: Kind → what a person may choose.
RESOLUTIONS: Final[dict[Kind, tuple[Resolution, ...]]] = {
    Kind.UNKNOWN_SEND: _SEND,
    Kind.UNKNOWN_REFUND: _REFUND,
    Kind.UNKNOWN_CHARGE: _CHARGE,
    Kind.CONTRADICTION: (Resolution.SEEN, Resolution.ASK_AGAIN),
    Kind.REFUND_REFUSED: (Resolution.PAID_BACK_OTHERWISE,),
    Kind.REFUND_CAP: (Resolution.ALLOW_TODAY,),
    Kind.WRONG_AMOUNT: (Resolution.SEEN,),
    Kind.REFUND_APPROVAL: (Resolution.APPROVE, Resolution.DENY),
    Kind.OUTSIDE_REFUND: (Resolution.SEEN,),
    Kind.MESSAGE_GIVEN_UP: (Resolution.TELL_AGAIN, Resolution.SEEN),
    Kind.STEPPED_BACK: (Resolution.SEEN,),
    Kind.ADAPTER_GONE: (Resolution.SEEN,),
    Kind.CARD_TESTING: (Resolution.SEEN,),
    Kind.RESERVATION: (Resolution.NOT_DELIVERED, Resolution.SEEN),
    Kind.LOW_STOCK: (Resolution.SEEN,),
    Kind.FLOAT_LOW: (Resolution.SEEN,),
    Kind.SUPPLIER_LIST: (Resolution.SEEN,),
    Kind.BANK_LINE: (Resolution.MATCHED, Resolution.ON_FLOAT, Resolution.SEND_BACK, Resolution.NOT_OURS),
    Kind.BANK_OUT: (Resolution.MATCHED, Resolution.ON_FLOAT, Resolution.NOT_OURS),
    Kind.BANK_GAP: (Resolution.SEEN,),
    Kind.TRANSFER_DUE: (Resolution.PAID_BACK,),
    Kind.LINE_BACK: (Resolution.SEEN,),
    Kind.PAYOUT_DIFFERS: (Resolution.SEEN,),
    Kind.PAYOUT_LATE: (Resolution.SEEN,),
    Kind.PAYOUT_MISSING: (Resolution.SEEN,),
    Kind.PASSPORT: (),  # decided on the page of the sellers
    Kind.SELLER_REPORTED: (Resolution.SEEN,),
    Kind.LETTER_UNREADABLE: (Resolution.SEEN,),
    Kind.TABLET: (Resolution.SEEN,),
    Kind.LEFT_BEHIND: (Resolution.SEEN,),  # or refunded, on the page of its order
    Kind.LOST_PAYMENT: (Resolution.SEEN,),  # refunded at the provider, or delivered by a new order
    Kind.LOST_SEND: (Resolution.SEEN,),
    Kind.SLIP_DUE: (Resolution.PAID_BACK,),  # or by its slip, or by bank: `operations.terminal`
    Kind.CASH_DUE: (),  # paid out, or sent by bank, on the page of the drawers: nobody's word moves cash
}

#: Kind of attempt → what may be said of one that is still open. A contradiction, or an adapter that is gone, leaves
#: such an attempt behind; then "seen" alone would forget it.
OF_OPEN_ATTEMPT: Final[dict[str, tuple[Resolution, ...]]] = {"send": _SEND, "refund": _REFUND, "charge": _CHARGE}

#: These let goods or money leave. Above the shop's limit a second person says so too.
GIVES_AWAY: Final = frozenset(
    {
        Resolution.NOT_DELIVERED,
        Resolution.NOT_PAID_BACK,
        Resolution.PAID,
        Resolution.PAID_BACK_OTHERWISE,
        Resolution.ALLOW_TODAY,
        Resolution.MATCHED,
        Resolution.ON_FLOAT,
        Resolution.SEND_BACK,
    }
)


#: Nobody says these of a request that never left us.
_LEFT: Final = frozenset({Resolution.DELIVERED, Resolution.PAID_BACK, Resolution.PAID})


def choices(kind: Kind, open_attempt: str = "", *, left: bool = True) -> tuple[Resolution, ...]:
    """What a person may choose. `open_attempt` is the kind of the item's attempt while that is still undecided;
    `left` is False when its request never left us."""
    found = RESOLUTIONS[kind]
    if open_attempt and kind is Kind.CONTRADICTION:
        found = OF_OPEN_ATTEMPT[open_attempt]
    elif open_attempt and kind is Kind.ADAPTER_GONE:
        # It is tried every minute anyway, so asking again is no choice, and knowing it forgets nothing.
        found = (*(c for c in OF_OPEN_ATTEMPT[open_attempt] if c is not Resolution.ASK_AGAIN), Resolution.SEEN)
    return found if left else tuple(c for c in found if c not in _LEFT)


@dataclass(frozen=True)
class NewItem:
    """One open item per (kind, subject): opening it again changes nothing."""

    kind: Kind
    at_risk: Money
    why: Why
    params: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    order_id: UUID | None = None
    payment_id: UUID | None = None
    attempt_id: UUID | None = None

    @property
    def subject(self) -> UUID:
        """What it is about, the most precise of the three."""
        found = self.attempt_id or self.order_id or self.payment_id
        if found is None:
            raise ValueError("an item is about something")
        return found


class Step(StrEnum):
    PROPOSED = "proposed"  # by the first person, where two are needed
    ASKED = "asked"  # asked again: the item stays open
    RESOLVED = "resolved"


@dataclass(frozen=True)
class Said:
    """What a person said of an item, kept for ever with the reason. `answers` is the proposal it approves.

    `facts` are the figures given (an amount, the supplier's id), never a code. The file is evidence: a letter, a
    picture of a dashboard.
    """

    item_id: int
    step: Step
    resolution: Resolution
    note: str
    facts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    answers: int | None = None
    file_name: str = ""
    file: bytes = field(default=b"", repr=False)
