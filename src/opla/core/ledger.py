"""Double entry in integers: the chart of accounts, and what a posting is.

An account's code is its kind, the party it is with (where there is one) and its currency:
`psp_clearing:sandbox:EUR`, `customer_held:EUR`. A transfer moves a positive amount from the debit
side of one to the credit side of another, both of one currency. `held` transfers move the pending
columns only, until a `released` one of the same amount takes them back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from opla.core.fx import pair


class Side(StrEnum):
    """Which way an account's posted balance may lean. The database checks it on every update."""

    DEBIT = "debit"  # never more credits than debits
    CREDIT = "credit"  # never more debits than credits
    EITHER = "either"


class Account(StrEnum):
    PSP_CLEARING = "psp_clearing"  # with a payment provider, until it pays out
    BANK = "bank"
    TILL_DRAWER = "till_drawer"
    SUPPLIER_FLOAT = "supplier_float"  # our prepaid money at a supplier
    CODE_STOCK = "code_stock"  # codes we own, at cost
    CARD_STOCK = "card_stock"  # SIM cards we own, at cost
    STOCK_LOSSES = "stock_losses"  # cards that brought nothing: lost, damaged, or sent again for one price
    CODE_LOSSES = "code_losses"  # codes that were never sold: expired, or recalled
    SUPPLIER_PAYABLE = "supplier_payable"  # codes that came and are not paid yet
    RESELLER_FLOAT = "reseller_float"  # resellers' prepaid money with us
    CUSTOMER_HELD = "customer_held"  # paid, not yet delivered or given back
    MARGIN = "margin"
    SERVICE_FEE = "service_fee"  # our own fee, without VAT
    PROMOTIONS = "promotions"  # what our promotions cost: the part of a price that we pay
    VAT_DUE = "vat_due"  # VAT on our own fee
    REFUNDS_DUE = "refunds_due"  # decided, not yet out
    CHARGEBACKS = "chargebacks"  # taken by customers' banks, and not met by money we still held
    SUSPENSE = "suspense"  # left without us: a person explains it
    PSP_FEES = "psp_fees"  # what payment providers keep for their work
    FX = "fx"  # the position of a pair of currencies, once in each (core.fx)
    IN_TRANSIT = "in_transit"  # paid out by a payment provider, not yet on our bank's statement
    PAYOUT_FEES = "payout_fees"  # what a payment provider keeps that belongs to no payment
    CASH_OUTSIDE = "cash_outside"  # cash of ours in no drawer: the safe, on its way to the bank or from it
    CASH_ROUNDING = "cash_rounding"  # what totals in cash were rounded off, less what they were rounded up
    PARTNER_OWED = "partner_owed"  # to partner shops, for what they sold
    COMMISSIONS = "commissions"  # what partner shops keep for it
    OFFLINE_LOSSES = "offline_losses"  # codes that a tablet sold a second time: somebody may come for their price
    CASH_DIFFERENCES = "cash_differences"  # what was counted in drawers beyond the books, and missed
    VOUCHERS = "vouchers"  # owed for vouchers that were paid for and not redeemed


#: An accountant's table: which accounts may never lean the other way.
SIDES: dict[Account, Side] = {
    Account.PSP_CLEARING: Side.EITHER,  # a refund may leave before the next payment arrives
    Account.BANK: Side.EITHER,
    Account.TILL_DRAWER: Side.DEBIT,
    Account.SUPPLIER_FLOAT: Side.EITHER,  # the supplier's own count decides; reconciliation compares
    Account.CODE_STOCK: Side.DEBIT,
    Account.CARD_STOCK: Side.DEBIT,
    Account.STOCK_LOSSES: Side.EITHER,  # a dearer card may come back where a cheaper one was kept
    Account.CODE_LOSSES: Side.DEBIT,
    Account.SUPPLIER_PAYABLE: Side.EITHER,  # a vendor may be paid before anything comes
    Account.RESELLER_FLOAT: Side.CREDIT,
    Account.CUSTOMER_HELD: Side.CREDIT,
    Account.MARGIN: Side.EITHER,
    Account.SERVICE_FEE: Side.CREDIT,
    Account.PROMOTIONS: Side.DEBIT,
    Account.VAT_DUE: Side.CREDIT,
    Account.REFUNDS_DUE: Side.CREDIT,
    Account.CHARGEBACKS: Side.EITHER,
    Account.SUSPENSE: Side.EITHER,
    Account.FX: Side.EITHER,
    Account.CASH_OUTSIDE: Side.EITHER,  # the owner may bring change of their own
    Account.CASH_ROUNDING: Side.EITHER,
    Account.CASH_DIFFERENCES: Side.EITHER,
    Account.OFFLINE_LOSSES: Side.DEBIT,
    Account.PARTNER_OWED: Side.EITHER,  # a day may give more back than it took
    Account.COMMISSIONS: Side.EITHER,
    Account.VOUCHERS: Side.CREDIT,
    Account.PSP_FEES: Side.DEBIT,  # no more comes back than was kept
    Account.IN_TRANSIT: Side.EITHER,  # a payout may take money from the bank
    Account.PAYOUT_FEES: Side.EITHER,  # what was kept before we began to look may come back
}


