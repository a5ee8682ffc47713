"""Stripe as a machine: Checkout sessions and what is paid, refunded and disputed in them (docs.stripe.com/api).

A session makes a payment intent when somebody first tries to pay, a paid intent has a charge, and every movement of
money is a balance transaction. Keys of repeats are remembered for a day, whole answers with them. A session that asks
for it leaves a payment method of a new customer; an intent without a session charges that, with nobody there.
"""

from __future__ import annotations

import hmac
import json
import re
from collections import ChainMap, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

from opla.counterparts.forms import nested
from opla.counterparts.standins import Again, Taken
from opla.counterparts.web import Request, Response, answer

Json = dict[str, Any]

#: What a call may carry, in their words; a name that is not here is refused, as they do.
_CREATE = {
    "adaptive_pricing", "allowed_payment_method_types", "cancel_url", "client_reference_id", "customer_creation",
    "expand", "line_items", "locale", "mode", "payment_intent_data", "payment_method_options", "success_url",
}  # fmt: skip
_CHARGE = {
    "allowed_payment_method_types", "amount", "confirm", "currency", "customer", "description", "expand", "metadata",
    "off_session", "payment_method",
}  # fmt: skip
_REFUND = {"amount", "expand", "metadata", "payment_intent"}
#: What is paid with → the type of what can be charged later.
_LATER = {"card": "card", "bancontact": "sepa_debit"}
_METHODS = ("card", "bancontact", "paypal", "alipay", "wechat_pay")
#: Whose refunds are done at once; with the others a bank or a wallet takes its time.
_AT_ONCE = "card"
_DAY = timedelta(hours=24)
_LEAST_MINOR = 50
_DISPUTE_FEE_MINOR = 2000
_ANSWER_WITHIN = timedelta(days=9)  # how long evidence is taken; theirs depends on the card


class _No(Exception):  # noqa: N818 - their word for it comes inside
    """They refuse: an HTTP status, and an error in their words."""

    def __init__(self, status: int, message: str, param: str = "", code: str = "", kind: str = "") -> None:
        super().__init__(message)
        error = {"type": kind or "invalid_request_error", "message": message, "param": param, "code": code}
        self.response = answer(status, {"error": {name: word for name, word in error.items() if word}})


