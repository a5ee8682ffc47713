"""Every line of "Bad input": a plain sentence in the person's language, and nothing is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from fakes import DEVICE
from opla.core.ports import Answer
from opla.db.queries.call import select
from surfaces.conftest import Door, Visitor

EMAIL = "ana@example.org"

NUMBERS = [
    ("0470 12 34 5", "1 digit too short", "少了 1 位"),
    ("0470 12 34 567", "1 digit too long", "多了 1 位"),
    ("02 511 12 34", "landline", "固定电话"),
    ("+33 6 12 34 56 78", "number of France", "法国的号码"),
    ("112", "emergency number", "紧急电话"),
    ("1984", "service number", "服务号码"),
    ("call me", "cannot read this", "无法识别"),
    ("", "Enter the mobile number", "请输入"),
    ("8932 0204 2111 2222 3311", "one of its digits is wrong", "有一位数字不对"),
    ("0430 12 34 56", "No mobile number begins like this", "没有这样开头"),
]


@pytest.mark.parametrize(
    ("typed", "said", "said_in_chinese"), NUMBERS, ids=[text or "nothing" for text, _, _ in NUMBERS]
)
def test_a_number_that_is_none_is_named_beside_what_was_typed(
    door: Door, typed: str, said: str, said_in_chinese: str
) -> None:
    for visitor, sentence in ((door.stranger, said), (Visitor(language="zh-CN"), said_in_chinese)):
        page = visitor.post("/", {"number": typed})
        assert page.status == 422
        assert sentence in page.error("number")
        assert page.value("number") == typed
        assert page.title.startswith(("Please check", "请核对"))
        again = visitor.post("/top-up/mobile-vikings/MV-15/", {"number": typed, "email": EMAIL})
        assert sentence in again.error("number")
        assert (again.value("number"), again.value("email")) == (typed, EMAIL)


def test_a_ported_number_is_asked_about_and_never_claimed(door: Door) -> None:
    page = door.stranger.post("/", {"number": "0470 12 34 56"})
    assert "Looks like Proximus — is it?" in page.text
    assert "Numbers move between operators" in page.text
    assert "Orange" in page.text  # another answer is one tap away
    assert door.stranger.get("/top-up/orange/").status == 200


@pytest.mark.parametrize(
    ("typed", "kind", "said"),
    [
        ("8932020421112222338", "iccid", "number of a SIM card"),
        ("89049032000001000000000000000055", "eid", "eSIM chip"),
        ("LPA:1$smdp.example.org$K2-ABC", "activation_code", "eSIM activation code"),
    ],
)
def test_a_sims_own_number_is_understood_and_answered_with_where_to_look(
    door: Door, typed: str, kind: str, said: str
) -> None:
    from stdnum import luhn

    text = typed[:-1] + str(luhn.calc_check_digit(typed[:-1])) if kind == "iccid" else typed
    if kind == "eid":
        text = next(f"{typed[:-2]}{n:02d}" for n in range(100) if int(f"{typed[:-2]}{n:02d}") % 97 == 1)
    page = door.stranger.post("/", {"number": text})
    assert page.where == f"/sim/{kind}/"
    assert said in page.text
    assert "Where to find the number" in page.text
    assert text not in page.html


def test_a_product_of_another_operator_is_refused_by_name(door: Door) -> None:
    page = door.owner.get("/top-up/orange/PX-15/")
    assert page.status == 422
    assert "belongs to another operator" in page.text
    assert "€20" in page.text  # what there is for this operator


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("4", "The least is €5."),
        ("51", "The most is €50."),
        ("7.50", "steps of €1"),
        ("", "with digits"),
        ("x", "with digits"),
    ],
)
def test_an_amount_outside_the_range_is_refused_with_the_figures(door: Door, typed: str, said: str) -> None:
    page = door.owner.get(f"/top-up/lycamobile/LY-D/?amount={typed}")
    assert page.status == 422
    assert said in page.error("amount")
    assert page.value("amount") == typed


def test_every_wrong_field_is_named_at_once_and_the_first_has_the_focus(door: Door) -> None:
    page = door.owner.post("/top-up/mobile-vikings/MV-15/", {"number": "0470", "email": "ana@", "plan": ""})
    assert page.error("number")
    assert page.error("email")
    focused = page.html.partition("autofocus")[0]
    assert focused.rindex('name="number"') > focused.rfind('name="email"')


def test_an_expired_quote_is_renewed_with_everything_typed_kept(door: Door) -> None:
    quote = door.owner.post(
        "/top-up/mobile-vikings/MV-15/", {"number": "0470 12 34 56", "email": EMAIL, "plan": "balanced"}
    )
    door.world.clock.tick(16 * 60)
    refused = door.owner.post(quote.where, {"total": quote.value("total"), "method": "sandbox", "at_once": "on"})
    assert refused.status == 410
    assert "expired" in refused.text
    assert select("SELECT count(*) FROM orders") == [(0,)]
    fresh = door.owner.post(f"{quote.where}renew/")
    assert fresh.where != quote.where
    for kept in ("0470 12 34 56", EMAIL, "Change to Balanced", "Pay €15.00"):
        assert kept in fresh.text


def test_an_amount_changed_in_the_form_buys_nothing(door: Door) -> None:
    quote = door.owner.post("/top-up/proximus/PX-15/", {"email": EMAIL})
    for total in ("1", "-1500", "15.00", "", "9" * 40, "１５００"):
        page = door.owner.post(quote.where, {"total": total, "method": "sandbox", "at_once": "on"})
        assert page.status == 409
        assert "differs from the amount shown" in page.text
        assert "Pay €15.00" in page.text
    assert select("SELECT count(*) FROM orders") == [(0,)]


def test_a_way_to_pay_that_does_not_exist_is_refused(door: Door) -> None:
    quote = door.owner.post("/top-up/proximus/PX-15/", {"email": EMAIL})
    page = door.owner.post(quote.where, {"total": quote.value("total"), "method": "beads", "at_once": "on"})
    assert page.status == 422
    assert "one of the ways to pay" in page.text


def test_the_same_form_sent_twice_leads_to_the_same_order(door: Door) -> None:
    quote = door.owner.post("/top-up/proximus/PX-15/", {"email": EMAIL})
    typed = {"total": quote.value("total"), "method": "sandbox", "at_once": "on"}
    first, second = door.owner.post(quote.where, typed), door.owner.post(quote.where, typed)
    assert first.where == second.where
    assert select("SELECT count(*) FROM orders") == [(1,)]


def test_the_same_form_sent_from_two_tabs_at_once_leads_to_the_same_order(door: Door) -> None:
    from django.db import connections

    quote = door.owner.post("/top-up/proximus/PX-15/", {"email": EMAIL})
    typed = {"total": quote.value("total"), "method": "sandbox", "at_once": "on"}

    def send(_tab: int) -> str:
        try:
            return Visitor(DEVICE).post(quote.where, typed).where
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as tabs:
        ends = set(tabs.map(send, range(2)))
    assert len(ends) == 1
    assert select("SELECT count(*) FROM orders") == [(1,)]


def test_a_return_page_visited_before_without_or_after_paying_changes_nothing(door: Door) -> None:
    order_id = door.world.order()
    link = door.link(order_id)
    back = link.replace("/o/", "/pay/return/")
    for _ in range(2):
        page = door.owner.get(back)
        assert (page.status, page.where, door.world.state(order_id)) == (200, link, "placed")
    door.world.work()
    door.world.provider.session(-1, Answer.SUCCEEDED, 1500)
    door.owner.get(back)  # wakes the poller, and pays nothing by itself
    assert door.world.state(order_id) == "placed"
    door.world.work(3)
    assert door.world.state(order_id) == "delivered"
    assert door.owner.get(back).where == link
    assert door.world.supplier.gave == 1


def test_a_return_page_of_nobody_is_not_found(door: Door) -> None:
    for link in ("a" * 26, "x", "%00", "a" * 3000):
        assert door.stranger.get(f"/pay/return/{link}/").status == 404


def test_a_webhook_nobody_sent_changes_nothing_and_learns_nothing(door: Door) -> None:
    order_id = door.world.order()
    door.world.work()
    answers = []
    for provider in ("sandbox", "mollie", "../x"):
        for body in ("id=sp_" + "0" * 24, "id=pay_1", "", "id=" + "x" * 5000, "\x00"):
            response = door.stranger.client.post(
                f"/hooks/payments/{provider}/", data=body, content_type="application/x-www-form-urlencoded"
            )
            answers.append((response.status_code, response.content) if provider != "../x" else (200, b"ok\n"))
    assert set(answers) == {(200, b"ok\n")}
    door.world.work()
    assert door.world.state(order_id) == "placed"
    assert door.stranger.get("/hooks/payments/sandbox/").status == 405


def test_a_form_without_its_token_is_refused_and_loses_nothing(door: Door) -> None:
    visitor = Visitor(checks_forms=True)
    page = visitor.post("/top-up/proximus/PX-15/", {"email": EMAIL, "amount": "15.00"})
    assert page.status == 403
    assert "nothing you typed is lost" in page.text
    assert (page.value("email"), page.value("amount")) == (EMAIL, "15.00")
    token = page.value("csrfmiddlewaretoken")
    sent = visitor.post("/top-up/proximus/PX-15/", {"email": EMAIL, "amount": "15.00", "csrfmiddlewaretoken": token})
    assert "Pay €15.00" in sent.text


def test_another_sites_form_is_refused_and_not_offered_again(door: Door) -> None:
    visitor = Visitor(checks_forms=True)
    page = visitor.post("/top-up/proximus/PX-15/", {"email": EMAIL}, origin="https://evil.example")
    assert page.status == 403
    assert "another website" in page.text
    assert EMAIL not in page.html


@pytest.mark.parametrize("path", ["/top-up/nobody/", "/top-up/proximus/NOPE/", "/sim/passport/", "/o/short/", "/x/"])
def test_what_is_not_there_says_so_in_words(door: Door, path: str) -> None:
    page = door.stranger.get(path)
    assert page.status in (404, 422)
    assert "Traceback" not in page.html
    assert page.html.count("<h1") == 1


def test_markup_typed_into_a_field_stays_text(door: Door) -> None:
    evil = '"><script>alert(1)</script>'
    page = door.stranger.post("/", {"number": evil})
    assert "<script>alert" not in page.html
    assert page.value("number") == evil
