"""Reloadly, keeping `Sends`, `Finds`, `Lists`, `ListsSends`, `Floats`, `LooksUp`. Facts: its OpenAPI of 2022-07."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx
import rphonenumbers

from opla.calling import Reply, told_money
from opla.core.money import Money
from opla.core.ports import Answer, Kind, Listed, ListedSend, LookedUp, Pin, Promises, SendReport, SendRequest, Unlisted
from opla.suppliers.reloadly import mapping
from opla.suppliers.reloadly.client import PAGE, Client
from opla.suppliers.reloadly.config import Config
from opla.suppliers.reloadly.selling import Asked, Operator, operator_of

#: Digits, or letters too, as operators print them on a voucher; the signs between groups are left out, as in our stock.
_CODE = re.compile(r"[0-9A-Za-z]{4,64}")
_GROUPING = str.maketrans("", "", " -")
#: They do not say by which clock their list is asked: no place on earth is further from ours than this.
_ANY_CLOCK: Final = timedelta(hours=15)
#: A list longer than this is not read.
_PAGES: Final = 1000
_NUMBER: Final = 16
_COUNTRY = re.compile(r"[A-Z]{2}")

Fields = Mapping[str, object]


class Reloadly:
    """A reference that was used is refused later, but two at once are both done: nothing is ever sent again."""

    promises = Promises(
        refuses_repeat=False, find_by_reference=True, max_seconds=120, min_gap_same_number_s=120, may_reverse=True
    )

    def __init__(
        self,
        config: Config,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._number = Client(config, transport, clock), config.number

    # ── sending ──

    def send(self, request: SendRequest) -> SendReport:
        """Asks for the operator first: how its amounts are named is its own. Until then nothing has left."""
        reply = self._client.operator(request.sku.partition(":")[0])
        operator = operator_of(reply.fields) if reply.done else None
        if operator is None:
            return _not_asked(reply)
        asked = operator.asked(request.face)
        if asked is None or operator.kind is not request.kind or not _fits(request):
            return SendReport(Answer.DECLINED, why="face_not_sold", evidence=_evidence(reply))
        reply = self._client.top_up(self._body(request, operator, asked))
        if not reply.done:
            return _refused(reply)
        report = self._with_cost(_told(reply.fields, request.reference, reply), request.reference)
        if report.answer is Answer.SUCCEEDED and request.kind is Kind.CODE and not report.pin and not report.reversed:
            # They sold a code and sent none: asking again will show it, and until then it is not delivered.
            return SendReport(Answer.UNKNOWN, report.supplier_id, why="code_missing", evidence=report.evidence)
        return report

    def _body(self, request: SendRequest, operator: Operator, asked: Asked) -> dict[str, object]:
        whole = asked.amount == asked.amount.to_integral_value()
        number = (request.number or self._number).removeprefix("+")
        phone = {"countryCode": operator.country, "number": number}
        return {
            "operatorId": operator.id,
            "amount": int(asked.amount) if whole else float(asked.amount),
            "useLocalAmount": asked.local,
            "customIdentifier": request.reference,
            **({"recipientPhone": phone} if number else {}),
        }

    def find(self, reference: str) -> SendReport | None:
        reply = self._client.found(reference)
        if not reply.done:
            return _not_found(reply)
        rows = reply.fields.get("content")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            return SendReport(Answer.UNKNOWN, why="unreadable", evidence=_evidence(reply))
        found = [row for row in rows if row.get("customIdentifier") == reference]
        done = [row for row in found if row.get("status") != "FAILED"] or found[:1]
        if len(done) > 1:
            return SendReport(Answer.UNKNOWN, why="more_than_one", evidence=_evidence(reply))
        if not done:
            return None
        return self._with_cost(_told(done[0], reference, reply), reference)

    def _with_cost(self, report: SendReport, reference: str) -> SendReport:
        """The list of what was sent leaves out what our balance was, and then the single one is asked for: it has it.

        It only adds a cost: what was said before stays said.
        """
        if report.why != "cost_missing":
            return report
        reply = self._client.status(report.supplier_id)
        inside = reply.fields.get("transaction")
        told = _told(inside if isinstance(inside, dict) else reply.fields, reference, reply) if reply.done else report
        if told.cost_minor is None:
            return report
        return replace(report, cost_minor=told.cost_minor, currency=told.currency, why="")

    def sends_since(self, since: datetime, until: datetime) -> Sequence[ListedSend] | Unlisted:  # noqa: ARG002
        """Page by page until one is not full. One that comes twice shows that they count otherwise than they say."""
        start = f"{since.astimezone(UTC) - _ANY_CLOCK:%Y-%m-%d %H:%M:%S}"
        found: dict[str, ListedSend] = {}
        for page in range(1, _PAGES + 1):
            reply = self._client.sent(start, page)
            rows = reply.fields.get("content") if reply.done else None
            if not isinstance(rows, list):
                return Unlisted.NO_ANSWER
            read = [_listed(row) if isinstance(row, dict) else None for row in rows]
            part = {one.supplier_id: one for one in read if one is not None}
            if len(part) < len(rows) or part.keys() & found.keys():
                return Unlisted.NO_ANSWER
            found |= part
            if len(rows) < PAGE:
                return list(found.values())
        return Unlisted.NO_ANSWER

    # ── asking ──

    def products(self, country: str) -> Sequence[Listed] | None:
        reply = self._client.operators(country)
        if not reply.done:
            return None
        found = (operator_of(row) for row in reply.rows)
        return [listed for operator in found if operator for listed in operator.products()]

    def float_left(self) -> Money | None:
        reply = self._client.balance()
        return told_money(reply.fields.get("balance"), reply.fields.get("currencyCode")) if reply.done else None

    def look_up(self, number: str) -> LookedUp | None:
        country = _country_of(number)
        reply = self._client.detect(number.removeprefix("+"), country) if country else Reply()
        operator = operator_of(reply.fields) if reply.done else None
        if operator is None:
            return None
        return LookedUp(operator.name, operator.country, [listed.sku for listed in operator.products()])


def _fits(request: SendRequest) -> bool:
    """A name of theirs that carries an amount must be about this one."""
    _, _, amount = request.sku.partition(":")
    return not amount or amount == request.face.decimal


def _not_asked(reply: Reply) -> SendReport:
    """Nothing has left: the question before it was not answered. A 404 of theirs is an answer: no such thing."""
    if reply.trouble is None and reply.status == 404 and reply.text("path"):
        return SendReport(Answer.DECLINED, why="sku_unknown", evidence=_evidence(reply))
    why = "operator_unreadable" if reply.done else _refused(reply).why
    return SendReport(Answer.NOT_SENT, why=why, evidence=_evidence(reply))


def _refused(reply: Reply) -> SendReport:
    if reply.trouble:
        return SendReport(reply.trouble, why=reply.evidence.get("error", ""), evidence=_evidence(reply))
    answer, why = mapping.ERROR.get(reply.text("errorCode") or "", (Answer.UNKNOWN, "error_unknown"))
    return SendReport(answer, why=why, evidence=_evidence(reply))


def _not_found(reply: Reply) -> SendReport:
    """A question about a top-up that got no good answer: whatever it says, it says nothing of the top-up."""
    report = _refused(reply)
    return report if report.answer is Answer.NOT_SENT else replace(report, answer=Answer.UNKNOWN)


def _told(fields: Fields, reference: str, reply: Reply) -> SendReport:
    """What these fields say of the top-up `reference`; of another one they say nothing."""
    evidence, told = _evidence(reply, fields), Reply(fields=fields)
    id_, status = told.whole("transactionId"), told.text("status") or ""
    if not id_ or told.text("customIdentifier") != reference or status not in mapping.STATUS:
        return SendReport(Answer.UNKNOWN, why="unreadable", evidence=evidence)
    answer, gone = mapping.STATUS[status], status in mapping.REVERSED
    if answer is not Answer.SUCCEEDED or gone:
        why = "operator_declined" if answer is Answer.DECLINED else ""
        return SendReport(answer, str(id_), reversed=gone, why=why, evidence=evidence)
    delivered = told_money(fields.get("deliveredAmount"), fields.get("deliveredAmountCurrencyCode"))
    detail, cost = fields.get("pinDetail"), _cost(fields)
    pin = _pin(detail)
    if delivered is None or (pin is None and _code(detail, "code")):
        return SendReport(Answer.UNKNOWN, str(id_), why="unreadable", evidence=evidence)
    return SendReport(
        answer,
        str(id_),
        cost_minor=cost.amount_minor if cost else None,
        pin=pin,
        why="" if cost else "cost_missing",
        evidence=evidence,
        currency=cost.currency if cost else "",
        delivered=delivered,
    )


def _listed(row: Fields) -> ListedSend | None:
    """One row of their list, as what arrived or, of what did not, was to be paid; its code is not looked at."""
    told, digits = Reply(fields=row), str(row.get("recipientPhone") or "")
    id_, status = told.whole("transactionId"), told.text("status") or ""
    amounts = ((row.get(f"{name}Amount"), row.get(f"{name}AmountCurrencyCode")) for name in ("delivered", "requested"))
    face = next((found for amount in amounts if (found := told_money(*amount))), None)
    if not id_ or status not in mapping.STATUS or face is None:
        return None
    answer = mapping.STATUS[status]
    given = answer is Answer.SUCCEEDED and status not in mapping.REVERSED
    number = f"+{digits}" if digits.isascii() and digits.isdigit() and len(digits) < _NUMBER else ""
    reference = told.text("customIdentifier") or ""
    return ListedSend(reference, str(id_), face, given, answer is Answer.PENDING, number)


def _cost(fields: Fields) -> Money | None:
    """What our account was charged: by its balance before and after, else by what was asked for less the discount."""
    balance = fields.get("balanceInfo")
    if isinstance(balance, dict):
        before, after = (told_money(balance.get(n), balance.get("currencyCode")) for n in ("oldBalance", "newBalance"))
        if before and after and after <= before:
            return before - after
    asked = told_money(fields.get("requestedAmount"), fields.get("requestedAmountCurrencyCode"))
    off = told_money(fields.get("discount"), fields.get("discountCurrencyCode"))
    if asked and off and asked.currency == off.currency and 0 <= off.amount_minor <= asked.amount_minor:
        return asked - off
    return None


def _pin(detail: object) -> Pin | None:
    """The code of a top-up, where there is one that we could sell.

    `validity` says for how long in free words ("30 days"), never until when, so nothing is read from it.
    """
    secret, serial = _code(detail, "code").translate(_GROUPING), _code(detail, "serial")
    return Pin(secret, serial[:64]) if _CODE.fullmatch(secret) and serial.isprintable() else None


def _code(detail: object, name: str) -> str:
    """Their example writes codes as numbers, their schema calls them texts."""
    value = detail.get(name) if isinstance(detail, dict) else None
    return "" if value is None else str(value) if isinstance(value, str) or type(value) is int else "?"


def _country_of(number: str) -> str:
    """ISO alpha-2; empty for what is no number, or belongs to no country."""
    try:
        found = str(rphonenumbers.region_code_for_number(rphonenumbers.parse(number, None)) or "")
    except rphonenumbers.NumberParseException:
        return ""
    return found if _COUNTRY.fullmatch(found) else ""


def _evidence(reply: Reply, fields: Fields | None = None) -> dict[str, str]:
    """What may be kept of a reply: words of our tables only, so that no code can slip in with a field of theirs."""
    words = {
        "their_status": (Reply(fields=fields).text("status") if fields is not None else "") or "",
        "their_error": reply.text("errorCode") or "",
    }
    known = {"their_status": set(mapping.STATUS), "their_error": set(mapping.ERROR)}
    return {**reply.evidence, **{name: word for name, word in words.items() if word in known[name]}}
