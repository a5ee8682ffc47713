"""The link for the recipient: what they need, nothing of the buyer; the code where the buyer said so, to one phone."""

from __future__ import annotations

import re
from datetime import timedelta

from fakes import CUSTOMER, NUMBER
from opla.core.refusal import Code, Refusal
from opla.db.queries.call import select
from opla.operations import share as sharing
from support import at_once
from surfaces.conftest import Door, Seen, Visitor

CODE = "0000000000001"


def made(door: Door, order: str, *, with_code: bool = False) -> str:
    """The path of a new link, as the buyer's page shows it."""
    page = door.owner.post(f"{order}share/", {"with_code": "on"} if with_code else {})
    assert page.status == 200
    found = re.search(r"http://shop\.test(/s/[a-z2-7]{26}/)", page.html)
    assert found is not None
    return found[1]


def bare(page: Seen) -> str:
    return page.html.replace(" ", "")


def test_the_recipient_sees_what_it_is_and_how_to_use_it_and_nothing_of_the_buyer(door: Door) -> None:
    order = door.delivered()
    link = made(door, order)
    page = door.stranger.get(link)
    assert page.status == 200
    for said in ("Proximus", "Delivered", "*121*[code]#", "Customer care"):
        assert said in page.text
    for secret in ("ana@example.org", "Total", "Receipt", "Order number", order, CODE, "Service fee"):
        assert secret not in page.html
    assert select("SELECT count(*) FROM reveal") == [(0,)]


def test_a_direct_top_up_shows_its_state_and_not_the_number(door: Door) -> None:
    order = door.delivered("MV-15")
    page = door.stranger.get(made(door, order))
    assert "keep the phone on" in page.text.lower()
    assert "12 34 56" not in page.text
    assert NUMBER not in bare(page)


def test_without_the_buyers_tick_no_code_comes_through_the_link(door: Door) -> None:
    link = made(door, door.delivered())
    assert "Show the code" not in door.stranger.get(link).text
    refused = door.stranger.post(f"{link}code/")
    assert refused.status == 404
    assert select("SELECT count(*) FROM reveal") == [(0,)]


def test_the_code_is_revealed_by_post_alone_and_written_down_first(door: Door) -> None:
    order = door.delivered()
    link = made(door, order, with_code=True)
    for looked in (door.stranger.get(link), door.stranger.get(f"{link}code/")):
        assert CODE not in bare(looked)
    assert select("SELECT count(*) FROM reveal") == [(0,)]
    assert CODE in bare(door.stranger.post(f"{link}code/"))
    [(actor,)] = select("SELECT actor FROM reveal")
    assert str(actor).startswith("customer:")
    # It counts as a reveal of the order: its owner's page says so.
    assert "Show the code again" in door.owner.get(order).text
    assert "The code was shown through it" in door.owner.get(order).text


def test_a_stolen_link_shows_no_code_to_a_second_device(door: Door) -> None:
    link = made(door, door.delivered(), with_code=True)
    assert CODE in bare(door.stranger.post(f"{link}code/"))
    assert CODE in bare(door.stranger.post(f"{link}code/"))  # the first phone may look again
    thief = Visitor()
    assert "one only" in thief.get(link).text
    refused = thief.post(f"{link}code/")
    assert refused.status == 409
    assert CODE not in bare(refused)
    assert select("SELECT count(*) FROM reveal") == [(2,)]


def test_of_two_devices_at_once_one_sees_the_code(door: Door) -> None:
    link = made(door, door.delivered(), with_code=True).split("/")[2]
    world = door.world

    def look(device: bytes) -> bool:
        found = sharing.reveal(CUSTOMER, link, device=device, shop=world.shop, at=world.clock())
        return not isinstance(found, Refusal)

    seen = at_once(lambda: look(b"one phone of two"), lambda: look(b"another of the t"))
    assert sorted(seen) == [False, True]


def test_a_link_ends_by_itself_and_when_it_is_taken_back_and_when_another_is_made(door: Door) -> None:
    order = door.delivered()
    first = made(door, order, with_code=True)
    second = made(door, order, with_code=True)
    assert door.stranger.get(first).status == 410
    assert door.stranger.post(f"{first}code/").status == 410
    assert door.stranger.get(second).status == 200
    door.owner.post(f"{order}share/end/")
    assert door.stranger.get(second).status == 410
    assert CODE not in bare(door.stranger.post(f"{second}code/"))
    third = made(door, order, with_code=True)
    door.world.clock.tick((sharing.LASTS - timedelta(seconds=1)).total_seconds())
    assert door.stranger.get(third).status == 200
    door.world.clock.tick(1)
    assert door.stranger.get(third).status == 410
    assert sharing.reveal(
        CUSTOMER, third.split("/")[2], device=b"a device of bytes", shop=door.world.shop, at=door.world.clock()
    ) == Refusal(Code.SHARE_OVER)
    assert select("SELECT count(*) FROM reveal") == [(0,)]


