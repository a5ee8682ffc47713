"""What a transaction of theirs says, as facts. Whatever does not fit together says nothing."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Final

from opla.calling import Reply
from opla.core.money import MINOR_DIGITS, Money
from opla.core.ports import Answer, Kind, ListedSend, Pin, SendReport, SendRequest
from opla.core.sim import sold_code
from opla.suppliers.dtone import mapping

Fields = Mapping[str, object]
#: A PIN as operators print them, without the signs it is grouped by.
_LONGEST_PIN: Final = 64
_SHORTEST_PIN: Final = 4


def report_of(fields: Fields, reference: str, asked: SendRequest | None, evidence: Mapping[str, str]) -> SendReport:
    """The send `reference` as these fields tell it; `asked` is what it must be about, where that is known."""
    status = _status(fields)
    words = {**evidence, **({"their_status": status.message} if status else {})}
    supplier_id = whole(fields, "id")
    if status is None or supplier_id is None or text(fields, "external_id") != reference:
        return SendReport(Answer.UNKNOWN, why="unreadable", evidence=words)
    if asked and not _fits(fields, asked):
        return SendReport(Answer.UNKNOWN, str(supplier_id), why="other_order", evidence=words)
    answer = mapping.CLASS[status.class_]
    if answer is not Answer.SUCCEEDED or status.class_ == mapping.REVERSED:
        why = _why(status) if answer is Answer.DECLINED else ""
        back = status.class_ == mapping.REVERSED
        return SendReport(answer, str(supplier_id), reversed=back, why=why, evidence=words)
    return _completed(fields, str(supplier_id), asked, words)


def _completed(fields: Fields, supplier_id: str, asked: SendRequest | None, evidence: Mapping[str, str]) -> SendReport:
    """A success, with its cost and its secret. They sold it, so what is missing is asked for again, or by a person."""
    cost, given = cost_of(part(fields, "prices")), kind_of(part(fields, "product"))
    pin = _esim(fields) if given is Kind.ESIM else _pin(fields)
    why = ""
    if given is None or (asked and asked.kind is not given):
        why = "other_kind"
    elif cost is None:
        why = "cost_unreadable"
    elif pin is None and given.is_secret:
        why = "code_missing"
    elif text(part(fields, "pin"), "code") and given is Kind.DIRECT:
        why = "code_unasked"  # value that nobody would ever be shown
    if why or cost is None:
        return SendReport(Answer.UNKNOWN, supplier_id, why=why, evidence=evidence)
    return SendReport(
        Answer.SUCCEEDED,
        supplier_id,
        cost_minor=cost.amount_minor,
        pin=pin,
        evidence=evidence,
        currency=cost.currency,
    )


def listed_send(fields: Fields) -> ListedSend | None:
    """One row of their list. Of a product with one amount they tell what it cost and not its face: then it is that."""
    status, id_ = _status(fields), whole(fields, "id")
    wanted = money(part(part(fields, "requested_values"), "destination"), exact=True)
    face = wanted or cost_of(part(fields, "prices"))
    if status is None or id_ is None or face is None:
        return None
    answer = mapping.CLASS[status.class_]
    given = answer is Answer.SUCCEEDED and status.class_ != mapping.REVERSED
    number = text(part(fields, "credit_party_identifier"), "mobile_number")
    return ListedSend(text(fields, "external_id"), str(id_), face, given, answer is Answer.PENDING, number)


@dataclass(frozen=True)
class _Status:
    """`message` is their word, of which only those that the tables know are ever kept."""

    class_: str
    message: str


def _status(fields: Fields) -> _Status | None:
    status = part(fields, "status")
    class_ = part(status, "class")
    name, number, message = text(class_, "message"), whole(class_, "id"), text(status, "message")
    if name not in mapping.CLASS or mapping.CLASS_ID.get(number or 0, name) != name:
        return None
    known = message == name or message.removeprefix(f"{name}-") in mapping.WHY
    return _Status(name, message if known else name)


def _why(status: _Status) -> str:
    return mapping.WHY.get(status.message.removeprefix(f"{status.class_}-"), "declined")


def _fits(fields: Fields, asked: SendRequest) -> bool:
    """Whether it is what was asked for: the product, the number, and the amount as far as they repeat it."""
    product, _ = sku_parts(asked.sku) or (0, "")
    party = part(fields, "credit_party_identifier")
    wanted = part(part(fields, "requested_values"), "destination")
    if whole(part(fields, "product"), "id") != product or (party and text(party, "mobile_number") != asked.number):
        return False
    return not wanted or money(wanted, exact=True) == asked.face


def sku_parts(sku: str) -> tuple[int, str] | None:
    """The product's number, and `ranged` where an amount must be told with it; None for what is no sku of theirs."""
    number, _, manner = sku.partition("-")
    if not (number.isascii() and number.isdigit() and 0 < int(number) < 2**31 and sku == sku_of(int(number), manner)):
        return None
    return int(number), manner or "fixed"


