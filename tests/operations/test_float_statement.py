"""A month of a float: every movement once, and together what the books say."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from fakes import DIRECT, World
from operations.test_bank_transfers import OWNER
from opla.core.actor import Actor, Role
from opla.core.api_access import Access, Scope
from opla.core.money import Money
from opla.core.reselling import Line
from opla.db.queries import floats
from opla.operations import resellers
from opla.operations.float_statement import Month, month
from opla.operations.place_from_float import Asked, place_from_float
from opla.operations.quote_topup import Wanted
from opla.operations.reselling import Selling
from opla.presenting import float_statement as words


def selling(world: World) -> Selling:
    return Selling(Access("acme", "o@acme.example", frozenset(Scope)), world.shop, world.clock())


def lived(world: World) -> None:
    """Paid in, three orders of which one comes to nothing, paid in again in the month after."""
    assert resellers.add(OWNER, "acme", title="Acme", email="o@acme.example", at=world.clock()) is None
    resellers.pay_in(OWNER, "acme", "100", "=first", shop=world.shop, at=world.clock())
    for key, number in (("a", "0470 12 34 56"), ("b", "0470 12 34 57"), ("-c", "0470 12 39 01")):
        wanted = Wanted("", "15", "o@acme.example", "en", sku=DIRECT, number=number)
        place_from_float(Actor(Role.RESELLER), [Asked("acme", key, wanted)], shop=world.shop, at=world.clock())
        world.work(3)
        world.clock.tick(60)
    world.clock.tick(timedelta(days=40).total_seconds())
    resellers.pay_in(OWNER, "acme", "50", "second", shop=world.shop, at=world.clock())


def test_a_month_begins_where_the_one_before_ended_and_ends_as_the_books_do(world: World) -> None:
    first = world.clock().date().replace(day=1)
    lived(world)
    months = []
    day = first - timedelta(days=1)
    while day <= world.clock().date():
        months.append(month(selling(world), day.replace(day=1)))
        day = (day.replace(day=28) + timedelta(days=10)).replace(day=1)
    assert months[0].opening.amount_minor == 0
    for before, after in pairwise(months):
        assert before.closing == after.opening
    for one in months:
        moved = sum(line.moved.amount_minor for line in one.lines)
        assert one.opening.amount_minor + moved == one.closing.amount_minor
    assert months[-1].closing.amount_minor == floats.balance("acme", "EUR").balance_minor


def test_of_too_many_movements_the_newest_are_shown_and_it_is_said(world: World) -> None:
    first = world.clock().date().replace(day=1)
    lived(world)
    whole = month(selling(world), first)
    part = month(selling(world), first, most=2)
    assert (whole.whole, part.whole) == (True, False)
    assert part.lines == whole.lines[-2:]
    assert part.closing == whole.closing


def test_the_file_holds_every_movement_and_no_cell_that_a_spreadsheet_would_run(world: World) -> None:
    first = world.clock().date().replace(day=1)
    lived(world)
    found = month(selling(world), first)
    [heading, *rows] = csv.reader(io.StringIO(words.as_csv(found)))
    assert tuple(heading) == words.COLUMNS
    assert len(rows) == len(found.lines)
    assert rows[0][2] == "'=first"
    assert {row[2] for row in rows} == {"'=first", "a", "b", "'-c"}
    assert rows[-1][5] == found.closing.decimal


def test_the_paper_is_a_pdf_and_the_same_facts_are_the_same_bytes(world: World) -> None:
    line = Line(world.clock(), 1, "paid_in", None, "#strong[x]", *[Money(n, "EUR") for n in (5000, 0, 5000, 0)])
    found = Month(date(2026, 11, 1), Money(0, "EUR"), Money(5000, "EUR"), (line,) * 60)
    made = [
        words.as_pdf(found, title="Acme", seller=words.Seller("Shop"), sandbox=True)
        for found in (found, replace(found))
    ]
    assert made[0] == made[1]
    assert made[0].startswith(b"%PDF-")
