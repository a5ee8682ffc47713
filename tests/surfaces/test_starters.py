"""Buying a new SIM or eSIM at /new/: without a number, without promotions, and never as a top-up."""

from __future__ import annotations

import re
from dataclasses import replace
from uuid import uuid4

import pytest
from django.db import IntegrityError

from fakes import CUSTOMER, DEVICE, PHONE, START
from opla.core.actor import Actor, Role
from opla.core.catalog import parse
from opla.core.ports import Answer, Kind
from opla.core.quote import Quote, Terms
from opla.core.refusal import Code, Refusal
from opla.db.queries import cards, codes, orders
from opla.db.queries.call import select
from opla.db.queries.cards import NewCard
from opla.db.queries.codes import NewCode, Stock
from opla.operations import catalogue
from opla.operations.offers import Claim, on_sale
from opla.operations.quote_topup import Wanted, priced, quote_topup
from opla.operations.read_catalog import read_country
from opla.suppliers.code_stock.provider import OwnStock
from surfaces.conftest import Door, Seen

EMAIL = "ana@example.org"
RAW, SERIAL = "LPA:1$smdp.invalid$0000-ABCD", "8949449999999990049"
#: Of a phone that takes one, as the form sends it.
ANSWERED = {"device_eid_shown": "yes", "device_locked": "no", "device_region": "else"}
CARDS = [(0, "PX"), (1, "LY"), (2, "OR")]
STARTERS = {"PX-ESIM", "PX-SIM", "LY-ESIM", "LY-SIM", "MV-ESIM", "OR-SIM"}


@pytest.fixture
def shop(door: Door) -> Door:
    """One eSIM of Proximus lies on the shelf, and a card of each product."""
    door.world.shop = replace(door.world.shop, routes=("code_stock", "card_stock", "sandbox"))
    chance = door.world.shop.chance
    door.world.others["code_stock"] = OwnStock(Stock(START.date))
    one = NewCode(chance.uuid(START), "PX-ESIM", RAW, SERIAL, 1400, "EUR", None)
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
    [no] = priced(wanted, version, catalog, Terms(), shop=shop.world.shop, at=START)  # type: ignore[misc]  # it is refused
    assert no.code is Code.STARTER_SOLD_OUT
    page = shop.owner.post("/new/LY-ESIM/", {"email": EMAIL, **ANSWERED})
    assert page.status == 422
    assert "None of these is left with us just now." in page.text


def test_a_starter_lies_in_the_basket_beside_a_top_up(shop: Door) -> None:
    esim = shop.owner.post("/new/PX-ESIM/", {"email": EMAIL, **ANSWERED})
    shop.owner.post(f"{esim.where}basket/")
    code = shop.owner.post("/top-up/proximus/PX-15/", {"email": EMAIL})
    basket = shop.owner.post(f"{code.where}basket/")
    assert "Proximus eSIM" in basket.text
    assert "€30.00" in basket.text


# ── the phone that an eSIM is for ──


def test_no_esim_is_priced_for_a_phone_that_nobody_answered_for(shop: Door) -> None:
    page = shop.owner.post("/new/PX-ESIM/", {"email": EMAIL})
    assert page.status == 422
    assert page.html.count('class="asks wrong"') == 3
    assert page.value("email") == EMAIL
    half = shop.owner.post("/new/PX-ESIM/", {"email": "ana@", "device_locked": "no", "device_region": "else"})
    assert half.html.count('class="asks wrong"') == 1  # and what was answered stays
    assert half.html.count(" checked") == 2
    assert half.error("email")
    assert select("SELECT count(*) FROM quote WHERE kind = 'esim'") == [(0,)]


@pytest.mark.parametrize(
    ("said", "because"),
    [
        ({"device_locked": "yes"}, "locked to an operator"),
        ({"device_eid_shown": "no"}, "shows no EID"),
        ({"device_eid": "8904"}, "This is no EID"),
        ({"device_eid_shown": "unknown", "device_region": "cn", "device_family": "iphone_14"}, "bought there"),
    ],
)
def test_no_esim_is_priced_for_a_phone_that_takes_none(shop: Door, said: dict[str, str], because: str) -> None:
    page = shop.owner.post("/new/PX-ESIM/", {"email": EMAIL, **ANSWERED, **said})
    assert page.status == 422
    assert because in page.text
    assert select("SELECT count(*) FROM quote WHERE kind = 'esim'") == [(0,)]


def test_what_was_answered_stands_beside_the_price_and_not_knowing_is_a_warning(shop: Door) -> None:
    sure = shop.owner.post("/new/PX-ESIM/", {"email": EMAIL, **ANSWERED})
    assert "Yes: this phone takes an eSIM" in sure.text
    unknown = {"device_eid_shown": "unknown", "device_locked": "unknown", "device_region": "unknown"}
    page = shop.owner.post("/new/PX-ESIM/", {"email": EMAIL, **unknown})
    assert "It may not work on this phone." in page.text
    assert "device=1%3Aunknown" in page.html  # to change an answer, with the others kept
    shop.world.clock.tick(3600)
    again = shop.owner.post(f"{page.where}renew/")
    assert "It may not work on this phone." in again.text
    assert select("SELECT DISTINCT device FROM quote WHERE kind = 'esim' ORDER BY 1") == [
        ("1:unknown:unknown:unknown::none",),
        (PHONE,),
    ]


