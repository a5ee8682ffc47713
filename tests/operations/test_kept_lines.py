"""Kept SIMs: sealed for one customer, kept once, changed by two at once, gone with their customer."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from uuid import UUID, uuid4

from fakes import START, World
from opla.core.actor import Actor, Role
from opla.core.kept_line import MOST_LINES, KeptLine
from opla.core.line import Line
from opla.core.refusal import Code, Refusal
from opla.core.usage import Usage
from opla.db import models
from opla.db.models import Customer
from opla.operations import kept_lines
from support import at_once

ACTOR = Actor(Role.CUSTOMER)


def customer(email: str) -> Customer:
    return Customer.objects.create(email=email, language="en", made_at=START)


def lines(n: int) -> list[KeptLine]:
    return [KeptLine(uuid4(), f"SIM {place}", Usage(Line("base"))) for place in range(n)]


def test_what_is_kept_comes_back_and_opens_for_nobody_else(world: World) -> None:
    ana, ben = customer("ana@example.org"), customer("ben@example.org")
    [kept] = lines(1)
    assert kept_lines.keep(ACTOR, ana, [kept], shop=world.shop, at=START) == [kept.id]
    assert kept_lines.of(ana, shop=world.shop) == [kept]
    assert kept_lines.find(ben, kept.id, shop=world.shop) is None
    no = kept_lines.change(ACTOR, ben, kept.id, lambda old: replace(old, name="x"), shop=world.shop)
    assert isinstance(no, Refusal)
    kept_lines.forget(ACTOR, ben, kept.id)
    assert kept_lines.of(ana, shop=world.shop) == [kept]
    models.KeptLine.objects.update(customer=ben)  # a row moved to another one by somebody who may write
    assert kept_lines.of(ben, shop=world.shop) == []


def test_no_more_are_kept_than_one_person_may_also_by_two_files_at_once(world: World) -> None:
    ana = customer("ana@example.org")
    files = [lines(MOST_LINES - 10), lines(MOST_LINES - 10)]

    def bring(file: list[KeptLine]) -> list[UUID] | Refusal:
        return kept_lines.keep(ACTOR, ana, file, shop=world.shop, at=START)

    first, second = at_once(partial(bring, files[0]), partial(bring, files[1]))
    refused = [one for one in (first, second) if isinstance(one, Refusal)]
    assert [one.code for one in refused] == [Code.SIMS_TOO_MANY]
    assert len(kept_lines.of(ana, shop=world.shop)) == MOST_LINES - 10


def test_of_two_changes_at_once_both_count(world: World) -> None:
    ana = customer("ana@example.org")
    [kept] = lines(1)
    kept_lines.keep(ACTOR, ana, [kept], shop=world.shop, at=START)

    def rename() -> Refusal | None:
        return kept_lines.change(ACTOR, ana, kept.id, lambda old: replace(old, name=old.name + "+"), shop=world.shop)

    assert at_once(rename, rename, rename) == [None, None, None]
    assert [one.name for one in kept_lines.of(ana, shop=world.shop)] == ["SIM 0+++"]


def test_only_customers_keep_sims_and_they_go_with_them(world: World) -> None:
    ana = customer("ana@example.org")
    assert isinstance(kept_lines.keep(Actor(Role.RESELLER), ana, lines(1), shop=world.shop, at=START), Refusal)
    kept_lines.keep(ACTOR, ana, lines(3), shop=world.shop, at=START)
    exported = kept_lines.export(ana, shop=world.shop, at=START)["sims"]
    assert isinstance(exported, list)
    assert len(exported) == 3
    ana.delete()
    assert models.KeptLine.objects.count() == 0
