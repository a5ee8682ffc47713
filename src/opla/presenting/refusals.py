"""The sentence of every refusal, in the active language. A code without a sentence fails the tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from opla.core.money import MINOR_DIGITS, Money
from opla.core.places import Wrong
from opla.core.refusal import Code, Refusal
from opla.presenting import device_check, figures, places

#: The same for wrong digits, old ones, and where none were asked for: whoever guesses learns nothing of the owner.
_NOT_THE_DIGITS: Final = gettext_noop(
    "These are not the six digits of the newest message, or they are over. Check them, or ask for new ones."
)
_PLAIN: Final[dict[Code, str]] = {
    Code.NOT_ALLOWED: gettext_noop("This is not open to you."),
    Code.NOT_FOUND: gettext_noop("There is nothing here. Check the address, or start again from the first page."),
    Code.NUMBER_MISSING: gettext_noop("Enter the mobile number to top up."),
    Code.NUMBER_UNREADABLE: gettext_noop(
        "We cannot read this as a number. Write it with digits, such as 0470 12 34 56."
    ),
    Code.NUMBER_EMERGENCY: gettext_noop(
        "This is an emergency number. If you need help now, dial 112. To top up, enter a mobile number."
    ),
    Code.NUMBER_SHORT_CODE: gettext_noop("This is a service number. Enter the mobile number of the SIM to top up."),
    Code.NUMBER_LANDLINE: gettext_noop("This is a landline. Only mobile numbers can be topped up."),
    Code.NUMBER_INVALID: gettext_noop(
        "No mobile number begins like this. Belgian ones begin with 045, 046, 047, 048 or 049."
    ),
    Code.SIM_NEEDS_NUMBER: gettext_noop("Operators top up a phone number. This is not one, so we need the number too."),
    Code.ANSWER_MISSING: gettext_noop("Paste or type what the operator answered."),
    Code.ANSWER_UNREADABLE: gettext_noop("We understand no figure in this answer. Type the figures below instead."),
    Code.END_OVER: gettext_noop("This day is over. Leave out what has ended, or correct the day."),
    Code.OPERATOR_UNKNOWN: gettext_noop("Choose one of the operators in the list."),
    Code.OPERATOR_WITHOUT_PREPAID: gettext_noop("We know of no prepaid product of this operator."),
    Code.PRODUCT_UNKNOWN: gettext_noop("This choice does not exist here. Choose one from the list."),
    Code.PRODUCT_OF_ANOTHER_OPERATOR: gettext_noop(
        "This amount belongs to another operator. Another operator's SIM would not take it."
    ),
    Code.PRODUCT_WITHDRAWN: gettext_noop("This amount is no longer sold. Choose another one."),
    Code.SOLD_OUT: gettext_noop(
        "We cannot deliver this just now. Nothing was charged: choose another amount, or come back later."
    ),
    Code.STARTER_SOLD_OUT: gettext_noop("None of these is left with us just now. Nothing was charged."),
    Code.PRODUCT_SAMPLE_ONLY: gettext_noop("This is an example for trying the shop, and cannot be bought."),
    Code.LINE_CURRENCY: gettext_noop("The credit on this SIM is in another currency."),
    Code.NEED_MISSING: gettext_noop("Say what you need: data, calls or SMS."),
    Code.NEED_UNDECIDED: gettext_noop("No plan was found before the search had to end. A smaller need may have one."),
    Code.NUMBER_LOST: gettext_noop("This number has been lost by its operator's rules. No top-up brings it back."),
    Code.CODE_LAPSES: gettext_noop("The code's last day comes before it could be entered. It would be lost."),
    Code.LAPSES_BEFORE_START: gettext_noop("It would lapse before it could begin."),
    Code.EFFECT_UNKNOWN: gettext_noop("Not every figure of this is known, so nobody can say what it would do."),
    Code.PLAN_CHANGE_REFUSED: gettext_noop("The plan cannot be changed in this way now."),
    Code.ONCE_A_DAY: gettext_noop("The operator takes this order once a day. Try again tomorrow."),
    Code.AMOUNT_UNREADABLE: gettext_noop("Enter the amount with digits, such as 15 or 15.50."),
    Code.EMAIL_MISSING: gettext_noop("Enter your e-mail address: the receipt and the link to your order go there."),
    Code.EMAIL_INVALID: gettext_noop("This is not an e-mail address. It looks like name@example.org."),
    Code.LANGUAGE_UNKNOWN: gettext_noop("We do not speak this language yet."),
    Code.INTERVAL_UNKNOWN: gettext_noop("Choose one of the intervals in the list."),
    Code.MESSAGE_MISSING: gettext_noop("Write what you want to say."),
    Code.MESSAGE_HOLDS_CODE: gettext_noop(
        "Leave out the long number: no message may carry a code. The last four digits are enough. Nothing was sent."
    ),
    Code.QUOTE_UNKNOWN: gettext_noop("We do not know this offer on this device. Choose an amount again."),
    Code.QUOTE_EXPIRED: gettext_noop("This price has expired. Nothing was charged. What you typed is kept."),
    Code.QUOTE_CHANGED: gettext_noop("The amount sent differs from the amount shown. Nothing was charged. Look again."),
    Code.QUOTE_TAKEN: gettext_noop("This offer has become an order already. Nothing was charged twice."),
    Code.BOUGHT_ALREADY: gettext_noop("Somebody else has paid for this meanwhile. Nothing was charged."),
    Code.CONSENT_MISSING: gettext_noop(
        "Tick the box about your right to step back, above the button. Nothing was charged."
    ),
    Code.DEVICE_NOT_CHECKED: gettext_noop(
        "Answer the questions about the phone first. “I do not know” is an answer too."
    ),
    Code.NAME_MISSING: gettext_noop("Enter your name."),
    Code.ORDER_NUMBER_UNREADABLE: gettext_noop(
        "This is no order number. It has ten letters and digits, such as K7M3-9QX2-TB, and stands in your e-mail."
    ),
    Code.CALLED_OFF_TOO_LATE: gettext_noop("It cannot be called off any more: its delivery has begun, or it is over."),
    Code.BASKET_FULL: gettext_noop("The basket is full. Pay for what is in it first, then go on with the others."),
    Code.BASKET_CHANGED: gettext_noop(
        "Something in your basket has changed, so nothing was bought and nothing was charged. Look again."
    ),
    Code.COUPON_UNKNOWN: gettext_noop(
        "We do not know this coupon. Check its letters and digits. Your price is unchanged."
    ),
    Code.COUPON_USED_UP: gettext_noop("This coupon is used up. Your price is unchanged."),
    Code.PROMOTION_USED_UP: gettext_noop(
        "The last one of this promotion has just gone. Nothing was charged. Get the price again to see it without."
    ),
    Code.PROMOTION_NAME_USED: gettext_noop("Another promotion has or had this name. Give this one a new name."),
    Code.PROMOTION_SAMPLE_ONLY: gettext_noop("These promotions are invented, for the sandbox. Write your own."),
    Code.PAYMENT_METHOD_UNKNOWN: gettext_noop("Choose one of the ways to pay."),
    Code.METHOD_KEEPS_NO_CONSENT: gettext_noop("Nothing can be charged this way again. Choose another way to pay."),
    Code.RENEWAL_NOT_NOW: gettext_noop("That cannot be done any more. Look at how it stands now."),
    Code.ORDER_NOT_PAYABLE: gettext_noop("This order cannot be paid any more. Nothing was charged now."),
    Code.API_KEY_WRONG: gettext_noop("This needs a reseller's key that is valid. Ask the shop for one."),
    Code.API_KEY_EXPIRED: gettext_noop("This key's time is over. Its owner can make another one."),
    Code.ROLE_UNKNOWN: gettext_noop("At a reseller somebody is owner, seller or books."),
    Code.LAST_OWNER: gettext_noop("This is the last owner here. Name another owner first."),
    Code.PERSON_NAME_TAKEN: gettext_noop(
        "Somebody here has, or had, this name. It stands beside what they did: choose another."
    ),
    Code.HOUSE_PERSON: gettext_noop("You work here with this address. An owner of the shop removes you first."),
    Code.NETWORK_UNREADABLE: gettext_noop("This is neither an address nor a network, such as 203.0.113.0/24."),
    Code.FLOAT_SPENT: gettext_noop("The float holds less than that free. Nothing was given back."),
    Code.FLOAT_OWES: gettext_noop(
        "A payment into this float was taken back and the float held too little, so nothing is ordered until the rest "
        "is paid in."
    ),
    Code.KEY_MISSING: gettext_noop(
        "Give each order a key of its own, of 1 to 64 signs, so that it is never made twice."
    ),
    Code.FIELD_UNKNOWN: gettext_noop("This field means nothing here. Take it out, or see the reference for its name."),
    Code.FIELD_NOT_TEXT: gettext_noop("This field is a text: put it in quotation marks."),
    Code.FIELD_INVALID: gettext_noop("This field is missing, or is not what the reference says."),
    Code.WEBHOOK_KNOWN: gettext_noop("Messages are posted to this address already: change that webhook."),
    Code.WEBHOOK_EVENT_UNKNOWN: gettext_noop("There is no such event. The reference of webhooks has them all."),
    Code.WEBHOOK_ENDED: gettext_noop("This webhook is off, so nothing is posted to it. Switch it on first."),
    Code.RESELLER_UNKNOWN: gettext_noop("There is no reseller of this name."),
    Code.RESELLER_NAME_INVALID: gettext_noop("A reseller's name is 2 to 40 small letters, digits and hyphens."),
    Code.RESELLER_NAME_TAKEN: gettext_noop("There is a reseller of this name already."),
    Code.SELLER_NAME_INVALID: gettext_noop("A name has 2 to 80 signs."),
    Code.COUNTRY_UNKNOWN: gettext_noop("Write the country with its two letters, such as BE or CN."),
    Code.PASSPORT_NUMBER_WRONG: gettext_noop(
        "This is not how a passport number is written. It has eight letters and figures, such as K7M3-9QXY: look once "
        "more."
    ),
    Code.QR_NOT_FOUND: gettext_noop("No QR was found in this picture. Take it again from nearer, or type the number."),
    Code.QR_NOT_OURS: gettext_noop(
        "This QR does not lead to this shop. It is no passport of ours, whatever the page it opens says."
    ),
    Code.PASSPORT_KNOWN: gettext_noop("There is a passport, or an application, for this place already."),
    Code.PASSPORT_NOT_NOW: gettext_noop("That cannot be done with this passport now."),
    Code.PASSPORT_END_INVALID: gettext_noop("The end is a day that is to come, within two years."),
    Code.STILL_RUNNING: gettext_noop("We are still working on it. Wait a moment."),
    Code.CATALOGUE_CHANGED: gettext_noop(
        "Somebody has changed the catalogue meanwhile. Look at it as it is now, and change it again if that is needed."
    ),
    Code.FEE_CHANGED: gettext_noop("Somebody has changed the service fee meanwhile. Look at it as it is now."),
    Code.PROMOTIONS_CHANGED: gettext_noop(
        "Somebody has changed the promotions meanwhile. Look at them as they are now, and change them again if needed."
    ),
    Code.NOT_DELIVERED_YET: gettext_noop("The code is not here yet. This page shows when it is."),
    Code.PROOF_NEEDED: gettext_noop("For your safety, codes are shown only on the device that ordered them."),
    Code.PROOF_WRONG: _NOT_THE_DIGITS,
    Code.PROOF_EXPIRED: _NOT_THE_DIGITS,
    Code.SHARE_OVER: gettext_noop("This link has ended. Ask whoever sent it to you for a new one."),
    Code.SHARE_USED: gettext_noop(
        "The code was shown on another device, and this link shows it on one only. Ask whoever sent it to you."
    ),
    Code.STEP_WRONG: gettext_noop("These digits or this code do not fit, or were used already. Enter the newest ones."),
    Code.PASSKEY_WRONG: gettext_noop("That did not work. Try once more, or use a link by e-mail."),
    Code.ORDERS_OPEN: gettext_noop("An order of yours is still under way. Delete your data when it has ended."),
    Code.REFUND_TOO_MUCH: gettext_noop("This is more than what is left of the payment."),
    Code.CODE_SEEN: gettext_noop(
        "Somebody has looked at this code, so it cannot be given back here. Write to us instead."
    ),
    Code.ADDRESS_MISSING: gettext_noop("Fill in this line, so that the card finds you. At most 70 signs."),
    Code.POSTCODE_INVALID: gettext_noop("A Belgian postcode has four digits, from 1000 to 9999."),
    Code.COUNTRY_NOT_SERVED: gettext_noop("SIM cards are sent within Belgium only."),
    Code.PLACE_UNKNOWN: gettext_noop("Cards are not collected there any more. Choose another place, or the post."),
    Code.CARDS_OUT_OF_STOCK: gettext_noop("No such card is left. Import some first, or give the money back."),
    Code.CARD_UNKNOWN: gettext_noop("This ICCID is not one of our cards. Scan the card itself."),
    Code.CARD_OTHER_PRODUCT: gettext_noop("This card is another product than the one that was ordered."),
    Code.CARD_TAKEN: gettext_noop("This card is packed for somebody else, sold, or gone. Take another one."),
    Code.CARD_NOT_NOW: gettext_noop("That cannot be done with it now: something else has happened. Look again."),
    Code.COLLECTION_CODE_WRONG: gettext_noop("This is not the code of this order. It stands on the customer's page."),
    Code.RETURN_OVER: gettext_noop("It came back too late to be refunded by rule. The owner may still refund it."),
    Code.TAKE_BACK_OVER: gettext_noop("This code's last day is too near for giving it back here. Write to us instead."),
    Code.REFUND_BY_RULE: gettext_noop("This order is delivered or refunded by itself. There is nothing to choose yet."),
    Code.NOTHING_TO_REFUND: gettext_noop("Nothing of this order's money is left to give back."),
    Code.REFUNDS_PAUSED: gettext_noop("No more can be given back by itself today. Write to us, or try again tomorrow."),
    Code.REASON_MISSING: gettext_noop("Write down the reason."),
    Code.ITEM_CLOSED: gettext_noop("This is settled already. Nothing was changed now."),
    Code.NOT_CONFIRMED: gettext_noop("Tick the box when you have checked it."),
    Code.RESOLUTION_UNKNOWN: gettext_noop("This is no choice here, or no longer. Look again."),
    Code.SAME_PERSON: gettext_noop("You proposed this yourself. A second person must agree."),
    Code.SUPPLIER_ID_TAKEN: gettext_noop("This number belongs to another delivery already. Check it."),
    Code.CODE_UNREADABLE: gettext_noop("Enter the code, letters and digits only."),
    Code.DAY_UNREADABLE: gettext_noop("Write the day as year, month, day, such as 2026-11-22."),
    Code.DAY_NOT_OVER: gettext_noop("This day can be closed an hour after it ends."),
    Code.MONTH_UNREADABLE: gettext_noop("Write the month as year and month, such as 2026-10."),
    Code.MONTH_NOT_OVER: gettext_noop("A month can be closed an hour after it ends."),
    Code.BOOKS_BROKEN: gettext_noop("The books do not balance, so nothing is closed. Run: ./opla books"),
    Code.EVIDENCE_MISSING: gettext_noop(
        "Somebody has seen this code. Attach what the operator answered about it, then it can be refunded."
    ),
    Code.REFUND_WAITS: gettext_noop("Another refund of this order waits for a second person already."),
    Code.NAME_INVALID: gettext_noop("Give it a name of 1 to 40 letters, so that you know it again."),
    Code.FILE_UNREADABLE: gettext_noop("This file cannot be read."),
    Code.PRODUCT_NOT_MAPPED: gettext_noop("Nobody has said which of our products this is. Add it to the marketplace."),
    Code.CELL_ROUNDED: gettext_noop(
        "A spreadsheet has rounded this number, so two may look like one. Make this column text, then export again."
    ),
    Code.SOURCE_UNKNOWN: gettext_noop("We do not know how this marketplace writes its orders. Describe it first."),
    Code.FILE_NOT_NOW: gettext_noop("That cannot be done with this file as it is now. Look again."),
    Code.TIME_NOT_POSSIBLE: gettext_noop("Choose a time from now on, at most 90 days ahead."),
    Code.CODE_KNOWN: gettext_noop("This code is or was in stock already."),
    Code.VENDOR_MISSING: gettext_noop("From whom? A name of at most 60 signs."),
    Code.QUANTITY_UNREADABLE: gettext_noop("How many? A whole number."),
    Code.PURCHASE_NOT_NOW: gettext_noop("That cannot be done with this purchase as it is now. Look again."),
    Code.PURCHASE_TOO_MUCH: gettext_noop("That is more than this purchase costs, or more back than was paid."),
    Code.BATCH_NOT_NOW: gettext_noop("That cannot be done with this batch as it is now. Look again."),
    Code.SUPPLIER_LISTS_NOTHING: gettext_noop("This supplier has no list that could be read."),
    Code.LIST_UNREADABLE: gettext_noop("Its list could not be read. Nothing was changed."),
    Code.LIST_TOO_SHORT: gettext_noop(
        "Half of what it listed before is not on its list now. Nothing was changed: look at it before you believe it."
    ),
    Code.LIST_CHANGED: gettext_noop("They list it otherwise by now. Nothing was decided: look at it again."),
    Code.SUPPLY_DIFFERS: gettext_noop("Theirs is not as ours is: the kind, the currency or the face value differs."),
    Code.PAYOUTS_NOT_TOLD: gettext_noop(
        "This provider does not say what it paid out, or not with the keys it has here: the guide to going live says "
        "what it needs."
    ),
    Code.PAYOUTS_UNREADABLE: gettext_noop("What it paid out could not be read whole. Nothing was changed."),
    Code.BANK_ACCOUNT_MISSING: gettext_noop("This shop names no bank account of its own, so no statement is taken in."),
    Code.STATEMENT_UNKNOWN: gettext_noop(
        "This is no statement that is read here: those are camt.053, camt.054, and CODA of version 2."
    ),
    Code.STATEMENT_EMPTY: gettext_noop("There is no statement in this file."),
    Code.STATEMENT_UNSAFE: gettext_noop(
        "This XML holds a document type or is nested too deep, as no statement is. It was not read."
    ),
    Code.TRANSFER_NOT_ASKED: gettext_noop("No order of this number was to be paid by bank transfer."),
    Code.SLIP_UNKNOWN: gettext_noop("No order slip of ours has this number. One wrong digit is enough: scan it again."),
    Code.SLIP_USED: gettext_noop("This order slip has been dealt with before. Nothing was ordered now."),
    Code.SLIP_PRICE_CHANGED: gettext_noop("It costs something else now than is printed on the slip. Send it back."),
    Code.LETTER_NOT_NOW: gettext_noop(
        "That cannot be done with this letter now: something else has happened. Look again."
    ),
    Code.LETTER_ADDRESS_GONE: gettext_noop("Nobody knows any more where this letter goes. Type the address again."),
    Code.TRANSFERS_NONE: gettext_noop("Nothing waits to be sent to an account that is known."),
    Code.TRANSFER_FILE_CHANGED: gettext_noop(
        "This file cannot be written again as it was: something of it was taken out or forgotten, or the holder of the "
        "account is written otherwise now. Say what the bank did not send, and make another file of that."
    ),
    Code.VOUCHER_WRONG: gettext_noop(
        "This voucher code does not work. Read it again, letter by letter; if it is right, take the voucher to where "
        "you bought it."
    ),
    Code.VOUCHER_SERIAL_UNKNOWN: gettext_noop("We know no voucher of this serial number. Scan or read it again."),
    Code.VOUCHER_SOLD: gettext_noop("This voucher has been sold before. Take no money for it."),
    Code.VOUCHER_NOT_HERE: gettext_noop("By the books this voucher does not lie at this till. Do not sell it."),
    Code.VOUCHER_OVER: gettext_noop("The last day of this voucher is over. Do not sell it."),
    Code.VOUCHER_PLACE_MISSING: gettext_noop("Vouchers are sent to one of your places."),
    Code.DRAWER_UNKNOWN: gettext_noop("There is no open till of this name."),
    Code.DRAWER_NAME_INVALID: gettext_noop("A till's name has 2 to 40 small letters, digits and hyphens."),
    Code.DRAWER_PLACE_MISSING: gettext_noop("A till stands at one of your places, whose address and hours are known."),
    Code.DRAWER_NOT_EMPTY: gettext_noop("There is money in this till by the books. Take it out first."),
    Code.DRAWER_HOLDS_CODES: gettext_noop(
        "A tablet of this till holds codes, or sold some that are not booked yet. Unpair it first."
    ),
    Code.CASH_CODE_UNKNOWN: gettext_noop("We know no such code. One wrong digit is enough: read it again."),
    Code.CASH_TAKEN: gettext_noop("The money for this was taken before. Nothing was taken now."),
    Code.CASH_NOT_WAITED_FOR: gettext_noop("Take no money: this order is paid, or its time is over."),
    Code.CASH_PAID_OUT: gettext_noop("This refund was paid out before. Pay nothing now."),
    Code.CASH_NOT_DUE: gettext_noop("Pay nothing: no refund waits under this code."),
    Code.CASH_CANNOT_BE: gettext_noop(
        "Nobody gives so much for this, or the change could not be given in coins. Was it typed wrong?"
    ),
    Code.PARTNER_NAME_INVALID: gettext_noop(
        "A partner has a name to show, and a short one of 2 to 40 small letters, digits and hyphens."
    ),
    Code.PARTNER_PLACE_TAKEN: gettext_noop("One of these places is another partner's. Take it from them first."),
    Code.PARTNER_OWED_LESS: gettext_noop("Less than that is owed to this partner. Nothing was recorded."),
    Code.AGREEMENT_DAY_INVALID: gettext_noop("An agreement has a first day, and an end after it or none."),
    Code.STATION_UNKNOWN: gettext_noop("There is no tablet of this name."),
    Code.STATION_NAME_INVALID: gettext_noop("A tablet's name has 2 to 40 small letters, digits and hyphens."),
    Code.STATION_FIXED: gettext_noop(
        "A tablet of this name is for something else. Give this one another name: the old one stands in the records."
    ),
    Code.PAIRING_CODE_WRONG: gettext_noop(
        "This code pairs nothing: it is mistyped, used, or older than a quarter of an hour. Ask for a new one."
    ),
    Code.CLERK_UNKNOWN: gettext_noop("Nobody of this name works here."),
    Code.CLERK_NAME_INVALID: gettext_noop(
        "A clerk has a name to show, and a short one of 2 to 40 small letters, digits and hyphens."
    ),
    Code.PIN_WEAK: gettext_noop("This PIN is among the first that anybody tries. Choose another one."),
    Code.PIN_WRONG: gettext_noop("This is not the PIN. Try again."),
    Code.PIN_ENDED: gettext_noop("Too many wrong PINs. A manager must give a new one."),
    Code.SHIFT_OPEN: gettext_noop("At this till a shift is open. It is closed first."),
    Code.SHIFT_CLOSED: gettext_noop("No shift is open at this till. Count the drawer and begin one."),
    Code.OFFLINE_KEY_INVALID: gettext_noop("This tablet made no keys that we can use. Load the page again."),
    Code.OFFLINE_SALES_WRONG: gettext_noop("These sales are not as a tablet of ours writes and signs them."),
    Code.OFFLINE_UNBOOKED: gettext_noop(
        "What was sold without a line is being booked. Try again in a moment; if it stays so, the owner sees why."
    ),
    Code.OFFLINE_GAP: gettext_noop("A sale before these is missing. The tablet sends all of them again."),
    Code.SHIFT_NOT_YOURS: gettext_noop("Somebody else opened this shift. They, or a manager, close it."),
    Code.DRAWER_SHORT: gettext_noop("There is less than that in this till by the books."),
    Code.SHIFT_DIFFERS: gettext_noop(
        "What was counted is not what should be there. Count again; or say why, and it is signed with your name."
    ),
    Code.SALE_NOT_YOURS: gettext_noop("Somebody else sold this. They, or a manager, undo it."),
    Code.NOT_AT_TILLS: gettext_noop("This is not sold at a till. It can be bought on the website of this shop."),
    Code.TAKING_USED: gettext_noop("What was paid for is delivered or seen. It is a refund now, with its own rules."),
    Code.TAKING_TOO_OLD: gettext_noop("This was too long ago to be undone. Refund it instead."),
    Code.TAKING_UNDONE: gettext_noop("What this form took was undone. Nothing was taken now: look the code up again."),
    Code.TERMINAL_UNKNOWN: gettext_noop("No such card machine stands here."),
    Code.TERMINAL_NAME_INVALID: gettext_noop("A card machine's name has 2 to 40 small letters, digits and hyphens."),
    Code.MACHINE_WAITS: gettext_noop(
        "The card machine still waits for somebody else's card. Press its red key, wait a moment, and press here again."
    ),
    Code.TERMINAL_TAKEN: gettext_noop("This name, or this card machine, is taken by another one."),
    Code.RECEIPT_INVALID: gettext_noop("The number on the machine's receipt is missing, or is none."),
    Code.RECEIPT_USED: gettext_noop("This receipt was used for another payment today. Look at the number again."),
    Code.SLIP_TOLD: gettext_noop("What became of this was said before. Nothing changed now."),
    Code.SLIP_NOT_DUE: gettext_noop("Give nothing back: this refund does not wait for a card."),
    Code.PRINTED_ALREADY: gettext_noop("This was printed before. Say why it is printed again; it is marked as a copy."),
    Code.PRINT_UNKNOWN: gettext_noop("Look at the printer first, and say whether the last print came out."),
    Code.PRINT_NOT_NOW: gettext_noop("This print does not wait for that any more. Look at it again."),
    Code.SANDBOX_BESIDE_LIVE: gettext_noop("The sandbox refuses to run beside real operators or payments."),
    Code.QUARANTINE: gettext_noop(
        "The shop is closed while its records are checked. Nothing was charged. What you ordered before can be read."
    ),
    Code.TEMPORARILY_CLOSED: gettext_noop("The shop is closed for a moment. Try again in a few minutes."),
}


def sentence(refusal: Refusal) -> str:
    """What a person reads. Never repeats what they typed, which stands beside it."""
    special = _WITH_FIGURES.get(refusal.code)
    return special(refusal.params) if special else _(_PLAIN[refusal.code])


def _too_short(params: Mapping[str, str]) -> str:
    missing = int(params.get("missing", "1"))
    said = ngettext(
        "This number is %(n)s digit too short. Check it: we change nothing by ourselves.",
        "This number is %(n)s digits too short. Check it: we change nothing by ourselves.",
        missing,
    )
    return said % {"n": missing}


def _too_long(params: Mapping[str, str]) -> str:
    extra = int(params.get("extra", "1"))
    said = ngettext(
        "This number is %(n)s digit too long. Check it: we change nothing by ourselves.",
        "This number is %(n)s digits too long. Check it: we change nothing by ourselves.",
        extra,
    )
    return said % {"n": extra}


def _foreign(params: Mapping[str, str]) -> str:
    named = figures.country(params.get("country", ""))
    if not named:
        return _("This is a number of another country. This shop tops up Belgian mobile numbers.")
    return _("This is a number of %(country)s. This shop tops up Belgian mobile numbers.") % {"country": named}


def _not_mobile(params: Mapping[str, str]) -> str:
    match params.get("kind"):
        case "machine":
            return _("This is a number for machines. Enter the mobile number of the SIM to top up.")
        case "toll_free" | "premium_rate" | "shared_cost" | "company":
            return _("This is a service number. Enter the mobile number of the SIM to top up.")
        case _:
            return _("This is no mobile number. Only mobile numbers can be topped up.")


def _too_many_tries(params: Mapping[str, str]) -> str:
    n = int(params.get("minutes", "1"))
    if n < 2:
        return _("That was too often in a short time. Wait a minute and try again.")
    return ngettext(
        "That was too often in a short time. Try again in %(n)s minute.",
        "That was too often in a short time. Try again in %(n)s minutes.",
        n,
    ) % {"n": n}


def _too_many_calls(params: Mapping[str, str]) -> str:
    n = int(params.get("seconds", "1"))
    said = ngettext(
        "This key was used too often in a short time. Wait %(n)s second.",
        "This key was used too often in a short time. Wait %(n)s seconds.",
        n,
    )
    return said % {"n": n}


def _commission_invalid(params: Mapping[str, str]) -> str:
    said = _("A commission is a percentage from 0 to %(most)s, with one decimal at most, such as 4.5.")
    return said % {"most": params.get("most", "")}


def _pin_invalid(params: Mapping[str, str]) -> str:
    return _("A PIN has %(from)s to %(to)s digits.") % {"from": params.get("from", ""), "to": params.get("to", "")}


def _pin_waits(params: Mapping[str, str]) -> str:
    n = int(params.get("minutes", "1"))
    return ngettext(
        "Too many wrong PINs. Try again in %(n)s minute.", "Too many wrong PINs. Try again in %(n)s minutes.", n
    ) % {"n": n}


def _count_unreadable(params: Mapping[str, str]) -> str:
    piece = Money(int(params.get("piece", "0")), params.get("currency", "EUR"))
    return _("How many of %(piece)s? Enter a whole number.") % {"piece": figures.money(piece)}


def _elsewhere(params: Mapping[str, str]) -> str:
    return _("This key may not be used from %(address)s. Its owner says from where it may.") % {
        "address": params.get("address", "")
    }


def _scope_missing(params: Mapping[str, str]) -> str:
    return _("This needs the right %(scope)s, which is not given here.") % {"scope": params.get("scope", "")}


def _scope_unknown(params: Mapping[str, str]) -> str:
    return _("There is no right %(scope)s that a key can have.") % {"scope": params.get("scope", "")}


def _payments_paused(params: Mapping[str, str]) -> str:
    """Says neither which limit it was nor how far beyond: whoever tests cards learns nothing from it."""
    match params.get("minutes"):
        case "10":
            return _(
                "We cannot take another payment from you just now. Nothing was charged. Try again in ten minutes, or "
                "write to us: a person helps you."
            )
        case "60":
            return _(
                "We cannot take another payment from you just now. Nothing was charged. Try again in an hour, or write "
                "to us: a person helps you."
            )
        case _:
            return _(
                "We cannot take another payment from you today. Nothing was charged. Try again tomorrow, or write to "
                "us: a person helps you."
            )


def _too_little(params: Mapping[str, str]) -> str:
    return _("That is too little: %(amount)s is due.") % {"amount": _amount(params, "due")}


def _slips_too_few(params: Mapping[str, str]) -> str:
    return _("All slips until then are %(amount)s together, which is less. Is a slip missing, or the day wrong?") % {
        "amount": _amount(params, "total")
    }


def _check_digit(params: Mapping[str, str]) -> str:
    if params.get("kind") == "eid":
        return _("This looks like the EID of a phone, but one of its digits is wrong. Check it.")
    return _("This looks like the number of a SIM card (ICCID), but one of its digits is wrong. Check it.")


def _amount(params: Mapping[str, str], name: str) -> str:
    currency = params.get("currency", "EUR")
    text = params.get(name, "")
    known = text.isdecimal() and currency in MINOR_DIGITS
    return figures.money_short(Money(int(text), currency)) if known else ""


def _not_offered(params: Mapping[str, str]) -> str:
    currency = params.get("currency", "EUR")
    offered = [figures.money_short(Money(int(m), currency)) for m in params.get("offered", "").split()]
    if not offered:
        return _("This amount is not on offer. Choose one from the list.")
    return _("This amount is not on offer. There is: %(amounts)s.") % {"amounts": " · ".join(offered)}


def _below(params: Mapping[str, str]) -> str:
    return _("The least is %(amount)s.") % {"amount": _amount(params, "min")}


def _above(params: Mapping[str, str]) -> str:
    return _("The most is %(amount)s.") % {"amount": _amount(params, "max")}


def _off_step(params: Mapping[str, str]) -> str:
    figures_ = {"step": _amount(params, "step"), "min": _amount(params, "min")}
    return _("The amount goes up in steps of %(step)s, from %(min)s.") % figures_


def _line_unreadable(params: Mapping[str, str]) -> str:
    return _("The file of this SIM cannot be read. This field is wrong: %(field)s.") % {
        "field": params.get("field", "?")
    }


def _sims_file(params: Mapping[str, str]) -> str:
    field = params.get("field", "?")
    match params.get("problem"):
        case "version":
            return _("This is no file of SIMs that this shop can read.")
        case "too_many":
            return _("The file holds more SIMs than can be kept.")
        case _:
            return _("The file cannot be kept. This field is wrong: %(field)s.") % {"field": field}


def _sims_too_many(params: Mapping[str, str]) -> str:
    return _("At most %(n)s SIMs can be kept.") % {"n": params.get("most", "?")}


def _another_active(params: Mapping[str, str]) -> str:
    try:
        until = figures.moment(datetime.fromisoformat(params.get("until", "")))
    except ValueError:
        return _("The operator takes a second one only when the first has ended.")
    return _("The operator takes a second one only when the first has ended: %(time)s.") % {"time": until}


def _credit_too_low(params: Mapping[str, str]) -> str:
    told = {"price": _amount(params, "needed"), "credit": _amount(params, "have")}
    return _("This is paid from the credit on the SIM: it costs %(price)s, and there is %(credit)s.") % told


def _key_reused(params: Mapping[str, str]) -> str:
    return _("The same key was used before with another value of: %(field)s.") % {"field": params.get("field", "?")}


def _out_of_order(params: Mapping[str, str]) -> str:
    return _("Days are closed in order, and %(day)s comes first.") % {"day": params.get("day", "?")}


def _month_out_of_order(params: Mapping[str, str]) -> str:
    return _("Months are closed in order, and %(month)s comes first.") % {"month": params.get("month", "?")}


def _month_days_open(params: Mapping[str, str]) -> str:
    said = _("Not all days of this month are closed. The first that is not: %(day)s.")
    return said % {"day": params.get("day", "?")}


def _month_not_closed(params: Mapping[str, str]) -> str:
    said = _("%(month)s is not closed, so its figures may still change. Close it first.")
    return said % {"month": params.get("month", "?")}


def _month_outside(params: Mapping[str, str]) -> str:
    month = params.get("month", "?")
    said = _("The lines of %(month)s were taken out of the database: %(command)s brings them back.")
    return said % {"month": month, "command": f"./opla archive back {month}"}


def _chart_invalid(params: Mapping[str, str]) -> str:
    return _("The file of account numbers cannot be used: %(what)s") % {"what": params.get("what", "?")}


def _too_large(params: Mapping[str, str]) -> str:
    if params.get("why") == "pieces":
        return _("Each piece is a row of its own, with all its columns: that is too large here. Divide the file.")
    return _("The file is too large. The most is %(n)s MB.") % {"n": params.get("most", "?")}


def _message_too_long(params: Mapping[str, str]) -> str:
    return _("This is too long for one message. The most is %(n)s signs.") % {"n": params.get("most", "?")}


def _row_invalid(params: Mapping[str, str]) -> str:
    return _("Row %(row)s is not valid.") % {"row": params.get("row", "?")}


def _file_broken(params: Mapping[str, str]) -> str:
    line = {"line": params.get("line", "?")}
    match params.get("why"):
        case "encoding":
            return _("Line %(line)s holds signs that are no UTF-8. Save the file as “CSV UTF-8”.") % line
        case "nul":
            return _("Line %(line)s holds a sign that no text has (NUL). Was it cut off, or is it no text?") % line
        case "csv":
            return _("Line %(line)s is no CSV: a quotation mark is not closed, or a cell is too long.") % line
        case "json":
            return _("Line %(line)s is not one JSON object whose values are texts or numbers.") % line
        case "columns":
            return _("Line %(line)s has more cells than there are columns, or two columns have one name.") % line
        case "empty":
            return _("There is no row below the heading.")
        case _:
            return _("This spreadsheet cannot be opened. Save it as XLSX without a password, or as CSV.")


def _rows_too_many(params: Mapping[str, str]) -> str:
    return _("There are too many rows. The most is %(n)s in one file.") % {"n": params.get("most", "?")}


def _row_twice(params: Mapping[str, str]) -> str:
    return _("Line %(line)s has the same key: of both only the first is bought.") % {"line": params.get("line", "?")}


def _columns_wrong(params: Mapping[str, str]) -> str:
    if unknown := params.get("unknown", ""):
        return _("These columns mean nothing here: %(columns)s.") % {"columns": unknown}
    return _("These columns are missing: %(columns)s.") % {"columns": params.get("missing", "") or "?"}


def _cell_invalid(params: Mapping[str, str]) -> str:
    why = params.get("why", "")
    told = {
        "row": params.get("row", "?"),
        "column": params.get("column", "?"),
        "why": places.wrong(Wrong(why) if why in list(Wrong) else Wrong.MISSING, params.get("of", "")),
    }
    return _("Row %(row)s, %(column)s: %(why)s") % told


def _day_not_possible(params: Mapping[str, str]) -> str:
    if "first" not in params:
        return _("This can be bought for today only.")
    between = {name: figures.day(date.fromisoformat(params[name])) for name in ("first", "last")}
    return _("Choose a day from %(first)s to %(last)s.") % between


def _coupon_not_now(params: Mapping[str, str]) -> str:
    if "from" in params:
        start = figures.moment(datetime.fromisoformat(params["from"]))
        return _("This coupon begins on %(time)s. Your price is unchanged.") % {"time": start}
    return _("The promotion of this coupon is over. Your price is unchanged.")


def _coupon_not_here(params: Mapping[str, str]) -> str:
    if least := _amount(params, "min"):
        return _("This coupon needs an amount of at least %(amount)s. Your price is unchanged.") % {"amount": least}
    return _("This coupon is for another operator, amount or customer. Your price is unchanged.")


def _need_not_covered(params: Mapping[str, str]) -> str:
    """Which need fails; without kinds each alone is covered, and not all together."""
    words = {"data": _("data"), "voice": _("calls"), "sms": _("SMS")}
    named = _(" and ").join(words[kind] for kind in params.get("kinds", "").split() if kind in words)
    if not named and "budget" in params:
        return _("This money does not cover a single day of it.")
    if not named:
        return _("Nothing that can be bought covers all of this, at any price.")
    return _("Nothing that can be bought covers this much: %(what)s.") % {"what": named}


def _need_unreadable(params: Mapping[str, str]) -> str:
    bounds = {"least": params.get("least", "0"), "most": params.get("most", "?")}
    return _("Enter a number from %(least)s to %(most)s.") % bounds


def _statement_charset(params: Mapping[str, str]) -> str:
    said = _(
        "From line %(line)s on, the signs of this file are not those that banks write. Take it from the bank again."
    )
    return said % {"line": params.get("line", "?")}


def _statement_broken(params: Mapping[str, str]) -> str:
    return _("Line %(line)s of this file cannot be read. Nothing of it was taken in.") % {
        "line": params.get("line", "?")
    }


def _statement_cut(params: Mapping[str, str]) -> str:
    said = _("This file ends too early, or some of its lines are missing (line %(line)s). Nothing of it was taken in.")
    return said % {"line": params.get("line", "?")}


def _statement_incomplete(params: Mapping[str, str]) -> str:
    said = _("This statement lacks something that is needed: %(field)s. Nothing of it was taken in.")
    return said % {"field": params.get("field", "?")}


def _statement_of_another(params: Mapping[str, str]) -> str:
    said = _("This is the statement of another account, which ends in %(ends)s. Nothing of it was taken in.")
    return said % {"ends": params.get("ends", "?")}


def _statement_currency(params: Mapping[str, str]) -> str:
    said = _("This statement is in %(currency)s, and the account in EUR. Nothing of it was taken in.")
    return said % {"currency": params.get("currency", "?")}


def _statement_sum(params: Mapping[str, str]) -> str:
    said = _(
        "In statement %(statement)s the old balance and the lines do not make the new balance. Nothing was taken in."
    )
    return said % {"statement": params.get("statement", "?")}


def _not_compatible(params: Mapping[str, str]) -> str:
    return device_check.why_not(params.get("why", ""), params.get("family", ""))


_REGISTERS: Final[dict[str, str]] = {
    "be": gettext_noop(
        "This is no Belgian enterprise number: its last two figures do not fit. It is written like 0123.456.749."
    ),
    "cn": gettext_noop("This is no unified social credit code: it has 18 signs, and the last one does not fit."),
    "other": gettext_noop("A registration number has 3 to 40 letters, figures, points and hyphens."),
}
_PLACES_OF_SALE: Final[dict[str, str]] = {
    "shop": gettext_noop(
        "This is no address of a shop page, such as https://example.com/shop/acme. The marketplace itself is not "
        "enough."
    ),
    "fragment": gettext_noop(
        "Leave out # and what follows, which no server is sent. Where only that leads to the shop, it has no "
        "address that could be proved."
    ),
    "site": gettext_noop("This is no domain, such as acme.example."),
    "street": gettext_noop("Write street, number, postcode and town."),
    "where": gettext_noop("Write where it was: an address, or the name of the shop."),
    "": gettext_noop("Say what kind of place it is."),
}


def _registration(params: Mapping[str, str]) -> str:
    return _(_REGISTERS[params.get("register", "other")])


def _place_of_sale(params: Mapping[str, str]) -> str:
    return _(_PLACES_OF_SALE.get(params.get("kind", ""), _PLACES_OF_SALE[""]))


def _float_too_low(params: Mapping[str, str]) -> str:
    if params.get("of") == "line":
        return _("There is less on this float than went out. Nothing was changed.")
    return _("There is less on the float than this order costs. Nothing was ordered.")


def _webhook_url(params: Mapping[str, str]) -> str:
    match params.get("why"):
        case "https":
            return _("The address of a webhook begins with https://.")
        case "host":
            return _("This is no name of a public host, such as hooks.example.com.")
        case "port":
            return _("Webhooks are posted to ports 443 and 8443 only.")
        case "private":
            return _("This address is not public, so nothing is posted there.")
        case "credentials":
            return _("Leave out user name and password: every message is signed instead.")
        case _:
            return _("This is no address that can be posted to.")


def _webhooks_too_many(params: Mapping[str, str]) -> str:
    return _("More than %(most)s webhooks are not kept. Remove one first.") % {"most": params.get("most", "5")}


_WITH_FIGURES: Final[dict[Code, Callable[[Mapping[str, str]], str]]] = {
    Code.CASH_TOO_LITTLE: _too_little,
    Code.SLIPS_TOO_FEW: _slips_too_few,
    Code.TOO_MANY_TRIES: _too_many_tries,
    Code.TOO_MANY_CALLS: _too_many_calls,
    Code.API_KEY_ELSEWHERE: _elsewhere,
    Code.PIN_INVALID: _pin_invalid,
    Code.COMMISSION_INVALID: _commission_invalid,
    Code.PIN_WAITS: _pin_waits,
    Code.COUNT_UNREADABLE: _count_unreadable,
    Code.SCOPE_MISSING: _scope_missing,
    Code.SCOPE_UNKNOWN: _scope_unknown,
    Code.WEBHOOK_URL_REFUSED: _webhook_url,
    Code.WEBHOOKS_TOO_MANY: _webhooks_too_many,
    Code.PAYMENTS_PAUSED: _payments_paused,
    Code.NUMBER_TOO_SHORT: _too_short,
    Code.NUMBER_TOO_LONG: _too_long,
    Code.NUMBER_FOREIGN: _foreign,
    Code.NUMBER_NOT_MOBILE: _not_mobile,
    Code.SIM_CHECK_DIGIT: _check_digit,
    Code.AMOUNT_NOT_OFFERED: _not_offered,
    Code.AMOUNT_BELOW_MIN: _below,
    Code.CEILING_TOO_LOW: _below,
    Code.AMOUNT_ABOVE_MAX: _above,
    Code.AMOUNT_OFF_STEP: _off_step,
    Code.LINE_UNREADABLE: _line_unreadable,
    Code.SIMS_FILE_INVALID: _sims_file,
    Code.SIMS_TOO_MANY: _sims_too_many,
    Code.NEED_NOT_COVERED: _need_not_covered,
    Code.NEED_UNREADABLE: _need_unreadable,
    Code.ANOTHER_ACTIVE: _another_active,
    Code.CREDIT_TOO_LOW: _credit_too_low,
    Code.KEY_REUSED: _key_reused,
    Code.COLUMNS_WRONG: _columns_wrong,
    Code.FILE_BROKEN: _file_broken,
    Code.ROWS_TOO_MANY: _rows_too_many,
    Code.ROW_TWICE: _row_twice,
    Code.CELL_INVALID: _cell_invalid,
    Code.ROW_INVALID: _row_invalid,
    Code.DAY_OUT_OF_ORDER: _out_of_order,
    Code.MONTH_OUT_OF_ORDER: _month_out_of_order,
    Code.MONTH_DAYS_OPEN: _month_days_open,
    Code.MONTH_NOT_CLOSED: _month_not_closed,
    Code.MONTH_OUTSIDE: _month_outside,
    Code.CHART_INVALID: _chart_invalid,
    Code.FILE_TOO_LARGE: _too_large,
    Code.DAY_NOT_POSSIBLE: _day_not_possible,
    Code.STATEMENT_CHARSET: _statement_charset,
    Code.STATEMENT_BROKEN: _statement_broken,
    Code.STATEMENT_CUT: _statement_cut,
    Code.STATEMENT_INCOMPLETE: _statement_incomplete,
    Code.STATEMENT_OTHER_ACCOUNT: _statement_of_another,
    Code.STATEMENT_CURRENCY: _statement_currency,
    Code.STATEMENT_SUM: _statement_sum,
    Code.MESSAGE_TOO_LONG: _message_too_long,
    Code.DEVICE_NOT_COMPATIBLE: _not_compatible,
    Code.COUPON_NOT_NOW: _coupon_not_now,
    Code.COUPON_NOT_HERE: _coupon_not_here,
    Code.REGISTRATION_INVALID: _registration,
    Code.PLACE_OF_SALE_INVALID: _place_of_sale,
    Code.FLOAT_TOO_LOW: _float_too_low,
}
