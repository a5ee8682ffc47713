"""Limits as visitors meet them: said in words with the time to wait, and counted by an address nobody can choose."""

from __future__ import annotations

import pytest

import support  # noqa: F401 - sets Django up, which the imports below need
from opla.operations.limits import COUPONS, WISHES
from surfaces.conftest import Door, Seen, Visitor


def follow(visitor: Visitor, n: int, **headers: str) -> Seen:
    return visitor.post("/promotions/news/", {"email": f"p{n}@example.org", "operator": ""}, **headers)


def test_who_asks_too_often_is_told_how_long_to_wait_and_loses_nothing(door: Door) -> None:
    assert [follow(door.stranger, n).status for n in range(WISHES.most)] == [200] * WISHES.most
    page = follow(door.stranger, 99)
    assert (page.status, page.value("email")) == (429, "p99@example.org")
    assert "too often in a short time. Try again in 3 minutes." in page.text
    assert "等 3 分钟" in follow(Visitor(language="zh-CN"), 99).text


def test_a_coupon_typed_too_often_leaves_the_price_as_it_is(door: Door) -> None:
    quote = door.owner.post("/top-up/proximus/PX-15/", {"email": "ana@example.org"})
    for n in range(COUPONS.most):
        assert "We do not know this coupon" in door.owner.post(f"{quote.where}coupon/", {"coupon": f"GUESS{n}"}).text
    page = door.owner.post(f"{quote.where}coupon/", {"coupon": "GUESS99"})
    assert page.status == 429
    assert "Try again in 3 minutes" in page.error("coupon")
    assert page.value("total") == "1500"


FORWARDED = [
    # proxies of ours, the header of the n-th request, whether these are one visitor
    (0, "203.0.{n}.1", True),
    (1, "203.0.{n}.1", False),
    (1, "203.0.{n}.1, 198.51.100.7", True),
    (2, "203.0.{n}.1, 198.51.100.7, 10.0.0.1", True),
    (2, "10.9.9.9, 203.0.{n}.1, 10.0.0.1", False),
]


@pytest.mark.parametrize(("proxies", "header", "one_visitor"), FORWARDED)
def test_a_visitor_does_not_choose_an_address(
    door: Door, monkeypatch: pytest.MonkeyPatch, proxies: int, header: str, one_visitor: bool
) -> None:
    from django.conf import settings

    monkeypatch.setattr(settings, "PROXIES", proxies)
    headers = [{"x-forwarded-for": header.format(n=n)} for n in range(WISHES.most + 1)]
    statuses = [follow(door.stranger, n, **one).status for n, one in enumerate(headers)]
    assert statuses[-1] == (429 if one_visitor else 200)
