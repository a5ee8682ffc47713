"""What waits for a person, in words: what happened, what may be done, and what that will do."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core import structured
from opla.core.actor import HOUSE, Role
from opla.core.card_testing import Source
from opla.core.item import Kind, Resolution, Step, Why
from opla.core.money import Money
from opla.core.transfer_file import message_id
from opla.db.queries.items import Evidence, Item
from opla.presenting import figures, orders

_KINDS: Final[dict[Kind, str]] = {
    Kind.UNKNOWN_SEND: gettext_noop("Nobody can say whether it was delivered"),
    Kind.UNKNOWN_REFUND: gettext_noop("Nobody can say whether the refund was made"),
    Kind.UNKNOWN_CHARGE: gettext_noop("Nobody can say whether it was paid"),
    Kind.CONTRADICTION: gettext_noop("The outside says what cannot be"),
    Kind.REFUND_REFUSED: gettext_noop("The provider refuses the refund: another way is needed"),
    Kind.REFUND_CAP: gettext_noop("Refunds by rule reached the day's cap"),
    Kind.WRONG_AMOUNT: gettext_noop("Paid a wrong amount"),
    Kind.REFUND_APPROVAL: gettext_noop("A refund waits for a second person"),
    Kind.OUTSIDE_REFUND: gettext_noop("Refunded or charged back at the provider, not by us"),
    Kind.MESSAGE_GIVEN_UP: gettext_noop("Somebody could not be told"),
    Kind.STEPPED_BACK: gettext_noop("A customer steps back from the purchase"),
    Kind.ADAPTER_GONE: gettext_noop("Nobody is there to be asked"),
    Kind.CARD_TESTING: gettext_noop("Somebody may be testing cards"),
    Kind.RESERVATION: gettext_noop("Bought for a date, and no good code is held for it"),
    Kind.LOW_STOCK: gettext_noop("Little is left on the shelf"),
    Kind.FLOAT_LOW: gettext_noop("Little of our money is left at a supplier"),
    Kind.SUPPLIER_LIST: gettext_noop("Something is wrong with a supplier's list"),
    Kind.BANK_LINE: gettext_noop("Money came in, and nobody can say what for"),
    Kind.BANK_OUT: gettext_noop("Money left the account otherwise than expected"),
    Kind.BANK_GAP: gettext_noop("A bank statement is missing"),
    Kind.TRANSFER_DUE: gettext_noop("A refund to be sent by bank transfer"),
    Kind.LINE_BACK: gettext_noop("Money of no order, to be sent back"),
    Kind.PAYOUT_DIFFERS: gettext_noop("A payout of a payment provider is not as expected"),
    Kind.PAYOUT_LATE: gettext_noop("A payout did not arrive"),
    Kind.PAYOUT_MISSING: gettext_noop("A payment that was not paid out"),
    Kind.CASH_DUE: gettext_noop("A refund waits to be collected in cash"),
    Kind.SLIP_DUE: gettext_noop("A refund waits to be given back on a card machine"),
    Kind.PASSPORT: gettext_noop("A seller's passport waits for you"),
    Kind.SELLER_REPORTED: gettext_noop("A seller was reported"),
    Kind.LETTER_UNREADABLE: gettext_noop("A letter cannot be printed"),
    Kind.TABLET: gettext_noop("Sold without a line, and it cannot be"),
    Kind.LEFT_BEHIND: gettext_noop("Paid at a kiosk, and left behind"),
    Kind.LOST_PAYMENT: gettext_noop("A payment that a restore forgot"),
    Kind.LOST_SEND: gettext_noop("A delivery that a restore forgot"),
}

_WHY: Final[dict[Why, str]] = {
    Why.SUPPLIER_SILENT: gettext_noop("The supplier gives no clear answer. It may or may not have been delivered."),
    Why.SUPPLIER_UNDECIDED: gettext_noop("The supplier has the order and does not decide."),
    Why.NOT_HANDED_OVER: gettext_noop(
        "A SIM card is reserved for it, and nobody has handed it over. That is done on the page of the cards."
    ),
    Why.FEW_CARDS: gettext_noop("%(left)s of %(sku)s are on the shelf. Import more, and this leaves the list."),
    Why.FEW_CODES: gettext_noop(
        "%(left)s codes of %(sku)s are for sale; you wanted to know below %(below)s. Sold in the last four weeks: "
        "%(sold)s. To last a month, order: %(suggested)s. When enough are there again, this leaves the list."
    ),
    Why.FLOAT_BELOW: gettext_noop(
        "%(supplier)s says that %(float_minor)s of our money lies there; you wanted to know below %(below_minor)s."
    ),
    Why.FLOAT_SHORT: gettext_noop(
        "%(supplier)s has too little of our money for orders that wait for it, up to an hour (they say: "
        "%(float_minor)s). Fill the float, and they go out by themselves."
    ),
    Why.NOT_LISTED: gettext_noop(
        "%(supplier)s does not list any more what is sent there for: %(skus)s. It is sent there until you decide."
    ),
    Why.LIST_TOO_SHORT: gettext_noop(
        "%(supplier)s listed %(count)s products where there were %(count_before)s. That cannot be true, so nothing was "
        "changed. If it is, say so: ./opla suppliers sync NAME --even-if-short"
    ),
    Why.REFUND_SILENT: gettext_noop("The provider gives no clear answer. The money may or may not have gone back."),
    Why.REFUND_UNREACHABLE: gettext_noop("The refund could not be sent: the provider is out of reach."),
    Why.CHARGE_SILENT: gettext_noop("The provider does not say whether it was paid."),
    Why.REFUND_REFUSED: gettext_noop("The provider will not give the money back. Its word for why: %(said)s"),
    Why.CAP_REACHED: gettext_noop("It goes out tomorrow, unless you let it go today. Why are there so many?"),
    Why.UNDERPAID: gettext_noop("%(came)s came in where %(asked)s was asked. It goes back by itself."),
    Why.PARTLY_GONE: gettext_noop("%(gone)s of it went back without us, so %(owed)s is still owed."),
    Why.SECOND_PERSON: gettext_noop("Asked for by %(asker)s: %(reason)s"),
    Why.CHANGED_AT_PROVIDER: gettext_noop(
        "At the provider, not by us: %(refunded)s refunded, %(charged_back)s charged back in all. It is in the books."
    ),
    Why.CAME_BACK: gettext_noop(
        "Some of it came back to us. At the provider, not by us: %(refunded)s refunded, %(charged_back)s charged back "
        "in all. What came back may be owed to the customer."
    ),
    Why.MORE_THAN_CAME_IN: gettext_noop(
        "%(beyond)s more than came in went back or is due. At the provider, not by us: %(refunded)s refunded, "
        "%(charged_back)s charged back in all."
    ),
    Why.MESSAGE_GIVEN_UP: gettext_noop("The message could not be sent, and is tried no more. It was about: %(topic)s"),
    Why.STEPPED_BACK: gettext_noop(
        "%(name)s withdrew. If nobody has looked at the code, refund it within 14 days; else say why it is too late."
    ),
    Why.ADAPTER_GONE: gettext_noop("It is not set up in this shop any more: %(adapter)s"),
    Why.NOTHING_HELD: gettext_noop(
        "It is to be delivered on %(day)s. No code on the shelf is good long enough then, and nobody else delivers it: "
        "stock some, or its money goes back on that day."
    ),
    Why.EXPIRES_FIRST: gettext_noop(
        "It is to be delivered on %(day)s, and the code that is held for it is good until %(valid_until)s only. Say "
        "that it was not delivered, and the code is free again and the next supplier is asked."
    ),
    Why.CARD_TESTING: gettext_noop(
        "%(source)s, today. Payments asked for: %(payments)s. Failed: %(failed)s. Different numbers: %(numbers)s. Told "
        "to wait, this hour: %(turned_away)s. Newest orders: %(orders)s. Look at the payments at the provider: what "
        "came in from stolen cards is charged back, so refund it yourself."
    ),
    Why.NO_REFERENCE: gettext_noop("The transfer shows no reference, or one with a wrong digit. It is not guessed."),
    Why.REFERENCE_UNKNOWN: gettext_noop("The transfer shows a reference that was not given out here."),
    Why.TWO_REFERENCES: gettext_noop("The transfer shows two references of ours. How is it divided?"),
    Why.SLIP_WITHOUT_ORDER: gettext_noop(
        "It was paid for order slip %(number)s, which has not come yet, or was sent back. When the slip is entered, "
        "this goes away by itself."
    ),
    Why.TRANSFER_RETURNED: gettext_noop("A transfer that was sent from here came back. Was the account wrong?"),
    Why.OTHER_AMOUNT: gettext_noop(
        "Sent under the reference of something to be sent back, of which %(asked)s was left."
    ),
    Why.FLOAT_OWES: gettext_noop(
        "Money went out under the reference of the float of %(reseller)s: the bank took it back, or somebody sent it. "
        "The float held %(gone)s of it, which is off it now; the rest is owed. When enough is on it, say so here."
    ),
    Why.REVERSAL_UNKNOWN: gettext_noop("The bank took money back, and does not say of which transfer."),
    Why.PROVIDER_TOOK: gettext_noop(
        "It went out, and shows the name of a payment provider. What a payout below nothing took leaves the list when "
        "that payout is read, within a day. If you paid them yourself for something, it is no customer's money."
    ),
    Why.STATEMENT_MISSING: gettext_noop(
        "Between the statements %(before)s and %(after)s something is missing. Import it, and this leaves the list."
    ),
    Why.TRANSFER_DUE: gettext_noop(
        "Send it from the bank account with the reference %(reference)s. It leaves the list when a statement shows it."
    ),
    Why.LINE_BACK: gettext_noop(
        "Send it from the bank account with the reference %(reference)s. It leaves the list when a statement shows it."
    ),
    Why.PAYOUT_DIFFERS: gettext_noop(
        "%(provider)s, payout %(payout)s. Lines of no payment of this shop: %(unknown)s. Lines with another sum than "
        "ours: %(other)s. The page of the payout names each."
    ),
    Why.PAYOUT_FAILED: gettext_noop(
        "%(provider)s says that payout %(payout)s did not reach the bank account. It comes with a later one: is the "
        "account they have still yours?"
    ),
    Why.PAYOUT_NOT_SHOWN: gettext_noop(
        "%(provider)s sent payout %(payout)s on %(day)s, and no bank statement shows it. Import what is missing, or "
        "ask them."
    ),
    Why.PAYOUT_MISSING: gettext_noop(
        "Paid on %(day)s at %(provider)s, and later payments were paid out long ago. Ask them where it is."
    ),
    Why.CASH_DUE: gettext_noop(
        "Its customer shows a code of twelve digits at the counter, and it is paid out on the page of the tills. "
        "Whoever wants it on a bank account gets it so from there too. Either way it leaves the list."
    ),
    Why.SLIP_DUE: gettext_noop(
        "Give it back on the machine it was paid on, to the same card, and note the number of its receipt at the till. "
        "Whoever cannot come gets it by bank. Either way it leaves the list."
    ),
    Why.ANSWER_IMPOSSIBLE: gettext_noop("The answer was “%(answer)s”, but it is “%(state)s” already."),
    Why.MOVE_IMPOSSIBLE: gettext_noop("What was said (“%(event)s”) cannot be true of what is “%(state)s”."),
    Why.OTHER_CURRENCY: gettext_noop("It was paid in %(came)s, and asked for in %(asked)s."),
    Why.OTHER_PAYMENT: gettext_noop("Another payment answered under our reference."),
    Why.PASSPORT_APPLIED: gettext_noop("%(seller)s applies for a passport for this place: %(place)s"),
    Why.PASSPORT_DUE: gettext_noop(
        "The passport of %(seller)s for %(place)s ends on %(day)s. Look whether all of it is still so."
    ),
    Why.OFFLINE_TWICE: gettext_noop(
        "%(station)s sold the code with serial number %(serial)s a second time (sale %(n)s, by %(clerk)s). There are "
        "two tablets of this name, so it is locked. The price is posted as a loss: somebody holds a code that is worth "
        "nothing."
    ),
    Why.OFFLINE_FORKED: gettext_noop(
        "%(station)s tells of two different sales number %(n)s (by %(clerk)s). There are two tablets of this name, so "
        "it is locked, and the code with serial number %(serial)s is posted as lost."
    ),
    Why.OFFLINE_UNKNOWN: gettext_noop(
        "%(station)s says that it sold a code which it never held (sale %(n)s, by %(clerk)s). It is locked."
    ),
    Why.OFFLINE_UNBOOKED: gettext_noop(
        "%(station)s sold the code with serial number %(serial)s for cash without a line, and it cannot be booked "
        "(%(refused)s). Mend that: a closed drawer, or a place without address and hours. It is tried again by itself."
    ),
    Why.OFFLINE_LATE: gettext_noop(
        "%(station)s tells of sale %(n)s (by %(clerk)s) after it was unpaired, when the code with serial number "
        "%(serial)s had been posted as lost. If its money is in the drawer, the next count finds it."
    ),
    Why.LETTER_UNREADABLE: gettext_noop(
        "The code or the address of the letter of order slip %(number)s does not open with the keys of this shop. "
        "Bring back the keys it was sealed with; then it is printed with the others, and this goes away by itself."
    ),
    Why.LEFT_AT_KIOSK: gettext_noop(
        "Paid at %(station)s. Nobody has looked at its code, had it printed or taken its link along, so whoever paid "
        "cannot get at it. Refund it from the page of the order, or keep it for whoever asks."
    ),
    Why.RESTORED: gettext_noop(
        "The shop came out of a backup that knows nothing after %(until)s. It may have been sent, or paid back, after "
        "that. Ask the other side, or whoever bought it, before you say so."
    ),
    Why.LOST_PAYMENT: gettext_noop(
        "%(adapter)s shows a payment that no book here knows: %(their_id)s (%(about)s). Refund it there, or deliver "
        "what it was for when its buyer asks. It is in no account of ours until a payout shows it."
    ),
    Why.LOST_SEND: gettext_noop(
        "%(adapter)s shows a delivery that no book here knows: %(their_id)s (%(about)s). It was given, so do not send "
        "it again. Its cost is missing in our books."
    ),
    Why.SELLER_REPORTED: gettext_noop(
        "Somebody reports a seller. Passport number: %(number)s. What they write is on the page of the sellers."
    ),
    Why.CAPTURED_LESS: gettext_noop("First they said that %(before)s came in, now %(now)s."),
    Why.NOTHING_CAPTURED: gettext_noop("They call it paid, and nothing came in."),
    Why.NO_COST: gettext_noop("They delivered, and do not say what it cost."),
    Why.NO_CODE: gettext_noop("They say it was delivered, and gave no code."),
    Why.CURRENCY_UNKNOWN: gettext_noop("They delivered, and took what it cost in a currency we do not know: %(came)s"),
    Why.NO_RATE: gettext_noop(
        "They delivered, and took what it cost in %(came)s. Nobody has said lately what that is worth in %(asked)s: "
        "tell the rate, then ask them again."
    ),
    Why.FEE_CHANGED: gettext_noop("First they said that they keep %(before)s for their work, now %(now)s."),
    Why.FEE_CURRENCY: gettext_noop("They keep a fee in %(came)s for what was paid in %(asked)s."),
    Why.REFUNDED_ALREADY: gettext_noop("They took back what was refunded by choice already. Do they pay us back?"),
    Why.REFUND_TOO_MUCH: gettext_noop("More would go back than is left of the payment."),
    Why.PROVIDER_ID_TAKEN: gettext_noop("They gave the same number for two different things."),
    Why.CODE_KNOWN: gettext_noop("They delivered a code that was here before."),
}

#: Of a transfer that is due, while it stands in a file.
_IN_FILE: Final = gettext_noop(
    "It stands in the file %(file)s for the bank, with the reference %(reference)s: do not send it by hand. It leaves "
    "the list when a statement shows it."
)

_WORDS: Final[dict[str, str]] = {
    "succeeded": gettext_noop("succeeded"),
    "declined": gettext_noop("declined"),
    "pending": gettext_noop("under way"),
    "not_sent": gettext_noop("did not leave us"),
    "unknown": gettext_noop("no clear answer"),
    "new": gettext_noop("not sent yet"),
    "claimed": gettext_noop("about to be sent"),
    "sending": gettext_noop("being sent"),
    "contradiction": gettext_noop("cannot be true"),
    "reversed": gettext_noop("taken back"),
    "ask_again": gettext_noop("asked again by a person"),
    "allow_today": gettext_noop("allowed by a person"),
    "said_by_person": gettext_noop("a person said so"),
    "nobody_to_ask": gettext_noop("they cannot be asked"),
    "not_found": gettext_noop("not found, which proves nothing"),
    "adapter_broke": gettext_noop("our connection to them broke"),
    "insufficient_float": gettext_noop("too little of our money lies there"),
    "passed_no_answer": gettext_noop("not sent: they did not answer lately"),
    "passed_float_low": gettext_noop("not sent: too little of our money lay there"),
    "passed_not_approved": gettext_noop("not sent: nobody has approved which of theirs it is"),
    "timeout": gettext_noop("no answer in time"),
    "timed_out": gettext_noop("no answer in time"),
    "charge": gettext_noop("Payment"),
    "refund": gettext_noop("Refund"),
    "send": gettext_noop("Order to the supplier"),
    # a payment's life
    "opened": gettext_noop("Payment page opened"),
    "captured": gettext_noop("Money came in"),
    "overpaid": gettext_noop("More came in than asked: it goes back"),
    "underpaid": gettext_noop("Less came in than asked: it goes back"),
    "failed": gettext_noop("The payment failed"),
    "expired": gettext_noop("The time to pay ran out"),
    "extra_refunded": gettext_noop("What was paid beside the price went back"),
    "extra_went_back": gettext_noop("What was paid beside the price went back without us"),
    "charged_back": gettext_noop("Charged back by the customer's bank"),
    "charge_back_won": gettext_noop("A charge-back was won"),
    "refunded_outside": gettext_noop("Refunded at the provider, not by us"),
    "outside_undone": gettext_noop("A refund made at the provider came back"),
    "changed_at_provider": gettext_noop("refunded or charged back there"),
    "not_wanted": gettext_noop("nobody wants it any more"),
    "went_back": gettext_noop("the money went back without us"),
    "called_off": gettext_noop("called off by the customer"),
    "extra_refunded_otherwise": gettext_noop("What was paid beside the price went back by bank transfer"),
    "fee_kept": gettext_noop("The provider kept its fee"),
    "fee_given_back": gettext_noop("The provider gave a fee back"),
    "paid_in": gettext_noop("Paid in"),
    "given_back": gettext_noop("Given back to where it was paid from"),
    "recovered": gettext_noop("A payment in was taken back"),
    "restored": gettext_noop("A payment in that was taken back has come again"),
    # what messages are about
    "card_ready": gettext_noop("A SIM card that is ready"),
    "card_sent": gettext_noop("Another SIM card"),
    "delivered": gettext_noop("Delivered"),
    "refunding": gettext_noop("Being refunded"),
    "refunded": gettext_noop("Refunded"),
}


_SOURCES: Final[dict[Source, str]] = {
    Source.NETWORK: gettext_noop("Devices of one network"),
    Source.ADDRESS: gettext_noop("One internet address"),
    Source.DEVICE: gettext_noop("One device"),
    Source.EMAIL: gettext_noop("One e-mail address"),
    Source.NUMBER: gettext_noop("For one mobile number"),
}


class Choice(NamedTuple):
    """A resolution on its button, and what it will do."""

    label: str
    does: str


_CHOICES: Final[dict[Resolution, Choice]] = {
    Resolution.DELIVERED: Choice(
        gettext_noop("It was delivered"), gettext_noop("The order ends as delivered, and the customer is told.")
    ),
    Resolution.NOT_DELIVERED: Choice(
        gettext_noop("It was not delivered"),
        gettext_noop(
            "The next supplier is asked; where there is none, the money goes back. If it was delivered after all, we "
            "have given it twice."
        ),
    ),
    Resolution.PAID_BACK: Choice(
        gettext_noop("The money went back"), gettext_noop("The refund ends as done, and the customer is told.")
    ),
    Resolution.NOT_PAID_BACK: Choice(
        gettext_noop("The money did not go back"),
        gettext_noop("It is sent once more, under a new reference. If the first one did go out, it goes out twice."),
    ),
    Resolution.PAID: Choice(
        gettext_noop("It was paid"),
        gettext_noop("The order is delivered; if it has ended meanwhile, the money goes back."),
    ),
    Resolution.NOT_PAID: Choice(
        gettext_noop("It was not paid"), gettext_noop("Nothing is delivered. Money that arrives later is noticed.")
    ),
    Resolution.PAID_BACK_OTHERWISE: Choice(
        gettext_noop("I paid it back by bank transfer"),
        gettext_noop(
            "The books take it out of the bank account, and the customer is told. What left without us is not paid "
            "again."
        ),
    ),
    Resolution.ALLOW_TODAY: Choice(
        gettext_noop("Let it go today"), gettext_noop("This refund goes out now, beyond the day's cap.")
    ),
    Resolution.APPROVE: Choice(
        gettext_noop("Approve the refund"), gettext_noop("The money goes back, and the customer is told.")
    ),
    Resolution.DENY: Choice(gettext_noop("Deny the refund"), gettext_noop("No money moves. It leaves the list.")),
    Resolution.TELL_AGAIN: Choice(gettext_noop("Send the message again"), gettext_noop("A new message goes out now.")),
    Resolution.ASK_AGAIN: Choice(
        gettext_noop("Ask them again now"), gettext_noop("Nothing is decided. It stays on the list until they answer.")
    ),
    Resolution.MATCHED: Choice(
        gettext_noop("It is for this order"),
        gettext_noop("It counts as paid for that order, by the same rules as if its reference had been there."),
    ),
    Resolution.ON_FLOAT: Choice(
        gettext_noop("It is of a reseller's float"),
        gettext_noop("What came in is on that float at once. What went out is off it, where it holds so much."),
    ),
    Resolution.SEND_BACK: Choice(
        gettext_noop("It goes back"),
        gettext_noop("You are asked to send it back from the bank account. It is in no order's books."),
    ),
    Resolution.NOT_OURS: Choice(
        gettext_noop("It is no customer's money"),
        gettext_noop("A payout of a provider, money of your own. Nothing moves, and it leaves the list."),
    ),
    Resolution.SEEN: Choice(gettext_noop("I have seen it"), gettext_noop("No money moves. It leaves the list.")),
}

_STEPS: Final[dict[Step, str]] = {
    Step.PROPOSED: gettext_noop("Proposed; a second person must agree"),
    Step.ASKED: gettext_noop("Asked again"),
    Step.RESOLVED: gettext_noop("Decided"),
}

_ROLES: Final[dict[Role, str]] = {
    Role.CUSTOMER: gettext_noop("the customer"),
    Role.RESELLER: gettext_noop("reseller"),
    Role.CLERK: gettext_noop("clerk"),
    Role.KIOSK: gettext_noop("kiosk"),
    Role.OWNER: gettext_noop("owner"),
    Role.ACCOUNTANT: gettext_noop("accountant"),
    Role.SUPPORT: gettext_noop("support"),
    Role.SHOP_MANAGER: gettext_noop("shop manager"),
    Role.SYSTEM: gettext_noop("by itself"),
}

_FACTS: Final[dict[str, str]] = {
    "amount_minor": gettext_noop("Amount"),
    "supplier_id": gettext_noop("Their number for it"),
    "serial": gettext_noop("Serial"),
    "valid_until": gettext_noop("Valid until"),
    "ticket": gettext_noop("Order number"),
    "reseller": gettext_noop("Reseller"),
}


def kind(name: str) -> str:
    return _(_KINDS[Kind(name)]) if name in list(Kind) else name


def word(name: str) -> str:
    """A state, an answer, an event. One without words keeps its name: it is evidence, never hidden."""
    return _(_WORDS[name]) if name in _WORDS else orders.event(name)


def why(item: Item) -> str:
    """Why it waits. A word nobody knows keeps its name."""
    if item.why not in list(Why):
        return item.why
    if item.file is not None:
        reference = structured.belgian(item.params.get("reference", ""))
        return _(_IN_FILE) % {"file": message_id(item.file), "reference": reference}
    currency = item.at_risk.currency
    params = {name: _figure(name, text, currency) for name, text in {**_MAYBE, **item.params}.items()}
    said = _(_WHY[Why(item.why)]) % params
    return f"{said} {_(_ANSWER_BY) % params}" if "answer_by" in params else said


def _figure(name: str, text: str, currency: str) -> str:
    amount = Money.parse(text, currency) if name in _AMOUNTS else None
    if amount is not None:
        return figures.money(amount)
    if name == "asker":
        return actor(text)
    if name == "reason":
        return text
    if name == "source":
        return _(_SOURCES[Source(text)])
    if name == "reference":
        return structured.belgian(text)
    if name in _PLAIN:
        return text or "–"
    if name.endswith("_minor"):
        return figures.money(Money(int(text), currency)) if text else _("not known")
    if name == "answer_by":
        return figures.moment(datetime.fromisoformat(text))
    if name in ("day", "valid_until"):
        return figures.day(date.fromisoformat(text))
    if name == "until":
        return figures.moment(datetime.fromisoformat(text))
    return word(text) if text else "–"


_ANSWER_BY: Final = gettext_noop(
    "The customer's bank waits for your answer until %(answer_by)s: send the provider what proves the delivery."
)
_PLAIN: Final = frozenset(
    {"left", "sku", "skus", "supplier", "count", "count_before", "below", "sold", "suggested"}
    | {"provider", "payout", "unknown", "other", "seller", "place", "number", "reseller"}
    | {"their_id", "about"}
)
_MAYBE: Final = {"float_minor": ""}  # what may not have been said
_AMOUNTS: Final = frozenset({"came", "asked", "refunded", "charged_back", "before", "now", "gone", "owed", "beyond"})


def choice(resolution: Resolution) -> Choice:
    label, does = _CHOICES[resolution]
    return Choice(_(label), _(does))


def step(of: Step) -> str:
    return _(_STEPS[of])


def role(of: Role) -> str:
    return _(_ROLES[of])


def actor(written: str) -> str:
    """`owner:ana` as people say it: the name with the role; a customer's device has no name worth showing."""
    role, _sep, name = written.partition(":")
    if role not in list(Role):
        return written
    said = _(_ROLES[Role(role)])
    named = (*HOUSE, Role.RESELLER, Role.CLERK, Role.KIOSK)
    return f"{name} ({said})" if name and role in named else said


def facts(said: Evidence, currency: str) -> list[tuple[str, str]]:
    """The figures somebody gave, each with its label."""
    shown = []
    for name, text in said.facts.items():
        money = figures.money(Money(int(text), currency)) if name == "amount_minor" else text
        shown.append((_(_FACTS[name]) if name in _FACTS else name, money))
    return shown