class Phase(StrEnum):
    POSTED = "posted"
    HELD = "held"
    RELEASED = "released"


class Reason(StrEnum):
    """Why money moved. Each arrow of `order`, `payment` and `refund` names exactly its reasons."""

    CAPTURED = "captured"
    HELD = "held"
    RELEASED = "released"
    COST = "cost"
    COST_ABROAD = "cost_abroad"  # the same, as the supplier took it in another currency
    MARGIN = "margin"
    LOSS = "loss"  # a delivery that cost more than it brought: margin the other way
    FEE = "fee"
    FEE_VAT = "fee_vat"
    PROMOTION = "promotion"  # our part of the price of what was delivered
    COST_BACK = "cost_back"
    COST_ABROAD_BACK = "cost_abroad_back"
    MARGIN_BACK = "margin_back"
    LOSS_BACK = "loss_back"
    FEE_BACK = "fee_back"
    FEE_VAT_BACK = "fee_vat_back"
    PROMOTION_BACK = "promotion_back"
    REFUND_DUE = "refund_due"
    REFUND_PAID = "refund_paid"
    REFUND_PAID_OTHERWISE = "refund_paid_otherwise"  # from our bank account, because the provider would not
    GOODWILL = "goodwill"  # given back by choice, though value stays given: out of our margin
    GOODWILL_BACK = "goodwill_back"
    CHARGED_BACK = "charged_back"  # the customer's bank took it from the provider's account with us
    CHARGE_BACK_WON = "charge_back_won"
    OUTSIDE_REFUND = "outside_refund"  # refunded in the provider's dashboard: a person explains it
    OUTSIDE_UNDONE = "outside_undone"
    TAKEN_BACK = "taken_back"  # an order's or a float's own money is what left without us: it is not owed a second time
    RESTORED = "restored"  # what was taken from a float so, and has come again
    MET_OUTSIDE = "met_outside"  # a refund that was due, met by money that left without us
    PSP_FEE = "psp_fee"  # kept by the payment provider out of what it owes us
    PSP_FEE_BACK = "psp_fee_back"
    STOCK_BOUGHT = "stock_bought"
    WRITTEN_OFF = "written_off"  # a card left the shelf, and no sale pays for it
    RESTOCKED = "restocked"  # a card is on the shelf again that no sale gives back
    STOCK_RECEIVED = "stock_received"  # codes of a purchase came, to be paid to their vendor
    PURCHASE_PAID = "purchase_paid"
    PURCHASE_PAID_BACK = "purchase_paid_back"  # the vendor gave money back
    CODES_LOST = "codes_lost"  # expired or recalled, unsold
    CODES_SENT_BACK = "codes_sent_back"  # to their vendor, who is owed so much less
    FLOAT_FILLED = "float_filled"  # our own money at a supplier
    FLOAT_FILLED_ABROAD = "float_filled_abroad"  # the same, as it arrived in another currency
    FLOAT_PAID_IN = "float_paid_in"  # a reseller's money with us
    FLOAT_PAID_OUT = "float_paid_out"  # it left our bank account again: taken back by the bank, or sent back
    # of a provider's payouts (core.payout), each in both directions
    PAID_OUT = "paid_out"
    PAYOUT_FEE = "payout_fee"
    PAYOUT_UNKNOWN = "payout_unknown"  # for a payment that is none of ours: a person explains it
    PAYOUT_ARRIVED = "payout_arrived"
    CASH_TAKEN = "cash_taken"  # into a drawer (core.cash)
    CASH_GIVEN = "cash_given"  # out of a drawer, to a customer
    CASH_ROUNDED = "cash_rounded"
    CASH_PUT_IN = "cash_put_in"  # our own change into a drawer
    CASH_DROPPED = "cash_dropped"  # out of a drawer, to the safe or the bank
    CASH_OVER = "cash_over"  # counted beyond the books
    CASH_SHORT = "cash_short"
    COMMISSION = "commission"  # of a partner shop, for a day (core.partner)
    COMMISSION_BACK = "commission_back"  # for a day on which more went back than came in
    COMMISSION_PAID = "commission_paid"
    SOLD_TWICE = "sold_twice"  # a code, by a tablet without a line (core.offline)
    CASH_BANKED = "cash_banked"  # what was outside the drawers is on the bank account
    VOUCHER_OWED = "voucher_owed"  # paid for, or good again: we owe what it is for (core.voucher)
    VOUCHER_MET = "voucher_met"  # redeemed, or given back over a counter


