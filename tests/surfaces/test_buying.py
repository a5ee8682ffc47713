"""The whole way through the shop without JavaScript, in both languages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from fakes import DEVICE
from opla.core.actor import Actor, Role
from opla.core.fx import Rate
from opla.core.ports import Answer
from opla.operations.rates import tell_rate
from surfaces.conftest import Door, Seen, Visitor

EMAIL = "ana@example.org"


def buy(visitor: Visitor, path: str, typed: dict[str, str]) -> Seen:
    """From an amount to the order's page; gives the page seen last."""
    quote = visitor.post(path, typed)
    assert quote.status == 200, quote.text
    return visitor.post(quote.where, {"total": quote.value("total"), "method": "sandbox", "at_once": "on"})


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["Looks like Proximus — is it?", "you get a code to enter", "Pay €15.00", "Show the code", "Delivered"]),
        ("zh-CN", ["看起来是 Proximus，对吗？", "获得充值码，自行输入", "支付 €15.00", "显示充值码", "已送达"]),
    ],
)
def test_a_code_is_bought_from_a_number_to_the_digits(door: Door, language: str, said: list[str]) -> None:
    visitor = Visitor(language=language)
    read_back = visitor.post("/", {"number": "0470123456"})
    assert "0470 12 34 56" in read_back.text
    assert said[0] in read_back.text
    amounts = visitor.get("/top-up/proximus/")
    assert said[1] in amounts.text
    quote = visitor.post("/top-up/proximus/PX-15/", {"email": EMAIL})
    assert said[2] in quote.text
    order = visitor.post(quote.where, {"total": quote.value("total"), "method": "sandbox", "at_once": "on"})
    assert order.where.startswith("/o/")
    door.world.work()
    door.world.provider.session(-1, Answer.SUCCEEDED, 1500)
    door.world.wake()
    door.world.work(3)
    delivered = visitor.get(order.where)
    assert said[3] in delivered.text
    assert said[4] in delivered.title
    assert "0000" not in delivered.text
    shown = visitor.post(f"{order.where}code/")
    assert "0000 0000 0000 1" in shown.text
    assert 'href="tel:*121*0000000000001%23"' in shown.html
    assert "<svg" in shown.html


def test_credit_goes_to_a_number_and_keeps_or_changes_the_plan(door: Door) -> None:
    page = door.owner.get("/top-up/mobile-vikings/MV-15/")
    assert page.html.count('name="plan"') == 3
    assert "Keep my plan" in page.text
    order = buy(
        door.owner, "/top-up/mobile-vikings/MV-15/", {"number": "0470 12 34 56", "plan": "data-only", "email": EMAIL}
    )
    assert "0470 12 34 56" in order.text
    door.world.work()
    door.world.provider.session(-1, Answer.SUCCEEDED, 1500)
    door.world.wake()
    door.world.work(3)
    done = door.owner.get(order.where)
    assert "The operator confirmed the top-up" in done.text
    assert "Keep the phone on" in done.text
    assert "1984" in done.text  # the operator's customer care


def test_any_amount_of_a_range_can_be_bought_by_its_step(door: Door) -> None:
    page = door.owner.get("/top-up/lycamobile/LY-D/?amount=17")
    assert page.value("amount") == "17.00"
    quote = door.owner.post("/top-up/lycamobile/LY-D/", {"amount": "17", "number": "0465 12 34 56", "email": EMAIL})
    assert "€17.00" in quote.text


def test_the_quote_shows_every_cent_what_it_does_and_until_when(door: Door) -> None:
    from dataclasses import replace

    from opla.core.quote import Terms

    door.world.shop = replace(door.world.shop, terms=Terms(fee_minor=50))
    quote = door.owner.post("/top-up/proximus/PX-15/", {"email": EMAIL})
    for said in ("Face value €15.00", "Service fee €0.50", "of which VAT €0.09", "Total €15.50", "Pay €15.50"):
        assert said in quote.text
    assert "If some is left: example it is lost: the new one replaces it at once" in quote.text
    assert "Valid for 31 days" in quote.text
    assert "This price is good until 13:15." in quote.text  # 12:15 UTC, in Brussels


def test_invented_figures_are_labelled_wherever_they_stand(door: Door) -> None:
    for path in ("/top-up/proximus/", "/top-up/mobile-vikings/", "/top-up/base/"):
        page = door.owner.get(path)
        for figure in re.findall(
            r'<span class="group">(.*?)</span>\s*(?=<span class="(?:group|how))', page.html, re.DOTALL
        ):
            if "GB" in figure:
                assert "example" in figure, figure
    quote = door.owner.post("/top-up/base/BA-20/", {"email": EMAIL})
    credit = re.search(r"<dt>Data</dt><dd>(.*?)</dd>", quote.html, re.DOTALL)
    assert credit is not None
    assert "example" in credit.group(1)


