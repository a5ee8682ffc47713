"""DT One: `Sends`, `Finds`, `Lists`, `ListsSends`, `Floats`, `LooksUp`. Facts: dvs-api-doc.dtone.com, 1.23.0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx

from opla.calling import Reply
from opla.core.money import Money
from opla.core.ports import Answer, Kind, Listed, ListedSend, LookedUp, Promises, SendReport, SendRequest, Unlisted
from opla.suppliers.dtone import listing, mapping
from opla.suppliers.dtone.client import Client
from opla.suppliers.dtone.config import Config
from opla.suppliers.dtone.reading import Fields, listed_send, money, part, report_of, sku_parts, text, whole

#: So long a time of their list may be asked for at once.
_LONGEST: Final = timedelta(hours=24)


class DTOne:
    """Two calls at most for one send: the request, and where it is refused the question what our reference is."""

    promises = Promises(refuses_repeat=True, find_by_reference=True, max_seconds=20, may_reverse=True)

    def __init__(self, config: Config, transport: httpx.BaseTransport | None = None) -> None:
        self._client = Client(config, transport)

    def send(self, request: SendRequest) -> SendReport:
        body = _asked(request)
        if body is None:
            return SendReport(Answer.DECLINED, why="product_unknown", evidence={"error": "sku"})
        reply = self._client.create(body)
        if reply.done:
            return report_of(reply.fields, request.reference, request, _evidence(reply))
        refused = _refused(reply, mapping.ERROR)
        if refused.answer is Answer.DECLINED or refused.why == "reference_used":
            return self._first_answer(request, refused)
        return refused

    def find(self, reference: str) -> SendReport | None:
        return self._found(reference, None)

    def sends_since(self, since: datetime, until: datetime) -> Sequence[ListedSend] | Unlisted:
        """A day at a time, which is the most they give; what was made on the border is told twice, and listed once."""
        since, until = since.astimezone(UTC), until.astimezone(UTC)
        found: dict[str, ListedSend] = {}
        while since < until:
            end, seen, total = min(since + _LONGEST, until), 0, ""
            for reply in self._client.created(since, end):
                rows = [listed_send(row) for row in reply.rows]
                part = {one.supplier_id: one for one in rows if one is not None}
                seen += len(part)
                if not reply.done or len(part) < len(rows):
                    return Unlisted.NO_ANSWER
                found |= part
                total = reply.headers.get("x-total", "").strip()
            if total != str(seen):
                return Unlisted.NO_ANSWER
            since = end
        return list(found.values())

    def products(self, country: str) -> Sequence[Listed] | None:
        theirs = listing.alpha3(country)
        if not theirs:
            return []
        found: list[Listed] = []
        for service, place in mapping.SERVICE.items():
            for reply in self._client.products({"service_id": str(service), place: theirs}):
                if not reply.done:
                    return None
                found += [one for row in reply.rows if (one := listing.listed(row, country))]
        return found

    def float_left(self) -> Money | None:
        """Of several balances that in euros."""
        reply = self._client.balances()
        found = [left for row in reply.rows if (left := money(row, "available", exact=False))]
        euros = [left for left in found if left.currency == "EUR"]
        return next(iter(euros or found), None) if len(found) == 1 or euros else None

    def look_up(self, number: str) -> LookedUp | None:
        """Only what they call a direct match. Numbers move, so it stays a proposal."""
        matches = [row for row in self._client.look_up(number).rows if row.get("identified") is True]
        if len(matches) != 1:
            return None
        operator, country = text(matches[0], "name"), listing.alpha2(part(matches[0], "country"))
        return LookedUp(operator, country) if operator and country else None

    def _first_answer(self, request: SendRequest, refused: SendReport) -> SendReport:
        """What a refusal means for a reference that may have been used before.

        Whether they look at the reference before everything else is not documented. If not, a repeat of what was given
        would be refused because of the balance that the first one took, so no refusal is believed before asking.
        """
        found = self._found(request.reference, request)
        if found is None:
            return refused  # `reference_used` and not found: UNKNOWN
        if found.answer is Answer.NOT_SENT:  # the question; the request was there
            return SendReport(Answer.UNKNOWN, why=refused.why, evidence=refused.evidence)
        return found

    def _found(self, reference: str, asked: SendRequest | None) -> SendReport | None:
        reply = self._client.find(reference)
        if not reply.done:
            return None if _not_found(reply) else _refused(reply, mapping.QUESTION)
        if not reply.rows and reply.headers.get("x-total", "").strip() == "0":
            return None
        ours = [row for row in reply.rows if text(row, "external_id") == reference]
        if len(ours) != 1:
            return SendReport(Answer.UNKNOWN, why="unreadable", evidence=_evidence(reply))
        return report_of(ours[0], reference, asked, _evidence(reply))


def _asked(request: SendRequest) -> dict[str, object] | None:
    """The body that asks for it; None where the sku is none of theirs."""
    found = sku_parts(request.sku)
    if found is None:
        return None
    product, manner = found
    body: dict[str, object] = {"external_id": request.reference, "product_id": product, "auto_confirm": True}
    if manner == "ranged":
        face = request.face
        amount = {"unit_type": "CURRENCY", "unit": face.currency, "amount": float(face.decimal)}
        body |= {"calculation_mode": "DESTINATION_AMOUNT", "destination": amount}
    if request.kind is Kind.DIRECT:
        body["credit_party_identifier"] = {"mobile_number": request.number}
    return body


def _refused(reply: Reply, table: Mapping[int, tuple[Answer, str]]) -> SendReport:
    if reply.trouble:
        return SendReport(reply.trouble, why=reply.evidence.get("error", ""), evidence=_evidence(reply))
    codes = _codes(reply)
    code = mapping.USED if mapping.USED in codes else codes[0] if codes else 0
    known = all(code in table for code in codes)
    answer, why = table.get(code, (Answer.UNKNOWN, "error_unknown")) if known else (Answer.UNKNOWN, "error_unknown")
    return SendReport(answer, why=why, evidence=_evidence(reply))


def _codes(reply: Reply) -> list[int]:
    errors = reply.fields.get("errors")
    rows: list[Fields] = [row for row in errors if isinstance(row, dict)] if isinstance(errors, list) else []
    return [code for row in rows if (code := whole(row, "code")) is not None]


def _not_found(reply: Reply) -> bool:
    return reply.trouble is None and reply.status == 404 and _codes(reply) == [mapping.NOT_FOUND]


def _evidence(reply: Reply) -> dict[str, str]:
    """What may be kept of a reply: its status, and the number of an error that their document lists."""
    known = {*mapping.ERROR, mapping.NOT_FOUND}
    errors = " ".join(str(code) for code in _codes(reply) if code in known)
    return {**reply.evidence, **({"their_error": errors} if errors else {})}
