"""Tablets paired once, clerks with few tries, and shifts counted from end to end."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from fakes import World
from operations.test_cash import CLERK, OWNER, TILL, counter, in_drawer, ordered, work
from opla.core.actor import Actor, Role
from opla.core.cash import Kind as LineKind
from opla.core.money import Money
from opla.core.refusal import Code, Refusal
from opla.core.station import Kind
from opla.db.queries import stations as queries
from opla.db.queries.call import select
from opla.db.queries.stations import Clerk, Shift, Station
from opla.operations import cash, clerks, shifts, stations
from opla.operations.clerks import Named, actor_of
from opla.operations.drawers import drop
from support import at_once

__all__ = ["counter"]

PIN = "4827"


def paired(world: World, name: str = "main-till", kind: Kind = Kind.TILL) -> Station:
    code = stations.keep(OWNER, name, kind, drawer=TILL, place_id=_place(), shop=world.shop, at=world.clock())
    assert not isinstance(code, Refusal)
    tablet = stations.pair(code.code, "a tablet", shop=world.shop, at=world.clock())
    assert not isinstance(tablet, Refusal)
    found = stations.enter(tablet.secret, at=world.clock())
    assert found is not None
    return found


def _place() -> int:
    [(place,)] = select("SELECT place_id FROM drawer LIMIT 1")
    assert isinstance(place, int)
    return place


def named(world: World, name: str = "anna", **more: object) -> Clerk:
    wanted = Named(name, name.title(), PIN, **more)  # type: ignore[arg-type]
    assert clerks.keep(OWNER, wanted, shop=world.shop, at=world.clock()) is None
    found = queries.clerk(name)
    assert found is not None
    return found


def opened(world: World, clerk: Clerk, station: Station, **pieces: str) -> Shift:
    typed = {int(piece[1:]): times for piece, times in (pieces or {"p5000": "1"}).items()}
    found = shifts.open_shift(actor_of(clerk, station), uuid4(), clerk, station, typed, at=world.clock())
    assert not isinstance(found, Refusal), found
    return found


def broken(world: World) -> list[object]:
    return [name for (name,) in select("SELECT name FROM opla_books(%s) WHERE wrong > 0", [world.clock()])]


def trail(subject: UUID) -> list[str]:
    return [str(name) for (name,) in select("SELECT name FROM event WHERE subject_id = %s ORDER BY id", [subject])]


# ── tablets ───────────────────────────────────────────────────────────────


def test_a_code_pairs_one_tablet_once_and_not_after_a_quarter_of_an_hour(counter: World) -> None:
    code = stations.keep(OWNER, "main-till", Kind.TILL, drawer=TILL, shop=counter.shop, at=counter.clock())
    assert not isinstance(code, Refusal)
    answers = at_once(*[lambda: stations.pair(code.code, "x", shop=counter.shop, at=counter.clock())] * 2)
    assert sorted(isinstance(one, Refusal) for one in answers) == [False, True]
    late = stations.keep(OWNER, "main-till", Kind.TILL, drawer=TILL, shop=counter.shop, at=counter.clock())
    assert not isinstance(late, Refusal)
    no = stations.pair(late.code, "x", shop=counter.shop, at=counter.clock() + timedelta(minutes=15))
    assert isinstance(no, Refusal)
    assert no.code is Code.PAIRING_CODE_WRONG


def test_a_tablet_that_is_unpaired_or_whose_name_is_paired_anew_is_nobodys(counter: World) -> None:
    code = stations.keep(OWNER, "main-till", Kind.TILL, drawer=TILL, shop=counter.shop, at=counter.clock())
    assert not isinstance(code, Refusal)
    tablet = stations.pair(code.code, "x", shop=counter.shop, at=counter.clock())
    assert not isinstance(tablet, Refusal)
    assert stations.unpair(OWNER, "main-till", why="stolen", at=counter.clock()) is None
    assert stations.enter(tablet.secret, at=counter.clock()) is None
    second = paired(counter)
    stations.keep(OWNER, "main-till", Kind.TILL, drawer=TILL, shop=counter.shop, at=counter.clock())
    assert queries.named("main-till") is not None
    assert queries.by_secret(b"") is None
    assert trail(second.id) == ["made", "paired", "unpaired", "code_made", "paired", "code_made"]


def test_a_name_keeps_its_kind_and_its_drawer_and_only_the_owner_makes_one(counter: World) -> None:
    paired(counter)
    other = stations.keep(OWNER, "main-till", Kind.KIOSK, place_id=_place(), shop=counter.shop, at=counter.clock())
    assert isinstance(other, Refusal)
    assert other.code is Code.STATION_FIXED
    for actor in (CLERK, Actor(Role.CUSTOMER, "x"), Actor(Role.CLERK, "anna@main-till"), Actor(Role.KIOSK, "k")):
        no = stations.keep(actor, "more", Kind.TILL, drawer=TILL, shop=counter.shop, at=counter.clock())
        assert isinstance(no, Refusal)
        assert no.code is Code.NOT_ALLOWED


# ── clerks ────────────────────────────────────────────────────────────────


def test_a_clerk_signs_in_with_their_pin_and_it_is_kept_slow_and_keyed(counter: World) -> None:
    station, clerk = paired(counter), named(counter)
    found = clerks.sign_in("anna", PIN, station, shop=counter.shop, at=counter.clock())
    assert isinstance(found, Clerk)
    [(pin,)] = select("SELECT pin_hash FROM clerk")
    assert isinstance(pin, bytes | memoryview)
    assert PIN.encode() not in bytes(pin)
    assert clerks.hashed(PIN, uuid4(), counter.shop.keyring, bytes(pin)[:16]) != bytes(pin)  # another clerk's
    assert "signed_in" in trail(station.id)
    assert clerk.wrong == 0


def test_wrong_pins_wait_longer_and_longer_and_then_need_a_new_pin(counter: World) -> None:
    station = paired(counter)
    named(counter)
    said: list[str] = []
    for wait in (0, 0, 0, 1, 5, 15, 15, 15):
        counter.clock.tick(wait * 60)
        no = clerks.sign_in("anna", "9051", station, shop=counter.shop, at=counter.clock())
        assert isinstance(no, Refusal)
        said.append(f"{no.code}{no.params.get('minutes', '')}")
    assert said == [
        "pin_wrong", "pin_wrong", "pin_waits1", "pin_waits5", "pin_waits15", "pin_waits15", "pin_waits15", "pin_ended",
    ]  # fmt: skip
    counter.clock.tick(86_400)
    right = clerks.sign_in("anna", PIN, station, shop=counter.shop, at=counter.clock())
    assert isinstance(right, Refusal)
    assert right.code is Code.PIN_ENDED
    named(counter)
    assert isinstance(clerks.sign_in("anna", PIN, station, shop=counter.shop, at=counter.clock()), Clerk)


def test_while_it_waits_even_the_right_pin_is_not_heard_and_tries_side_by_side_count(counter: World) -> None:
    station = paired(counter)
    named(counter)
    at = counter.clock()
    answers = at_once(*[lambda: clerks.sign_in("anna", "9051", station, shop=counter.shop, at=at)] * 8)
    assert all(isinstance(one, Refusal) for one in answers)
    [(wrong,)] = select("SELECT wrong FROM clerk")
    assert wrong == 3
    right = clerks.sign_in("anna", PIN, station, shop=counter.shop, at=at)
    assert isinstance(right, Refusal)
    assert right.code is Code.PIN_WAITS


def test_a_clerk_of_another_place_or_who_left_signs_in_nowhere(counter: World) -> None:
    station = paired(counter)
    named(counter, "ben", place_id=station.place_id + 1)
    named(counter, "carl", active=False)
    for name in ("ben", "carl", "nobody"):
        no = clerks.sign_in(name, PIN, station, shop=counter.shop, at=counter.clock())
        assert isinstance(no, Refusal)
        assert no.code is Code.CLERK_UNKNOWN


# ── shifts ────────────────────────────────────────────────────────────────


def test_a_shift_counts_the_drawer_first_and_last_and_the_books_hold(counter: World) -> None:
    station, clerk = paired(counter), named(counter)
    actor = actor_of(clerk, station)
    begun = opened(counter, clerk, station, p2000="2", p500="1")  # 45 of the 50 that should be there
    assert (begun.n, begun.opening_found) == (1, Money(-500, "EUR"))
    _, code = ordered(counter)
    taken = cash.take(actor, uuid4(), drawer=TILL, code=code, given="20", at=counter.clock())
    assert not isinstance(taken, Refusal)
    x = shifts.report(actor, begun.id)
    assert not isinstance(x, Refusal)
    assert not x.closed
    assert [(one.kind, one.times) for one in x.sums] == [(LineKind.TAKEN, 1)]
    assert x.expected == Money(4500, "EUR") + taken.coins
    closed = shifts.close_shift(actor, begun.id, clerk, {5000: "1"}, why="a fiver less", at=counter.clock())
    assert not isinstance(closed, Refusal)
    assert closed.closing_found == Money(5000, "EUR") - x.expected
    assert in_drawer(counter) == 5000
    z = shifts.report(actor, begun.id)
    assert not isinstance(z, Refusal)
    assert (z.closed, z.sums, z.expected) == (True, x.sums, x.expected)
    assert trail(begun.id) == ["opened", "closed"]
    assert opened(counter, clerk, station).n == 2
    work(counter)
    assert not broken(counter)


def test_two_who_begin_at_one_drawer_at_once_are_one_shift(counter: World) -> None:
    station, clerk = paired(counter), named(counter)
    actor, at = actor_of(clerk, station), counter.clock()
    answers = at_once(*[lambda: shifts.open_shift(actor, uuid4(), clerk, station, {5000: "1"}, at=at)] * 2)
    assert sorted(isinstance(one, Refusal) for one in answers) == [False, True]
    [(n,)] = select("SELECT count(*) FROM drawer_line WHERE kind = 'counted'")
    assert n == 1  # what the other counted is not in the books


def test_the_same_press_twice_is_one_shift_and_one_end(counter: World) -> None:
    station, clerk = paired(counter), named(counter)
    actor, key = actor_of(clerk, station), uuid4()
    one, two = (shifts.open_shift(actor, key, clerk, station, {5000: "1"}, at=counter.clock()) for _ in range(2))
    assert one == two
    ends = [shifts.close_shift(actor, key, clerk, {5000: "1"}, why="", at=counter.clock()) for _ in range(2)]
    assert ends[0] == ends[1]
    assert not isinstance(ends[0], Refusal)


def test_a_clerk_moves_no_money_outside_of_a_shift_and_the_owner_does(counter: World) -> None:
    station, clerk = paired(counter), named(counter)
    actor = actor_of(clerk, station)
    _, code = ordered(counter)
    no = cash.take(actor, uuid4(), drawer=TILL, code=code, given="20", at=counter.clock())
    assert isinstance(no, Refusal)
    assert no.code is Code.SHIFT_CLOSED
    assert drop(OWNER, uuid4(), TILL, "10", why="bank", at=counter.clock()) is None


def test_who_opened_a_shift_closes_it_or_a_manager(counter: World) -> None:
    station, anna, ben, carl = (
        paired(counter),
        named(counter),
        named(counter, "ben"),
        named(counter, "carl", manages=True),
    )
    begun = opened(counter, anna, station)
    no = shifts.close_shift(actor_of(ben, station), begun.id, ben, {5000: "1"}, why="", at=counter.clock())
    assert isinstance(no, Refusal)
    assert no.code is Code.SHIFT_NOT_YOURS
    done = shifts.close_shift(actor_of(carl, station), begun.id, carl, {5000: "1"}, why="", at=counter.clock())
    assert not isinstance(done, Refusal)
    assert done.closed_by == "Carl"


def test_opening_the_drawer_without_a_sale_needs_a_reason_and_a_shift_and_leaves_a_trail(counter: World) -> None:
    station, clerk = paired(counter), named(counter)
    actor = actor_of(clerk, station)
    assert shifts.no_sale(actor, station, why="change", at=counter.clock()) is not None
    opened(counter, clerk, station)
    assert shifts.no_sale(actor, station, why=" ", at=counter.clock()) is not None
    assert shifts.no_sale(actor, station, why="change for a customer", at=counter.clock()) is None
    assert trail(station.id)[-1] == "no_sale"
