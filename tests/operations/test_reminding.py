"""Reminders: confirmed first, once each even of two workers, never by night, and everything is gone when they stop."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fakes import ANOTHER_WORKER, CUSTOMER, START, WORKER, World
from opla.core.actor import Actor, Role
from opla.core.day import ZONE
from opla.core.forecast import Measured
from opla.core.line import Bucket, Credit, Kind, Line
from opla.core.ports import Answer
from opla.core.refusal import Code, Refusal
from opla.core.usage import Usage
from opla.db.queries.call import select
from opla.operations import remind, wishes
from opla.operations.remind import FORGET_AFTER, Wanted
from opla.operations.wishes import AGAIN, CONFIRM_WITHIN
from support import as_owner, at_once

DAY = timedelta(days=1)
WANTED = Wanted("ana@example.org", "7", "en")


def line(left_kb: int = 2_000_000, *, at: datetime = START, days: int = 30, **more: object) -> Usage:
    """Data for so many days, of which 100 MB a day are used."""
    data = Bucket(Kind.DATA, left_kb, at, at + days * DAY)
    before = Measured(at - 10 * DAY, left_kb + 1_000_000)
    return Usage(Line("base", buckets=(data,), **more), (before,))  # type: ignore[arg-type]  # fields of Line


def asked(world: World, usage: Usage | None = None, wanted: Wanted = WANTED) -> str:
    """A wish, and the link in the e-mail that asks to confirm it."""
    before = len(world.mailbox.sent)
    assert remind.ask(CUSTOMER, wanted, usage or line(), shop=world.shop, at=world.clock()) == []
    world.work()
    [message] = world.mailbox.sent[before:]
    assert message.subject == "confirm"
    return message.text.removeprefix("http://shop.test/r/").rstrip("/")


def confirmed(world: World, usage: Usage | None = None, wanted: Wanted = WANTED) -> str:
    link = asked(world, usage, wanted)
    assert wishes.confirm(CUSTOMER, link, at=world.clock()) is None
    return link


def said(world: World) -> list[str]:
    """What was sent but the wishes to confirm, by kind."""
    return [m.subject.partition(":")[0] for m in world.mailbox.sent if m.subject != "confirm"]


def live(world: World, days: int, *, hours: int = 6) -> None:
    for _ in range(days * 24 // hours):
        world.clock.tick(hours * 3600)
        world.work(2)


def test_nothing_is_sent_before_somebody_who_reads_the_mail_says_so(world: World) -> None:
    link = asked(world, line(days=2))
    live(world, 1)
    assert said(world) == []
    assert wishes.confirm(CUSTOMER, link, at=world.clock()) is None
    world.work()
    assert said(world) == ["benefits_expire"]


def test_a_wish_that_nobody_confirms_is_deleted_after_two_days(world: World) -> None:
    link = asked(world)
    world.clock.tick(CONFIRM_WITHIN.total_seconds())
    world.work()
    assert remind.find(link, shop=world.shop) is None
    assert wishes.confirm(CUSTOMER, link, at=world.clock()) == Refusal(Code.NOT_FOUND)
    assert rows() == {"reminder": 0, "reminder_sent": 0, "outbox": 0}


def test_in_the_end_everything_was_said_once_and_by_day(world: World) -> None:
    usage = line(days=13, credit=(Credit(500, START + 16 * DAY, START),), number_ends=START + 32 * DAY)
    confirmed(world, usage)
    hours = set()
    for _ in range(33 * 24 // 5):
        before = len(world.mailbox.sent)
        world.clock.tick(5 * 3600)
        world.work()
        if len(world.mailbox.sent) > before:
            hours.add(world.clock().astimezone(ZONE).hour)
    assert hours <= set(range(8, 21))
    assert sorted(said(world)) == sorted(
        ["data_ends", "benefits_expire", "credit_lost", "number_lost", "check_in", "check_in", "check_in"]
    )


@pytest.mark.parametrize("start", [datetime(2027, 3, 27, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)])
def test_no_reminder_goes_by_night_also_when_the_clock_changes(world: World, start: datetime) -> None:
    world.clock.now = start
    link = confirmed(world, line(at=start, days=40), replace(WANTED, every_days="0"))
    night = datetime(start.year, start.month, start.day + 1, 1, 30, tzinfo=ZONE).astimezone(UTC)
    world.clock.now = night
    # In the middle of the night somebody reads that it is nearly over: true at once, said in the morning.
    assert remind.read(CUSTOMER, link, line(1000, at=night, days=2), shop=world.shop, at=night) is None
    hours = []
    for _ in range(12 * 4):
        world.work(2)
        if said(world) and not hours:
            hours.append(world.clock.now.astimezone(ZONE).hour)
        world.clock.tick(900)
    assert hours == [8]


def test_a_message_that_could_not_leave_by_day_waits_for_the_morning(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.clock.now = datetime(2026, 11, 22, 19, 59, 50, tzinfo=UTC)  # 20:59:50 in Brussels
    confirmed(world, line(at=world.clock.now, days=2), replace(WANTED, every_days="0"))
    monkeypatch.setattr(world.mailbox, "tell", lambda _message: Answer.NOT_SENT)
    world.work()
    monkeypatch.undo()
    before = len(world.mailbox.sent)
    world.work_through(120, 10)
    assert len(world.mailbox.sent) == before
    world.clock.now = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    world.work(2)
    assert len(world.mailbox.sent) > before


def test_a_newer_reading_takes_back_what_was_about_to_be_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    link = confirmed(world, line(300_000, days=30), replace(WANTED, every_days="0"))
    monkeypatch.setattr(world.mailbox, "tell", lambda _message: Answer.NOT_SENT)
    world.work()
    monkeypatch.undo()
    world.clock.tick(3600)
    newer = line(9_000_000, at=world.clock(), days=60)
    assert remind.read(CUSTOMER, link, newer, shop=world.shop, at=world.clock()) is None
    live(world, 1)
    assert said(world) == []
    assert select("SELECT count(*) FROM outbox WHERE due_at IS NOT NULL") == [(0,)]


def test_two_workers_at_once_make_each_reminder_once(world: World) -> None:
    links = [asked(world, line(days=2), replace(WANTED, email=f"p{n}@example.org")) for n in range(6)]
    for link in links:
        wishes.confirm(CUSTOMER, link, at=world.clock())
    looked = at_once(*[lambda: remind.remind(shop=world.shop, at=world.clock(), limit=4)] * 2)
    assert sum(looked) + remind.remind(shop=world.shop, at=world.clock()) == 6
    assert select("SELECT count(*), count(DISTINCT reminder_id) FROM reminder_sent") == [(6, 6)]
    at_once(lambda: world.work(worker=WORKER), lambda: world.work(worker=ANOTHER_WORKER))
    told = [m.to for m in world.mailbox.sent if m.subject != "confirm"]
    assert sorted(told) == [f"p{n}@example.org" for n in range(6)]


def test_two_that_decided_the_same_write_it_once(world: World) -> None:
    """Both looked before either wrote: a lease that ran out, for one."""
    from opla.db.queries import reminders
    from opla.db.queries.reminders import Decided

    confirmed(world, line(days=2))
    [kept] = reminders.claim(at=world.clock() + DAY, limit=5, lease=DAY)
    later = world.clock() + 2 * DAY

    def decide(reference: str) -> int:
        one = Decided(kept.id, kept.version, later, (("data_ends:x", reference),))
        return reminders.decide([one], forget=[], at=world.clock())

    assert sorted(at_once(lambda: decide("a" * 32), lambda: decide("b" * 32))) == [0, 1]
    assert select("SELECT count(*) FROM outbox WHERE topic = 'data_ends:x'") == [(1,)]


def test_what_was_decided_of_an_older_reading_is_dropped(world: World) -> None:
    from opla.db.queries import reminders
    from opla.db.queries.reminders import Decided

    link = confirmed(world)
    [kept] = reminders.claim(at=world.clock() + DAY, limit=5, lease=DAY)
    assert remind.read(CUSTOMER, link, line(at=START + DAY), shop=world.shop, at=world.clock()) is None
    old = Decided(kept.id, kept.version, world.clock() + 9 * DAY, (("data_ends:x", "a" * 32),))
    assert reminders.decide([old], forget=[], at=world.clock()) == 0


def test_two_readings_at_once_both_count(world: World) -> None:
    link = confirmed(world, line(3_000_000))
    at = world.clock() + 2 * DAY

    def read(left_kb: int, hours: int) -> Refusal | None:
        then = at - timedelta(hours=hours)
        return remind.read(CUSTOMER, link, line(left_kb, at=then), shop=world.shop, at=at)

    assert at_once(lambda: read(2_000_000, 3), lambda: read(1_900_000, 1)) == [None, None]
    watched = remind.find(link, shop=world.shop)
    assert watched
    assert {m.left for m in watched.usage.readings} >= {3_000_000, 2_000_000, 1_900_000}
    assert watched.usage.measured
    assert watched.usage.measured.left == 1_900_000


def test_stopping_deletes_everything_and_stops_what_was_on_its_way(world: World) -> None:
    link = confirmed(world, line(days=2))
    remind.remind(shop=world.shop, at=world.clock())
    assert rows()["reminder_sent"] > 0
    assert wishes.stop(CUSTOMER, link) is None
    assert rows() == {"reminder": 0, "reminder_sent": 0, "outbox": 0}
    assert wishes.stop(CUSTOMER, link) is None  # stopped is stopped
    live(world, 2)
    assert said(world) == []


def test_a_line_of_which_nothing_is_left_to_say_is_forgotten(world: World) -> None:
    confirmed(world, line(days=10), replace(WANTED, every_days="0"))
    live(world, FORGET_AFTER.days + 4, hours=48)
    assert rows()["reminder"] == 0


def test_nobody_can_fill_somebody_elses_mailbox(world: World) -> None:
    asked(world)
    remind.ask(CUSTOMER, replace(WANTED, email="ANA@example.org"), line(), shop=world.shop, at=world.clock())
    world.work()
    assert len(world.mailbox.sent) == 1
    world.clock.tick(AGAIN.total_seconds())
    asked(world)


def test_who_asks_for_one_address_many_times_at_once_is_answered_once(world: World) -> None:
    for n in range(4):
        wanted = replace(WANTED, email=f"p{n}@example.org")
        at_once(*[lambda w=wanted: remind.ask(CUSTOMER, w, line(), shop=world.shop, at=world.clock())] * 4)
        assert rows()["outbox"] == n + 1


def test_nothing_that_was_said_lies_open_in_the_database(world: World) -> None:
    link = confirmed(world)
    live(world, 8)
    with as_owner() as cursor:
        for table in ("reminder", "reminder_sent", "outbox"):
            cursor.execute(f"SELECT t::text FROM {table} t")
            kept = " ".join(str(row) for row in cursor.fetchall())
            for secret in ("ana@example.org", b"ana@example.org".hex(), link, "2000000"):
                assert secret not in kept, (table, secret)


def test_every_reminder_carries_the_header_that_stops_it(world: World) -> None:
    link = asked(world)
    [message] = world.mailbox.sent
    assert message.headers == {
        "List-Unsubscribe": f"<http://shop.test/r/{link}/stop/>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    world.paid()
    world.work(3)
    assert world.mailbox.sent[-1].headers == {}  # of an order nobody unsubscribes


WRONG = [
    (Wanted("", "7", "en"), {Code.EMAIL_MISSING}),
    (Wanted("nobody", "8", "en"), {Code.EMAIL_INVALID, Code.INTERVAL_UNKNOWN}),
    (Wanted("ana@example.org", "x", "xx"), {Code.INTERVAL_UNKNOWN, Code.LANGUAGE_UNKNOWN}),
]


def test_what_is_wrong_is_told_all_at_once_and_keeps_nothing(world: World) -> None:
    for wanted, codes in WRONG:
        refused = remind.ask(CUSTOMER, wanted, line(), shop=world.shop, at=world.clock())
        assert {refusal.code for refusal in refused} == codes
    assert rows() == {"reminder": 0, "reminder_sent": 0, "outbox": 0}


def test_only_customers_are_reminded(world: World) -> None:
    reseller = Actor(Role.RESELLER)
    assert remind.ask(reseller, WANTED, line(), shop=world.shop, at=world.clock())[0].code is Code.NOT_ALLOWED
    link = confirmed(world)
    for refused in (
        wishes.confirm(reseller, link, at=world.clock()),
        remind.read(reseller, link, line(), shop=world.shop, at=world.clock()),
        wishes.stop(reseller, link),
    ):
        assert refused is not None
        assert refused.code is Code.NOT_ALLOWED
    assert remind.find(link, shop=world.shop) is not None


def rows() -> dict[str, int]:
    return {t: int(str(select(f"SELECT count(*) FROM {t}")[0][0])) for t in ("reminder", "reminder_sent", "outbox")}
