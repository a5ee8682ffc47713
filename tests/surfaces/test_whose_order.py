"""Nobody sees what is not theirs: the owner of an order, a colleague on another device, and a stranger."""

from __future__ import annotations

import re

from opla.core.actor import Actor, Role
from opla.db.queries.call import select
from surfaces.conftest import Door, Visitor

CODE = "0000000000001"


def test_the_link_shows_everybody_the_state_and_nobody_the_code(door: Door) -> None:
    link = door.delivered()
    for visitor in (door.owner, door.colleague, door.stranger):
        page = visitor.get(link)
        assert page.status == 200
        assert "Delivered" in page.text
        assert CODE not in page.html.replace(" ", "")


def test_a_guessed_order_page_looks_like_any_page_that_is_not_there(door: Door) -> None:
    door.delivered()
    guessed, nowhere = door.stranger.get(f"/o/{'a' * 26}/"), door.stranger.get("/o/a/")
    assert (guessed.status, nowhere.status) == (404, 404)
    assert guessed.text == nowhere.text


def test_only_the_ordering_device_reveals(door: Door) -> None:
    link = door.delivered()
    assert CODE in door.owner.post(f"{link}code/").html.replace(" ", "")
    for visitor in (door.colleague, door.stranger):
        refused = visitor.post(f"{link}code/")
        assert refused.status == 403
        assert "only on the device that ordered" in refused.text
        assert CODE not in refused.html.replace(" ", "")


def test_looking_at_a_code_is_written_down_before_it_is_shown(door: Door) -> None:
    link = door.delivered()
    assert door.owner.get(link).text.count("Show the code") == 1
    door.owner.post(f"{link}code/")
    [(actor,)] = select("SELECT actor FROM reveal")
    assert str(actor).startswith("customer:")
    assert "Show the code again" in door.owner.get(link).text


def test_reloading_the_page_with_the_code_shows_no_code(door: Door) -> None:
    link = door.delivered()
    page = door.owner.get(f"{link}code/")
    assert page.where == link
    assert CODE not in page.html.replace(" ", "")


def test_another_device_reveals_after_the_six_digits_of_the_orders_e_mail(door: Door) -> None:
    link = door.delivered()
    asked = door.colleague.post(f"{link}proof/")
    assert "sent six digits" in asked.text
    assert "ana@example.org" not in asked.text  # whoever has the link learns no address
    door.world.work()
    digits = re.search(r"\b\d{6}\b", door.world.mailbox.sent[-1].text)
    assert digits is not None
    wrong = door.colleague.post(f"{link}prove/", {"proof": "x"})
    assert "not the six digits" in wrong.error("proof")
    proved = door.colleague.post(f"{link}prove/", {"proof": f" {digits.group()[:3]} {digits.group()[3:]} "})
    assert "Show the code" in proved.text
    assert CODE in door.colleague.post(f"{link}code/").html.replace(" ", "")
    assert door.stranger.post(f"{link}code/").status == 403


def test_six_digits_are_not_guessed(door: Door) -> None:
    link = door.delivered()
    door.colleague.post(f"{link}proof/")
    said = [door.colleague.post(f"{link}prove/", {"proof": f"{n:06d}"}).error("proof") for n in range(7)]
    assert "too often" in said[-1]


def test_asking_for_digits_again_and_again_sends_one_message_a_minute(door: Door) -> None:
    link = door.delivered()
    before = len(door.world.mailbox.sent)
    assert [door.stranger.post(f"{link}proof/").status for _ in range(3)] == [200, 429, 429]
    door.world.work()
    assert len(door.world.mailbox.sent) == before + 1


def test_a_quote_belongs_to_the_device_it_was_shown_on(door: Door) -> None:
    quote = door.owner.post("/top-up/proximus/PX-15/", {"email": "ana@example.org"})
    typed = {"total": quote.value("total"), "method": "sandbox", "at_once": "on"}
    for visitor in (door.colleague, door.stranger):
        assert visitor.get(quote.where).status == 404
        assert visitor.post(quote.where, typed).status == 404
        assert visitor.post(f"{quote.where}renew/").status == 404
    assert select("SELECT count(*) FROM orders") == [(0,)]


def test_the_owners_page_does_not_exist_for_anybody_else(door: Door) -> None:
    for visitor in (door.owner, door.colleague, door.stranger):
        page = visitor.get("/owner/items/")
        assert (page.status, page.text) == (404, visitor.get("/owner/nothing/").text)


def test_a_one_time_link_signs_the_shops_owner_in_once(door: Door) -> None:
    from opla.operations.owner import make_link

    token = make_link(Actor(Role.OWNER, "ana"), at=door.world.clock())
    boss, thief = Visitor(), Visitor()
    assert "Sign in" in boss.get(f"/owner/enter/{token}/").text  # looking uses nothing up
    assert "Waiting for a person" in boss.post(f"/owner/enter/{token}/").text
    assert thief.post(f"/owner/enter/{token}/").status == 404
    assert thief.get("/owner/items/").status == 404
    door.world.clock.tick(13 * 3600)
    assert boss.get("/owner/items/").status == 404


def test_the_owner_sees_open_items_with_age_and_money(door: Door) -> None:
    from opla.operations.owner import make_link

    order_id = door.world.paid()
    door.world.supplier.finds = False
    door.world.supplier.script = [door.world.supplier.is_silent] * 10_000
    for _ in range(12):
        door.world.clock.tick(300)
        door.world.work()
    assert door.world.items() == ["unknown_send"]
    boss = Visitor()
    page = boss.post(f"/owner/enter/{make_link(Actor(Role.OWNER, 'ana'), at=door.world.clock())}/")
    assert "Nobody can say whether it was delivered" in page.text
    assert "€15.00" in page.text
    customer = door.owner.get(door.link(order_id))
    assert "A person is looking at it" in customer.text
    assert "do not pay again" in customer.text


def test_a_customer_actor_is_named_by_its_devices_hash_and_not_by_its_secret() -> None:
    from fakes import DEVICE
    from opla.accounts.device import customer

    actor = customer(DEVICE)
    assert actor == Actor(Role.CUSTOMER, actor.name)
    assert DEVICE.hex() not in actor.name
    assert len(actor.name) == 12
