"""Short messages to browsers: beside the mail, never instead of it, and never with a code or a number in them."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from uuid import UUID

import pytest

from fakes import CODE, CUSTOMER, DIRECT, World
from operations.test_counting_in import reminded
from opla.core.actor import SYSTEM
from opla.core.ports import Answer, PushReport
from opla.core.refusal import Code, Refusal
from opla.db.queries import push as rows
from opla.db.queries.call import select
from opla.db.queries.push import About
from opla.operations import outside, push, wishes
from opla.operations.push import Given
from opla.presenting.pushing import pushing
from support import at_once

KEY = base64.urlsafe_b64encode(b"\x04" + b"k" * 64).decode()
AUTH = base64.urlsafe_b64encode(b"a" * 16).decode()
HOST = "https://fcm.googleapis.com/fcm/send/"


def tell(world: World, about: About, browser: str = "mine", address: str = "") -> Refusal | None:
    return push.keep(CUSTOMER, about, Given(HOST + browser, KEY, AUTH, address), shop=world.shop, at=world.clock())


def said(world: World) -> list[tuple[str, str]]:
    """(browser, tag) of every push, in the order they were sent."""
    return [(p.to.endpoint.removeprefix(HOST), json.loads(p.text)["tag"]) for p in world.push_service.pushed]


def ticket(order_id: UUID) -> str:
    [(found,)] = select("SELECT ticket FROM orders WHERE id = %s", [order_id])
    return str(found)


@pytest.mark.parametrize("sku", [CODE, DIRECT])
def test_a_browser_that_asked_is_told_once_beside_the_mail_and_others_are_not(world: World, sku: str) -> None:
    order_id = world.paid(sku)
    assert tell(world, About(order_id=order_id)) is None
    other = world.paid()
    world.work(5)
    assert said(world) == [("mine", ticket(order_id))]
    assert len(world.mailbox.sent) == 2
    assert world.state(other) == "delivered"
    assert select("SELECT count(*) FROM push_message") == [(0,)]
    text = world.push_service.pushed[0].text
    assert "000000001" not in text
    assert "470" not in text
    assert json.loads(text)["lang"] == "en"


def test_the_mail_goes_out_whatever_becomes_of_the_push_and_the_push_is_tried_again(world: World) -> None:
    order_id = world.paid()
    tell(world, About(order_id=order_id))
    world.push_service.reports = [PushReport(Answer.UNKNOWN), PushReport(Answer.NOT_SENT)]
    world.work(3)
    assert len(world.mailbox.sent) == 1
    world.work_through(90, 10)
    assert [browser for browser, _ in said(world)] == ["mine"] * 3
    assert len({p.reference for p in world.push_service.pushed}) == 1
    assert len(world.mailbox.sent) == 1


def test_a_push_that_never_arrives_is_given_up(world: World) -> None:
    tell(world, About(order_id=world.paid()))
    world.push_service.reports = [PushReport(Answer.UNKNOWN)] * 9
    world.work(3)
    for _ in range(8):
        world.clock.tick(7200)
        world.work()
    assert len(world.push_service.pushed) == 5
    assert select("SELECT count(*) FROM push_message") == [(0,)]
    assert world.items() == []


def test_a_transport_that_breaks_harms_no_other_push(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for browser in ("one", "two"):
        tell(world, About(order_id=world.paid()), browser)
    good, broken = world.push_service.push, []

    def breaks(one):  # noqa: ANN001, ANN202 - as `push`
        if not broken:
            broken.append(one)
            raise OSError
        return good(one)

    monkeypatch.setattr(world.push_service, "push", breaks)
    world.work_through(60, 10)
    assert {browser for browser, _ in said(world)} == {"one", "two"}


def test_a_browser_that_has_gone_is_forgotten_with_all_it_had_asked_for(world: World) -> None:
    first, second = world.paid(), world.order()
    for order_id in (first, second):
        tell(world, About(order_id=order_id))
    tell(world, About(order_id=first), "another")
    world.push_service.reports = [PushReport(Answer.DECLINED, gone=True)] * 2
    world.work(1)
    assert rows.kept(About(order_id=second)) == 0
    world.work(3)
    assert select("SELECT count(*) FROM push_subscription") == [(0,)]


def test_the_same_browser_asks_once_and_stops_what_it_asked_for(world: World) -> None:
    order_id = world.paid()
    about = About(order_id=order_id)
    for _ in range(3):
        tell(world, about)
    tell(world, about, "another")
    assert rows.kept(about) == 2
    assert push.stop(CUSTOMER, about, HOST + "mine", shop=world.shop) is None
    assert push.stop(CUSTOMER, about, HOST + "nobody's", shop=world.shop) is None
    world.work(4)
    assert [browser for browser, _ in said(world)] == ["another"]


def test_an_order_tells_so_many_browsers_and_those_of_long_ago_are_forgotten(world: World) -> None:
    about = About(order_id=world.paid())
    world.work(3)
    for n in range(8):
        world.clock.tick(1)
        tell(world, about, f"b{n}")
    assert rows.kept(about) == 5
    world.clock.tick(timedelta(days=91).total_seconds())
    tell(world, About(order_id=world.order()))
    assert rows.kept(about) == 0


def test_what_a_browser_gave_us_is_sealed(world: World) -> None:
    tell(world, About(order_id=world.order()))
    [(sealed, hashed)] = select("SELECT sealed, endpoint_hash FROM push_subscription")
    assert b"fcm" not in bytes(sealed) + bytes(hashed)  # type: ignore[call-overload]  # bytea


@pytest.mark.parametrize(
    ("endpoint", "key"),
    [("https://127.0.0.1/x", KEY), ("http://fcm.googleapis.com/x", KEY), (HOST + "x", "short"), ("", "")],
)
def test_an_address_that_is_no_push_service_is_refused(world: World, endpoint: str, key: str) -> None:
    about = About(order_id=world.order())
    given = Given(endpoint, key, AUTH, "")
    assert push.keep(CUSTOMER, about, given, shop=world.shop, at=world.clock()) == Refusal(Code.NOT_FOUND)
    assert rows.kept(about) == 0


def test_whoever_asks_too_often_is_refused_and_a_worker_may_not_ask(world: World) -> None:
    about = About(order_id=world.order())
    found = [tell(world, about, f"b{n}", "203.0.113.7") for n in range(21)]
    assert found[:20] == [None] * 20
    assert found[20] is not None
    assert found[20].code is Code.TOO_MANY_TRIES
    given = Given(HOST + "x", KEY, AUTH, "")
    assert push.keep(SYSTEM, about, given, shop=world.shop, at=world.clock()) is not None


def test_six_digits_are_never_announced(world: World) -> None:
    from fakes import DEVICE
    from opla.operations import reveal_code

    order_id = world.paid()
    world.work(3)
    tell(world, About(order_id=order_id))
    assert reveal_code.ask_proof(CUSTOMER, order_id, shop=world.shop, at=world.clock()) is None
    world.work(2)
    assert said(world) == []
    assert DEVICE


def test_a_reminder_is_pushed_by_day_and_not_after_it_was_stopped(world: World) -> None:
    link = reminded(world)
    about = push.reminder(link)
    assert about is not None
    assert about.reminder_id is not None
    assert tell(world, about) is None
    mails = len(world.mailbox.sent)
    for _ in range(24 * 3):
        world.clock.tick(3600)
        world.work()
    assert len(world.mailbox.sent) > mails
    assert said(world)
    assert {tag for _, tag in said(world)} == {push.tag_of(about.reminder_id, world.shop)}
    assert wishes.stop(CUSTOMER, link) is None
    assert select("SELECT count(*) FROM push_subscription") == [(0,)]


def test_nothing_is_asked_for_by_a_link_that_is_guessed_or_not_confirmed(world: World) -> None:
    assert push.reminder("a" * 26) is None
    assert push.reminder("nonsense") is None


def test_two_workers_at_once_send_it_once(world: World) -> None:
    from fakes import Playing

    tell(world, About(order_id=world.paid()))
    world.push_service.reports = [PushReport(Answer.UNKNOWN)]
    world.work(3)
    world.push_service.pushed.clear()
    world.clock.tick(60)

    def out() -> int:
        words = lambda about: pushing(about, sandbox=True)  # noqa: E731 - said beside what it is for
        return push.push_out(words, shop=world.shop, outside=Playing(world), at=world.clock())

    assert sum(at_once(out, out)) == 1
    assert len(world.push_service.pushed) == 1


@pytest.mark.parametrize("language", ["zh-Hans", "en", "fr", "nl", "de"])
def test_the_words_are_in_the_orders_language_and_name_its_ticket_alone(world: World, language: str) -> None:
    title, text = pushing(push.Pushing("4F7K-Q2", None, language), sandbox=True)
    assert title == "[SANDBOX] Opla"
    assert "4F7K-Q2" in text
    english = pushing(push.Pushing("4F7K-Q2", None, "en"), sandbox=True)[1]
    assert (text == english) is (language == "en")


def test_a_live_shop_sends_push_only_once_somebody_has_said_who_it_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    live = replace(world.shop, sandbox=False)
    assert push.public_key(live) == b""
    monkeypatch.setenv("OPLA_NOTICES_WEB_PUSH_SUBJECT", "mailto:shop@example.org")
    assert len(push.public_key(live)) == 65
    assert push.public_key(live) == push.public_key(world.shop)
    adapters = outside.Adapters(live, None)  # type: ignore[arg-type]  # no stock is asked for here
    assert type(adapters.pushes()).__name__ == "WebPush"
