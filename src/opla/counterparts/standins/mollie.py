"""Mollie's API v2, as much of it as its adapters use (docs.mollie.com/reference): payments, refunds, repeats, refusals,
what is paid out.

Where its manual is silent it does what keeps a caller honest: a repeat within its memory is answered with the first
answer, and a payment is found by nothing but its id or the list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from opla.counterparts.standins import Again, Fields, Taken, amount_text, cents, fields_of, inner, text_of
from opla.counterparts.standins.mollie_terminals import Machines
from opla.counterparts.web import Request, Response

METHODS: Final = frozenset(
    {"creditcard", "applepay", "bancontact", "paypal", "kbc", "belfius", "banktransfer", "pointofsale"}
)
#: What a first payment is paid with → the method of the mandate that it leaves.
_FIRST: Final = {
    "creditcard": "creditcard",
    "paypal": "paypal",
    "bancontact": "directdebit",
    "belfius": "directdebit",
    "kbc": "directdebit",
}
_STATUS: Final = {"refused": "failed", "expired": "expired", "abandoned": "canceled"}
#: For how long an answer is remembered is not in their documentation; integrators report an hour.
_REMEMBERS: Final = timedelta(hours=1)
_PAGE: Final = 250
_BALANCE: Final = "bal_gVMhHKqSSRYJyPsuoPNFH"
_CHARGE_BACK_FEE_MINOR: Final = 1500
#: A type of movement → the list of a settlement that its thing is on.
_LISTS: Final = {"payment": "payments", "refund": "refunds", "chargeback": "chargebacks"}


class Mollie:
    """`key` is the only one it takes; its first letters say whether it is for trying. What was paid out is told to
    whoever has `access_token`. Of the payments in `forgets` nothing is paid out: a mistake of theirs; those in
    `elsewhere` another one settles, as PayPal does: they are on its lists and move nothing.
    """

    def __init__(self, key: str, clock: Callable[[], datetime], access_token: str = "") -> None:
        self._key, self._mode, self._clock = key, key.partition("_")[0], clock
        self._access_token = access_token
        self.charge_backs: dict[str, Fields] = {}
        self.settlements: dict[str, Fields] = {}
        self.forgets: set[str] = set()
        self.elsewhere: set[str] = set()
        self.machines = Machines(self._mode)
        self._moves: list[tuple[str, str, Fields]] = []  # (whose list, id, movement of the balance)
        self._settled: dict[str, str] = {}  # id of a member → settlement
        self.payments: dict[str, Fields] = {}
        self.refunds: dict[str, list[Fields]] = {}
        self.customers: dict[str, Fields] = {}
        self.mandates: dict[str, Fields] = {}
        #: How a mandate begins; a pending one is valid when `debit` is called.
        self.mandates_begin = "valid"
        #: By which word charges by a mandate fail.
        self.failing: dict[str, str] = {}
        self.page: Callable[[str], str] = "https://www.mollie.com/checkout/select-method/{}".format
        self.again: list[Again] = []
        self.opened: Callable[[Taken], None] = lambda _: None
        self.changed: Callable[[Taken], None] = lambda _: None
        self._outside_minor: dict[str, int] = {}
        self._fees_minor: dict[str, int] = {}
        self._kept: dict[str, tuple[datetime, tuple[int, Fields]]] = {}  # by the caller's key for "once"

    @property
    def taken(self) -> Mapping[str, Taken]:
        return {id_: self._taken(id_) for id_ in self.payments}

    @property
    def given_back(self) -> Mapping[str, int]:
        every = (one for some in self.refunds.values() for one in some)
        return {
            text_of(inner(one, "metadata"), "reference"): cents(one.get("amount"))
            for one in every
            if one["status"] not in ("failed", "canceled") and inner(one, "metadata")
        }

    @property
    def consents(self) -> Mapping[str, tuple[str, bool]]:
        left = (
            (text_of(one, "mandateId"), id_) for id_, one in self.payments.items() if one["sequenceType"] == "first"
        )
        return {mandate_id: (id_, mandate_id in self.mandates) for mandate_id, id_ in left if mandate_id}

    def handle(self, request: Request) -> Response:
        status, told = self._answered(request)
        body = b"" if status == 204 else json.dumps(told).encode()
        return Response(status, body, {"Content-Type": "application/hal+json"})

    # ── what happens there ──

    def pay(self, id_: str, amount_minor: int | None = None) -> None:  # noqa: ARG002 - one payment is paid as it is
        if self.payments[id_]["status"] != "paid":
            self.payments[id_] |= {
                "status": "paid",
                "paidAt": self._when(),
                "amountRemaining": self.payments[id_]["amount"],
            }
            minor = cents(self.payments[id_]["amount"])
            self._moved("payment", id_, id_, minor, 25 + minor * 18 // 1000)
            if self.payments[id_]["sequenceType"] == "first":
                self._keep(id_)
            self.changed(self._taken(id_))

    def debit(self) -> None:
        """What banks take days for: direct debits end, and mandates become valid."""
        for mandate in self.mandates.values():
            mandate["status"] = "valid"
        for id_, payment in self.payments.items():
            if payment["status"] == "pending":
                if self.failing.get(text_of(payment, "mandateId")):
                    payment["status"] = "failed"
                    self.changed(self._taken(id_))
                else:
                    self.pay(id_)

    def fail(self, id_: str, why: str) -> None:
        if self.payments[id_]["status"] == "open":
            self.payments[id_]["status"] = _STATUS[why]
            self.changed(self._taken(id_))

    def charge_back(self, id_: str) -> None:
        if (kept := self._taken(id_).kept_minor) > 0:
            already = cents(self.payments[id_].get("amountChargedBack"))
            self.payments[id_]["amountChargedBack"] = _amount(already + kept, self.payments[id_])
            back_id = f"chb_{len(self.charge_backs) + 1:06d}"
            self.charge_backs[back_id] = {
                "resource": "chargeback",
                "id": back_id,
                "amount": _amount(kept, self.payments[id_]),
                "createdAt": self._when(),
                "paymentId": id_,
                "_links": {name: _link("https://api.mollie.com/v2") for name in ("self", "payment", "documentation")},
            }
            self._moved("chargeback", back_id, id_, -kept, _CHARGE_BACK_FEE_MINOR)
            self.changed(self._taken(id_))

    def refund_outside(self, id_: str) -> None:
        if (kept := self._taken(id_).kept_minor) > 0:
            self._outside_minor[id_] = self._outside_minor.get(id_, 0) + kept
            self._refunded(id_, kept)
            refund = self._new_refund(id_, _amount(kept, self.payments[id_]), {})
            refund["status"] = "refunded"
            self.changed(self._taken(id_))

    def settle(self) -> None:
        for refund in (one for some in self.refunds.values() for one in some):
            if refund["status"] in ("queued", "pending", "processing"):
                refund["status"] = "refunded"

    def pay_out(self, older: timedelta = timedelta()) -> str:
        """All that was moved so long ago and not paid out yet goes to the bank; the id of the settlement, empty without
        any."""
        until = (self._clock() - older).isoformat(timespec="seconds")
        due = [
            one
            for one in self._moves
            if one[1] not in self._settled and text_of(one[2], "createdAt") <= until and not self._forgotten(one[2])
        ]
        if not due:
            return ""
        id_ = f"stl_{len(self.settlements) + 1:06d}"
        self._settled |= {member: id_ for _, member, _ in due}
        due = [one for one in due if not self._elsewhere(one[2])]
        total = sum(cents(move["resultAmount"]) for *_, move in due)
        kept = -sum(cents(move["deductions"]) for *_, move in due)
        currency = text_of(inner(due[0][2], "resultAmount"), "currency")
        now = self._clock()
        cost: Fields = {
            "description": "All of them",
            "method": None,
            "count": len(due),
            "rate": {"fixed": amount_text(25, currency), "percentage": "1.8"},
            "amountNet": _finely(kept, currency),
            "amountVat": None,
            "amountGross": _finely(kept, currency),
        }
        self.settlements[id_] = {
            "resource": "settlement",
            "id": id_,
            "reference": f"1234567.{now:%y%m}.{len(self.settlements) + 1:02d}",
            "createdAt": self._when(),
            "settledAt": self._when(),
            "status": "paidout",
            "amount": amount_text(total, currency),
            "balanceId": _BALANCE,
            "periods": {f"{now:%Y}": {f"{now:%m}": {"costs": [cost], "revenue": []}}},
            "_links": {"self": _link(f"https://api.mollie.com/v2/settlements/{id_}")},
        }
        self._note("outgoing-transfer", id_, "", {"settlementId": id_}, -total, 0, currency)
        return id_

    @property
    def paid_out(self) -> Mapping[str, int]:
        """What each settlement truly sent to the bank."""
        return {id_: cents(one["amount"]) for id_, one in self.settlements.items()}

    def _forgotten(self, move: Fields) -> bool:
        return text_of(inner(move, "context"), "paymentId") in self.forgets

    def _elsewhere(self, move: Fields) -> bool:
        return text_of(inner(move, "context"), "paymentId") in self.elsewhere

    def _moved(self, kind: str, id_: str, payment_id: str, minor: int, fee_minor: int) -> None:
        """Something of a payment moved money, and `fee_minor` was kept of it."""
        context: Fields = {"paymentId": payment_id, "paymentDescription": "Opla"}
        if kind != "payment":
            context[f"{kind}Id"] = id_
        self._fees_minor[payment_id] = self._fees_minor.get(payment_id, 0) + fee_minor
        currency = text_of(inner(self.payments[payment_id], "amount"), "currency")
        self._note(kind, id_, _LISTS[kind], context, minor, fee_minor, currency)

    def _note(self, kind: str, id_: str, of: str, context: Fields, minor: int, fee_minor: int, currency: str) -> None:
        move: Fields = {
            "resource": "balance-transaction",
            "id": f"baltr_{len(self._moves) + 1:010d}",
            "type": kind,
            "resultAmount": amount_text(minor - fee_minor, currency),
            "initialAmount": amount_text(minor, currency),
            "deductions": amount_text(-fee_minor, currency),
            "deductionDetails": {"fees": amount_text(-fee_minor, currency)},
            "context": context,
            "createdAt": self._when(),
        }
        if not of:
            self._settled[id_] = id_
        self._moves.append((of, id_, move))

    # ── what is asked ──

    def _answered(self, request: Request) -> tuple[int, Fields]:
        parts = request.path.strip("/").split("/")[1:]
        token = self._access_token if parts[:1] in (["settlements"], ["balances"]) else self._key
        if not token or request.headers.get("authorization") != f"Bearer {token}":
            return _error(401, "Missing authentication, or failed to authenticate")
        once = request.headers.get("idempotency-key", "")
        if request.method == "POST" and once in self._kept and self._kept[once][0] + _REMEMBERS > self._clock():
            return self._kept[once][1]
        body = fields_of(request)
        if body is None:
            return _error(400, "The request body is not valid JSON")
        self.machines.time_out(self.payments.values(), self._clock())
        found = self._routed(request, parts, body)
        if request.method == "POST" and once and found[0] == 201:
            self._kept[once] = self._clock(), found
        return found

    def _routed(self, request: Request, parts: list[str], body: Fields) -> tuple[int, Fields]:
        match request.method, parts:
            case "POST", ["payments"]:
                return self._create(body)
            case "POST", ["customers"]:
                return self._customer(body)
            case "GET", ["customers", customer_id, "mandates", id_] if self._has(customer_id, id_):
                return 200, self.mandates[id_]
            case "DELETE", ["customers", customer_id, "mandates", id_] if self._has(customer_id, id_):
                del self.mandates[id_]
                return 204, {}
            case "GET", ["payments"]:
                return 200, _page("payments", list(reversed(self.payments.values())), request)
            case "GET", ["terminals"]:
                return 200, _page("terminals", self.machines.every, request)
            case "GET", ["settlements"]:
                return 200, _page("settlements", list(reversed(self.settlements.values())), request)
            case "GET", ["settlements", id_, ("payments" | "refunds" | "chargebacks") as name] if (
                id_ in self.settlements
            ):
                return 200, _page(name, self._members(id_, name), request)
            case "GET", ["balances", "bal_gVMhHKqSSRYJyPsuoPNFH", "transactions"]:
                moves = [move for *_, move in reversed(self._moves) if not self._elsewhere(move)]
                return 200, _page("balance_transactions", moves, request)
            case "GET", ["payments", id_] if id_ in self.payments:
                return 200, self.payments[id_]
            case "POST", ["payments", id_, "refunds"] if id_ in self.payments:
                return self._refund(id_, body)
            case "GET", ["payments", id_, "refunds"] if id_ in self.payments:
                return 200, _list("refunds", list(reversed(self.refunds.get(id_, []))))
        return _error(404, "No payment exists with this token.")

    def _members(self, settlement_id: str, name: str) -> list[Fields]:
        """What this settlement paid out of one kind, each with what it moved. Where that is nothing, of a payment it
        is left out and of the others nought."""
        every = {one["id"]: one for some in self.refunds.values() for one in some}
        books: dict[str, Mapping[str, Fields]] = {
            "payments": self.payments,
            "refunds": {str(id_): one for id_, one in every.items()},
            "chargebacks": self.charge_backs,
        }
        members = []
        for of, id_, move in self._moves:
            if of != name or self._settled.get(id_) != settlement_id:
                continue
            moved: Fields = {"settlementAmount": move["initialAmount"]}
            if self._elsewhere(move):
                currency = text_of(inner(move, "initialAmount"), "currency")
                moved = {} if name == "payments" else {"settlementAmount": amount_text(0, currency)}
            members.append(books[name][id_] | moved | {"settlementId": settlement_id})
        return members

    def _create(self, body: Fields) -> tuple[int, Fields]:
        if cents(body.get("amount")) <= 0:
            return _error(422, "The amount is lower than the minimum", "amount")
        if not text_of(body, "description"):
            return _error(422, "The description is invalid", "description")
        sequence = body.get("sequenceType", "oneoff")
        if no := self._sequence_refused(str(sequence), body):
            return no
        there = sequence != "recurring"
        if there and not text_of(body, "redirectUrl").startswith(("http://", "https://")):
            return _error(422, "The redirect location is invalid", "redirectUrl")
        if "127.0.0.1" in text_of(body, "webhookUrl"):
            return _error(422, "The webhook URL is unreachable from Mollie's point of view", "webhookUrl")
        if "method" in body and body["method"] not in METHODS:
            return _error(422, "The payment method is invalid", "method")
        rings = body.get("method") == "pointofsale"
        if rings and not self.machines.takes(body.get("terminalId")):
            return _error(422, "The terminal ID is invalid", "terminalId")
        id_ = f"tr_{len(self.payments) + 1:010d}"
        checkout = self.page(id_)
        self.payments[id_] = {
            "resource": "payment",
            "id": id_,
            "mode": self._mode,
            "createdAt": self._when(),
            "amount": body["amount"],
            "description": body["description"],
            "metadata": body.get("metadata"),
            "status": "open",
            "profileId": "pfl_QkEhN94Ba",
            "sequenceType": sequence,
            "redirectUrl": body.get("redirectUrl"),
            **{name: body[name] for name in ("method", "customerId", "mandateId") if name in body},
            "_links": {
                "self": _link(f"https://api.mollie.com/v2/payments/{id_}"),
                **({"checkout": _link(checkout)} if there and not rings else {}),
                **({"changePaymentState": _link(checkout)} if rings and self._mode == "test" else {}),
                "dashboard": _link(f"https://www.mollie.com/dashboard/org_1/payments/{id_}"),
            },
        }
        if body.get("method") == "banktransfer":
            self.payments[id_]["details"] = {
                "bankName": "Stichting Mollie Payments",
                "bankAccount": "NL91ABNA0417164300",
                "bankBic": "ABNANL2A",
                "transferReference": f"RF12-{len(self.payments):04d}-5678-9012",
            }
        if rings:
            others = [one for one in self.payments.values() if one["id"] != id_]
            self.machines.ring(self.payments[id_], text_of(body, "terminalId"), others)
        if there:
            self.opened(self._taken(id_))
        else:
            self._charge(id_)
        return 201, self.payments[id_]

    # ── consent ──

    def _customer(self, body: Fields) -> tuple[int, Fields]:
        id_ = f"cst_{len(self.customers) + 1:010d}"
        self.customers[id_] = {
            "resource": "customer",
            "id": id_,
            "mode": self._mode,
            "name": body.get("name"),
            "email": body.get("email"),
            "locale": None,
            "metadata": body.get("metadata"),
            "createdAt": self._when(),
            "_links": {name: _link("https://api.mollie.com/v2") for name in ("self", "dashboard", "documentation")},
        }
        return 201, self.customers[id_]

    def _has(self, customer_id: str, mandate_id: str) -> bool:
        return mandate_id in self.mandates and self.mandates[mandate_id]["customerId"] == customer_id

    def _sequence_refused(self, sequence: str, body: Fields) -> tuple[int, Fields] | None:
        if sequence == "oneoff":
            return None
        if sequence not in ("first", "recurring"):
            return _error(422, "The sequence type is invalid", "sequenceType")
        customer_id = text_of(body, "customerId")
        if not customer_id:
            return _error(422, "A customer is required for this recurring type", "customerId")
        if customer_id not in self.customers:
            return _error(404, "No customer exists with this token.")
        if sequence == "first":
            method = text_of(body, "method")
            wrong = bool(method) and method not in _FIRST
            return _error(422, "The payment method cannot be used for first payments", "method") if wrong else None
        if not self._has(customer_id, text_of(body, "mandateId")):
            return _error(422, "No suitable mandates found for customer.", "customerId")
        if self.mandates[text_of(body, "mandateId")]["status"] == "invalid":
            return _error(422, "The mandate is invalid", "mandateId")
        return None

    def _keep(self, id_: str) -> None:
        """On the page of a payment without a method a card was chosen."""
        payment, mandate_id = self.payments[id_], f"mdt_{id_[3:]}"
        payment |= {"method": payment.get("method", "creditcard"), "mandateId": mandate_id}
        self.mandates[mandate_id] = {
            "resource": "mandate",
            "id": mandate_id,
            "mode": self._mode,
            "status": self.mandates_begin,
            "method": _FIRST[text_of(payment, "method")],
            "details": {},
            "customerId": payment["customerId"],
            "mandateReference": None,
            "signatureDate": self._clock().date().isoformat(),
            "createdAt": self._when(),
            "_links": {name: _link("https://api.mollie.com/v2") for name in ("self", "customer", "documentation")},
        }

    def _charge(self, id_: str) -> None:
        """By a mandate, with nobody there: a card answers at once, a direct debit days later."""
        payment = self.payments[id_]
        mandate = self.mandates[text_of(payment, "mandateId")]
        payment["method"] = mandate["method"]
        self.again.append(Again(id_, text_of(mandate, "id"), self._clock()))
        if mandate["method"] == "directdebit":
            payment["status"] = "pending"
        elif why := self.failing.get(text_of(mandate, "id")):
            payment |= {"status": "failed", "details": {"failureReason": why}}
        else:
            self.pay(id_)

    def _refund(self, id_: str, body: Fields) -> tuple[int, Fields]:
        payment, wanted = self.payments[id_], cents(body.get("amount"))
        if payment["status"] != "paid":
            return _error(422, "The payment is not paid")
        if not 0 < wanted <= self._taken(id_).kept_minor:
            return _error(422, "The specified amount cannot be refunded", "amount")
        self._refunded(id_, wanted)
        return 201, self._new_refund(id_, body["amount"], body)

    def _new_refund(self, id_: str, amount: object, body: Fields) -> Fields:
        refund: Fields = {
            "resource": "refund",
            "id": f"re_{sum(map(len, self.refunds.values())) + 1:010d}",
            "mode": self._mode,
            "amount": amount,
            "description": body.get("description", ""),
            "metadata": body.get("metadata"),
            "status": "pending",
            "paymentId": id_,
            "createdAt": self._when(),
            "_links": {name: _link("https://api.mollie.com/v2") for name in ("self", "payment", "documentation")},
        }
        self.refunds.setdefault(id_, []).append(refund)
        self._moved("refund", text_of(refund, "id"), id_, -cents(amount), 0)
        return refund

    def _refunded(self, id_: str, more_minor: int) -> None:
        payment = self.payments[id_]
        whole, already = cents(payment["amount"]), cents(payment.get("amountRefunded"))
        payment["amountRefunded"] = _amount(already + more_minor, payment)
        payment["amountRemaining"] = _amount(whole - already - more_minor, payment)

    def _when(self) -> str:
        return self._clock().isoformat(timespec="seconds")

    def _taken(self, id_: str) -> Taken:
        payment = self.payments[id_]
        amount_minor = cents(payment["amount"])
        return Taken(
            id_,
            text_of(inner(payment, "metadata"), "reference"),
            amount_minor,
            text_of(inner(payment, "amount"), "currency"),
            captured_minor=amount_minor if payment["status"] == "paid" else 0,
            refunded_minor=cents(payment.get("amountRefunded")),
            charged_back_minor=cents(payment.get("amountChargedBack")),
            outside_minor=self._outside_minor.get(id_, 0),
            fee_minor=self._fees_minor.get(id_, 0),
            return_url=text_of(payment, "redirectUrl"),
        )


def _link(href: str) -> Fields:
    return {"href": href, "type": "application/hal+json"}


def _amount(minor: int, payment: Fields) -> Fields:
    return amount_text(minor, text_of(inner(payment, "amount"), "currency"))


def _finely(minor: int, currency: str) -> Fields:
    """Costs of a settlement have four decimals."""
    return {"currency": currency, "value": f"{text_of(amount_text(minor, currency), 'value')}00"}


def _list(name: str, found: list[Fields]) -> Fields:
    links: Fields = {name: _link("https://api.mollie.com/v2") for name in ("self", "documentation")}
    return {"count": len(found), "_embedded": {name: found}, "_links": {**links, "previous": None, "next": None}}


def _page(name: str, newest: list[Fields], request: Request) -> Fields:
    """From one of them on."""
    limit, begins = int(request.query.get("limit", "50")), request.query.get("from", "")
    at = next((n for n, one in enumerate(newest) if one["id"] == begins), 0)
    shown = newest[at : at + min(limit, _PAGE)]
    more = newest[at + len(shown) : at + len(shown) + 1]
    listed = _list(name, shown)
    if more:
        following = _link(f"https://api.mollie.com{request.path}?from={more[0]['id']}&limit={limit}")
        listed["_links"] = inner(listed, "_links") | {"next": following}
    return listed


def _error(status: int, detail: str, field: str = "") -> tuple[int, Fields]:
    told: Fields = {
        "status": status,
        "title": "No",
        "detail": detail,
        "_links": {"documentation": _link("https://docs.mollie.com")},
    }
    return status, told | ({"field": field} if field else {})
