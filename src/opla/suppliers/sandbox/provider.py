"""The sandbox supplier: `Sends`, `Finds`, `ListsSends`, `Floats`, `LooksUp`, for codes and for credit on a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from opla.calling import Reply, all_of
from opla.core.money import MINOR_DIGITS, Money
from opla.core.ports import Answer, Kind, ListedSend, LookedUp, Pin, Promises, SendReport, SendRequest, Unlisted
from opla.suppliers.sandbox import mapping
from opla.suppliers.sandbox.client import Client
from opla.suppliers.sandbox.config import Config


class Sandbox:
    """The same reference twice gives value once; the second answer is the first one's."""

    promises = Promises(refuses_repeat=True, find_by_reference=True, max_seconds=10, may_reverse=True)

    def __init__(self, config: Config) -> None:
        self._client = Client(config)

    def send(self, request: SendRequest) -> SendReport:
        body: dict[str, str | int] = {
            "reference": request.reference,
            "sku": request.sku,
            "operator": request.operator,
            "kind": request.kind,
            "face_minor": request.face.amount_minor,
            "currency": request.face.currency,
            "number": request.number,
            "plan": request.plan,
        }
        report = _report(self._client.send(body), request.reference)
        if report.answer is Answer.SUCCEEDED and request.kind is Kind.CODE and not report.pin:
            # They sold a code and sent none: asking again will show it, and until then it is not delivered.
            return SendReport(Answer.UNKNOWN, report.supplier_id, why="code_missing", evidence=report.evidence)
        return report

    def find(self, reference: str) -> SendReport | None:
        reply = self._client.find(reference)
        if reply.trouble is None and reply.status == 404 and reply.text("error") == mapping.NOT_FOUND:
            return None
        report = _report(reply, reference)
        # A "no" to the question says nothing of the send.
        return replace(report, answer=Answer.UNKNOWN) if report.answer is Answer.DECLINED and not reply.done else report

    def sends_since(self, since: datetime, until: datetime) -> Sequence[ListedSend] | Unlisted:  # noqa: ARG002
        since_ms = int(since.timestamp() * 1000)
        return all_of(lambda n: self._client.sends_since(since_ms, n), "sends", _listed)

    def float_left(self) -> Money | None:
        """Of an invented float, which is never empty for long."""
        reply = self._client.float_left()
        left_minor, currency = reply.whole("left_minor"), reply.text("currency") or ""
        return (
            Money(left_minor, currency) if reply.done and left_minor is not None and currency in MINOR_DIGITS else None
        )

    def look_up(self, number: str) -> LookedUp | None:
        """It knows the numbers that it has topped up, and no others; it takes our names, so it names no skus."""
        reply = self._client.number(number)
        operator, country = reply.text("operator"), reply.text("country")
        return LookedUp(operator, country) if reply.done and operator and country else None


def _report(reply: Reply, reference: str) -> SendReport:
    """What a reply says of the send `reference`; a reply about another send says nothing."""
    evidence = _evidence(reply)
    if reply.trouble:
        return SendReport(reply.trouble, why=reply.evidence.get("error", ""), evidence=evidence)
    if not reply.done:
        answer, why = mapping.ERROR.get(reply.text("error") or "", (Answer.UNKNOWN, "error_unknown"))
        return SendReport(answer, why=why, evidence=evidence)
    status, supplier_id, cost_minor = reply.text("status") or "", reply.text("id"), reply.whole("cost_minor")
    given, pin = reply.fields.get("code"), _pin(reply)
    unreadable = not supplier_id or cost_minor is None or reply.text("reference") != reference
    if unreadable or (given is not None and pin is None):
        return SendReport(Answer.UNKNOWN, why="unreadable", evidence=evidence)
    answer = mapping.SEND.get(status, Answer.UNKNOWN)
    return SendReport(
        answer=answer,
        supplier_id=supplier_id or "",
        cost_minor=cost_minor if answer is Answer.SUCCEEDED else None,
        pin=pin if answer is Answer.SUCCEEDED else None,
        reversed=status in mapping.REVERSED,
        why=mapping.WHY.get(reply.text("why") or "", "declined") if answer is Answer.DECLINED else "",
        evidence=evidence,
        currency=reply.text("cost_currency") or "",
    )


def _listed(row: object) -> ListedSend | None:
    """None for one that cannot be read: a list with a hole is none."""
    told = Reply(fields=row if isinstance(row, dict) else {})
    status, currency, face_minor = told.text("status") or "", told.text("currency") or "", told.whole("face_minor")
    answer = mapping.SEND.get(status)
    if answer is None or currency not in MINOR_DIGITS or face_minor is None or not told.text("id"):
        return None
    return ListedSend(
        told.text("reference") or "",
        told.text("id") or "",
        Money(face_minor, currency),
        answer is Answer.SUCCEEDED and status not in mapping.REVERSED,
        answer is Answer.PENDING,
        told.text("number") or "",
    )


def _pin(reply: Reply) -> Pin | None:
    """The code of a reply: digits, a serial, a date or none. Anything else is no code we could sell."""
    code = reply.fields.get("code")
    if not isinstance(code, dict):
        return None
    secret, serial, until = code.get("pin"), code.get("serial", ""), code.get("valid_until", "")
    if not (isinstance(secret, str) and secret.isascii() and secret.isdigit() and 6 <= len(secret) <= 32):
        return None
    if not isinstance(serial, str) or not serial.isprintable() or not isinstance(until, str):
        return None
    try:
        return Pin(secret, serial[:64], date.fromisoformat(until) if until else None)
    except ValueError:
        return None


def _evidence(reply: Reply) -> dict[str, str]:
    """What may be kept of a reply: named words only, so that no code can slip in with a field nobody expected."""
    known = {"status": set(mapping.SEND), "why": set(mapping.WHY), "error": set(mapping.ERROR)}
    words = {name: reply.text(name) or "" for name in known}
    return {**reply.evidence, **{f"their_{name}": word for name, word in words.items() if word in known[name]}}