class Slot(StrEnum):
    """An account as a posting rule names it; `Parties` says who that is in one case."""

    PAYER = "payer"  # psp_clearing of the payment's provider, or the bank where it is `OWN_ACCOUNTS`
    SOURCE = "source"  # supplier_float or code_stock of the supplier asked
    BOUGHT = "bought"  # source, or the fx position in the order's currency where the source takes another one
    FX = "fx"  # the fx position in that other currency
    GONE = "gone"  # chargebacks or suspense: the way money left without us
    HELD = "customer_held"  # or the reseller's float, which holds the money of its own orders
    MARGIN = "margin"
    FEE = "service_fee"
    VAT = "vat_due"
    PROMOTIONS = "promotions"
    DUE = "refunds_due"
    BANK = "bank"
    CHARGEBACKS = "chargebacks"
    SUSPENSE = "suspense"
    PSP_FEES = "psp_fees"  # of the payment's provider
    CARDS = "card_stock"
    LOSSES = "stock_losses"
    CODES = "code_stock"
    CODE_LOSSES = "code_losses"
    PAYABLE = "supplier_payable"
    DRAWER = "till_drawer"  # one of ours
    OUTSIDE = "cash_outside"
    ROUNDING = "cash_rounding"
    DIFFERENCES = "cash_differences"
    VOUCHERS = "vouchers"


class Posting(NamedTuple):
    """One line of a rule: which reason debits what and credits what."""

    reason: Reason
    debit: Slot
    credit: Slot
    phase: Phase = Phase.POSTED
    abroad: bool = False  # in the currency of the source, where that is another one


