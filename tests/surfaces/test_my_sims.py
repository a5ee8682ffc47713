"""My SIMs: the owner sees theirs, a colleague and a stranger none; from a file, without an account, too."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from fakes import START, World
from opla.core.actor import Actor, Role
from opla.core.catalog import parse
from opla.core.kept_line import Choice, KeptLine, Whose, read_file, write_file
from opla.core.line import Bucket, Credit, Kind, Line
from opla.core.usage import Usage
from opla.db.models import Customer
from opla.operations import catalogue, kept_lines
from opla.operations.read_catalog import read_country
from support import as_owner
from surfaces.conftest import Door, Seen, Visitor
from surfaces.test_have import to_the_line

ANA, BEN = "ana@example.org", "ben@example.org"
DAY = timedelta(days=1)


def signed_in(visitor: Visitor, email: str) -> Customer:
    customer, _ = Customer.objects.get_or_create(email=email, defaults={"language": "en", "made_at": START})
    visitor.client.force_login(customer)
    return customer


def mum(data_days: int = 11, **other: object) -> KeptLine:
    line = Line(
        "proximus", "bonus", credit=(Credit(500, START + 200 * DAY, START),),
        buckets=(Bucket(Kind.DATA, 1_200_000, START, START + data_days * DAY, "PX-15"),),
        topped_up_at=START - 20 * DAY,
    )  # fmt: skip
    given = {"name": "Mum", "whose": Whose.OTHER, "number": "+32470123456", "choice": Choice("PX-15", 1500, "bonus")}
    return KeptLine(uuid4(), **({"usage": Usage(line)} | given | other))  # type: ignore[arg-type]  # fields of a kept line


def keep(customer: Customer, world: World, *lines: KeptLine) -> None:
    actor = Actor(Role.CUSTOMER)
    assert kept_lines.keep(actor, customer, lines, shop=world.shop, at=START) == [line.id for line in lines]


def file(*lines: KeptLine) -> SimpleUploadedFile:
    return SimpleUploadedFile("sims.json", json.dumps(write_file(lines, START)).encode())


def test_each_line_has_one_verdict_with_what_each_way_costs(door: Door) -> None:
    keep(signed_in(door.owner, ANA), door.world, mum())
    page = door.owner.get("/me/sims/")
    assert "Mum Proximus · 0470 12 34 56 · for somebody else" in page.text
    assert "then renew by" in page.text
    assert "1.2 GB, there until" in page.text
    assert "Renew now €15" in page.text
    assert "Let it lapse €0.00" in page.text
    assert "your last choice" in page.text
    assert page.html.count('class="line-picture"') == 1


def test_one_tap_leads_to_the_price_with_the_line_beside_it_and_buys_nothing(door: Door) -> None:
    kept = mum()
    keep(signed_in(door.owner, ANA), door.world, kept)
    page = door.owner.post(f"/me/sims/{kept.id}/renew/", {})
    assert page.where.startswith("/quote/")
    assert "From what you told us" in page.text
    assert "1.2 GB" in page.text
    assert ANA in page.text
    with as_owner() as cursor:
        cursor.execute("SELECT (SELECT count(*) FROM quote), (SELECT count(*) FROM orders)")
        assert cursor.fetchone() == (1, 0)


def test_a_colleague_and_a_stranger_find_nothing_of_it(door: Door) -> None:
    kept = mum()
    keep(signed_in(door.owner, ANA), door.world, kept)
    signed_in(door.colleague, BEN)
    for visitor in (door.colleague, door.stranger):
        assert "Mum" not in visitor.get("/me/sims/").text
        for way in ("", "alive/", "answer/", "line/"):
            assert visitor.get(f"/me/sims/{kept.id}/{way}").status == 404
        for way in ("", "renew/", "forget/", "answer/", "line/"):
            assert visitor.post(f"/me/sims/{kept.id}/{way}", {"name": "mine"}).status == 404 or way == "forget/"
        assert visitor.get(f"/me/sims/{uuid4()}/").status == 404
    assert door.stranger.post("/me/sims/file/", {}).status == 404
    assert "Mum" in door.owner.get("/me/sims/").text


def test_beside_live_adapters_the_operator_decides_where_nobody_knows(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = parse(read_country("belgium", sandbox=False))
    monkeypatch.setattr(catalogue, "active", lambda: (1, live))
    monkeypatch.setattr(door.world, "shop", replace(door.world.shop, sandbox=False))
    keep(signed_in(door.owner, ANA), door.world, mum())
    page = door.owner.get("/me/sims/")
    assert "The operator decides" in page.text
    assert "what renewing early does" in page.text
    assert "bonus_plans" not in page.text
    assert "Nobody here knows how long" in door.stranger.get("/alive/?operator=orange&months=12").text


def test_a_line_is_added_by_hand_changed_and_deleted(door: Door) -> None:
    customer = signed_in(door.owner, ANA)
    wrong = door.owner.post("/me/sims/add/", {"name": "", "operator": "nobody", "number": "112"})
    assert wrong.status == 422
    assert "name of 1 to 40" in wrong.error("name")
    assert "emergency" in wrong.error("number")
    page = door.owner.post(
        "/me/sims/add/", {"name": "妈妈", "operator": "base", "number": "0486 12 34 56", "whose": "other"}
    )
    assert "Say first what is on it" in page.text
    [kept] = kept_lines.of(customer, shop=door.world.shop)
    assert (kept.name, kept.number, kept.whose, kept.operator) == ("妈妈", "+32486123456", Whose.OTHER, "base")
    changed = {"name": "Dad", "number": "", "wanted": "number", "needed_until": "2027-05-31", "choice": "BA-20 2000"}
    door.owner.post(f"/me/sims/{kept.id}/", changed)
    [kept] = kept_lines.of(customer, shop=door.world.shop)
    assert (kept.name, kept.number, str(kept.aim), str(kept.until)) == ("Dad", "", "number", "2027-05-31")
    assert kept.choice == Choice("BA-20", 2000)
    bad = door.owner.post(f"/me/sims/{kept.id}/", {**changed, "choice": "PX-15 1500", "needed_until": "soon"})
    assert bad.status == 422
    page = door.owner.post(f"/me/sims/{kept.id}/forget/", {})
    assert "No SIM is kept yet" in page.text


def test_what_is_kept_is_sealed(door: Door) -> None:
    keep(signed_in(door.owner, ANA), door.world, mum())
    with as_owner() as cursor:
        cursor.execute("SELECT k::text, k.sealed FROM kept_line k")
        [(row, sealed)] = cursor.fetchall()
    assert "Mum" not in row
    assert b"Mum" not in bytes(sealed)
    assert b"+32" not in bytes(sealed)


def test_the_file_comes_back_once_however_often_it_is_brought(door: Door) -> None:
    customer = signed_in(door.owner, ANA)
    keep(customer, door.world, mum(), mum(name="Tablet"))
    answer = door.owner.client.post("/me/sims/file/")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    lines = read_file(json.loads(answer.content))
    assert lines == kept_lines.of(customer, shop=door.world.shop)
    other = signed_in(door.colleague, BEN)
    for said in ("2 SIMs were kept", "2 were there already"):
        sent = SimpleUploadedFile("sims.json", answer.content)
        assert said in door.colleague.post("/me/sims/bring/", {"file": sent}).text
    assert kept_lines.of(other, shop=door.world.shop) == lines


@pytest.mark.parametrize("signed", [True, False], ids=["with an account", "without"])
def test_a_file_with_an_error_keeps_nothing_and_names_every_one(door: Door, signed: bool) -> None:
    if signed:
        signed_in(door.owner, ANA)
    document = write_file([mum(), mum(), mum()], START)
    sims = document["sims"]
    assert isinstance(sims, list)
    sims[0]["number"] = "112"
    sims[2]["line"]["buckets"][0]["kind"] = "gold"
    sent = SimpleUploadedFile("sims.json", json.dumps(document).encode())
    page = door.owner.post("/me/sims/bring/", {"file": sent})
    assert page.status == 422
    assert "sims.0.number" in page.text
    assert "sims.2.line.buckets.0.kind" in page.text
    with as_owner() as cursor:
        cursor.execute("SELECT count(*) FROM kept_line")
        assert cursor.fetchone() == (0,)


def test_without_an_account_a_file_shows_it_all_and_nothing_is_kept(door: Door) -> None:
    page = door.stranger.post("/me/sims/bring/", {"file": file(mum())})
    assert "then renew by" in page.text
    carried = re.search(r'name="sim" value="([^"]*)"', page.html)
    assert carried
    page = door.stranger.post("/me/sims/renew/", {"sim": unescape(carried[1])})
    assert page.where.startswith("/top-up/proximus/PX-15/")
    page = door.stranger.post("/top-up/proximus/PX-15/", {"email": BEN, "plan": "bonus"})
    assert "From what you told us" in page.text
    with as_owner() as cursor:
        cursor.execute("SELECT count(*) FROM kept_line")
        assert cursor.fetchone() == (0,)


def kept_from(page: Seen) -> str:
    found = re.findall(r'name="usage" value="([^"]*)"', page.html)
    return unescape(found[0])


def test_a_reading_is_kept_in_the_account_or_put_into_a_file(door: Door) -> None:
    usage = kept_from(to_the_line(door.stranger))
    answer = door.stranger.client.post("/have/base/keep/", {"usage": usage, "name": "Work", "file": file(mum())})
    lines = read_file(json.loads(answer.content))
    assert [line.name for line in lines if isinstance(line, KeptLine)] == ["Mum", "Work"]
    again = SimpleUploadedFile("sims.json", answer.content)
    answer = door.stranger.client.post("/have/base/keep/", {"usage": usage, "name": "Work", "file": again})
    assert len(read_file(json.loads(answer.content))) == 2
    customer = signed_in(door.owner, ANA)
    page = door.owner.post("/have/base/keep/", {"usage": usage, "name": "Work"})
    assert "1.2 GB" in page.text
    assert [line.name for line in kept_lines.of(customer, shop=door.world.shop)] == ["Work"]


def test_keeping_a_number_alive_from_a_line_and_typed(door: Door) -> None:
    kept = mum()
    keep(signed_in(door.owner, ANA), door.world, kept)
    page = door.owner.get(f"/me/sims/{kept.id}/alive/?months=24")
    assert "Cheapest: no list of top-ups" in page.text
    page = door.stranger.get("/alive/?operator=proximus&months=24&since=2026-11-01")
    assert "Cheapest: no list of top-ups" in page.text
    assert "Top up: Proximus" in page.text
    assert door.stranger.get("/alive/?operator=x&months=99&since=soon&credit=x").status == 422
    page = door.stranger.get("/alive/?operator=carrefour-mobile&months=12&since=2026-11-01&credit=5")
    assert "Nobody here knows" in page.text or "Best found" in page.text or "sells nothing" in page.text


def test_leaving_says_what_is_known_what_is_not_and_what_to_say(door: Door) -> None:
    page = door.stranger.get("/leaving/base/")
    assert "pay back the credit that is left" in page.text
    assert "is not known here" in page.text
    assert "1999" in page.text
    assert '<blockquote lang="fr">' in page.html
    assert door.stranger.get("/leaving/nobody/").status == 404


def test_an_order_is_kept_with_what_was_bought_by_whoever_ordered_it(door: Door) -> None:
    order = door.delivered()
    customer = signed_in(door.owner, ANA)
    assert "Keep this SIM" in door.owner.get(order).text
    door.owner.post(f"{order}keep/", {"name": "Mine"})
    [kept] = kept_lines.of(customer, shop=door.world.shop)
    assert (kept.operator, kept.choice) == ("proximus", Choice("PX-15", 1500))
    other = signed_in(door.colleague, BEN)
    assert "Keep this SIM" not in door.colleague.get(order).text
    assert door.colleague.post(f"{order}keep/", {"name": "Mine"}).status == 404
    assert door.stranger.post(f"{order}keep/", {"name": "Mine"}).status == 404
    assert kept_lines.of(other, shop=door.world.shop) == []
