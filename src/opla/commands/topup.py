"""Buy one top-up from the terminal, through the same operations as the shop, and show each step.

    ./opla topup --operator proximus --amount 15 --email you@example.org --pay sandbox

Ends with the code, or with the number that was credited. Exit 0 only if delivered; 1 refused, or the money went back;
3 still undecided after --wait seconds (nothing is lost: ./opla up, or the next command, goes on with it).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from opla.commands import Stop
from opla.commands.runtime import running

if TYPE_CHECKING:
    from opla.core.quote import Quote
    from opla.core.refusal import Refusal
    from opla.db.queries.pages import OrderPage
    from opla.operations.place_orders import Placed
    from opla.operations.shop import Shop
    from opla.workers.loop import Worker

_IDLE_S = 0.05


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--operator", required=True, help="such as proximus, orange, base")
    parser.add_argument("--amount", required=True, help="in euros, such as 15")
    parser.add_argument("--number", default="", help="the mobile number, where the product is credited to one")
    parser.add_argument("--email", required=True, help="where the receipt goes")
    parser.add_argument("--pay", required=True, metavar="METHOD", help="sandbox (no real money moves)")
    parser.add_argument("--plan", default="", help="where the operator asks for one; empty keeps the plan")
    parser.add_argument("--coupon", default="", help="one of the shop's, such as WELCOME26 in the sandbox")
    parser.add_argument("--lang", default="en", help="en, fr, nl, de or zh-Hans")
    parser.add_argument("--wait", type=float, default=60, metavar="S", help="seconds until undecided (60)")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    with running(counterparts=True):
        from opla.core.quote import read_language
        from opla.core.refusal import Refusal
        from opla.operations.shop import current
        from opla.presenting import languages

        language = read_language(arguments.lang)
        if isinstance(language, Refusal) or language not in languages.NAMES:
            spoken = ", ".join(languages.NAMES)
            raise Stop("language_unknown", f"--lang {arguments.lang}: the shop does not speak that; it has {spoken}.")
        with languages.speaking(language):
            return _Topup(arguments, current()).run()


class _Topup:
    """One purchase, with the worker's crank turned here so that nothing else need run."""

    def __init__(self, arguments: argparse.Namespace, shop: Shop) -> None:
        from opla.core.actor import Actor, Role

        self._wanted = arguments
        self._shop = shop
        self._actor = Actor(Role.CUSTOMER, "terminal")
        self._device = shop.chance.secret()
        self._out = sys.stderr if arguments.json else sys.stdout

    def run(self) -> int:
        from opla.workers.loop import Worker

        quote = self._quoted()
        placed = self._placed(quote)
        worker = Worker(self._shop)
        try:
            page = self._watched(placed, worker)
        finally:
            worker.close()
        return self._ended(page)

    def _quoted(self) -> Quote:
        from opla.core.promotion import Channel
        from opla.core.quote import Quote
        from opla.operations.offers import Claim
        from opla.operations.quote_topup import Wanted, quote_topup

        asked = self._wanted
        found = quote_topup(
            self._actor,
            Wanted(
                operator=asked.operator,
                amount=asked.amount,
                email=asked.email,
                language=asked.lang,
                number=asked.number,
                plan=asked.plan,
                claim=Claim(Channel.TERMINAL, asked.coupon),
            ),
            device=self._device,
            shop=self._shop,
            at=_now(),
        )
        if not isinstance(found, Quote):
            raise _stop(*found)
        return found

    def _placed(self, quote: Quote) -> Placed:
        from opla.core.refusal import Refusal
        from opla.operations.place_orders import Placement, place_orders
        from opla.presenting import figures

        placement = Placement(quote.id, quote.price.total.amount_minor, self._wanted.pay)
        [placed] = place_orders(self._actor, [placement], device=self._device, shop=self._shop, at=_now())
        if isinstance(placed, Refusal):
            raise _stop(placed)
        self._say(f"{quote.product_name} · {figures.money(quote.price.total)} · {placed.ticket}")
        for line in _saved(quote):
            self._say(line)
        return placed

    def _watched(self, placed: Placed, worker: Worker) -> OrderPage:
        """Turn the crank, press "pay" on the sandbox's page once it is there, and say what happens."""
        from opla.core import payment
        from opla.db.queries import pages
        from opla.operations.links import device_hash
        from opla.presenting import orders as words

        known, paid = 0, False
        deadline = time.monotonic() + self._wanted.wait
        while True:
            busy = worker.round()
            page = pages.order_by_id(placed.order_id, device_hash(self._device))
            if page is None:
                raise LookupError("the order is gone")
            for happened in page.events[known:]:
                self._say(f"{words.event(happened.name)}")
            known = len(page.events)
            if page.payment_state is payment.State.OPEN and not paid:
                self._press_pay(page)
                paid = True
            over = page.state in ("delivered", "refunded", "cancelled") and not _untold(page)
            failed = page.payment_state is payment.State.FAILED
            if over or failed or time.monotonic() > deadline:
                return page
            if not busy:
                time.sleep(_IDLE_S)

    def _press_pay(self, page: OrderPage) -> None:
        """Be the customer at the sandbox's checkout page."""
        from opla.db.queries.cases import payment_cases
        from opla.operations.outside import configuration
        from opla.operations.wake import wake_payment
        from opla.payments.sandbox.config import Config
        from opla.payments.sandbox.provider import Sandbox

        case = payment_cases([page.payment_id])[page.payment_id]
        sandbox = Sandbox(Config.from_mapping(configuration("payments", "sandbox", self._shop.var)))
        sandbox.decide(case.payment.provider_id, "pay")
        wake_payment(page.provider, [case.payment.provider_id], at=_now())  # as coming back to the shop does

    def _ended(self, page: OrderPage) -> int:
        from opla.db.queries.books import books
        from opla.presenting import orders as words

        delivery = self._delivery(page)
        balanced = all(check.holds for check in books(_now()))
        undecided = page.state in ("placed", "paid", "refunding") and page.payment_state != "failed"
        if self._wanted.json:
            answer = {
                "order": page.ticket,
                "state": page.state,
                "operator": page.operator,
                "product": page.sku,
                "amount_minor": page.price.face.amount_minor,
                "discount_minor": page.price.discount_minor,
                "total_minor": page.price.total.amount_minor,
                "currency": page.price.face.currency,
                "receipt": page.receipt,
                "delivery": delivery,
                "events": [{"at": event.at.isoformat(), "name": event.name} for event in page.events],
                "books": "balanced" if balanced else "broken",
                "sandbox": self._shop.sandbox,
            }
            print(json.dumps(answer, ensure_ascii=False))
        else:
            self._say(words.state(page.state))
            for line in _lines(delivery, page):
                self._say(line)
        if page.state == "delivered":
            return 0
        return 3 if undecided else 1

    def _delivery(self, page: OrderPage) -> dict[str, str] | None:
        from opla.core.refusal import Refusal
        from opla.operations import catalogue
        from opla.operations.reveal_code import reveal
        from opla.presenting import redeeming

        if page.state != "delivered":
            return None
        found = {"kind": str(page.kind), "code": "", "serial": page.serial, "number": page.number, "redeem": ""}
        if page.kind.is_secret:
            revealed = reveal(self._actor, page.id, device=self._device, shop=self._shop, at=_now())
            if isinstance(revealed, Refusal):
                raise _stop(revealed)
            found["code"] = revealed.pin
            operator = catalogue.at_version(page.catalog_version).operator(page.operator)
            if operator is not None and not page.kind.is_starter:
                ways = redeeming.ways(operator, revealed.pin)
                found["redeem"] = f"{ways[0].title}: {ways[0].shown_text}" if ways[0].shown_text else ways[0].title
        return found

    def _say(self, line: str) -> None:
        print(line, file=self._out, flush=True)