CAPTURED = Posting(Reason.CAPTURED, Slot.PAYER, Slot.HELD)
HOLD = Posting(Reason.HELD, Slot.HELD, Slot.SOURCE, Phase.HELD)
RELEASE = Posting(Reason.RELEASED, Slot.HELD, Slot.SOURCE, Phase.RELEASED)
COST = Posting(Reason.COST, Slot.HELD, Slot.BOUGHT)
COST_ABROAD = Posting(Reason.COST_ABROAD, Slot.FX, Slot.SOURCE, abroad=True)
MARGIN = Posting(Reason.MARGIN, Slot.HELD, Slot.MARGIN)
LOSS = Posting(Reason.LOSS, Slot.MARGIN, Slot.HELD)
FEE = Posting(Reason.FEE, Slot.HELD, Slot.FEE)
FEE_VAT = Posting(Reason.FEE_VAT, Slot.HELD, Slot.VAT)
COST_BACK = Posting(Reason.COST_BACK, Slot.BOUGHT, Slot.HELD)
COST_ABROAD_BACK = Posting(Reason.COST_ABROAD_BACK, Slot.SOURCE, Slot.FX, abroad=True)
MARGIN_BACK = Posting(Reason.MARGIN_BACK, Slot.MARGIN, Slot.HELD)
LOSS_BACK = Posting(Reason.LOSS_BACK, Slot.HELD, Slot.MARGIN)
FEE_BACK = Posting(Reason.FEE_BACK, Slot.FEE, Slot.HELD)
FEE_VAT_BACK = Posting(Reason.FEE_VAT_BACK, Slot.VAT, Slot.HELD)
REFUND_DUE = Posting(Reason.REFUND_DUE, Slot.HELD, Slot.DUE)
REFUND_PAID = Posting(Reason.REFUND_PAID, Slot.DUE, Slot.PAYER)
REFUND_PAID_OTHERWISE = Posting(Reason.REFUND_PAID_OTHERWISE, Slot.DUE, Slot.BANK)
GOODWILL = Posting(Reason.GOODWILL, Slot.MARGIN, Slot.HELD)
GOODWILL_BACK = Posting(Reason.GOODWILL_BACK, Slot.HELD, Slot.MARGIN)
PROMOTION = Posting(Reason.PROMOTION, Slot.PROMOTIONS, Slot.HELD)
PROMOTION_BACK = Posting(Reason.PROMOTION_BACK, Slot.HELD, Slot.PROMOTIONS)
CHARGED_BACK = Posting(Reason.CHARGED_BACK, Slot.CHARGEBACKS, Slot.PAYER)
CHARGE_BACK_WON = Posting(Reason.CHARGE_BACK_WON, Slot.PAYER, Slot.CHARGEBACKS)
OUTSIDE_REFUND = Posting(Reason.OUTSIDE_REFUND, Slot.SUSPENSE, Slot.PAYER)
OUTSIDE_UNDONE = Posting(Reason.OUTSIDE_UNDONE, Slot.PAYER, Slot.SUSPENSE)
TAKEN_BACK = Posting(Reason.TAKEN_BACK, Slot.HELD, Slot.GONE)
RESTORED = Posting(Reason.RESTORED, Slot.GONE, Slot.HELD)
MET_OUTSIDE = Posting(Reason.MET_OUTSIDE, Slot.DUE, Slot.GONE)
PSP_FEE = Posting(Reason.PSP_FEE, Slot.PSP_FEES, Slot.PAYER)
PSP_FEE_BACK = Posting(Reason.PSP_FEE_BACK, Slot.PAYER, Slot.PSP_FEES)
WRITTEN_OFF = Posting(Reason.WRITTEN_OFF, Slot.LOSSES, Slot.CARDS)
RESTOCKED = Posting(Reason.RESTOCKED, Slot.CARDS, Slot.LOSSES)
STOCK_RECEIVED = Posting(Reason.STOCK_RECEIVED, Slot.CODES, Slot.PAYABLE)
PURCHASE_PAID = Posting(Reason.PURCHASE_PAID, Slot.PAYABLE, Slot.BANK)
PURCHASE_PAID_BACK = Posting(Reason.PURCHASE_PAID_BACK, Slot.BANK, Slot.PAYABLE)
CODES_LOST = Posting(Reason.CODES_LOST, Slot.CODE_LOSSES, Slot.CODES)
CODES_SENT_BACK = Posting(Reason.CODES_SENT_BACK, Slot.PAYABLE, Slot.CODES)
CASH_TAKEN = Posting(Reason.CASH_TAKEN, Slot.DRAWER, Slot.PAYER)
CASH_GIVEN = Posting(Reason.CASH_GIVEN, Slot.PAYER, Slot.DRAWER)
CASH_ROUNDED_OFF = Posting(Reason.CASH_ROUNDED, Slot.ROUNDING, Slot.PAYER)
CASH_ROUNDED_UP = Posting(Reason.CASH_ROUNDED, Slot.PAYER, Slot.ROUNDING)
CASH_PUT_IN = Posting(Reason.CASH_PUT_IN, Slot.DRAWER, Slot.OUTSIDE)
CASH_DROPPED = Posting(Reason.CASH_DROPPED, Slot.OUTSIDE, Slot.DRAWER)
CASH_OVER = Posting(Reason.CASH_OVER, Slot.DRAWER, Slot.DIFFERENCES)
CASH_SHORT = Posting(Reason.CASH_SHORT, Slot.DIFFERENCES, Slot.DRAWER)
CASH_FLOAT = Posting(Reason.FLOAT_PAID_IN, Slot.DRAWER, Slot.HELD)
VOUCHER_OWED = Posting(Reason.VOUCHER_OWED, Slot.PAYER, Slot.VOUCHERS)
VOUCHER_MET = Posting(Reason.VOUCHER_MET, Slot.VOUCHERS, Slot.PAYER)
PAID_IN = Posting(Reason.FLOAT_PAID_IN, Slot.PAYER, Slot.HELD)

#: Suppliers that are our own shelves: what lies there has an account of its own name, and no float.
SHELVES = frozenset({"code_stock", "card_stock"})

