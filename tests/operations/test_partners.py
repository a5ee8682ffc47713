"""Partner shops: each day closed once, told of, and owed for; and nothing paid that is not owed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from fakes import World
from operations.test_cash import CLERK, OWNER, TILL, counter, ordered, owed, pay_out, take, work
from operations.test_stations import broken
from opla.core.partner import Agreement
from opla.core.refusal import Code, Refusal
from opla.db.queries import partners as queries
from opla.db.queries.call import select
from opla.operations import partners
from support import at_once

__all__ = ["counter"]


@pytest.fixture
def corner(counter: World) -> World:
    """The shop with the drawer is a partner's, for 4.5 % since the first of November."""
    counter.clock.now = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
    assert keep(counter) is None
    return counter


def keep(world: World, name: str = "corner", since: date = date(2026, 11, 1)) -> Refusal | None:
    [(place,)] = select("SELECT place_id FROM drawer WHERE name = %s", [TILL])
    return agree(world, name, [int(str(place))], since)


def agree(
    world: World, name: str, places: list[int], since: date = date(2026, 11, 1), until: date | None = None
) -> Refusal | None:
    agreement = Agreement(name, name.title(), "", 45, "corner@example.org", "nl", since, until, "binder 3")
    return partners.keep(OWNER, agreement, places, shop=world.shop, at=world.clock())


def days(world: World, name: str = "corner") -> list[tuple[date, int, int, int]]:
    found = queries.days(name, date(2026, 1, 1), date(2027, 1, 1))
    return [(d.day, d.cash.amount_minor, d.back.amount_minor, d.commission.amount_minor) for d in found]


def test_each_day_is_closed_once_with_what_was_taken_there_and_owed_for(corner: World) -> None:
    _, code = ordered(corner)
    take(corner, code)
    work(corner)
    assert partners.today("corner", at=corner.clock()).cash.amount_minor == 1500
    assert [d[0].day for d in days(corner)] == [1, 2]  # the days before this one
    corner.clock.now = datetime(2026, 11, 4, 1, 0, tzinfo=UTC)
    at_once(*[lambda: partners.close(shop=corner.shop, at=corner.clock())] * 2)
    assert select("SELECT topic FROM outbox WHERE topic = 'partner_day'") == [("partner_day",)]
    work(corner)
    assert days(corner)[-1] == (date(2026, 11, 3), 1500, 0, 68)
    found = queries.partner("corner", "EUR")
    assert found is not None
    assert found.owed.amount_minor == 68
    assert broken(corner) == []


def test_what_goes_back_over_the_counter_is_taken_off_again(corner: World) -> None:
    [order_id], code = ordered(corner)
    corner.supplier.script.append(corner.supplier.refuses)
    take(corner, code)
    work(corner)
    corner.clock.now = datetime(2026, 11, 4, 9, 0, tzinfo=UTC)
    pay_out(corner, owed(corner, order_id))
    work(corner)
    corner.clock.now = datetime(2026, 11, 5, 9, 0, tzinfo=UTC)
    partners.close(shop=corner.shop, at=corner.clock())
    assert days(corner)[-2:] == [(date(2026, 11, 3), 1500, 0, 68), (date(2026, 11, 4), 0, 1500, -68)]
    assert broken(corner) == []


def test_no_more_is_paid_than_is_owed_and_the_same_line_is_paid_once(corner: World) -> None:
    _, code = ordered(corner)
    take(corner, code)
    corner.clock.now = datetime(2026, 11, 4, 9, 0, tzinfo=UTC)
    partners.close(shop=corner.shop, at=corner.clock())
    key = uuid4()
    more = partners.pay(OWNER, key, "corner", "0.69", why="line 3", at=corner.clock())
    assert isinstance(more, Refusal)
    assert more.code is Code.PARTNER_OWED_LESS
    for _ in range(2):
        assert partners.pay(OWNER, key, "corner", "0.68", why="line 3", at=corner.clock()) is None
    other = partners.pay(OWNER, key, "corner", "0.10", why="line 3", at=corner.clock())
    assert isinstance(other, Refusal)
    assert other.code is Code.KEY_REUSED
    found = queries.partner("corner", "EUR")
    assert found is not None
    assert found.owed.amount_minor == 0
    work(corner)
    assert broken(corner) == []


def test_a_place_is_one_partners_and_only_the_owner_agrees(corner: World) -> None:
    taken = keep(corner, "other")
    assert isinstance(taken, Refusal)
    assert taken.code is Code.PARTNER_PLACE_TAKEN
    agreement = Agreement("x1", "X1", "", 45, "x@example.org", "nl", date(2026, 11, 1), None, "")
    no = partners.keep(CLERK, agreement, [], shop=corner.shop, at=corner.clock())
    assert isinstance(no, Refusal)
    assert no.code is Code.NOT_ALLOWED


def theirs() -> list[tuple[object, ...]]:
    return [tuple(row) for row in select("SELECT partner, from_on, until_on FROM partner_place ORDER BY from_on")]


def taken(world: World) -> None:
    _, code = ordered(world)
    take(world, code)
    work(world)


def test_a_place_that_changes_partner_is_paid_for_once_and_to_who_had_it(corner: World) -> None:
    taken(corner)
    corner.clock.now = datetime(2026, 11, 4, 0, 30, tzinfo=UTC)  # half past one: a worker is late
    assert agree(corner, "corner", []) is None
    assert keep(corner, "other") is None
    assert theirs() == [("corner", date(2026, 11, 1), date(2026, 11, 4)), ("other", date(2026, 11, 4), None)]
    taken(corner)
    assert partners.today("other", at=corner.clock()).cash.amount_minor == 1500
    assert partners.today("corner", at=corner.clock()).cash.amount_minor == 0
    corner.clock.now = datetime(2026, 11, 5, 1, 0, tzinfo=UTC)
    partners.close(shop=corner.shop, at=corner.clock())
    assert [one for one in days(corner) if one[1]] == [(date(2026, 11, 3), 1500, 0, 68)]
    assert [one for one in days(corner, "other") if one[1]] == [(date(2026, 11, 4), 1500, 0, 68)]
    assert broken(corner) == []


def test_what_an_agreement_that_ended_left_is_the_next_partners_and_no_closed_day_is(corner: World) -> None:
    partners.close(shop=corner.shop, at=corner.clock())  # the first and the second
    corner.clock.now = datetime(2026, 11, 9, 9, 0, tzinfo=UTC)
    assert agree(corner, "corner", [], until=date(2026, 11, 2)) is None
    assert keep(corner, "other") is None
    assert theirs() == [("corner", date(2026, 11, 1), date(2026, 11, 3)), ("other", date(2026, 11, 3), None)]


def test_a_place_given_later_counts_from_that_day_and_one_taken_off_at_once_never(corner: World) -> None:
    assert agree(corner, "later", []) is None
    assert agree(corner, "corner", []) is None
    assert keep(corner, "later") is None
    assert theirs()[1] == ("later", date(2026, 11, 3), None)
    assert agree(corner, "later", []) is None
    assert theirs() == [("corner", date(2026, 11, 1), date(2026, 11, 3))]


def test_of_owners_who_give_one_place_to_their_partners_at_once_all_but_one_are_refused(corner: World) -> None:
    assert agree(corner, "corner", []) is None
    said = at_once(*[lambda name=f"owner{n}s": keep(corner, name) for n in range(6)])
    assert sorted(one.code if one else "kept" for one in said) == ["kept", *[Code.PARTNER_PLACE_TAKEN] * 5]
    assert len(theirs()) == 2
