"""A seller's passport on pages: applied for, decided, put up, checked by a visitor; by whom, and by nobody else."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import segno
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageFilter

import scanner
from fakes import START
from opla.commands import passport as command
from opla.core.actor import Actor, Role
from opla.core.passport import WITH_REASON, Event, grouped
from opla.db.queries import passports as queries
from opla.db.queries.call import select
from opla.operations import limits, members, passport_photos, passports, resellers
from opla.operations.letters import Posted
from opla.operations.limits import Limit
from opla.presenting import letters
from opla.presenting import passports as words
from surfaces.conftest import Door, Seen, Visitor
from surfaces.test_owner_pages import signed_in
from surfaces.test_patience import hidden
from surfaces.test_signing_in import ANA, sign_in

OWNER = Actor(Role.OWNER, "test")
PLACE = "Rue Neuve 12, 1000 Bruxelles"
TYPED = {
    "name": "Acme Phones", "legal_name": "Acme NV", "registration_kind": "be", "number": "0403.170.701",
    "kind": "street", "place": PLACE,
}  # fmt: skip
HERE = "/reseller/acme/passport/"
LANGUAGES = ["en", "fr", "nl", "de", "zh-hans"]


@pytest.fixture
def seller(door: Door) -> Door:
    """The owner of Acme, a colleague there with less rights, and somebody of Bolt."""
    for name in ("acme", "bolt"):
        assert resellers.add(OWNER, name, title=name.title(), email=f"o@{name}.example", at=START) is None
    people = ((ANA, "acme", "owner"), ("ben@x.example", "acme", "seller"), ("eve@x.example", "bolt", "owner"))
    for email, reseller, role in people:
        assert members.name(OWNER, reseller, email, role, at=START) is None
    for visitor, email in ((door.owner, ANA), (door.colleague, "ben@x.example"), (door.stranger, "eve@x.example")):
        sign_in(door, visitor, email)
    return door


def applied(seller: Door) -> str:
    page = seller.owner.post(HERE, TYPED)
    assert page.status == 200
    assert PLACE in page.text
    [(number,)] = select("SELECT number FROM passport ORDER BY applied_at DESC LIMIT 1")
    return str(number)


def approved(seller: Door) -> str:
    number = applied(seller)
    house = signed_in(seller.world)
    page = house.post("/owner/sellers/", {"number": number, "event": "approved"})
    assert "Good, or suspended" in page.text
    return number


def qr_of(number: str, seller: Door) -> str:
    found = queries.by_number(number)
    assert found is not None
    return passports.qr_address(found, seller.world.shop)


def path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def test_who_may_see_a_sellers_passports(seller: Door) -> None:
    number = approved(seller)
    for path in (HERE, f"{HERE}{number}/qr.svg", f"{HERE}{number}/sheet.pdf"):
        assert seller.owner.client.get(path).status_code == 200
        assert seller.colleague.get(path).status == 404  # sells, and has no word in this
        assert seller.stranger.get(path).status == 404
        assert Visitor().get(path).where == "/me/in/"
    assert seller.stranger.get(f"/reseller/bolt/passport/{number}/qr.svg").status == 404
    assert seller.stranger.post("/reseller/bolt/passport/", {"act": "give_up", "passport": number}).status == 404
    assert seller.owner.get(f"{HERE}{number}/other.svg").status == 404
    assert number not in seller.stranger.get("/reseller/bolt/passport/").html


def test_what_is_wrong_with_an_application_stands_beside_its_field_and_nothing_is_lost(seller: Door) -> None:
    page = seller.owner.post(HERE, {**TYPED, "number": "0403.170.702", "kind": "shop", "place": "market.example"})
    assert page.status == 422
    assert "its last two figures do not fit" in page.error("number")
    assert "no address of a shop page" in page.error("place")
    assert page.value("legal_name") == "Acme NV"
    assert select("SELECT count(*)::int FROM passport") == [(0,)]


def test_the_owner_decides_and_nobody_else_sees_the_page(seller: Door) -> None:
    number = applied(seller)
    support = signed_in(seller.world, Role.SUPPORT, "ben")
    for visitor in (seller.owner, seller.colleague, seller.stranger, support, Visitor()):
        assert visitor.get("/owner/sellers/").status == 404
        assert visitor.post("/owner/sellers/", {"number": number, "event": "approved"}).status == 404
    house = signed_in(seller.world)
    page = house.get("/owner/sellers/")
    assert "kbopub.economie.fgov.be/kbopub/zoeknummerform.html?nummer=0403170701" in unescape(page.html)
    assert "Approve: all of it was checked" in page.text
    refused = house.post("/owner/sellers/", {"number": number, "event": "refused"})
    assert (refused.status, "Write down the reason." in refused.text) == (422, True)
    assert house.post("/owner/sellers/", {"number": "K7M39QXY", "event": "approved"}).status == 404
    assert house.post("/owner/sellers/", {"number": number, "event": "x"}).status == 404
    assert house.post("/owner/sellers/", {"number": number, "event": "approved", "until": "x"}).status == 422
    house.post("/owner/sellers/", {"number": number, "event": "refused", "reason": "No shop there."})
    assert "No shop there." in seller.owner.get(HERE).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_who_says_that_they_are_there_sees_green_in_every_language(seller: Door, language: str) -> None:
    number, visitor = approved(seller), Visitor(language=language)
    path = path_of(qr_of(number, seller))
    asked = visitor.get(path)
    assert asked.status == 200
    assert (PLACE in asked.text, "0403.170.701" in asked.text, "Acme Phones" in asked.text) == (True, True, True)
    assert 'class="ticket passport amber"' in asked.html
    for link in (f"{path}&here=yes", f"/verify/{number}/?here=yes"):  # no link says it for them
        assert 'class="ticket passport amber"' in visitor.get(link).html
    proof = parse_qs(urlsplit(path).query)["proof"][0]
    yes = visitor.post(f"/verify/{number}/", {"here": "yes", "proof": proof})
    assert 'class="ticket passport green"' in yes.html
    assert PLACE in yes.text
    no = visitor.post(f"/verify/{number}/", {"here": "no", "proof": proof})
    assert 'class="ticket passport other_shop"' in no.html
    house = signed_in(seller.world)
    house.post("/owner/sellers/", {"number": number, "event": "withdrawn", "reason": "Sold elsewhere."})
    over = visitor.post(f"/verify/{number}/", {"here": "yes", "proof": proof})
    assert 'class="ticket passport red"' in over.html
    assert "Sold elsewhere." not in over.text  # that is for the seller
    unknown = visitor.post("/verify/K7M39QXY/", {"here": "yes"})
    assert 'class="ticket passport red"' in unknown.html
    assert len({asked.title, yes.title, no.title, over.title, unknown.title}) == 5


def test_a_number_is_typed_as_people_type_it_and_one_that_is_mistyped_is_asked_again(seller: Door) -> None:
    number, visitor = approved(seller), Visitor()
    assert visitor.get(f"/verify/?number={grouped(number).lower()}").where == f"/verify/{number}/"
    wrong = visitor.get("/verify/?number=K7M3")
    assert wrong.status == 422
    assert "eight letters and figures" in wrong.error("number")
    assert visitor.get("/verify/whatever/").status == 422


def test_a_form_of_another_site_cannot_say_yes(seller: Door) -> None:
    number = approved(seller)
    checking = Visitor(checks_forms=True)
    assert checking.post(f"/verify/{number}/", {"here": "yes"}).status == 403


def test_our_published_keys_verify_the_proof_in_the_qr_with_a_library_of_somebody_elses(seller: Door) -> None:
    number = approved(seller)
    answer = Visitor().get("/.well-known/opla-passport.json")
    assert answer.headers["Content-Type"] == "application/jwk-set+json"
    proof = parse_qs(urlsplit(qr_of(number, seller)).query)["proof"][0]
    key = jwt.PyJWKSet.from_json(answer.html)[jwt.get_unverified_header(proof)["kid"]]
    said = jwt.decode(proof, key, algorithms=["EdDSA"], options={"verify_exp": False, "verify_iat": False})
    assert (said["sub"], said["street"]) == (number, PLACE)


@scanner.wanted
def test_a_stranger_reads_the_qr_from_a_picture_as_wide_as_a_phone(seller: Door, tmp_path: Path) -> None:
    """With names as long as may be, at the three pixels a module that a screen of 390 has for it."""
    number = approved(seller)
    long = {"name": "充值" * 20, "legal_name": "x" * 80, "kind": "shop", "place": f"market.example/{'x' * 100}"}
    assert seller.owner.post(HERE, {**TYPED, **long}).status == 200
    [(other,)] = select("SELECT number FROM passport WHERE place_kind = 'shop'")
    passports.decide(OWNER, str(other), Event.APPROVED, shop=seller.world.shop, at=seller.world.clock())
    for one in (number, str(other)):
        address = qr_of(one, seller)
        for data in (words.qr_png(address), words.qr_png(address, scale=3)):
            assert scanner.scanned(data, tmp_path) == address
    assert int.from_bytes(words.qr_png(qr_of(number, seller), scale=3)[16:20], "big") < 390


def test_what_hangs_in_the_shop_claims_nothing_by_itself_and_holds_no_script(seller: Door) -> None:
    number = approved(seller)
    page = seller.owner.get(HERE)
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", page.html, re.DOTALL)
    assert found
    snippet = unescape(found[1])
    assert snippet.startswith(f'<a href="http://shop.test/verify/{number}/"')
    assert "<script" not in snippet
    assert "Check this seller" in snippet
    badge = seller.owner.get(f"{HERE}{number}/badge.svg").html
    assert grouped(number) in badge
    assert seller.owner.client.get(f"{HERE}{number}/sheet.pdf").content.startswith(b"%PDF-")
    passports.decide(OWNER, number, Event.SUSPENDED, reason="x", shop=seller.world.shop, at=seller.world.clock())
    for name in ("qr.svg", "qr.png", "badge.svg", "sheet.pdf"):
        assert seller.owner.get(f"{HERE}{number}/{name}").status == 404


def photo_of(*texts: str, kind: str = "JPEG", size: tuple[int, int] = (4032, 3024)) -> SimpleUploadedFile:
    """A phone's photo of a wall on which these QRs hang, taken askew and not sharp."""
    wall = Image.new("RGB", size, (190, 185, 170))
    for n, text in enumerate(texts):
        held = BytesIO()
        segno.make(text, error="m").save(held, kind="png", scale=8, border=4)
        badge = Image.open(held).convert("RGB").rotate(11, expand=True, fillcolor=(190, 185, 170))
        wall.paste(badge, (300 + n * 1500, 500))
    taken = BytesIO()
    wall.filter(ImageFilter.GaussianBlur(2)).save(taken, kind)
    return SimpleUploadedFile(f"wall.{kind.lower()}", taken.getvalue())


