"""The planner against brute force: the same cost, as few purchases, as late; over every shape of a rule."""

from __future__ import annotations

import os

import pytest

from opla.core.planner.compiled import Compiled
from opla.core.planner.need import Horizon, Need, moment
from opla.core.planner.search import Found, NotFound, Search
from opla.core.planner.selling import Selling
from planner.made import SHAPES, Case, made
from planner.truth import BruteForce, TooLargeError

CASES = 300 if os.environ.get("OPLA_TEST_FULL") else 15
MOST = 3


def searched(case: Case, most_labels: int = 500) -> tuple[Search, Found | NotFound]:
    world = case.world
    need = Need(tuple(world.demands), world.quality, pay_per_use=world.tariff is not None)
    selling = Selling(world.fee_minor, world.promotions, world.facts)
    horizon = Horizon(need, world.first, world.effects[0].zone)
    search = Search(Compiled(world.effects, horizon, case.line, world.tariff, selling))
    return search, search.run(most_labels)


def judge(seed: int, shape: str) -> None:
    case = made(seed, shape)
    search, found = searched(case)
    try:
        best = BruteForce(case.world, MOST).best(case.line)
    except TooLargeError:
        return
    if isinstance(found, NotFound):
        if not found.exact:
            return
        assert best is None, (seed, shape, search.shape, best)
        return
    skus = [search.compiled.offers[b.offer].effect.sku for b in found.bought]
    bought = [(moment(b.at), sku) for b, sku in zip(found.bought, skus, strict=True)]
    _, failed, taken = case.world.live(case.line, bought)
    assert taken, (seed, shape, "a purchase was refused")
    assert not failed, (seed, shape, "the plan does not cover the need", failed)
    assert found.cost == case.world.cost(bought), (seed, shape, "what is paid")
    key = (found.cost, len(bought), tuple(-int(at.timestamp()) for at, _ in bought))
    if best is None:
        assert len(bought) > MOST, (seed, shape, key)
    elif len(bought) <= MOST:
        assert key == best[0], (seed, shape, search.shape, key, skus, best)
    else:
        assert key < best[0], (seed, shape, search.shape, key, skus, best)


@pytest.mark.parametrize("shape", SHAPES)
def test_no_list_of_purchases_is_better(shape: str):
    for seed in range(CASES):
        judge(seed, shape)


def test_credit_is_no_way_round_a_day_that_no_bundle_serves():
    """The last day's five messages fit no bundle; the credit that is there makes the rest no less impossible."""
    judge(264, "bundles")
