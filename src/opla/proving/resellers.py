"""The resellers of a simulation: they send files of orders under keys of their own, and pay in what that costs.

By bank, or at a payment provider, where people pay late, twice, too little or not at all, and banks take it back.

What they wrote down themselves is held against the shop at the end: every order under its key, every deposit once. So
is what their programs heard by webhooks: every fact, whatever died or broke on the way, and the same each time.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Protocol
from uuid import UUID

from django.db.utils import OperationalError

from opla.core import deposit
from opla.core.actor import Actor, Role
from opla.core.api_access import Access
from opla.core.money import Money
from opla.core.ports import Webhook
from opla.core.refusal import Code, Refusal
from opla.core.webhook import Event, Outcome
from opla.counterparts.standins import Takes
from opla.db.queries.call import expect, select
from opla.operations import pay_into_float, resellers, webhooks
from opla.operations.place_from_float import Asked, Reserved, place_from_float
from opla.operations.quote_topup import Wanted
from opla.operations.shop import Shop
from opla.proving.baton import Died
from opla.proving.faults import Fault, Faults
from opla.proving.world import Agenda

_RESELLER = Actor(Role.RESELLER, "simulated")
_OWNER = Actor(Role.OWNER, "simulated")
#: What each pays in at a time, in minor units: one amply, one so little that its float is soon too low again.
_PAYS_IN = {"ample": 100_000_00, "thrifty": 150_00}
#: What has been heard of an order by the time it stands like this: one of them.
_HEARD = {
    "delivered": {Event.ORDER_DELIVERED},
    "refunded": {Event.ORDER_FAILED, Event.ORDER_REFUNDED},
    "cancelled": {Event.ORDER_CANCELLED},
}


class World(Protocol):
    """What resellers touch."""

    shop: Shop
    agenda: Agenda
    faults: Faults
    tills: dict[str, Takes]

    def now(self) -> datetime: ...


@dataclass
class Book:
    """What one reseller wrote down: which order stands under which key, and what was paid in."""

    name: str
    orders: dict[str, UUID] = field(default_factory=dict)
    deposits_minor: int = 0
    deposits: int = 0
    confirmed: set[str] = field(default_factory=set)  # of them those that the shop has said yes to
    on_its_way: bool = False  # a deposit that the shop has not confirmed yet
    payments: dict[str, UUID] = field(default_factory=dict)  # into its float, at providers, by its key
    heard: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))  # bodies by webhook-id

    @property
    def url(self) -> str:
        return f"https://{self.name}.example.com/opla"


class Resellers:
    def __init__(self, world: World, chance: Random, requests: deque[Callable[[], None]]) -> None:
        self._world, self._chance, self._requests = world, chance, requests
        self.books = [Book(name) for name in _PAYS_IN]

    def open(self) -> None:
        """The shop knows them; nobody has paid in yet."""
        for book in self.books:
            email = f"{book.name}@example.org"
            if refused := resellers.add(_OWNER, book.name, title=book.name, email=email, at=self._world.now()):
                raise AssertionError(f"a reseller was refused: {refused}")
            access = Access(book.name, email, frozenset())
            made = webhooks.make(_RESELLER, access, book.url, [], shop=self._world.shop, at=self._world.now())
            if not isinstance(made, webhooks.Made):
                raise AssertionError(f"an endpoint was refused: {made}")  # noqa: TRY004 - a finding, not a type

    def post(self, webhook: Webhook) -> Outcome:
        """At one of their programs."""
        if self._world.faults.strikes(Fault.NEVER_LEFT):
            return Outcome(why="no_connection")
        book = next(book for book in self.books if book.url == webhook.url)
        book.heard[webhook.headers["webhook-id"]].add(webhook.body)
        if self._world.faults.strikes(Fault.TIMEOUT_AFTER_ACTING):
            return Outcome(why="timed_out")
        return Outcome(204)

    def send(self, wishes: Sequence[Wanted]) -> None:
        """One file of orders, from one of them."""
        if not wishes:
            return
        book = self.books[self._chance.randrange(len(self.books))]
        asked = [Asked(book.name, f"{self._chance.getrandbits(64):016x}", wish) for wish in wishes]
        self._press(book, asked)
        if self._world.faults.strikes(Fault.PLACES_TWICE):
            self._world.agenda.after(1, lambda: self._press(book, asked))

    def _press(self, book: Book, asked: list[Asked]) -> None:
        self._request(lambda: self._order(book, asked))

    def _request(self, act: Callable[[], None]) -> None:
        """To the shop; whoever hears nothing asks the same again."""

        def request() -> None:
            try:
                act()
            except (OperationalError, Died):
                self._world.agenda.after(2, lambda: self._request(act))
                raise

        self._requests.append(request)

    def _order(self, book: Book, asked: list[Asked]) -> None:
        answers = place_from_float(_RESELLER, asked, shop=self._world.shop, at=self._world.now())
        too_low = []
        for one, answer in zip(asked, answers, strict=True):
            if isinstance(answer, Reserved):
                if book.orders.setdefault(one.key, answer.order_id) != answer.order_id:
                    raise AssertionError(f"two orders stand under {one.key}")
            elif [refusal.code for refusal in answer] in ([Code.FLOAT_TOO_LOW], [Code.FLOAT_OWES]):
                too_low.append(one)
            else:
                raise AssertionError(f"a reseller's order was refused: {answer}")
        if too_low:
            self._pay_in(book)
            self._world.agenda.after(self._chance.randrange(5, 120), lambda: self._press(book, too_low))

    def _pay_in(self, book: Book) -> None:
        """One deposit at a time, by bank and at a provider in turn; by bank its key is the line of the statement."""
        if book.on_its_way:
            return
        book.on_its_way = True
        if len(book.payments) <= book.deposits:
            self._pay_at_a_provider(book)
            return
        book.deposits += 1
        amount_minor, key = _PAYS_IN[book.name], f"statement {book.deposits}"

        def record() -> None:
            amount = f"{amount_minor // 100}.{amount_minor % 100:02d}"
            shop, at = self._world.shop, self._world.now()
            paid = resellers.pay_in(_OWNER, book.name, amount, key, shop=shop, at=at)
            if isinstance(paid, Refusal):
                raise AssertionError(f"a deposit was refused: {paid}")  # noqa: TRY004 - a finding, not a type
            if key not in book.confirmed:  # the answer to the first try may have been lost, not the deposit
                book.confirmed.add(key)
                book.on_its_way = False
                book.deposits_minor += amount_minor

        self._request(record)
        if self._world.faults.strikes(Fault.PLACES_TWICE):
            self._world.agenda.after(1, lambda: self._request(record))

    def _pay_at_a_provider(self, book: Book) -> None:
        n, shop = len(book.payments), self._world.shop
        amount = Money(min(_PAYS_IN[book.name], deposit.MOST_MINOR), "EUR")
        ways = pay_into_float.ways(shop)
        method, key, actor = ways[n % len(ways)], f"payment {n}", Actor(Role.RESELLER, book.name)

        def ask() -> None:
            found = pay_into_float.pay_into_float(
                actor, book.name, amount, method, key, language="en", shop=shop, at=self._world.now()
            )
            if isinstance(found, Refusal):
                if found.code is not Code.PAYMENTS_PAUSED:
                    raise AssertionError(f"a deposit was refused: {found}")
                book.on_its_way = False  # many came to nothing: tried again when there is an order to pay
                return
            if key not in book.payments:
                book.payments[key] = found.id
                book.on_its_way = False
            elif book.payments[key] != found.id:
                raise AssertionError(f"two payments stand under {key}")

        self._request(ask)
        if self._world.faults.strikes(Fault.PLACES_TWICE):
            self._world.agenda.after(1, lambda: self._request(ask))

    def differences(self) -> list[str]:
        """What their own books and the shop's do not agree on."""
        found = []
        for book in self.books:
            rows = select("SELECT reseller_key, id FROM orders WHERE reseller = %s", [book.name])
            stand = {expect(key, str): expect(order_id, UUID) for key, order_id in rows}
            if stand != book.orders:
                found.append(f"{book.name} knows of {len(book.orders)} orders, the shop of {len(stand)}")
            [(paid_in,)] = select(
                """SELECT coalesce(sum(t.amount_minor), 0)::bigint FROM transfer t JOIN account a ON a.id = t.credit
                   WHERE t.reason = 'float_paid_in' AND a.code = 'reseller_float:' || %s || ':EUR'""",
                [book.name],
            )
            paid, wrong = self._paid_at_providers(book)
            found += wrong
            if paid_in != book.deposits_minor + sum(paid):
                found.append(f"{book.name} paid in {book.deposits_minor} and {paid}, the shop knows of {paid_in}")
            found += self._unheard(book, book.deposits + len(paid))
        return found

    def _paid_at_providers(self, book: Book) -> tuple[list[int], list[str]]:
        """What its payments came to, by the providers' own logs, and what the shop knows otherwise."""
        truth = {one.reference: one for till in self._world.tills.values() for one in till.taken.values()}
        rows = select(
            """SELECT d.payment_id, a.reference, p.amount_minor, p.captured_minor, p.charged_back_minor,
                      p.outside_minor, d.paid_in_at IS NOT NULL,
                      EXISTS (SELECT FROM item i WHERE i.payment_id = p.id AND i.closed_at IS NULL
                              AND i.kind IN ('unknown_charge', 'contradiction', 'adapter_gone'))
               FROM deposit d JOIN payment p ON p.id = d.payment_id
               JOIN attempt a ON a.payment_id = p.id AND a.kind = 'charge'
               WHERE d.reseller_id = %s ORDER BY d.payment_id""",
            [book.name],
        )
        paid, wrong = [], []
        if {row[0] for row in rows} != set(book.payments.values()):
            wrong.append(f"{book.name} knows of {len(book.payments)} payments, the shop of {len(rows)}")
        for _, reference, amount_minor, *known, is_in, on_a_list in rows:
            session = truth.get(expect(reference, str))
            sums = (session.captured_minor, session.charged_back_minor, session.outside_minor) if session else (0, 0, 0)
            covers = bool(is_in) if on_a_list else sums[0] >= expect(amount_minor, int)
            paid += [expect(amount_minor, int)] if covers else []
            if not on_a_list and (tuple(known) != sums or is_in is not covers):
                wrong.append(f"{book.name}'s payment {reference}: {sums} at the provider, {known} here, in: {is_in}")
        return paid, wrong

    def _unheard(self, book: Book, paid_in: int) -> list[str]:
        """What the shop did and this one's program was not told, or was told in two ways."""
        found = [f"{book.name} heard {id_} in two ways" for id_, bodies in book.heard.items() if len(bodies) > 1]
        told: dict[str, set[str]] = defaultdict(set)
        deposits = 0
        for bodies in book.heard.values():
            said = json.loads(next(iter(bodies)))
            told[said["data"].get("order", "")].add(said["type"])
            deposits += said["type"] == Event.FLOAT_PAID_IN
        if deposits != paid_in:
            found.append(f"{book.name} paid in {paid_in} times, and heard of {deposits}")
        for order_id, state in select("SELECT id, state FROM orders WHERE reseller = %s", [book.name]):
            heard = told[str(order_id)]
            if Event.ORDER_PLACED not in heard or ((wanted := _HEARD.get(str(state))) and not wanted & heard):
                found.append(f"{book.name}'s order {order_id} is {state}, and was heard of as {sorted(heard)}")
        return found
