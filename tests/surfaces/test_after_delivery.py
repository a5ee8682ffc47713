"""After a delivery, on the order's page: entered or not, the operator's answer, its SMS, and what is read aloud."""

from __future__ import annotations

import re

import pytest

from opla.core.ports import Answer
from opla.db.queries.call import select
from surfaces.conftest import Door

CODE = "0000000000001"


def said() -> list[str]:
    return [str(word) for (word,) in select("SELECT said FROM order_said ORDER BY id")]


def test_a_seen_code_is_asked_about_and_yes_is_remembered(door: Door) -> None:
    link = door.delivered()
    assert "Entered it?" not in door.owner.get(link).text  # nobody has looked at it
    assert "Entered it?" in door.owner.post(f"{link}code/").text
    page = door.owner.post(f"{link}said/", {"said": "entered"})
    assert "You told us on 22 Nov 2026, 13:00 that it is entered." in page.text
    assert said() == ["entered"]


def test_not_yet_says_when_we_write_and_it_did_not_work_leads_to_help(door: Door) -> None:
    link = door.delivered()
    door.owner.post(f"{link}code/")
    assert "We remind you once by e-mail" in door.owner.post(f"{link}said/", {"said": "not_yet"}).text
    helped = door.owner.post(f"{link}said/", {"said": "failed"})
    assert helped.where != link
    assert helped.status == 200
    assert "You told us that it did not work." in door.owner.get(link).text
    assert said() == ["not_yet", "failed"]


def test_a_direct_top_up_is_asked_whether_it_arrived(door: Door) -> None:
    link = door.delivered("MV-15")
    assert "Has it arrived?" in door.owner.get(link).text
    assert "that it arrived" in door.owner.post(f"{link}said/", {"said": "entered"}).text


def test_nobody_else_says_what_became_of_it_or_sees_what_was_said(door: Door) -> None:
    link = door.delivered("MV-15")
    door.owner.post(f"{link}said/", {"said": "entered"})
    for visitor in (door.colleague, door.stranger):
        assert visitor.post(f"{link}said/", {"said": "failed"}).status == 403
        assert visitor.post(f"{link}answer/", {"answer": "15 EUR"}).status == 403
        page = visitor.get(link)
        assert "You told us" not in page.text
        assert "Has it arrived?" not in page.text
    assert said() == ["entered"]


def test_a_word_that_is_none_changes_nothing(door: Door) -> None:
    link = door.delivered("MV-15")
    assert door.owner.post(f"{link}said/", {"said": "refund me"}).where == link
    assert door.owner.post(f"{link}said/").where == link
    assert said() == []


@pytest.mark.parametrize(
    ("answer", "title", "text"),
    [
        ("Credit: 15,00 EUR. 2.4 GB left until 22/12/2026", None, None),
        ("Calling credit: EUR 0,20", "Not yet there.", "Look again at 13:15"),
    ],
)
def test_an_answer_is_compared_with_what_was_bought(
    door: Door, answer: str, title: str | None, text: str | None
) -> None:
    link = door.delivered("MV-15")
    page = door.owner.post(f"{link}answer/", {"answer": answer})
    assert page.status == 200
    for heading in ("Bought", "Read"):
        assert heading in page.text
    if title and text:
        assert title in page.title
        assert text in page.text


def test_a_matching_answer_may_be_counted_as_seen_and_is_kept_nowhere(door: Door) -> None:
    link = door.delivered("MV-15")
    asked = door.owner.post(f"{link}answer/", {"answer": "1 MB"})
    due = re.search(r"Bought</dt><dd>(.*?) until (.*?)</dd>", asked.html)
    assert due is not None
    answer = f"{due[1]} until {due[2]}"
    page = door.owner.post(f"{link}answer/", {"answer": answer})
    assert "It matches" in page.title
    assert said() == []
    seen = door.owner.post(f"{link}said/", {"said": "seen"})
    assert "the operator's answer shows it" in seen.text.replace("’", "'")
    assert said() == ["seen"]