def test_a_program_that_does_not_say_which_phone_is_refused_too(shop: Door) -> None:
    for device, code in (("", Code.DEVICE_NOT_CHECKED), ("1:yes:yes:else::none", Code.DEVICE_NOT_COMPATIBLE)):
        refused = _quoted(shop, sku="PX-ESIM", device=device)
        assert isinstance(refused, list)
        assert [one.code for one in refused] == [code]


def test_what_was_answered_in_the_check_is_answered_here(shop: Door) -> None:
    page = shop.owner.get("/new/PX-ESIM/?device=1:yes:no:hk::none")
    assert 'name="device_region" value="hk" checked' in page.html


def test_the_database_keeps_no_esim_for_which_nothing_was_said(shop: Door) -> None:
    made = shop.world.quote("PX-ESIM")
    with pytest.raises(IntegrityError, match="quote_device_said"):
        orders.save_quotes([(replace(made, id=uuid4(), device=""), b"x")])


# ── an eSIM, from the shelf to the screen ─────────────────────────────────

ONCE = "It can be installed once, on one phone"
SECRETS = ("ABCD", "<svg", "esimsetup")  # of the activation code, its picture and its links


@pytest.fixture
def bought(shop: Door) -> str:
    """The page of a delivered eSIM."""
    quote = shop.owner.post("/new/PX-ESIM/", {"email": EMAIL, **ANSWERED})
    assert "Show me the eSIM as soon as I ask for it" in quote.text
    order = shop.owner.post(quote.where, {"total": quote.value("total"), "method": "sandbox", "at_once": "on"})
    shop.world.work()
    shop.world.provider.session(-1, Answer.SUCCEEDED, 1500)
    shop.world.wake()
    shop.world.work(3)
    return order.where


def _hides(page: Seen) -> bool:
    ticket = page.html[page.html.index("<main") :]
    return not any(secret in ticket for secret in SECRETS)


def test_an_esim_is_shown_when_it_is_asked_for_and_says_before_that_it_installs_once(shop: Door, bought: str) -> None:
    before = shop.owner.get(bought)
    assert _hides(before)
    assert ONCE in before.text
    assert "Your eSIM is ready" in before.text
    assert shop.owner.get(f"{bought}code/").where == bought
    shown = shop.owner.post(f"{bought}code/")
    for said in (ONCE, "smdp.invalid", "0000-ABCD", SERIAL, RAW, "Install on this iPhone", "none: leave it empty"):
        assert said in shown.text
    data = "esim_qrcode_provisioning?carddata=LPA:1$smdp.invalid$0000-ABCD"
    assert f'href="https://esimsetup.apple.com/{data}"' in shown.html
    assert f'href="https://esimsetup.android.com/{data}"' in shown.html
    assert shown.html.count("<svg") > before.html.count("<svg")
    assert f'data-copy="{RAW}"' in shown.html
    again = shop.owner.get(bought)
    assert _hides(again)
    assert "Show the eSIM again" in again.text
    assert "Installed it?" in again.text


def test_nothing_of_a_top_up_is_said_of_an_esim(shop: Door, bought: str) -> None:
    pages = [shop.owner.get(bought), shop.owner.post(f"{bought}code/"), shop.owner.get(bought)]
    for page in pages:
        for never in ("tel:*", "After you enter it", "Yes, entered", "Keep it on this phone", "Be reminded before",
                      "What does the operator say?", "Check the balance", "If some is left"):  # fmt: skip
            assert never not in page.text
    assert "sms:" not in "".join(page.html for page in pages)


def test_a_stranger_and_a_colleague_with_the_link_see_the_state_and_never_the_esim(shop: Door, bought: str) -> None:
    for visitor in (shop.colleague, shop.stranger):
        assert _hides(visitor.get(bought))
        asked = visitor.post(f"{bought}code/")
        assert asked.status == 403
        assert _hides(asked)


def test_a_shared_link_shows_an_esim_after_its_own_reveal_on_one_device(shop: Door, bought: str) -> None:
    made = shop.owner.post(f"{bought}share/", {"with_code": "on"})
    link = re.search(r"http://[^<\s]+(/s/[^<\s]+)", made.html)
    assert link
    passed = shop.colleague.get(link[1])
    assert "An eSIM for you" in passed.text
    assert ONCE in passed.text
    assert _hides(passed)
    assert "dial" not in passed.text.lower()
    assert RAW in shop.colleague.post(f"{link[1]}code/").text
    assert _hides(shop.stranger.post(f"{link[1]}code/"))


def test_a_receipt_says_what_it_is_and_holds_no_secret(shop: Door, bought: str) -> None:
    receipt = shop.owner.get(f"{bought}receipt/")
    assert "Proximus eSIM" in receipt.text
    assert "eSIM, installed by its activation code" in receipt.text
    assert "Price €15.00" in receipt.text
    assert _hides(receipt)


def test_an_unseen_esim_goes_back_on_its_page(shop: Door, bought: str) -> None:
    assert "Give the eSIM back" in shop.owner.get(bought).text
    shop.owner.post(f"{bought}back/")
    assert "Your money is coming back" in shop.owner.get(bought).text


def test_whom_nothing_was_entered_for_is_not_asked_about_codes(shop: Door, bought: str) -> None:
    page = shop.owner.get(f"{bought}trouble/")
    assert "Mobile internet does not work" in page.text
    assert "the code is wrong" not in page.text
