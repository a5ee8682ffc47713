"""Inside WeChat, Alipay and others: what fails there is said, another way is offered, and a purchase is completed."""

from __future__ import annotations

import pytest

from core.test_browser import ROWS, WECHAT_ANDROID, WECHAT_IPHONE
from fakes import CODE
from opla.core.ports import Answer
from surfaces.conftest import Door, Visitor

BY_NAME = {row[0]: row for row in ROWS}


@pytest.mark.parametrize("name", [row[0] for row in ROWS if row[1]])
def test_inside_an_app_every_page_says_so_and_one_says_what_to_do(door: Door, name: str) -> None:
    agent = {"User-Agent": BY_NAME[name][4]}
    for path in ("/", "/top-up/proximus/", "/help/"):
        assert "some things do not work here" in door.stranger.get(path, **agent).text
    page = door.stranger.get("/inside/", **agent)
    for said in ("Opening your bank's app", "Downloading a file", "passkey", "home screen", "Notifications"):
        assert said in page.text
    assert ("Apple Pay" in page.text) is (BY_NAME[name][2] == "iphone")
    assert "http://shop.test/" in page.text
    assert 'class="qr"' in page.html


@pytest.mark.parametrize("name", [row[0] for row in ROWS if not row[1]])
def test_a_browser_of_its_own_is_told_nothing_of_apps(door: Door, name: str) -> None:
    agent = {"User-Agent": BY_NAME[name][4]}
    assert "some things do not work here" not in door.stranger.get("/", **agent).text
    page = door.stranger.get("/inside/", **agent)
    assert ("no Google services" in page.text) is (not BY_NAME[name][3])


def test_a_page_that_is_drawn_once_is_not_drawn_for_somebody_elses_app(door: Door) -> None:
    inside = door.owner.get("/top-up/proximus/", **{"User-Agent": WECHAT_IPHONE})
    outside = door.stranger.get("/top-up/proximus/")
    again = door.colleague.get("/top-up/proximus/", **{"User-Agent": WECHAT_IPHONE})
    assert "inside WeChat" in inside.text
    assert "inside" not in outside.text
    assert "inside WeChat" in again.text


def test_a_purchase_inside_wechat_is_completed_in_its_own_language(door: Door) -> None:
    agent = {"User-Agent": WECHAT_ANDROID}
    person = Visitor(language="zh-CN")
    quote = person.post("/top-up/proximus/PX-15/", {"email": "li@example.org", "amount": "15.00"}, **agent)
    assert "您正在微信里浏览" in quote.text
    order = person.post(quote.where, {"total": "1500", "method": "sandbox", "at_once": "on"}, **agent)
    assert order.where.startswith("/o/")
    door.world.work()
    # It is not sent to the payment page by itself: it may be paid here or elsewhere, and both are said.
    page = person.get(order.where, **agent)
    assert 'http-equiv="refresh" content="0' not in page.html
    assert f"http://shop.test{order.where}" in page.text
    assert 'href="http://sandbox.test/pay"' in page.html
    assert person.get(f"{order.where}state/?seen=", **agent).headers.get("HX-Redirect") is None
    door.world.provider.decide(Answer.SUCCEEDED, 1500)
    door.world.wake()
    door.world.work(3)
    shown = person.post(f"{order.where}code/", **agent)
    assert "0000 0000 0000 1" in shown.text


def test_the_link_to_pay_elsewhere_is_the_owners_to_give(door: Door) -> None:
    link = door.link(door.world.order(CODE))
    door.world.work()
    assert f"http://shop.test{link}" in door.owner.get(link).text
    for other in (door.colleague, door.stranger):
        page = other.get(link)
        assert "Pay on another phone" not in page.text
        assert 'href="http://sandbox.test/pay"' in page.html  # whoever was given it may pay
