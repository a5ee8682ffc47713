"""Being told on this phone: offered to whoever's order it is, beside an order that there is, and to nobody else."""

from __future__ import annotations

import pytest

from core.test_browser import ROWS
from fakes import CODE
from operations.test_counting_in import reminded
from operations.test_pushing import AUTH, HOST, KEY
from opla.db.queries.call import select
from surfaces.conftest import Door

GIVEN = {"endpoint": f"{HOST}mine", "p256dh": KEY, "auth": AUTH}
BY_NAME = {row[0]: row for row in ROWS}


def kept() -> int:
    [(count,)] = select("SELECT count(*)::int FROM push_subscription")
    assert isinstance(count, int)
    return count


def test_it_is_offered_beside_an_order_to_its_owner_and_never_before_there_is_one(door: Door) -> None:
    for path in ("/", "/top-up/proximus/", "/have/", "/kept/"):
        assert 'class="push"' not in door.owner.get(path).html
    link = door.link(door.world.order(CODE))
    page = door.owner.get(link)
    assert 'class="push"' in page.html
    assert "storefront/push.js" in page.html
    for other in (door.colleague, door.stranger):
        assert 'class="push"' not in other.get(link).html


def test_only_the_owner_subscribes_and_stops(door: Door) -> None:
    link = door.link(door.world.order(CODE))
    for other in (door.colleague, door.stranger):
        assert other.post(f"{link}push/", GIVEN).status == 404
    assert door.owner.get(f"{link}push/").status == 405
    assert door.owner.post("/o/" + "a" * 26 + "/push/", GIVEN).status == 404
    assert kept() == 0
    assert door.owner.post(f"{link}push/", GIVEN).status == 200
    assert kept() == 1
    assert door.stranger.post(f"{link}push/", {**GIVEN, "stop": "1"}).status == 404
    assert kept() == 1
    assert door.owner.post(f"{link}push/", {**GIVEN, "stop": "1"}).status == 200
    assert kept() == 0


@pytest.mark.parametrize(
    "given",
    [
        {},
        {**GIVEN, "endpoint": "https://127.0.0.1/x"},
        {**GIVEN, "p256dh": "x"},
        {**GIVEN, "endpoint": "https://" * 300},
    ],
)
def test_half_a_subscription_is_refused(door: Door, given: dict[str, str]) -> None:
    link = door.link(door.world.order(CODE))
    assert door.owner.post(f"{link}push/", given).status == 422
    assert kept() == 0


def test_it_is_not_offered_where_it_would_not_arrive(door: Door) -> None:
    link = door.link(door.world.order(CODE))
    for name in ("WeChat on Android", "Alipay on an iPhone", "Huawei's browser", "HarmonyOS"):
        assert 'class="push"' not in door.owner.get(link, **{"User-Agent": BY_NAME[name][4]}).html
    assert 'class="push"' in door.owner.get(link, **{"User-Agent": BY_NAME["Chrome on Android"][4]}).html


def test_a_form_of_another_site_subscribes_nobody(door: Door) -> None:
    from fakes import DEVICE
    from surfaces.conftest import Visitor

    link = door.link(door.world.order(CODE))
    assert Visitor(DEVICE, checks_forms=True).post(f"{link}push/", GIVEN).status == 403
    assert kept() == 0


def test_a_reminder_offers_it_once_it_is_confirmed(door: Door) -> None:
    link = reminded(door.world)
    assert 'class="push"' in door.owner.get(f"/r/{link}/").html
    assert door.stranger.post("/r/" + "a" * 26 + "/push/", GIVEN).status == 404
    assert door.owner.post(f"/r/{link}/push/", GIVEN).status == 200
    assert kept() == 1
