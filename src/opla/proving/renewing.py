"""People of a simulation who agree that their credit comes again by itself, and what they do about it afterwards.

They know of a charge by the letters that reach them alone. The judge compares what the providers truly charged by
consent with those letters, and with what people were told had been done: skipped, a lower ceiling, paused, ended.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Final
from uuid import UUID

from django.db.utils import OperationalError

from opla.core.actor import Actor, Role
from opla.core.ports import Message
from opla.core.quote import Quote
from opla.counterparts.standins import Again, KeepsConsent
from opla.db.queries.call import expect, select
from opla.operations import agree_renewal, change_renewal, renewals
from opla.operations.agree_renewal import Agreed, Typed
from opla.operations.links import hash_link
from opla.operations.pay_again import pay_again
from opla.operations.place_orders import Placed, Placement
from opla.operations.quote_topup import Wanted, quote_topup
from opla.operations.renew import NOT_CHARGED, NOTICE
from opla.operations.renewals import Standing
from opla.proving.baton import Died
from opla.proving.customers import World
from opla.proving.faults import Fault

_CUSTOMER: Final = Actor(Role.CUSTOMER, "simulated")
#: The ways of paying that keep consent.
KEEPING: Final = ("mollie", "stripe")
#: Credit that takes nothing from the line when it comes early, so that a week is a week.
_OPERATOR, _AMOUNT, _RULE = "base", "5", "days:7"
_PERIOD: Final = timedelta(days=7)
_CAP, _LOWER, _HIGHER = "6", "5", "7"
_TOLD_BEFORE: Final = timedelta(days=3)
#: A round of letters has one time, that of its beginning, and whoever sends them may fall asleep in between.
_ROUND: Final = timedelta(hours=1)
#: The day of a charge moves by an hour where the clocks change.
_CLOCKS: Final = timedelta(hours=12)


@dataclass
class _Agreed:
    """One person with one renewal, and what they know of it.

    told     the day of a charge, as a letter said it → when that letter came first
    caps     ceilings in cents, since when
    off      nothing may leave in these times: paused, or ended (to None)
    skipped  days of charges that they were told would not be
    """

    email: str
    method: str
    device: bytes
    quote: Quote | None = None
    order_id: UUID | None = None
    told: dict[datetime, datetime] = field(default_factory=dict)
    caps: list[tuple[datetime, int]] = field(default_factory=list)
    off: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    skipped: set[datetime] = field(default_factory=set)
    over: bool = False


class Renewers:
    """`handed` says when a charge was first given to the wire on which it may have left, by our reference."""

    def __init__(self, world: World, chance: Random, requests: deque[Callable[[], None]]) -> None:
        self._world, self._chance, self._requests = world, chance, requests
        self.handed: dict[str, datetime] = {}
        self._people: dict[str, _Agreed] = {}  # by their address
        self._seen: set[object] = set()  # charges that somebody might have ended

    # ── they agree ──

    def come(self) -> None:
        one = _Agreed(
            f"weekly{len(self._people)}@example.org",
            KEEPING[self._chance.randrange(len(KEEPING))],
            self._chance.getrandbits(128).to_bytes(16, "big"),
        )
        self._people[one.email] = one
        number = f"0486{self._chance.randrange(1_000_000):06d}"
        wanted = Wanted(_OPERATOR, _AMOUNT, one.email, "en", number=number)
        self._press(lambda: self._agree(one, wanted))
        if self._world.faults.strikes(Fault.PLACES_TWICE):
            self._world.agenda.after(1, lambda: self._press(lambda: self._agree(one, wanted)))

    def _press(self, act: Callable[[], object]) -> None:
        """Whose page broke presses the button again."""

        def request() -> None:
            try:
                act()
            except (OperationalError, Died):
                self._world.agenda.after(2, lambda: self._press(act))
                raise

        self._requests.append(request)

    def _agree(self, one: _Agreed, wanted: Wanted) -> None:
        shop, at = self._world.shop, self._world.now()
        if one.quote is None:
            quote = quote_topup(_CUSTOMER, wanted, device=one.device, shop=shop, at=at)
            if not isinstance(quote, Quote):
                raise AssertionError(f"a wish was refused: {quote}")
            one.quote = quote
        read = agree_renewal.read(Typed(_RULE, _CAP), one.quote, one.method, shop=shop)
        if not isinstance(read, Agreed):
            raise AssertionError(f"a renewal was refused: {read}")  # noqa: TRY004 - a finding, not a type
        one.caps = [(at, read.cap.amount_minor)]
        placement = Placement(one.quote.id, one.quote.price.total.amount_minor, one.method)
        placed = agree_renewal.place(
            _CUSTOMER, placement, read, one.quote, said="Again by itself.", device=one.device, shop=shop, at=at
        )
        if not isinstance(placed, Placed):
            raise AssertionError(f"a quote was refused: {placed}")  # noqa: TRY004 - a finding, not a type
        one.order_id = placed.order_id

    # ── they hear of it, and do something ──

    def hear(self, message: Message) -> None:
        one = self._people.get(message.to)
        if one is None or not message.text.startswith("{"):
            return
        about = json.loads(message.text)
        if message.subject == NOTICE:
            due_at = datetime.fromisoformat(about["due_at"])
            if due_at not in one.told:
                one.told[due_at] = self._world.now()
                self._minds(one, about["path"])
                self._at_the_bank(one)
        elif message.subject == NOT_CHARGED and self._world.faults.strikes(Fault.PAYS_AGAIN):
            self._later(60, partial(self._pays_by_hand, about["order_path"]))

    def _minds(self, one: _Agreed, path: str) -> None:
        """Some time until after the charge; by then it may be made, under way, or over."""
        strikes = self._world.faults.strikes
        for fault, act in (
            (Fault.SKIPS_RENEWAL, self._skip),
            (Fault.CHANGES_CEILING, self._change),
            (Fault.PAUSES_RENEWAL, self._pause),
            (Fault.ENDS_RENEWAL, self._end),
        ):
            if strikes(fault):
                self._later(self._chance.randrange(60, 4 * 24 * 3600), partial(act, one, path))

    def _later(self, seconds: float, act: Callable[[], object]) -> None:
        self._world.agenda.after(seconds, lambda: self._press(act))

    def _standing(self, path: str) -> Standing:
        found = renewals.find(path.removeprefix("/renewals/").rstrip("/"), shop=self._world.shop)
        if found is None:
            raise AssertionError(f"no renewal has the link {path}")
        return found

    def _skip(self, one: _Agreed, path: str) -> None:
        now, shop = self._world.now, self._world.shop
        standing = self._standing(path)
        if change_renewal.skip(_CUSTOMER, standing, shop=shop, at=now()) is not None:
            return
        rows = select(
            "SELECT due_at FROM renewal_period WHERE renewal_id = %s AND phase = 'skipped'", [standing.kept.id]
        )
        one.skipped |= {expect(due_at, datetime) for (due_at,) in rows}

    def _change(self, one: _Agreed, path: str) -> None:
        """A higher one counts from the moment on in which it is asked for, a lower one once that was told."""
        now, shop = self._world.now, self._world.shop
        cap = (_LOWER, _HIGHER)[self._chance.randrange(2)]
        if cap == _HIGHER:
            one.caps.append((now(), int(cap) * 100))
        refused = change_renewal.change_ceiling(
            _CUSTOMER, self._standing(path), cap, "", lambda most, _month: f"At most {most}.", shop=shop, at=now()
        )
        if not refused and cap == _LOWER:
            one.caps.append((now(), int(cap) * 100))

    def _pause(self, one: _Agreed, path: str) -> None:
        now, shop = self._world.now, self._world.shop
        if change_renewal.pause(_CUSTOMER, self._standing(path), shop=shop, at=now()) is None:
            one.off.append((now(), None))
            self._later(self._chance.randrange(3600, 4 * 24 * 3600), partial(self._resume, one, path))

    def _resume(self, one: _Agreed, path: str) -> None:
        if one.over:
            return
        at, shop = self._world.now(), self._world.shop
        one.off = [(since, until or at) for since, until in one.off]
        change_renewal.resume(_CUSTOMER, self._standing(path), shop=shop, at=at)

    def _end(self, one: _Agreed, path: str) -> None:
        now, shop = self._world.now, self._world.shop
        if change_renewal.end(_CUSTOMER, self._standing(path), shop=shop, at=now()) is None and not one.over:
            one.over = True
            one.off.append((now(), None))

    def _pays_by_hand(self, path: str) -> None:
        shop = self._world.shop
        rows = select("SELECT id FROM orders WHERE link_hash = %s", [hash_link(path.removeprefix("/o/").rstrip("/"))])
        methods = shop.payment_methods
        for (order_id,) in rows:
            method = methods[self._chance.randrange(len(methods))]
            pay_again(_CUSTOMER, expect(order_id, UUID), shop=shop, method=method, at=self._world.now())

    def _at_the_bank(self, one: _Agreed) -> None:
        """What their bank says to the next charge."""
        till, strikes = self._world.tills[one.method], self._world.faults.strikes
        wants, refuses = strikes(Fault.BANK_WANTS_THEM), strikes(Fault.CONSENT_REFUSED)
        if not isinstance(till, KeepsConsent):
            raise TypeError(f"{one.method} keeps no consent")
        for consent, (payment_id, _) in till.consents.items():
            if self._whose(till.taken[payment_id].reference) is one:
                till.failing.pop(consent, None)
                if wants or refuses:
                    till.failing[consent] = "authentication_required" if wants else "insufficient_funds"

    def charged(self) -> None:
        """A charge was just placed: some press "end" in the very moment in which it is made."""
        self._requests.append(self._end_what_is_charged)

    def _end_what_is_charged(self) -> None:
        rows = select(
            """SELECT d.order_id, q.email FROM renewal_period d JOIN orders o ON o.id = d.order_id
               JOIN quote q ON q.id = o.quote_id WHERE d.phase = 'placed' ORDER BY d.order_id"""
        )
        for order_id, email in rows:
            if order_id in self._seen:
                continue
            self._seen.add(order_id)
            if self._world.faults.strikes(Fault.ENDS_WHILE_CHARGED):
                one = self._people[expect(email, str)]
                self._press(partial(self._end_theirs, one))

    def _end_theirs(self, one: _Agreed) -> None:
        for standing in renewals.of_address(one.email, shop=self._world.shop):
            self._end(one, standing.whose.path)

    def leave(self) -> None:
        """Everybody who still has one ends it."""
        for one in self._people.values():
            if not one.over:
                self._press(partial(self._end_theirs, one))

    # ── the judge ──

    def _whose(self, reference: str) -> _Agreed | None:
        """Whose renewal began with the payment of this reference."""
        rows = select(
            """SELECT l.order_id FROM attempt a JOIN allocation l ON l.payment_id = a.payment_id
               WHERE a.reference = %s""",
            [reference],
        )
        orders = {order_id for (order_id,) in rows}
        return next((one for one in self._people.values() if one.order_id in orders), None)

    @property
    def count(self) -> int:
        """How many charges by consent there truly were."""
        return sum(len(till.again) for till in self._world.tills.values() if isinstance(till, KeepsConsent))

    def differences(self) -> list[str]:
        """Charges that nobody agreed to, and consent that was left after its end."""
        wrong = []
        for name in KEEPING:
            till = self._world.tills[name]
            if not isinstance(till, KeepsConsent):
                raise TypeError(f"{name} keeps no consent")
            used: dict[str, list[datetime]] = {}
            for charge in till.again:
                payment_id, _ = till.consents[charge.consent]
                one = self._whose(till.taken[payment_id].reference)
                no = "by consent of nobody" if one is None else self._refused(one, charge, till, used)
                if no:
                    wrong.append(f"{charge.id} at {name}, {charge.at}: {no}")
            wrong += [f"{name} still keeps {consent}" for consent, (_, is_kept) in till.consents.items() if is_kept]
        return wrong

    def _refused(self, one: _Agreed, charge: Again, till: KeepsConsent, used: dict[str, list[datetime]]) -> str:
        """Why this charge should not have been made; empty when it was right."""
        taken = till.taken[charge.id]
        due_at = max((due for due in one.told if due <= charge.at), default=None)
        if due_at is None:
            return "nobody was told of it"
        before = used.setdefault(charge.consent, [])
        twice = any(abs(due_at - due) < _PERIOD - _CLOCKS for due in before)
        before.append(due_at)
        handed_at = self.handed.get(taken.reference, charge.at)
        cap_minor = [minor for since, minor in one.caps if since < handed_at][-1]
        off = any(since < handed_at and (until is None or handed_at < until) for since, until in one.off)
        return "; ".join(
            word
            for word, is_so in (
                ("its period was charged before", twice),
                ("they were told too late", one.told[due_at] + _TOLD_BEFORE > charge.at + _ROUND),
                ("it had been skipped", due_at in one.skipped),
                (f"{taken.amount_minor} is above the ceiling of {cap_minor}", taken.amount_minor > cap_minor),
                ("it had been paused or ended", off),
            )
            if is_so
        )
