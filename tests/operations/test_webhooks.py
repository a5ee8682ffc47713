"""What resellers' programs are told: beside the facts, once or more and never less, signed, and to nobody else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from threading import Event as Signal
from uuid import UUID

import pytest
from django.db import transaction
from standardwebhooks import Webhook as Theirs

from fakes import ANOTHER_WORKER, START, World
from operations.test_floats import OWNER, asked, place, standing
from opla.core.actor import Actor, Role
from opla.core.api_access import Access, Scope
from opla.core.money import Money
from opla.core.ports import Answer, SendReport, Webhook
from opla.core.refusal import Code, Refusal
from opla.core.webhook import AGAIN_AFTER_S, EVENTS, FIELDS, Event, Outcome
from opla.db.models import WebhookEndpoint
from opla.db.queries import floats
from opla.db.queries.call import select
from opla.operations import float_deposits, members, post_webhooks, resellers, webhooks
from opla.operations.refund_by_choice import refund_by_choice
from opla.operations.webhooks import Made, Wish
from support import at_once, by_owner, until_somebody_waits

ACTOR = Actor(Role.RESELLER, "acme")
ACME, BOLT = (Access(name, f"orders@{name}.example", frozenset(Scope)) for name in ("acme", "bolt"))
URL = "https://hooks.acme.example/opla"


@pytest.fixture
def acme(world: World) -> World:
    """A shop with one reseller, acme, that paid in a hundred euros."""
    assert resellers.add(OWNER, "acme", title="Acme", email="Orders@Acme.example", at=START) is None
    assert resellers.pay_in(OWNER, "acme", "100", "first", shop=world.shop, at=START) is True
    return world


def made(world: World, *events: str, access: Access = ACME, url: str = URL) -> Made:
    found = webhooks.make(ACTOR, access, url, events, shop=world.shop, at=world.clock())
    assert isinstance(found, Made), found
    return found


def said(world: World) -> list[dict[str, object]]:
    return [json.loads(one.body) for one in world.receiver.posted]


def types(world: World) -> list[object]:
    return [one["type"] for one in said(world)]


def lapse() -> None:
    by_owner("UPDATE webhook_delivery SET lease_until = opla_clock() WHERE lease_until IS NOT NULL")


def states() -> list[tuple[object, ...]]:
    return select("SELECT due_at IS NOT NULL, done_at IS NOT NULL, tries FROM webhook_delivery ORDER BY reference")


def test_an_order_is_told_when_it_stands_and_when_it_is_delivered(acme: World) -> None:
    made(acme)
    [order] = standing(acme, asked("my order 7"))
    acme.work(2)
    placed, delivered = said(acme)
    assert (placed["type"], delivered["type"]) == ("order.placed", "order.delivered")
    data = delivered["data"]
    assert isinstance(data, dict)
    assert data["order"] == str(order)
    assert (data["key"], data["state"]) == ("my order 7", "delivered")
    assert data["price"] == {"amount_minor": 1500, "currency": "EUR"}
    assert delivered["timestamp"] == "2026-11-22T12:00:00Z"
    assert states() == [(False, True, 1)] * 2


def test_no_message_carries_a_number_an_address_or_a_code(acme: World) -> None:
    made(acme)
    standing(acme, asked("a"))
    resellers.pay_in(OWNER, "acme", "5", "second", shop=acme.shop, at=acme.clock())
    acme.work(3)
    for told in said(acme):
        fields = EVENTS[Event(str(told["type"]))][1]
        assert isinstance(told["data"], dict)
        assert set(told["data"]) == set(fields) <= set(FIELDS)
        text = json.dumps(told)
        assert not [secret for secret in ("470123456", "example.org", "000000001") if secret in text]


def test_every_event_has_its_moment(acme: World) -> None:
    """And the mail of the same moment calls it the same."""
    endpoint = made(acme).endpoint
    acme.supplier.script = [acme.supplier.refuses]
    standing(acme, asked("failed"))
    acme.work(2)
    acme.clock.tick(1)
    [late] = standing(acme, asked("late"))
    acme.clock.tick(timedelta(days=1, seconds=1).total_seconds())
    acme.work(2)
    assert acme.state(late) == "cancelled"
    [part, whole] = standing(acme, asked("part"), asked("whole", number="0470123457"))
    acme.work(3)
    for order, amount in ((part, Money(400, "EUR")), (whole, None)):
        refund_id = acme.shop.chance.uuid(acme.clock())
        refunded = refund_by_choice(
            OWNER, order, refund_id=refund_id, amount=amount, why="sorry", shop=acme.shop, at=acme.clock()
        )
        assert not isinstance(refunded, Refusal), refunded
    resellers.pay_in(OWNER, "acme", "5", "second", shop=acme.shop, at=acme.clock())
    assert float_deposits.warn_below("acme", "1000", "en", at=acme.clock()) is None
    assert float_deposits.tell_low(shop=acme.shop, at=acme.clock()) == 1
    assert isinstance(webhooks.send_test(ACTOR, ACME, endpoint.id, shop=acme.shop, at=acme.clock()), str)
    acme.work(5)
    assert set(types(acme)) == {str(event) for event in Event}
    told = {str(one["type"]): one["data"] for one in said(acme)}
    assert isinstance(told["order.credited"], dict)
    assert told["order.credited"]["given_back"] == {"amount_minor": 400, "currency": "EUR"}
    assert isinstance(told["float.paid_in"], dict)
    assert told["float.paid_in"]["key"] == "second"
    assert told["float.low"] == {
        "free": {"amount_minor": floats.balance("acme", "EUR").free_minor, "currency": "EUR"},
        "below": {"amount_minor": 100_000, "currency": "EUR"},
    }
    mailed = {json.loads(one.text)["type"] for one in acme.mailbox.sent if one.text.startswith("{")}
    assert mailed == {event for event in map(str, Event) if event.startswith("order.") and event != "order.placed"}


def test_what_an_operator_took_back_is_refunded_and_not_failed(acme: World) -> None:
    made(acme, "order.refunded", "order.failed")
    acme.supplier.promises = replace(acme.supplier.promises, may_reverse=True)
    standing(acme, asked("a"))
    acme.work()
    [reference] = acme.supplier.given
    acme.supplier.given[reference] = SendReport(Answer.SUCCEEDED, "sup_1", 1440, reversed=True)
    acme.clock.tick(6)
    acme.work(2)
    assert types(acme) == ["order.refunded"]


def test_an_endpoint_is_told_what_it_wants_and_nobody_of_another_reseller_anything(acme: World) -> None:
    assert resellers.add(OWNER, "bolt", title="Bolt", email="o@bolt.example", at=acme.clock()) is None
    made(acme, "order.delivered", url="https://one.example.com/")
    made(acme, "float.paid_in", url="https://two.example.com/")
    made(acme, access=BOLT, url="https://bolt.example.com/")
    made(acme, access=replace(ACME, sandbox=True), url="https://sandbox.example.com/")
    standing(acme, asked("a"))
    acme.order()
    acme.work(3)
    assert [(one.url, t) for one, t in zip(acme.receiver.posted, types(acme), strict=True)] == [
        ("https://one.example.com/", "order.delivered")
    ]


def test_whoever_has_no_endpoint_costs_no_row(acme: World) -> None:
    standing(acme, asked("a"))
    acme.work(3)
    assert select("SELECT count(*) FROM webhook_message") == [(0,)]


def test_the_signature_is_the_standards(acme: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Computed here by the letter of the standard, and verified by its own library."""
    secret = made(acme).secret
    standing(acme, asked("a"))
    acme.work()
    one = acme.receiver.posted[0]
    signed = f"{one.headers['webhook-id']}.{one.headers['webhook-timestamp']}.".encode() + one.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    assert len(key) == 32
    want = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert one.headers["webhook-signature"] == f"v1,{want}"
    assert int(one.headers["webhook-timestamp"]) == int(acme.clock().timestamp())
    verified(secret, one, acme.clock(), monkeypatch)


