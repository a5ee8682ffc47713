"""The people of a simulation: they come in crowds or alone, buy, pay or do not, change their minds, and look.

Whatever they send reaches the shop as a web request, run by a task of its own; what they do at the provider
happens there, and the shop learns of it by a webhook, if that arrives.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Protocol
from uuid import UUID

from django.db.utils import OperationalError

from opla.core.actor import Actor, Role
from opla.core.day import day_of
from opla.core.ports import Kind
from opla.core.quote import Quote
from opla.core.refusal import Code, Refusal
from opla.counterparts.standins import Gives, Taken, Takes
from opla.db.queries import call
from opla.operations.call_off import call_off
from opla.operations.pay_again import pay_again
from opla.operations.place_orders import Placed, Placement, place_orders
from opla.operations.quote_topup import Wanted, quote_topups
from opla.operations.reveal_code import reveal
from opla.operations.shop import Shop
from opla.operations.take_back import take_code_back
from opla.operations.wake import wake_payment
from opla.proving.baton import Died
from opla.proving.faults import Fault, Faults
from opla.proving.world import Agenda

_CUSTOMER = Actor(Role.CUSTOMER, "simulated")
_WISHES = (
    ("proximus", "15", ""),
    ("base", "10", ""),
    ("orange", "20", ""),
    ("lycamobile", "10", ""),
    ("base", "5", "0486123456"),
    ("mobile-vikings", "15", "0470123456"),
)


@dataclass
class Basket:
    """A screen: quotes shown on a device, and the orders they became. `together`: under one payment."""

    device: bytes
    wishes: list[Wanted]
    together: bool
    method: str
    quotes: list[Quote] = field(default_factory=list)


class World(Protocol):
    """What customers touch."""

    shop: Shop
    agenda: Agenda
    faults: Faults
    tills: dict[str, Takes]
    suppliers: dict[str, Gives]

    def now(self) -> datetime: ...


class Customers:
    def __init__(self, world: World, chance: Random, requests: deque[Callable[[], None]]) -> None:
        self._world = world
        self._chance = chance
        self.requests = requests
        self.devices: dict[UUID, bytes] = {}  # whose order it is
        self.read: dict[UUID, str] = {}  # the codes that their owners have seen
        self._given_back: set[UUID] = set()
        self.comes_weekly: Callable[[], None] | None = None  # where somebody wants the same every week
        self._hooks: list[tuple[str, str]] = []  # a provider, and what it names
        self.revealed_to_stranger = 0
        self.wrong_code = 0
        for name, till in world.tills.items():
            till.opened = partial(self._decides, name)
            till.changed = partial(self._webhook, name)

    # ── they buy ──

    def come(self, count: int) -> None:
        """So many orders are wanted: most by a crowd of strangers in one breath, some by people who buy several."""
        crowd: list[Wanted] = []
        while count > 0:
            count -= 1
            if self.comes_weekly is not None and self._world.faults.strikes(Fault.RENEWS):
                self.comes_weekly()
                continue
            crowd.append(self._dated(self.wish()))
            if count and self._world.faults.strikes(Fault.BUYS_TOGETHER):
                several = [
                    crowd.pop(),
                    *(self._dated(self.wish()) for _ in range(min(count, self._chance.randrange(1, 4)))),
                ]
                count -= len(several) - 1
                self._enter(several, together=True)
        self._enter(crowd, together=False)

    def wish(self) -> Wanted:
        """What somebody needs."""
        operator, amount, number = _WISHES[self._chance.randrange(len(_WISHES))]
        if number:
            number = number[:4] + f"{self._chance.randrange(1_000_000):06d}"
        return Wanted(operator, amount, "someone@example.org", "en", number=number)

    def _dated(self, wanted: Wanted) -> Wanted:
        if not self._world.faults.strikes(Fault.BUYS_FOR_DATE):
            return wanted
        return replace(wanted, deliver_on=(day_of(self._world.now()) + timedelta(days=1)).isoformat())

    def _enter(self, wishes: list[Wanted], *, together: bool) -> None:
        basket = Basket(self._chance.getrandbits(128).to_bytes(16, "big"), wishes, together, self._method())
        self._press(basket)
        if self._world.faults.strikes(Fault.PLACES_TWICE):
            self._world.agenda.after(1, lambda: self._press(basket))

    def _method(self) -> str:
        methods = self._world.shop.payment_methods
        return methods[self._chance.randrange(len(methods))]

    def _press(self, basket: Basket) -> None:
        """The button. Whose page broke presses it again."""

        def request() -> None:
            try:
                self._buy(basket)
            except (OperationalError, Died):
                self._world.agenda.after(2, lambda: self._press(basket))
                raise

        self.requests.append(request)

    def _buy(self, basket: Basket) -> None:
        shop, at = self._world.shop, self._world.now()
        if not basket.quotes:
            found = quote_topups(_CUSTOMER, basket.wishes, device=basket.device, shop=shop, at=at)
            quotes = [quote for quote in found if isinstance(quote, Quote)]
            if len(quotes) != len(basket.wishes):
                raise AssertionError(f"a wish was refused: {found}")
            basket.quotes = quotes
        placements = [Placement(q.id, q.price.total.amount_minor, basket.method) for q in basket.quotes]
        placed = place_orders(
            _CUSTOMER, placements, device=basket.device, shop=shop, at=self._world.now(), together=basket.together
        )
        if all(isinstance(answer, Refusal) and answer.code is Code.QUOTE_EXPIRED for answer in placed):
            basket.quotes = []  # whose page slept for long asks for the price again
            self._world.agenda.after(2, lambda: self._press(basket))
            return
        for quote, answer in zip(basket.quotes, placed, strict=True):
            if not isinstance(answer, Placed):
                raise AssertionError(f"a quote was refused: {answer}")  # noqa: TRY004 - a finding, not a type
            self.devices[answer.order_id] = basket.device
            if quote.deliver_at and self._world.faults.strikes(Fault.CALLS_OFF):
                self._changes_mind(answer.order_id, basket.device)
            if quote.kind is Kind.CODE and self._world.faults.strikes(Fault.GIVES_BACK):
                self._gives_back(answer.order_id, basket.device)

    def _changes_mind(self, order_id: UUID, device: bytes) -> None:
        """Some time later; by then it may be unpaid, waiting, delivered or over."""

        def request() -> None:
            call_off(_CUSTOMER, order_id, device=device, shop=self._world.shop, at=self._world.now())

        self._world.agenda.after(self._chance.randrange(30, 12 * 3600), lambda: self.requests.append(request))

    def _gives_back(self, order_id: UUID, device: bytes) -> None:
        """Some time later; by then it may be on its way, delivered, called off or refunded. Some look at it as well."""
        acts = [lambda: self._wants_no_code(order_id, device)]
        if self._world.faults.strikes(Fault.LOOKS_AND_GIVES_BACK):
            acts.insert(self._chance.randrange(2), lambda: self._reads(order_id, device))
        self._world.agenda.after(self._chance.randrange(300, 12 * 3600), lambda: self.requests.extend(acts))

    def _wants_no_code(self, order_id: UUID, device: bytes) -> None:
        no = take_code_back(_CUSTOMER, order_id, device=device, shop=self._world.shop, at=self._world.now())
        if no is None:
            self._given_back.add(order_id)

    def _reads(self, order_id: UUID, device: bytes) -> None:
        seen = reveal(_CUSTOMER, order_id, device=device, shop=self._world.shop, at=self._world.now())
        if not isinstance(seen, Refusal):
            self.read[order_id] = seen.pin

    # ── they pay, or do not ──

    def _decides(self, method: str, session: Taken) -> None:
        chance, after, strikes = self._chance, self._world.agenda.after, self._world.faults.strikes
        provider, id_, amount = self._world.tills[method], session.id, session.amount_minor
        if strikes(Fault.REFUSED):
            after(chance.randrange(2, 60), lambda: provider.fail(id_, "refused"))
            if strikes(Fault.PAYS_AGAIN):
                after(chance.randrange(61, 300), lambda: self._pay_again(session))
        elif strikes(Fault.ABANDONS):
            after(900, lambda: provider.fail(id_, "expired"))
        elif strikes(Fault.PAYS_LATE):
            after(900, lambda: provider.fail(id_, "expired"))
            after(chance.randrange(901, 7_000), lambda: provider.pay(id_, amount))
        elif strikes(Fault.PAYS_TWICE):
            after(chance.randrange(2, 60), lambda: provider.pay(id_, amount))
            after(chance.randrange(2, 600), lambda: provider.pay(id_, amount))
        elif strikes(Fault.PAYS_WRONG_AMOUNT):
            wrong = amount + (-1, 1, 500, -300)[chance.randrange(4)]
            after(chance.randrange(2, 60), lambda: provider.pay(id_, wrong))
        else:
            paid_after_s = chance.randrange(1, 30)
            after(paid_after_s, lambda: provider.pay(id_, amount))
            if strikes(Fault.CHARGES_BACK_AT_ONCE):
                after(paid_after_s, lambda: provider.charge_back(id_))
            elif strikes(Fault.CHARGES_BACK_LATER):
                after(paid_after_s + chance.randrange(1, 20 * 3600), lambda: provider.charge_back(id_))
            elif strikes(Fault.REFUNDED_OUTSIDE):
                after(paid_after_s + chance.randrange(1, 3600), lambda: provider.refund_outside(id_))

    def _pay_again(self, session: Taken) -> None:
        rows = call.select(
            """SELECT l.order_id FROM attempt a JOIN allocation l ON l.payment_id = a.payment_id
               WHERE a.reference = %s ORDER BY 1""",
            [session.reference],
        )
        for (order_id,) in rows:
            self.requests.append(partial(self._opens_another, call.expect(order_id, UUID)))

    def _opens_another(self, order_id: UUID) -> None:
        pay_again(_CUSTOMER, order_id, shop=self._world.shop, method=self._method(), at=self._world.now())

    # ── webhooks, which only wake the poller ──

    def _webhook(self, method: str, session: Taken) -> None:
        strikes = self._world.faults.strikes
        if strikes(Fault.WEBHOOK_LOST):
            return
        names = [(method, session.id)]
        if strikes(Fault.WEBHOOK_REPEATED):
            names *= 3
        if strikes(Fault.WEBHOOK_FORGED):
            names.append((method, f"pay_{self._chance.randrange(10**6)}"))
        if strikes(Fault.WEBHOOK_LATE):
            self._world.agenda.after(self._chance.randrange(2, 600), lambda: self._hooks.extend(names))
        else:
            self._hooks += names

    def call_hooks(self) -> None:
        """What each provider has to say since last time, in one request."""
        told, self._hooks = self._hooks, []
        for method in self._world.shop.payment_methods:
            if names := [name for by, name in told if by == method]:
                self.requests.append(partial(self._hooked, method, names))

    def _hooked(self, method: str, names: list[str]) -> None:
        wake_payment(method, names, at=self._world.now())

    # ── they look ──

    def look(self) -> None:
        """Strangers try to see codes, and owners look at theirs."""
        world = self._world
        rows = call.select(
            """SELECT o.id, a.reference, a.adapter FROM orders o JOIN delivery d ON d.order_id = o.id
               JOIN attempt a ON a.id = d.attempt_id
               WHERE o.state = 'delivered' AND o.kind = 'code' ORDER BY o.id"""
        )
        pins = {name: supplier.pins for name, supplier in world.suppliers.items()}
        for order_id, reference, adapter in rows:
            if not world.faults.strikes(Fault.STRANGER_LOOKS):
                continue
            known = call.expect(order_id, UUID)
            stranger = self._chance.getrandbits(128).to_bytes(16, "big")
            seen = reveal(_CUSTOMER, known, device=stranger, shop=world.shop, at=world.now())
            self.revealed_to_stranger += not isinstance(seen, Refusal)
            if known not in self.devices:
                continue  # a reseller's: nobody's device may see it here
            mine = reveal(_CUSTOMER, known, device=self.devices[known], shop=world.shop, at=world.now())
            if isinstance(mine, Refusal):
                self.wrong_code += 1
            else:
                self.read[known] = mine.pin
                if str(adapter) in pins:
                    self.wrong_code += mine.pin != pins[str(adapter)][str(reference)]
        for order_id in sorted(self._given_back):
            kept = reveal(_CUSTOMER, order_id, device=self.devices[order_id], shop=world.shop, at=world.now())
            self.wrong_code += not isinstance(kept, Refusal)
        self.wrong_code += len(self.read) - len(set(self.read.values()))  # one code, read by two who bought one each
