"""News of promotions, door to door: asked for beneath their list, confirmed from an e-mail, ended by one tap."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

import support  # noqa: F401 - sets Django up, which the imports below need
from opla.core.actor import Actor, Role
from opla.core.refusal import Refusal
from opla.operations.promotions import at_version, import_promotions
from opla.operations.tell import Announcing
from opla.operations.wishes import Following
from opla.presenting.announcing import announcing
from opla.workers.loop import Worker
from surfaces.conftest import Door, Visitor

FILE = """promotions: 1
sample: true
currency: EUR
time_zone: Europe/Brussels
languages: [en, zh-Hans]
sources: {page: {where: "A page", dated: "2026-11-01"}}
ours:
  - id: advent
    title: {en: "Advent", zh-Hans: "降临节"}
    from: "2026-11-29 00:00"
    until: "2026-12-24 00:00"
    gives: {amount: "4.00"}
    minimum: "15.00"
theirs:
  - id: gift
    operator: proximus
    title: {en: "Data gift", zh-Hans: "流量礼包"}
    from: {value: "2026-11-29 00:00", sure: C, source: page}
    gives: {value: {data_mb: 2000, lasts: {days: 31}}, sure: C, source: page}
"""


@pytest.fixture
def shop(door: Door, tmp_path: Path) -> Door:
    at_version.cache_clear()  # versions of another database
    path = tmp_path / "mine.yaml"
    path.write_text(FILE, "utf-8")
    anna, keyring = Actor(Role.OWNER, "anna"), door.world.shop.keyring
    made = import_promotions(anna, path, keyring=keyring, sandbox=True, at=door.world.clock())
    assert not isinstance(made, Refusal)
    return door


def asked(shop: Door, visitor: Visitor, operator: str = "proximus") -> str:
    page = visitor.post("/promotions/news/", {"email": "ana@example.org", "operator": operator})
    assert page.status == 200, page.text
    shop.world.work()
    return urlsplit(shop.world.mailbox.sent[-1].text).path


def test_from_the_list_of_promotions_to_the_news(shop: Door) -> None:
    page = shop.owner.get("/promotions/?operator=proximus")
    assert '<option value="proximus" selected>' in page.html
    link = asked(shop, shop.owner)
    for _ in range(2):  # opening the link alone confirms nothing
        page = shop.stranger.get(link)
        assert ("Yes, tell me" in page.text, "Proximus" in page.text) == (True, True)
    assert "You are told of promotions by e-mail Proximus" in shop.owner.post(f"{link}confirm/").text
    shop.world.clock.tick(8 * 24 * 3600)
    shop.world.work(2)
    told = [m.subject for m in shop.world.mailbox.sent]
    assert sorted(told) == ["confirm", "promotion:advent", "promotion:gift"]


def test_only_the_link_opens_it_and_it_is_the_page_of_no_line(shop: Door) -> None:
    link = asked(shop, shop.owner)
    shop.owner.post(f"{link}confirm/")
    for visitor in (shop.owner, shop.colleague, shop.stranger):
        assert "example.org" not in visitor.get(link).html
        for more in ("answer/", "line/"):
            assert visitor.get(link + more).status == 404
    assert shop.stranger.get(f"/r/{'a' * 26}/").status == 404


def test_one_tap_in_a_mail_program_stops_it(shop: Door) -> None:
    link = asked(shop, shop.owner)
    shop.owner.post(f"{link}confirm/")
    assert "Stop the news of promotions?" in shop.stranger.get(f"{link}stop/").text
    program = Visitor(checks_forms=True)
    assert "Stopped" in program.post(f"{link}stop/", {"List-Unsubscribe": "One-Click"}).text
    assert shop.owner.get(link).status == 404
    [headers] = [m.headers for m in shop.world.mailbox.sent]
    assert headers["List-Unsubscribe"] == f"<http://shop.test{link}stop/>"


def test_what_is_wrong_stays_beside_its_field(shop: Door) -> None:
    page = shop.owner.post("/promotions/news/", {"email": "ana@", "operator": "nobody"})
    assert page.status == 422
    assert "not an e-mail address" in page.error("email")
    assert page.value("email") == "ana@"
    assert "Choose one of the operators" in page.text
    assert shop.world.mailbox.sent == []


SAID = [
    ("confirm", "Please confirm: news of promotions (Proximus)", "请确认"),
    ("promotion:advent", "Advent (example)\n€4 off\nfrom €15", "降临节"),
    ("promotion:gift", "Data gift (reported)\n2 GB", "流量礼包"),
]


def test_every_message_says_what_it_is_and_how_to_stop_it_in_its_language(shop: Door) -> None:
    for topic, english, chinese in SAID:
        for language, said in (("en", english), ("zh-Hans", chinese)):
            following = Following("ana@example.org", "x", "proximus", shop.world.clock(), language, confirmed=True)
            words = announcing(Announcing(topic, following, "http://shop.test/r/x/"), sandbox=True)
            text = f"{words.subject}\n{words.text}"
            assert said in text
            assert "[SANDBOX]" in words.subject
            assert ("http://shop.test/r/x/stop/" in text) == (topic != "confirm")
            assert ("http://shop.test/promotions/?operator=proximus" in text) == (topic != "confirm")


def test_a_worker_writes_the_news_with_these_words(shop: Door) -> None:
    worker = Worker(shop.world.shop)
    try:
        following = Following("ana@example.org", "x", "", shop.world.clock(), "en", confirmed=True)
        subject, text = worker._compose(Announcing("promotion:advent", following, "http://shop.test/r/x/"))
    finally:
        worker.close()
    assert "A promotion has begun: Advent" in subject
    assert "http://shop.test/promotions/\n" in text
