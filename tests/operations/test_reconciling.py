"""Reconciliation in one place: each counterparty's figure beside ours, and what does not agree with its suggestion."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from fakes import DIRECT, START, World
from operations.test_bank_transfers import ACCOUNT, bring, ordered, ticket
from operations.test_cash import OWNER, TILL, counter
from operations.test_payouts import Paying, looked, paid, shown, sold
from opla.core.actor import Actor, Role
from opla.core.money import Money
from opla.core.ports import Movement, PayoutLine
from opla.core.reconciling import Clue, Party, Standing
from opla.core.refusal import Code, Refusal
from opla.db.queries import suppliers
from opla.db.queries.call import select
from opla.operations import resellers
from opla.operations.drawers import count
from opla.operations.rates import fill_float
from opla.operations.reconcile import Reconciled, reconcile
from opla.presenting import reconciling as words
from statements import camt, entry

__all__ = ["counter"]  # the fixture

ANA = Actor(Role.OWNER, "ana")


def found(world: World) -> Reconciled:
    told = reconcile(ANA, shop=world.shop, at=world.clock())
    assert isinstance(told, Reconciled), told
    return told


def standing(world: World, party: Party, name: str = "sandbox") -> Standing:
    [one] = [s for s in found(world).standings if (s.party, s.name) == (party, name)]
    return one


def euros(minor: int) -> Money:
    return Money(minor, "EUR")


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.CUSTOMER, Role.CLERK])
def test_only_the_owner_reads_it(world: World, role: Role) -> None:
    told = reconcile(Actor(role), shop=world.shop, at=world.clock())
    assert isinstance(told, Refusal)
    assert told.code is Code.NOT_ALLOWED


def test_a_suppliers_figure_is_held_against_our_books_when_it_was_told_and_since_when_it_differs(world: World) -> None:
    def tell(minor: int) -> None:
        world.clock.tick(3600)
        suppliers.float_told("sandbox", euros(minor), at=world.clock())

    much = euros(10000)
    assert fill_float(ANA, "sandbox", paid=much, arrived=much, key="k", shop=world.shop, at=world.clock()) is True
    world.paid(DIRECT)
    world.work(2)
    assert standing(world, Party.SUPPLIER).theirs is None
    tell(8560)
    tell(8560)
    assert standing(world, Party.SUPPLIER).difference == euros(0)
    tell(8500)
    since = world.clock()
    tell(8500)
    tell(8510)
    world.clock.tick(60)
    world.paid(DIRECT)
    world.work(2)  # after they told: their figure cannot know of it
    assert world.balance("supplier_float:sandbox:EUR") == 7120
    one = standing(world, Party.SUPPLIER)
    assert (one.ours, one.theirs, one.difference, one.since) == (euros(8560), euros(8510), euros(50), since)
    assert len(select("SELECT FROM float_told")) == 3  # what they repeat is kept once


def test_the_bank_is_held_against_the_books_at_the_end_of_its_last_statement(world: World) -> None:
    world.shop = replace(world.shop, payment_methods=("sandbox", "bank_transfer"), account=ACCOUNT)
    _order_id, reference = ordered(world)
    bring(world, camt(entry(1500, structured=reference, day=START.date()), opening=0))
    one = standing(world, Party.BANK, ACCOUNT.iban)
    assert (one.ours, one.theirs, one.since) == (euros(1500), euros(1500), None)
    world.clock.now += timedelta(days=2)
    bring(world, camt(entry(900, text="?", day=world.clock().date()), opening=1500, number=2))
    one = standing(world, Party.BANK, ACCOUNT.iban)
    assert (one.ours, one.theirs, one.difference) == (euros(1500), euros(2400), euros(-900))
    assert one.since is not None
    assert one.since.date() == world.clock().date()


def test_a_transfer_with_a_slip_in_its_reference_is_suggested_for_its_order(world: World) -> None:
    world.shop = replace(world.shop, payment_methods=("sandbox", "bank_transfer"), account=ACCOUNT)
    order_id, reference = ordered(world)
    slip = reference[:-1] + str((int(reference[-1]) + 1) % 10)
    bring(world, camt(entry(1400, text=f"+++{slip}+++")))
    [row] = found(world).open
    assert (row.party, row.age) == (Party.BANK, 0)
    assert row.suggestion is not None
    assert (row.suggestion.clue, row.suggestion.ticket) == (Clue.MISTYPED, ticket(order_id))
    world.clock.now += timedelta(days=3)
    assert [n for _said, n, _sums in words.aged(found(world).open)] == [0, 1, 0, 0]
    assert words.aged(found(world).open)[1][2] == [euros(1400)]


@pytest.fixture
def paying(world: World) -> tuple[World, Paying]:
    provider = Paying()
    world.provider = provider
    world.shop = replace(world.shop, account=ACCOUNT)
    return world, provider


def test_three_ways_the_money_of_payments_is_followed_to_where_it_stops(paying: tuple[World, Paying]) -> None:
    world, provider = paying

    def stages() -> list[int]:
        [chain] = found(world).chains
        return [minor.amount_minor for _n, minor in chain.stages]

    for _ in range(3):
        sold(world)
    assert stages() == [4500, 0, 0]
    provider.pay_out(paid(), paid(of="pay_2", id_="l2"))
    looked(world)
    assert stages() == [1500, 3000, 0]
    assert sorted(one.payout for one in found(world).stopped) == ["", "po_1", "po_1"]
    transit = standing(world, Party.TRANSIT)
    assert (transit.ours, transit.difference) == (euros(2914), euros(0))
    shown(world, 2914, "Payout PAY1234567")
    assert stages() == [1500, 0, 3000]
    assert [one.payout for one in found(world).stopped] == [""]
    assert standing(world, Party.PROVIDER).difference == euros(0)


def test_what_a_payout_brought_with_another_sum_is_the_providers_difference(paying: tuple[World, Paying]) -> None:
    world, provider = paying
    sold(world)
    provider.pay_out(paid(gross=1200))
    looked(world)
    one = standing(world, Party.PROVIDER)
    assert one.difference == euros(300)
    assert one.ours == euros(world.balance("psp_clearing:sandbox:EUR"))
    assert one.since is not None
    [row] = found(world).open
    assert (row.item.kind, row.party, row.name, row.suggestion) == ("payout_differs", Party.PROVIDER, "sandbox", None)


def test_a_payment_that_no_payout_brought_explains_an_unknown_line_of_its_sum(paying: tuple[World, Paying]) -> None:
    world, provider = paying
    sold(world)
    lost = sold(world)
    world.clock.now += timedelta(days=15)
    sold(world)
    provider.pay_out(paid(), paid(of="pay_3", id_="l2"), paid(of="theirs", id_="l3", fee=0))
    looked(world)
    rows = {row.item.kind: row for row in found(world).open}
    assert set(rows) >= {"payout_missing", "payout_differs"}
    suggestion = rows["payout_differs"].suggestion  # type: ignore[index]  # by the words they are
    assert suggestion is not None
    assert (suggestion.clue, suggestion.ticket) == (Clue.NOT_BROUGHT, ticket(lost))
    one = standing(world, Party.PROVIDER)
    assert (one.ours, one.theirs) == (euros(1500), euros(0))


def test_a_drawer_is_held_against_its_last_count(counter: World) -> None:
    one = standing(counter, Party.DRAWER, TILL)
    assert (one.ours, one.theirs) == (euros(5000), None)
    assert count(OWNER, uuid4(), TILL, "49.35", why="a note stuck", at=counter.clock()) == euros(-65)
    one = standing(counter, Party.DRAWER, TILL)
    assert (one.ours, one.theirs, one.difference, one.since) == (euros(5000), euros(4935), euros(65), counter.clock())
    assert count(OWNER, uuid4(), TILL, "49.35", why="evening", at=counter.clock()) == euros(0)
    assert standing(counter, Party.DRAWER, TILL).since is None


def test_what_we_owe_has_its_line_too(world: World) -> None:
    resellers.add(ANA, "acme", title="Acme", email="orders@acme.example", at=START)
    resellers.pay_in(ANA, "acme", "100", "first", shop=world.shop, at=START)
    one = standing(world, Party.RESELLER, "acme")
    assert (one.ours, one.theirs, one.difference) == (euros(-10000), None, None)


def test_its_tables_are_files_too(paying: tuple[World, Paying]) -> None:
    world, provider = paying
    sold(world)
    provider.pay_out(paid(gross=1200), PayoutLine("f", Movement.FEE, 0, 5))
    looked(world)
    told = found(world)
    standings = list(csv.DictReader(io.StringIO("".join(words.standings_csv(told.standings)).removeprefix("\ufeff"))))
    [provider_row] = [row for row in standings if row["with"] == "provider"]
    assert (provider_row["name"], provider_row["difference"]) == ("sandbox", "3.00")
    [row] = csv.DictReader(io.StringIO("".join(words.open_csv(told.open)).removeprefix("\ufeff")))
    assert (row["kind"], row["with"], row["age_days"]) == ("payout_differs", "provider", "0–1")
