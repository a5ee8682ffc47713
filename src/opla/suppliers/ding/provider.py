"""DingConnect, keeping `Sends`, `Finds`, `Lists`, `ListsSends`, `Floats`, `LooksUp`. Facts: its V1 document."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import httpx

from opla.calling import Reply, told_money
from opla.core.money import Money
from opla.core.ports import Answer, Kind, Listed, ListedSend, LookedUp, Pin, Promises, SendReport, SendRequest, Unlisted
from opla.suppliers.ding import mapping
from opla.suppliers.ding.client import Client, first_error, items, well
from opla.suppliers.ding.config import Config
from opla.suppliers.ding.selling import Price, Product, product_of

#: Digits, or letters too, as operators print them on a voucher; the signs between groups are left out, as in our stock.
_CODE = re.compile(r"[0-9A-Za-z]{4,64}")
_GROUPING = str.maketrans("", "", " -")
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_DIGITS = re.compile(r"\d{6,20}")

#: For so long they list what was sent, less a day: "must not be older than 2 months".
_KEPT: Final = timedelta(days=58)
#: A list longer than this is not read.
_PAGES: Final = 1000

Fields = Mapping[str, object]


class Ding:
    """Nothing says that they refuse a reference used before, so nothing is ever sent again."""

    promises = Promises(refuses_repeat=False, find_by_reference=True, max_seconds=120)

    def __init__(
        self,
        config: Config,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client, self._config, self._clock = Client(config, transport), config, clock

    # ── sending ──

    def send(self, request: SendRequest) -> SendReport:
        """Asks for the product first, and for the price of one amount of a range. Until then nothing has left."""
        reply = self._client.products({"skuCodes": request.sku})
        if not well(reply):
            return _not_asked(reply)
        product = next(filter(None, map(product_of, _named(reply, request.sku))), None)
        if product is None or product.kind is not request.kind or not product.sells(request.face):
            why = "sku_unknown" if product is None else "face_not_sold"
            return SendReport(Answer.DECLINED, why=why, evidence=_evidence(reply))
        price = product.least if product.fixed else self._price(product, request)
        number = product.uat_number if self._config.uat else (request.number or self._config.number).removeprefix("+")
        if price is None or not _DIGITS.fullmatch(number):
            why = "price_unknown" if price is None else "number_missing"
            return SendReport(Answer.NOT_SENT, why=why, evidence=_evidence(reply))
        return self._transfer(request, product, price, number)

    def _price(self, product: Product, request: SendRequest) -> Price | None:
        """What to send so that the face value arrives; None where they do not say."""
        asked = {"SkuCode": product.sku, "ReceiveValue": _number(request.face), "BatchItemRef": request.reference}
        reply = self._client.estimate(asked)
        found = (one for one in items(reply) if one.get("BatchItemRef") == request.reference) if well(reply) else ()
        price = next((Price.read(one.get("Price")) for one in found if one.get("ResultCode") == 1), None)
        right = price is not None and price.arrives.currency == request.face.currency
        return price if price and right and request.face <= price.arrives else None

    def _transfer(self, request: SendRequest, product: Product, price: Price, number: str) -> SendReport:
        body = {
            "SkuCode": product.sku,
            "SendValue": _number(price.sends),
            "SendCurrencyIso": price.sends.currency,
            "AccountNumber": number,
            "DistributorRef": request.reference,
            "ValidateOnly": False,
        }
        reply = self._client.transfer(body, request.reference)
        if reply.trouble:
            return SendReport(reply.trouble, why=reply.evidence.get("error", ""), evidence=_evidence(reply))
        report = _told(reply.fields, request.reference, reply)
        if report.answer is Answer.SUCCEEDED and request.kind is Kind.CODE and not report.pin:
            # They sold a code and sent none: asking again will show it, and until then it is not delivered.
            return SendReport(Answer.UNKNOWN, report.supplier_id, why="code_missing", evidence=report.evidence)
        return report

    def find(self, reference: str) -> SendReport | None:
        reply = self._client.records(reference)
        if not well(reply):
            return _not_found(reply)
        if not isinstance(reply.fields.get("Items"), list):
            return SendReport(Answer.UNKNOWN, why="unreadable", evidence=_evidence(reply))
        found = [_told(one, reference, reply) for one in items(reply) if _reference(_record(one)) == reference]
        alive = [report for report in found if report.answer is not Answer.DECLINED] or found[:1]
        if len(alive) > 1:
            return SendReport(Answer.UNKNOWN, why="more_than_one", evidence=_evidence(reply))
        return alive[0] if alive else None

    def sends_since(self, since: datetime, until: datetime) -> Sequence[ListedSend] | Unlisted:  # noqa: ARG002
        """All that they list, which cannot be asked for by its time and is in no order that they tell."""
        if self._clock() - since > _KEPT:
            return Unlisted.TOO_OLD
        found: dict[str, ListedSend] = {}
        skip = 0
        for _ in range(_PAGES):
            reply = self._client.transfers(skip)
            rows, more = list(items(reply)), reply.fields.get("ThereAreMoreItems")
            part = [(one, _listed(one)) for one in rows]
            if not well(reply) or not isinstance(more, bool) or (more and not rows):
                return Unlisted.NO_ANSWER
            for row, one in part:
                if one is None:
                    return Unlisted.NO_ANSWER
                if _young(row, since):
                    found[one.supplier_id] = one
            if not more:
                return list(found.values())
            skip += len(rows)
        return Unlisted.NO_ANSWER

    # ── asking ──

    def products(self, country: str) -> Sequence[Listed] | None:
        return self._listed({"countryIsos": country})

    def _listed(self, query: Mapping[str, str]) -> Sequence[Listed] | None:
        sold, by = self._client.products(query), self._client.providers(query)
        if not (well(sold) and well(by)):
            return None
        names = {told.text("ProviderCode"): told for told in (Reply(fields=one) for one in items(by))}
        return [
            product.listed(provider.text("Name") or product.provider, provider.text("CountryIso") or "")
            for product in map(product_of, items(sold))
            if product and (provider := names.get(product.provider))
        ]

    def float_left(self) -> Money | None:
        reply = self._client.balance()
        return told_money(reply.fields.get("Balance"), reply.fields.get("CurrencyIso")) if well(reply) else None

    def look_up(self, number: str) -> LookedUp | None:
        """One provider or none: of several, nobody could say which."""
        reply = self._client.account(number.removeprefix("+")) if _E164.fullmatch(number) else Reply()
        providers = {Reply(fields=one).text("ProviderCode") for one in items(reply)} if well(reply) else set()
        code = next(iter(providers)) if len(providers) == 1 else None
        listed = self._listed({"providerCodes": code}) if code else None
        if not listed:
            return None
        return LookedUp(listed[0].operator, listed[0].country, [one.sku for one in listed])


def _named(reply: Reply, sku: str) -> list[Fields]:
    return [one for one in items(reply) if one.get("SkuCode") == sku]


def _not_asked(reply: Reply) -> SendReport:
    """Nothing has left, because the question before it got no good answer; a final one of theirs stays final."""
    answer, why = (Answer.NOT_SENT, reply.evidence.get("error", "")) if reply.trouble else _error(reply.fields)
    final = answer if answer is Answer.DECLINED else Answer.NOT_SENT
    return SendReport(final, why=why, evidence=_evidence(reply))


def _not_found(reply: Reply) -> SendReport:
    """A question about a transfer that got no good answer: whatever it says, it says nothing of the transfer."""
    answer, why = (reply.trouble, reply.evidence.get("error", "")) if reply.trouble else _error(reply.fields)
    left = Answer.NOT_SENT if answer is Answer.NOT_SENT else Answer.UNKNOWN
    return SendReport(left, why=why, evidence=_evidence(reply))


def _error(fields: Fields) -> tuple[Answer, str]:
    return mapping.ERROR.get(first_error(fields), (Answer.UNKNOWN, "error_unknown"))


def _told(fields: Fields, reference: str, reply: Reply) -> SendReport:
    """What these fields, a record with its result, say of the transfer `reference`; of another one they say nothing."""
    record = _record(fields)
    state = Reply(fields=record).text("ProcessingState") or ""
    evidence = _evidence(reply, fields)
    if Reply(fields=fields).whole("ResultCode") != 1:
        answer, why = _failed(fields, record, state, reference)
        return SendReport(answer, why=why, evidence=evidence)
    id_ = record.get("TransferId")
    told = Reply(fields=id_ if isinstance(id_, dict) else {}).text("TransferRef")
    if not reply.done or not told or _reference(record) != reference or state not in mapping.STATE:
        return SendReport(Answer.UNKNOWN, why="unreadable", evidence=evidence)
    answer = mapping.STATE[state]
    if answer is not Answer.SUCCEEDED:
        why = "operator_declined" if answer is Answer.DECLINED else ""
        return SendReport(answer, told, why=why, evidence=evidence)
    price, cost = Price.read(record.get("Price")), _cost(record)
    pin, params = _pin(record), record.get("ReceiptParams")
    if price is None or cost is None or (pin is None and isinstance(params, dict) and params.get("pin")):
        return SendReport(Answer.UNKNOWN, told, why="unreadable", evidence=evidence)
    return SendReport(
        answer,
        told,
        cost_minor=cost.amount_minor,
        pin=pin,
        evidence=evidence,
        currency=cost.currency,
        delivered=price.arrives,
    )


def _failed(fields: Fields, record: Fields, state: str, reference: str) -> tuple[Answer, str]:
    """What their result says beside an error: final only for a transfer that has ended badly, or was never begun."""
    if Reply(fields=fields).whole("ResultCode") is None:
        return Answer.UNKNOWN, "unreadable"
    going = bool(record) and mapping.STATE.get(state) is not Answer.DECLINED
    if going or _reference(record) not in ("", reference):
        return Answer.UNKNOWN, "unreadable"
    answer, why = _error(fields)
    return (Answer.DECLINED, "operator_declined") if record and why == "error_unknown" else (answer, why)


def _listed(fields: Fields) -> ListedSend | None:
    """One row of their list: what arrives, and whether it did; its receipt is not looked at."""
    record = _record(fields)
    state, id_ = Reply(fields=record).text("ProcessingState") or "", record.get("TransferId")
    price, told = Price.read(record.get("Price")), Reply(fields=id_ if isinstance(id_, dict) else {})
    answer, digits = mapping.STATE.get(state), Reply(fields=record).text("AccountNumber") or ""
    if answer is None or price is None or not told.text("TransferRef"):
        return None
    number = f"+{digits}" if _E164.fullmatch(f"+{digits}") else ""
    given, still = answer is Answer.SUCCEEDED, answer is Answer.PENDING
    reference, theirs = told.text("DistributorRef") or "", told.text("TransferRef") or ""
    return ListedSend(reference, theirs, price.arrives, given, still, number)


def _young(fields: Fields, since: datetime) -> bool:
    """Whether it was begun since then, or they do not say when."""
    text = Reply(fields=_record(fields)).text("StartedUtc") or ""
    try:
        begun = datetime.fromisoformat(text)
    except ValueError:
        return True
    return (begun if begun.tzinfo else begun.replace(tzinfo=UTC)) >= since


def _record(fields: Fields) -> Fields:
    found = fields.get("TransferRecord")
    return found if isinstance(found, dict) else {}


def _reference(record: Fields) -> str:
    id_ = record.get("TransferId")
    return Reply(fields=id_).text("DistributorRef") or "" if isinstance(id_, dict) else ""


def _cost(record: Fields) -> Money | None:
    """What leaves our balance: what was sent and their fee, less the commission that was earned with it."""
    price = Price.read(record.get("Price"))
    earned = told_money(record.get("CommissionApplied"), price.sends.currency) if price else None
    if price is None or earned is None or not 0 <= earned.amount_minor <= price.sends.amount_minor:
        return None
    return price.sends + price.fee - earned


def _pin(record: Fields) -> Pin | None:
    """The code by its name. Their free text holds it too, and may change: nothing is read from it."""
    params = record.get("ReceiptParams")
    secret = params.get("pin") if isinstance(params, dict) else None
    plain = secret.translate(_GROUPING) if isinstance(secret, str) else ""
    return Pin(plain) if _CODE.fullmatch(plain) else None


def _number(money: Money) -> int | float:
    """As JSON writes it: they want a number of two decimals at most."""
    amount = Decimal(money.decimal)
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _evidence(reply: Reply, fields: Fields | None = None) -> dict[str, str]:
    """What may be kept of a reply: words of our tables only, so that no code can slip in with a field of theirs."""
    said = reply.fields if fields is None else fields
    words = {
        "their_state": Reply(fields=_record(said)).text("ProcessingState") or "",
        "their_error": first_error(said),
    }
    known = {"their_state": set(mapping.STATE), "their_error": set(mapping.ERROR)}
    return {**reply.evidence, **{name: word for name, word in words.items() if word in known[name]}}
