"""Paying by bank transfer as people see it, and the owner's page of the account."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

import scanner
from fakes import CUSTOMER, DEVICE
from operations.test_bank_transfers import ACCOUNT, bring, ordered, work
from opla.core.actor import Actor, Role
from opla.core.money import Money
from opla.core.ports import Answer, ChargeReport
from opla.core.structured import belgian, rf
from opla.core.transfer_file import message_id
from opla.db.queries import floats
from opla.db.queries.call import select
from opla.operations import float_deposits, resellers
from opla.operations.place_orders import Placed, Placement, place_orders
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


@scanner.wanted
def test_a_stranger_reads_the_qr_code(tmp_path: Path) -> None:
    picture = BytesIO()
    transfer_code(ACCOUNT, Money(1550, "EUR"), belgian("123456789002")).save(picture, kind="png", scale=6, border=4)
    said = ["BCD", "002", "1", "SCT", "", "The Shop", "BE68539007547034", "EUR15.5", "", "", "+++123/4567/89002+++"]
    assert scanner.scanned(picture.getvalue(), tmp_path).split("\n") == said


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


def test_an_accountant_reads_the_money_and_of_a_customer_the_order_number_alone(bank_door: Door) -> None:
    """Every page of theirs, when the shop knows a name, an account, an address and a number."""
    order_id, number = ordered(bank_door.world)
    accountant = signed_in(bank_door.world, Role.ACCOUNTANT, "eva")
    page = sent(accountant, ("one.xml", camt(entry(1500, structured=number, name="Zoë Payer", iban=PAYER))))
    assert (page.status, "1 matched" in page.text) == (200, True)
    work(bank_door.world)
    bank_door.world.clock.tick(48 * 3600)
    accountant = signed_in(bank_door.world, Role.ACCOUNTANT, "eva")
    assert accountant.post("/owner/days/").status == 200
    [(ticket, sold_at)] = select("SELECT ticket, placed_at::date::text FROM orders WHERE id = %s", [order_id])
    paths = ["/owner/", "/owner/bank/", "/owner/cash/", "/owner/days/", "/owner/partners/", "/owner/payouts/"]
    paths += [f"/owner/days/{sold_at}/", f"/owner/days/{sold_at}/journal.csv"]
    seen = {path: accountant.get(path) for path in paths}
    assert {path: one.status for path, one in seen.items()} == dict.fromkeys(paths, 200)
    whole = " ".join(one.html for one in seen.values())
    assert ticket in whole
    assert str(ticket) in seen["/owner/bank/"].html
    for secret in ("Payer", PAYER, "ana@example.org", "+32470123456", "470 12 34 56"):
        assert secret not in whole, secret
    assert select("SELECT count(*) FROM look") == [(0,)]
    assert "Zoë Payer" in signed_in(bank_door.world).get("/owner/bank/").text


def test_the_owner_puts_money_on_a_float_and_reads_whose_it_is(bank_door: Door, of_the_house: Visitor) -> None:
    world = bank_door.world
    assert resellers.add(Actor(Role.OWNER), "acme", title="Acme", email="o@acme.example", at=world.clock()) is None
    sent(of_the_house, ("one.xml", camt(entry(700, text="for us", iban=PAYER, ref="A1"))))
    [(item_id,)] = select("SELECT id FROM item WHERE kind = 'bank_line'")
    typed = {"resolution": "on_float", "note": "a call", "sure": "yes", "reseller": "nobody"}
    wrong = of_the_house.post(f"/owner/items/{item_id}/", typed)
    assert (wrong.status, "There is no reseller of this name." in wrong.text) == (400, True)
    assert wrong.value("reseller") == "nobody"
    of_the_house.post(f"/owner/items/{item_id}/", {**typed, "reseller": "acme"})
    assert floats.balance("acme", "EUR").free_minor == 700
    assert "acme" in of_the_house.get("/owner/bank/").text
    back = entry(-900, structured=float_deposits.reference("acme", shop=world.shop, at=world.clock()), ref="A2")
    sent(of_the_house, ("two.xml", camt(back, number=2, opening=10_700)))
    [(item_id,)] = select("SELECT id FROM item WHERE closed_at IS NULL")
    page = of_the_house.get(f"/owner/items/{item_id}/")
    assert "the float of acme: the bank took it back" in page.text
    assert "held 7.00" in page.text.replace("€", "").replace("\xa0", "").replace("held  ", "held ")
    assert 'name="reseller"' not in page.html  # it is known
    assert "It is for this order" not in page.text


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


def test_the_owner_makes_a_file_for_the_bank_and_says_what_it_did_not_send(
    bank_door: Door, of_the_house: Visitor, of_support: Visitor
) -> None:
    _, number = ordered(bank_door.world)
    bring(bank_door.world, camt(entry(1600, structured=number, iban=PAYER, name="Zoë <b>")))
    out = "/owner/bank/out/"
    page = of_the_house.get(out)
    assert "1 transfer waits: €1.00" in page.text.replace("\xa0", " ")
    assert "Zoë <b>" in page.text
    assert "<b>" not in page.html
    of_the_house.post(out, {})
    page = of_the_house.get(out)
    [file_id] = [row[0] for row in select("SELECT id FROM transfer_file")]
    where = f"{out}{file_id}.xml"
    assert where in page.html
    file = of_the_house.get(where)
    assert ("attachment" in file.headers["Content-Disposition"], file.headers["Cache-Control"]) == (True, "no-store")
    assert PAYER in file.html
    [back] = [str(row[0]) for row in select("SELECT number FROM transfer_file_line")]
    [(due,)] = select("SELECT id FROM item WHERE kind = 'transfer_due'")
    for address in ("/owner/items/", f"/owner/items/{due}/"):  # a second owner does not send it by hand
        page = of_the_house.get(address)
        assert f"It stands in the file {message_id(UUID(str(file_id)))}" in page.text
        assert "Send it from the bank account" not in page.text
        assert PAYER not in page.text
    for wrong in ({"file": "x", "why": "y"}, {"file": str(file_id), "number": back, "why": ""}, {}):
        assert of_the_house.post(out, wrong).status == 422
    of_the_house.post(out, {"file": str(file_id), "number": back, "why": "AC04"})
    assert where not in of_the_house.get(out).html
    page = of_the_house.get(where)  # an address from before
    assert (page.status, "cannot be written again" in page.text) == (422, True)
    assert "Send it from the bank account" in of_the_house.get(f"/owner/items/{due}/").text
    assert PAYER in of_the_house.get(f"/owner/items/{due}/").text
    assert "All of it is over." in of_the_house.get(out).text
    assert "1 transfer waits" in of_the_house.get(out).text
    for visitor in (bank_door.owner, bank_door.stranger, of_support):
        assert [visitor.get(address).status for address in (out, where)] == [404, 404]
        assert visitor.post(out, {}).status == 404


# ── to an account of a payment provider ──

THEIRS = {
    "to_iban": "NL91ABNA0417164300",
    "to_holder": "Stichting Mollie Payments",
    "to_bic": "ABNANL2A",
    "to_reference": "RF12-3456-7890-1234",
}


def asked_of_a_provider(door: Door, **evidence: str) -> str:
    """The page of an order that waits for a transfer to an account of the payment provider."""
    world = door.world
    world.shop = replace(world.shop, payment_methods=("mollie_bank_transfer",))
    page = "https://www.mollie.com/checkout/1"
    world.provider.on_charge = lambda _: ChargeReport(
        Answer.PENDING, "tr_0000000001", page, currency="EUR", evidence=evidence
    )
    quote = world.quote()
    placement = Placement(quote.id, quote.price.total.amount_minor, "mollie_bank_transfer")
    [placed] = place_orders(CUSTOMER, [placement], device=DEVICE, shop=world.shop, at=world.clock())
    assert isinstance(placed, Placed), placed
    world.work(2)
    return door.link(placed.order_id)


@pytest.mark.parametrize("language", ["en", "fr", "nl", "de", "zh-hans"])
def test_a_transfer_to_a_provider_shows_its_account_and_waits_for_days(door: Door, language: str) -> None:
    link = asked_of_a_provider(door, **THEIRS)
    page = Visitor(DEVICE, language).get(link)
    for word in ("NL91 ABNA 0417 1643 00", "Stichting Mollie Payments", "ABNANL2A", "RF12-3456-7890-1234", "15"):
        assert word in page.text
    assert 'class="qr"' in page.html
    assert "mollie.com/checkout" not in page.html
    door.world.clock.tick(3 * 24 * 3600)
    door.world.work()
    assert "RF12-3456-7890-1234" in Visitor(DEVICE, language).get(link).text
    assert door.world.mailbox.sent[-1].to == "ana@example.org"  # what to fill in is found again
    assert "NL91" not in door.world.mailbox.sent[-1].text


def test_where_the_account_is_not_told_their_own_page_tells_it(door: Door) -> None:
    page = Visitor(DEVICE, "en").get(asked_of_a_provider(door))
    assert "mollie.com/checkout/1" in page.html
    assert "Waiting for your transfer" in page.title
