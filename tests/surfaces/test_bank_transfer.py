"""Paying by bank transfer as people see it, and the owner's page of the account."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from fakes import DEVICE
from operations.test_bank_transfers import ACCOUNT, bring, ordered, work
from opla.core.actor import Role
from opla.core.money import Money
from opla.core.structured import belgian, rf
from opla.db.queries.call import select
from opla.presenting.pictures import transfer_code
from statements import PAYER, camt, entry
from surfaces.conftest import Door, Seen, Visitor
from surfaces.test_owner_pages import signed_in


@pytest.fixture
def bank_door(door: Door, monkeypatch: pytest.MonkeyPatch) -> Door:
    monkeypatch.setenv("OPLA_BANK_IBAN", ACCOUNT.iban)
    monkeypatch.setenv("OPLA_BANK_HOLDER", ACCOUNT.holder)
    door.world.shop = replace(door.world.shop, payment_methods=("sandbox", "bank_transfer"), account=ACCOUNT)
    return door


@pytest.fixture
def of_the_house(bank_door: Door) -> Visitor:
    return signed_in(bank_door.world)


@pytest.fixture
def of_support(bank_door: Door) -> Visitor:
    return signed_in(bank_door.world, Role.SUPPORT, "eve")


@pytest.mark.parametrize("language", ["en", "fr", "nl", "de", "zh-hans"])
def test_the_page_says_what_to_fill_in_and_how_long_it_takes(bank_door: Door, language: str) -> None:
    order_id, number = ordered(bank_door.world)
    page = Visitor(DEVICE, language).get(bank_door.link(order_id))
    for word in ("BE68 5390 0754 7034", "The Shop", belgian(number), rf(number), "15"):
        assert word in page.text
    assert '<svg class="qr"' in page.html or 'class="qr"' in page.html
    assert "Nothing is delivered before" in page.text or language != "en"


@pytest.mark.skipif(shutil.which("zbarimg") is None, reason="zbarimg is not installed: nobody else reads the QR here")
def test_a_stranger_reads_the_qr_code(tmp_path: Path) -> None:
    picture = tmp_path / "qr.png"
    transfer_code(ACCOUNT, Money(1550, "EUR"), belgian("123456789002")).save(str(picture), scale=6, border=4)
    read = subprocess.run(["zbarimg", "--raw", "-q", picture], capture_output=True, text=True, check=True).stdout
    said = ["BCD", "002", "1", "SCT", "", "The Shop", "BE68539007547034", "EUR15.5", "", "", "+++123/4567/89002+++"]
    assert read.rstrip("\n").split("\n") == said


def test_whoever_has_the_link_may_pay_and_a_wrong_link_shows_nothing(bank_door: Door) -> None:
    order_id, number = ordered(bank_door.world)
    link = bank_door.link(order_id)
    assert belgian(number) in bank_door.stranger.get(link).text
    assert bank_door.stranger.get(link[:-3] + "AA/").status == 404
    bring(bank_door.world, camt(entry(1500, structured=number)))
    assert belgian(number) not in bank_door.owner.get(link).text
    assert "Delivered" in bank_door.owner.get(link).title


def test_too_little_is_said_and_can_be_paid_again(bank_door: Door) -> None:
    order_id, number = ordered(bank_door.world)
    bring(bank_door.world, camt(entry(1400, structured=number)))
    page = bank_door.owner.get(bank_door.link(order_id))
    assert "Too little came in" in page.text
    assert "pay again" in page.text


def test_without_an_account_the_method_does_not_exist(bank_door: Door) -> None:
    quote = bank_door.world.quote()
    link = f"/quote/{quote.id}/"
    assert 'value="bank_transfer"' in bank_door.owner.get(link).html
    bank_door.world.shop = replace(bank_door.world.shop, payment_methods=("sandbox",), account=None)
    assert "bank_transfer" not in bank_door.owner.get(link).html


def test_a_webhook_for_our_own_account_is_nobodys(bank_door: Door) -> None:
    assert bank_door.stranger.post("/hooks/payments/bank_transfer/", {"id": "x"}).status == 200


# ── the owner's page ──


def sent(visitor: Visitor, *files: tuple[str, bytes]) -> Seen:
    typed = {"file": [SimpleUploadedFile(name, data) for name, data in files]}
    response = visitor.client.post("/owner/bank/", typed)
    return Seen(response.status_code, response.content.decode(), "/owner/bank/")


def test_the_owner_imports_and_sees_what_became_of_it(bank_door: Door, of_the_house: Visitor) -> None:
    order_id, number = ordered(bank_door.world)
    good = camt(entry(1500, structured=number, name="Zoë Payer", iban=PAYER), entry(700, text="hallo <b>", iban=PAYER))
    page = sent(of_the_house, ("one.xml", good), ("two.xml", good), ("three.pdf", b"%PDF"))
    assert page.status == 422
    assert "2 lines, 0 known before. New: 1 matched, 1 for a person" in page.text
    assert "2 lines, 2 known before. New: 0 matched" in page.text
    assert "three.pdf : This is no statement" in page.text
    work(bank_door.world)
    assert bank_door.world.state(order_id) == "delivered"
    [(item_id,)] = select("SELECT id FROM item WHERE kind = 'bank_line'")
    item = of_the_house.get(f"/owner/items/{item_id}/")
    assert "hallo <b>" in item.text
    assert "<b>" not in item.html
    assert PAYER in item.text
    asked, another = ordered(bank_door.world)
    assert another != number
    [(ticket,)] = select("SELECT ticket FROM orders WHERE id = %s", [asked])
    typed = {"resolution": "matched", "note": "a call", "sure": "yes", "ticket": str(ticket)}
    of_the_house.post(f"/owner/items/{item_id}/", typed)
    work(bank_door.world)
    assert bank_door.world.refunds() == [("underpaid", 700, "due")]
    [(due,)] = select("SELECT id FROM item WHERE kind = 'transfer_due'")
    assert PAYER in of_the_house.get(f"/owner/items/{due}/").text


def test_nobody_else_finds_the_page_or_an_account(bank_door: Door, of_support: Visitor) -> None:
    _, number = ordered(bank_door.world)
    bring(bank_door.world, camt(entry(700, text="who am I", iban=PAYER), entry(100, structured=number, iban=PAYER)))
    for visitor in (bank_door.owner, bank_door.colleague, bank_door.stranger, of_support):
        assert visitor.get("/owner/bank/").status == 404
        assert sent(visitor, ("one.xml", camt(entry(5)))).status == 404
    for (item_id,) in select("SELECT id FROM item"):
        page = of_support.get(f"/owner/items/{item_id}/")
        assert page.status == 200
        assert PAYER not in page.text
        assert "who am I" not in page.text


def test_nothing_of_a_payer_is_in_a_log(
    bank_door: Door, of_the_house: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    _, number = ordered(bank_door.world)
    with caplog.at_level("DEBUG"):
        sent(of_the_house, ("one.xml", camt(entry(1500, structured=number, name="Zoë Payer", iban=PAYER))))
        work(bank_door.world)
    assert "Payer" not in caplog.text
    assert PAYER not in caplog.text
