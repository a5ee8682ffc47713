"""Reminders, door to door: an e-mail to confirm, a page only its link opens, and one tap that ends it all."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit

import support  # noqa: F401 - sets Django up, which the imports below need
from opla.core.forecast import Measured
from opla.core.line import Bucket, Kind, Line
from opla.core.usage import Usage
from opla.operations import remind
from opla.operations.tell import Reminding
from opla.operations.wishes import Watched
from opla.presenting.reminding import reminding
from opla.workers.loop import Worker
from surfaces.conftest import Door, Seen, Visitor
from surfaces.test_have import fields, to_the_line

ANSWER = "1 GB until 24 november"


def usage(page: Seen) -> str:
    found = re.search(r'name="usage" value="([^"]*)"', page.html)
    assert found
    return unescape(found[1])


def asked(door: Door, visitor: Visitor, *, email: str = "ana@example.org", every: str = "7") -> str:
    """A wish; the address of the page that its e-mail leads to."""
    page = visitor.post("/have/base/remind/", {"usage": usage(to_the_line(visitor, ANSWER)), "email": email,
                                               "every": every})  # fmt: skip
    assert page.status == 200, page.text
    door.world.work()
    return urlsplit(door.world.mailbox.sent[-1].text).path


def confirmed(door: Door, visitor: Visitor, **typed: str) -> str:
    link = asked(door, visitor, **typed)
    assert "you are reminded" in visitor.post(f"{link}confirm/").text
    return link


def test_from_what_one_has_to_a_reminder(door: Door) -> None:
    link = asked(door, door.owner)
    assert [m.to for m in door.world.mailbox.sent] == ["ana@example.org"]
    page = door.owner.get(link)
    assert (page.status, "Yes, remind me" in page.text) == (200, True)
    assert "1 GB" not in page.text
    page = door.owner.post(f"{link}confirm/")
    assert page.where == link
    assert "Data 1 GB until 24 Nov 2026" in page.text
    door.world.work(2)
    assert [m.subject.partition(":")[0] for m in door.world.mailbox.sent] == ["confirm", "benefits_expire"]


def test_opening_the_link_alone_confirms_and_stops_nothing(door: Door) -> None:
    link = asked(door, door.owner)
    for _ in range(2):
        assert "Yes, remind me" in door.stranger.get(link).text
        assert "Stop the reminders?" in door.stranger.get(f"{link}stop/").text


def test_only_the_link_opens_a_line_and_it_never_shows_the_address(door: Door) -> None:
    link = confirmed(door, door.owner)
    others = confirmed(door, door.colleague, email="ben@example.org")
    assert link != others
    page = door.owner.get(link)
    assert "1 GB" in page.text
    for visitor in (door.owner, door.colleague, door.stranger):
        assert "example.org" not in visitor.get(link).html
    for path in (f"/r/{'a' * 26}/", "/r/a/", "/r/%00/"):
        for more in ("", "answer/", "line/"):
            guessed = door.stranger.get(path + more)
            assert (guessed.status, guessed.text) == (404, door.stranger.get("/o/a/").text)
        assert door.stranger.post(f"{path}confirm/").status == 404
        assert door.stranger.post(f"{path}stop/").status == 200  # and says nothing of whether there was anything
    assert "1 GB" in door.owner.get(link).text


def test_a_new_reading_is_understood_and_the_forecast_follows(door: Door) -> None:
    link = confirmed(door, door.owner)
    door.world.clock.tick(12 * 3600)
    page = door.owner.post(f"{link}answer/", {"answer": "0,5 GB tot 24 november"})
    assert f'action="{link}line/"' in page.html
    page = door.owner.post(f"{link}line/", fields(page))
    assert page.where == link
    assert "Data 500 MB until 24 Nov 2026" in page.text
    assert "You use about 1 GB a day" in page.text


def test_an_old_reading_is_shown_as_old(door: Door) -> None:
    link = confirmed(door, door.owner, every="3")
    assert "older than you wanted" not in door.owner.get(link).text
    door.world.clock.tick(3 * 24 * 3600 + 60)
    assert "This reading is older than you wanted" in door.owner.get(link).text


def test_one_tap_in_a_mail_program_stops_without_cookies_page_or_token(door: Door) -> None:
    link = confirmed(door, door.owner)
    [header] = {m.headers["List-Unsubscribe"] for m in door.world.mailbox.sent}
    assert header == f"<http://shop.test{link}stop/>"
    program = Visitor(checks_forms=True)
    page = program.post(f"{link}stop/", {"List-Unsubscribe": "One-Click"}, **{"sec-fetch-site": "cross-site"})
    assert (page.status, "Stopped" in page.text) == (200, True)
    assert door.owner.get(link).status == 404
    assert "Stopped" in program.post(f"{link}stop/").text


def test_what_is_wrong_stays_beside_its_field_and_the_line_is_not_lost(door: Door) -> None:
    carried = usage(to_the_line(door.stranger, ANSWER))
    page = door.stranger.post("/have/base/remind/", {"usage": carried, "email": "ana@", "every": "5"})
    assert page.status == 422
    assert "not an e-mail address" in page.error("email")
    assert "Choose one of the intervals" in page.text
    assert "Data 1 GB" in page.text
    assert door.world.mailbox.sent == []
    for broken in ("", '{"line": {"operator": "orange"}}'):
        page = door.stranger.post("/have/base/remind/", {"usage": broken, "email": "ana@example.org", "every": "7"})
        assert page.where == "/have/base/"


def test_the_page_of_an_e_mail_speaks_its_language(door: Door) -> None:
    link = asked(door, Visitor(language="zh-CN"))
    assert "通过电子邮件提醒" in Visitor(language="en").get(link).text


SAID = {
    "confirm": {
        "en": "Please confirm", "zh-Hans": "请确认", "fr": "Veuillez confirmer", "nl": "Bevestig",
        "de": "Bitte bestätigen",
    },
    "data_ends": {
        "en": "Your data will probably end on 28 Nov 2026", "zh-Hans": "您的流量很可能在 2026年11月28日 用完",
        "fr": "Votre data sera sans doute finie le 28 nov. 2026", "nl": "Uw data is waarschijnlijk op rond 28 nov 2026",
        "de": "Ihr Datenvolumen endet wahrscheinlich am 28. Nov. 2026",
    },
    "benefits_expire": {
        "en": "Data 1 GB", "zh-Hans": "流量 1 GB", "fr": "Data 1 GB", "nl": "Data 1 GB", "de": "Datenvolumen 1 GB",
    },
    "credit_lost": {
        "en": "your credit is lost after 30 Nov 2026", "zh-Hans": "余额将在 2026年11月30日 之后失效",
        "fr": "votre crédit est perdu après le 30 nov. 2026", "nl": "uw beltegoed gaat verloren na 30 nov 2026",
        "de": "Ihr Guthaben ist nach dem 30. Nov. 2026 verloren",
    },
    "number_lost": {
        "en": "top up by 30 Nov 2026 to keep your number", "zh-Hans": "请在 2026年11月30日 之前充值",
        "fr": "rechargez le 30 nov. 2026 au plus tard", "nl": "herlaad uiterlijk op 30 nov 2026",
        "de": "Laden Sie spätestens am 30. Nov. 2026 auf",
    },
    "check_in": {
        "en": "every 3 days", "zh-Hans": "每 3 天", "fr": "tous les 3 jours", "nl": "elke 3 dagen", "de": "alle 3 Tage",
    },
}  # fmt: skip
OLDER = {
    "en": "older than you wanted", "zh-Hans": "比您设定的间隔更旧", "fr": "plus ancien que vous ne le vouliez",
    "nl": "ouder dan u wilde", "de": "älter, als Sie wollten",
}  # fmt: skip


def test_every_message_says_what_it_warns_of_and_how_to_stop_it_in_its_language(door: Door) -> None:
    at = door.world.clock()
    end = at.replace(month=11, day=30, hour=23, minute=0)
    read = at.replace(day=18)
    data = Bucket(Kind.DATA, 1_000_000, read, end)
    line = Usage(Line("base", buckets=(data,)), (Measured(read.replace(day=8), 2_000_000),))
    spoken = [(topic, language, said) for topic, row in SAID.items() for language, said in row.items()]
    for topic, language, said in spoken:
        key = topic if topic == "confirm" else f"{topic}:{end:%Y-%m-%dT%H:%M:%S}"
        watched = Watched("ana@example.org", "x", line, 3, language, confirmed=True)
        words = reminding(Reminding(key, watched, "http://shop.test/r/x/", at), sandbox=True)
        text = f"{words.subject}\n{words.text}"
        assert said in text
        assert "[SANDBOX]" in words.subject
        assert "BASE" in text
        assert ("/r/x/stop/" in text) == (topic != "confirm")
        assert (OLDER[language] in text) == (topic not in ("confirm", "check_in"))


def test_a_worker_writes_reminders_with_these_words(door: Door) -> None:
    link = asked(door, door.owner)
    watched = remind.find(link.split("/")[2], shop=door.world.shop)
    assert watched
    worker = Worker(door.world.shop)
    try:
        letter = Reminding("confirm", watched, f"http://shop.test{link}", door.world.clock())
        subject, text = worker._compose(letter)
    finally:
        worker.close()
    assert "Please confirm" in subject
    assert link in text
