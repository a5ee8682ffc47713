"""The ticket says what became of an order, in words, in every state."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from opla.core.ports import Answer
from opla.db.queries.call import select
from surfaces.conftest import Door


def test_a_refused_payment_can_be_tried_again(door: Door) -> None:
    link = door.link(door.world.order())
    door.world.work()
    door.world.provider.session(-1, Answer.DECLINED, why="refused")
    door.world.wake()
    door.world.work()
    page = door.owner.get(link)
    assert "The payment did not go through" in page.text
    assert "Nothing was charged" in page.text
    door.world.clock.tick(1)
    again = door.owner.post(f"{link}pay/", {"method": "sandbox"})
    assert "connecting you to the payment page" in again.text
    door.world.work()
    door.world.provider.session(-1, Answer.SUCCEEDED, 1500)
    door.world.wake()
    door.world.work(3)
    assert "Delivered" in door.owner.get(link).title


@pytest.mark.parametrize(
    ("why", "says", "first"),
    [
        ("no_funds", "not enough money", "mollie_bancontact"),
        ("refused", "said no, and did not say why", "mollie_paypal"),
        ("card_details", "typed differently", "sandbox"),
        ("abandoned", "You left the payment page", "sandbox"),
        ("not_a_word_of_ours", "Nothing was charged", "sandbox"),
    ],
)
def test_after_a_payment_that_did_not_go_through_the_way_likeliest_to_work_comes_first(
    door: Door, why: str, says: str, first: str
) -> None:
    link = door.link(door.world.order())
    door.world.shop = replace(
        door.world.shop, payment_methods=("sandbox", "mollie_bancontact", "mollie_paypal", "mollie_card")
    )
    door.world.work()
    door.world.provider.session(-1, Answer.DECLINED, why=why)
    door.world.wake()
    door.world.work()
    page = door.owner.get(link)
    assert says in page.text
    offered = re.findall(r'name="method" value="(\w+)"', page.html)
    assert offered[0] == first
    assert sorted(offered) == sorted(door.world.shop.payment_methods)
    assert "Or pay otherwise" in page.text
    assert page.html.count('class="main"') == 1
    door.world.clock.tick(1)
    door.owner.post(f"{link}pay/", {"method": offered[1]})
    assert select("SELECT provider FROM payment ORDER BY id DESC LIMIT 1") == [(offered[1],)]


def test_an_unpaid_order_ends_cancelled_and_says_that_late_money_comes_back(door: Door) -> None:
    order_id = door.world.order()
    link = door.link(order_id)
    door.world.work()
    door.world.clock.tick(21 * 60)
    assert "The time to pay ran out" in door.owner.get(link).text
    door.world.work(2)
    page = door.owner.get(link)
    assert "Order cancelled" in page.text
    assert "comes back by itself" in page.text
    refused = door.owner.post(f"{link}pay/", {"method": "sandbox"})
    assert refused.status == 409
    assert "cannot be paid any more" in refused.text
    door.world.provider.session(-1, Answer.SUCCEEDED, 1500)
    door.world.wake()
    door.world.work()
    assert "Your money is coming back" in door.owner.get(link).text
    door.world.work(3)
    assert "€15.00 went back" in door.owner.get(link).text


def test_a_declined_delivery_shows_the_refund_and_its_amount(door: Door) -> None:
    order_id = door.world.paid()
    door.world.supplier.script = [door.world.supplier.refuses]
    door.world.work()
    page = door.owner.get(door.link(order_id))
    assert "€15.00 is on its way back to you" in page.text
    door.world.work(3)
    assert "Refunded" in door.owner.get(door.link(order_id)).title


def test_an_unknown_send_asks_for_patience_and_never_says_failed(door: Door) -> None:
    order_id = door.world.paid()
    door.world.supplier.promises = replace(door.world.supplier.promises, refuses_repeat=False)
    door.world.supplier.script = [door.world.supplier.is_silent]
    door.world.work()
    page = door.owner.get(door.link(order_id))
    assert "We are asking the operator what became of it. Please do not pay again" in page.text
    assert "failed" not in page.text.lower()


def test_a_second_payment_is_shown_going_back_beside_the_delivery(door: Door) -> None:
    order_id = door.world.paid(captured_minor=3000)
    door.world.work(4)
    page = door.owner.get(door.link(order_id))
    assert "Delivered" in page.title
    assert "€15.00 was paid too much" in page.text


def test_the_page_looks_again_often_at_first_and_rarely_later(door: Door) -> None:
    link = door.link(door.world.order())
    assert 'hx-trigger="every 2s"' in door.owner.get(link).html
    door.world.clock.tick(timedelta(minutes=5).total_seconds())
    assert 'hx-trigger="every 5s"' in door.owner.get(link).html


def test_without_javascript_the_page_moves_on_to_paying_and_then_looks_again_when_asked(door: Door) -> None:
    """A page that reloads under a reader's eyes is a failure of WCAG 2.2.1 (F41); one with nothing to read moves on."""
    order_id = door.world.order()
    link = door.link(order_id)
    assert '<noscript><meta http-equiv="refresh"' in door.owner.get(link).html
    order_id = door.world.paid()
    link = door.link(order_id)
    page = door.owner.get(link)
    assert "http-equiv" not in page.html
    assert re.search("<noscript>.*Look again", page.html)
    door.world.work(4)
    page = door.owner.get(link)
    assert "http-equiv" not in page.html
    assert "hx-get" not in page.html


def test_the_order_speaks_its_own_language_until_the_person_says_otherwise(door: Door) -> None:
    link = door.delivered(language="zh-Hans")
    assert '<html lang="zh-Hans">' in door.colleague.get(link).html
    door.colleague.post("/language/", {"language": "en", "next": link})
    assert '<html lang="en">' in door.colleague.get(link).html