def sku_of(product: int, manner: str) -> str:
    return f"{product}-ranged" if manner == "ranged" else str(product)


def kind_of(product: Fields) -> Kind | None:
    """How a product reaches people; None for bills, gift cards and what else we do not sell."""
    service = whole(part(product, "service"), "id")
    kind, _ = mapping.TYPE.get(text(product, "type"), (None, ""))
    if kind is None or service not in mapping.SERVICE:
        return None
    return Kind.ESIM if service == mapping.ESIM else kind


def cost_of(prices: Fields) -> Money | None:
    """What they take from our balance: price and fee, rounded to the cent because their balance keeps more digits."""
    price = part(prices, "wholesale")
    amount, fee, currency = number(price.get("amount")), number(price.get("fee")), text(price, "unit")
    if amount is None or fee is None or currency not in MINOR_DIGITS or amount < 0 or fee < 0:
        return None
    return Money(_minor(amount + fee, currency, ROUND_HALF_UP), currency)


def money(value: Fields, name: str = "amount", *, exact: bool) -> Money | None:
    """An amount in its currency; not exact: what is there of it at least. None where we do not know the currency."""
    amount, currency = number(value.get(name)), text(value, "unit")
    if amount is None or currency not in MINOR_DIGITS or text(value, "unit_type") != "CURRENCY":
        return None
    found = Money(_minor(amount, currency, ROUND_FLOOR), currency)
    return None if exact and Decimal(found.decimal) != amount else found


def _minor(amount: Decimal, currency: str, rounding: str) -> int:
    return int(amount.scaleb(MINOR_DIGITS[currency]).to_integral_value(rounding))


def number(value: object) -> Decimal | None:
    """A JSON number as it was written: the shortest decimal that reads the same."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    found = Decimal(repr(value))
    return found if found.is_finite() and abs(found) < 10**12 else None


def _pin(fields: Fields) -> Pin | None:
    told = part(fields, "pin")
    secret = "".join(c for c in text(told, "code") if c not in " -")
    if not (secret.isascii() and secret.isalnum() and _SHORTEST_PIN <= len(secret) <= _LONGEST_PIN):
        return None
    return Pin(secret, text(told, "serial")[:64], _valid_until(fields))


def _esim(fields: Fields) -> Pin | None:
    """Their activation code, by the same rule as one of our own stock; the serial is that of the new SIM."""
    profile = part(part(fields, "metadata"), "profile")
    found = sold_code(text(profile, "activation_code"))
    return Pin(found.raw, text(profile, "iccid")[:64]) if found else None


def _valid_until(fields: Fields) -> date | None:
    """The last day of a PIN: counted from when they made the transaction, which is the earlier one of two readings."""
    validity = part(part(part(fields, "product"), "pin"), "validity")
    count, unit = validity.get("quantity"), text(validity, "unit")
    try:
        begins = datetime.fromisoformat(text(fields, "creation_date")).astimezone(UTC)
        if type(count) is not int or count <= 0:  # null: they do not know; -1: for ever
            return None
        if unit == "MONTH":
            return _months_on(begins.date(), count)
        return (begins + timedelta(hours=count * mapping.VALID[unit])).date()
    except (ValueError, KeyError, OverflowError):
        return None


def _months_on(day: date, count: int) -> date:
    years, month = divmod(day.month - 1 + count, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def part(fields: Fields, name: str) -> Fields:
    """An object within another; empty where there is none."""
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def text(fields: Fields, name: str) -> str:
    return Reply(fields=fields).text(name) or ""


def whole(fields: Fields, name: str) -> int | None:
    return Reply(fields=fields).whole(name)