def test_a_photo_leads_where_its_qr_leads_and_only_to_this_shop(seller: Door) -> None:
    number, visitor = approved(seller), Visitor()
    qr = qr_of(number, seller)
    visitor.get("/verify/")

    def sent(photo: SimpleUploadedFile) -> Seen:
        return visitor.post("/verify/photo/", {"photo": photo})  # type: ignore[dict-item]  # a file among the texts

    for kind in ("JPEG", "PNG", "WEBP"):
        page = sent(photo_of(qr, kind=kind))
        assert page.where == urlsplit(qr).path
        assert PLACE in page.text
        assert parse_qs(urlsplit(qr).query)["proof"][0] in page.html
        assert 'class="ticket passport amber"' in page.html
    assert PLACE in sent(photo_of("https://other.example/menu", qr)).text  # beside another one on that wall
    for texts in (
        (f"https://evil.example{path_of(qr)}",),
        (qr.replace("://", "://evil@").replace("/verify/", ".evil.example/verify/"),),
        (qr.replace("/verify/", "/verify/../o/"),),
        ("javascript:alert(1)",),
        ("https://[/verify/",),
        (qr, qr.replace(number, "K7M39QXY")),  # which of the two?
    ):
        page = sent(photo_of(*texts))
        assert page.status == 422
        assert "does not lead to this shop" in page.error("photo")


