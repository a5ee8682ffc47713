"""The page of a reseller's webhooks: for its owners; a colleague without that right, and a stranger, see nothing."""

from __future__ import annotations

import re

import pytest

from fakes import START
from opla.core.actor import Actor, Role
from opla.core.webhook import Outcome
from opla.db.models import WebhookEndpoint
from opla.operations import members, resellers
from surfaces.conftest import Door, Seen
from surfaces.test_signing_in import ANA, sign_in

OWNER = Actor(Role.OWNER, "test")
EVE = "eve@example.org"
PAGE = "/reseller/acme/webhooks/"
URL = "https://hooks.acme.example/opla"


@pytest.fixture
def shop(door: Door) -> Door:
    """Ana owns acme, Eve sells there, and somebody else owns bolt."""
    for name in ("acme", "bolt"):
        assert resellers.add(OWNER, name, title=name.title(), email=f"o@{name}.example", at=START) is None
    for reseller, email, role in (("acme", ANA, "owner"), ("acme", EVE, "seller"), ("bolt", "max@x.example", "owner")):
        assert members.name(OWNER, reseller, email, role, at=START) is None
    sign_in(door, door.owner, ANA)
    sign_in(door, door.colleague, EVE)
    sign_in(door, door.stranger, "max@x.example")
    return door


def added(shop: Door, url: str = URL) -> Seen:
    page = shop.owner.post(PAGE, {"url": url, "events": "float.paid_in"})
    assert page.status == 200, page.text
    return page


def its_page() -> str:
    return f"{PAGE}{WebhookEndpoint.objects.latest('made_at').id}/"


def paid_in(shop: Door, key: str) -> None:
    assert resellers.pay_in(OWNER, "acme", "5", key, shop=shop.world.shop, at=shop.world.clock()) is True
    shop.world.work(2)


def test_one_is_added_its_secret_shown_once_and_it_is_told(shop: Door) -> None:
    assert URL not in shop.owner.get(PAGE).text
    [secret] = re.findall(r"whsec_[\w+/=]{44}", added(shop).text)
    page = shop.owner.get(its_page())
    assert "whsec_" not in page.html
    assert URL in shop.owner.get(PAGE).text
    paid_in(shop, "line 7")
    page = shop.owner.get(its_page())
    assert "float.paid_in Arrived · Answered with 200" in page.text
    assert "line 7" in page.text
    form = {"instead_of": page.value("instead_of")}
    changed = shop.owner.post(f"{its_page()}secret/", form)
    [other] = re.findall(r"whsec_[\w+/=]{44}", changed.text)
    assert other != secret
    assert "signs as well until" in changed.text
    before = bytes(WebhookEndpoint.objects.get().secret_sealed)
    for again in (form, {}):  # loaded anew, it would make another one that nobody reads
        assert shop.owner.post(f"{its_page()}secret/", again).where == its_page()
    assert bytes(WebhookEndpoint.objects.get().secret_sealed) == before


def test_the_form_of_a_new_one_that_is_sent_again_makes_no_second_one(shop: Door) -> None:
    added(shop)
    page = shop.owner.post(PAGE, {"url": URL, "events": "float.paid_in"})
    assert (page.status, page.error("url")) == (
        422,
        "Messages are posted to this address already: change that webhook.",
    )
    assert WebhookEndpoint.objects.count() == 1


def test_what_was_typed_wrong_stands_beside_its_field_and_nothing_typed_is_lost(shop: Door) -> None:
    page = shop.owner.post(PAGE, {"url": "http://10.0.0.1/x", "events": "order.failed"})
    assert (page.status, page.value("url")) == (422, "http://10.0.0.1/x")
    assert page.error("url") == "The address of a webhook begins with https://."
    assert re.search(r'value="order.failed" checked', page.html)
    added(shop)
    page = shop.owner.post(its_page(), {"url": "https://127.0.0.1/", "events": "order.failed"})
    assert (page.status, page.error("url")) == (422, "This address is not public, so nothing is posted there.")
    assert WebhookEndpoint.objects.get().url == URL
    assert shop.owner.post(its_page(), {"url": URL + "2"}).where == its_page()
    assert (WebhookEndpoint.objects.get().url, WebhookEndpoint.objects.get().events) == (URL + "2", [])


