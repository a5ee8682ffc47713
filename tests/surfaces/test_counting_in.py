"""From a reminder to a purchase that it counts in: a box beside the price, a button on the order, and no leak."""

from __future__ import annotations

from urllib.parse import urlsplit

import support  # noqa: F401 - sets Django up, which the imports below need
from fakes import DIRECT
from opla.core.line import Bucket, Kind
from opla.operations import remind
from surfaces.conftest import Door, Seen, Visitor
from surfaces.test_have import fields
from surfaces.test_reminders import usage

BOX = "Count this top-up in on my reminder for Mobile Vikings"


def reminded(door: Door, visitor: Visitor, operator: str = "mobile-vikings") -> str:
    """Somebody who told of 1 GB and confirmed, in a browser that then was closed: the page of the reminder."""
    page = visitor.post(f"/have/{operator}/", {"answer": "1 GB until 24 november"})
    page = visitor.post(f"/have/{operator}/line/", fields(page))
    typed = {"usage": usage(page), "email": "ana@example.org", "every": "0"}
    assert visitor.post(f"/have/{operator}/remind/", typed).status == 200
    door.world.work()
    link = urlsplit(door.world.mailbox.sent[-1].text).path
    visitor.post(f"{link}confirm/", follow=False)
    return link


def quoted(visitor: Visitor) -> Seen:
    number = {"number": "0470 12 34 56", "email": "ana@example.org"}
    return visitor.post("/top-up/mobile-vikings/MV-15/", number)


def line_of(door: Door, link: str) -> list[int | None]:
    watched = remind.find(link.split("/")[2], shop=door.world.shop)
    assert watched
    return [b.left for b in watched.usage.line.buckets if b.kind is Kind.DATA]


def test_from_a_reminder_to_a_top_up_that_it_counts_in(door: Door) -> None:
    link = reminded(door, door.colleague)
    page = door.owner.get(f"{link}top-up/")
    assert page.where == "/top-up/mobile-vikings/"
    page = quoted(door.owner)
    assert BOX in page.text
    assert 'name="count_in" checked' in page.html
    placed = door.owner.post(
        page.where, {"total": page.value("total"), "method": "sandbox", "at_once": "on", "count_in": "on"}
    )
    assert placed.where.startswith("/o/")
    from opla.db.queries.call import select

    assert select("SELECT count(*) FROM reminder_order") == [(1,)]


def test_without_the_tick_nothing_is_counted_until_the_orders_page_is_asked(door: Door) -> None:
    link = reminded(door, door.colleague)
    order = door.delivered(DIRECT)
    assert "Count it in" not in door.owner.get(order).text
    door.owner.get(link)
    assert "Count it in on my reminder" in door.owner.get(order).text
    page = door.owner.post(f"{order}remind/")
    assert (page.where, "Your reminder counts this top-up in." in page.text) == (order, True)
    door.world.work(2)
    assert line_of(door, link) == [5_000_000]
    page = door.owner.get(link)
    assert "5 GB" in page.text


def test_nobody_but_who_has_both_links_and_the_device_counts_anything_in(door: Door) -> None:
    link = reminded(door, door.owner)
    order = door.delivered(DIRECT)
    for visitor in (door.colleague, door.stranger):
        visitor.get(link)
        assert "Count it in" not in visitor.get(order).text
        assert visitor.post(f"{order}remind/").status == 404
    page = quoted(Visitor())  # the same e-mail and number, and no reminder opened: nobody learns of one
    assert "reminder" not in page.text
    assert line_of(door, link) == [1_000_000]


def test_another_operators_reminder_and_a_stopped_one_offer_nothing(door: Door) -> None:
    other = reminded(door, door.colleague, "base")
    door.owner.get(other)
    page = quoted(door.owner)
    assert BOX not in page.text
    placed = door.owner.post(
        page.where, {"total": page.value("total"), "method": "sandbox", "at_once": "on", "count_in": "on"}
    )
    assert placed.where.startswith("/o/")
    door.world.clock.tick(3600)
    link = reminded(door, door.colleague)
    door.owner.get(link)
    door.owner.post(f"{link}stop/")
    assert BOX not in quoted(door.owner).text


def test_the_reminder_after_a_top_up_says_what_it_comes_from(door: Door) -> None:
    from datetime import timedelta

    from opla.core.line import Line
    from opla.core.usage import Usage
    from opla.operations.tell import Reminding
    from opla.operations.wishes import Watched
    from opla.presenting.reminding import reminding

    at = door.world.clock()
    end = at + timedelta(days=2)
    held = Line("base", buckets=(Bucket(Kind.DATA, 1_000_000, at, end),), topped_up_at=at)
    watched = Watched("ana@example.org", "x", Usage(held), 0, "en", confirmed=True)
    key = f"benefits_expire:{end:%Y-%m-%dT%H:%M:%S}"
    words = reminding(Reminding(key, watched, "http://shop.test/r/x/", at), sandbox=True)
    assert "This comes from your top-up of 22 Nov 2026" in words.text
    assert "http://shop.test/r/x/top-up/" in words.text
