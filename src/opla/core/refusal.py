"""Every business "no", as a value with a code that stays the same for ever.

The order of `Code` is the precedence: where several refusals apply, `first` answers with the one
that stands highest, so every surface says the same thing about the same request.
Texts per language live in `presenting/refusals.py`; a code without a text there fails the tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Code(StrEnum):
    """What was refused. Each value is published: never renamed, never given another meaning."""

    # who asks
    API_KEY_WRONG = "api_key_wrong"  # none, unknown or revoked
    API_KEY_EXPIRED = "api_key_expired"
    API_KEY_ELSEWHERE = "api_key_elsewhere"  # used from an address that its owner did not allow
    SCOPE_MISSING = "scope_missing"  # the key, or this person at the reseller, has not that right
    SCOPE_UNKNOWN = "scope_unknown"  # a key cannot be made with that word
    ROLE_UNKNOWN = "role_unknown"  # nobody can be that at a reseller
    LAST_OWNER = "last_owner"  # of a reseller, or of the house: nobody could name another one
    PERSON_NAME_TAKEN = "person_name_taken"  # it stands beside what somebody else of the house did
    HOUSE_PERSON = "house_person"  # who is of the house deletes no account before somebody let them go
    NETWORK_UNREADABLE = "network_unreadable"  # neither an address nor a network
    TOO_MANY_CALLS = "too_many_calls"  # by one key: says how many seconds to wait
    NOT_ALLOWED = "not_allowed"  # this actor may not do this act
    NOT_FOUND = "not_found"  # also said to strangers about what is not theirs
    TOO_MANY_TRIES = "too_many_tries"  # says how many minutes to wait
    # what was typed: a number, a SIM
    NUMBER_MISSING = "number_missing"
    NUMBER_UNREADABLE = "number_unreadable"  # no habit of writing a number fits
    NUMBER_TOO_SHORT = "number_too_short"
    NUMBER_TOO_LONG = "number_too_long"
    NUMBER_EMERGENCY = "number_emergency"  # 112, 100, 101 …
    NUMBER_SHORT_CODE = "number_short_code"  # service numbers such as 1984
    NUMBER_LANDLINE = "number_landline"
    NUMBER_NOT_MOBILE = "number_not_mobile"  # pager, premium, machine …
    NUMBER_FOREIGN = "number_foreign"  # a real mobile number of a country this shop has no products for
    NUMBER_INVALID = "number_invalid"  # right length, but no such range
    SIM_NEEDS_NUMBER = "sim_needs_number"  # an ICCID, EID or activation code; top-up needs the number
    SIM_CHECK_DIGIT = "sim_check_digit"  # looks like an ICCID or EID, but its check digit is wrong
    # what an operator answered
    ANSWER_MISSING = "answer_missing"
    ANSWER_UNREADABLE = "answer_unreadable"  # no figure with a unit in it
    END_OVER = "end_over"  # what a SIM holds ended before now
    # what was chosen
    OPERATOR_UNKNOWN = "operator_unknown"
    OPERATOR_WITHOUT_PREPAID = "operator_without_prepaid"  # known, but no prepaid product of it is known
    PRODUCT_UNKNOWN = "product_unknown"
    PRODUCT_OF_ANOTHER_OPERATOR = "product_of_another_operator"
    PRODUCT_WITHDRAWN = "product_withdrawn"
    PRODUCT_SAMPLE_ONLY = "product_sample_only"  # invented sample data is never sold for real money
    SOLD_OUT = "sold_out"  # neither our shelf nor any supplier of this shop has it
    STARTER_SOLD_OUT = "starter_sold_out"  # no such new SIM or eSIM lies on our shelf
    AMOUNT_UNREADABLE = "amount_unreadable"
    AMOUNT_NOT_OFFERED = "amount_not_offered"  # fixed denominations: not one of them
    AMOUNT_BELOW_MIN = "amount_below_min"
    AMOUNT_ABOVE_MAX = "amount_above_max"
    AMOUNT_OFF_STEP = "amount_off_step"
    # what it would do to the line
    LINE_UNREADABLE = "line_unreadable"  # a file of a line: names the field and what is wrong with it
    LINE_CURRENCY = "line_currency"  # the line's credit is in another currency
    NAME_INVALID = "name_invalid"  # a nickname of 1 to 40 signs
    SIMS_FILE_INVALID = "sims_file_invalid"  # a file of one's SIMs: names the field and what is wrong with it
    SIMS_TOO_MANY = "sims_too_many"  # more than anybody keeps
    NUMBER_LOST = "number_lost"  # the number's life and its grace are over: no top-up brings it back
    CODE_LAPSES = "code_lapses"  # its last day is before it could be entered
    LAPSES_BEFORE_START = "lapses_before_start"  # its last day is before it could begin
    EFFECT_UNKNOWN = "effect_unknown"  # figures are not known, so nobody can say what it does
    PLAN_CHANGE_REFUSED = "plan_change_refused"  # not here, not now, never, or not known
    ONCE_A_DAY = "once_a_day"  # ordered today already
    ANOTHER_ACTIVE = "another_active"  # the operator takes a second one only when the first has ended
    CREDIT_TOO_LOW = "credit_too_low"  # bought with the credit on the SIM, which is less than the price
    # what is needed
    NEED_MISSING = "need_missing"  # no data, no calls, no SMS
    NEED_UNREADABLE = "need_unreadable"  # a figure of it is no number, or not within `least` and `most`
    NEED_NOT_COVERED = "need_not_covered"  # no list of purchases covers it at any price: names the kinds that fail
    NEED_UNDECIDED = "need_undecided"  # none was found before the search had to end
    # who it is for
    EMAIL_MISSING = "email_missing"
    EMAIL_INVALID = "email_invalid"
    LANGUAGE_UNKNOWN = "language_unknown"
    INTERVAL_UNKNOWN = "interval_unknown"  # check-ins, and renewals, come at one of a few intervals
    # what is written to each other
    MESSAGE_MISSING = "message_missing"
    MESSAGE_TOO_LONG = "message_too_long"  # says how many signs there may be
    MESSAGE_HOLDS_CODE = "message_holds_code"  # digits that could be a code: kept nowhere
    # the quote
    QUOTE_UNKNOWN = "quote_unknown"
    QUOTE_EXPIRED = "quote_expired"
    QUOTE_CHANGED = "quote_changed"  # what was sent back differs from what was shown
    DAY_NOT_POSSIBLE = "day_not_possible"  # for delivery: before the first day there is, or after the last
    QUOTE_TAKEN = "quote_taken"  # became an order already, by somebody else
    BOUGHT_ALREADY = "bought_already"  # asked for by text, and somebody else has paid for it
    CONSENT_MISSING = "consent_missing"  # delivery at once was not asked for, and is what is sold here
    # the phone an eSIM is for
    DEVICE_NOT_CHECKED = "device_not_checked"  # nobody said what phone it is, not even that it is not known
    DEVICE_NOT_COMPATIBLE = "device_not_compatible"  # `why`: locked, eid_wrong, no_eid, model, region
    # stepping back
    NAME_MISSING = "name_missing"
    ORDER_NUMBER_UNREADABLE = "order_number_unreadable"
    BASKET_FULL = "basket_full"  # as many quotes lie in it as one payment may pay
    BASKET_CHANGED = "basket_changed"  # one of several under one payment cannot be had any more: none was bought
    # promotions
    COUPON_UNKNOWN = "coupon_unknown"
    COUPON_NOT_NOW = "coupon_not_now"  # its promotion has not begun, or is over
    COUPON_NOT_HERE = "coupon_not_here"  # its promotion is for another purchase: the sentence says what it needs
    COUPON_USED_UP = "coupon_used_up"  # by everybody together, or by this customer
    PROMOTION_USED_UP = "promotion_used_up"  # somebody else took the last one since the price was shown
    PROMOTION_NAME_USED = "promotion_name_used"  # uses are counted by it: a new promotion gets a new name
    PROMOTION_SAMPLE_ONLY = "promotion_sample_only"  # invented promotions are never imported beside real money
    # paying
    PAYMENT_METHOD_UNKNOWN = "payment_method_unknown"
    METHOD_KEEPS_NO_CONSENT = "method_keeps_no_consent"  # nothing can be charged by it again
    CEILING_TOO_LOW = "ceiling_too_low"  # below what it costs now, or a month's below that of one charge
    RENEWAL_NOT_NOW = "renewal_not_now"  # in the state it is in, that cannot be
    PAYMENTS_PAUSED = "payments_paused"  # too many were asked for: `minutes` to wait, or `until` tomorrow
    ORDER_NOT_PAYABLE = "order_not_payable"  # paid, ended or expired
    FLOAT_TOO_LOW = "float_too_low"  # less is free on a reseller's float than the order costs
    FLOAT_OWES = "float_owes"  # what was paid in left again, the float had spent it, and no order waits on credit
    FLOAT_SPENT = "float_spent"  # what was paid in cannot go back: the float holds less free
    KEY_MISSING = "key_missing"  # a reseller's order without an idempotency key of 1 to 64 signs
    FIELD_UNKNOWN = "field_unknown"  # a program sent a field that means nothing here
    FIELD_NOT_TEXT = "field_not_text"
    FIELD_INVALID = "field_invalid"  # missing, of another type, or beyond what it may be: `why`
    KEY_REUSED = "key_reused"  # same idempotency key, another field: names it
    STILL_RUNNING = "still_running"
    CATALOGUE_CHANGED = "catalogue_changed"  # somebody proposed or approved another version meanwhile
    FEE_CHANGED = "fee_changed"  # somebody proposed or approved another one meanwhile
    PROMOTIONS_CHANGED = "promotions_changed"  # somebody proposed, approved or imported another version meanwhile
    CALLED_OFF_TOO_LATE = "called_off_too_late"  # nothing waits for a date any more
    # codes
    NOT_DELIVERED_YET = "not_delivered_yet"
    PROOF_NEEDED = "proof_needed"  # another device: prove the e-mail first
    PROOF_WRONG = "proof_wrong"
    PROOF_EXPIRED = "proof_expired"
    SHARE_OVER = "share_over"  # a link for the recipient that ended, or was taken back
    SHARE_USED = "share_used"  # it has shown its code on another device
    CODE_SEEN = "code_seen"  # somebody has looked at it, so it does not go back by itself
    TAKE_BACK_OVER = "take_back_over"  # too near its last day to go back by itself
    # SIM cards
    ADDRESS_MISSING = "address_missing"  # says which line of it
    POSTCODE_INVALID = "postcode_invalid"  # Belgian ones are 1000 to 9999
    COUNTRY_NOT_SERVED = "country_not_served"  # no card is sent there
    PLACE_UNKNOWN = "place_unknown"  # not one of ours where cards are collected
    CARDS_OUT_OF_STOCK = "cards_out_of_stock"
    CARD_UNKNOWN = "card_unknown"  # this ICCID is not in our stock
    CARD_OTHER_PRODUCT = "card_other_product"
    CARD_TAKEN = "card_taken"  # packed for another order, sold, or gone
    CARD_NOT_NOW = "card_not_now"  # in the state the card or its order is in, that cannot be
    COLLECTION_CODE_WRONG = "collection_code_wrong"
    RETURN_OVER = "return_over"  # too late to go back by rule
    # signing in
    STEP_WRONG = "step_wrong"  # neither the app's six digits nor a recovery code, or used already
    PASSKEY_WRONG = "passkey_wrong"  # of nobody here, or its answer is no answer to what was asked
    ORDERS_OPEN = "orders_open"  # data is deleted when the last order has ended
    # refunds and items
    REFUND_BY_RULE = "refund_by_rule"  # delivered or refunded by itself: nothing to choose yet
    NOTHING_TO_REFUND = "nothing_to_refund"  # nothing of the order's money is kept
    REFUND_TOO_MUCH = "refund_too_much"  # beyond captured − refunded − charged back − in flight
    REASON_MISSING = "reason_missing"
    ITEM_CLOSED = "item_closed"  # settled already, by somebody or by an answer
    NOT_CONFIRMED = "not_confirmed"  # the box beside the consequence was not ticked
    RESOLUTION_UNKNOWN = "resolution_unknown"  # not one of those that this item has (now)
    SAME_PERSON = "same_person"  # a second person must agree, and this is the first again
    EVIDENCE_MISSING = "evidence_missing"  # a code that was seen is refunded only with the operator's answer
    REFUNDS_PAUSED = "refunds_paused"  # as much went back by rule today as goes without a person looking
    REFUND_WAITS = "refund_waits"  # another refund of this order waits for its second person
    SUPPLIER_ID_TAKEN = "supplier_id_taken"  # another attempt was answered with it
    CODE_UNREADABLE = "code_unreadable"
    # days
    DAY_UNREADABLE = "day_unreadable"
    DAY_NOT_OVER = "day_not_over"
    DAY_OUT_OF_ORDER = "day_out_of_order"  # an earlier one is still open
    MONTH_UNREADABLE = "month_unreadable"
    MONTH_NOT_OVER = "month_not_over"
    MONTH_OUT_OF_ORDER = "month_out_of_order"  # an earlier one is still open
    MONTH_DAYS_OPEN = "month_days_open"  # not all its days are closed: names the first that is not
    MONTH_NOT_CLOSED = "month_not_closed"  # so there is nothing of it that stands, to be given to an accountant
    MONTH_OUTSIDE = "month_outside"  # its lines were taken out of the database
    CHART_INVALID = "chart_invalid"  # the file of account numbers: names what is wrong in it
    BOOKS_BROKEN = "books_broken"  # nothing is fixed while a check fails
    # stock and catalogue files
    FILE_UNREADABLE = "file_unreadable"
    FILE_TOO_LARGE = "file_too_large"
    COLUMNS_WRONG = "columns_wrong"  # names those that mean nothing here, and those that are missing
    CELL_INVALID = "cell_invalid"  # names row and column, and says what is wrong
    ROW_INVALID = "row_invalid"
    FILE_BROKEN = "file_broken"  # `why`: encoding, nul, csv, json, sheet, empty or columns; with its line where known
    ROWS_TOO_MANY = "rows_too_many"  # says how many there may be
    ROW_TWICE = "row_twice"  # another row of the file has the same key: names its line
    CELL_ROUNDED = "cell_rounded"  # a spreadsheet kept fifteen digits of it: two numbers may look the same
    PRODUCT_NOT_MAPPED = "product_not_mapped"  # nobody said which of ours a marketplace's product is
    SOURCE_UNKNOWN = "source_unknown"  # nobody said how this platform writes its export
    FILE_NOT_NOW = "file_not_now"  # in the state the file is in, that cannot be
    TIME_NOT_POSSIBLE = "time_not_possible"  # unreadable, over, or too far ahead
    CODE_KNOWN = "code_known"  # this PIN is or was in stock already
    VENDOR_MISSING = "vendor_missing"  # 1 to 60 signs
    QUANTITY_UNREADABLE = "quantity_unreadable"  # a whole number, 1 to `most`
    PURCHASE_NOT_NOW = "purchase_not_now"  # in the state it is in, that cannot be
    PURCHASE_TOO_MUCH = "purchase_too_much"  # more than what was ordered costs, or more back than was paid
    BATCH_NOT_NOW = "batch_not_now"  # in the state it is in, that cannot be
    # suppliers
    SUPPLIER_LISTS_NOTHING = "supplier_lists_nothing"  # it has no list that could be read
    LIST_UNREADABLE = "list_unreadable"  # no answer, or nothing in it that could be sold
    LIST_TOO_SHORT = "list_too_short"  # `count` where there were `count_before`: half is gone, so it is not believed
    LIST_CHANGED = "list_changed"  # they list it otherwise than was on the screen
    SUPPLY_DIFFERS = "supply_differs"  # theirs is not as ours is: `what` is kind, currency or face
    # statements of the bank
    PAYOUTS_NOT_TOLD = "payouts_not_told"  # this provider does not say what it paid out, or not with these settings
    PAYOUTS_UNREADABLE = "payouts_unreadable"  # no answer, or a part only: nothing was kept
    BANK_ACCOUNT_MISSING = "bank_account_missing"  # this shop names no account of its own
    STATEMENT_UNKNOWN = "statement_unknown"  # neither camt.053, camt.054 nor CODA version 2
    STATEMENT_EMPTY = "statement_empty"
    STATEMENT_CHARSET = "statement_charset"  # its signs are not those it says, or that banks write: names the line
    STATEMENT_UNSAFE = "statement_unsafe"  # XML with a document type, or nested beyond all reason
    STATEMENT_BROKEN = "statement_broken"  # names the line that cannot be read
    STATEMENT_CUT = "statement_cut"  # its end is missing, or does not count what is there: names the line
    STATEMENT_INCOMPLETE = "statement_incomplete"  # names the field that is missing
    STATEMENT_OTHER_ACCOUNT = "statement_other_account"  # of another account: its last four signs
    STATEMENT_CURRENCY = "statement_currency"  # in another currency
    STATEMENT_SUM = "statement_sum"  # old balance and lines do not make the new balance
    TRANSFER_NOT_ASKED = "transfer_not_asked"  # no order of this number was to be paid by bank transfer
    # cash over a counter
    DRAWER_UNKNOWN = "drawer_unknown"  # there is none of this name, or it is closed
    DRAWER_NAME_INVALID = "drawer_name_invalid"
    DRAWER_PLACE_MISSING = "drawer_place_missing"  # a drawer stands at a place whose address and hours are known
    DRAWER_NOT_EMPTY = "drawer_not_empty"
    DRAWER_HOLDS_CODES = "drawer_holds_codes"  # a tablet of it holds codes, or sold some that are not booked
    CASH_CODE_UNKNOWN = "cash_code_unknown"
    CASH_TAKEN = "cash_taken"  # for this payment, before
    CASH_NOT_WAITED_FOR = "cash_not_waited_for"  # its order is paid, over, or of another price
    CASH_PAID_OUT = "cash_paid_out"  # this refund, before
    CASH_NOT_DUE = "cash_not_due"  # no refund waits under this code (any more)
    CASH_TOO_LITTLE = "cash_too_little"  # names what is due
    CASH_CANNOT_BE = "cash_cannot_be"  # nobody pays so much with these notes and coins, or it cannot be changed
    # partner shops
    PARTNER_NAME_INVALID = "partner_name_invalid"
    PARTNER_PLACE_TAKEN = "partner_place_taken"  # it is another partner's
    PARTNER_OWED_LESS = "partner_owed_less"  # less than that
    COMMISSION_INVALID = "commission_invalid"  # no percentage of at most `most`, with one decimal
    AGREEMENT_DAY_INVALID = "agreement_day_invalid"  # a first day, and an end after it or none
    # tablets, clerks and shifts
    STATION_UNKNOWN = "station_unknown"
    STATION_NAME_INVALID = "station_name_invalid"
    STATION_FIXED = "station_fixed"  # its kind and its drawer stay what they are: another name is another tablet
    PAIRING_CODE_WRONG = "pairing_code_wrong"  # mistyped, used, or over
    CLERK_UNKNOWN = "clerk_unknown"
    CLERK_NAME_INVALID = "clerk_name_invalid"
    PIN_INVALID = "pin_invalid"  # not `from` to `to` digits
    PIN_WEAK = "pin_weak"  # among those that are tried first
    PIN_WRONG = "pin_wrong"
    PIN_WAITS = "pin_waits"  # too many were wrong: `minutes`
    PIN_ENDED = "pin_ended"  # too many were wrong: a new one must be given
    COUNT_UNREADABLE = "count_unreadable"  # how many of a `piece` there are is a whole number
    SHIFT_OPEN = "shift_open"  # at this drawer there is one
    SHIFT_CLOSED = "shift_closed"  # a clerk moves money in a shift alone
    OFFLINE_KEY_INVALID = "offline_key_invalid"  # no points of P-256
    OFFLINE_SALES_WRONG = "offline_sales_wrong"  # not as a tablet of ours writes and signs them
    OFFLINE_UNBOOKED = "offline_unbooked"  # what was sold without a line is booked first
    OFFLINE_GAP = "offline_gap"  # a sale before these is missing: names the `next` number
    SHIFT_NOT_YOURS = "shift_not_yours"  # who opened it, or a manager, closes it
    SHIFT_DIFFERS = "shift_differs"  # what was counted is not what should be there, and nobody has said why
    SALE_NOT_YOURS = "sale_not_yours"  # who sold it, or a manager, undoes it
    NOT_AT_TILLS = "not_at_tills"  # what this price is of is not sold at a till
    DRAWER_SHORT = "drawer_short"  # there is less in it
    TAKING_USED = "taking_used"  # what was paid is delivered or seen: it is a refund then, and no mistake undone
    TAKING_TOO_OLD = "taking_too_old"
    TAKING_UNDONE = "taking_undone"  # by this very key it was taken before, and its money has left the drawer again
    # card machines on a counter
    TERMINAL_UNKNOWN = "terminal_unknown"  # none of this name stands there, or it is of no kind that this shop has
    TERMINAL_NAME_INVALID = "terminal_name_invalid"
    MACHINE_WAITS = "machine_waits"  # at a kiosk: for the card of somebody who was there before
    TERMINAL_TAKEN = "terminal_taken"  # this name, or their machine, is another one's
    RECEIPT_INVALID = "receipt_invalid"
    RECEIPT_USED = "receipt_used"  # for another payment, at this till today
    SLIP_TOLD = "slip_told"  # it was said before what became of this payment
    SLIP_NOT_DUE = "slip_not_due"  # this refund does not wait for a card (any more)
    SLIPS_TOO_FEW = "slips_too_few"  # more was paid out than `total`, which all slips until then are
    # slips
    PRINTED_ALREADY = "printed_already"  # a copy is marked, and needs a reason
    PRINT_UNKNOWN = "print_unknown"  # nobody has said yet whether the last one came out
    PRINT_NOT_NOW = "print_not_now"  # in the state it is in, that cannot be
    # vouchers
    VOUCHER_WRONG = "voucher_wrong"  # its code pays for nothing, whatever is wrong with it
    VOUCHER_SERIAL_UNKNOWN = "voucher_serial_unknown"
    VOUCHER_SOLD = "voucher_sold"  # paid for, before
    VOUCHER_NOT_HERE = "voucher_not_here"  # by the books it does not lie where it is to be sold
    VOUCHER_OVER = "voucher_over"  # its last day is
    VOUCHER_PLACE_MISSING = "voucher_place_missing"  # it is sent to a place of ours
    SLIP_UNKNOWN = "slip_unknown"  # no order slip of ours has this number, or it was mistyped
    SLIP_USED = "slip_used"  # it was entered, or sent back, before: `ticket` of its order, or empty
    SLIP_PRICE_CHANGED = "slip_price_changed"  # what is printed on it is not what it costs now
    LETTER_NOT_NOW = "letter_not_now"  # in the state this letter is in, that cannot be
    LETTER_ADDRESS_GONE = "letter_address_gone"  # nobody knows any more where it goes
    # resellers
    TRANSFERS_NONE = "transfers_none"  # nothing waits to be sent, or nobody knows where to
    TRANSFER_FILE_CHANGED = "transfer_file_changed"  # it would be other bytes under a name that a bank may know

    WEBHOOK_URL_REFUSED = "webhook_url_refused"  # nothing is posted there: `why` is https, host, port, private …
    WEBHOOK_KNOWN = "webhook_known"  # this reseller has an endpoint with this very address
    WEBHOOK_EVENT_UNKNOWN = "webhook_event_unknown"
    WEBHOOKS_TOO_MANY = "webhooks_too_many"  # endpoints of one reseller: `most`
    WEBHOOK_ENDED = "webhook_ended"  # nothing is posted to it until it is enabled again
    RESELLER_UNKNOWN = "reseller_unknown"
    RESELLER_NAME_INVALID = "reseller_name_invalid"
    RESELLER_NAME_TAKEN = "reseller_name_taken"
    # a seller's passport
    SELLER_NAME_INVALID = "seller_name_invalid"  # 2 to 80 signs
    COUNTRY_UNKNOWN = "country_unknown"  # not two letters (ISO 3166-1)
    REGISTRATION_INVALID = "registration_invalid"  # its check digits are wrong: `register` is be, cn or other
    PLACE_OF_SALE_INVALID = "place_of_sale_invalid"  # no address of its `kind`: shop, site, street, or where
    PASSPORT_NUMBER_WRONG = "passport_number_wrong"  # mistyped; says nothing of whether there is one
    QR_NOT_FOUND = "qr_not_found"  # there is none in this photo
    QR_NOT_OURS = "qr_not_ours"  # it leads elsewhere, or there are several of ours
    PASSPORT_KNOWN = "passport_known"  # this seller has one for this place, or has applied for it
    PASSPORT_NOT_NOW = "passport_not_now"  # in the state it is in, that cannot be
    PASSPORT_END_INVALID = "passport_end_invalid"  # an end that is over, or years away
    # the house
    SANDBOX_BESIDE_LIVE = "sandbox_beside_live"
    QUARANTINE = "quarantine"  # the shop came out of a backup, and its records are checked
    TEMPORARILY_CLOSED = "temporarily_closed"


#: The same request may succeed later, unchanged.
TRANSIENT = frozenset(
    {
        *(
            Code.STILL_RUNNING,
            Code.TOO_MANY_TRIES,
            Code.PAYMENTS_PAUSED,
            Code.NOT_DELIVERED_YET,
            Code.PIN_WAITS,
            Code.OFFLINE_UNBOOKED,
        ),
        *(Code.REFUNDS_PAUSED, Code.TEMPORARILY_CLOSED, Code.QUARANTINE, Code.MACHINE_WAITS),
    }
)

_PRECEDENCE = {code: place for place, code in enumerate(Code)}


@dataclass(frozen=True)
class Refusal:
    """One "no": its code, the field it is `about` (as the surface names it) and the figures its sentence needs."""

    code: Code
    about: str = ""
    params: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def transient(self) -> bool:
        return self.code in TRANSIENT


def first(refusals: Iterable[Refusal | None]) -> Refusal | None:
    """The refusal that takes precedence, or None when there is none."""
    return min((r for r in refusals if r is not None), key=lambda r: _PRECEDENCE[r.code], default=None)
