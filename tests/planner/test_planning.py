"""What the planner answers about the Belgian catalogue, and how it says what it does not know."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from opla.core.catalog import UNKNOWN, Catalog, Cell, Sure, parse
from opla.core.drawing import Quality, Tariff
from opla.core.effects import Doubt, Uncertain
from opla.core.line import Bucket, Credit, Kind, Line
from opla.core.money import Money
from opla.core.planner import Answer, Need, Selling, changes_at, market, need_evenly, plan, plan_for_budget
from opla.core.planner.answer import Reason
from opla.core.refusal import Code, Refusal
from opla.operations.read_catalog import read_country

FIRST = date(2026, 11, 22)


@pytest.fixture(scope="module")
def belgium() -> Catalog:
    return parse(read_country("belgium", sandbox=True))


def need(data_gb: int = 8, minutes: int = 120, sms: int = 10, days: int = 70, **more: object) -> Need:
    return need_evenly(data_gb * 1_000_000, minutes * 60, sms, first=FIRST, days=days, **more)


def answered(found: Answer | Refusal) -> Answer:
    assert isinstance(found, Answer), found
    return found


def test_the_answer_names_every_purchase_with_its_reason_and_who_comes_next(belgium: Catalog):
    found = answered(plan(market(belgium, sandbox=True, operators=("base", "proximus")), need(), FIRST))
    assert found.best.operator == "base"
    assert found.best.exact
    assert [(p.sku, p.cost_minor) for p in found.best.purchases] == [("BA-20", 2000), ("BA-20", 2000), ("BA-15", 1500)]
    assert {p.reason for p in found.best.purchases} == {Reason.RUNS_OUT}
    assert found.best.purchases[0].kinds == (Kind.DATA, Kind.VOICE)  # the first message is on the third day
    assert [p.operator for p in found.runners_up] == ["proximus"]
    assert found.best.per_day_minor == 79
    assert found.best.per_gb_minor == 295


def test_figures_that_were_invented_are_marked(belgium: Catalog):
    found = answered(plan(market(belgium, sandbox=True, operators=("base",)), need(), FIRST))
    assert any(cell.cell == "data_mb" for _, cell in found.best.uncertain)


def test_what_is_not_known_is_left_out_by_name(belgium: Catalog):
    """Live there are no sample figures, and so nobody can say what anything gives."""
    live = parse(read_country("belgium", sandbox=False))
    asked = market(live)
    assert ("BA-10", ("data_mb", "voice_min", "sms", "credit")) in {(o.sku, o.cells) for o in asked.left_out}
    found = plan(asked, need(), FIRST)
    assert isinstance(found, Refusal)
    assert found.code is Code.NEED_NOT_COVERED


def test_withdrawn_and_invented_products_are_not_offered(belgium: Catalog):
    offered = {e.sku for c in market(belgium, sandbox=True).candidates for e in c.effects if e.on_sale}
    assert "OR-15" in offered
    assert "OR-10" not in offered
    live = {e.sku for c in market(belgium).candidates for e in c.effects if e.on_sale}
    assert "BA-5" not in live


def test_the_refusal_names_what_fails(belgium: Catalog):
    found = plan(market(belgium, sandbox=True, operators=("scarlet",)), need(), FIRST)
    assert isinstance(found, Refusal)
    assert (found.code, found.params["kinds"]) == (Code.NEED_NOT_COVERED, "voice sms")


def test_a_budget_covers_the_first_days_and_says_which_are_left(belgium: Catalog):
    found = answered(plan_for_budget(market(belgium, sandbox=True, operators=("base",)), need(), FIRST, 2000))
    assert (found.first_days, found.days, found.best.cost_minor) == (30, 70, 2000)
    enough = answered(plan_for_budget(market(belgium, sandbox=True, operators=("base",)), need(), FIRST, 10_000))
    assert enough.first_days == 70


def test_a_need_that_costs_more_is_found_to_the_step(belgium: Catalog):
    asked = market(belgium, sandbox=True, operators=("base",))
    amounts = {Kind.DATA: 8_000_000, Kind.VOICE: 7200, Kind.SMS: 10}

    def wanted(these: dict[Kind, int]) -> Need:
        return need_evenly(these[Kind.DATA], these[Kind.VOICE], these[Kind.SMS], first=FIRST, days=70)

    found = answered(plan(asked, wanted(amounts), FIRST))
    data = next(c for c in changes_at(asked, FIRST, found, amounts, wanted) if c.kind is Kind.DATA)
    before = answered(plan(asked, wanted({**amounts, Kind.DATA: data.amount - 100_000}), FIRST))
    after = answered(plan(asked, wanted({**amounts, Kind.DATA: data.amount}), FIRST))
    assert before.best.cost_minor == found.best.cost_minor < after.best.cost_minor == data.cost_minor


def test_todays_line_is_used_up_before_anything_is_bought(belgium: Catalog):
    ends = datetime(2026, 12, 12, 23, tzinfo=UTC)
    since = datetime(2026, 11, 12, 23, tzinfo=UTC)
    boxes = tuple(Bucket(kind, None, since, ends, "PX-25") for kind in Kind)
    line = Line("proximus", "bonus", buckets=boxes, topped_up_at=since)
    found = answered(plan(market(belgium, line=line, sandbox=True, operators=("proximus",)), need(days=30), FIRST))
    assert found.best.own_line
    assert found.best.purchases[0].at == ends


def test_a_line_that_holds_enough_needs_nothing_although_nothing_is_on_sale(belgium: Catalog):
    since = datetime(2026, 11, 12, 23, tzinfo=UTC)
    line = Line("scarlet", buckets=tuple(Bucket(kind, None, since, None) for kind in Kind))
    live = parse(read_country("belgium", sandbox=False))
    found = answered(plan(market(live, line=line), need(), FIRST))
    assert (found.best.operator, found.best.cost_minor, found.best.purchases) == ("scarlet", 0, ())


def test_credit_pays_for_use_outside_bundles_only_where_allowed(belgium: Catalog):
    line = Line("base", credit=(Credit(2000, None),))
    asked = market(belgium, line=line, sandbox=True, operators=("base",), tariffs={"base": Tariff(per_sms_minor=10)})
    little = need(0, 0, 10, days=20)
    assert answered(plan(asked, little, FIRST)).best.cost_minor > 0
    assert answered(plan(asked, replace(little, pay_per_use=True), FIRST)).best.cost_minor == 0


def test_a_newer_network_and_a_speed_leave_operators_out(belgium: Catalog):
    quick = need(quality=Quality("5g", 300))
    found = answered(plan(market(belgium, sandbox=True), quick, FIRST))
    assert {found.best.operator, *(p.operator for p in found.runners_up)} <= {"proximus", "orange", "mobile-vikings"}


def test_a_search_that_is_cut_off_never_says_cheapest(belgium: Catalog):
    asked = market(belgium, sandbox=True, operators=("lycamobile",))
    found = plan(asked, need(days=300), FIRST, most_labels=2)
    assert isinstance(found, Refusal) or not found.best.exact
    assert not isinstance(found, Refusal) or found.code is Code.NEED_UNDECIDED


def test_our_fee_is_counted_with_every_purchase_paid_with_money(belgium: Catalog):
    """With a fee for each, fewer and larger top-ups are the cheaper ones."""
    line = Line("lycamobile")
    markets = [
        market(belgium, line=line, sandbox=True, operators=("lycamobile",), selling=Selling(fee)) for fee in (0, 100)
    ]
    free, dear = (answered(plan(asked, need(4), FIRST)) for asked in markets)
    paid = [p for p in dear.best.purchases if p.cost_minor]
    assert len(paid) <= len([p for p in free.best.purchases if p.cost_minor])
    assert {p.fee_minor for p in paid} == {100}
    assert {(p.cost_minor, p.fee_minor) for p in dear.best.purchases if p.credit_minor} == {(0, 0)}
    assert dear.best.cost_minor == sum(p.cost_minor for p in dear.best.purchases)
    assert free.best.cost_minor < dear.best.cost_minor <= free.best.cost_minor + 100 * len(free.best.purchases)


def with_sims(belgium: Catalog, **prices: int | None) -> Catalog:
    """The catalogue where a new SIM of these operators costs so much; None: not known."""
    operators = (
        replace(o, sim_price=UNKNOWN if prices[o.id] is None else Cell(Money(prices[o.id], "EUR"), Sure.C))
        if o.id in prices
        else o
        for o in belgium.operators
    )
    return replace(belgium, operators=tuple(operators))


def test_a_new_sim_is_paid_once_and_its_price_decides_between_operators(belgium: Catalog):
    free, dear = (
        answered(plan(market(with_sims(belgium, base=sim, scarlet=0), sandbox=True), need(2, 0, 0), FIRST))
        for sim in (0, 5000)
    )
    base = next(p for p in (free.best, *free.runners_up) if p.operator == "base")
    then = next(p for p in (dear.best, *dear.runners_up) if p.operator == "base")
    assert then.cost_minor == base.cost_minor + 5000
    assert (then.sim_minor, then.purchases) == (5000, base.purchases)
    assert ("", Uncertain("sim_price", (Doubt.REPORTED,))) in then.uncertain
    assert dear.runners_up[-1].operator == "base"


def test_the_price_of_a_sim_that_nobody_knows_is_not_counted_and_the_plan_says_so(belgium: Catalog):
    asked = with_sims(belgium, base=None)
    found = answered(plan(market(asked, sandbox=True, operators=("base",)), need(), FIRST)).best
    assert (found.sim_minor, found.cost_minor) == (None, sum(p.cost_minor for p in found.purchases))


def test_todays_line_needs_no_sim(belgium: Catalog):
    asked = with_sims(belgium, base=900)
    found = answered(plan(market(asked, line=Line("base"), sandbox=True, operators=("base",)), need(), FIRST)).best
    assert (found.own_line, found.sim_minor) == (True, 0)
    assert found.cost_minor == sum(p.cost_minor for p in found.purchases)


def test_a_sims_price_that_was_invented_counts_beside_the_sandbox_only(belgium: Catalog):
    assert {c.sim_minor for c in market(belgium, sandbox=True, operators=("proximus",)).candidates} == {500}
    live = market(belgium, sandbox=False, operators=("proximus",))
    assert {c.sim_minor for c in live.candidates} <= {None}


def test_a_new_sim_with_credit_on_it_is_never_proposed_as_a_purchase(belgium: Catalog):
    starters = {p.sku for p in belgium.starters}
    asked = market(belgium, sandbox=True)
    proposed = {effect.sku for candidate in asked.candidates for effect in candidate.effects}
    assert starters
    assert starters.isdisjoint(proposed | {out.sku for out in asked.left_out})
