"""Several SIMs in one basket: one payment for what was shown, each order by itself, and nothing twice."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest

from opla.core.ports import Answer
from opla.db.queries.call import select
from surfaces.conftest import Door, Seen, Visitor

EMAIL = "ana@example.org"


def quoted(visitor: Visitor, path: str = "/top-up/proximus/PX-15/", number: str = "", email: str = EMAIL) -> str:
    """The address of a quote."""
    found = visitor.post(path, {"email": email, "number": number})
    assert found.where.startswith("/quote/"), found.text
    return found.where


def shown(page: Seen) -> list[str]:
    return re.findall(r'name="shown" value="([^"]*)"', page.html)


def filled(visitor: Visitor, count: int = 2) -> Seen:
    """A basket with so many quotes."""
    page = visitor.get("/basket/")
    for n in range(count):
        page = visitor.post(f"{quoted(visitor, '/top-up/mobile-vikings/MV-15/', f'047012345{n}')}basket/")
    assert page.where == "/basket/"
    return page


def pay(visitor: Visitor, page: Seen) -> Seen:
    return visitor._seen(
        visitor.client.post("/basket/", {"shown": shown(page), "method": "sandbox", "at_once": "on"}, follow=True),
        "/basket/",
    )


def payments() -> list[tuple[object, ...]]:
    return select("SELECT amount_minor FROM payment ORDER BY id")


def test_two_sims_are_paid_once_and_each_order_names_the_other(door: Door) -> None:
    page = filled(door.owner)
    for said in ("0470 12 34 50", "0470 12 34 51", "Total €30.00", "Pay €30.00", "If some is left"):
        assert said in page.text
    order = pay(door.owner, page)
    assert order.where.startswith("/o/")
    door.world.work()
    assert "Pay €30.00" in door.owner.get(order.where).text
    door.world.provider.session(-1, Answer.SUCCEEDED, 3000)
    door.world.supplier.script = [door.world.supplier.give, door.world.supplier.refuses]
    door.world.wake()
    door.world.work(4)
    seen = door.owner.get(order.where)
    assert "Bought together" in seen.text
    [other] = re.findall(r'class="others"><li><a href="(/o/[^"]*)"', seen.html)
    assert "Bought together" in door.owner.get(other).text
    receipt = door.owner.get(f"{other}receipt/").text
    for said in ("0470 12 34 50", "0470 12 34 51", "Delivered", "Refunded", "Total €30.00", "Refunded −€15.00"):
        assert said in receipt
    assert payments() == [(3000,)]
    assert door.owner.get("/basket/").text.count("Your basket is empty") == 1


def test_who_only_has_a_link_sees_that_order_and_nothing_of_the_others(door: Door) -> None:
    order = pay(door.owner, filled(door.owner))
    door.world.work()
    door.world.provider.session(-1, Answer.SUCCEEDED, 3000)
    door.world.wake()
    door.world.work(4)
    for stranger in (door.stranger, door.colleague):
        assert "Bought together" not in stranger.get(order.where).text
        receipt = stranger.get(f"{order.where}receipt/").text
        assert ("0470 12 34 50" in receipt) + ("0470 12 34 51" in receipt) == 1
        assert "More was paid with the same payment" in receipt
        assert stranger.get("/basket/").text.count("Your basket is empty") == 1


def test_the_same_button_pressed_again_and_a_page_gone_back_to_lead_to_the_same_payment(door: Door) -> None:
    page = filled(door.owner)
    first, again = pay(door.owner, page), pay(door.owner, page)
    assert first.where == again.where
    assert payments() == [(3000,)]


def test_an_older_tab_pays_what_it_showed_and_the_newer_one_is_told_what_is_left(door: Door) -> None:
    old = filled(door.owner)
    new = door.owner.post(f"{quoted(door.owner)}basket/")
    assert len(shown(new)) == 3
    assert pay(door.owner, old).where.startswith("/o/")
    refused = pay(door.owner, new)
    assert refused.status == 409
    assert "nothing was charged. Look again" in refused.text
    assert payments() == [(3000,)]
    left = door.owner.get("/basket/")
    assert "Pay €15.00" in left.text
    assert pay(door.owner, left).where.startswith("/o/")
    assert payments() == [(3000,), (1500,)]


def test_a_quote_bought_alone_meanwhile_is_named_and_not_paid_again(door: Door) -> None:
    page = filled(door.owner)
    alone = _address(page)
    bought = door.owner.post(
        alone, {"total": door.owner.get(alone).value("total"), "method": "sandbox", "at_once": "on"}
    )
    refused = pay(door.owner, page)
    assert refused.status == 409
    assert f'href="{bought.where}"' in refused.html
    assert "Ordered meanwhile" in refused.text
    assert "Pay €15.00" in refused.text
    assert payments() == [(1500,)]


def _address(page: Seen) -> str:
    """Of the first quote that is shown."""
    return f"/quote/{UUID(hex=shown(page)[0].split()[0])}/"


def test_a_price_that_is_over_is_asked_again_and_the_new_one_said_before_anything_is_paid(door: Door) -> None:
    from dataclasses import replace

    from opla.core.quote import Terms

    page = filled(door.owner)
    door.world.clock.now += timedelta(minutes=15)
    assert "Get the prices again" in door.owner.get("/basket/").text
    door.world.shop = replace(door.world.shop, terms=Terms(fee_minor=50))
    refused = pay(door.owner, page)
    assert refused.status == 410
    assert refused.text.count("asked again: it was €15.00") == 2
    assert payments() == []
    assert pay(door.owner, refused).where.startswith("/o/")
    assert payments() == [(3100,)]


def test_the_button_for_new_prices_renews_and_says_where_nothing_changed(door: Door) -> None:
    filled(door.owner)
    door.world.clock.now += timedelta(minutes=15)
    page = door.owner.post("/basket/renew/")
    assert page.where == "/basket/"
    assert page.text.count("asked again: as before") == 2
    assert "Pay €30.00" in page.text


def test_what_is_removed_is_gone_and_two_for_one_number_are_warned_of(door: Door) -> None:
    page = filled(door.owner, 1)
    page = door.owner.post(f"{quoted(door.owner, '/top-up/mobile-vikings/MV-15/', '0470123450')}basket/")
    assert "Several of these are for 0470 12 34 50" in page.text
    page = door.owner.post("/basket/remove/", {"quote": shown(page)[0].split()[0]})
    assert "Pay €15.00" in page.text
    assert "Several of these" not in page.text


def test_a_basket_is_full_at_eight_and_says_so(door: Door) -> None:
    filled(door.owner, 8)
    page = door.owner.post(f"{quoted(door.owner)}basket/")
    assert page.status == 409
    assert "The basket is full" in page.text
    assert len(shown(page)) == 8


@pytest.mark.parametrize("typed", [[], ["x"], ["zz 1500"], ["0" * 32 + " 1500"], [f"{7:032x} -5"]])
def test_nonsense_and_another_devices_quotes_buy_nothing(door: Door, typed: list[str]) -> None:
    page = filled(door.owner, 1)
    got = door.owner._seen(
        door.owner.client.post("/basket/", {"shown": typed, "method": "sandbox", "at_once": "on"}, follow=True), "/"
    )
    assert got.status in (200, 409)
    assert payments() == []
    theirs = pay(door.colleague, page)
    assert theirs.status == 409
    assert payments() == []
    assert shown(door.colleague.post(f"{_address(page)}basket/")) == []


def test_without_the_box_about_stepping_back_nothing_is_bought_and_the_basket_stays(door: Door) -> None:
    page = filled(door.owner)
    got = door.owner.post("/basket/", {"shown": shown(page), "method": "sandbox"})
    assert "Tick the box" in got.text
    assert len(shown(got)) == len(shown(page))
    assert payments() == []


def test_another_amount_than_was_shown_is_paid_by_nobody(door: Door) -> None:
    page = filled(door.owner)
    names = [one.split()[0] for one in shown(page)]
    got = door.owner.client.post(
        "/basket/", {"shown": [f"{names[0]} 1500", f"{names[1]} 100"], "method": "sandbox", "at_once": "on"}
    )
    assert got.status_code == 409
    assert payments() == []


def test_what_was_to_be_paid_together_is_tried_again_together(door: Door) -> None:
    order = pay(door.owner, filled(door.owner))
    door.world.work()
    door.world.provider.decide(Answer.DECLINED, why="refused")
    door.world.wake()
    door.world.work()
    page = door.owner.get(order.where)
    assert "Try to pay again: €30.00" in page.text
    door.owner.post(f"{order.where}pay/", {"method": "sandbox"})
    door.owner.post(f"{order.where}pay/", {"method": "sandbox"})
    assert payments() == [(3000,), (3000,)]
    door.world.work()
    door.world.provider.session(1, Answer.SUCCEEDED, 3000)
    door.world.wake()
    door.world.work(4)
    assert select("SELECT count(*) FROM orders WHERE state = 'delivered'") == [(2,)]