def test_a_photo_that_cannot_be_read_says_why_beside_its_field(seller: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = Visitor(language="zh-hans")
    number = approved(seller)
    visitor.get("/verify/")

    def said(data: bytes) -> tuple[int, str]:
        page = visitor.post("/verify/photo/", {"photo": SimpleUploadedFile("x.jpg", data)})  # type: ignore[dict-item]
        return page.status, page.error("photo")

    good = photo_of(qr_of(number, seller)).read()
    status, none = said(photo_of().read())
    assert (status, "没有找到二维码" in none) == (422, True)
    unreadable = said(b"no picture")
    assert unreadable[0] == 422
    assert said(b"") == said(good[: len(good) // 9]) == said(b"GIF89a" + good) == unreadable
    monkeypatch.setattr(passport_photos, "_MOST_PIXELS", 4032 * 3024 - 1)  # it would fill the memory
    assert said(good) == unreadable
    monkeypatch.setattr(passport_photos, "MOST_MEGABYTES", 0)
    status, large = said(good)
    assert (status, large != unreadable[1]) == (422, True)
    assert Visitor().get("/verify/photo/").where == "/verify/"


def test_photos_count_as_look_ups_so_nobody_keeps_the_machine_busy(
    seller: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PASSPORTS", Limit("passport", 2, timedelta(hours=1)))
    visitor = Visitor()
    visitor.client.defaults["REMOTE_ADDR"] = "198.51.7.1"
    visitor.get("/verify/")
    tried = [visitor.post("/verify/photo/", {"photo": photo_of(size=(400, 300))}) for _ in range(3)]  # type: ignore[dict-item]
    assert [one.status for one in tried] == [422, 422, 429]


def test_a_report_with_a_picture_reaches_the_owner_alone(seller: Door) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    number, visitor = approved(seller), Visitor()
    page = visitor.get(f"/verify/report/?number={grouped(number)}")
    assert page.value("number") == grouped(number)
    wrong = visitor.post("/verify/report/", {"where": "", "message": "They copied it.", "email": ""})
    assert (wrong.status, bool(wrong.error("where"))) == (422, True)
    picture = SimpleUploadedFile("x.png", b"\x89PNG\r\n\x1a\n123", "image/png")
    sent = {"where": "Elsewhere 3", "message": "They copied it.", "number": number, "picture": picture}
    done = visitor.post("/verify/report/", sent)  # type: ignore[arg-type]  # a file among the texts
    assert "A person of the shop reads it." in done.text
    house = signed_in(seller.world)
    seen = house.get("/owner/sellers/")
    assert "They copied it." in seen.text
    [link] = re.findall(r'href="(/owner/sellers/reports/[^"]+)"', seen.html)
    assert house.client.get(link).content == b"\x89PNG\r\n\x1a\n123"
    assert "attachment" in house.client.get(link)["Content-Disposition"]
    for other in (visitor, seller.owner, signed_in(seller.world, Role.SUPPORT, "ben")):
        assert other.get(link).status == 404
    assert "A seller was reported" in house.get("/owner/items/").text
    [(item,)] = select("SELECT id FROM item WHERE kind = 'seller_reported'")
    assert "/owner/sellers/" in house.get(f"/owner/items/{item}/").html


def test_a_forged_number_stands_in_the_report_the_owner_reads(seller: Door) -> None:
    visitor = Visitor()
    visitor.get("/verify/report/")
    sent = {"where": "Elsewhere 3", "message": "They made it up.", "number": "K7M3-9QXY"}
    assert "A person of the shop reads it." in visitor.post("/verify/report/", sent).text
    text = signed_in(seller.world).get("/owner/sellers/").text
    assert "K7M3-9QXY" in text
    assert "No passport of ours has this number." in text


def test_a_report_that_came_too_fast_asks_for_its_picture_again(seller: Door) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    def picture() -> SimpleUploadedFile:
        return SimpleUploadedFile("x.png", b"\x89PNG\r\n\x1a\n123", "image/png")

    visitor, path = Visitor(), "/verify/report/"
    sent = {"where": "Elsewhere 3", "message": "They copied it."}
    page = visitor.client.post(path, {**sent, "picture": picture()}).content.decode()
    assert "Only the file is lost" in page
    assert "The file x.png" in page
    assert re.search(r'<form id="once-more"[^>]*enctype="multipart/form-data"', page)
    assert re.search(r'<input[^>]*name="picture" type="file"', page)
    seller.world.clock.tick(2)
    again = {**hidden(page, path), "picture": picture()}
    assert visitor.client.post(path, again).status_code == 302
    assert select("SELECT picture IS NOT NULL FROM passport_report") == [(True,)]


def test_the_sheet_of_the_sellers_links_from_the_pages_that_lead_there(seller: Door) -> None:
    assert HERE in seller.owner.get("/reseller/acme/").html
    assert HERE not in seller.colleague.get("/reseller/acme/").html
    assert "/owner/sellers/" in signed_in(seller.world).get("/owner/items/").html
    assert "/verify/" in Visitor().get("/about/").html


@pytest.mark.parametrize("event", Event)
def test_a_seller_reads_what_became_of_it_in_its_own_language(event: Event) -> None:
    about = {
        "became": str(event), "name": "Acme", "place": PLACE, "reason": "No shop there.", "number": "K7M3-9QXY",
        "until": "2027-11-22T23:00:00+00:00", "path": HERE,
    }  # fmt: skip
    said = set()
    for tag in ("en", "fr", "nl", "de", "zh-Hans"):
        notice = letters.words(Posted("passport", ANA, tag, about), base_url="https://shop.test", sandbox=False)
        assert PLACE in notice.subject
        assert f"https://shop.test{HERE}" in notice.text
        assert ("No shop there." in notice.text) == (event in WITH_REASON)
        said.add(notice.text)
    assert len(said) == 5


def test_the_command_says_and_does_the_same(
    seller: Door, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from argparse import ArgumentParser
    from contextlib import nullcontext

    number = applied(seller)
    monkeypatch.setattr(command, "running", nullcontext)
    monkeypatch.setenv("OPLA_URL", seller.world.shop.base_url)
    parser = ArgumentParser()
    command.add_arguments(parser)

    def said(*words: str) -> dict[str, object]:
        assert command.run(parser.parse_args([*words, "--json"])) == 0
        found = json.loads(capsys.readouterr().out)
        assert isinstance(found, dict)
        return found

    end = (seller.world.clock() + timedelta(days=9)).date()
    assert said("approve", grouped(number), "--until", end.isoformat())["state"] == "approved"
    assert said("suspend", number, "--reason", "x")["state"] == "suspended"
    assert said("resume", number)["state"] == "approved"
    assert said("turn-key")["signed"] == 1
    assert len(said()["passports"]) == 1  # type: ignore[arg-type]
    with pytest.raises(command.Stop, match="Write down the reason"):
        said("withdraw", number)
    with pytest.raises(command.Stop, match="no passport"):
        said("show", "K7M3-9QXY")


def test_the_command_signs_for_the_address_that_customers_know_or_not_at_all(
    seller: Door, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from argparse import ArgumentParser
    from contextlib import nullcontext

    from opla.commands import up

    number = applied(seller)
    monkeypatch.setattr(command, "running", nullcontext)
    monkeypatch.setattr(up, "VAR", tmp_path)
    monkeypatch.delenv("OPLA_URL", raising=False)
    parser = ArgumentParser()
    command.add_arguments(parser)

    def issuer() -> object:
        found = queries.by_number(number)
        assert found is not None
        return jwt.decode(found.jws, options={"verify_signature": False})["iss"]

    for act in (["approve", number], ["turn-key"]):
        with pytest.raises(command.Stop, match=r"start \./opla up first, or set OPLA_URL"):
            command.run(parser.parse_args(act))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "up.lock").write_text("http://127.0.0.1:8000/\nhttps://shop.example/")
    monkeypatch.setenv("OPLA_URL", "http://127.0.0.1:8000")  # what this terminal says is not what customers see
    command.run(parser.parse_args(["approve", number]))
    assert issuer() == "https://shop.example"
    (tmp_path / "run" / "up.lock").write_text("")
    monkeypatch.delenv("OPLA_URL")
    command.run(parser.parse_args(["withdraw", number, "--reason", "x"]))  # which signs nothing
