"""What Opla asks of the outside world, as small promises. Those an adapter keeps are its list of abilities.

An adapter returns facts; a surface draws them. It never raises for what the outside did: a time-out, a
reset, a 500 or an unreadable reply is `Answer.UNKNOWN`; an exception out of an adapter is a bug, and the
caller treats it as UNKNOWN too, because the request may have left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from opla.core.money import Money
from opla.core.push import Subscription
from opla.core.webhook import Outcome


class Answer(StrEnum):
    """Every supplier and every payment provider answers with exactly one of these five."""

    SUCCEEDED = "succeeded"
    DECLINED = "declined"  # final: nothing was given or taken
    PENDING = "pending"  # they have it; they will tell us, or we ask
    NOT_SENT = "not_sent"  # we know it never left us: safe to send again
    UNKNOWN = "unknown"  # it may have happened: do not resend, do not refund, ask


@dataclass(frozen=True)
class Promises:
    """What an adapter can promise about repeats and look-ups. The janitor acts from these alone.

    refuses_repeat        the same reference twice gives value once; the second answer is the first's
    repeat_within_s       for so long they remember a reference and refuse it; 0: for ever
    find_by_reference     our own reference finds what became of it (not finding is never proof)
    max_seconds           the longest a call may take before it is UNKNOWN; also the least lease left at the socket
    min_gap_same_number_s two sends to one number closer than this are refused by them, so we wait
    may_reverse           a success may be taken back later, so a few late looks are worth their call
    park_after_s          an unknown older than this goes to a person's list
    """

    refuses_repeat: bool
    find_by_reference: bool
    max_seconds: int
    repeat_within_s: int = 0
    min_gap_same_number_s: int = 0
    may_reverse: bool = False
    park_after_s: int = 900


# ── payment providers ─────────────────────────────────────────────────────


@dataclass(frozen=True)
class Mandate:
    """That somebody lets us charge them again while they are away, as the provider keeps it.

    `id` is the adapter's own word for it, opaque to us: all it needs to charge by it and to end it. `days`: so many
    days may pass until the money of a charge by it is sure (a direct debit's); 0: it answers at once, as a card does.
    """

    id: str = field(repr=False)
    days: int = 0


@dataclass(frozen=True)
class ChargeRequest:
    """Ask a provider for one payment. `reference` is ours: 32 random hexadecimal digits, committed before this call.

    `keep`: the person, who is there, agreed that their consent is kept for later charges (only of `ChargesAgain`).
    `mandate`: the `Mandate.id` to charge by, with nobody there; there is no page to go to, and no `redirect_url` comes
    back. The bank may want the person after all: DECLINED, `why` is `authentication`.
    `terminal`: the `Terminal.id` of the card machine that is rung; there is no page then either.
    """

    reference: str
    amount: Money
    description: str
    language: str
    return_url: str
    webhook_url: str
    keep: bool = False
    mandate: str = field(default="", repr=False)
    terminal: str = ""


@dataclass(frozen=True)
class ChargeReport:
    """What a provider says of one payment, as cumulative facts: the amounts never count twice when told twice.

    `fee` is what it keeps for these captures and charge-backs in all; None where it does not say so (yet).

    Where webhooks name not `provider_id` but what was paid in it, `evidence` has that as `their_payment`. Where people
    transfer it to an account of theirs, `evidence` has that as `to_iban`, `to_holder`, `to_bic` and `to_reference`.

    `answer_by`: until when the customer's bank hears us about what it charged back, where it waits for that.

    `mandate`: of a captured payment that was asked to `keep` consent, once the provider keeps it; None: not (yet).

    PENDING: the customer is (or may still be) with them. SUCCEEDED: captured. DECLINED: refused, abandoned or expired,
    though some providers turn such a payment into a captured one later.
    """

    answer: Answer
    provider_id: str = ""
    redirect_url: str = ""
    captured_minor: int = 0
    refunded_minor: int = 0
    charged_back_minor: int = 0
    currency: str = ""
    why: str = ""  # refused | abandoned | expired | …: a stable word, for the person's sentence
    evidence: Mapping[str, str] = field(default_factory=dict)
    fee: Money | None = None
    mandate: Mandate | None = None
    answer_by: datetime | None = None


@dataclass(frozen=True)
class RefundRequest:
    reference: str
    provider_id: str  # of the payment
    amount: Money
    description: str


@dataclass(frozen=True)
class RefundReport:
    """`fee` is what the provider keeps for this refund; None where it does not say so (yet)."""

    answer: Answer
    refund_id: str = ""
    why: str = ""
    evidence: Mapping[str, str] = field(default_factory=dict)
    fee: Money | None = None


@runtime_checkable
class Charges(Protocol):
    """Starts payments and tells what became of them."""

    promises: Promises

    def charge(self, request: ChargeRequest) -> ChargeReport: ...

    def fetch(self, reference: str, provider_id: str) -> ChargeReport | None:
        """The state of one payment; None when they do not know it (which proves nothing)."""
        ...


@runtime_checkable
class ChargesAgain(Charges, Protocol):
    """Keeps consent with a first payment, and charges by it later, under the same promises as any charge."""

    def end_mandate(self, mandate: str) -> Answer:
        """Consent is withdrawn: nothing is charged by this `Mandate.id` any more. SUCCEEDED too where it was gone."""
        ...


@dataclass(frozen=True)
class Terminal:
    """A card machine on a counter. `id` is theirs; `ready`: it takes payments."""

    id: str
    name: str
    currency: str
    ready: bool


@runtime_checkable
class Terminals(Protocol):
    """Tells which card machines there are."""

    def terminals(self) -> Sequence[Terminal] | None:
        """None when there was no readable answer."""
        ...


class Movement(StrEnum):
    """What a line of a payout is of. Published: kept with every line."""

    PAYMENT = "payment"
    REFUND = "refund"  # or one that came back
    CHARGE_BACK = "charge_back"  # or one that was won
    FEE = "fee"  # of no payment
    RETURNED = "returned"  # an earlier payout that did not arrive is theirs again
    OTHER = "other"  # of no kind that is known here


@dataclass(frozen=True)
class PayoutLine:
    """One movement that a payout pays out, in minor units of its currency: what is ours of it is `net_minor`.

    `gross_minor` is positive where money came to them for us. `of` is their id of the payment it belongs to, or what
    was `their_payment` in its evidence; `refund_id` is theirs of the refund. Both are empty where there is none.
    """

    id: str
    kind: Movement
    gross_minor: int
    fee_minor: int = 0
    of: str = ""
    refund_id: str = ""

    @property
    def net_minor(self) -> int:
        return self.gross_minor - self.fee_minor


@dataclass(frozen=True)
class Payout:
    """A sum that a provider sent to our bank account; below nothing where it took one from there.

    `reference` is what our bank's statement shows of it; empty where they do not say. `failed`: it did not arrive, and
    is theirs again. `by_hand`: a person had it sent there, and they say of no payment that it is in it.
    """

    id: str
    amount: Money
    paid_on: date
    reference: str = ""
    failed: bool = False
    by_hand: bool = False


@runtime_checkable
class PaysOut(Protocol):
    """Tells what it paid out to us, and what for: the same again, however often it is asked."""

    def payouts(self, since: date) -> Sequence[Payout] | None:
        """All that were sent since that day; None when there was no readable answer."""
        ...

    def payout_lines(self, payout: Payout) -> Sequence[PayoutLine] | None:
        """All of one; their `net_minor` add up to its amount. None without a readable answer, or with a part only."""
        ...


@runtime_checkable
class Refunds(Protocol):
    """Gives money back."""

    promises: Promises

    def refund(self, request: RefundRequest) -> RefundReport: ...

    def fetch_refund(self, reference: str, provider_id: str) -> RefundReport | None: ...


@dataclass(frozen=True)
class ListedCharge:
    """One payment in a provider's own list. `reference` is ours, empty where they do not keep it.

    `kept_minor` is what came in and did not go back. `open`: its customer may still pay it. `about` is the description
    that it was made with.
    """

    reference: str
    provider_id: str
    kept_minor: int
    currency: str
    open: bool = False
    about: str = ""


class Unlisted(StrEnum):
    """Why somebody who has a list did not show it. Published: kept with what is to be compared."""

    NO_ANSWER = "no_answer"  # nor a readable one, or a part only
    NOT_ALLOWED = "not_allowed"  # their account, or our key, does not have the right to it
    NOT_YET = "not_yet"  # it does not reach to our moment yet: later it will
    TOO_OLD = "too_old"  # it does not reach back to our moment any more


@runtime_checkable
class ListsCharges(Protocol):
    """Lists what was paid, whoever asked for it."""

    def charges_since(self, since: datetime, until: datetime) -> Sequence[ListedCharge] | Unlisted:
        """All payments that were begun since then, of which those that were paid by `until` are surely among them."""
        ...


@runtime_checkable
class Notifies(Protocol):
    """Sends webhooks. They only wake the poller: what is returned here is whom to ask about, never a state."""

    def woken(self, headers: Mapping[str, str], body: bytes) -> Sequence[str]:
        """The provider ids (or our references) a webhook names; empty when it is malformed or forged."""
        ...


# ── suppliers ─────────────────────────────────────────────────────────────


class Kind(StrEnum):
    """How value reaches a person."""

    CODE = "code"
    DIRECT = "direct"
    ESIM = "esim"  # a new line, as an activation code
    SIM = "sim"  # a new line, as a card

    @property
    def is_secret(self) -> bool:
        """What is given is a text that whoever reads it can use: a PIN, or an eSIM's activation code."""
        return self in (Kind.CODE, Kind.ESIM)

    @property
    def is_starter(self) -> bool:
        """It begins a line, so there is no number yet to be topped up."""
        return self in (Kind.ESIM, Kind.SIM)


@dataclass(frozen=True)
class SendRequest:
    """Ask a supplier for one delivery. `face` is the product's face value; `number` is E.164, empty for codes."""

    reference: str
    sku: str
    operator: str
    kind: Kind
    face: Money
    number: str = ""
    plan: str = ""


@dataclass(frozen=True)
class Pin:
    """A code in the clear. It is money: it lives for the length of one call and never prints itself."""

    secret: str = field(repr=False)
    serial: str = ""
    valid_until: date | None = None

    def __str__(self) -> str:
        return f"<code, serial {self.serial or '?'}>"


@dataclass(frozen=True)
class SendReport:
    """What a supplier says of one send. `reversed` may come after a success: value was given and taken back.

    `cost_minor` is in `currency`, as they say it; where they say none, in that of the face value asked for.
    `stock_id` is set instead of `pin` by a supplier whose codes already lie in our own stock, sealed.
    `delivered` is what they say arrived; None where they do not say. Less than the face value is no success.
    """

    answer: Answer
    supplier_id: str = ""
    cost_minor: int | None = None
    pin: Pin | None = None
    stock_id: str = ""
    reversed: bool = False
    why: str = ""  # out_of_stock | number_refused | insufficient_float | …: a stable word
    evidence: Mapping[str, str] = field(default_factory=dict)
    currency: str = ""
    delivered: Money | None = None


@runtime_checkable
class Sends(Protocol):
    """Delivers: a code, or credit on a number."""

    promises: Promises

    def send(self, request: SendRequest) -> SendReport: ...


@runtime_checkable
class Finds(Protocol):
    """Tells what became of a send, by our own reference."""

    def find(self, reference: str) -> SendReport | None:
        """The state of one send; None when they do not know it. Not found is never proof: they may have been asleep."""
        ...


@dataclass(frozen=True)
class ListedSend:
    """One order in a supplier's own list. `reference` is ours. `given`: value was given and stays; `open`: undecided.

    `face` is what was asked for, or its cost where they tell no more; `number` in E.164, empty where there is none.
    """

    reference: str
    supplier_id: str
    face: Money
    given: bool
    open: bool = False
    number: str = ""


@runtime_checkable
class ListsSends(Protocol):
    """Lists what it was asked to deliver."""

    def sends_since(self, since: datetime, until: datetime) -> Sequence[ListedSend] | Unlisted:
        """All that were made since then and before `until`; older and younger ones may be among them."""
        ...


@dataclass(frozen=True)
class Listed:
    """One thing in a supplier's own list, as it is sold now. `sku` is theirs, as a send to them names it.

    Face values are in minor units of `currency`; a fixed one has `min_minor == max_minor`. `cost_minor` is what the
    smallest one costs us, in `cost_currency`; None where they do not say. `country` is ISO 3166-1 alpha-2.
    """

    sku: str
    name: str
    operator: str
    country: str
    kind: Kind
    currency: str
    min_minor: int
    max_minor: int
    cost_minor: int | None = None
    cost_currency: str = ""


@runtime_checkable
class Lists(Protocol):
    """Tells what it sells."""

    def products(self, country: str) -> Sequence[Listed] | None:
        """Everything for that country; None when there was no readable answer, which says nothing of any product."""
        ...


@runtime_checkable
class Floats(Protocol):
    """Tells how much of our money lies with it."""

    def float_left(self) -> Money | None:
        """None when there was no readable answer."""
        ...


@dataclass(frozen=True)
class LookedUp:
    """Whose number it is, as a supplier sees it: a proposal, since numbers move. `skus` are theirs that fit."""

    operator: str
    country: str
    skus: Sequence[str] = ()


@runtime_checkable
class LooksUp(Protocol):
    """Tells whose number one is."""

    def look_up(self, number: str) -> LookedUp | None:
        """`number` in E.164; None when they do not know, or did not answer."""
        ...


# ── notices ───────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Message:
    """One e-mail, or one text. `reference` is ours and stays the same when the same message is sent again. Never holds
    a code, but for the one text that takes it to the number that asked for it (decision 0032).

    `unsubscribe_url` is of messages that somebody asked for and may be tired of; empty for those about an order.
    """

    reference: str
    to: str
    subject: str
    text: str = field(repr=False)
    language: str
    unsubscribe_url: str = ""

    @property
    def headers(self) -> Mapping[str, str]:
        """What a transport that has headers sends along: a mail program then shows one button (RFC 8058 §3.1)."""
        if not self.unsubscribe_url:
            return {}
        return {
            "List-Unsubscribe": f"<{self.unsubscribe_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }


@runtime_checkable
class Tells(Protocol):
    """Carries a message to a person."""

    def tell(self, message: Message) -> Answer: ...


@dataclass(frozen=True)
class TextReport:
    """`ids`: what they call the parts they took, in order. Receipts speak of these."""

    answer: Answer
    ids: tuple[str, ...] = ()


@runtime_checkable
class SendsTexts(Protocol):
    """Carries text messages. Their subject is not sent."""

    def text(self, message: Message) -> TextReport: ...


@dataclass(frozen=True)
class Push:
    """A short message to a browser. `text` is what the shop's service worker is told; never a code, never a number.

    `ttl_s`: how long a push service keeps it for a phone that is off.
    """

    reference: str
    to: Subscription
    text: str
    ttl_s: int = 24 * 3600


@dataclass(frozen=True)
class PushReport:
    """`gone`: this browser will never take one again."""

    answer: Answer
    gone: bool = False


@runtime_checkable
class Pushes(Protocol):
    """Carries a short message to a browser that asked for it."""

    def push(self, push: Push) -> PushReport: ...


@dataclass(frozen=True)
class Webhook:
    """What is posted to a reseller's endpoint, signed already. `url` as its people typed it."""

    url: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


@runtime_checkable
class PostsWebhooks(Protocol):
    """Posts to whatever endpoint a reseller named, if it may be called at all, and never to anywhere else."""

    def post(self, webhook: Webhook) -> Outcome: ...


@dataclass(frozen=True)
class Text:
    """Somebody's text message to us. `number` is E.164 where it is one, else as it came: a name, a short code.

    `part`: its reference, which one, of how many; a long one comes in parts.
    """

    number: str
    text: str = field(repr=False)
    part: tuple[int, int, int] = (0, 1, 1)


@dataclass(frozen=True)
class Receipt:
    """What became of a text of ours. `id_` is theirs; `state` is a word of SMPP 3.4 §5.2.28, such as DELIVRD."""

    id_: str
    state: str


class LineEnded(Exception):  # noqa: N818 - what happened, not a mistake
    """Nothing more is heard over this connection, for the reason it says. Listen again."""


@runtime_checkable
class Hears(Protocol):
    """Brings what others send us."""

    def listen(self, heard: Callable[[Text | Receipt], None], until: Callable[[], bool]) -> None:
        """Until `until` says so; raises `LineEnded` sooner. What breaks in `heard` is brought again, perhaps twice."""
        ...


@runtime_checkable
class Texts(SendsTexts, Hears, Protocol):
    """Carries text messages, both ways."""


# ── our own state, as adapters may reach it ───────────────────────────────


@dataclass(frozen=True)
class StockedCode:
    """One code of our own stock, claimed for one attempt. Sealed: the PIN is not here."""

    stock_id: str
    serial: str
    cost_minor: int
    valid_until: date | None


@dataclass(frozen=True)
class StockedCard:
    """The SIM card that one attempt's order has. `given`: it was sent, or collected."""

    card_id: str
    cost_minor: int
    given: bool


@runtime_checkable
class CardStock(Protocol):
    """Our own stock of SIM cards. Implemented and handed in like `CodeStock`."""

    def reserve_card(self, reference: str, sku: str) -> StockedCard | None:
        """One card of `sku` for the order of this attempt, or None: out of stock. The same reference keeps its card."""
        ...

    def card_of(self, reference: str) -> StockedCard | None:
        """The card that this attempt's order has, if any."""
        ...


@dataclass(frozen=True)
class Received:
    """What the lines of our own bank account show under the reference of one charge, as cumulative facts.

    `returned_minor` the bank took back; `refunded_minor` was sent back. `waiting`: an order still waits for the money.
    """

    number: str
    currency: str
    captured_minor: int
    refunded_minor: int
    returned_minor: int
    waiting: bool


@dataclass(frozen=True)
class SentBack:
    """A transfer out that a person makes, and whether a line of our account has shown it."""

    number: str
    booked: bool


@runtime_checkable
class AccountBook(Protocol):
    """The lines of our own bank account, as statements brought them. Implemented by `db`, handed in by `operations`."""

    def expect(self, reference: str) -> str:
        """The number that this charge is paid under; the same reference keeps its number."""
        ...

    def received(self, reference: str) -> Received | None:
        """What came of this charge; None where none was ever expected."""
        ...

    def send_back(self, reference: str) -> str:
        """Ask a person to transfer what this refund owes, once; the number it is to be sent under."""
        ...

    def sent(self, reference: str) -> SentBack | None:
        """What came of this refund; None where nobody was ever asked."""
        ...


@dataclass(frozen=True)
class Till:
    """What our drawers show of one charge. `waiting`: an order still waits for the money.

    Nothing is said of refunds: nobody but us pays out of a drawer, and each refund knows it by itself.
    """

    code: str
    currency: str
    captured_minor: int
    waiting: bool


@dataclass(frozen=True)
class PayOut:
    """Cash that waits for whom it is owed to: `paid` out, or `withdrawn` because they want it another way."""

    code: str
    paid: bool
    withdrawn: bool


@runtime_checkable
class CashBook(Protocol):
    """The drawers of our counters. Implemented by `db`, handed in by `operations`."""

    def expect(self, reference: str) -> str:
        """The code that this charge is paid under; the same reference keeps its code."""
        ...

    def taken(self, reference: str) -> Till | None:
        """What was taken for this charge; None where none was ever expected."""
        ...

    def owe(self, reference: str) -> str:
        """Let this refund be paid out over a counter, once; the code it is paid out for."""
        ...

    def paid_out(self, reference: str) -> PayOut | None:
        """What came of this refund; None where it never was to be paid out."""
        ...


@dataclass(frozen=True)
class Slip:
    """What clerks told of one charge on a card machine that nobody here can ask. `captured_minor` is what it approved;
    `told`: somebody told of it at all. `waiting`: an order still waits for the money.
    """

    currency: str
    captured_minor: int
    told: bool
    waiting: bool


@dataclass(frozen=True)
class SlipBack:
    """A refund that waits for its card: `paid` back on a machine, or `withdrawn` because they want it another way."""

    paid: bool
    withdrawn: bool


@runtime_checkable
class SlipBook(Protocol):
    """What clerks read on card machines. Implemented by `db`, handed in by `operations`."""

    def slip(self, reference: str) -> Slip | None:
        """What was told of this charge; None where none of this reference was ever asked for."""
        ...

    def owe(self, reference: str) -> None:
        """Let this refund be given back on a machine, once: a person is told of it."""
        ...

    def paid_back(self, reference: str) -> SlipBack | None:
        """What came of this refund; None where it never was to be given back."""
        ...


@runtime_checkable
class VoucherBook(Protocol):
    """Our own vouchers. Implemented by `db`, handed in by `operations`."""

    def paid(self, reference: str) -> Money | None:
        """What a voucher paid for this charge; None where none did."""
        ...

    def give_back(self, reference: str, charge: str, amount: Money) -> str:
        """Make the voucher that paid for `charge` good again for this refund, once: `done`, `not_whole`, `nothing`."""
        ...

    def given_back(self, reference: str) -> bool:
        """Whether one is good again for this refund."""
        ...


class CodeStock(Protocol):
    """Our own stock of codes. Implemented over PostgreSQL by `db`, handed in by `operations`."""

    def claim(self, reference: str, sku: str) -> StockedCode | None:
        """One unsold code of `sku`, oldest expiry first, or None: out of stock.

        The same reference always gets the same code.
        """
        ...

    def claimed(self, reference: str) -> StockedCode | None:
        """The code this reference holds, if any."""
        ...
