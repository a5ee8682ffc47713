"""Which supplier an order is asked of: the order of the table, what is skipped, and how long it is waited for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cases import AT, sold
from opla.core import order, routing
from opla.core.money import Money
from opla.core.ports import Kind
from opla.core.routing import READY, Known, Market, Standing, State, Turn, first, following, turn

CHEAP, DEAR = Known(cost=Money(1400, "EUR")), Known(cost=Money(1440, "EUR"))
SILENT, POOR = replace(CHEAP, silent=True), replace(CHEAP, float_low=True)
NAMELESS = Known(approved=False)
PLAIN = Known()
SORTS = {"cheap": CHEAP, "dear": DEAR, "silent": SILENT, "poor": POOR, "nameless": NAMELESS, "plain": PLAIN}


def ranked(names: str, *, kind: Kind = Kind.DIRECT, refused: str = "", in_stock: bool = False):
    suppliers = names.split()
    market = Market(suppliers, {name: SORTS[name.rstrip("2")] for name in suppliers if name.rstrip("2") in SORTS})
    refused_by = dict.fromkeys(refused.split(), "number_refused")
    return market.ranked(sold(order.State.PAID, kind), refused_by=refused_by, in_stock=in_stock)


#: the owner's order, who refused it, the kind, whether it lies on our shelf → whom it is given to, whom it goes on to
TABLE = """
dear cheap                  -          direct no  > cheap      cheap
plain dear                  -          direct no  > dear       dear
plain plain2                -          direct no  > plain      plain
cheap2 cheap                -          direct no  > cheap2     cheap2
silent dear                 -          direct no  > dear       dear
poor plain                  -          direct no  > plain      plain
silent poor                 -          direct no  > silent     silent
nameless plain              -          direct no  > plain      plain
nameless                    -          direct no  > nameless   -
nameless poor               -          direct no  > poor       poor
dear cheap                  cheap      direct no  > dear       dear
dear cheap                  cheap,dear direct no  > -          -
code_stock cheap            -          code   yes > code_stock code_stock
code_stock cheap            -          code   no  > cheap      cheap
code_stock silent           -          code   no  > silent     silent
code_stock nameless         -          code   no  > code_stock code_stock
code_stock                  -          code   no  > code_stock code_stock
code_stock cheap            -          direct yes > cheap      cheap
card_stock cheap            -          sim    no  > card_stock card_stock
card_stock cheap            card_stock sim    no  > -          -
"""


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_an_order_is_given_to_this_supplier_and_goes_on_to_that_one(row: str) -> None:
    case, _, expected = row.partition(" > ")
    *names, refused, kind, in_stock = case.split()
    found = ranked(
        " ".join(names), kind=Kind(kind), refused=refused.replace(",", " ").strip("-"), in_stock=in_stock == "yes"
    )
    assert [first(found) or "-", following(found) or "-"] == expected.split()


@given(st.permutations(["code_stock", "card_stock", *SORTS]), st.sets(st.sampled_from(sorted(SORTS))), st.booleans())
def test_every_supplier_stands_somewhere_and_who_refused_or_has_no_name_for_it_is_never_next(
    names: list[str], refused: set[str], in_stock: bool
) -> None:
    found = ranked(" ".join(names), kind=Kind.CODE, refused=" ".join(refused), in_stock=in_stock)
    assert sorted(one.supplier for one in found) == sorted(names)
    assert following(found) not in {*refused, "nameless"}
    if in_stock:
        assert first(found) == "code_stock"


#: the list, where it lies, minutes since it was tried first, whether a reseller's → what becomes of the send
TURNS = """
cheap dear       dear   0   no  go
silent dear      silent 0   no  move
silent plain     silent 0   no  move
silent poor      silent 14  no  wait
silent poor      silent 15  no  give_up
poor             poor   59  no  wait
poor             poor   60  no  give_up
poor             poor   14  yes wait
poor             poor   15  yes give_up
nameless cheap   nameless 0 no  move
nameless poor    nameless 0 no  move
nameless         nameless 0 no  give_up
"""


@pytest.mark.parametrize("row", TURNS.strip().splitlines())
def test_a_send_that_has_not_begun_goes_waits_moves_on_or_is_given_up(row: str) -> None:
    *names, where, minutes, resold, expected = row.split()
    since = AT - timedelta(minutes=int(minutes))
    assert turn(ranked(" ".join(names)), where, since=since, at=AT, resold=resold == "yes") is Turn(expected)


def test_an_empty_shelf_and_a_supplier_that_left_the_list_speak_for_themselves() -> None:
    found = ranked("code_stock cheap", kind=Kind.CODE)
    assert turn(found, "code_stock", since=AT, at=AT, resold=False) is Turn.GO
    assert turn(found, "nobody", since=AT, at=AT, resold=False) is Turn.GO


def test_who_lacks_the_float_is_asked_again_less_and_less_within_the_hour() -> None:
    asked, at = [], AT
    for n in range(1, 10):
        due = routing.asks_again(n, since=AT, at=at, resold=False)
        if due is None:
            break
        asked.append(int((due - AT).total_seconds() // 60))
        at = due
    assert asked == [1, 6, 16, 36, 56]
    assert routing.asks_again(3, since=AT, at=AT + timedelta(minutes=6), resold=True) is None


#: What is known of a float → whether fifteen euros are too little of it.
FLOATS = [
    (State(), False),
    (State(left=Money(1499, "EUR"), left_at=AT), True),
    (State(left=Money(1500, "EUR"), left_at=AT), False),
    (State(left=Money(1, "EUR"), left_at=AT - routing.FLOAT_FRESH), False),  # nobody knows any more
    (State(left=Money(1, "USD"), left_at=AT), False),  # nor what it is in euros
    (State(short_at=AT), True),
    (State(short_at=AT - routing.SHORT_FOR), False),
    (State(left=Money(9999, "EUR"), left_at=AT, short_at=AT), True),
    (State(left=Money(9999, "EUR"), left_at=AT, short_at=AT - timedelta(seconds=1)), False),  # heard since
]


@pytest.mark.parametrize(("state", "low"), FLOATS)
def test_a_float_is_too_low_as_far_as_they_have_said(state: State, low: bool) -> None:
    assert state.too_little(Money(1500, "EUR"), AT) is low


def test_a_circuit_takes_no_new_order_until_its_time_is_over_and_nobody_tries_it() -> None:
    later = AT + timedelta(seconds=10)
    assert not State().silent(AT)
    assert State(open_until=later).silent(AT)
    assert not State(open_until=AT).silent(AT)
    assert State(open_until=AT, try_until=later).silent(AT)


def test_only_words_of_ours_stand_for_no_refusal() -> None:
    assert set(routing.NO_REFUSAL) == {
        "insufficient_float", "passed_no_answer", "passed_float_low", "passed_not_approved",
    }  # fmt: skip
    assert {routing.passed(one) for one in Standing if one in READY}.isdisjoint(routing.NO_REFUSAL)