def test_an_answer_without_a_figure_is_refused_beside_its_field_with_what_was_typed(door: Door) -> None:
    link = door.delivered("MV-15")
    page = door.owner.post(f"{link}answer/", {"answer": "merci"})
    assert page.status == 422
    assert 'id="answer-error"' in page.html
    assert ">merci</textarea>" in page.html
    assert door.owner.post(f"{link}answer/", {"answer": "9" * 5000}).status == 422
    assert door.owner.get(f"{link}answer/").where == link


def test_while_it_runs_the_page_shows_how_the_operators_sms_reads_marked_and_in_its_own_language(door: Door) -> None:
    page = door.owner.get(door.link(door.world.paid("MV-15")))
    assert "Keep the phone on" in page.text
    assert re.search(r'<p lang="nl">Mobile Vikings: [^<]+</p><span class="tag sample">example</span>', page.html)


def test_where_nobody_knows_the_sms_the_page_says_so(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opla.presenting.aftercare.sms", lambda _operator: [])
    page = door.owner.get(door.link(door.world.paid("MV-15")))
    assert "We do not know how this operator's SMS reads" in page.text.replace("’", "'")


def test_a_change_of_state_is_announced_once_and_nothing_else_is_read_aloud(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = door.world.paid("MV-15")
    link = door.link(order_id)

    def poll(seen: str) -> tuple[str, str]:
        """What is announced, and what the page then has."""
        page = door.owner.get(f"{link}state/?seen={seen}")
        if page.status == 204:
            return "", seen
        found = re.search(r'id="announce" hx-swap-oob="innerHTML">([^<]*)<', page.html)
        now = re.search(r"\?seen=([^\"]*)\"", page.html)
        return found[1] if found else "", now[1] if now else "final"

    page = door.owner.get(link)
    assert page.html.count('role="status"') == 1 + page.html.count("data-said")  # and what notifications answer
    assert "aria-live" not in page.html
    assert re.search(r'role="status" id="announce"></p>', page.html)  # what is there at the beginning is no news
    seen = re.search(r"\?seen=([^\"]*)\"", page.html)
    assert seen is not None
    last, heard, drawn = seen[1], [], {seen[1]}
    tell = door.world.mailbox.tell
    monkeypatch.setattr(door.world.mailbox, "tell", lambda _message: Answer.NOT_SENT)
    for rounds in range(9):
        if rounds == 6:
            monkeypatch.setattr(door.world.mailbox, "tell", tell)
        door.world.work()
        for _ in range(2):
            announced, last = poll(last) if last != "final" else ("", last)
            heard += [announced] if announced else []
            drawn.add(last)
        door.world.clock.tick(
            70 if rounds < 6 else 4000
        )  # the page looks more rarely from then on: drawn again, and no news
    assert len(heard) == 1
    assert heard[0].startswith("Delivered. ")
    assert len(drawn) > 3
    assert last == "final"


def test_every_known_way_of_entering_is_offered_and_can_be_scanned_by_another_phone(door: Door) -> None:
    """Per operator: to tap, with steps, and a picture for another phone wherever the phone itself is the way."""
    from opla.core.catalog import RedeemBy
    from opla.operations import catalogue
    from opla.presenting import redeeming

    _, catalog = catalogue.active()
    looked = set()
    for operator in catalog.operators:
        for way in redeeming.ways(operator, CODE):
            assert way.steps, operator.id
            if way.kind in (RedeemBy.USSD, RedeemBy.SMS, RedeemBy.CALL):
                assert way.href.startswith(("tel:", "sms:")), operator.id
                assert way.button, operator.id
                assert way.picture.startswith("<svg"), operator.id
            looked.add(way.kind)
        for way in redeeming.how(operator):
            assert CODE not in way.shown_text + way.href
            assert not way.picture
    assert {RedeemBy.USSD, RedeemBy.CALL, RedeemBy.CARE} <= looked
