"""Two who want the last use of a promotion: one gets it, the other a clear refusal, and the count is never beyond."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from uuid import UUID

import pytest
from django.db import transaction

from fakes import CODE, CUSTOMER, DEVICE, World
from opla.core import order
from opla.core.actor import SYSTEM, Actor, Role
from opla.core.change import Change, Move, Subject
from opla.core.order import State
from opla.core.quote import Quote
from opla.core.refusal import Code, Refusal
from opla.db.queries.apply import apply
from opla.db.queries.call import select
from opla.operations.expire import expire
from opla.operations.place_orders import Placed
from opla.operations.promotions import at_version, import_promotions
from opla.operations.quote_topup import Wanted, quote_topup
from support import at_once, until_somebody_waits

ANNA = Actor(Role.OWNER, "anna")
DOCUMENT = """promotions: 1
sample: true
currency: EUR
time_zone: Europe/Brussels
languages: [en, zh-Hans]
ours:
  - id: winter
    title: {en: "Winter", zh-Hans: "冬季"}
    from: "2026-11-01 00:00"
    gives: {amount: "2.00"}
"""
Answer = Placed | Refusal


@dataclass
class Racing:
    world: World
    path: Path

    def run(self, cap: str) -> None:
        self.path.write_text(f"{DOCUMENT}    {cap}\n", "utf-8")
        shop, at = self.world.shop, self.world.clock()
        assert not isinstance(import_promotions(ANNA, self.path, keyring=shop.keyring, sandbox=True, at=at), Refusal)

    def quote(self, email: str) -> Quote:
        wanted = Wanted("", "", email, "en", sku=CODE)
        found = quote_topup(CUSTOMER, wanted, device=DEVICE, shop=self.world.shop, at=self.world.clock())
        assert isinstance(found, Quote)
        assert found.price.discount_minor == 200
        return found

    def uses(self) -> object:
        return select("SELECT uses FROM promotion_count WHERE customer = ''")[0][0]


@pytest.fixture
def race(world: World, tmp_path: Path) -> Racing:
    at_version.cache_clear()  # versions of another database
    return Racing(world, tmp_path / "mine.yaml")


def held_open(act: Callable[[], list[Answer]], written: Event) -> list[Answer]:
    """Written and not committed, until the other one is surely at the lock."""
    with transaction.atomic():
        done = act()
        written.set()
        until_somebody_waits()
    return done


def after(act: Callable[[], list[Answer]], written: Event) -> list[Answer]:
    written.wait(10)
    return act()


@pytest.mark.parametrize(("cap", "emails"), [("most_uses: 2", "ab"), ("most_each: 2", "aa")])
def test_of_two_who_want_the_last_use_one_gets_it(race: Racing, cap: str, emails: str) -> None:
    race.run(cap)
    race.world.place(race.quote("a@example.org"))  # so that the count is there already
    quotes, written = [race.quote(f"{name}@example.org") for name in emails], Event()
    [[won], [lost]] = at_once(
        lambda: held_open(lambda: race.world.place(quotes[0]), written),
        lambda: after(lambda: race.world.place(quotes[1]), written),
    )
    assert isinstance(won, Placed)
    assert lost == Refusal(Code.PROMOTION_USED_UP, "quote")
    assert select("SELECT count(*) FROM orders") == select("SELECT count(*) FROM payment") == [(2,)]
    assert race.uses() == 2


def test_when_the_first_of_two_is_undone_the_second_gets_it(race: Racing) -> None:
    race.run("most_uses: 1")
    quotes, written = [race.quote(f"{name}@example.org") for name in "ab"], Event()

    def undone() -> list[Answer]:
        with transaction.atomic():
            race.world.place(quotes[0])
            written.set()
            until_somebody_waits()
            transaction.set_rollback(True)
        return []

    [_, [won]] = at_once(undone, lambda: after(lambda: race.world.place(quotes[1]), written))
    assert isinstance(won, Placed)
    assert race.uses() == 1


def test_batches_that_want_more_than_there_is_share_it_and_never_lock_each_other_out(race: Racing) -> None:
    race.run("most_uses: 10")
    batches = [[race.quote(f"{batch}{n}@example.org") for n in range(6)] for batch in "abc"]
    answers = [a for batch in at_once(*[lambda b=b: race.world.place(*b) for b in batches]) for a in batch]
    assert sum(isinstance(answer, Placed) for answer in answers) == 10
    assert {a.code for a in answers if isinstance(a, Refusal)} == {Code.PROMOTION_USED_UP}
    assert race.uses() == 10


def test_one_quote_from_two_connections_is_one_use(race: Racing) -> None:
    race.run("most_uses: 1")
    quote, written = race.quote("a@example.org"), Event()
    [[one], [two]] = at_once(
        lambda: held_open(lambda: race.world.place(quote), written),
        lambda: after(lambda: race.world.place(quote), written),
    )
    assert isinstance(one, Placed)
    assert isinstance(two, Placed)
    assert (one.order_id, one.again, two.order_id, two.again) == (two.order_id, False, one.order_id, True)
    assert race.uses() == 1


def test_one_batch_takes_no_more_than_is_left_and_repeats_take_nothing(race: Racing) -> None:
    race.run("most_uses: 2")
    quotes = [race.quote(f"{name}@example.org") for name in "abc"]
    answers = race.world.place(quotes[0], quotes[0], *quotes[1:])
    assert [isinstance(a, Placed) for a in answers] == [True, True, True, False]
    assert race.uses() == 2


def test_an_order_that_expires_while_somebody_places_gives_its_use_back_once(race: Racing) -> None:
    race.run("most_uses: 1")
    race.world.place(race.quote("a@example.org"))
    race.world.clock.tick(3600)
    shop, at = race.world.shop, race.world.clock()
    at_once(lambda: expire(shop=shop, at=at), lambda: expire(shop=shop, at=at))
    assert race.uses() == 0
    [won] = race.world.place(race.quote("b@example.org"))
    assert isinstance(won, Placed)


def test_placing_and_ending_never_wait_for_each_other(race: Racing) -> None:
    """Ending takes orders and then counts. Placing holds counts, and must not wait for an order that is ending."""
    plain = race.world.quote()
    race.world.place(plain)
    race.run("most_uses: 5")
    promoted, fresh = race.quote("a@example.org"), race.quote("b@example.org")
    written, placed = Event(), Event()
    race.world.place(promoted)
    shop, at = race.world.shop, race.world.clock()

    def ends(quote: Quote) -> None:
        [(order_id,)] = select("SELECT id FROM orders WHERE quote_id = %s", [quote.id])
        assert isinstance(order_id, UUID)
        move = Move(Subject.ORDER, order_id, State.PLACED, State.CANCELLED, order.Event.EXPIRED)
        assert apply([Change(moves=(move,))], actor=SYSTEM, at=at, keyring=shop.keyring, chance=shop.chance) == ["won"]

    def one_after_the_other() -> list[Answer]:
        with transaction.atomic():
            ends(plain)
            written.set()
            until_somebody_waits(placed.is_set)
            ends(promoted)
        return []

    def places() -> list[Answer]:
        done = after(lambda: race.world.place(plain, fresh), written)
        placed.set()
        return done

    [_, answers] = at_once(one_after_the_other, places)
    assert [isinstance(answer, Placed) for answer in answers] == [True, True]
    assert race.uses() == 1