def test_only_the_buyer_makes_a_link_or_takes_it_back(door: Door) -> None:
    order = door.delivered()
    link = made(door, order)
    for visitor in (door.colleague, door.stranger):
        assert visitor.post(f"{order}share/", {"with_code": "on"}).status == 403
        assert visitor.post(f"{order}share/end/").status == 403
        assert "pass it on" not in visitor.get(order).text
    assert door.stranger.get(link).status == 200
    assert select("SELECT count(*), bool_or(with_code) FROM order_share") == [(1, False)]


def test_the_link_is_kept_as_its_hash_alone_and_shown_once(door: Door) -> None:
    from opla.operations.links import hash_link, read_link

    order = door.delivered()
    link = made(door, order).split("/")[2]
    [(kept,)] = select("SELECT link_hash FROM order_share")
    assert bytes(kept) == hash_link(link)  # type: ignore[call-overload]  # a bytea
    assert bytes(kept) != read_link(link)  # type: ignore[call-overload]
    assert link not in door.owner.get(order).html


def test_a_guess_looks_like_any_page_that_is_not_there_and_an_order_link_opens_no_share(door: Door) -> None:
    order = door.delivered()
    made(door, order)
    guessed = door.stranger.get(f"/s/{'a' * 26}/")
    assert (guessed.status, guessed.text) == (404, door.stranger.get("/s/a/").text)
    assert door.stranger.get(order.replace("/o/", "/s/")).status == 404
    assert door.stranger.post(f"/s/{'a' * 26}/code/").status == 404


def test_a_recipients_link_opens_no_page_of_the_order(door: Door) -> None:
    link = made(door, door.delivered(), with_code=True).replace("/s/", "/o/")
    for path in (link, f"{link}receipt/", f"{link}receipt.pdf", f"{link}state/"):
        assert door.stranger.get(path).status == 404
    for path in ("code/", "share/", "said/", "answer/", "proof/"):
        assert door.stranger.post(f"{link}{path}").status == 404


def test_before_it_is_delivered_the_link_says_that_it_is_on_its_way_and_afterwards_that_it_will_not_come(
    door: Door,
) -> None:
    order_id = door.world.paid()
    order = door.link(order_id)
    link = made(door, order, with_code=True)
    page = door.stranger.get(link)
    assert "On its way" in page.text
    assert door.stranger.post(f"{link}code/").status == 409
    door.world.supplier.script = [door.world.supplier.refuses]
    door.world.work(4)
    page = door.stranger.get(link)
    assert "It will not come" in page.text
    for money in ("€15", "refund", "money"):
        assert money not in page.text.split("SANDBOX")[-1].replace("No real money", "")


def test_a_stolen_order_link_does_not_reveal_a_code_twice_without_the_e_mails_proof(door: Door) -> None:
    """The code was seen on the ordering device; whoever else has the link sees that, and nothing more."""
    order = door.delivered()
    assert CODE in bare(door.owner.post(f"{order}code/"))
    for _ in range(3):
        thief = Visitor()
        page = thief.get(order)
        assert "prove first that you read the e-mail" in page.text
        refused = thief.post(f"{order}code/")
        assert refused.status == 403
        assert CODE not in bare(refused)
        assert thief.post(f"{order}prove/", {"proof": "000000"}).status == 422
        assert CODE not in bare(thief.post(f"{order}share/", {"with_code": "on"}))
    assert select("SELECT count(*) FROM reveal") == [(1,)]
    assert select("SELECT count(*) FROM order_share") == [(0,)]


def test_an_unpaid_order_is_not_passed_on_and_links_are_not_made_without_end(door: Door) -> None:
    unpaid = door.link(door.world.order())
    assert door.owner.post(f"{unpaid}share/").status == 409
    order = door.delivered()
    assert [door.owner.post(f"{order}share/").status for _ in range(22)] == [200] * 20 + [429] * 2
    words = ["not_yet", "entered"] * 11
    answers = [door.owner.post(f"{order}said/", {"said": word}).status for word in words]
    assert answers == [200] * 20 + [429] * 2
