"""Buying a new SIM or eSIM at /new/: without a number, without promotions, and never as a top-up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes import CUSTOMER, DEVICE, START
from opla.core.actor import Actor, Role
from opla.core.catalog import parse
from opla.core.ports import Kind
from opla.core.quote import Quote
from opla.core.refusal import Code, Refusal
from opla.db.queries import cards, codes
from opla.db.queries.cards import NewCard
from opla.db.queries.codes import NewCode
from opla.operations import catalogue
from opla.operations.offers import Claim, on_sale
from opla.operations.quote_topup import Wanted, priced, quote_topup
from opla.operations.read_catalog import read_country
from surfaces.conftest import Door

EMAIL = "ana@example.org"
CARDS = [(0, "PX"), (1, "LY"), (2, "OR")]
STARTERS = {"PX-ESIM", "PX-SIM", "LY-ESIM", "LY-SIM", "MV-ESIM", "OR-SIM"}


@pytest.fixture
def shop(door: Door) -> Door:
    """One eSIM of Proximus lies on the shelf, and a card of each product."""
    door.world.shop = replace(door.world.shop, routes=("code_stock", "card_stock", "sandbox"))
    chance = door.world.shop.chance
    one = NewCode(chance.uuid(START), "PX-ESIM", "LPA:1$smdp.invalid$0000-1", "8900", 1400, "EUR", None)
    card = [NewCard(chance.uuid(START), f"890000000000000000{n}", f"{sku}-SIM", 1050, "EUR") for n, sku in CARDS]
    cards.stock(card, batch=chance.uuid(START), actor=Actor(Role.OWNER), at=START)
    codes.stock([one], batch=chance.uuid(START), actor=Actor(Role.OWNER), at=START, keyring=door.world.shop.keyring)
    return door


def test_the_sample_has_starters_of_both_kinds_at_two_operators_and_the_facts_have_none() -> None:
    both = parse(read_country("belgium", sandbox=True))
    assert {p.sku for p in both.starters} == STARTERS
    for kind in (Kind.ESIM, Kind.SIM):
        assert len({p.operator for p in both.starters if p.delivery.value is kind}) >= 2
    assert all(p.sample for p in both.starters)
    assert parse(read_country("belgium", sandbox=False)).starters == ()


def test_new_lists_both_kinds_per_operator_and_says_what_is_not_left(shop: Door) -> None:
    page = shop.stranger.get("/new/")
    assert page.status == 200
    assert 'href="/new/PX-ESIM/"' in page.html
    assert 'href="/new/PX-SIM/"' in page.html
    assert 'href="/new/LY-ESIM/"' not in page.html
    assert "none left just now" in page.text
    assert page.text.index("Proximus") < page.text.index("Orange") < page.text.index("Lycamobile")
    assert 'href="/new/"' in shop.stranger.get("/").html


def test_a_card_is_quoted_without_a_number_and_says_what_it_takes(shop: Door) -> None:
    page = shop.owner.get("/new/PX-SIM/")
    assert 'name="number"' not in page.html
    assert "the operator must know whose it is" in page.text
    wrong = shop.owner.post("/new/PX-SIM/", {"email": "nobody"})
    assert wrong.status == 422
    assert wrong.error("email")
    quote = shop.owner.post("/new/PX-SIM/", {"email": EMAIL})
    assert "Pay €15.00" in quote.text
    assert "Price €15.00" in quote.text
    assert "Before it works" in quote.text
    for never in ("If some is left", "What changes on the SIM", "I have a coupon", "Deliver on another day"):
        assert never not in quote.text
    assert 'href="/new/PX-SIM/"' in quote.html
    assert shop.stranger.get(quote.where).status == 404


@pytest.mark.parametrize("path", ["/new/PX-15/", "/new/LY-U25/", "/new/NO-SUCH/"])
def test_what_is_no_starter_is_not_sold_there(shop: Door, path: str) -> None:
    assert shop.stranger.get(path).status == 404


@pytest.mark.parametrize("sku", sorted(STARTERS))
def test_no_page_of_top_ups_offers_a_starter(shop: Door, sku: str) -> None:
    _, catalog = catalogue.active()
    starter = catalog.starter(sku)
    assert starter
    assert sku not in shop.stranger.get(f"/top-up/{starter.operator}/").html
    assert shop.stranger.get(f"/top-up/{starter.operator}/{sku}/").where == f"/new/{sku}/"
    found = catalog.find(starter.operator, starter.min_minor)
    assert isinstance(found, Refusal) or found.sku != sku
    version, _ = catalogue.active()
    assert sku not in {one.sku for one in on_sale(version, starter.operator, sandbox=True)}


def _quoted(shop: Door, **more: object) -> Quote | list[Refusal]:
    wanted = replace(Wanted("", "", EMAIL, "en", sku="PX-SIM"), **more)  # type: ignore[arg-type]  # a test's fields
    return quote_topup(CUSTOMER, wanted, device=DEVICE, shop=shop.world.shop, at=START)


def test_a_starter_has_its_one_price_whatever_promotions_run(shop: Door) -> None:
    made = _quoted(shop)
    assert isinstance(made, Quote)
    assert (made.number, made.promotions, made.price.total.amount_minor) == ("", None, 1500)
    with_coupon = _quoted(shop, claim=Claim(coupon="ANYTHING"))
    assert isinstance(with_coupon, Quote)
    assert with_coupon.price == made.price
    typed = _quoted(shop, number="0470 12 34 56")
    assert isinstance(typed, Quote)
    assert typed.number == ""


def test_what_nobody_could_deliver_is_not_priced(shop: Door) -> None:
    shop.world.shop = replace(shop.world.shop, routes=("code_stock", "sandbox"))
    version, catalog = catalogue.active()
    wanted = Wanted("", "", EMAIL, "en", sku="PX-SIM")
    [no] = priced(wanted, version, catalog, shop=shop.world.shop, at=START)  # type: ignore[misc]  # it is refused
    assert no.code is Code.STARTER_SOLD_OUT
    page = shop.owner.post("/new/LY-ESIM/", {"email": EMAIL})
    assert page.status == 422
    assert "None of these is left with us just now." in page.text


def test_a_starter_lies_in_the_basket_beside_a_top_up(shop: Door) -> None:
    card = shop.owner.post("/new/PX-SIM/", {"email": EMAIL})
    shop.owner.post(f"{card.where}basket/")
    code = shop.owner.post("/top-up/proximus/PX-15/", {"email": EMAIL})
    basket = shop.owner.post(f"{code.where}basket/")
    assert "Proximus SIM card" in basket.text
    assert "€30.00" in basket.text
