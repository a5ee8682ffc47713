"""What an account shows and does: its orders, its sessions, its data. An owner, a colleague and a stranger."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

import support
from fakes import CUSTOMER
from opla.core.kept_line import KeptLine
from opla.core.line import Line
from opla.core.usage import Usage
from opla.db.models import Customer, Session
from opla.db.queries.books import books
from opla.db.queries.call import select
from opla.operations import kept_lines, my_data
from opla.operations.follow import Wanted, follow
from surfaces.conftest import Door, Visitor
from surfaces.test_for_a_date import bought
from surfaces.test_signing_in import ANA, ask, sign_in

CODE = "0000000000001"
EVE = "eve@example.org"


def codes(html: str) -> str:
    return html.replace(" ", "")


@pytest.fixture
def house(door: Door) -> Door:
    """Ana (the owner) signed in on a second device; Eve (the colleague) with her own address; a stranger."""
    door.owner = Visitor()
    sign_in(door, door.owner)
    sign_in(door, door.colleague, EVE)
    return door


# ── orders ──


def test_orders_of_before_the_account_stand_in_it_however_the_address_was_written(door: Door) -> None:
    link = door.delivered()
    support.by_owner("UPDATE orders SET email = 'Ana@EXAMPLE.org'")
    page = sign_in(door, Visitor())
    assert link in page.html
    assert "Delivered" in page.text
    assert "Proximus" in page.text
    assert "€15.00" in page.text


def test_nobody_else_sees_them(house: Door) -> None:
    link = house.delivered()
    assert link in house.owner.get("/me/").html
    assert "No orders yet" in house.colleague.get("/me/").text
    assert house.stranger.get("/me/").where == "/me/in/"


def test_the_account_reveals_on_a_second_device_and_nobody_elses_does(house: Door) -> None:
    link = house.delivered()
    assert "Show the code" in house.owner.get(link).text
    assert CODE in codes(house.owner.post(f"{link}code/").html)
    [(actor,)] = select("SELECT actor FROM reveal")
    assert str(actor).startswith("customer:account ")
    for visitor in (house.colleague, house.stranger):
        assert "Show the code" not in visitor.get(link).text
        refused = visitor.post(f"{link}code/")
        assert refused.status == 403
        assert CODE not in codes(refused.html)
    assert select("SELECT count(*) FROM reveal") == [(1,)]


#: What may be done with a delivered order: its address, what is posted, and what proves that it was done.
ACTS: list[tuple[str, dict[str, str], str]] = [
    ("said/", {"said": "entered"}, "SELECT count(*) FROM order_said"),
    ("share/", {}, "SELECT count(*) FROM order_share"),
    ("thread/", {"act": "say", "message": "The code does not work"}, "SELECT count(*) FROM thread_message"),
    ("back/", {}, "SELECT count(*) FROM refund"),
]


@pytest.mark.parametrize(("act", "typed", "proof"), ACTS, ids=[act for act, _, _ in ACTS])
def test_an_account_acts_for_its_order_from_a_second_device_and_nobody_else_does(
    house: Door, act: str, typed: dict[str, str], proof: str
) -> None:
    link = house.delivered()
    for visitor in (house.colleague, house.stranger):
        assert visitor.post(f"{link}{act}", typed).status in (403, 409)
    assert select(proof) == [(0,)]
    assert house.owner.post(f"{link}{act}", typed).status == 200
    assert select(proof) == [(1,)]
    house.owner.post("/me/out/")
    assert house.owner.post(f"{link}{act}", typed).status in (403, 409)


def test_an_account_takes_back_a_link_it_gave_and_calls_off_what_waits_for_its_day(house: Door) -> None:
    link = house.delivered()
    house.owner.post(f"{link}share/")
    assert house.stranger.post(f"{link}share/end/").status == 403
    assert house.owner.post(f"{link}share/end/").status == 200
    assert select("SELECT ended_at IS NOT NULL FROM order_share") == [(True,)]
    signed_in, house.owner = house.owner, Visitor()
    waiting = bought(house)  # on a phone that is signed in nowhere
    house.owner = signed_in
    assert house.colleague.post(f"{waiting}call-off/").status == 403
    assert "You called it off" in house.owner.post(f"{waiting}call-off/").text


def test_signed_out_the_device_reveals_no_more(house: Door) -> None:
    link = house.delivered()
    house.owner.post(f"{link}code/")
    house.owner.post("/me/out/")
    assert house.owner.post(f"{link}code/").status == 403


def test_a_closed_account_reveals_nothing(house: Door) -> None:
    link = house.delivered()
    Customer.objects.filter(email=ANA).update(is_active=False)
    assert house.owner.get("/me/").where == "/me/in/"
    assert house.owner.post(f"{link}code/").status == 403


def test_a_reseller_s_order_is_nobodys_account(house: Door) -> None:
    house.delivered()
    support.by_owner("UPDATE orders SET reseller = 'shop'")
    assert "No orders yet" in house.owner.get("/me/").text
    support.by_owner("UPDATE orders SET reseller = ''")


def test_the_list_is_read_in_pages(house: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    from opla.operations import my_orders
    from opla.storefront.views import me

    monkeypatch.setattr(my_orders, "PAGE", 1)
    monkeypatch.setattr(me, "PAGE", 1)
    first = house.link(house.world.order())
    house.world.clock.tick(60)
    second = house.link(house.world.order())
    page = house.owner.get("/me/")
    assert (second in page.html, first in page.html) == (True, False)
    older = house.owner.get("/me/?after=1")
    assert (second in older.html, first in older.html) == (False, True)
    assert house.owner.get("/me/?after=-1x").status == 200


# ── sessions ──


def test_sessions_are_listed_with_their_browser_and_ended_one_by_one(house: Door) -> None:
    phone = Visitor()
    phone.client.defaults["HTTP_USER_AGENT"] = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Safari/604.1"
    sign_in(house, phone)
    page = house.owner.get("/me/security/")
    assert "Safari · iPhone" in page.text
    [ends] = re.findall(r'action="(/me/security/sessions/[0-9a-f]+/end/)"', page.html)
    assert house.colleague.post(ends).status == 404  # another's session is not there
    assert house.stranger.post(ends).where == "/me/in/"
    assert phone.get("/me/").where == "/me/"
    house.owner.post(ends)
    gone = phone.get("/me/", follow=False)
    assert (gone.status, gone.headers["Clear-Site-Data"]) == (302, '"storage"')
    assert house.owner.post("/me/security/sessions/xyz/end/").status == 404


def test_all_the_others_are_ended_at_once_and_this_one_stays(house: Door) -> None:
    others = [Visitor(), Visitor()]
    for visitor in others:
        sign_in(house, visitor)
    house.owner.post("/me/security/sessions/others/end/")
    assert [v.get("/me/").where for v in (house.owner, house.colleague, *others)] == [
        "/me/", "/me/", "/me/in/", "/me/in/",
    ]  # fmt: skip


def test_last_seen_moves_with_the_visits_and_not_with_every_page(house: Door) -> None:
    def seen() -> Any:
        return Session.objects.get(customer__email=ANA).seen_at

    first = seen()
    house.world.clock.tick(60)
    house.owner.get("/me/")
    assert seen() == first
    house.world.clock.tick(600)
    house.owner.get("/")  # any page
    assert seen() == house.world.clock()


def test_what_opens_the_account_wants_a_sign_in_of_just_now(house: Door) -> None:
    house.world.clock.tick(31 * 60)
    assert house.owner.get("/me/security/").status == 200
    for path in ("/me/security/step/off/", "/me/security/passkeys/", "/me/data/export/", "/me/data/delete/"):
        assert house.owner.post(path, {"sure": "yes"}).where == "/me/in/", path
    assert Customer.objects.filter(email=ANA).exists()
    sign_in(house, house.owner)
    assert house.owner.post("/me/data/export/").status == 200


def test_every_page_of_the_account_is_closed_to_a_stranger(house: Door) -> None:
    gets = ["/me/", "/me/security/", "/me/security/step/", "/me/data/", "/me/data/delete/"]
    posts = [
        "/me/language/", "/me/security/passkeys/", "/me/security/passkeys/1/remove/", "/me/security/step/",
        "/me/security/step/off/", "/me/security/codes/", "/me/security/sessions/others/end/", "/me/data/export/",
        "/me/data/delete/",
    ]  # fmt: skip
    assert {house.stranger.get(path).where for path in gets} == {"/me/in/"}
    assert {house.stranger.post(path).where for path in posts} == {"/me/in/"}


def test_a_form_of_another_site_does_nothing(house: Door) -> None:
    careful = Visitor(checks_forms=True)
    careful.client.cookies = house.owner.client.cookies
    for path in ("/me/out/", "/me/data/delete/", "/me/security/sessions/others/end/", "/me/in/", "/me/passkey/"):
        assert careful.post(path, {"sure": "yes"}).status == 403, path
    assert house.owner.get("/me/").where == "/me/"


def test_the_language_we_write_in_is_kept_and_the_pages_follow(house: Door) -> None:
    page = house.owner.post("/me/language/", {"language": "nl"})
    assert Customer.objects.get(email=ANA).language == "nl"
    assert '<html lang="nl">' in page.html
    house.owner.post("/me/language/", {"language": "tlh"})
    assert Customer.objects.get(email=ANA).language == "nl"


# ── my data ──


def exported(visitor: Visitor) -> dict[str, Any]:
    page = visitor.post("/me/data/export/")
    assert "attachment" in page.headers["Content-Disposition"]
    found: dict[str, Any] = json.loads(page.html)
    return found


def reminded(door: Door, email: str) -> None:
    wanted = Wanted(email, "proximus", "en")
    from fakes import CUSTOMER

    assert follow(CUSTOMER, wanted, shop=door.world.shop, at=door.world.clock()) == []
    door.world.work()


def test_sims_and_messages_are_in_the_export_and_gone_when_it_is_deleted(house: Door) -> None:
    at, shop = house.world.clock(), house.world.shop
    ana = Customer.objects.get(email=ANA)
    kept = KeptLine(shop.chance.uuid(at), "Mum's tablet", Usage(Line("proximus", currency="EUR")))
    assert kept_lines.keep(CUSTOMER, ana, [kept], shop=shop, at=at) == [kept.id]
    house.owner.post("/ask/", {"message": "Does it work in Spain?", "email": ANA, "sku": "PX-15"})
    house.world.work(2)
    [path] = re.findall(r"/ask/[a-z2-7]{26}/", " ".join(sent.text for sent in house.world.mailbox.sent))
    house.owner.post(f"{path}confirm/")
    found = exported(house.owner)
    assert [sim["name"] for sim in found["sims"]["sims"]] == ["Mum's tablet"]
    assert [said["text"] for thread in found["messages"] for said in thread["said"]] == ["Does it work in Spain?"]
    assert exported(house.colleague)["messages"] == []
    house.world.work(2)
    assert "Your data is deleted" in house.owner.post("/me/data/delete/", {"sure": "yes"}).text
    assert select("SELECT (SELECT count(*) FROM kept_line), (SELECT count(*) FROM thread)") == [(0, 0)]


def test_the_export_holds_everything_of_theirs_and_nothing_of_anybody_elses(house: Door) -> None:
    house.delivered("MV-15")
    house.delivered()
    reminded(house, ANA)
    reminded(house, EVE)
    page = house.owner.post("/me/data/export/")
    found = exported(house.owner)
    assert found["account"]["email"] == ANA
    assert [(o["state"], o["total_minor"], o["currency"]) for o in found["orders"]] == [("delivered", 1500, "EUR")] * 2
    assert "+32470123456" in {o["number"] for o in found["orders"]}
    assert found["orders"][0]["placed_at"].endswith("+00:00")
    assert [r["about"] for r in found["reminders"]] == ["promotions"]
    assert len(found["sessions"]) == 1
    assert EVE not in page.html
    assert CODE not in codes(page.html)
    assert "money" in found["not_in_here"]
    assert {piece.name for piece in my_data.PIECES} <= set(found)


def test_a_stranger_s_file_is_empty_of_orders(house: Door) -> None:
    house.delivered()
    assert exported(house.colleague)["orders"] == []


def whole_database() -> str:
    """Every row of every table as text."""
    tables = select(
        """SELECT c.oid::regclass::text FROM pg_class c
           WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace"""
    )
    return "\n".join(str(row) for (table,) in tables for row in select(f"SELECT t::text FROM {table} t"))


def test_deleted_means_that_nothing_in_the_database_names_them_and_the_money_stays(house: Door) -> None:
    link = house.delivered("MV-15")
    house.owner.post(f"{link}proof/")
    house.delivered()
    reminded(house, ANA)
    house.owner.post("/top-up/proximus/PX-15/", {"email": "ANA@example.org"})  # a price that was never bought
    house.world.work(2)
    before = select("SELECT sum(face_minor), count(*) FROM orders")
    named = whole_database().lower()
    assert ("ana@example.org" in named, "32470123456" in named) == (True, True)
    assert "Tick the box" in house.owner.post("/me/data/delete/").text  # the second confirmation
    page = house.owner.post("/me/data/delete/", {"sure": "yes"})
    assert "Your data is deleted" in page.text
    assert page.headers["Clear-Site-Data"] == '"storage"'
    left = whole_database().lower()
    assert ("ana@example.org" in left, "32470123456" in left) == (False, False)
    assert select("SELECT sum(face_minor), count(*) FROM orders") == before
    assert all(check.holds for check in books(house.world.clock()))
    assert house.owner.get("/me/").where == "/me/in/"
    assert house.owner.get(link).status == 404
    assert Customer.objects.filter(email=EVE).exists()
    assert "No orders yet" in sign_in(house, Visitor()).text  # the same address again is a new customer


def test_eve_deletes_herself_and_ana_loses_nothing(house: Door) -> None:
    link = house.delivered()
    assert "Your data is deleted" in house.colleague.post("/me/data/delete/", {"sure": "yes"}).text
    assert link in house.owner.get("/me/").html
    assert CODE in codes(house.owner.post(f"{link}code/").html)


@pytest.mark.parametrize("state", ["placed", "paid", "parked", "asked to be refunded"])
def test_while_an_order_needs_its_address_nothing_is_deleted(house: Door, state: str) -> None:
    world = house.world
    order_id = world.order() if state == "placed" else world.paid()
    if state == "parked":
        world.supplier.script = [world.supplier.is_silent] * 10_000
        world.supplier.finds = False
        for _ in range(12):
            world.clock.tick(300)
            world.work()
        assert world.items() == ["unknown_send"]
        sign_in(house, house.owner)
    if state == "asked to be refunded":
        world.work(3)
        support.by_owner(
            """INSERT INTO refund (id, order_id, payment_id, amount_minor, currency, reason, state, actor, made_at)
               SELECT gen_random_uuid(), %s, payment_id, 1500, 'EUR', 'by_choice', 'asked', 'x', now()
               FROM allocation WHERE order_id = %s""",
            [order_id, order_id],
        )
    page = house.owner.post("/me/data/delete/", {"sure": "yes"})
    assert page.status == 409
    assert "still under way" in page.text
    assert select("SELECT DISTINCT email FROM orders") == [(ANA,)]
    assert house.owner.get("/me/").where == "/me/"
    support.by_owner("DELETE FROM refund WHERE state = 'asked'")


def test_a_message_about_an_order_whose_buyer_is_forgotten_goes_nowhere_and_troubles_nobody(house: Door) -> None:
    house.delivered()
    house.owner.post("/me/data/delete/", {"sure": "yes"})
    sent = len(house.world.mailbox.sent)
    support.by_owner(
        """INSERT INTO outbox (reference, topic, order_id, made_at, due_at)
           SELECT md5('x'), 'refunded', id, %s, %s FROM orders""",
        [house.world.clock(), house.world.clock()],
    )
    house.world.work(2)
    assert len(house.world.mailbox.sent) == sent
    assert house.world.items() == []


def test_a_quote_is_rewritten_by_nothing_but_forgetting(house: Door) -> None:
    house.delivered()
    with pytest.raises(Exception, match="append-only"):
        support.by_owner("UPDATE quote SET email = ''")


def test_a_link_that_was_asked_before_deleting_makes_a_new_customer_who_sees_nothing_old(house: Door) -> None:
    house.delivered()
    link = ask(house, Visitor())
    house.owner.post("/me/data/delete/", {"sure": "yes"})
    assert Visitor().post(link).status == 404  # it named them, so it went too
