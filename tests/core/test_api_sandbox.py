"""What a sandbox key's order becomes: a pure table of digits and seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core import api_sandbox, order
from opla.core.api_sandbox import ENDINGS, SETTLED_S, Ending, Played
from opla.core.money import Money
from opla.core.order import State
from opla.core.ports import Kind

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
PRICE = order.Price(Money(1500, "EUR"), Money(50, "EUR"), Money(9, "EUR"))


def played(digits: str, *, kind: Kind = Kind.DIRECT, placed_at: datetime = AT, n: int = 1) -> Played:
    number = f"+32470123{digits}"
    names = ("MV-15", "mobile-vikings", "Mobile Vikings 15")
    ticket = "K7M3-9QX2-TB"
    return Played(UUID(int=n), "a", ticket, *names, kind, PRICE, number, "", "en", placed_at, None, None, None)


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


@pytest.mark.parametrize("row", [e for e in ENDINGS if e.path], ids=lambda e: e.digits)
def test_an_ending_begins_at_once_moves_only_as_an_order_may_and_is_over_within_a_minute(row: Ending) -> None:
    assert row.path[0][0] == 0
    assert list(row.path) == sorted(row.path, key=lambda step: step[0])
    assert row.path[-1][0] <= SETTLED_S
    may = {(source, arrow.target) for (source, _), arrow in order.ARROWS.items()}
    for (_, source), (_, target) in zip(row.path, row.path[1:], strict=False):
        assert (source, target) in may
    assert (row.refused is None) is bool(row.path)


def test_every_state_that_a_resellers_order_has_is_seen_within_a_minute() -> None:
    seen = {api_sandbox.state(played(e.digits), after(s)) for e in ENDINGS if e.path for s in range(SETTLED_S + 1)}
    assert seen == set(State) - {State.REFUNDING}  # its float has the money at once


def test_a_state_is_a_matter_of_number_and_time_alone() -> None:
    slow = played("911")
    states = [api_sandbox.state(slow, after(s)) for s in (0, 9, 10, 14, 15, 3600)]
    assert states == ["placed", "placed", "paid", "paid", "delivered", "delivered"]
    assert api_sandbox.sold(slow, after(20)).delivered_at == after(15)
    assert api_sandbox.state(played("123"), AT) is State.DELIVERED
    assert api_sandbox.state(played("910"), after(10**6)) is State.PAID


ANY = st.lists(st.tuples(st.sampled_from([e.digits for e in ENDINGS if e.path] + ["000"]), st.integers(0, 100)))


@given(orders=ANY, seconds=st.integers(0, 200))
def test_the_statement_of_play_money_adds_up_and_holds_what_is_open(
    orders: list[tuple[str, int]], seconds: int
) -> None:
    found = [played(digits, placed_at=after(s), n=n) for n, (digits, s) in enumerate(orders, 1) if s <= seconds]
    lines = api_sandbox.lines(found, AT, after(seconds), "EUR")
    states = [api_sandbox.state(one, after(seconds)) for one in found]
    spent, held = states.count(State.DELIVERED), sum(s in (State.PLACED, State.PAID) for s in states)
    assert lines[0].balance.amount_minor == api_sandbox.FLOAT_MINOR - spent * 1550
    assert lines[0].holding.amount_minor == held * 1550
    assert len({(x.at, x.event_id) for x in lines}) == len(lines)
    assert lines == sorted(lines, key=lambda x: (x.at, x.event_id), reverse=True)
