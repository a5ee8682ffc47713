"""The journal and the accounts in words, and a day's journal as a file an accountant opens in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.day import ZONE
from opla.core.ledger import Account, Reason
from opla.db.queries.days import Line

_ACCOUNTS: Final[dict[Account, str]] = {
    Account.PSP_CLEARING: gettext_noop("With the payment provider"),
    Account.BANK: gettext_noop("Bank"),
    Account.TILL_DRAWER: gettext_noop("Till"),
    Account.SUPPLIER_FLOAT: gettext_noop("Prepaid at the supplier"),
    Account.CODE_STOCK: gettext_noop("Codes in stock, at cost"),
    Account.CARD_STOCK: gettext_noop("SIM cards in stock, at cost"),
    Account.STOCK_LOSSES: gettext_noop("SIM cards that brought nothing"),
    Account.CODE_LOSSES: gettext_noop("Codes that were never sold"),
    Account.SUPPLIER_PAYABLE: gettext_noop("Owed to vendors of codes"),
    Account.RESELLER_FLOAT: gettext_noop("Prepaid by resellers"),
    Account.CUSTOMER_HELD: gettext_noop("Customers' money held"),
    Account.MARGIN: gettext_noop("Margin"),
    Account.SERVICE_FEE: gettext_noop("Service fee, without VAT"),
    Account.PROMOTIONS: gettext_noop("Promotions given"),
    Account.VAT_DUE: gettext_noop("VAT on the fee"),
    Account.REFUNDS_DUE: gettext_noop("Refunds due"),
    Account.CHARGEBACKS: gettext_noop("Charge-backs"),
    Account.SUSPENSE: gettext_noop("To be explained"),
    Account.FX: gettext_noop("Between two currencies"),
    Account.PSP_FEES: gettext_noop("Fees of payment providers"),
    Account.IN_TRANSIT: gettext_noop("Paid out, on its way to the bank"),
    Account.PAYOUT_FEES: gettext_noop("Fees of payment providers, of no payment"),
    Account.CASH_OUTSIDE: gettext_noop("Cash outside the tills"),
    Account.CASH_ROUNDING: gettext_noop("Rounding of cash"),
    Account.CASH_DIFFERENCES: gettext_noop("Counted beyond the books, or missed"),
    Account.PARTNER_OWED: gettext_noop("Owed to partner shops"),
    Account.COMMISSIONS: gettext_noop("Commissions of partner shops"),
    Account.OFFLINE_LOSSES: gettext_noop("Codes that a tablet sold a second time"),
    Account.VOUCHERS: gettext_noop("Vouchers sold and not redeemed"),
}

_REASONS: Final[dict[Reason, str]] = {
    Reason.CAPTURED: gettext_noop("Paid by the customer"),
    Reason.HELD: gettext_noop("Held"),
    Reason.RELEASED: gettext_noop("No longer held"),
    Reason.COST: gettext_noop("Cost of what was delivered"),
    Reason.COST_ABROAD: gettext_noop("The same cost, in the supplier's currency"),
    Reason.MARGIN: gettext_noop("Margin"),
    Reason.LOSS: gettext_noop("Delivered at a loss"),
    Reason.FEE: gettext_noop("Service fee, without VAT"),
    Reason.FEE_VAT: gettext_noop("VAT on the fee"),
    Reason.PROMOTION: gettext_noop("our part of the price"),
    Reason.COST_BACK: gettext_noop("Cost taken back"),
    Reason.COST_ABROAD_BACK: gettext_noop("Cost taken back, in the supplier's currency"),
    Reason.MARGIN_BACK: gettext_noop("Margin taken back"),
    Reason.LOSS_BACK: gettext_noop("Loss taken back"),
    Reason.FEE_BACK: gettext_noop("Service fee taken back"),
    Reason.FEE_VAT_BACK: gettext_noop("VAT on the fee taken back"),
    Reason.PROMOTION_BACK: gettext_noop("our part of the price, taken back"),
    Reason.REFUND_DUE: gettext_noop("To be refunded"),
    Reason.REFUND_PAID: gettext_noop("Refunded"),
    Reason.REFUND_PAID_OTHERWISE: gettext_noop("Refunded by bank transfer"),
    Reason.GOODWILL: gettext_noop("Given back by choice"),
    Reason.GOODWILL_BACK: gettext_noop("Given back by choice, taken back"),
    Reason.CHARGED_BACK: gettext_noop("Charged back by the customer's bank"),
    Reason.CHARGE_BACK_WON: gettext_noop("A charge-back was won"),
    Reason.OUTSIDE_REFUND: gettext_noop("Refunded at the provider, not by us"),
    Reason.OUTSIDE_UNDONE: gettext_noop("A refund made at the provider came back"),
    Reason.TAKEN_BACK: gettext_noop("Not owed any more: it left without us"),
    Reason.RESTORED: gettext_noop("A payment in that was taken back has come again"),
    Reason.MET_OUTSIDE: gettext_noop("A refund met by what left without us"),
    Reason.PSP_FEE: gettext_noop("Kept by the payment provider"),
    Reason.PSP_FEE_BACK: gettext_noop("Given back by the payment provider"),
    Reason.PAID_OUT: gettext_noop("Paid out by the payment provider"),
    Reason.PAYOUT_FEE: gettext_noop("Kept by the payment provider, of no payment"),
    Reason.PAYOUT_UNKNOWN: gettext_noop("Paid out for no payment of this shop"),
    Reason.PAYOUT_ARRIVED: gettext_noop("A payout arrived at the bank"),
    Reason.STOCK_BOUGHT: gettext_noop("Codes or SIM cards bought"),
    Reason.WRITTEN_OFF: gettext_noop("SIM cards written off"),
    Reason.RESTOCKED: gettext_noop("SIM cards on the shelf again"),
    Reason.STOCK_RECEIVED: gettext_noop("Codes that came, to be paid"),
    Reason.PURCHASE_PAID: gettext_noop("Paid to a vendor of codes"),
    Reason.PURCHASE_PAID_BACK: gettext_noop("Given back by a vendor of codes"),
    Reason.CODES_LOST: gettext_noop("Codes expired or recalled"),
    Reason.CODES_SENT_BACK: gettext_noop("Codes sent back to their vendor"),
    Reason.FLOAT_FILLED: gettext_noop("Paid to the supplier in advance"),
    Reason.FLOAT_FILLED_ABROAD: gettext_noop("Arrived at the supplier, in its currency"),
    Reason.FLOAT_PAID_IN: gettext_noop("Paid in advance by a reseller"),
    Reason.FLOAT_PAID_OUT: gettext_noop("Left a reseller's float by bank"),
    Reason.CASH_TAKEN: gettext_noop("Taken in cash"),
    Reason.CASH_GIVEN: gettext_noop("Given back in cash"),
    Reason.CASH_ROUNDED: gettext_noop("Rounded to coins"),
    Reason.CASH_PUT_IN: gettext_noop("Change put into a till"),
    Reason.CASH_DROPPED: gettext_noop("Taken from a till to the safe or the bank"),
    Reason.CASH_OVER: gettext_noop("Counted more than the books say"),
    Reason.CASH_SHORT: gettext_noop("Counted less than the books say"),
    Reason.CASH_BANKED: gettext_noop("Cash brought to the bank"),
    Reason.SOLD_TWICE: gettext_noop("A code that a tablet sold a second time"),
    Reason.COMMISSION: gettext_noop("Commission of a partner shop"),
    Reason.COMMISSION_BACK: gettext_noop("Commission of a partner shop, taken off again"),
    Reason.COMMISSION_PAID: gettext_noop("Commission paid to a partner shop"),
    Reason.VOUCHER_OWED: gettext_noop("Voucher paid for, or good again"),
    Reason.VOUCHER_MET: gettext_noop("Voucher redeemed, or given back"),
}


def account(code: str) -> str:
    """`supplier_float:sandbox:EUR` → the account's name and whom it is with."""
    kind, *parties = code.split(":")[:-1]
    if kind not in list(Account):
        return code
    name = _(_ACCOUNTS[Account(kind)])
    return f"{name} · {parties[0]}" if parties else name


def reason(of: Reason) -> str:
    # A reason newer than its words keeps its name: a journal hides nothing.
    return _(_REASONS[of]) if of in _REASONS else str(of)


#: Column names are the same in every language: programs read them too.
COLUMNS: Final = ("time", "entry", "debit", "credit", "amount", "currency", "text", "order", "receipt")


def journal_csv(lines: Iterable[Line]) -> Iterator[str]:
    """A journal, piece by piece; times are the shop's."""
    rows = (
        (
            line.at.astimezone(ZONE).isoformat(timespec="seconds"), line.entry, line.debit, line.credit,
            line.amount.decimal, line.amount.currency, reason(line.reason), line.ticket, line.receipt,
        )
        for line in lines
    )  # fmt: skip
    return pieces(COLUMNS, rows)


def pieces(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A file for a spreadsheet, row by row: UTF-8 with a mark so that it is read as such."""
    out = io.StringIO()
    writer = csv.writer(out)
    out.write("\ufeff")
    writer.writerow(columns)
    for row in rows:
        yield out.getvalue()
        out.seek(0)
        out.truncate()
        writer.writerow(row)
    yield out.getvalue()
