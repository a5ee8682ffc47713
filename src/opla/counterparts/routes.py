"""Every address of the counterparts: what the shop calls with the shared secret, and what a person may see."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from functools import cache
from typing import get_args

from opla.counterparts import asks, pages
from opla.counterparts.endings import Fault
from opla.counterparts.entries import Refused
from opla.counterparts.faults import Faults
from opla.counterparts.look import CSS
from opla.counterparts.operator import Send, serial
from opla.counterparts.payment import BUTTONS, KEEPING, Outcome, Payment, Refund
from opla.counterparts.service import Service
from opla.counterparts.texts import Words, words
from opla.counterparts.trying import PREFIX
from opla.counterparts.web import Handles, Request, Response, answer, go, page, refuse
from opla.counterparts.webhooks import Manner, Webhooks

#: A page is read by whoever sits here; another site whose name was bent to this machine is not answered.
_HOSTS = re.compile(r"(127\.0\.0\.1|localhost)(:\d+)?")
_NOT_FOUND = Refused(404, "not_found")
#: How many one answer lists.
_LISTED = 200


class Routes:
    """One request in, one response out. `base` is the address people and the shop see; `trial` makes the stand-ins of
    real providers and suppliers, when the first of them is called."""

    def __init__(
        self, service: Service, webhooks: Webhooks, secret: str, base: str, trial: Callable[[], Handles] | None = None
    ) -> None:
        self._service, self._webhooks, self._secret, self._base = service, webhooks, secret, base
        self._trial = cache(trial) if trial else None
        self._faults = Faults()
        self._calls: list[tuple[str, re.Pattern[str], Callable[[Request, str], Response]]] = [
            (method, re.compile(path), call)
            for method, path, call in (
                ("POST", r"/payments", self._create),
                ("GET", r"/payments", self._payment_by_reference),
                ("GET", r"/payments/([\w-]+)", self._payment),
                ("POST", r"/payments/([\w-]+)/decide", self._decide),
                ("POST", r"/payments/([\w-]+)/refunds", self._refund),
                ("POST", r"/mandates/([\w-]+)/end", self._end_mandate),
                ("GET", r"/refunds", self._refund_by_reference),
                ("POST", r"/sends", self._send),
                ("GET", r"/sends", self._send_by_reference),
                ("GET", r"/float", self._float),
                ("GET", r"/numbers", self._number),
                ("POST", r"/mail", self._mail),
                ("GET", r"/mail\.json", self._mails),
                ("POST", r"/push", self._push),
                ("GET", r"/push\.json", self._pushes),
                ("POST", r"/faults", self._order_fault),
            )
        ]
        self._pages: list[tuple[str, re.Pattern[str], Callable[[Request, str], Response]]] = [
            (method, re.compile(path), show)
            for method, path, show in (
                ("GET", r"/", self._home),
                ("GET", r"/style\.css", self._style),
                ("GET", r"/pay/(\w+)", self._checkout),
                ("POST", r"/pay/(\w+)", self._checked_out),
                ("GET", r"/operator", self._operators),
                ("POST", r"/operator/redeem", self._redeem),
                ("GET", r"/mail", self._mailbox),
            )
        ]

    def handle(self, request: Request) -> Response:
        if not _HOSTS.fullmatch(request.headers.get("host", "")):
            return refuse(Refused(421, "wrong_host"))
        if self._trial and request.path.startswith(PREFIX):
            return self._trial().handle(request)
        for method, path, show in self._pages:
            if method == request.method and (found := path.fullmatch(request.path)):
                return show(request, found[1] if path.groups else "")
        for method, path, call in self._calls:
            if method == request.method and (found := path.fullmatch(request.path)):
                if not hmac.compare_digest(request.headers.get("authorization", ""), f"Bearer {self._secret}"):
                    return refuse(Refused(401, "secret_wrong"))
                return self._called(call, request, found[1] if path.groups else "")
        return page(pages.lost(_words(request)), 404)

    def _called(self, call: Callable[[Request, str], Response], request: Request, id_: str) -> Response:
        fault = self._faults.next(request.method, request.path)
        if not fault.acts:
            return Response(500, fault=fault)
        response = call(request, id_)
        self._webhooks.nudge()
        return response if fault is Fault.NONE else Response(500, response.body, fault=fault)

    # ── what the shop calls: payments ──

    def _create(self, request: Request, _: str) -> Response:
        given = asks.fields(request.body)
        order = given if isinstance(given, Refused) else asks.order(given)
        if isinstance(order, Refused):
            return refuse(order)
        found, fault = self._service.create(order)
        return self._told(found, fault)

    def _end_mandate(self, _: Request, mandate: str) -> Response:
        no = self._service.end_mandate(mandate)
        return refuse(no) if no else answer(200, {"status": "ended"})

    def _payment(self, _: Request, id_: str) -> Response:
        return self._told(self._service.read(lambda now: now.payments.by_id.get(id_, _NOT_FOUND)))

    def _payment_by_reference(self, request: Request, _: str) -> Response:
        if "since_ms" in request.query:
            made = self._service.read(lambda now: list(now.payments.by_id.values()))
            return _listed(request, "payments", [(one.made_ms, self._as_told(one)) for one in made])
        reference = request.query.get("reference", "")
        return self._told(self._service.read(lambda now: now.payments.by_reference.get(reference, _NOT_FOUND)))

    def _decide(self, request: Request, id_: str) -> Response:
        given = asks.fields(request.body)
        if isinstance(given, Refused):
            return refuse(given)
        outcome = given.get("outcome")
        if outcome not in set(Outcome):
            return refuse(Refused(422, "outcome_unknown"))
        return self._told(self._service.decide(id_, Outcome(str(outcome))))

    def _refund(self, request: Request, id_: str) -> Response:
        given = asks.fields(request.body)
        ask = given if isinstance(given, Refused) else asks.refund(given)
        if isinstance(ask, Refused):
            return refuse(ask)
        reference, amount_minor, currency = ask
        return self._told(self._service.refund(reference, id_, amount_minor, currency))

    def _refund_by_reference(self, request: Request, _: str) -> Response:
        reference = request.query.get("reference", "")
        return self._told(self._service.read(lambda now: now.payments.refunds.get(reference, _NOT_FOUND)))

    def _told(self, found: Payment | Refund | Refused, fault: Fault = Fault.NONE) -> Response:
        match found:
            case Refused():
                return refuse(found)
            case Refund():
                state = "failed" if found.why else "refunded"
                return answer(200, {**vars(found), "status": state})
            case Payment():
                return answer(200, self._as_told(found), fault)

    def _as_told(self, found: Payment) -> dict[str, object]:
        page = "" if found.order.mandate else f"{self._base}/pay/{found.token}"
        mandate = self._service.read(lambda now: now.payments.mandate_of(found))
        return {
            "id": found.id,
            "reference": found.order.reference,
            "status": found.status,
            "why": found.why,
            "checkout_url": page,
            "currency": found.order.currency,
            "amount_minor": found.order.amount_minor,
            "captured_minor": found.captured_minor,
            "refunded_minor": found.refunded_minor,
            "charged_back_minor": found.charged_back_minor,
            "fee_minor": found.fee_minor,
            "charged_by": found.order.mandate,
            "mandate": mandate and {"id": mandate.id, "days": mandate.days},
            "description": found.order.description,
        }

    # ── what the shop calls: operators, mailbox, faults ──

    def _send(self, request: Request, _: str) -> Response:
        given = asks.fields(request.body)
        ask = given if isinstance(given, Refused) else asks.send(given)
        if isinstance(ask, Refused):
            return refuse(ask)
        found, fault = self._service.send(ask)
        if isinstance(found, Refused):
            return refuse(found)
        return self._sent(found, fault) if found else Response(500, fault=fault)

    def _send_by_reference(self, request: Request, _: str) -> Response:
        if "since_ms" in request.query:
            made = self._service.read(lambda now: list(now.operators.sends.values()))
            return _listed(request, "sends", [(one.made_ms, _as_listed(one)) for one in made])
        reference = request.query.get("reference", "")
        found = self._service.read(lambda now: now.operators.sends.get(reference))
        return self._sent(found) if found else refuse(_NOT_FOUND)

    def _float(self, _: Request, __: str) -> Response:
        left_minor, currency = self._service.read(lambda now: now.operators.float_left())
        return answer(200, {"left_minor": left_minor, "currency": currency})

    def _number(self, request: Request, _: str) -> Response:
        number = request.query.get("number", "")
        operator = self._service.read(lambda now: now.operators.whose(number))
        return answer(200, {"operator": operator, "country": "BE"}) if operator else refuse(_NOT_FOUND)

    def _sent(self, send: Send, fault: Fault = Fault.NONE) -> Response:
        fields: dict[str, object] = {
            "id": send.id,
            "reference": send.ask.reference,
            "status": send.status,
            "why": send.why,
            "cost_minor": send.cost_minor,
            "cost_currency": send.cost_currency,
        }
        if send.running:
            pin = self._service.operators.pin(send)
            fields["code"] = {"pin": pin, "serial": serial(send), "valid_until": send.valid_until}
        return answer(200, fields, fault)

    def _mail(self, request: Request, _: str) -> Response:
        given = asks.fields(request.body)
        mail = given if isinstance(given, Refused) else asks.mail(given)
        if isinstance(mail, Refused):
            return refuse(mail)
        self._service.receive(mail)
        return answer(200, {"reference": mail.reference})

    def _mails(self, request: Request, _: str) -> Response:
        to = request.query.get("to", "")
        mails = self._service.read(lambda now: list(now.mailbox.mails.values()))
        return answer(200, {"mails": [vars(mail) for mail in reversed(mails) if to in {"", mail.to}]})

    def _push(self, request: Request, _: str) -> Response:
        given = asks.fields(request.body)
        pushed = given if isinstance(given, Refused) else asks.push(given)
        if isinstance(pushed, Refused):
            return refuse(pushed)
        no = self._service.push(pushed)
        return refuse(no) if no else answer(200, {"reference": pushed.reference})

    def _pushes(self, _: Request, __: str) -> Response:
        pushed = self._service.read(lambda now: list(now.push_service.pushed.values()))
        return answer(200, {"pushed": [vars(one) for one in reversed(pushed)]})

    def _order_fault(self, request: Request, _: str) -> Response:
        """`{"webhooks": "lose"}`, or one fault as `faults` takes them."""
        given = asks.fields(request.body)
        if isinstance(given, Refused):
            return refuse(given)
        for manner in get_args(Manner):
            if given.get("webhooks") == manner:
                self._webhooks.manner = manner
                return answer(200, {})
        return answer(200, {}) if self._faults.order(given) else refuse(Refused(422, "fault_unknown"))

    # ── what a person sees ──

    def _home(self, request: Request, _: str) -> Response:
        return page(pages.home(_words(request), request.path))

    def _style(self, _: Request, __: str) -> Response:
        return Response(200, CSS.encode(), {"Content-Type": "text/css; charset=utf-8"})

    def _checkout(self, request: Request, token: str) -> Response:
        payment = self._service.read(lambda now: now.payments.by_token.get(token))
        if payment is None:
            return page(pages.lost(_words(request)), 404)
        texts = words(request.query.get("lang", payment.order.language))
        shop = pages.origin(payment.order.return_url)
        return page(pages.checkout(payment, texts, request.path), form_to=shop)

    def _checked_out(self, request: Request, token: str) -> Response:
        payment = self._service.read(lambda now: now.payments.by_token.get(token))
        outcome = request.form.get("outcome")
        if payment is None or outcome not in {*BUTTONS, *KEEPING}:
            return page(pages.lost(_words(request)), 404)
        # Decided meanwhile, in another tab: the shop knows, so that is where to go all the same.
        self._service.decide(payment.id, Outcome(outcome))
        self._webhooks.nudge()
        return go(payment.order.return_url)

    def _operators(self, request: Request, _: str) -> Response:
        people = self._service.read(lambda now: list(now.operators.subscribers.values()))
        newest = sorted(people, key=lambda one: -one.last_top_up_ms)
        said = request.query.get("said", "")
        return page(pages.operators(newest, said, _words(request), request.path))

    def _redeem(self, request: Request, _: str) -> Response:
        number = _e164(request.form.get("number", ""))
        pin = re.sub(r"\D", "", request.form.get("code", ""), flags=re.ASCII)
        no = self._service.redeem(pin, number) if number else Refused(422, "number_invalid")
        said = no.word if no else "redeemed"
        return go(f"/operator?said={said}&lang={_words(request)['html_lang']}")

    def _mailbox(self, request: Request, _: str) -> Response:
        mails = self._service.read(lambda now: list(now.mailbox.mails.values()))
        return page(pages.mailbox(reversed(mails), _words(request), request.path))


def _listed(request: Request, name: str, made: list[tuple[int, dict[str, object]]]) -> Response:
    """What was made since a moment, oldest first; `from` skips as many that were read before."""
    since, begin = request.query.get("since_ms", ""), request.query.get("from", "0")
    if not (since.isdecimal() and begin.isdecimal()):
        return refuse(Refused(422, "since_invalid"))
    found = [told for made_ms, told in made if made_ms >= int(since)][int(begin) :]
    return answer(200, {name: found[:_LISTED], "more": len(found) > _LISTED})


def _as_listed(send: Send) -> dict[str, object]:
    """No code: those are told to whoever asks for one send."""
    return {
        "id": send.id,
        "reference": send.ask.reference,
        "status": send.status,
        "face_minor": send.ask.face_minor,
        "currency": send.ask.currency,
        "number": send.ask.number,
    }


def _words(request: Request) -> Words:
    return words(request.query.get("lang", request.headers.get("accept-language", "")))


def _e164(typed: str) -> str:
    """What a person types here is a Belgian number, or one with its country; empty when it is neither."""
    digits = re.sub(r"[\s./-]", "", typed)
    for start, country in (("00", "+"), ("0", "+32"), ("+", "+")):
        if digits.startswith(start):
            number = country + digits[len(start) :]
            return number if re.fullmatch(r"\+[1-9][0-9]{7,14}", number) else ""
    return ""
