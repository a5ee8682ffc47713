"""A purchase counted in on a reminder: by its owner's own say, once, and then the reminders are about what there is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from fakes import CODE, CUSTOMER, DIRECT, START, World
from opla.core.actor import Actor, Role
from opla.core.line import Bucket, Kind, Line
from opla.core.refusal import Code, Refusal
from opla.core.usage import Usage
from opla.db.queries import counting
from opla.db.queries.call import select
from opla.operations import remind, wishes
from opla.operations.count_in import count, count_in
from opla.operations.expire import expire
from opla.operations.promotions import at_version, import_promotions
from opla.operations.remind import Wanted
from support import at_once

DAY = timedelta(days=1)
GIFT = """promotions: 1
sample: true
currency: EUR
time_zone: Europe/Brussels
languages: [en, zh-Hans]
sources: {sample: {where: "Invented", dated: nd}}
theirs:
  - id: gift
    operator: mobile-vikings
    title: {en: "A gift", zh-Hans: "礼包"}
    from: {value: "2026-11-01 00:00", sure: sample, source: sample}
    minimum: {value: "15.00", sure: sample, source: sample}
    gives: {value: {data_mb: 2000, lasts: {days: 9}}, sure: sample, source: sample}
"""


def reminded(world: World, operator: str = "mobile-vikings", *, days: int = 4, every: str = "0") -> str:
    """Somebody with 1 GB for a few days, who is reminded of it: the link."""
    data = Bucket(Kind.DATA, 1_000_000, START, START + days * DAY)
    before = len(world.mailbox.sent)
    wanted = Wanted("ana@example.org", every, "en")
    assert remind.ask(CUSTOMER, wanted, Usage(Line(operator, buckets=(data,))), shop=world.shop, at=world.clock()) == []
    world.work()
    link = world.mailbox.sent[before].text.removeprefix("http://shop.test/r/").rstrip("/")
    assert wishes.confirm(CUSTOMER, link, at=world.clock()) is None
    return link


def says(world: World, link: str, order_id: UUID) -> None:
    assert count_in(CUSTOMER, link, order_id, shop=world.shop, at=world.clock()) is None


def line(world: World, link: str) -> Line:
    watched = remind.find(link, shop=world.shop)
    assert watched
    return watched.usage.line


def data(world: World, link: str) -> list[int | None]:
    return [bucket.left for bucket in line(world, link).buckets if bucket.kind is Kind.DATA]


def said(world: World) -> list[str]:
    kinds = {"benefits_expire", "credit_lost", "number_lost", "data_ends"}
    return [kind for m in world.mailbox.sent if (kind := m.subject.partition(":")[0]) in kinds]


def live(world: World, days: int) -> None:
    for _ in range(days * 4):
        world.clock.tick(6 * 3600)
        world.work(2)


def test_what_was_bought_is_what_is_reminded_of(world: World) -> None:
    link = reminded(world)
    order_id = world.paid(DIRECT)
    says(world, link, order_id)
    assert data(world, link) == [1_000_000]  # paid is not delivered
    world.work(3)
    assert world.state(order_id) == "delivered"
    assert data(world, link) == [5_000_000]  # this operator's month begins anew, and what was left lapses
    held = line(world, link)
    assert held.topped_up_at == START
    assert held.number_ends
    live(world, 5)
    assert said(world) == []  # of the four days nobody needs to be told any more
    live(world, 27)
    assert said(world) == ["benefits_expire"]


def test_without_a_word_of_its_owner_nothing_is_tied_to_anything(world: World) -> None:
    link = reminded(world)
    order_id = world.paid(DIRECT)  # the same e-mail and operator
    world.work(3)
    assert data(world, link) == [1_000_000]
    assert not counting.wanted(order_id)
    live(world, 2)
    assert said(world) == ["benefits_expire"]


def test_what_is_said_after_the_delivery_counts_too_and_twice_counts_once(world: World) -> None:
    link = reminded(world)
    order_id = world.paid(DIRECT)
    world.work(3)
    world.clock.tick(3600)
    for _ in range(3):
        says(world, link, order_id)
        world.work(2)
    assert data(world, link) == [5_000_000]
    assert line(world, link).topped_up_at == START  # when it was delivered, not when it was said
    assert [lot.amount_minor for lot in line(world, link).credit] == [1500]


def test_a_code_counts_from_when_it_was_entered(world: World) -> None:
    link = reminded(world, "proximus")
    order_id = world.paid(CODE)
    world.work(3)
    world.clock.tick(2 * 24 * 3600)
    says(world, link, order_id)
    world.work()
    assert line(world, link).topped_up_at == START + 2 * DAY


def test_what_was_not_delivered_is_not_counted(world: World) -> None:
    link = reminded(world)
    unpaid, declined = world.order(DIRECT), world.paid(DIRECT)
    says(world, link, unpaid)
    says(world, link, declined)
    world.supplier.script = [world.supplier.refuses] * 3
    world.work(4)
    world.clock.tick(3600)
    expire(shop=world.shop, at=world.clock())
    world.work(4)
    assert (world.state(unpaid), world.state(declined)) == ("cancelled", "refunded")
    assert data(world, link) == [1_000_000]
    assert select("SELECT count(*) FROM reminder_order WHERE done_at IS NULL") == [(0,)]


def test_two_workers_count_it_once(world: World) -> None:
    link = reminded(world)
    orders = [world.paid(DIRECT) for _ in range(2)]
    for order_id in orders:
        says(world, link, order_id)
    world.supplier.script = []
    world.work(3)
    for _ in range(3):
        at_once(*[lambda: count(shop=world.shop, at=world.clock())] * 3)
    assert [lot.amount_minor for lot in line(world, link).credit] == [3000]
    assert select("SELECT count(*) FROM reminder_order WHERE done_at IS NULL") == [(0,)]


def test_a_reading_said_meanwhile_is_not_lost(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    link = reminded(world)
    order_id = world.paid(DIRECT)
    says(world, link, order_id)
    monkeypatch.setattr("opla.operations.remind.count", lambda **_known: 0)
    world.work(3)
    monkeypatch.undo()
    [bought] = counting.over(5)
    newer = Bucket(Kind.DATA, 700_000, START + timedelta(hours=1), START + 4 * DAY)
    at = START + timedelta(hours=1)
    assert remind.read(CUSTOMER, link, Usage(Line("mobile-vikings", buckets=(newer,))), shop=world.shop, at=at) is None
    assert not counting.counted(bought, bought.kept.sealed, at=at)  # computed from what was known before
    assert data(world, link) == [700_000]
    assert count(shop=world.shop, at=at) == 1
    assert data(world, link) == [5_000_000]


def test_only_a_confirmed_reminder_of_the_same_operator_counts(world: World) -> None:
    order_id = world.order(DIRECT)
    other = reminded(world, "proximus")
    refused = count_in(CUSTOMER, other, order_id, shop=world.shop, at=START)
    assert refused == Refusal(Code.PRODUCT_OF_ANOTHER_OPERATOR, "reminder")
    for link in ("", "a" * 26):
        assert count_in(CUSTOMER, link, order_id, shop=world.shop, at=START) == Refusal(Code.NOT_FOUND)
    no = count_in(Actor(Role.RESELLER), other, order_id, shop=world.shop, at=START)
    assert no is not None
    assert no.code is Code.NOT_ALLOWED
    assert select("SELECT count(*) FROM reminder_order") == [(0,)]


def test_stopping_forgets_what_was_to_be_counted(world: World) -> None:
    link = reminded(world)
    order_id = world.paid(DIRECT)
    says(world, link, order_id)
    wishes.stop(CUSTOMER, link)
    assert not counting.wanted(order_id)
    world.work(3)
    assert world.state(order_id) == "delivered"


def test_what_the_operator_added_is_counted_in_while_it_runs(world: World, tmp_path: Path) -> None:
    at_version.cache_clear()  # versions of another database
    path = tmp_path / "mine.yaml"
    path.write_text(GIFT, "utf-8")
    owner, keyring = Actor(Role.OWNER, "anna"), world.shop.keyring
    assert not isinstance(import_promotions(owner, path, keyring=keyring, sandbox=True, at=START), Refusal)
    link = reminded(world)
    first, second = world.paid(DIRECT), world.paid(DIRECT)
    says(world, link, first)
    world.work(3)
    assert data(world, link) == [5_000_000, 2_000_000]
    says(world, link, second)
    world.work()
    assert sorted(data(world, link)) == [2_000_000, 2_000_000, 5_000_000]  # the first month began anew, the gifts stay