def _lines(delivery: dict[str, str] | None, page: OrderPage) -> list[str]:
    from django.utils.translation import gettext as _

    from opla.core.catalog import group
    from opla.presenting import numbers

    lines = []
    if delivery is not None and delivery["code"]:
        code = delivery["code"] if page.kind.is_starter else group(delivery["code"])
        lines += [f"  {code}", *([f"  {delivery['redeem']}"] if delivery["redeem"] else [])]
    elif delivery is not None:
        lines.append(f"  {numbers.grouped(page.number)}")
    lines.append(_("Receipt") + f": {page.receipt}")
    return lines


def _saved(quote: Quote) -> list[str]:
    """The promotions in the price, and what the operator adds."""
    from opla.operations.promotions import at_version
    from opla.presenting import promotions as words

    if quote.promotions is None:
        return []
    told = words.of_quote(quote.promotions, at_version(quote.promotions.version))
    return [f"  {line.text} · {line.title} {line.mark}".rstrip() for line in (*told.applied, *told.given)]


def _untold(page: OrderPage) -> bool:
    """Whether the message about the ending is still on its way: worth a moment, never worth a failure."""
    ended = page.ended_at
    return ended is not None and not any(e.name == "told" for e in page.events) and (_now() - ended).total_seconds() < 2


def _stop(*refusals: Refusal) -> Stop:
    from opla.core.refusal import first
    from opla.presenting.refusals import sentence

    worst = first(refusals)
    if worst is None:
        raise ValueError("nothing was refused")
    return Stop(worst.code, " ".join(dict.fromkeys(sentence(refusal) for refusal in refusals)))


def _now() -> datetime:
    return datetime.now(UTC)
