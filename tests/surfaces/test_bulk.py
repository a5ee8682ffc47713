"""A reseller's pages of files, by role; and what the buyer of a marketplace opens."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from fakes import START
from opla.core.actor import Actor, Role
from opla.core.api_access import MEMBER_MAY, Access, Member
from opla.core.bulk import Source
from opla.db.queries import bulk as files
from opla.db.queries.call import select
from opla.operations import bulk, members, resellers
from surfaces.conftest import Door, Seen, Visitor
from surfaces.test_signing_in import ANA, sign_in

OWNER = Actor(Role.OWNER, "test")
EVE = "eve@example.org"
FILES = "/reseller/acme/files/"
FILE = b"key,sku,number\na,MV-15,0470123456\nb,MV-15,04701\nc,MV-15,0470123457\n"
EBAY = Source("ebay", "Order", "Item", {"Proximus 15": "PX-15"}, language="Lang", speaks="nl")


@pytest.fixture
def people(door: Door) -> Door:
    """Ana is the owner of acme, Eve keeps its books; the stranger is the owner of bolt."""
    for name, email in (("acme", ANA), ("bolt", "max@example.org")):
        assert resellers.add(OWNER, name, title=f"{name.title()} Phones", email="o@example.org", at=START) is None
        assert resellers.pay_in(OWNER, name, "100", "first", shop=door.world.shop, at=START) is True
        assert members.name(OWNER, name, email, "owner", at=START) is None
    assert members.name(OWNER, "acme", EVE, "books", at=START) is None
    sign_in(door, door.owner, ANA)
    sign_in(door, door.colleague, EVE)
    sign_in(door, door.stranger, "max@example.org")
    return door


def work(door: Door) -> None:
    while bulk.step(shop=door.world.shop, at=door.world.clock()):
        pass


def send(door: Door, visitor: Visitor, data: bytes = FILE, **more: str) -> Seen:
    sent = {"file": SimpleUploadedFile("orders.csv", data), "key": visitor.get(FILES).value("key"), **more}
    return visitor.post(FILES, sent)  # type: ignore[arg-type]  # a file is posted as one


def test_a_person_sends_a_file_sees_what_is_wrong_confirms_the_price_and_gets_the_result(people: Door) -> None:
    sent = send(people, people.owner)
    assert (sent.status, "Being read" in sent.text) == (200, True)
    assert "hx-get" in sent.html
    work(people)
    page = people.owner.get(sent.where)
    assert "Line 3 · b number : This number is" in page.text
    assert "Buy 2 for €30.00 from the float" in page.text
    assert "hx-get" not in page.html
    people.owner.post(f"{sent.where}confirm/", {"total_minor": page.value("total_minor"), "key": page.value("key")})
    work(people)
    people.world.work(2)
    done = people.owner.get(sent.where)
    assert "Done" in done.title
    assert "2 delivered" in done.text
    result = people.owner.get(f"{sent.where}result/")
    assert result.html.count("delivered") == 2
    assert "attachment" in result.headers["Content-Disposition"]
    again = send(people, people.owner)
    work(people)
    assert "Bought before 2" in people.owner.get(again.where).text


def test_the_part_that_moves_is_the_same_page_without_javascript(people: Door) -> None:
    sent = send(people, people.owner)
    part = people.owner.get(f"{sent.where}state/")
    assert part.html.startswith('<div id="file-state"')
    assert "Look again" in people.owner.get(sent.where).html


def test_a_sum_that_is_not_the_one_shown_is_refused_and_a_file_for_later_waits(people: Door) -> None:
    sent = send(people, people.owner)
    work(people)
    wrong = people.owner.post(f"{sent.where}confirm/", {"total_minor": "1", "key": "k"})
    assert (wrong.status, "differs from the amount shown" in wrong.text) == (422, True)
    early = {"total_minor": "3000", "key": "k", "begins_at": "0001-01-01T00:00"}
    assert people.owner.post(f"{sent.where}confirm/", early).status == 422
    odd = people.owner.post(f"{sent.where}confirm/", {"total_minor": "3000", "key": "k", "begins_at": "tomorrow"})
    assert odd.status == 422
    typed = {"total_minor": "3000", "key": "k", "begins_at": "2026-11-23T09:00"}
    later = people.owner.post(f"{sent.where}confirm/", typed)
    assert "Nothing is bought before 23 Nov 2026" in later.text
    work(people)
    assert select("SELECT count(*) FROM orders") == [(0,)]
    assert "Cancelled" in people.owner.post(f"{sent.where}cancel/").title


def test_what_is_missing_on_the_float_is_said(people: Door) -> None:
    data = b"key,sku,number\n" + b"".join(b"k%d,MV-15,0470123456\n" % n for n in range(8))
    sent = send(people, people.owner, data)
    work(people)
    people.owner.post(f"{sent.where}confirm/", {"total_minor": "12000", "key": "k"})
    work(people)
    assert "€20.00 is missing on the float" in people.owner.get(sent.where).text
    resellers.pay_in(OWNER, "acme", "20", "second", shop=people.world.shop, at=START)
    people.owner.post(f"{sent.where}resume/")
    work(people)
    assert "Done" in people.owner.get(sent.where).title


def test_a_colleague_without_the_right_looks_and_a_stranger_sees_nothing(people: Door) -> None:
    sent = send(people, people.owner)
    work(people)
    seen = people.colleague.get(sent.where)
    assert (seen.status, "<form method" in seen.html.split("<main")[1]) == (200, False)
    assert people.colleague.get(f"{sent.where}result/").status == 200
    outside = Visitor()
    file_id = UUID(sent.where.rstrip("/").rpartition("/")[2])
    for what in ("confirm", "pause", "resume", "cancel"):
        typed = {"total_minor": "3000", "key": "k"}
        assert people.colleague.post(f"{sent.where}{what}/", typed).status == 404
        assert people.stranger.post(f"{sent.where}{what}/", typed).status == 404
        assert people.stranger.post(f"/reseller/bolt/files/{file_id}/{what}/", typed).status == 404
        assert outside.post(f"{sent.where}{what}/", typed).where == "/me/in/"
    for path in ("", "state/", "result/"):
        assert people.stranger.get(f"{sent.where}{path}").status == 404
        assert people.stranger.get(f"/reseller/bolt/files/{file_id}/{path}").status == 404
        assert outside.get(f"{sent.where}{path}").where == "/me/in/"
    assert people.colleague.post(FILES, {"key": "k"}).status == 404
    assert people.colleague.get(f"{FILES}sources/").status == 404
    assert people.stranger.get(FILES).status == 404
    assert select("SELECT state FROM bulk_file") == [("checked",)]


def test_a_marketplace_is_described_once_and_what_is_wrong_is_named(people: Door) -> None:
    typed = {"platform": "ebay", "order": "Order", "product": "Item", "language": "Lang", "speaks": "nl"}
    wrong = people.owner.post(f"{FILES}sources/", {**typed, "skus": "Proximus 15 = NO-1"})
    assert (wrong.status, "NO-1" in wrong.html) == (422, True)
    kept = people.owner.post(f"{FILES}sources/", {**typed, "skus": "Proximus 15 = PX-15\n"})
    assert "Proximus 15 → PX-15" in kept.text
    assert files.sources_by("acme") == [EBAY]
    sent = send(people, people.owner, b"Order,Item,Lang\n17-1,Proximus 15,\n", source="ebay")
    work(people)
    assert "Buy 1 for €15.00" in people.owner.get(sent.where).text


def links(door: Door, data: bytes = b"Order,Item,Lang\n17-1,Proximus 15,\n") -> list[str]:
    """The addresses that the buyers of a marketplace get."""
    who = Access("acme", ANA, MEMBER_MAY[Member.OWNER])
    assert bulk.describe(who, EBAY, at=START) == []
    made = bulk.upload(who, data, key="k", platform="ebay", shop=door.world.shop, at=door.world.clock())
    assert isinstance(made, bulk.Uploaded)
    work(door)
    total = files.files_of("acme", sandbox=False)[0].total_minor
    assert bulk.confirm(who, made.file_id, total, key="k", at=door.world.clock()) is None
    work(door)
    door.world.work(2)
    orders = [row.order_id for row in files.rows(made.file_id, limit=9)]
    return [bulk.link_of(o, shop=door.world.shop).removeprefix("http://shop.test") for o in orders if o]


def test_a_buyer_opens_the_link_in_their_language_under_the_sellers_name_and_sees_the_code_once(people: Door) -> None:
    [link] = links(people)
    buyer = Visitor(language="en")
    page = buyer.get(link)
    assert re.search(r'<html lang="nl"', page.html)
    assert "Acme Phones" in page.text
    assert "0000000000001" not in page.html
    assert select("SELECT count(*) FROM reveal") == [(0,)]
    shown = buyer.post(f"{link}code/")
    assert "0000 0000 0000 1" in shown.text or "0000000000001" in shown.html
    assert select("SELECT count(*) FROM reveal") == [(1,)]
    other = Visitor().post(f"{link}code/")
    assert (other.status, "0000000000001" in other.html) == (409, False)
    assert buyer.post(f"{link}code/").status == 200


def test_a_buyer_who_chose_a_language_keeps_it(people: Door) -> None:
    [link] = links(people)
    buyer = Visitor()
    buyer.post("/language/", {"language": "de", "next": "/"})
    assert '<html lang="de"' in buyer.get(link).html


def test_a_guess_and_the_link_of_an_order_of_the_shop_itself_are_nothing(people: Door) -> None:
    own = people.delivered()
    assert Visitor().get(f"/g/{'a' * 26}/").status == 404
    assert Visitor().get("/g/x/").status == 404
    assert Visitor().post(f"/g/{'a' * 26}/code/").status == 404
    assert Visitor().get(own.replace("/o/", "/g/")).status == 404


def test_a_seller_gives_a_buyer_a_new_link_and_is_told_whether_the_old_one_was_looked_at(people: Door) -> None:
    [link] = links(people)
    [(ticket,)] = select("SELECT ticket FROM orders")
    page = f"{FILES}{files.files_of('acme', sandbox=False)[0].id}/"
    assert Visitor().post(f"{link}code/").status == 200  # on a phone that was lost since
    first = people.owner.post(f"{page}link/", {"order": f" {str(ticket).lower()} "})
    assert (first.status, "had been shown by a link before" in first.text) == (200, True)
    second = people.owner.get(f"{page}result/").html.rpartition("http://shop.test")[2].strip()
    assert second in first.html
    assert second != link
    assert Visitor().get(link).status == 410
    assert Visitor().post(f"{link}code/").status == 410
    assert Visitor().post(f"{second}code/").status == 200
    unknown = people.owner.post(f"{page}link/", {"order": "AAAA-AAAA-AA"})
    assert (unknown.status, "No order of this file has that number" in unknown.text) == (422, True)


def test_a_link_that_nobody_looked_at_is_told_so_and_only_those_who_may_see_codes_make_one(people: Door) -> None:
    [_link] = links(people)
    [(ticket,)] = select("SELECT ticket FROM orders")
    page = f"{FILES}{files.files_of('acme', sandbox=False)[0].id}/"
    typed = {"order": str(ticket)}
    for visitor in (people.colleague, people.stranger):
        assert visitor.post(f"{page}link/", typed).status == 404
    assert people.stranger.post(f"{page.replace('acme', 'bolt')}link/", typed).status == 404
    assert Visitor().post(f"{page}link/", typed).where == "/me/in/"
    assert "New link for this buyer" not in people.colleague.get(page).html
    assert select("SELECT count(*) FROM order_share") == [(1,)]
    assert "No link before had shown the code" in people.owner.post(f"{page}link/", typed).text
    for _ in range(18):
        assert people.owner.post(f"{page}link/", typed).status == 200
    assert people.owner.post(f"{page}link/", typed).status == 422
    assert select("SELECT count(*), count(*) FILTER (WHERE ended_at IS NULL) FROM order_share") == [(20, 1)]


def test_a_link_ends(people: Door) -> None:
    from opla.core.bulk.life import LINK_LASTS

    [link] = links(people)
    people.world.clock.now += LINK_LASTS
    assert Visitor().get(link).status == 410
    assert Visitor().post(f"{link}code/").status == 410
    assert select("SELECT count(*) FROM reveal") == [(0,)]
