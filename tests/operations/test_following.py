"""News of promotions: confirmed first, each once when it begins, by day, for one operator, and gone with one tap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from fakes import ANOTHER_WORKER, CUSTOMER, START, WORKER, World
from opla.core.actor import Actor, Role
from opla.core.day import ZONE
from opla.core.ports import Answer
from opla.core.refusal import Code, Refusal
from opla.db.queries.call import select
from opla.operations import remind, wishes
from opla.operations.follow import Wanted, follow
from opla.operations.promotions import at_version, import_promotions
from opla.operations.wishes import AGAIN, CONFIRM_WITHIN, Following
from support import as_owner, at_once, by_owner

HEAD = """promotions: 1
sample: true
currency: EUR
time_zone: Europe/Brussels
languages: [en, zh-Hans]
sources: {sample: {where: "Invented", dated: nd}}
"""


def ours(name: str, begins: str, *more: str) -> str:
    told = [f"- id: {name}", f'  title: {{en: "{name}", zh-Hans: "{name}"}}', f'  from: "{begins}"']
    return "".join(f"  {line}\n" for line in [*told, "  gives: {percent: 10}", *(f"  {line}" for line in more)])


def theirs(name: str, operator: str, begins: str) -> str:
    told = [f"- id: {name}", f"  operator: {operator}", f'  title: {{en: "{name}", zh-Hans: "{name}"}}']
    told += [f'  from: {{value: "{begins}", sure: sample, source: sample}}']
    return "".join(f"  {line}\n" for line in told)


#: The world's clock stands at noon on 22 November.
OLD = ours("old", "2026-11-01 00:00")
ADVENT = ours("advent", "2026-11-29 00:00", 'until: "2026-12-24 00:00"')
ORANGE = ours("orange-days", "2026-11-25 10:00", "operators: [orange]")
SECRET = ours("secret", "2026-11-25 10:00", "coupons: [FRIENDS26]")
GIFT = theirs("gift", "proximus", "2026-11-27 09:00")


@dataclass
class Crowd:
    """A world, the file its owner edits, and people who ask to be told."""

    world: World
    path: Path

    def run(self, *our: str, their: str = "") -> None:
        parts = ["ours:\n", *our] if our else []
        parts += ["theirs:\n", their] if their else []
        self.path.write_text(HEAD + "".join(parts), "utf-8")
        made = import_promotions(
            Actor(Role.OWNER, "anna"), self.path, keyring=self.world.shop.keyring, sandbox=True, at=self.world.clock()
        )
        assert not isinstance(made, Refusal), made

    def asks(self, operator: str = "", email: str = "ana@example.org") -> str:
        """A wish, and the link in the e-mail that asks to confirm it."""
        before = len(self.world.mailbox.sent)
        wanted = Wanted(email, operator, "en")
        assert follow(CUSTOMER, wanted, shop=self.world.shop, at=self.world.clock()) == []
        self.world.work()
        [message] = self.world.mailbox.sent[before:]
        assert message.subject == "confirm"
        return message.text.removeprefix("http://shop.test/r/").rstrip("/")

    def follows(self, operator: str = "", email: str = "ana@example.org") -> str:
        link = self.asks(operator, email)
        assert wishes.confirm(CUSTOMER, link, at=self.world.clock()) is None
        return link

    def live(self, days: int, *, hours: int = 3) -> None:
        for _ in range(days * 24 // hours):
            self.world.clock.tick(hours * 3600)
            self.world.work(2)

    def told(self, email: str = "ana@example.org") -> list[str]:
        sent = [m.subject for m in self.world.mailbox.sent if m.to == email and m.subject != "confirm"]
        return [subject.removeprefix("promotion:") for subject in sent]


@pytest.fixture
def crowd(world: World, tmp_path: Path) -> Crowd:
    at_version.cache_clear()  # versions of another database
    return Crowd(world, tmp_path / "mine.yaml")


def test_each_is_told_once_when_it_begins_to_those_whose_operator_it_is(crowd: Crowd) -> None:
    crowd.run(OLD, ADVENT, ORANGE, SECRET, their=GIFT)
    crowd.follows()
    crowd.follows("orange", "ola@example.org")
    crowd.follows("proximus", "pia@example.org")
    crowd.live(12, hours=5)
    assert crowd.told() == ["orange-days", "gift", "advent"]
    assert crowd.told("ola@example.org") == ["orange-days", "advent"]
    assert crowd.told("pia@example.org") == ["gift", "advent"]


def test_nothing_is_told_before_somebody_who_reads_the_mail_says_so(crowd: Crowd) -> None:
    crowd.run(ORANGE)
    link = crowd.asks()
    crowd.live(1)
    assert wishes.find(link, shop=crowd.world.shop)
    crowd.world.clock.tick(CONFIRM_WITHIN.total_seconds())
    crowd.world.work()
    assert wishes.find(link, shop=crowd.world.shop) is None
    crowd.live(3)
    assert crowd.told() == []


def test_what_is_imported_later_is_told_too_and_what_was_taken_out_is_not(crowd: Crowd) -> None:
    crowd.run(ADVENT)
    crowd.follows()
    crowd.run(ORANGE)
    crowd.live(9)
    assert crowd.told() == ["orange-days"]


def test_news_of_the_night_comes_in_the_morning(crowd: Crowd) -> None:
    crowd.run(ADVENT)  # it begins at midnight
    crowd.follows()
    crowd.world.clock.now = datetime(2026, 11, 28, 22, 50, tzinfo=UTC)
    hours = []
    for _ in range(12 * 4):
        crowd.world.work(2)
        if crowd.told() and not hours:
            hours.append(crowd.world.clock().astimezone(ZONE).hour)
        crowd.world.clock.tick(900)
    assert hours == [8]


def test_what_is_over_before_the_message_could_leave_is_not_told(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd.run(ours("flash", "2026-11-22 13:00", 'until: "2026-11-22 15:00"'), ours("day", "2026-11-22 13:00"))
    crowd.world.clock.now = START - timedelta(hours=1)
    crowd.follows()
    crowd.world.clock.now = START + timedelta(minutes=5)
    monkeypatch.setattr(crowd.world.mailbox, "tell", lambda _message: Answer.NOT_SENT)
    crowd.world.work(2)
    assert select("SELECT count(*) FROM outbox WHERE topic <> 'confirm' AND due_at IS NOT NULL") == [(2,)]
    monkeypatch.undo()
    crowd.world.clock.tick(3 * 3600)
    crowd.world.work(2)
    assert crowd.told() == ["day"]


def test_a_promotion_of_which_the_last_use_is_taken_is_no_news(crowd: Crowd) -> None:
    crowd.run(ours("few", "2026-11-23 10:00", "most_uses: 1"), ours("many", "2026-11-23 10:00", "most_uses: 2"))
    crowd.follows()
    for name in ("few", "many"):
        by_owner("INSERT INTO promotion_count (promotion, customer, uses) VALUES (%s, '', 1)", [name])
    crowd.live(2)
    assert crowd.told() == ["many"]
    by_owner("DELETE FROM promotion_count")


def test_two_workers_and_one_that_died_write_it_once(crowd: Crowd) -> None:
    crowd.run(ORANGE)
    for n in range(5):
        crowd.follows(email=f"p{n}@example.org")
    world = crowd.world
    world.work()
    world.clock.now = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
    looked = at_once(*[lambda: remind.remind(shop=world.shop, at=world.clock(), limit=3)] * 2)
    assert sum(looked) + remind.remind(shop=world.shop, at=world.clock()) == 5
    # One worker claimed them again and died before it decided; its lease runs out, and nobody is told twice.
    by_owner("UPDATE reminder SET due_at = %s", [world.clock()])
    assert remind.remind(shop=world.shop, at=world.clock() + timedelta(minutes=2)) == 5
    at_once(lambda: world.work(worker=WORKER), lambda: world.work(worker=ANOTHER_WORKER))
    assert [crowd.told(f"p{n}@example.org") for n in range(5)] == [["orange-days"]] * 5


def test_one_address_follows_once_and_the_newest_wish_counts(crowd: Crowd) -> None:
    crowd.run(ORANGE, their=GIFT)
    first = crowd.follows("orange")
    crowd.world.clock.tick(AGAIN.total_seconds())
    second = crowd.asks("proximus")
    assert wishes.find(first, shop=crowd.world.shop)  # asking alone, which anybody can, replaces nothing
    assert wishes.confirm(CUSTOMER, second, at=crowd.world.clock()) is None
    assert wishes.find(first, shop=crowd.world.shop) is None
    crowd.live(7)
    assert crowd.told() == ["gift"]


def test_two_that_are_confirmed_at_once_leave_one(crowd: Crowd) -> None:
    crowd.run(ORANGE)
    for _ in range(3):
        first = crowd.asks()
        crowd.world.clock.tick(AGAIN.total_seconds())
        second = crowd.asks()
        at_once(*[partial(wishes.confirm, CUSTOMER, link, at=crowd.world.clock()) for link in (first, second)])
        left = [link for link in (first, second) if wishes.find(link, shop=crowd.world.shop)]
        assert len(left) == 1
        wishes.stop(CUSTOMER, left[0])
        crowd.world.clock.tick(AGAIN.total_seconds())


def test_stopping_deletes_everything_and_stops_what_was_on_its_way(crowd: Crowd) -> None:
    crowd.run(ORANGE)
    link = crowd.follows()
    crowd.world.clock.now = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
    assert remind.remind(shop=crowd.world.shop, at=crowd.world.clock())
    assert select("SELECT count(*) FROM outbox WHERE due_at IS NOT NULL") == [(1,)]
    assert wishes.stop(CUSTOMER, link) is None
    for table in ("reminder", "reminder_sent", "outbox"):
        assert select(f"SELECT count(*) FROM {table}") == [(0,)]
    crowd.world.work(2)
    assert crowd.told() == []


def test_a_link_of_news_is_no_line(crowd: Crowd) -> None:
    link = crowd.follows()
    assert isinstance(wishes.find(link, shop=crowd.world.shop), Following)
    assert remind.find(link, shop=crowd.world.shop) is None


def test_nothing_that_was_said_lies_open_in_the_database(crowd: Crowd) -> None:
    link = crowd.follows("orange")
    with as_owner() as cursor:
        for table in ("reminder", "outbox"):
            cursor.execute(f"SELECT t::text FROM {table} t")
            kept = " ".join(str(row) for row in cursor.fetchall())
            for secret in ("ana@example.org", b"ana@example.org".hex(), link, "orange"):
                assert secret not in kept, (table, secret)


def test_what_is_wrong_is_told_all_at_once_and_keeps_nothing(crowd: Crowd) -> None:
    refused = follow(CUSTOMER, Wanted("ana@", "nobody", "xx"), shop=crowd.world.shop, at=START)
    assert {one.code for one in refused} == {Code.EMAIL_INVALID, Code.OPERATOR_UNKNOWN, Code.LANGUAGE_UNKNOWN}
    [no] = follow(Actor(Role.RESELLER), Wanted("ana@example.org", "", "en"), shop=crowd.world.shop, at=START)
    assert no.code is Code.NOT_ALLOWED
    assert select("SELECT count(*) FROM reminder") == [(0,)]
