"""From cells to an effect: what is known becomes plain values, and what is not is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from opla.core.catalog import Cell, Product, Sure
from opla.core.catalog.model import Status
from opla.core.catalog.rules import Activation, Allowance, Content, EarlyRenewal, Length, Rules
from opla.core.effects import Doubt, Effect, Portion, Uncertain, Unknown, apply, effect_of
from opla.core.line import Kind, Line
from opla.core.money import Money
from opla.core.ports import Kind as Delivery
from opla.core.refusal import Code, Refusal
from opla.proving.rules.shape import product as shown
from opla.proving.rules.table import SHAPES

ROW = SHAPES[0]


def known(value: object, sure: Sure = Sure.A, **more: str | bool) -> Cell:  # type: ignore[type-arg]  # any cell
    return Cell(value, sure, **more)  # type: ignore[arg-type]  # texts and flags


def made(**cells: Cell[object]) -> Product:
    """A Proximus product of the table with other cells."""
    product = shown(ROW)
    return replace(product, rules=replace(product.rules, **cells))  # type: ignore[arg-type]  # by name


def effect(product: Product, amount_minor: int | None = None) -> Effect:
    found = effect_of(product, amount_minor)
    assert isinstance(found, Effect), found
    return found


def missing(product: Product) -> tuple[str, ...]:
    found = effect_of(product)
    assert isinstance(found, Unknown), found
    return found.cells


DATA = [
    ({"data_mb": 4000}, Portion(Kind.DATA, 4_000_000)),
    ({"data_mb": "unlimited"}, Portion(Kind.DATA, None)),
    ({"data_mb": "unlimited", "data_then_kbps": 512}, Portion(Kind.DATA, None)),  # it never slows down
    ({"data_mb": "unlimited", "data_full_speed_mb": 25, "data_then_kbps": 512}, Portion(Kind.DATA, 25_000, 512)),
    ({"data_mb": 25, "data_then_kbps": 512}, Portion(Kind.DATA, 25_000, 512)),
    ({"data_mb": 4000, "eu_data_mb": 1000}, Portion(Kind.DATA, 4_000_000, None, 1_000_000)),
    ({"data_mb": 4000, "eu_data_mb": "unlimited"}, Portion(Kind.DATA, 4_000_000)),
]


@pytest.mark.parametrize(("cells", "portion"), DATA)
def test_data_is_counted_in_kilobytes_with_what_follows_it(cells: dict[str, Allowance], portion: Portion):
    product = made(contents=known((Content.DATA,)), **{name: known(value) for name, value in cells.items()})
    assert effect(product).portions == (portion,)


NEEDED = [
    ({"contents": None}, ("contents",)),
    ({"data_mb": None}, ("data_mb",)),
    ({"credit": None, "credit_lasts": None}, ("credit", "credit_lasts")),
    ({"credit_renewal": None}, ("credit_renewal",)),
    ({"credit_renewal": None, "credit_lasts": Length()}, ()),  # nothing to renew: it lives as long as the number
    ({"lasts": None, "early_renewal": None}, ("lasts", "early_renewal")),
    ({"lasts": None, "early_renewal": None, "contents": (Content.CREDIT,)}, ()),
    ({"data_mb": "unlimited", "data_full_speed_mb": 25}, ("data_then_kbps",)),
    ({"bonus_needs_plan": True}, ("bonus_plans",)),
    ({"bonus_needs_plan": False}, ()),
    ({"activation": Activation.LATER}, ("starts_after",)),
    ({"activation": Activation.ALMOST_AT_ONCE}, ()),
]


@pytest.mark.parametrize(("cells", "unknown"), NEEDED)
def test_what_must_be_known_is_named_when_it_is_not(cells: dict[str, object], unknown: tuple[str, ...]):
    given = {name: Cell(None, Sure.UNKNOWN) if value is None else known(value) for name, value in cells.items()}
    found = effect_of(made(**given))
    assert (found.cells if isinstance(found, Unknown) else ()) == unknown


def test_what_cannot_be_computed_is_refused_with_the_names_of_its_cells():
    refusal = apply(made(data_mb=Cell(None, Sure.UNKNOWN)), Line("brand"), datetime(2026, 11, 20, tzinfo=UTC))
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.params["cells"]) == (Code.EFFECT_UNKNOWN, "data_mb")


def test_what_is_not_plain_fact_is_named_with_its_doubts():
    found = effect(made(
        data_mb=known(4000, Sure.SAMPLE),
        lasts=known(Length(days=31), usual=True),
        early_renewal=known(EarlyRenewal.QUEUE, Sure.C, disputed="another page"),
        sms=known(5, Sure.SAMPLE),  # not used: it gives none
    ))  # fmt: skip
    assert set(found.uncertain) == {
        Uncertain("data_mb", (Doubt.SAMPLE,)),
        Uncertain("lasts", (Doubt.USUAL,)),
        Uncertain("early_renewal", (Doubt.REPORTED, Doubt.DISPUTED)),
    }


def test_rules_that_nobody_knows_are_taken_not_to_be_there_and_named():
    silent = (
        "number_life",
        "plan_change",
        "activation",
        "bonus_min",
        "bonus_window_days",
        "bonus_needs_plan",
        "eu_data_mb",
    )
    assert effect(made()).silent == silent
    assert effect(made(contents=known((Content.CREDIT,)))).silent == silent[:3]


def test_of_a_price_range_the_amount_is_asked_and_becomes_credit():
    amounts = {name: known(Money(minor, "EUR")) for name, minor in (("low", 500), ("high", 5000), ("step", 100))}
    rules = Rules(contents=known((Content.CREDIT,)), credit_lasts=known(Length()))
    ranged = Product("R", "brand", "R", "EUR", known(Delivery.DIRECT), known(Status.ON_SALE), rules, **amounts)
    assert missing(ranged) == ("amount",)
    assert (effect(ranged, 700).paid_minor, effect(ranged, 700).credit_minor) == (700, 700)


def test_what_is_bought_with_credit_costs_no_money():
    bundle = next(shape for shape in SHAPES if "credit_price" in shape.gives)
    assert (effect(shown(bundle)).price_minor, effect(shown(bundle)).paid_minor) == (1500, 0)


def test_the_order_in_which_the_cells_stand_means_nothing():
    for shape in SHAPES[::6]:
        turned = replace(shape, gives=dict(reversed(shape.gives.items())))
        assert effect_of(shown(turned)) == effect_of(shown(shape))
