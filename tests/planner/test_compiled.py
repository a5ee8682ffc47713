"""The planner's integers against `effects.apply`, `effects.renewals` and `drawing.draw`: equal, whatever happens."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from random import Random

import pytest

from opla.core.effects import Applied, apply, renewals
from opla.core.line import Line, evolve
from opla.core.planner.compiled import Compiled, State
from opla.core.planner.need import Horizon, Need, micro, moment
from planner.made import SHAPES, Case, made

CASES = 400 if os.environ.get("OPLA_TEST_FULL") else 25


def seen(compiled: Compiled, line: Line) -> tuple[object, ...]:
    """What of a line the need asks about."""
    return bare(compiled, compiled.state_of(line))


def bare(compiled: Compiled, state: State) -> tuple[object, ...]:
    kept = {spec for offer in compiled.offers for spec, _, _ in offer.portions}
    boxes = [b for b in state.boxes if b[3] in kept or compiled.horizon.needed[compiled.specs[b[3]].kind]]
    return sorted(state.lots), sorted(boxes), state.topped_up, state.lost


def instants(case: Case, line: Line, at: datetime) -> datetime:
    return min(case.world.next_purchase(line, at), case.world.end)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_state_is_what_the_truth_says_after_any_purchases(shape: str):
    for seed in range(CASES):
        case = made(seed, shape)
        random = Random(seed)
        world = case.world
        need = Need(tuple(world.demands), world.quality, pay_per_use=world.tariff is not None)
        compiled = Compiled(world.effects, Horizon(need, world.first, world.effects[0].zone), case.line, world.tariff)
        at, pending = world.start, None
        line = evolve(renewals(case.line, world.by_sku, at).line, at)
        state, _ = compiled._arrive(compiled.first, micro(at))
        while at < world.end:
            for _ in range(random.choice((0, 0, 1, 2))):
                offer = random.choice(compiled.offers)
                done = apply(offer.effect, line, at)
                bought = compiled.buy(state, micro(at), offer)
                assert (bought is None) == (not isinstance(done, Applied)), (seed, at, offer, done)
                if isinstance(done, Applied) and bought is not None:
                    line, state = done.line, bought
                assert bare(compiled, state) == seen(compiled, line), (seed, at, offer)
            stop = instants(case, line, at)
            after, left, failed = world.pass_time(line, pending, at, stop)
            walked = compiled.walk(state, micro(at), micro(stop))
            assert (walked.at == micro(stop)) == (not failed), (seed, at, failed, walked)
            if failed:
                break
            line, state, pending = after, walked.state, left
            assert moment(walked.at) == stop
            assert bare(compiled, state) == seen(compiled, line), (seed, at)
            assert state.pending == (None if pending is None else tuple(pending[:3])), (seed, at)
            at = stop


@pytest.mark.parametrize("shape", SHAPES)
def test_a_long_walk_is_many_short_ones(shape: str):
    for seed in range(CASES):
        case = made(seed, shape, days=12)
        world = case.world
        need = Need(tuple(world.demands), world.quality, pay_per_use=world.tariff is not None)
        compiled = Compiled(world.effects, Horizon(need, world.first, world.effects[0].zone), case.line, world.tariff)
        state, _ = compiled._arrive(compiled.first, micro(world.start))
        line = evolve(renewals(case.line, world.by_sku, world.start).line, world.start)
        for offer in compiled.offers:
            done, bought = apply(offer.effect, line, world.start), compiled.buy(state, micro(world.start), offer)
            if isinstance(done, Applied) and bought is not None:
                line, state = done.line, bought
        end, _, failed = world.pass_time(line, None, world.start, world.end)
        walked = compiled.walk(state, micro(world.start))
        assert walked.fails == (failed[0] if failed else 12), seed
        if failed:
            until = max(world.starts[failed[0]], world.start)
            end, _, _ = world.pass_time(line, None, world.start, until)
            assert moment(walked.at) == until
        assert bare(compiled, walked.state) == seen(compiled, replace(end)), seed
