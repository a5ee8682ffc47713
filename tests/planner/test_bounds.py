"""What the rest costs at least: the tables against all multisets of purchases, counted out."""

from __future__ import annotations

from datetime import date
from itertools import combinations_with_replacement
from random import Random

import pytest

from opla.core.calendar import zone
from opla.core.catalog.rules import Length
from opla.core.drawing import Demand
from opla.core.planner.both import Both
from opla.core.planner.need import Horizon, Need
from opla.core.planner.reach import HOPELESS, Giving, Reach


def counted_out(offers: list[tuple[int, int, int]], days: int, data: int) -> tuple[int, int]:
    """The least money and the fewest purchases, of at most six, that provide both."""
    found = [
        (sum(o[2] for o in some), count)
        for count in range(7)
        for some in combinations_with_replacement(offers, count)
        if sum(o[0] for o in some) >= days and sum(o[1] for o in some) >= data
    ]
    return min(found, default=(HOPELESS, HOPELESS))


@pytest.mark.parametrize("seed", range(12))
def test_so_much_money_brings_so_many_days_and_so_much_data(seed: int):
    random = Random(seed)
    offers = [
        (random.randint(1, 5), random.choice((0, 2, 5, 7)), random.choice((4, 6, 10)))
        for _ in range(random.randint(1, 3))
    ]
    both = Both(offers, 10, 20)
    for days, data in ((0, 0), (1, 0), (0, 3), (4, 9), (10, 20), (7, 1), (2, 15)):
        money, count = counted_out(offers, days, data)
        if count <= 6:
            assert both(days, data) == (money, count)
        elif not any(gives for _, gives, _ in offers) and data:
            assert both(days, data) == (HOPELESS, HOPELESS)


def test_what_is_rounded_is_never_more_than_the_truth():
    """Prices without a common step go by one of 7: the dearest way, three at 2503, in 1024 parts."""
    offers = [(7, 1_000_003, 1001), (30, 4_000_000, 1999), (31, 8_000_001, 2503)]
    both = Both(offers, 90, 20_000_000)
    for days, data in ((90, 20_000_000), (61, 9_000_000), (1, 16_000_003)):
        money, count = counted_out(offers, days, data)
        assert money - 7 * count <= both(days, data)[0] <= money


def test_the_days_that_are_left_are_counted_from_the_day_that_fails():
    """A month from the last day of January is shorter than one from the first day of March."""
    need = Need((Demand(1),) * 80)
    horizon = Horizon(need, date(2027, 1, 31), zone("Europe/Brussels"))
    month, few = Giving(10, Length(months=1), (1000,)), Giving(3, Length(months=1), (5,))
    reach = Reach(horizon, (0,), [month, few], middle=False)
    assert [80 - reach.left(80, month), 52 - reach.left(52, month), 80 - reach.left(80, few)] == [28, 28, 5]
    assert (reach.money[52], reach.count[52]) == (20, 2)
    assert (reach.money[80], reach.count[80]) == (30, 3)
    assert reach.money[4] == 3
    assert [(-at - horizon.start) // 86_400_000_000 for at in reach.chain(80)] == [0, 28, 56]
