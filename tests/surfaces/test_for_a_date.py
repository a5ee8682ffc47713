"""A day for the delivery, as its customer sees it: chosen beside the price, said on every page, called off by them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from opla.core.ports import Answer
from opla.db.queries.call import select
from surfaces.conftest import Door, Seen, Visitor

EMAIL = "ana@example.org"
DAY, DUE = "2026-11-30", datetime(2026, 11, 30, 5, 0, tzinfo=UTC)


def dated(visitor: Visitor, day: str = DAY) -> Seen:
    """The price of a code, for that day."""
    quote = visitor.post("/top-up/proximus/PX-15/", {"email": EMAIL})
    return visitor.post(f"{quote.where}day/", {"deliver_on": day})


def bought(door: Door, day: str = DAY) -> str:
    """Paid, and waiting: the page of its order."""
    quote = dated(door.owner, day)
    order = door.owner.post(quote.where, {"total": quote.value("total"), "method": "sandbox", "at_once": "on"})
    door.world.work()
    door.world.provider.session(-1, Answer.SUCCEEDED, 1500)
    door.world.wake()
    door.world.work(3)
    return order.where


def test_the_day_is_said_before_paying_on_the_order_and_in_the_messages(door: Door) -> None:
    quote = dated(door.owner)
    assert "30 Nov 2026, 06:00, Belgian time" in quote.text
    assert "You pay now, and it is delivered at 30 Nov 2026, 06:00" in quote.text
    assert "on the day of delivery" in quote.text
    assert 'min="2026-11-23" max="2027-01-21"' in quote.html
    order = bought(door)
    page = door.owner.get(order)
    assert "Paid. Delivered on 30 Nov 2026" in page.text
    assert "It will be delivered on 30 Nov 2026 at 06:00, Belgian time." in page.text
    assert 'hx-trigger="every 30s"' in page.html
    door.world.clock.now = DUE
    door.world.work(3)
    assert "Delivered" in door.owner.get(order).title


def test_an_empty_day_is_at_once_again_and_a_renewed_price_keeps_its_day(door: Door) -> None:
    quote = dated(door.owner)
    door.world.clock.now += timedelta(minutes=16)
    renewed = door.owner.post(f"{quote.where}renew/")
    assert "30 Nov 2026, 06:00, Belgian time" in renewed.text
    at_once = door.owner.post(f"{renewed.where}day/", {"deliver_on": ""})
    assert "Belgian time</strong>" not in at_once.html
    assert "You pay now, and it is delivered at" not in at_once.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2026-11-22", "Choose a day from 23 Nov 2026 to 21 Jan 2027."),
        ("2027-01-22", "Choose a day from 23 Nov 2026 to 21 Jan 2027."),
        ("30/11/2026", "day"),
        ("x" * 400, "day"),
    ],
)
def test_a_day_that_is_none_is_refused_beside_its_field_and_the_price_stays(door: Door, typed: str, said: str) -> None:
    page = dated(door.owner, typed)
    assert page.status == 422
    assert said in page.error("deliver_on")
    assert "Pay €15.00" in page.text


def test_a_price_whose_day_has_come_asks_for_another_day(door: Door) -> None:
    quote = dated(door.owner, "2026-11-23")
    door.world.clock.now += timedelta(days=1)
    page = door.owner.post(f"{quote.where}renew/")
    assert page.status == 422
    assert "Choose a day from 24 Nov 2026" in page.error("deliver_on")


def test_its_customer_calls_it_off_and_sees_the_money_come_back(door: Door) -> None:
    order = bought(door)
    assert "Call it off, and get €15.00 back" in door.owner.get(order).text
    page = door.owner.post(f"{order}call-off/")
    assert "You called it off. €15.00 is on its way back to you" in page.text
    assert door.owner.post(f"{order}call-off/").status == 200
    door.world.work(3)
    done = door.owner.get(order)
    assert "Refunded" in done.title
    assert "Called off before its day: the money goes back" in done.text
    assert select("SELECT reason, amount_minor, state FROM refund") == [("called_off", 1500, "done")]


def test_who_has_the_link_alone_sees_the_day_and_calls_nothing_off_before_a_proof(door: Door) -> None:
    order = bought(door)
    for stranger in (door.stranger, door.colleague):
        page = stranger.get(order)
        assert "It will be delivered on 30 Nov 2026" in page.text
        assert "and get €15.00 back" not in page.text
        assert "prove first that you read the e-mail" in page.text
        assert stranger.post(f"{order}call-off/").status == 403
    asked = door.colleague.post(f"{order}proof/")
    assert "The six digits" in asked.text
    wrong = door.colleague.post(f"{order}prove/", {"proof": "000000"})
    assert wrong.error("proof")
    assert select("SELECT count(*) FROM refund") == [(0,)]


def test_too_late_is_said_and_the_delivery_goes_on(door: Door) -> None:
    order = bought(door)
    door.world.clock.now = DUE
    page = door.owner.post(f"{order}call-off/")
    assert page.status == 409
    assert "cannot be called off any more" in page.text
    door.world.work(3)
    assert "Delivered" in door.owner.get(order).title


def test_a_day_can_be_chosen_for_what_lies_in_the_basket(door: Door) -> None:
    quote = door.owner.post("/top-up/proximus/PX-15/", {"email": EMAIL})
    door.owner.post(f"{quote.where}basket/")
    door.owner.post(f"{quote.where}day/", {"deliver_on": DAY})
    basket = door.owner.get("/basket/")
    assert "30 Nov 2026, 06:00, Belgian time" in basket.text
    assert basket.html.count('name="shown"') == 1