def verified(secret: str, one: Webhook, at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    import standardwebhooks.webhooks as library

    class Then(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]  # noqa: ARG003 - as theirs
            return at

    monkeypatch.setattr(library, "datetime", Then)
    assert Theirs(secret).verify(one.body, dict(one.headers)) == json.loads(one.body)


def test_both_secrets_sign_for_a_day_after_a_new_one(acme: World, monkeypatch: pytest.MonkeyPatch) -> None:
    old = made(acme)
    new = webhooks.rotate(ACTOR, ACME, old.endpoint.id, shop=acme.shop, at=acme.clock())
    assert isinstance(new, Made)
    assert new.secret != old.secret
    standing(acme, asked("a"))
    acme.work()
    both = acme.receiver.posted[-1]
    for secret in (old.secret, new.secret):
        verified(secret, both, acme.clock(), monkeypatch)
    acme.clock.tick(timedelta(days=1).total_seconds())
    standing(acme, asked("b"))
    acme.work()
    one = acme.receiver.posted[-1]
    assert len(one.headers["webhook-signature"].split(" ")) == 1
    verified(new.secret, one, acme.clock(), monkeypatch)


def test_another_secret_within_the_day_never_silences_the_one_in_use(
    acme: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = made(acme)
    for _ in range(2):  # the page is loaded anew, or somebody lost what was shown
        newest = webhooks.rotate(ACTOR, ACME, used.endpoint.id, shop=acme.shop, at=acme.clock())
        assert isinstance(newest, Made)
        acme.clock.tick(3600)
    standing(acme, asked("a"))
    acme.work()
    for secret in (used.secret, newest.secret):
        verified(secret, acme.receiver.posted[-1], acme.clock(), monkeypatch)


def test_one_form_makes_one_secret_however_often_it_is_sent(acme: World) -> None:
    endpoint = made(acme).endpoint
    was = webhooks.newest(endpoint)

    def another() -> object:
        return webhooks.rotate(ACTOR, ACME, endpoint.id, instead_of=was, shop=acme.shop, at=acme.clock())

    found = at_once(another, another)
    assert sorted(type(one).__name__ for one in found) == ["Made", "Refusal"]


def test_an_address_is_told_once(acme: World) -> None:
    def another() -> object:
        return webhooks.make(ACTOR, ACME, URL, ("order.failed",), shop=acme.shop, at=acme.clock())

    known = [Refusal(Code.WEBHOOK_KNOWN, "url")]
    found = at_once(another, another)
    assert sum(isinstance(one, Made) for one in found) == found.count(known) == 1
    other = made(acme, url=URL + "2").endpoint
    same = webhooks.change(ACTOR, ACME, other.id, Wish(url=URL), shop=acme.shop, at=acme.clock())
    assert same == known
    kept = webhooks.change(ACTOR, ACME, other.id, Wish(url=URL + "2"), shop=acme.shop, at=acme.clock())
    assert isinstance(kept, WebhookEndpoint)
    assert webhooks.remove(ACTOR, ACME, other.id, at=acme.clock()) is None
    made(acme, url=URL + "2")


def test_a_secret_is_kept_sealed(acme: World) -> None:
    secret = made(acme).secret
    [(sealed,)] = select("SELECT secret_sealed FROM webhook_endpoint")
    plain = base64.b64decode(secret.removeprefix("whsec_"))
    assert plain not in bytes(sealed)  # type: ignore[call-overload]  # bytea


def test_what_fails_is_tried_again_later_and_later_under_the_same_id_and_then_given_up(acme: World) -> None:
    made(acme, "order.delivered")
    standing(acme, asked("a"))
    acme.receiver.on_post = lambda _: Outcome(500, said="oops")
    at = []
    acme.work(2)
    for _ in range(40):
        [(due,)] = select("SELECT due_at FROM webhook_delivery")
        at.append(acme.clock())
        if due is None:
            break
        assert isinstance(due, datetime)
        acme.clock.now = due
        acme.work()
    gaps = [(b - a).total_seconds() for a, b in pairwise(at)]
    assert len(acme.receiver.posted) == len(AGAIN_AFTER_S) + 1
    assert all(least <= gap <= least * 1.2 + 1 for least, gap in zip(AGAIN_AFTER_S, gaps, strict=True))
    assert len({one.headers["webhook-id"] for one in acme.receiver.posted}) == 1
    assert len({one.body for one in acme.receiver.posted}) == 1
    assert len({one.headers["webhook-signature"] for one in acme.receiver.posted}) == len(acme.receiver.posted)


def test_an_endpoint_that_only_failed_for_three_days_is_ended_and_its_people_told(acme: World) -> None:
    assert members.name(OWNER, "acme", "ana@acme.example", "owner", at=acme.clock()) is None
    assert members.name(OWNER, "acme", "sam@acme.example", "seller", at=acme.clock()) is None
    endpoint = made(acme, "order.delivered").endpoint
    other = made(acme, "order.delivered", url="https://other.acme.example/").endpoint
    acme.receiver.on_post = lambda one: Outcome(why="timed_out") if one.url == URL else Outcome(204)
    standing(acme, asked("a"))
    acme.work(2)
    for _ in range(len(AGAIN_AFTER_S) + 1):
        assert select("SELECT count(*) FROM webhook_endpoint WHERE ended_at IS NOT NULL") == [(0,)]
        [(due,)] = select("SELECT due_at FROM webhook_delivery WHERE due_at IS NOT NULL")
        assert isinstance(due, datetime)
        acme.clock.now = due
        acme.work()
        if select("SELECT count(*) FROM webhook_endpoint WHERE ended_at IS NOT NULL") != [(0,)]:
            break
    acme.work(2)
    endpoint.refresh_from_db()
    other.refresh_from_db()
    assert (endpoint.ended_why, other.ended_at) == ("dead", None)
    told = [one.to for one in acme.mailbox.sent if one.subject == "webhook_ended"]
    assert sorted(told) == ["ana@acme.example", "orders@acme.example"]
    assert acme.items() == []
    standing(acme, asked("b"))
    before = len(acme.receiver.posted)
    acme.work(3)
    assert [one.url for one in acme.receiver.posted[before:]] == ["https://other.acme.example/"]


def test_one_success_forgives_all_failures(acme: World) -> None:
    endpoint = made(acme, "order.placed").endpoint
    acme.receiver.answers = [Outcome(503)]
    standing(acme, asked("a"))
    acme.work()
    endpoint.refresh_from_db()
    assert endpoint.failing_since is not None
    acme.clock.tick(10)
    acme.work()
    endpoint.refresh_from_db()
    assert endpoint.failing_since is None
    assert states() == [(False, True, 2)]


def test_gone_is_believed_at_once(acme: World) -> None:
    endpoint = made(acme, "order.placed").endpoint
    acme.receiver.answers = [Outcome(410)]
    standing(acme, asked("a"))
    acme.work(3)
    standing(acme, asked("b"))
    acme.work(3)
    endpoint.refresh_from_db()
    assert endpoint.ended_why == "gone"
    assert len(acme.receiver.posted) == 1
    assert [one.subject for one in acme.mailbox.sent].count("webhook_ended") == 1


def test_gone_is_believed_beside_another_message_that_arrived_in_the_same_round(acme: World) -> None:
    made(acme)
    standing(acme, asked("a"), asked("b", number="0470123457"))
    acme.receiver.answers = [Outcome(200), Outcome(410)]
    acme.work()
    [endpoint] = webhooks.endpoints_of(ACME)
    assert endpoint.ended_why == "gone"


def test_whoever_asks_us_to_wait_is_left_alone_so_long(acme: World) -> None:
    made(acme, "order.placed")
    acme.receiver.answers = [Outcome(429, wait_s=3600)]
    standing(acme, asked("a"))
    acme.work()
    [(due,)] = select("SELECT due_at FROM webhook_delivery")
    assert due == acme.clock() + timedelta(hours=1)


def test_an_ended_endpoint_is_enabled_again_and_told_what_it_missed(acme: World) -> None:
    endpoint = made(acme, "order.delivered").endpoint
    since = acme.clock()
    off = webhooks.change(ACTOR, ACME, endpoint.id, Wish(active=False), shop=acme.shop, at=since)
    assert isinstance(off, WebhookEndpoint)
    assert off.ended_why == "by_hand"
    acme.clock.tick(1)
    standing(acme, asked("a"), asked("b", number="0470123457"))
    acme.work(3)
    assert acme.receiver.posted == []
    assert webhooks.replay_since(ACTOR, ACME, endpoint.id, since, at=acme.clock()) == Refusal(Code.WEBHOOK_ENDED)
    on = webhooks.change(ACTOR, ACME, endpoint.id, Wish(active=True), shop=acme.shop, at=acme.clock())
    assert isinstance(on, WebhookEndpoint)
    assert on.ended_at is None
    assert webhooks.replay_since(ACTOR, ACME, endpoint.id, since, at=acme.clock()) == 2
    acme.work()
    assert types(acme) == ["order.delivered"] * 2


def test_one_message_is_posted_again_under_its_id_when_somebody_asks(acme: World) -> None:
    made(acme, "order.placed")
    standing(acme, asked("a"))
    acme.work()
    [reference] = [one.headers["webhook-id"] for one in acme.receiver.posted]
    assert webhooks.replay(ACTOR, ACME, reference, at=acme.clock()) == 1
    assert webhooks.replay(ACTOR, BOLT, reference, at=acme.clock()) == Refusal(Code.NOT_FOUND)
    acme.work()
    assert [one.headers["webhook-id"] for one in acme.receiver.posted] == [reference] * 2
    found = webhooks.message(ACME, reference, at=acme.clock())
    assert found is not None
    assert [one.status for one in found[1]] == [200, 200]
    assert webhooks.message(BOLT, reference, at=acme.clock()) is None


class Killed(BaseException):
    """A process that ended, in the middle of whatever it did."""


def test_a_worker_killed_between_post_and_record_posts_again_under_the_same_id(acme: World) -> None:
    made(acme, "order.placed")
    standing(acme, asked("a"))

    def dies(_: Webhook) -> Outcome:
        raise Killed

    acme.receiver.on_post = dies
    with pytest.raises(Killed):
        acme.work()
    acme.receiver.on_post = None
    acme.work(2, worker=ANOTHER_WORKER)
    assert len(acme.receiver.posted) == 1  # whoever has it in hand may yet be alive
    lapse()
    acme.work(2, worker=ANOTHER_WORKER)
    first, again = acme.receiver.posted
    assert (first.headers["webhook-id"], first.body) == (again.headers["webhook-id"], again.body)
    assert states() == [(False, True, 1)]


def test_whoever_was_thought_dead_and_had_delivered_is_believed(acme: World) -> None:
    made(acme, "order.placed")
    standing(acme, asked("a"))
    [slow] = post_webhooks.claim(at=acme.clock(), limit=10)
    lapse()
    [other] = post_webhooks.claim(at=acme.clock(), limit=10)
    post_webhooks.keep([post_webhooks.Tried(other, Outcome(500))], shop=acme.shop, at=acme.clock())
    post_webhooks.keep([post_webhooks.Tried(slow, Outcome(200))], shop=acme.shop, at=acme.clock())
    assert states() == [(False, True, 2)]
    lapse()
    post_webhooks.keep([post_webhooks.Tried(other, Outcome(500))], shop=acme.shop, at=acme.clock())
    assert states() == [(False, True, 2)]


@pytest.mark.parametrize("seed", range(3))
def test_no_message_is_ever_lost(acme: World, seed: int) -> None:
    """Whatever answers, breaks off, and dies on the way: each fact arrives, and says the same every time."""
    made(acme)
    chance = random.Random(seed)
    arrived: dict[str, set[bytes]] = defaultdict(set)

    def plays(one: Webhook) -> Outcome:
        fate = chance.randrange(6)
        if fate < 4:  # they have it, whether we hear so or not
            arrived[one.headers["webhook-id"]].add(one.body)
        if fate == 0:
            raise Killed
        return [Outcome(), Outcome(why="timed_out"), Outcome(200), Outcome(200), Outcome(500), Outcome(302)][fate]

    acme.receiver.on_post = plays
    for n in range(6):
        acme.supplier.script = [acme.supplier.refuses] if n % 3 == 0 else []
        standing(acme, asked(f"o{n}", number=f"04701234{n:02}"))
        for _ in range(4):
            try:
                acme.work()
            except Killed:
                lapse()
            acme.clock.tick(61)
    for _ in range(200):
        if not [row for row in states() if row[0]]:
            break
        try:
            acme.work()
        except Killed:
            lapse()
        acme.clock.tick(3600)
    rows = select("SELECT reference, type FROM webhook_message")
    assert len(rows) == 12
    assert set(arrived) == {str(reference) for reference, _ in rows}
    assert all(len(bodies) == 1 for bodies in arrived.values())
    assert sorted(json.loads(next(iter(b)))["type"] for b in arrived.values()) == sorted(str(t) for _, t in rows)
    assert WebhookEndpoint.objects.get().ended_at is None


def test_no_more_than_a_few_of_one_reseller_are_under_way_and_one_of_a_failing_endpoint(acme: World) -> None:
    assert resellers.add(OWNER, "bolt", title="Bolt", email="o@bolt.example", at=acme.clock()) is None
    resellers.pay_in(OWNER, "bolt", "90", "first", shop=acme.shop, at=acme.clock())
    for n in range(3):
        made(acme, "order.placed", url=f"https://e{n}.example.com/")
    made(acme, "order.placed", access=BOLT, url="https://bolt.example.com/")
    place(acme, *(asked(f"a{n}", number=f"04701234{n:02}") for n in range(6)))
    place(acme, *(asked(f"b{n}", number=f"04701235{n:02}", reseller="bolt") for n in range(3)))
    hand: dict[str, int] = defaultdict(int)
    for _ in range(3):
        for due in post_webhooks.claim(at=acme.clock(), limit=100):
            hand[due.reseller] += 1
    assert hand == {"acme": 8, "bolt": 3}
    lapse()
    by_owner("UPDATE webhook_endpoint SET failing_since = made_at")
    claimed = post_webhooks.claim(at=acme.clock(), limit=100)
    assert len(claimed) == len({due.endpoint_id for due in claimed}) == 4
    assert post_webhooks.claim(at=acme.clock(), limit=100) == []


def test_a_reseller_with_much_to_tell_does_not_come_before_one_with_little(acme: World) -> None:
    assert resellers.add(OWNER, "bolt", title="Bolt", email="o@bolt.example", at=acme.clock()) is None
    made(acme, url="https://acme.example.com/")
    made(acme, access=BOLT, url="https://bolt.example.com/")
    place(acme, *(asked(f"a{n}", number=f"04701234{n:02}") for n in range(6)))
    acme.clock.tick(60)
    resellers.pay_in(OWNER, "bolt", "90", "first", shop=acme.shop, at=acme.clock())
    assert {due.reseller for due in post_webhooks.claim(at=acme.clock(), limit=2)} == {"acme", "bolt"}


def test_what_is_removed_is_posted_nowhere_and_what_is_old_is_forgotten(acme: World) -> None:
    gone, kept = made(acme).endpoint, made(acme, url=URL + "2").endpoint
    standing(acme, asked("a"))
    assert webhooks.remove(ACTOR, BOLT, gone.id, at=acme.clock()) == Refusal(Code.NOT_FOUND)
    assert webhooks.remove(ACTOR, ACME, gone.id, at=acme.clock()) is None
    acme.work(3)
    assert len(acme.receiver.posted) == 2
    assert [e.id for e in webhooks.endpoints_of(ACME)] == [kept.id]
    acme.clock.tick(timedelta(days=31).total_seconds())
    acme.work()
    assert select("SELECT (SELECT count(*) FROM webhook_message), (SELECT count(*) FROM webhook_try)") == [(0, 0)]


def test_what_a_removed_endpoint_was_told_is_deleted_some_at_a_time_and_seen_by_nobody_meanwhile(
    acme: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post_webhooks, "_FORGETS", 2)
    gone = made(acme).endpoint
    standing(acme, asked("a"), asked("b", number="0470123457"))
    acme.work(3)
    assert webhooks.remove(ACTOR, ACME, gone.id, at=acme.clock()) is None
    assert webhooks.remove(ACTOR, ACME, gone.id, at=acme.clock()) == Refusal(Code.NOT_FOUND)
    changed = webhooks.change(ACTOR, ACME, gone.id, Wish(active=True), shop=acme.shop, at=acme.clock())
    assert changed == [Refusal(Code.NOT_FOUND)]
    seen = webhooks.messages(ACME, limit=9, at=acme.clock())
    assert [one.deliveries for one in seen] == [()] * 4
    references = [one.reference for one in seen]
    assert [tries for _, tries in filter(None, (webhooks.message(ACME, r, at=acme.clock()) for r in references))] == [
        []
    ] * 4
    left = []
    for _ in range(2):
        post_webhooks.tidy(at=acme.clock())
        left += select("SELECT (SELECT count(*) FROM webhook_delivery), (SELECT count(*) FROM webhook_endpoint)")
    assert left == [(2, 1), (0, 0)]


def test_a_sale_does_not_wait_while_an_endpoint_is_removed(acme: World) -> None:
    endpoint = made(acme).endpoint
    begun, ended = Signal(), Signal()

    def removed() -> bool:
        with transaction.atomic():
            webhooks.remove(ACTOR, ACME, endpoint.id, at=acme.clock())
            begun.set()
            return ended.wait(5)

    def paid_in() -> bool:
        assert begun.wait(20)
        resellers.pay_in(OWNER, "acme", "5", "second", shop=acme.shop, at=acme.clock())
        ended.set()
        return True

    assert at_once(removed, paid_in) == [True, True]


def test_a_sale_beside_the_last_of_an_endpoint_stands_and_tells_it_nothing(acme: World) -> None:
    endpoint = made(acme).endpoint
    deleted = Signal()

    def forgotten() -> object:
        with transaction.atomic():
            webhooks.remove(ACTOR, ACME, endpoint.id, at=acme.clock())
            post_webhooks.tidy(at=acme.clock())
            deleted.set()
            until_somebody_waits()
        return True

    def paid_in() -> object:
        assert deleted.wait(20)
        return resellers.pay_in(OWNER, "acme", "5", "second", shop=acme.shop, at=acme.clock())

    assert at_once(forgotten, paid_in) == [True, True]
    assert select("SELECT count(*) FROM webhook_delivery") == [(0,)]


@pytest.mark.parametrize(
    ("url", "events", "codes"),
    [
        ("http://hooks.example.com/", (), [Code.WEBHOOK_URL_REFUSED]),
        ("https://10.0.0.1/", ("order.lost",), [Code.WEBHOOK_URL_REFUSED, Code.WEBHOOK_EVENT_UNKNOWN]),
        (URL, ("endpoint.test",), [Code.WEBHOOK_EVENT_UNKNOWN]),
    ],
)
def test_what_cannot_be_an_endpoint_is_refused(
    acme: World,
    url: str,
    events: tuple[str, ...],
    codes: list[Code],
) -> None:
    refused = webhooks.make(ACTOR, ACME, url, events, shop=acme.shop, at=acme.clock())
    assert isinstance(refused, list)
    assert [one.code for one in refused] == codes


def test_a_reseller_has_a_few_endpoints_and_no_more_and_nobody_else_changes_them(acme: World) -> None:
    endpoint = [made(acme, url=f"{URL}{n}").endpoint for n in range(5)].pop()
    refused = webhooks.make(ACTOR, ACME, URL, (), shop=acme.shop, at=acme.clock())
    assert isinstance(refused, list)
    assert refused[0].code is Code.WEBHOOKS_TOO_MANY
    shop, at = acme.shop, acme.clock()
    assert webhooks.change(ACTOR, BOLT, endpoint.id, Wish(active=False), shop=shop, at=at) == [Refusal(Code.NOT_FOUND)]
    assert webhooks.rotate(ACTOR, BOLT, endpoint.id, shop=shop, at=at) == Refusal(Code.NOT_FOUND)
    assert webhooks.send_test(ACTOR, BOLT, endpoint.id, shop=shop, at=at) == Refusal(Code.NOT_FOUND)
    assert webhooks.replay_since(ACTOR, BOLT, endpoint.id, at, at=at) == Refusal(Code.NOT_FOUND)
    assert webhooks.send_test(Actor(Role.CUSTOMER), ACME, endpoint.id, shop=shop, at=at) == Refusal(
        Code.NOT_ALLOWED, params={"act": "manage_webhooks", "role": "customer"}
    )
    assert webhooks.endpoint(BOLT, UUID(str(endpoint.id))) is None
