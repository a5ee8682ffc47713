"""What PayPal's list of transactions says was paid, read strictly: a page that is not what it should be hides it all.

Only what moved the balance is in it, so an order that nobody captured is not; nobody but us captures. It is up to three
hours late, and says itself how far it is (developer.paypal.com/docs/api/transaction-search/v1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from opla.calling import Reply
from opla.core.money import MINOR_DIGITS, Money
from opla.core.ports import Answer, ListedCharge, Unlisted
from opla.payments.paypal import mapping, told
from opla.payments.paypal.client import Client
from opla.payments.paypal.told import Fields

#: They refuse a longer time.
_LONGEST: Final = timedelta(days=31)
_ID = re.compile(r"[A-Z0-9]{4,40}")
_REFERENCE = re.compile(r"[0-9a-f]{32}")
#: Payments between accounts: what came in for something, however it was asked for.
_PAYMENT: Final = "T00"


@dataclass(frozen=True)
class _Moved:
    """One transaction; `amount_minor` is below nothing where money left us, `of` is the one that it belongs to."""

    id: str
    of: str
    code: str
    answer: Answer
    amount_minor: int
    currency: str
    reference: str
    about: str


def charges(client: Client, since: datetime, until: datetime) -> Sequence[ListedCharge] | Unlisted:
    since, until = since.astimezone(UTC), until.astimezone(UTC)
    moved: dict[tuple[str, str], _Moved] = {}
    while since < until:
        end = min(since + _LONGEST, until)
        part = _part(client, since, end)
        if isinstance(part, Unlisted):
            return part
        moved |= {(one.id, one.code): one for one in part}  # what lies on the border is told twice
        since = end
    return [_charge(one, list(moved.values())) for one in moved.values() if _came_in(one)]


def _part(client: Client, since: datetime, end: datetime) -> Sequence[_Moved] | Unlisted:
    """All pages of one time, once they are known up to its end."""
    found: list[_Moved] = []
    page = pages = 1
    while page <= pages:
        reply = client.transactions(since, end, page)
        if not reply.done:
            return _why(reply)
        rows, known_until = _rows(reply), _moment(told.text(reply.fields, "last_refreshed_datetime"))
        if rows is None or known_until is None or reply.whole("page") != page:
            return Unlisted.NO_ANSWER
        if known_until < end:
            return Unlisted.NOT_YET
        found += rows
        pages = reply.whole("total_pages") or 0
        page += 1
    return found


def _why(reply: Reply) -> Unlisted:
    """Our own question is well-formed: that its start is refused means that they do not know that time yet."""
    name = told.text(reply.fields, "name") if reply.trouble is None else ""
    return mapping.UNLISTED.get(name, Unlisted.NO_ANSWER)


def _rows(reply: Reply) -> Sequence[_Moved] | None:
    rows = reply.fields.get("transaction_details")
    if not isinstance(rows, list):
        return None
    infos: Iterator[object] = (row.get("transaction_info") if isinstance(row, dict) else None for row in rows)
    found = [_moved(info) if isinstance(info, dict) else None for info in infos]
    whole = [one for one in found if one is not None]
    return whole if len(whole) == len(found) else None


def _moved(info: Fields) -> _Moved | None:
    id_, code = told.text(info, "transaction_id"), told.text(info, "transaction_event_code")
    amount, answer = _signed(info), mapping.TRANSACTION.get(told.text(info, "transaction_status"))
    if amount is None or answer is None or not _ID.fullmatch(id_) or not _ID.fullmatch(code):
        return None
    ours = (told.text(info, name) for name in ("custom_field", "invoice_id"))
    reference = next((one for one in ours if _REFERENCE.fullmatch(one)), "")
    of, about = told.text(info, "paypal_reference_id"), told.text(info, "transaction_subject")
    return _Moved(id_, of, code, answer, *amount, reference, about)


def _signed(info: Fields) -> tuple[int, str] | None:
    """The amount of a transaction, which they write with a sign where it left us."""
    amount = info.get("transaction_amount")
    if not isinstance(amount, dict):
        return None
    value, currency = told.text(amount, "value"), told.text(amount, "currency_code")
    found = Money.parse(value.removeprefix("-"), currency) if currency in MINOR_DIGITS else None
    return (-found.amount_minor if value.startswith("-") else found.amount_minor, currency) if found else None


def _came_in(one: _Moved) -> bool:
    return one.code.startswith(_PAYMENT) and one.amount_minor > 0


def _charge(one: _Moved, moved: Sequence[_Moved]) -> ListedCharge:
    back = [
        m for m in moved
        if m.of == one.id and m.code in mapping.WENT_BACK and m.currency == one.currency
        and m.answer is not Answer.DECLINED
    ]  # fmt: skip
    left_minor = max(one.amount_minor + sum(m.amount_minor for m in back), 0)
    kept_minor = left_minor if one.answer is Answer.SUCCEEDED else 0
    return ListedCharge(one.reference, one.id, kept_minor, one.currency, one.answer is Answer.PENDING, one.about)


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
