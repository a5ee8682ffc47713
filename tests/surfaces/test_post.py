"""Paper: the page of letters and slips, what strangers see of it, and the sheets as a camera and a window see them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from uuid import UUID

import pytest
from django.test import override_settings

import scanner
from catalogs.test_belgium import belgium
from fakes import CODE, DIRECT, NUMBER, START, World
from operations.test_bank_transfers import ACCOUNT, work
from operations.test_slips import ELSEWHERE, HOME, entered, made, pay
from opla.core import letter
from opla.core.actor import Role
from opla.core.catalog import Operator, RedeemBy
from opla.core.letter import ENVELOPES, Topic
from opla.core.money import Money
from opla.core.ports import Kind
from opla.core.slip import Offer, Reason, State
from opla.core.structured import belgian
from opla.db.queries import post
from opla.db.queries.call import select
from opla.db.queries.codes import Revealed
from opla.db.queries.post import Letter, Ordered, Slip
from opla.operations.letters_out import Sheet
from opla.presenting import languages, redeeming
from opla.presenting import post as words
from opla.presenting.post import House
from surfaces.conftest import Door, Visitor
from surfaces.test_owner_pages import signed_in
from surfaces.test_receipts import written

ADDRESS = "Postbus 1, 9000 Gent"
HOUSE = House("Opla", ADDRESS, "help@example.org", ACCOUNT, sandbox=True)
SLIP = "090933755493"
TYPED = {"name": "Ana Peeters", "street": "Kerkstraat", "number": "12", "postcode": "9000", "city": "Gent"}
PPI = 150


@pytest.fixture
def shop(door: Door) -> Iterator[Door]:
    door.world.shop = replace(door.world.shop, payment_methods=("sandbox", "bank_transfer"), account=ACCOUNT)
    with override_settings(SHOP_ADDRESS=ADDRESS):
        yield door


def clerk(world: World) -> Visitor:
    return signed_in(world, Role.SUPPORT, "ben")


def test_a_slip_goes_from_the_printer_to_the_order_and_the_letter(shop: Door) -> None:
    who = clerk(shop.world)
    assert (
        who.post("/owner/post/", {"act": "slips", "operator": "mobile-vikings", "language": "fr", **TYPED}).status
        == 200
    )
    [(number,)] = select("SELECT number FROM slip")
    page = who.get("/owner/post/")
    assert "Print 1 letter" in page.text
    pdf = who.client.post("/owner/post/", {"act": "print"})
    assert (pdf.status_code, pdf["Content-Type"], pdf["Cache-Control"]) == (200, "application/pdf", "no-store")
    assert b"/Count 1" in pdf.content
    [(letter_id,)] = select("SELECT id FROM letter_out")
    assert "in the post" in who.post("/owner/post/", {"act": "posted", "letter": str(letter_id)}).text
    found = who.post("/owner/post/", {"act": "scan", "slip": belgian(str(number))})
    assert found.where == f"/owner/post/slips/{number}/"
    assert "Kerkstraat 12" in found.text
    done = who.post(found.where, {"act": "enter", "offer": f"{DIRECT} 1500", "mobile": NUMBER, "signed": "on"})
    assert "It is ordered" in done.text
    pay(shop.world, str(number))
    work(shop.world)
    assert [one.topic for one in post.letters([letter.State.TO_PRINT], limit=9)] == [Topic.DELIVERED]
    [(said,)] = select("SELECT said FROM consent")
    assert str(said).startswith("Rechargez")


def test_what_is_wrong_is_said_and_nothing_that_was_typed_is_lost(shop: Door) -> None:
    number = made(shop.world, address=None)
    page = clerk(shop.world).post(
        f"/owner/post/slips/{number}/", {"act": "enter", "offer": f"{DIRECT} 1500", "mobile": "0470", **TYPED}
    )
    assert page.status == 422
    assert page.value("mobile") == "0470"
    assert page.value("street") == "Kerkstraat"
    assert select("SELECT count(*) FROM orders") == [(0,)]
    half = clerk(shop.world).post(
        f"/owner/post/slips/{number}/", {"act": "send_back", "why": "unreadable", "name": "A"}
    )
    assert half.status == 422
    assert (
        clerk(shop.world).post(f"/owner/post/slips/{number}/", {"act": "send_back", "why": "no reason"}).status == 404
    )


def test_a_slip_without_an_address_is_printed_for_whoever_wants_one(shop: Door) -> None:
    pdf = clerk(shop.world).client.post(
        "/owner/post/", {"act": "slips", "operator": "proximus", "language": "zh-Hans", "count": "3"}
    )
    assert pdf["Content-Type"] == "application/pdf"
    numbers = [str(number) for (number,) in select("SELECT number FROM slip")]
    assert len(numbers) == 3
    assert b"/Count 3" in pdf.content
    assert select("SELECT count(*) FROM letter_out") == [(0,)]


def test_a_letter_that_came_back_is_followed_to_its_end_on_its_own_page(shop: Door) -> None:
    world, who = shop.world, clerk(shop.world)
    number = made(world, "proximus", address=None)
    entered(world, number, CODE, address=HOME)
    pay(world, number)
    work(world)
    pdf = who.client.post("/owner/post/", {"act": "print"})
    assert "0000 0000 0000 1" in written(pdf.content)
    [(letter_id,)] = select("SELECT id FROM letter_out")
    assert who.post("/owner/post/", {"act": "again", "letter": str(letter_id)}).status == 422  # no reason
    more = who.client.post("/owner/post/", {"act": "again", "letter": str(letter_id), "why": "no toner"})
    assert "0000 0000 0000 1" in written(more.content)
    here = f"/owner/post/letters/{letter_id}/"
    assert who.post(here, {"act": "again"}).status == 422  # no reason
    assert who.post(here, {"act": "returned"}).status == 422  # it never left
    for act in ("posted", "returned"):
        assert who.post(here, {"act": act}).where == here
    again = who.client.post(here, {"act": "again", "why": "they moved", **ELSEWHERE.document})
    text = written(again.content)
    assert "Dorpstraat 3 box b" in text
    assert "0000 0000 0000 1" in text
    for act in ("posted", "returned"):
        who.post(here, {"act": act})
    assert "Give the price back" in who.get(here).text
    ending = {"act": "give_back", "why": "nobody lives there"}
    assert who.post(here, ending).status == 422  # they printed it
    assert signed_in(world, Role.SUPPORT, "eva").post(here, ending).where == here
    assert select("SELECT reason, state FROM refund") == [("choice", "due")]


def test_money_without_its_slip_and_what_is_where_stand_on_the_page(shop: Door) -> None:
    number = made(shop.world)
    pay(shop.world, number)
    page = clerk(shop.world).get("/owner/post/")
    assert number in page.text
    assert "1 to be printed" in page.text
    assert "1 slip is somewhere" in page.text


def test_without_an_account_or_an_address_nobody_prints_a_slip(door: Door) -> None:
    page = clerk(door.world).get("/owner/post/")
    assert "OPLA_BANK_IBAN" in page.text
    assert "OPLA_SHOP_ADDRESS" in page.text
    assert clerk(door.world).post("/owner/post/", {"act": "slips", "operator": "proximus"}).status == 404


def test_to_strangers_there_is_nothing(shop: Door) -> None:
    number = made(shop.world)
    [(letter_id,)] = select("SELECT id FROM letter_out")
    for path in ("/owner/post/", f"/owner/post/slips/{number}/", f"/owner/post/letters/{letter_id}/"):
        for who in (shop.owner, shop.stranger):
            assert who.get(path).status == 404
            assert who.post(path, {"act": "print"}).status == 404
    assert select("SELECT prints FROM letter_out") == [(0,)]


# ── the sheets ─────────────────────────────────────────────────────────────


def offers(kind: Kind = Kind.DIRECT) -> tuple[Offer, ...]:
    return tuple(
        Offer(f"X-{n}", f"Mobile Vikings €{n}", kind, Money(n * 100, "EUR"), Money(n * 100 + 50, "EUR"))
        for n in (15, 25)
    )


def slip(language: str, *, why: str = "") -> Slip:
    return Slip(SLIP, "mobile-vikings", language, offers(), State.OUT, why, None, "", START)


def sheet(topic: Topic, language: str, *, copy: int = 0) -> Sheet:
    about = Ordered("ABC-123", "Proximus €15", "proximus", Kind.CODE, "+32470123456", Money(1500, "EUR"), 1, START)
    operator = cast("Operator", SimpleNamespace(name="Mobile Vikings"))
    known = topic not in (Topic.SLIP, Topic.SENT_BACK)
    found = Letter(
        UUID(int=1), topic, letter.State.PRINTED, copy + 1, START, slip(language, why=str(Reason.UNREADABLE)),
        about if known else None,
    )  # fmt: skip
    return Sheet(found, ELSEWHERE, operator if topic is not Topic.CODE else None, None, copy)


def pixels(png: bytes, high: int) -> tuple[int, list[bytes]]:
    """How wide a picture of eight bits a colour is, and the red of every dot of its upper rows (PNG, RFC 2083, sections
    6 and 9)."""
    wide, _all, depth, colour = struct.unpack(">IIBB", png[16:26])
    assert (depth, colour in (2, 6)) == (8, True)
    step = 4 if colour == 6 else 3
    data, at = b"", 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += 12 + length
    raw, rows, before = zlib.decompress(data), [], bytearray(wide * step)
    for n in range(high):
        start = n * (wide * step + 1)
        how, line = raw[start], bytearray(raw[start + 1 : start + 1 + wide * step])
        if how:
            for i in range(len(line)):
                left, above = (line[i - step] if i >= step else 0), before[i]
                corner = before[i - step] if i >= step else 0
                if how == 1:
                    add = left
                elif how == 2:
                    add = above
                elif how == 3:
                    add = (left + above) // 2
                else:
                    guess = left + above - corner
                    add = min((left, above, corner), key=lambda one: abs(guess - one))
                line[i] = (line[i] + add) & 255
        rows.append(bytes(line[::step]))
        before = line
    return wide, rows


@scanner.wanted
@pytest.mark.parametrize("language", list(languages.NAMES))
def test_a_scanner_reads_the_barcode_of_a_slip_and_nothing_else(language: str, tmp_path: Path) -> None:
    operator = cast("Operator", SimpleNamespace(name="Mobile Vikings"))
    blank = words.blank([slip(language)], operator, HOUSE, png=True)
    assert scanner.scanned(blank, tmp_path, scanner.BARCODE, scanner.QR) == SLIP


@pytest.mark.parametrize("topic", [Topic.SLIP, Topic.EXPIRED])
def test_a_window_shows_the_address_and_nothing_else_of_the_sheet(topic: Topic) -> None:
    png = words.letters([sheet(topic, "nl", copy=1)], HOUSE, png=True)

    def dots(tenths: int) -> int:
        return round(tenths / 254 * PPI)

    wide, rows = pixels(png, dots(max(envelope.window.bottom for envelope in ENVELOPES.values())))

    shown = letter.ADDRESS
    marked = [(x, y) for y, row in enumerate(rows) for x, dark in enumerate(row) if dark < 200]
    inside = [
        (x, y)
        for x, y in marked
        if dots(shown.left) - 1 <= x <= dots(shown.right) and dots(shown.top) - 1 <= y <= dots(shown.bottom)
    ]
    assert inside
    for envelope in ENVELOPES.values():
        box = envelope.ever_shown()
        showing = [
            (x, y)
            for x, y in marked
            if dots(box.left) <= x <= min(dots(box.right), wide) and dots(box.top) <= y <= dots(box.bottom)
        ]
        assert sorted(showing) == sorted(inside)


@pytest.mark.parametrize("language", list(languages.NAMES))
def test_every_letter_is_tagged_and_in_the_language_of_whoever_gets_it(language: str) -> None:
    sheets = [sheet(topic, language) for topic in Topic]
    pdf = words.letters(sheets, HOUSE)
    assert b"/MarkInfo" in pdf
    assert f"/Count {len(sheets)}".encode() in pdf  # a page each
    for one in sheets[1:]:
        text = written(words.letters([one], HOUSE))
        assert "Dorpstraat 3 box b" in text
        with languages.speaking(language):
            assert words._words(one)[0] in text


def test_a_code_stands_on_its_letter_and_in_no_repr() -> None:
    one = replace(sheet(Topic.CODE, "en"), code=Revealed("1234567890123", "S1", None))
    assert "1234567890123" not in repr(one)
    assert "1234 5678 9012 3" in written(words.letters([one], HOUSE))
    assert "1234 5678 9012 3" not in repr(words._letter(one, HOUSE))


def test_a_letter_explains_how_to_use_its_code_without_the_internet() -> None:
    operator = belgium(sandbox=True).operator("proximus")
    assert operator is not None
    code = Revealed("1234567890123", "S1", None)
    text = written(words.letters([replace(sheet(Topic.CODE, "en"), operator=operator, code=code)], HOUSE))
    assert "Dial the line above" in text
    assert "Tap the button" not in text
    for one in belgium(sandbox=True).operators:
        ways = redeeming.on_paper(one, code.pin)
        online = [way.kind in (RedeemBy.WEB, RedeemBy.APP) for way in ways]
        assert online == sorted(online)
        assert not any(way.href or way.picture for way in ways)


def test_a_sheet_that_was_printed_again_says_so() -> None:
    assert "Printed again" not in written(words.letters([sheet(Topic.EXPIRED, "en")], HOUSE))
    assert "Printed again (2)" in written(words.letters([sheet(Topic.EXPIRED, "en", copy=2)], HOUSE))