def test_what_failed_says_why_and_is_posted_again(shop: Door) -> None:
    added(shop)
    shop.world.receiver.answers = [Outcome(why="timed_out")]
    paid_in(shop, "line 7")
    page = shop.owner.get(its_page())
    assert "No answer within 10 seconds" in page.text
    assert "nothing has arrived since" in page.text
    reference = page.value("message")
    assert shop.owner.post(f"{its_page()}again/", {"message": reference}).where == its_page()
    shop.world.work(2)
    assert shop.owner.post(f"{its_page()}again/", {"hours": "24"}).where == its_page()
    shop.world.work(2)
    assert [one.headers["webhook-id"] for one in shop.world.receiver.posted] == [reference] * 3


def test_post_it_again_means_the_endpoint_whose_page_it_is(shop: Door) -> None:
    added(shop)
    at = its_page()
    shop.world.clock.tick(1)
    added(shop, URL + "2")
    paid_in(shop, "line 7")
    reference = shop.owner.get(at).value("message")
    posted = len(shop.world.receiver.posted)
    assert shop.owner.post(at, {"url": URL, "events": "order.failed"}).where == at  # none such comes by itself any more
    assert shop.owner.post(f"{at}again/", {"message": reference}).where == at
    shop.world.work(2)
    assert [one.url for one in shop.world.receiver.posted[posted:]] == [URL]
    shop.owner.post(f"{at}switch/")
    refused = shop.owner.post(f"{at}again/", {"message": reference})
    assert (refused.status, "This webhook is off" in refused.text) == (422, True)
    shop.world.work(2)
    assert len(shop.world.receiver.posted) == posted + 1


def test_it_is_tried_switched_off_and_on_and_removed(shop: Door) -> None:
    added(shop)
    at = its_page()
    assert shop.owner.post(f"{at}test/").where == at
    shop.world.work(2)
    assert "endpoint.test Arrived" in shop.owner.get(at).text
    assert "Off: somebody switched it off." in shop.owner.post(f"{at}switch/").text
    refused = shop.owner.post(f"{at}test/")
    assert (refused.status, "This webhook is off" in refused.text) == (422, True)
    assert shop.owner.post(f"{at}again/", {"hours": "24"}).status == 422
    assert "Switch it off" in shop.owner.post(f"{at}switch/", {"on": "1"}).text
    assert shop.owner.post(f"{at}remove/").where == PAGE
    assert shop.owner.get(at).status == 404


def test_whoever_may_not_sees_and_changes_nothing(shop: Door) -> None:
    """A seller of the same reseller, the owner of another one, and somebody who is not signed in."""
    from surfaces.conftest import Visitor

    added(shop)
    paid_in(shop, "line 7")
    at, reference = its_page(), shop.owner.get(its_page()).value("message")
    before = WebhookEndpoint.objects.get()
    theirs = at.replace("acme", "bolt")
    for who, page in ((shop.colleague, at), (shop.stranger, at), (shop.stranger, theirs)):
        assert who.get(page).status == 404
        for name in ("", "secret/", "test/", "again/", "switch/", "remove/"):
            assert who.post(page + name, {"url": URL + "x", "message": reference}).status == 404, name
    assert shop.colleague.post(PAGE, {"url": URL}).status == 404
    assert shop.stranger.get(PAGE.replace("acme", "bolt")).status == 200
    assert Visitor().post(f"{at}remove/").where == "/me/in/"
    after = WebhookEndpoint.objects.get()
    assert (after.url, bytes(after.secret_sealed), after.ended_at) == (before.url, bytes(before.secret_sealed), None)
    shop.world.work(3)
    assert len(shop.world.receiver.posted) == 1
    assert "Webhooks" in shop.owner.get("/reseller/acme/").text
    assert "Webhooks" not in shop.colleague.get("/reseller/acme/").text
