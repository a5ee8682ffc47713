"""Vouchers as people meet them: the paper, the page that redeems, the owner's page, and a text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from uuid import uuid4

import pytest
import typst
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

import scanner
from fakes import CODE, DEVICE, DIRECT, NUMBER
from operations.test_order_texts import Line
from operations.test_vouchers import OWNER, counter, done, in_stock, move, printed, redeem, sell, sold, state, work
from opla.core.actor import Role
from opla.core.ports import Text
from opla.core.voucher import Event, grouped
from opla.db.queries import call, pages
from opla.db.queries.call import select
from opla.operations import answer_texts, order_texts, vouchers
from opla.operations.vouchers import Activated, By, ByText, Printed
from opla.presenting import languages, receipts, texting, voucher_sheet
from opla.presenting.barcode import code128
from opla.presenting.notices import notice
from surfaces.conftest import Door, Visitor
from surfaces.test_owner_pages import signed_in
from surfaces.test_same_answer import Heard

__all__ = ["counter"]  # the fixture

FROM = "198.51.100.20"


@pytest.fixture
def shop(door: Door, request: pytest.FixtureRequest) -> Door:
    """A shop with a till that sells vouchers."""
    request.getfixturevalue("counter")
    return door


def post(visitor: Visitor, typed: dict[str, str], *, address: str = FROM) -> tuple[int, str, str]:
    seen = visitor.post("/redeem/", typed, **{"x-forwarded-for": address})
    return seen.status, seen.where, seen.text


# ── the page ──


@pytest.mark.parametrize("language", ["en", "fr", "nl", "de", "zh-hans"])
def test_a_voucher_is_redeemed_with_its_code_and_a_number(shop: Door, language: str) -> None:
    _serial, code = sold(shop.world, DIRECT)
    visitor = Visitor(language=language)
    assert visitor.get("/redeem/").status == 200
    page = visitor.post("/redeem/", {"code": grouped(code).lower()})
    assert (page.status, page.value("code")) == (200, code)
    assert "Mobile Vikings" in page.text
    typed = {"code": code, "number": "", "email": "", "redeem": "1"}
    assert visitor.post("/redeem/", typed).status == 422  # nothing was agreed to
    missing = visitor.post("/redeem/", {**typed, "at_once": "on"})
    assert missing.status == 422
    assert missing.error("number")
    order = visitor.post("/redeem/", {**typed, "at_once": "on", "number": NUMBER})
    assert order.where.startswith("/o/")
    work(shop.world)
    spoken = "zh-Hans" if language == "zh-hans" else language
    assert select("SELECT state, email, language FROM orders") == [("delivered", "", spoken)]
    assert len(select("SELECT FROM consent")) == 1
    assert visitor.post("/redeem/", {"code": code}).where == order.where  # whoever comes back sees their order


def test_a_code_is_in_no_address_and_leaves_the_one_its_qr_had(shop: Door) -> None:
    _serial, code = sold(shop.world)
    order = Visitor().post("/redeem/", {"code": code, "redeem": "1", "at_once": "on", "email": ""})
    assert code not in order.where
    assert code not in order.html
    script = Path("src/opla/storefront/static/storefront/redeem.js").read_text()
    assert "history.replaceState" in script


def failing(shop: Door) -> dict[str, str]:
    """A code for each thing that can be wrong with one."""
    over, blocked, used = (sold(shop.world, days=days) for days in (2, 300, 300))
    [lying] = in_stock(shop.world, quantity=1).values()
    move(shop.world, blocked[0], Event.BLOCKED)
    done(redeem(shop.world, used[1]))
    work(shop.world)
    shop.world.clock.tick(3 * 24 * 3600)
    [paper] = printed(shop.world, quantity=1).values()
    return {
        "no code": "hello", "unknown": "K7M39QX2TBVW13", "not sold": lying, "only printed": paper, "over": over[1],
        "blocked": blocked[1], "used": used[1],
    }  # fmt: skip


@pytest.mark.parametrize("act", ["look", "redeem"])
def test_every_failure_is_the_same_page_after_as_many_statements(
    shop: Door, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: dict[str, tuple[int, str, int]] = {}
    typed = {"redeem": "1", "at_once": "on", "number": NUMBER, "email": ""} if act == "redeem" else {}
    for n, (what, code) in enumerate(failing(shop).items()):
        visitor, heard = Visitor(), Heard()
        visitor.get("/help/")
        monkeypatch.setattr(call, "observer", heard)
        with CaptureQueriesContext(connection) as statements:
            status, _where, text = post(visitor, {"code": code, **typed}, address=f"203.0.{n}.7")
        monkeypatch.setattr(call, "observer", None)
        said[what] = status, text.replace(code, "…"), len(statements) + len(heard.functions)
    assert len(set(said.values())) == 1, {what: (one[0], one[2]) for what, one in said.items()}
    [(status, text, _count)] = set(said.values())
    assert status == 422
    assert "This voucher code does not work" in text


def test_whoever_guesses_is_slowed_and_nobody_else(shop: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "PROXIES", 1)
    _serial, code = sold(shop.world)
    visitor = Visitor()
    for _ in range(10):
        assert post(visitor, {"code": "K7M39QX2TBVW13"})[0] == 422
    assert post(visitor, {"code": code})[0] == 429
    assert post(Visitor(), {"code": code}, address="192.0.2.77")[0] == 200


def test_the_order_says_that_the_voucher_works_again(shop: Door) -> None:
    serial, code = sold(shop.world)
    shop.world.supplier.script = [shop.world.supplier.refuses] * 9
    order_id = done(redeem(shop.world, code, by=By(DEVICE, address=FROM), email="ana@example.org"))
    page = shop.owner.get(shop.link(order_id))
    assert "Your voucher is accepted" in page.text
    work(shop.world, 8)
    assert state(serial) == "active"
    assert "Your voucher works again" in shop.owner.get(shop.link(order_id)).text
    order = pages.order_by_id(order_id)
    assert order is not None
    for topic in ("refunding", "refunded"):
        told = notice(topic, order, "http://shop.test/", sandbox=True)
        assert "voucher" in told.subject
        assert code not in told.text


# ── the paper ──


def read_back(pictures: list[bytes], folder: Path) -> list[str]:
    """What an independent reader finds on them."""
    kinds = (scanner.QR, scanner.BARCODE)
    return [one for picture in pictures for one in scanner.scanned(picture, folder, *kinds, raw=False).split()]


@scanner.wanted
@pytest.mark.parametrize("language", languages.NAMES)
def test_every_voucher_of_a_sheet_is_read_by_a_scanner(shop: Door, language: str, tmp_path: Path) -> None:
    drawn: list[Printed] = []
    printed_ = vouchers.make(
        OWNER, CODE, 9, until=shop.world.clock().date(), language=language,
        draw=lambda paper: drawn.append(paper) or voucher_sheet.pdf(paper, shop=shop.world.shop),
        shop=shop.world.shop, at=shop.world.clock(),
    )  # fmt: skip
    assert isinstance(printed_, vouchers.Made)
    assert printed_.paper.startswith(b"%PDF")
    facts = voucher_sheet.facts(drawn[0], shop=shop.world.shop)
    pages = typst.compile(voucher_sheet.SHEET, font_paths=receipts.fonts(), sys_inputs=facts, format="png", ppi=200)
    assert isinstance(pages, list)
    assert len(pages) == 2
    read = read_back([bytes(page) for page in pages], tmp_path)
    expected = {f"CODE-128:{serial}" for serial, _ in drawn[0].vouchers}
    expected |= {f"QR-Code:http://shop.test/redeem/#{code}" for _, code in drawn[0].vouchers}
    assert set(read) == expected
    assert len(json.loads(facts["vouchers"])["vouchers"]) == 9


def test_a_barcode_takes_pairs_of_digits() -> None:
    for wrong in ("", "123", "12a4"):
        with pytest.raises(ValueError, match="digits"):
            code128(wrong)


# ── the owner's page ──

PAGE = "/owner/vouchers/"


def test_the_owner_prints_once_and_says_where_the_paper_is(shop: Door) -> None:
    owner = signed_in(shop.world, Role.OWNER, "ana")
    make = {"act": "make", "sku": CODE, "quantity": "2", "until": "2027-12-31", "language": "nl", "amount": ""}
    answer = owner.client.post(PAGE, make)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    [(first,), (last,)] = select("SELECT serial FROM voucher ORDER BY serial")
    page = owner.get(PAGE)
    assert grouped(str(first)) in page.text
    assert "printed" in page.text
    assert owner.post(PAGE, {**make, "quantity": "0"}).status == 422
    [place] = re.findall(r'<option value="(\d+)">Phone Shop', page.html)
    moves = {"serials": f"{first}..{last}", "place": place, "why": ""}
    owner.post(PAGE, {**moves, "act": "sent"})
    owner.post(PAGE, {**moves, "act": "arrived"})
    assert [state(str(first)), state(str(last))] == ["in_stock", "in_stock"]
    assert isinstance(sell(shop.world, str(first)), Activated)
    told = owner.post(PAGE, {**moves, "act": "lost", "why": "flood"})
    assert "1 moved." in told.text
    assert "1 not moved: sold, not redeemed." in told.text
    assert owner.post(PAGE, {**moves, "act": "lost"}).status == 422
    assert owner.client.post(PAGE, {"act": "redeemed"}).status_code == 404


def test_the_price_goes_back_to_whoever_has_the_code(shop: Door) -> None:
    serial, code = sold(shop.world)
    owner = signed_in(shop.world, Role.OWNER, "ana")
    typed = {"act": "give_back", "code": "K7M39QX2TBVW13", "till": "counter-1", "why": "unused", "key": str(uuid4())}
    assert "does not work" in owner.post(PAGE, typed).text
    assert "Give back €15.00" in owner.post(PAGE, {**typed, "code": grouped(code)}).text
    assert state(serial) == "refunded"


def test_a_clerk_scans_the_barcode_and_takes_the_price(shop: Door) -> None:
    serial, other = in_stock(shop.world, quantity=2)
    clerk = signed_in(shop.world, Role.SUPPORT, "eve")
    page = clerk.post("/owner/cash/", {"act": "look", "code": grouped(serial)})
    assert "To be taken: €15.00" in page.text
    key = re.findall(r'name="key" value="([0-9a-f-]{36})"', page.html)[0]
    typed = {"act": "sell", "key": key, "till": "counter-1", "code": serial}
    assert "too little" in clerk.post("/owner/cash/", {**typed, "given": "5"}).text
    told = clerk.post("/owner/cash/", {**typed, "given": "20"})
    assert "Taken: €15.00." in told.text
    assert "Give back €5.00." in told.text
    assert [state(serial), state(other)] == ["active", "in_stock"]
    again = clerk.post("/owner/cash/", {"act": "look", "code": serial})
    assert "has been sold before" in again.text
    assert "Sell this voucher" not in again.text


def test_to_others_the_page_is_not_there(shop: Door) -> None:
    for visitor in (Visitor(), shop.owner, signed_in(shop.world, Role.SUPPORT, "eve")):
        assert visitor.client.get(PAGE).status_code == 404
        assert visitor.client.post(PAGE, {"act": "make"}).status_code == 404


# ── by text ──


def answered(shop: Door, text: str, number: str = "+32470123456") -> object:
    return answer_texts.answer(Text(number, text), shop=shop.world.shop, at=shop.world.clock())


@pytest.mark.parametrize("word", ["VOUCHER", "redeem", "Bon", "GUTSCHEIN", "兑换"])
def test_a_code_that_is_texted_tops_up_the_sim_it_comes_from(shop: Door, word: str) -> None:
    _serial, code = sold(shop.world, DIRECT)
    found = answered(shop, f"{word} {grouped(code)}")
    assert isinstance(found, ByText)
    assert (found.language, found.direct) == ("fr", True)  # the language of the paper
    work(shop.world)
    assert select("SELECT state, number, email FROM orders") == [("delivered", "+32470123456", "")]
    again = answered(shop, f"{word} {code}")  # the centre brought it twice
    assert again == found
    assert "does not work" in texting.words(answered(shop, f"VOUCHER {code}", "+32470999999"))  # type: ignore[arg-type]


def test_a_texted_code_for_a_code_is_answered_with_one_to_that_number(shop: Door) -> None:
    _serial, code = sold(shop.world)
    found = answered(shop, f"VOUCHER {code}")
    assert isinstance(found, ByText)
    assert not found.direct
    work(shop.world)
    line = Line()
    order_texts.text_out(
        lambda told: texting.all_words(told, sandbox=True), line=line, shop=shop.world.shop, at=shop.world.clock()
    )
    [text] = line.told
    assert text.to == "+32470123456"
    assert re.search(r"\d{13}", text.text)


def test_what_is_wrong_with_a_texted_code_is_one_sentence(shop: Door) -> None:
    said = {
        texting.words(answered(shop, f"VOUCHER {code}", f"+3247012345{n}"))  # type: ignore[arg-type]
        for n, code in enumerate(failing(shop).values())
    }
    assert len(said) == 1
