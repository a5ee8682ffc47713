"""Starters in a catalogue: a new SIM or eSIM is sold, and nothing that tops up ever finds it."""

from __future__ import annotations

import pytest

from core.test_catalog import Json, cell, document, priced
from opla.core.catalog import Catalog, CatalogError, FactKind, Need, Product, describe, parse
from opla.core.ports import Kind
from opla.core.refusal import Code, Refusal
from opla.core.routing import carries

ESIM = priced("R-ESIM", "red", "15.00", delivery=cell("esim"), credit=cell("10.00"), needs=cell(["identification"]))
SIM = priced("B-SIM", "blue", "5.00", delivery=cell("sim"))


def catalog(*more: Json) -> Catalog:
    read = document()
    read["products"] = [*read["products"], ESIM, SIM, *more]  # type: ignore[misc]  # a list, as the document has it
    return parse(read)


def starter(sku: str) -> Product:
    found = catalog().starter(sku)
    assert found
    return found


def test_a_starter_is_no_product_that_tops_up() -> None:
    both = catalog()
    assert [p.sku for p in both.starters] == ["R-ESIM", "B-SIM"]
    assert {p.sku for p in both.products}.isdisjoint({"R-ESIM", "B-SIM"})
    assert {p.sku for p in both.bundles}.isdisjoint({"R-ESIM", "B-SIM"})
    for sku in ("R-ESIM", "B-SIM"):
        assert both.product(sku) is None
        assert both.bundle(sku) is None
        assert both.sold(sku) == both.starter(sku)
    assert [p.sku for p in both.starters_of("red")] == ["R-ESIM"]
    assert both.products_of("red") == parse(document()).products_of("red")


def test_an_amount_is_never_answered_with_a_starter_of_that_price() -> None:
    assert catalog().find("blue", 500) != catalog().starter("B-SIM")
    only = document()
    only["products"] = [SIM, ESIM]
    only["operators"] = [{**o, "notes": document()["operators"][2]["notes"]} for o in only["operators"]]  # type: ignore[index, attr-defined]  # a list of mappings
    found = parse(only).find("blue", 500)
    assert isinstance(found, Refusal)
    assert found.code is Code.OPERATOR_WITHOUT_PREPAID


def test_an_operator_of_starters_alone_still_says_what_is_known_of_topping_up() -> None:
    only = document()
    only["products"] = [SIM, *document()["products"][:3]]  # type: ignore[index]  # a list
    with pytest.raises(CatalogError, match="without a top-up"):
        parse(only)


def test_what_it_takes_before_it_works_is_always_said_and_renewing_never() -> None:
    told = {fact.kind: fact.cell.value for fact in describe(starter("R-ESIM"))}
    assert told[FactKind.NEEDS] == (Need.IDENTIFICATION,)
    assert FactKind.EARLY_RENEWAL not in told
    unknown = {fact.kind: fact.cell.known for fact in describe(starter("B-SIM"))}
    assert unknown[FactKind.NEEDS] is False
    assert FactKind.NEEDS not in {fact.kind for fact in describe(catalog().products[0])}


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (priced("R-1", "red", "1.00", needs=cell(["identification"])), "is said of starters"),
        (priced("R-1", "red", "1.00", delivery=cell("esim"), needs=cell(["a form"])), "must be one of identification"),
        (
            {key: value for key, value in ESIM.items() if key != "face"}
            | {"sku": "R-1", "min": cell("5.00"), "max": cell("9.00"), "step": cell("1.00")},
            "a starter has one price",
        ),
        (ESIM, "is there twice"),
    ],
)
def test_a_starter_that_makes_no_sense_is_named(made: Json, said: str) -> None:
    with pytest.raises(CatalogError, match=said):
        catalog(made)


@pytest.mark.parametrize(
    ("supplier", "kinds"),
    [
        ("code_stock", {Kind.CODE, Kind.ESIM}),
        ("card_stock", {Kind.SIM}),
        ("sandbox", {Kind.CODE, Kind.DIRECT, Kind.ESIM}),
    ],
)
def test_each_shelf_carries_its_own_kind_and_cards_come_from_theirs_alone(supplier: str, kinds: set[Kind]) -> None:
    assert {kind for kind in Kind if carries(supplier, kind)} == kinds


@pytest.mark.parametrize(
    ("kind", "secret", "begins"),
    [(Kind.CODE, True, False), (Kind.DIRECT, False, False), (Kind.ESIM, True, True), (Kind.SIM, False, True)],
)
def test_what_is_secret_and_what_begins_a_line(kind: Kind, secret: bool, begins: bool) -> None:
    assert (kind.is_secret, kind.is_starter) == (secret, begins)