#: Ways of paying straight into our own bank account: nobody stands between, so nothing has to be cleared.
OWN_ACCOUNTS = frozenset({"bank_transfer"})

#: The way of paying over a counter: what was taken there stands with its clearing account until it is a payment.
CASH = "cash"

#: The way of paying with a voucher: what it was sold for stands with its clearing account until it is captured.
VOUCHER = "voucher"

#: The way of paying on a card machine that nobody here can ask: its clerk says what it said.
TERMINAL = "terminal"

#: Ways in which nobody is called, and no page is opened: people pay elsewhere, and we are told.
ELSEWHERE = OWN_ACCOUNTS | {CASH, TERMINAL}


def account_code(account: Account, currency: str, party: str = "") -> str:
    """`supplier_float:sandbox:EUR`; without a party `margin:EUR`."""
    return f"{account}:{party}:{currency}" if party else f"{account}:{currency}"


def way(charged_back_minor: int, amount_minor: int) -> Account:
    """Which account stands for money that left without us: the charge-backs where they cover it, else suspense."""
    return Account.CHARGEBACKS if charged_back_minor >= amount_minor else Account.SUSPENSE


@dataclass(frozen=True)
class Parties:
    """Who the slots of a rule are in one case. `source` names the supplier; `SHELVES` are our own.

    `abroad` is the currency the supplier takes, where it is not the order's.
    A reseller's order is paid from its float and has no payment: what is held for it is held there.
    """

    currency: str
    provider: str = ""
    source: str = ""
    gone: Account = Account.SUSPENSE
    reseller: str = ""
    abroad: str = ""
    drawer: str = ""

    def account(self, role: Slot, *, abroad: bool = False) -> str:
        currency = self.abroad if abroad else self.currency
        if role is Slot.BOUGHT and not self.abroad:
            role = Slot.SOURCE
        match role:
            case Slot.PAYER if self.provider in OWN_ACCOUNTS:
                return account_code(Account.BANK, self.currency)
            case Slot.PAYER:
                return account_code(Account.PSP_CLEARING, self.currency, self.provider)
            case Slot.SOURCE if self.source in SHELVES:
                return account_code(Account(self.source), self.currency)
            case Slot.SOURCE:
                return account_code(Account.SUPPLIER_FLOAT, currency, self.source)
            case Slot.HELD if self.reseller:
                return account_code(Account.RESELLER_FLOAT, self.currency, self.reseller)
            case Slot.PSP_FEES:
                return account_code(Account.PSP_FEES, self.currency, self.provider)
            case Slot.DRAWER:
                return account_code(Account.TILL_DRAWER, self.currency, self.drawer)
            case Slot.BOUGHT | Slot.FX:
                return account_code(Account.FX, currency, pair(self.currency, self.abroad))
            case Slot.GONE:
                return account_code(self.gone, self.currency)
            case _:
                return account_code(Account(role.value), self.currency)


@dataclass(frozen=True)
class Transfer:
    """One line of the journal. `amount_minor` is positive; direction is debit and credit."""

    debit: str
    credit: str
    amount_minor: int
    currency: str
    reason: Reason
    phase: Phase
    order_id: UUID | None = None
    payment_id: UUID | None = None


def transfers(
    postings: tuple[Posting, ...],
    amounts: dict[Reason, int],
    parties: Parties,
    *,
    order_id: UUID | None,
    payment_id: UUID | None = None,
) -> tuple[Transfer, ...]:
    """The journal lines of one arrow. An amount of zero leaves no line; a missing or negative one is a bug."""
    lines = []
    known: dict[Slot, str] = {}  # most lines of an arrow name the same account
    for posting in postings:
        amount_minor = amounts[posting.reason]
        if amount_minor < 0:
            raise ValueError(f"{posting.reason} would move {amount_minor}: use the posting of the other direction")
        if not amount_minor:
            continue
        reason, debit, credit, phase, abroad = posting
        if abroad:
            sides = parties.account(debit, abroad=True), parties.account(credit, abroad=True), parties.abroad
        else:
            for slot in (debit, credit):
                if slot not in known:
                    known[slot] = parties.account(slot)
            sides = known[debit], known[credit], parties.currency
        debited, credited, currency = sides
        lines.append(Transfer(debited, credited, amount_minor, currency, reason, phase, order_id, payment_id))
    return tuple(lines)
