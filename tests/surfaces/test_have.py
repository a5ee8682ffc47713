"""What do I have? From "I don't know" to the line, in both languages, and nothing of it stays with us."""

from __future__ import annotations

import json
import re
from html import unescape

from django.core.files.uploadedfile import SimpleUploadedFile

from opla.core.line import Line
from opla.core.line_file import read_line
from support import as_owner
from surfaces.conftest import Door, Seen, Visitor

ANSWER = "Nog 1,2 GB en 60 minuten tot 3 december. Belwaarde € 5,00 tot 1 maart 2027."


def fields(page: Seen) -> dict[str, str]:
    """What a browser would send of the page's longest form: its fields as they are filled."""
    form = max(re.findall(r"<form.*?</form>", page.html, re.DOTALL), key=len)
    sent = {}
    for tag in re.findall(r"<input[^>]*>", form):
        given = {name: unescape(value) for name, value in re.findall(r'(\w+)="([^"]*)"', tag)}
        ticked = given.get("type") not in ("radio", "checkbox") or " checked" in tag
        if ticked and given.get("type") != "file" and "name" in given:
            sent[given["name"]] = given.get("value", "on")
    for name, options in re.findall(r'<select id="\w+" name="(\w+)">(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r"<option(?: value=\"(\w*)\")? selected>(\w+)", options)
        sent[name] = (chosen[1] or chosen[2]) if chosen else ""
    sent.pop("csrfmiddlewaretoken", None)
    return sent


def to_the_line(visitor: Visitor, answer: str = ANSWER, **typed: str) -> Seen:
    page = visitor.post("/have/base/", {"answer": answer})
    assert page.status == 200, page.text
    return visitor.post("/have/base/line/", fields(page) | typed)


def test_from_not_knowing_to_what_the_sim_holds(door: Door) -> None:
    page = door.stranger.get("/have/")
    assert "/have/which/" in page.html
    page = door.stranger.post("/have/which/", {"seen": "BASE", "number": "0470 12 34 56"})
    assert page.text.index("BASE you saw its name") < page.text.index("Proximus your number was first given to it")
    page = to_the_line(door.stranger)
    assert "Data 1.2 GB until 3 Dec 2026" in page.text
    assert "Calls 60 minutes until 3 Dec 2026" in page.text
    assert "Credit €5.00 until 1 Mar 2027" in page.text


def test_what_was_told_here_is_known_beside_a_price_and_to_nobody_else(door: Door) -> None:
    bought = {"number": "0470 12 34 56", "email": "ana@example.org"}
    to_the_line(door.stranger)
    told = door.stranger.post("/top-up/base/BA-20/", bought)
    assert "From what you told us" in told.text
    assert "1.2 GB until 3 Dec 2026" in told.text
    assert "From what you told us" not in door.colleague.post("/top-up/base/BA-20/", bought).text


def test_what_cannot_be_looked_up_says_so_and_loses_nothing(door: Door) -> None:
    page = door.stranger.post("/have/which/", {"seen": "Vodafone", "number": ""})
    assert "We know no operator by that" in page.text
    page = door.stranger.post("/have/which/", {"seen": "Vodafone", "number": "112"})
    assert page.status == 422
    assert "emergency" in page.error("number")
    assert page.value("seen") == "Vodafone"


def test_asking_is_a_link_that_dials_or_writes_with_its_signs_encoded(door: Door) -> None:
    for operator, links in {
        "proximus": ["tel:%23120%23"],
        "lycamobile": ["tel:*103%23"],
        "aldi-talk": ["sms:1966?body=BUNDLE%20USAGEALL", "https://alditalk.be"],
        "mobile-vikings": ["https://mobilevikings.be"],
    }.items():
        page = door.stranger.get(f"/have/{operator}/")
        for link in links:
            assert f'href="{link}"' in page.html
        dialled = re.search(r'<button type="button" class="copy" hidden data-copy="[#*]\d+#"', page.html)
        assert bool(dialled) == links[0].startswith("tel:")


def test_a_code_that_is_only_reported_says_so(door: Door) -> None:
    assert "Dial it reported" in door.stranger.get("/have/orange/").text
    assert "reported" not in door.stranger.get("/have/proximus/").text


def test_what_can_be_read_in_two_ways_is_asked_and_no_answer_is_taken_for_one(door: Door) -> None:
    answer = "1.500 MB until 04/03/2027. Texts 0.20 EUR/SMS."
    page = door.stranger.post("/have/proximus/", {"answer": answer})
    assert (page.status, "checked" in page.html) == (200, False)
    assert "1.5 GB" in page.text
    assert "1.5 MB" in page.text
    kept = fields(page)
    again = door.stranger.post("/have/proximus/", kept | {"data": "1"})
    assert (again.status, "Choose one for each" in again.text) == (422, True)
    assert fields(again)["data"] == "1"  # what was chosen is not asked again
    page = door.stranger.post("/have/proximus/", kept | {"data": "0", "data_until": "no"})
    assert page.status == 200
    assert (page.value("data"), page.value("data_until")) == ("1.5", "")
    assert "Not understood, so not taken over: Texts 0.20 EUR/SMS" in page.text


def test_an_answer_that_says_nothing_is_kept_in_its_field_with_the_reason(door: Door) -> None:
    page = door.stranger.post("/have/base/", {"answer": "hello <b>there</b>"})
    assert page.status == 422
    assert "We understand no figure in this answer" in page.text
    assert "hello &lt;b&gt;there&lt;/b&gt;</textarea>" in page.html
    assert door.stranger.post("/have/base/", {"answer": ""}).status == 422


def test_figures_can_be_typed_one_by_one_and_every_mistake_is_told_at_once(door: Door) -> None:
    page = door.stranger.get("/have/base/line/")
    typed = fields(page) | {"data": "much", "credit_until": "2020-01-01", "credit": "5", "sms": "7"}
    page = door.stranger.post("/have/base/line/", typed)
    assert page.status == 422
    assert "with digits" in page.error("data")
    assert "over" in page.error("credit_until")
    assert page.value("sms") == "7"
    page = door.stranger.post("/have/base/line/", typed | {"data": "2", "credit_until": ""})
    assert "Data 2 GB no end is known" in page.text


def test_the_line_is_a_file_that_the_person_keeps_and_brings_back_for_a_forecast(door: Door) -> None:
    page = to_the_line(door.stranger, "4 GB until 20 december")
    assert "One reading cannot tell" in page.text
    usage = unescape(re.search(r'name="usage" value="([^"]*)"', page.html)[1])  # type: ignore[index]  # or it fails
    file = door.stranger.client.post("/have/base/file/", {"usage": usage})
    assert file["Content-Disposition"] == 'attachment; filename="opla-base-2026-11-22.json"'
    assert isinstance(read_line(json.loads(file.content)), Line)
    door.world.clock.tick(4 * 24 * 3600)
    page = door.stranger.post("/have/base/", {"answer": "2 GB until 20 december"})
    sent = fields(page) | {"earlier": SimpleUploadedFile("line.json", file.content)}
    page = door.stranger.post("/have/base/line/", sent)  # type: ignore[arg-type]  # a file is a field too
    assert "Your data will probably end on 30 Nov 2026" in page.text
    assert "You use about 500 MB a day, between 250 MB and 1 GB." in page.text
    drawn = re.search(r'<svg class="band".*?</svg>', page.html)
    assert drawn
    assert (
        'aria-label="Your data will probably end on 30 Nov 2026. Between 28 Nov 2026 and 4 Dec 2026. '
        'You use about 500 MB a day, between 250 MB and 1 GB."'
    ) in drawn[0]
    assert re.findall(r"<text[^>]*>([^<]*)</text>", drawn[0]) == ["26 Nov 2026", "20 Dec 2026"]


NO_LINES = [
    b"",
    b"no json",
    b"[" * 9999,
    b"[]",
    b'{"operator": "orange"}',
    b'{"operator": "base", "strange": 1}',
    b"\xff",
]


def test_a_file_that_is_no_line_of_this_operator_is_refused_beside_its_field(door: Door) -> None:
    filled = fields(door.stranger.post("/have/base/", {"answer": "2 GB"}))
    for content in NO_LINES:
        sent = filled | {"earlier": SimpleUploadedFile("line.json", content)}
        refused = door.stranger.post("/have/base/line/", sent)  # type: ignore[arg-type]  # a file is a field too
        assert refused.status == 422
        assert refused.error("earlier")
        assert refused.value("data") == "2"


def test_a_top_up_and_what_it_gave_is_enough_for_a_forecast(door: Door) -> None:
    page = to_the_line(door.stranger, "1 GB until 20 december", bought="2026-11-12", bought_data="3", bought_unit="GB")
    assert "Your data will probably end on 27 Nov 2026" in page.text
    assert "Top up by 11 Nov 2027 to keep the number" in page.text


def test_what_was_just_delivered_can_be_reminded_of_and_nothing_is_kept_before(door: Door) -> None:
    link = door.delivered("PX-15")
    page = door.owner.get(link)
    assert "Be reminded before it ends" in page.text
    offered = re.search(r'href="(/have/proximus/line/\?sku=PX-15)"', page.html)
    assert offered
    before = _rows()
    page = door.owner.get(offered[1])
    assert "Filled with what" in page.text
    assert "example" in page.text
    assert (page.value("data"), page.value("credit"), page.value("bought")) == ("4", "15.00", "2026-11-22")
    page = door.owner.post("/have/proximus/line/", fields(page))
    assert "Data 4 GB until 23 Dec 2026" in page.text
    assert _rows() == before
    door.world.clock.tick(25 * 3600)
    assert "Be reminded before it ends" not in door.owner.get(link).text


def test_another_operators_product_fills_nothing(door: Door) -> None:
    for sku in ("PX-15", "NO-1", ""):
        page = door.stranger.get(f"/have/base/line/?sku={sku}")
        assert (page.status, page.value("data"), "Filled with" in page.text) == (200, "", False)


def test_a_changed_or_missing_line_is_asked_for_again(door: Door) -> None:
    for usage in ("", "{}", '{"line": 1}', "[" * 9999):
        page = door.stranger.post("/have/base/file/", {"usage": usage})
        assert (page.status, page.where) == (200, "/have/base/")


def _rows() -> dict[str, object]:
    """How many rows every table has."""
    with as_owner() as cursor:
        cursor.execute("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
        counted = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT count(*) FROM {table}")
            counted[str(table)] = cursor.fetchone()
        return counted


def test_nothing_that_is_typed_is_kept_or_stands_in_an_address(door: Door) -> None:
    before = _rows()
    to_the_line(door.owner)
    assert _rows() == before
    assert "?" not in to_the_line(door.owner).where
    for other in (door.colleague, door.stranger):
        assert "1.2 GB" not in other.get("/have/base/").text
        assert "1.2 GB" not in other.get("/have/base/line/").text


def test_in_chinese_everything_is_chinese(door: Door) -> None:
    visitor = Visitor(language="zh-CN")
    assert "我的卡里还有什么" in visitor.get("/have/").text
    page = to_the_line(visitor, "流量剩余１．２GB，有效期至2026年12月3日")
    assert "流量 1.2 GB 至 2026年12月3日" in page.text


def test_the_sandbox_offers_an_invented_answer_and_a_live_shop_does_not(door: Door) -> None:
    from dataclasses import replace

    page = door.stranger.get("/have/proximus/")
    assert "example" in page.text
    answer = unescape(re.search(r'name="answer" value="([^"]*)"', page.html)[1])  # type: ignore[index]  # or it fails
    page = door.stranger.post("/have/proximus/", {"answer": answer})
    assert (page.status, page.value("data"), page.value("credit")) == (200, "1.25", "12.35")
    door.world.shop = replace(door.world.shop, sandbox=False)
    assert "example" not in door.stranger.get("/have/proximus/").text
    assert "What does it mean?" in door.stranger.post("/have/proximus/", {"answer": answer}).text


def test_an_unknown_operator_has_no_page(door: Door) -> None:
    for path in ("/have/nobody/", "/have/nobody/line/"):
        assert door.stranger.get(path).status == 404
