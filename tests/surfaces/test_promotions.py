"""Promotions as people see them: on the price, behind a coupon, on their page; and only on one's own price."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes import ANOTHER_DEVICE, START
from opla.core.actor import Actor, Role
from opla.core.ports import Answer
from opla.core.refusal import Refusal
from opla.db.models import CatalogVersion
from opla.db.queries.call import select
from opla.operations.promotions import at_version, import_promotions
from surfaces.conftest import Door, Seen, Visitor

FILE = """promotions: 1
sample: true
currency: EUR
time_zone: Europe/Brussels
languages: [en, zh-Hans]
sources:
  page: {where: "A page", dated: "2026-11-01"}
  sample: {where: "Invented", dated: nd}
ours:
  - id: winter
    title: {en: "Winter", zh-Hans: "冬季优惠"}
    from: "2026-11-01 00:00"
    until: "2026-12-24 18:00"
    gives: {percent: 10}
    operators: [proximus]
    most_uses: 1
  - id: large
    title: {en: "Large amounts", zh-Hans: "大额优惠"}
    from: "2026-11-01 00:00"
    gives: {amount: "3.00"}
    minimum: "20.00"
    operators: [proximus]
  - id: secret
    title: {en: "For friends", zh-Hans: "亲友优惠"}
    from: "2026-11-01 00:00"
    gives: {amount: "5.00"}
    coupons: [FRIENDS26]
  - id: soon
    title: {en: "Advent", zh-Hans: "降临节"}
    from: "2026-11-29 00:00"
    gives: {amount: "4.00"}
    operators: [orange]
theirs:
  - id: gift
    operator: proximus
    title: {en: "Data gift", zh-Hans: "流量礼包"}
    from: {value: "2026-11-01 00:00", sure: C, source: page}
    minimum: {value: "15.00", sure: C, source: page}
    gives: {value: {data_mb: 2000, lasts: {days: 31}}, sure: C, source: page}
