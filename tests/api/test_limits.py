"""Every answer to a key says how much is left; whoever has none is told of none."""

from __future__ import annotations

import re
from datetime import timedelta

from api.conftest import Answered, Programs
from opla.operations import api_keys


def left(answer: Answered) -> tuple[int, int]:
    """`r` and `t`."""
    found = re.fullmatch(r'"calls";r=(\d+);t=(\d+)', answer.headers["RateLimit"])
    assert found, answer.headers
    assert answer.headers["RateLimit-Policy"] == f'"calls";q={api_keys.MOST};w=6'
    return int(found[1]), int(found[2])


def test_each_answer_says_what_is_left_refusals_and_304_too(programs: Programs) -> None:
    first = programs.acme.get("/products")
    assert left(first) == (119, 1)
    assert left(programs.acme.get("/products/NOPE")) == (118, 1)
    assert left(programs.acme.get("/products", **{"if-none-match": first.headers["ETag"]})) == (117, 1)
    assert left(programs.acme.post("/plans", {"days": 0})) == (107, 1)
    assert left(programs.bolt.get("/me")) == (119, 1)


def test_what_a_key_may_not_costs_it_too_and_says_so(programs: Programs) -> None:
    from api.conftest import Program, made

    few = Program(made(programs.world, "acme", scopes=("float:read",)))
    answer = few.get("/products")
    assert (answer.status, left(answer)) == (403, (119, 1))


def test_whoever_calls_too_often_reads_when_it_may_again(programs: Programs) -> None:
    for _ in range(api_keys.MOST):
        last = programs.acme.get("/me")
    assert left(last) == (0, 6)
    over = programs.acme.get("/me")
    assert (over.status, over.headers["Retry-After"], left(over)) == (429, "1", (0, 1))
    programs.world.clock.now += timedelta(seconds=6)
    assert left(programs.acme.get("/me")) == (119, 1)


def test_nobody_is_told_of_a_bucket_that_is_not_theirs(programs: Programs) -> None:
    assert "RateLimit" not in programs.nobody.get("/me").headers