def test_a_page_says_sandbox_while_the_shop_is_one(door: Door) -> None:
    link = door.delivered()
    for path in ("/", "/number/", "/top-up/proximus/", "/top-up/telenet/", "/help/", "/gone/", link, f"{link}receipt/"):
        page = door.owner.get(path)
        assert "SANDBOX" in page.title, path
        assert "No real money." in page.text, path


def test_an_operator_without_prepaid_says_what_is_known_what_is_not_and_what_to_do(door: Door) -> None:
    for operator, said in (("telenet", "BASE is its brand with prepaid cards"), ("digi", "with subscriptions")):
        page = door.stranger.get(f"/top-up/{operator}/")
        assert page.status == 200
        for heading in ("What is known", "What is not known", "What to do", said):
            assert heading in page.text


def test_the_ordering_device_is_sent_to_the_payment_page_once_and_has_a_button_for_ever(door: Door) -> None:
    order = buy(door.owner, "/top-up/proximus/PX-15/", {"email": EMAIL})
    assert "connecting you to the payment page" in order.text
    door.world.work()
    first, second = door.owner.get(order.where), door.owner.get(order.where)
    assert 'content="0;url=http://sandbox.test/pay"' in first.html
    assert "0;url=" not in second.html
    assert 'href="http://sandbox.test/pay"' in second.html
    elsewhere = door.colleague.get(order.where)
    assert "0;url=" not in elsewhere.html


def test_the_fragment_says_nothing_while_nothing_changed_and_moves_on_when_something_did(door: Door) -> None:
    link = door.link(door.world.order())
    page = door.owner.get(link)
    poll = re.search(r'hx-get="([^"]+)"', page.html)
    assert poll is not None
    address = poll.group(1).replace("&amp;", "&")
    assert door.owner.get(address).status == 204
    door.world.work()
    moved = door.owner.client.get(address)
    assert moved["HX-Redirect"] == "http://sandbox.test/pay"
    door.world.provider.session(-1, Answer.SUCCEEDED, 1500)
    door.world.wake()
    door.world.work(4)
    done = door.owner.get(address)
    assert "Delivered" in done.text
    assert "hx-get" not in done.html


def test_the_receipt_adds_up_and_exists_only_once_something_was_paid(door: Door) -> None:
    link = door.link(door.world.order())
    assert door.owner.get(f"{link}receipt/").status == 404
    door.world.work()
    door.world.provider.session(-1, Answer.SUCCEEDED, 1500)
    door.world.wake()
    door.world.work(3)
    receipt = door.owner.get(f"{link}receipt/")
    assert "Total €15.00" in receipt.text
    assert "0000" not in receipt.text.replace("S1", "")


def test_a_new_device_gets_a_secret_cookie_only_with_its_first_price(door: Door) -> None:
    visitor = Visitor()
    visitor.post("/", {"number": "0470123456"})
    assert "opla_device" not in visitor.client.cookies
    visitor.post("/top-up/proximus/PX-15/", {"email": EMAIL})
    cookie = visitor.client.cookies["opla_device"]
    assert (cookie["httponly"], cookie["samesite"], len(cookie.value)) == (True, "Lax", 22)
    assert cookie.value.encode() != DEVICE


def test_whoever_reads_chinese_sees_about_what_it_is_at_home_where_somebody_told_a_rate(door: Door) -> None:
    owner, at = Actor(Role.OWNER, "test"), door.world.clock()
    reader, other = Visitor(language="zh-CN"), Visitor(language="fr")
    typed = {"email": EMAIL}
    assert "CN¥" not in reader.post("/top-up/proximus/PX-15/", typed).text
    told = tell_rate(owner, "EUR", "CNY", "7.9", source="ECB", as_of=at - timedelta(days=1), at=at)
    assert isinstance(told, Rate)
    quote = reader.post("/top-up/proximus/PX-15/", typed)
    assert "118.50" in quote.text
    assert "ECB" in quote.text
    assert "ECB" not in other.post("/top-up/proximus/PX-15/", typed).text
    door.world.clock.tick(7 * 86_400)
    assert "118.50" not in reader.post("/top-up/proximus/PX-15/", typed).text