"""


@pytest.fixture
def shop(door: Door, tmp_path: Path) -> Door:
    at_version.cache_clear()  # versions of another database
    path = tmp_path / "mine.yaml"
    path.write_text(FILE, "utf-8")
    keyring = door.world.shop.keyring
    made = import_promotions(Actor(Role.OWNER, "anna"), path, keyring=keyring, sandbox=True, at=START)
    assert not isinstance(made, Refusal)
    return door


def quote(visitor: Visitor, sku: str = "PX-15", email: str = "ana@example.org") -> Seen:
    return visitor.post(f"/top-up/proximus/{sku}/", {"email": email})


def test_a_price_shows_what_applied_what_the_operator_adds_and_what_is_nearly_there(shop: Door) -> None:
    page = quote(shop.owner)
    assert page.value("total") == "1350"
    for said in (
        "Promotion −€1.50", "Total €13.50", "Pay €13.50", "You save €1.50", "−€1.50 Winter example",
        "Proximus adds", "Data gift: 2 GB · valid for 31 days reported", "Until 24 Dec 2026, 18:00",
        "Large amounts: €10 more (€25) gives €3.00 off",
    ):  # fmt: skip
        assert said in page.text, page.text
    assert 'href="/top-up/proximus/PX-25/?amount=25.00"' in page.html
    assert "For friends" not in page.text


def test_the_same_in_chinese(shop: Door) -> None:
    page = quote(Visitor(language="zh-CN"))
    for said in (
        "优惠 −€1.50",
        "为您节省 €1.50",
        "冬季优惠",
        "Proximus 加赠",
        "大额优惠: 多充 €10（共 €25）即得：减 €3.00",
    ):
        assert said in page.text, page.text


def test_what_was_shown_is_what_is_paid_and_stands_on_the_receipt(shop: Door) -> None:
    page = quote(shop.owner)
    order = shop.owner.post(page.where, {"total": page.value("total"), "method": "sandbox", "at_once": "on"})
    assert "€13.50" in order.text
    assert select("SELECT amount_minor::int FROM payment") == [(1350,)]
    shop.world.work()
    shop.world.provider.session(0, Answer.SUCCEEDED, 1350)
    shop.world.wake()
    shop.world.work(3)
    receipt = shop.owner.get(f"{order.where}receipt/")
    assert "Promotion −€1.50 Total €13.50" in receipt.text


def test_a_coupon_makes_a_new_price_and_a_wrong_one_loses_nothing(shop: Door) -> None:
    page = quote(shop.owner)
    wrong = shop.owner.post(f"{page.where}coupon/", {"coupon": "FRIENDS27"})
    assert (wrong.status, wrong.value("total"), wrong.value("coupon")) == (422, "1350", "FRIENDS27")
    assert wrong.error("coupon").startswith("We do not know this coupon.")
    right = shop.owner.post(f"{wrong.where.removesuffix('coupon/')}coupon/", {"coupon": "friends 26"})
    assert right.status == 200
    assert right.where != page.where
    assert (right.value("total"), "You save €5.00" in right.text) == ("1000", True)
    assert "does not combine with what is in your price" in right.text
    old = shop.owner.get(page.where)
    assert old.value("total") == "1350", "the price that was shown before stays as it was"


def test_a_coupon_stays_when_the_price_is_asked_for_again(shop: Door) -> None:
    page = shop.owner.post(f"{quote(shop.owner).where}coupon/", {"coupon": "FRIENDS26"})
    shop.world.clock.tick(16 * 60)
    assert "Get the price again" in shop.owner.get(page.where).text
    assert shop.owner.post(f"{page.where}renew/").value("total") == "1000"


def test_a_coupon_on_a_product_that_is_gone_meanwhile_leads_to_what_there_is(shop: Door) -> None:
    page = quote(shop.owner)
    document = CatalogVersion.objects.get(state="active").document
    for product in document["products"]:
        if product["sku"] == "PX-15":
            product["status"] = {**product["status"], "value": "withdrawn"}
    CatalogVersion.objects.filter(state="active").update(state="retired")
    CatalogVersion.objects.create(made_at=START, made_by="anna", state="active", document=document)
    assert shop.owner.post(f"{page.where}coupon/", {"coupon": "FRIENDS26"}).where == "/top-up/proximus/"


def test_nobody_puts_a_coupon_on_somebody_elses_price(shop: Door) -> None:
    page = quote(shop.owner)
    for other in (shop.colleague, shop.stranger):
        assert other.post(f"{page.where}coupon/", {"coupon": "FRIENDS26"}).status == 404
    assert shop.owner.get(f"{page.where}coupon/").status == 405


def test_who_comes_second_is_told_so_and_gets_the_price_without(shop: Door) -> None:
    mine, theirs = quote(shop.owner), quote(Visitor(ANOTHER_DEVICE), email="ben@example.org")
    other = Visitor(ANOTHER_DEVICE)
    other.post(theirs.where, {"total": "1350", "method": "sandbox", "at_once": "on"})
    late = shop.owner.post(mine.where, {"total": "1350", "method": "sandbox", "at_once": "on"})
    assert late.status == 409
    assert "The last one of this promotion has just gone. Nothing was charged." in late.text
    assert "Pay €13.50" not in late.text
    assert select("SELECT count(*) FROM orders") == [(1,)]
    assert shop.owner.post(f"{mine.where}renew/").value("total") == "1500"


def test_the_page_lists_what_runs_and_what_starts_soon_and_no_coupon(shop: Door) -> None:
    page = shop.stranger.get("/promotions/")
    for said in (
        "SANDBOX", "these promotions are invented", "Winter example 10% off the face value", "Large amounts",
        "from €20 · Proximus", "1 Nov 2026, 00:00 – 24 Dec 2026, 18:00", "as long as there are some left",
        "Data gift reported 2 GB · valid for 31 days from €15", "Proximus gives this, whoever sells the top-up.",
        "Starting soon Advent example €4 off",
    ):  # fmt: skip
        assert said in page.text, page.text
    assert "For friends" not in page.text


@pytest.mark.parametrize(
    ("operator", "there", "away"),
    [("orange", ["Advent"], ["Winter", "Data gift"]), ("proximus", ["Winter", "Data gift"], ["Advent"])],
)
def test_the_page_can_be_of_one_operator(shop: Door, operator: str, there: list[str], away: list[str]) -> None:
    page = shop.stranger.get(f"/promotions/?operator={operator}")
    assert [said in page.text for said in there + away] == [True] * len(there) + [False] * len(away)
    assert f'href="/top-up/{operator}/"' in page.html


def test_the_page_speaks_chinese_and_knows_no_unknown_operator(shop: Door) -> None:
    page = Visitor(language="zh-CN").get("/promotions/?operator=proximus")
    assert "优惠活动" in page.title
    assert "按面值减 10%" in page.text
    assert shop.stranger.get("/promotions/?operator=nobody").status == 404


def test_what_is_used_up_is_not_advertised(shop: Door) -> None:
    page = quote(shop.owner)
    shop.owner.post(page.where, {"total": "1350", "method": "sandbox", "at_once": "on"})
    assert "Winter" not in shop.stranger.get("/promotions/").text


def test_without_promotions_the_page_says_so(door: Door) -> None:
    at_version.cache_clear()
    assert "None at the moment." in door.stranger.get("/promotions/").text


def data_after(page: Seen) -> str:
    """What the table says of the data after the purchase."""
    return page.text.partition("After Data")[2].partition(" Calls ")[0]


def test_what_the_operator_adds_is_in_what_changes_on_the_sim_with_its_own_end(shop: Door) -> None:
    page = quote(shop.owner)
    assert "With what the operator adds: Data gift reported" in page.text
    assert "2 GB until 23 Dec 2026" in data_after(page)
    assert "4 GB until 23 Dec 2026" in data_after(page)
    assert "With what the operator adds" not in quote(shop.colleague, "PX-10").text  # below its minimum


def test_an_addition_of_which_not_all_is_known_is_told_and_not_drawn(shop: Door, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(FILE.replace(", lasts: {days: 31}", ""), "utf-8")
    keyring, anna = shop.world.shop.keyring, Actor(Role.OWNER, "anna")
    made = import_promotions(anna, tmp_path / "other.yaml", keyring=keyring, sandbox=True, at=START)
    assert not isinstance(made, Refusal)
    page = quote(shop.owner)
    assert "Without what the operator adds, because not all of it is known: Data gift" in page.text
    assert "2 GB" not in data_after(page)
    assert "4 GB until 23 Dec 2026" in data_after(page)