class Stripe:
    """`key` opens it, and says by itself whether it is for trying. `webhook_secret` signs what it tells."""

    def __init__(self, key: str, clock: Callable[[], datetime], webhook_secret: str = "") -> None:
        self.page: Callable[[str], str] = "https://checkout.stripe.com/c/pay/{}".format
        self.opened: Callable[[Taken], None] = lambda _: None
        self.changed: Callable[[Taken], None] = lambda _: None
        self.taken: dict[str, Taken] = {}
        self.sessions: dict[str, Json] = {}
        self.intents: dict[str, Json] = {}
        self.charges: dict[str, Json] = {}
        self.refunds: dict[str, Json] = {}
        self.disputes: dict[str, Json] = {}
        self.payouts: dict[str, Json] = {}
        self.forgets: set[str] = set()  # sessions of which nothing is paid out: a mistake of theirs
        self._paid_in: dict[str, str] = {}  # movement → payout
        self.methods: dict[str, Json] = {}
        #: By which code charges of a payment method fail.
        self.failing: dict[str, str] = {}
        self.again: list[Again] = []
        self._left_by: dict[str, str] = {}  # payment method that can be charged later → session
        self._moves: dict[str, Json] = {}
        self._data: dict[str, Json] = {}
        self._session_of: dict[str, str] = {}
        self._waiting: deque[str] = deque()  # sessions by when they expire
        self._kept: dict[str, tuple[datetime, str, bytes, Response]] = {}
        self._key, self._clock, self._webhook_secret = key, clock, webhook_secret
        self._live = "_live_" in key

    @property
    def given_back(self) -> Mapping[str, int]:
        made = (one for one in self.refunds.values() if one["status"] not in ("failed", "canceled"))
        return {one["metadata"].get("reference", ""): one["amount"] for one in made}

    # ── their API ──

    @property
    def consents(self) -> Mapping[str, tuple[str, bool]]:
        return {id_: (left, self.methods[id_]["customer"] is not None) for id_, left in self._left_by.items()}

    def handle(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {self._key}":
            return _No(401, "Invalid API Key provided").response
        self._expire()
        try:
            return self._once(request) if request.method == "POST" else self._get(request)
        except _No as no:
            return no.response

    def _once(self, request: Request) -> Response:
        """A key seen before gets the answer it got, unless something else is asked with it."""
        key = request.headers.get("idempotency-key", "")
        at, path, body, before = self._kept.get(key, (self._clock(), request.path, request.body, None))
        if before is not None and self._clock() - at < _DAY:
            if (path, body) != (request.path, request.body):
                message = "Keys for idempotent requests can only be used with the same parameters"
                raise _No(400, message, kind="idempotency_error")
            return before
        response = self._post(request.path, nested(parse_qsl(request.body.decode(), keep_blank_values=True)))
        if key:
            self._kept[key] = self._clock(), request.path, request.body, response
        return response

    def _post(self, path: str, given: Json) -> Response:
        match path.strip("/").split("/")[1:]:
            case ["checkout", "sessions"]:
                made = self._create(given)
            case ["refunds"]:
                made = self._refund(given)
            case ["payment_intents"]:
                return self._charged_again(given)
            case ["payment_methods", id_, "detach"]:
                made = self._detach(id_)
            case _:
                raise _No(404, f"Unrecognized request URL (POST: {path})")
        return answer(200, self._expanded(made, given.get("expand", [])))

    def _get(self, request: Request) -> Response:
        given = nested(request.query.items())
        expand = given.get("expand", [])
        match request.path.strip("/").split("/")[1:]:
            case ["checkout", "sessions"]:
                found = _after(_since(_newest(self.sessions, given), given), given)
            case ["checkout", "sessions", id_]:
                if id_ not in self.sessions:
                    raise _No(404, f"No such checkout.session: {id_}", "session", "resource_missing")
                return answer(200, self._expanded(self.sessions[id_], expand))
            case ["payment_methods", id_]:
                return answer(200, self._method(id_))
            case ["payment_intents", id_] if id_ != "search":
                if id_ not in self.intents:
                    raise _No(404, f"No such payment_intent: {id_}", "intent", "resource_missing")
                return answer(200, self._expanded(self.intents[id_], expand))
            case ["payment_intents"]:
                found = _after(_since(_newest(self.intents, {}), given), given)
            case ["refunds"]:
                found = _newest(self.refunds, given)
            case ["payouts"]:
                found = _after(_since(_newest(self.payouts, {}), given), given)
            case ["balance_transactions"]:
                of = given.get("payout", "")
                if not self.payouts.get(of, {"automatic": True})["automatic"]:
                    message = "Balance transaction history can only be filtered on automatic transfers, not manual."
                    raise _No(400, message, "payout")
                paid = (one for one in reversed(self._moves.values()) if self._paid_in.get(one["id"]) == of)
                found = _after(paid, given)
            case ["disputes"]:
                found = _newest(self.disputes, given)
            case ["payment_intents", "search"]:
                wanted = re.fullmatch(r"metadata\['(\w+)'\]:'(\w*)'", given.get("query", ""))
                if wanted is None:
                    raise _No(400, "We were unable to parse your search query.", "query")
                name, value = wanted.groups()
                found = (one for one in _newest(self.intents, {}) if one["metadata"].get(name) == value)
            case _:
                raise _No(404, f"Unrecognized request URL (GET: {request.path})")
        kind = "search_result" if request.path.endswith("/search") else "list"
        limit = int(given.get("limit", "10"))
        some = list(islice(found, limit + 1))
        page = [self._expanded(one, [path.removeprefix("data.") for path in expand]) for one in some[:limit]]
        return answer(200, {"object": kind, "data": page, "has_more": len(some) > limit, "url": request.path})

    def _create(self, given: Json) -> Json:
        _no_other(given, _CREATE)
        if given.get("mode") != "payment":
            raise _No(400, "Invalid mode", "mode")
        [line] = given.get("line_items") or [{}]
        price = line.get("price_data", {})
        minor, currency = _whole(price.get("unit_amount"), "unit_amount"), price.get("currency", "")
        if not re.fullmatch("[a-z]{3}", currency) or not price.get("product_data", {}).get("name"):
            raise _No(400, "Missing required param: line_items[0][price_data]", "line_items")
        for name in ("success_url", "cancel_url"):
            if not given.get(name, "").startswith(("https://", "http://")):
                raise _No(400, "Not a valid URL", name, "url_invalid")
        if minor * _whole(line.get("quantity"), "quantity") < _LEAST_MINOR:
            raise _No(400, "The total amount due must add up to at least €0.50", code="amount_too_small")
        methods = given.get("allowed_payment_method_types", list(_METHODS))
        if not set(methods) <= set(_METHODS):
            raise _No(400, "Invalid allowed_payment_method_types", "allowed_payment_method_types")
        keeps = given.get("payment_intent_data", {}).get("setup_future_usage") is not None
        if keeps and not set(methods) <= set(_LATER):
            raise _No(400, "Some payment methods cannot be used with setup_future_usage", "payment_intent_data")
        id_ = f"cs_{'live' if self._live else 'test'}_{len(self.sessions):024d}"
        self.sessions[id_] = {
            "id": id_,
            "object": "checkout.session",
            "amount_subtotal": minor,
            "amount_total": minor,
            "automatic_tax": {"enabled": False, "status": None},
            "cancel_url": given["cancel_url"],
            "client_reference_id": given.get("client_reference_id"),
            "created": self._now(),
            "currency": currency,
            "custom_fields": [],
            "custom_text": {},
            "expires_at": self._now(_DAY),
            "livemode": self._live,
            "locale": given.get("locale"),
            "mode": "payment",
            "payment_intent": None,
            "payment_method_types": methods,
            "payment_status": "unpaid",
            "shipping_options": [],
            "status": "open",
            "success_url": given["success_url"],
            "url": self.page(id_),
        }
        # What its payment intent will carry; a session tells none of it.
        self._data[id_] = given.get("payment_intent_data", {})
        self._waiting.append(id_)
        reference, back = given.get("client_reference_id", ""), given["success_url"]
        self.taken[id_] = Taken(id_, reference, minor, currency.upper(), return_url=back)
        self.opened(self.taken[id_])
        return self.sessions[id_]

    def _refund(self, given: Json) -> Json:
        _no_other(given, _REFUND)
        intent = self.intents.get(given.get("payment_intent", ""))
        if intent is None:
            raise _No(404, "No such payment_intent", "payment_intent", "resource_missing")
        charge = self.charges.get(intent["latest_charge"] or "")
        if charge is None:
            raise _No(400, "This PaymentIntent does not have a successful charge to refund.", "payment_intent")
        if charge["disputed"]:
            raise _No(400, "This charge has been charged back", code="charge_disputed")
        minor, left = _whole(given.get("amount"), "amount"), charge["amount_captured"] - charge["amount_refunded"]
        if not left:
            raise _No(400, "Charge has already been refunded.", code="charge_already_refunded")
        if minor > left:
            raise _No(400, "Refund amount is greater than unrefunded amount on charge", "amount")
        return self._give_back(charge, minor, given.get("metadata", {}))

    # ── what customers do there, and whoever sits at the dashboard ──

    def pay(self, id_: str, amount_minor: int | None = None) -> None:
        """A session that has expired cannot be paid, and a paid one not again."""
        self._expire()
        session, taken = self.sessions[id_], self.taken[id_]
        if session["status"] == "expired" or session["payment_status"] == "paid":
            return
        intent = self._intent(session)
        how = session["payment_method_types"][0]
        details = _details(how)
        if intent["setup_future_usage"]:
            details = self._keep(intent, how)
        session |= {"status": "complete", "payment_status": "paid", "url": None, "customer": intent["customer"]}
        self._paid(intent, taken, session["amount_total"] if amount_minor is None else amount_minor, details)

    def _paid(self, intent: Json, taken: Taken, minor: int, details: Json) -> None:
        charge_id = f"ch_{len(self.charges):024d}"
        fee_minor = 25 + minor * 15 // 1000
        self.charges[charge_id] = {
            "id": charge_id,
            "object": "charge",
            "amount": minor,
            "amount_captured": minor,
            "amount_refunded": 0,
            "balance_transaction": self._moved("charge", minor, intent["currency"], fee_minor, charge_id),
            "billing_details": {"address": None, "email": None, "name": None, "phone": None},
            "captured": True,
            "created": self._now(),
            "currency": intent["currency"],
            "disputed": False,
            "livemode": self._live,
            "metadata": intent["metadata"],
            "paid": True,
            "payment_intent": intent["id"],
            "payment_method_details": details,
            "refunded": False,
            "status": "succeeded",
        }
        intent |= {"status": "succeeded", "latest_charge": charge_id, "amount_received": minor}
        taken.captured_minor, taken.fee_minor, taken.why = minor, fee_minor, ""
        self.changed(taken)

    def fail(self, id_: str, why: str) -> None:
        """Refused as by a method that takes its time: a card that is refused leaves the page open for another one."""
        session = self.sessions[id_]
        if session["status"] != "open":
            return
        if why == "refused":
            self._intent(session)["status"] = "requires_payment_method"
        session |= {"status": "complete" if why == "refused" else "expired", "url": None}
        self.taken[id_].why = why
        self.changed(self.taken[id_])

    def charge_back(self, id_: str) -> None:
        charge, taken = self._charge(id_), self.taken[id_]
        minor, dispute_id = taken.kept_minor, f"dp_{len(self.disputes):024d}"
        if charge is None or minor <= 0:
            return
        moved = self._moves[self._moved("adjustment", -minor, charge["currency"], _DISPUTE_FEE_MINOR, dispute_id)]
        self.disputes[dispute_id] = {
            "id": dispute_id,
            "object": "dispute",
            "amount": minor,
            "balance_transactions": [moved],
            "charge": charge["id"],
            "created": self._now(),
            "currency": charge["currency"],
            "evidence": {},
            "evidence_details": {
                "due_by": self._now(_ANSWER_WITHIN),
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            "is_charge_refundable": False,
            "livemode": self._live,
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "reason": "fraudulent",
            "status": "needs_response",
        }
        charge["disputed"] = True
        taken.charged_back_minor += minor
        taken.fee_minor += _DISPUTE_FEE_MINOR
        self.changed(taken)

    def win(self, id_: str) -> None:
        """The bank gives back what was charged back; the fee stays theirs."""
        [dispute] = [one for one in self.disputes.values() if one["charge"] == (self._charge(id_) or {}).get("id")]
        returned = self._moved("adjustment", dispute["amount"], dispute["currency"], 0, dispute["id"])
        dispute["balance_transactions"].append(self._moves[returned])
        dispute["status"] = "won"
        self.taken[id_].charged_back_minor -= dispute["amount"]
        self.changed(self.taken[id_])

    def refund_outside(self, id_: str) -> None:
        charge, taken = self._charge(id_), self.taken[id_]
        minor = taken.kept_minor
        if charge is None or minor <= 0:
            return
        self._give_back(charge, minor, {})
        taken.outside_minor += minor
        self.changed(taken)

    def settle(self) -> None:
        for refund in self.refunds.values():
            if refund["status"] == "pending":
                refund["status"] = "succeeded"

    def pay_out(self, older: timedelta = timedelta()) -> str:
        """All that was moved so long ago and not paid out yet goes to the bank; the payout's id, empty without any."""
        until = self._now(-older)
        due = [
            one
            for one in self._moves.values()
            if one["id"] not in self._paid_in and one["created"] <= until and not self._forgotten(one)
        ]
        if not due:
            return ""
        id_, total = f"po_{len(self.payouts):024d}", sum(one["net"] for one in due)
        currency = due[0]["currency"]
        self.payouts[id_] = {
            "id": id_,
            "object": "payout",
            "amount": total,
            "arrival_date": self._now(),
            "automatic": True,
            "balance_transaction": None,
            "created": self._now(),
            "currency": currency,
            "description": "STRIPE PAYOUT",
            "destination": None,
            "failure_balance_transaction": None,
            "failure_code": None,
            "livemode": self._live,
            "metadata": {},
            "method": "standard",
            "reconciliation_status": "completed",
            "source_type": "card",
            "statement_descriptor": f"OPLA {len(self.payouts):06d}",
            "status": "paid",
            "type": "bank_account",
        }
        left = self._moved("payout", -total, currency, 0, id_)
        self.payouts[id_]["balance_transaction"] = left
        self._paid_in |= {one["id"]: id_ for one in [*due, self._moves[left]]}
        return id_

    def fail_payout(self, id_: str) -> None:
        """The bank sends it back."""
        payout = self.payouts[id_]
        back = self._moved("payout_failure", payout["amount"], payout["currency"], 0, id_)
        payout |= {"status": "failed", "failure_code": "account_closed", "failure_balance_transaction": back}

    @property
    def paid_out(self) -> Mapping[str, int]:
        """What each payout truly sent to the bank."""
        return {id_: one["amount"] for id_, one in self.payouts.items()}

    def _forgotten(self, move: Json) -> bool:
        if not self.forgets:
            return False
        of = self.charges.get(move["source"]) or self.refunds.get(move["source"]) or self.disputes.get(move["source"])
        return of is not None and self._session_of[of["payment_intent"]] in self.forgets

    def webhook(self, kind: str, found: Json) -> tuple[dict[str, str], bytes]:
        """What they would post: of event `kind`, with the object it is about, and its signature."""
        told = {
            "id": "evt_1",
            "object": "event",
            "created": self._now(),
            "data": {"object": found},
            "livemode": self._live,
            "pending_webhooks": 1,
            "type": kind,
        }
        body = json.dumps(told).encode()
        signed = f"{self._now()}.".encode() + body
        signature = hmac.new(self._webhook_secret.encode(), signed, sha256).hexdigest()
        return {"Stripe-Signature": f"t={self._now()},v1={signature}"}, body

    # ── their books ──

    def _intent(self, session: Json) -> Json:
        if session["payment_intent"] is None:
            data = self._data[session["id"]]
            id_ = f"pi_{len(self.intents):024d}"
            types, minor, currency = session["payment_method_types"], session["amount_total"], session["currency"]
            self.intents[id_] = self._new_intent(id_, minor, currency, types, data)
            session["payment_intent"] = id_
            self._session_of[id_] = session["id"]
        found: Json = self.intents[session["payment_intent"]]
        return found

    def _new_intent(self, id_: str, minor: int, currency: str, types: list[str], data: Json) -> Json:
        return {
            "id": id_,
            "object": "payment_intent",
            "amount": minor,
            "amount_received": 0,
            "capture_method": "automatic_async",
            "confirmation_method": "automatic",
            "created": self._now(),
            "currency": currency,
            "customer": data.get("customer"),
            "description": data.get("description"),
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": self._live,
            "metadata": data.get("metadata", {}),
            "payment_method": data.get("payment_method"),
            "payment_method_types": types,
            "setup_future_usage": data.get("setup_future_usage"),
            "status": "requires_payment_method",
        }

    # ── consent ──

    def _keep(self, intent: Json, how: str) -> Json:
        """A new customer's payment method that can be charged later; how the charge tells of it."""
        n = len(self.methods)
        method_id, kind, customer_id = f"pm_{n:024d}", _LATER[how], f"cus_{n:014d}"
        self.methods[method_id] = {
            "id": method_id,
            "object": "payment_method",
            "billing_details": {"address": None, "email": None, "name": None, "phone": None},
            "created": self._now(),
            "customer": customer_id,
            "livemode": self._live,
            "metadata": {},
            "type": kind,
        }
        intent["customer"] = customer_id
        self._left_by[method_id] = self._session_of[intent["id"]]
        if how == kind:
            intent["payment_method"] = method_id
            return _details(how)
        intent["payment_method"] = f"pm_once_{n:024d}"
        return {"type": how, how: {"generated_sepa_debit": method_id, "generated_sepa_debit_mandate": f"mandate_{n}"}}

    def _method(self, id_: str) -> Json:
        if id_ not in self.methods:
            raise _No(404, f"No such PaymentMethod: '{id_}'", "payment_method", "resource_missing")
        found: Json = self.methods[id_]
        return found

    def _detach(self, id_: str) -> Json:
        method = self._method(id_)
        if method["customer"] is None:
            message = "The payment method you provided is not attached to a customer so detachment is impossible."
            raise _No(400, message)
        method["customer"] = None
        return method

    def _charged_again(self, given: Json) -> Response:
        """With `confirm` and `off_session`, which is all that is spoken here: paid, under way, or refused at once."""
        _no_other(given, _CHARGE)
        if (given.get("confirm"), given.get("off_session")) != ("true", "true"):
            raise _No(400, "off_session can only be used with confirm=true", "off_session")
        minor, currency = _whole(given.get("amount"), "amount"), given.get("currency", "")
        if not re.fullmatch("[a-z]{3}", currency) or minor < _LEAST_MINOR:
            raise _No(400, "Invalid amount or currency", "amount", "amount_too_small")
        if not any(one["customer"] == given.get("customer", "") for one in self.methods.values()):
            raise _No(400, f"No such customer: '{given.get('customer')}'", "customer", "resource_missing")
        method = self.methods.get(given.get("payment_method", ""))
        if method is None or method["customer"] != given["customer"]:
            message = "The customer does not have a payment method with this ID."
            raise _No(400, message, "payment_method", "resource_missing")
        if given.get("allowed_payment_method_types") != [method["type"]]:
            raise _No(400, "The payment method is of another type", "payment_method")
        id_ = f"pi_{len(self.intents):024d}"
        intent = self.intents[id_] = self._new_intent(id_, minor, currency, [method["type"]], given)
        self._session_of[id_] = id_
        self.taken[id_] = Taken(id_, intent["metadata"].get("reference", ""), minor, currency.upper())
        self.again.append(Again(id_, method["id"], self._clock()))
        if method["type"] == "sepa_debit":
            intent["status"] = "processing"
        elif code := self.failing.get(method["id"]):
            return answer(402, {"error": self._failed(intent, code)})
        else:
            self._paid(intent, self.taken[id_], minor, _details("card"))
        return answer(200, self._expanded(intent, given.get("expand", [])))

    def _failed(self, intent: Json, code: str) -> Json:
        code = code if code == "authentication_required" else "card_declined"
        error = {"type": "card_error", "code": code, "message": "Your card was declined."}
        if code == "card_declined":
            error["decline_code"] = self.failing[intent["payment_method"]]
        intent |= {"status": "requires_payment_method", "last_payment_error": error, "payment_method": None}
        self.taken[intent["id"]].why = "refused"
        return {**error, "payment_intent": {**intent, "last_payment_error": dict(error)}}

    def debit(self) -> None:
        """What banks take days for: direct debits that are under way end."""
        for intent in [one for one in self.intents.values() if one["status"] == "processing"]:
            taken = self.taken[intent["id"]]
            if code := self.failing.get(intent["payment_method"]):
                error = {"type": "card_error", "code": code, "message": "The bank refused the debit."}
                intent |= {"status": "requires_payment_method", "last_payment_error": error, "payment_method": None}
                taken.why = "refused"
                self.changed(taken)
            else:
                self._paid(intent, taken, intent["amount"], _details("sepa_debit"))

    def _charge(self, id_: str) -> Json | None:
        intent = self.intents.get(id_ if id_ in self.intents else self.sessions[id_]["payment_intent"] or "")
        return self.charges.get(intent["latest_charge"] or "") if intent else None

    def _give_back(self, charge: Json, minor: int, metadata: Mapping[str, str]) -> Json:
        intent = self.intents[charge["payment_intent"]]
        id_ = f"re_{len(self.refunds):024d}"
        self.refunds[id_] = {
            "id": id_,
            "object": "refund",
            "amount": minor,
            "balance_transaction": self._moved("refund", -minor, charge["currency"], 0, id_),
            "charge": charge["id"],
            "created": self._now(),
            "currency": charge["currency"],
            "metadata": metadata,
            "payment_intent": intent["id"],
            "reason": None,
            "status": "succeeded" if intent["payment_method_types"][0] == _AT_ONCE else "pending",
        }
        charge["amount_refunded"] += minor
        charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
        self.taken[self._session_of[intent["id"]]].refunded_minor += minor
        return self.refunds[id_]

    def _moved(self, kind: str, minor: int, currency: str, fee_minor: int, source: str) -> str:
        id_ = f"txn_{len(self._moves):024d}"
        self._moves[id_] = {
            "id": id_,
            "object": "balance_transaction",
            "amount": minor,
            "available_on": self._now(),
            "created": self._now(),
            "currency": currency,
            "fee": fee_minor,
            "fee_details": [],
            "net": minor - fee_minor,
            "reporting_category": kind,
            "source": source,
            "status": "available",
            "type": kind,
        }
        return id_

    def _expanded(self, found: Json, paths: Iterable[str]) -> Json:
        """A copy with whole objects where `paths` lead, in place of their ids."""
        sources = ChainMap(self.charges, self.refunds, self.disputes, self.payouts)
        books: dict[str, Mapping[str, Json]] = {
            "payment_intent": self.intents,
            "latest_charge": self.charges,
            "balance_transaction": self._moves,
            "source": sources,
        }
        copy: Json = json.loads(json.dumps(found))
        for path in paths:
            at = copy
            for name in path.split("."):
                if name not in books or name not in at:
                    raise _No(400, f"This property cannot be expanded ({path}).", "expand")
                if isinstance(at[name], str):
                    at[name] = json.loads(json.dumps(books[name][at[name]]))
                if at[name] is None:
                    break
                at = at[name]
        return copy

    def _expire(self) -> None:
        while self._waiting and self.sessions[self._waiting[0]]["expires_at"] <= self._now():
            self.fail(self._waiting.popleft(), "expired")

    def _now(self, later: timedelta = timedelta()) -> int:
        return int((self._clock() + later).timestamp())


def _details(how: str) -> Json:
    """What a charge tells of how it was paid."""
    return {"type": how, how: {"exp_month": 12, "exp_year": 2030} if how == "card" else {}}


def _newest(some: dict[str, Json], given: Json) -> Iterator[Json]:
    """The newest first; those of one payment intent where one is named."""
    of = given.get("payment_intent", "")
    return (one for one in reversed(some.values()) if not of or one["payment_intent"] == of)


def _since(some: Iterator[Json], given: Json) -> Iterator[Json]:
    since = int(given.get("created", {}).get("gte", "0"))
    return (one for one in some if one["created"] >= since)


def _after(some: Iterator[Json], given: Json) -> Iterator[Json]:
    """From after one of them on, where one is named."""
    if before := given.get("starting_after", ""):
        for one in some:
            if one["id"] == before:
                break
    return some


def _no_other(given: Json, known: set[str]) -> None:
    for name in given:
        if name not in known:
            raise _No(400, f"Received unknown parameter: {name}", name, "parameter_unknown")


def _whole(value: object, name: str) -> int:
    if not isinstance(value, str) or not re.fullmatch(r"\d{1,12}", value):
        raise _No(400, f"Invalid integer: {name}", name, "parameter_invalid_integer")
    return int(value)
