"""Help me choose: three questions in an address, and the cheapest purchases with everything that was not known."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

import support  # noqa: F401 - sets Django up
from fakes import START
from opla.core.actor import Actor, Role
from opla.core.drawing import Demand
from opla.core.line import Bucket, Kind, Line
from opla.core.planner import Answer, Market, Need
from opla.core.refusal import Refusal
from opla.core.timeline import Timeline
from opla.db import locks
from opla.operations import find_plan
from opla.operations.promotions import at_version, import_promotions
from opla.presenting.plan_picture import picture as lane_picture
from opla.storefront import planning
from surfaces.conftest import Door, Seen, Visitor
from surfaces.test_have import _rows, fields, to_the_line

OWNER = Actor(Role.OWNER, "anna")
ASKED = "/plan/?use=own&data_gb=8&minutes=120&sms=10&days=70"


def links(page: Seen) -> list[str]:
    return [unescape(href) for href in re.findall(r'href="([^"]*)"', page.html)]


def test_it_is_reached_from_the_first_page_and_from_an_operators_amounts(door: Door) -> None:
    assert "/plan/" in links(door.stranger.get("/"))
    here = door.stranger.get("/top-up/base/")
    assert "/plan/?sim=base&only=base" in links(here)
    page = door.stranger.get("/plan/?sim=base&only=base")
    assert page.status == 200
    assert page.html.count('<option value="base" selected>') == 2


def test_each_way_of_using_a_phone_is_shown_with_the_figures_it_stands_for(door: Door) -> None:
    page = door.stranger.get("/plan/")
    assert "These figures are our assumptions" in page.text
    for needed in planning.HABITS.values():
        assert f"{needed[Kind.DATA] // 1_000_000} GB" in page.text
        assert f"{needed[Kind.VOICE] // 60} minutes" in page.text


def test_the_answer_says_what_to_buy_when_why_and_what_it_comes_to(door: Door) -> None:
    page = door.stranger.get(f"{ASKED}&only=base")
    assert page.status == 200
    assert "For 70 days: 8 GB · 120 minutes · 10 SMS messages per 30 days" in page.text
    assert "Cheapest example €55.00 BASE · a new SIM €0.79 a day · €2.95 a GB" in page.text
    assert "Today BASE 20 €20.00 data and calls would not be enough on this day" in page.text
    assert "22 Dec 2026 BASE 20 €20.00" in page.text
    assert "Not considered: two SIMs at once" in page.text
    assert "invented for the sandbox" in page.text


def test_the_first_purchase_begins_with_one_tap(door: Door) -> None:
    page = door.stranger.get(f"{ASKED}&only=base")
    first = next(link for link in links(page) if link.startswith("/top-up/base/BA-20/"))
    begun = door.stranger.get(first)
    assert (begun.status, "Who is it for?" in begun.text, "€20" in begun.text) == (200, True, True)
    ranged = next(link for link in links(door.stranger.get(ASKED)) if link.startswith("/top-up/lycamobile/"))
    assert ranged == "/top-up/lycamobile/LY-D/?amount=45.00"
    assert "€45" in door.stranger.get(ranged).text


def test_what_renews_by_itself_from_the_credit_is_said_with_its_days(door: Door) -> None:
    text = door.stranger.get(ASKED).text
    assert "22 Dec 2026 Unlimited 25 €15.00 from the credit on the SIM · renews by itself" in text


def test_the_picture_says_the_same_in_words(door: Door) -> None:
    drawn = re.search(r'<svg class="line-picture"[^>]*>', door.stranger.get(f"{ASKED}&only=base").html)
    assert drawn
    assert 'role="img"' in drawn[0]
    assert "22 Nov 2026 – 30 Jan 2027; 3 purchases; Data: at most 7.8 GB; Calls: at most 196 minutes" in drawn[0]


def test_what_is_unlimited_for_some_of_the_days_is_drawn_as_that_and_as_what_it_is_then() -> None:
    start = datetime(2026, 11, 22, tzinfo=UTC)
    lines = [Line("red", buckets=(Bucket(Kind.SMS, left, start, None),)) for left in (None, 200)]
    states = ((start, lines[0]), (start + timedelta(days=1), lines[1]), (start + timedelta(days=2), Line("red")))
    lived = Timeline(start, start + timedelta(days=4), states, (), {}, Demand(), Demand(), 0)
    drawn = lane_picture(lived, [start], [Kind.SMS])
    assert "SMS: unlimited, or at most 200 SMS" in drawn
    assert 'd="M0 72H0V32H85V44H170V72H340V72Z"' in drawn


def test_another_operators_plan_is_one_tap_away_and_so_are_all_of_them(door: Door) -> None:
    page = door.stranger.get(ASKED)
    assert "BASE · a new SIM €55.00" in page.text
    other = next(link for link in links(page) if "only=base" in link)
    assert "Cheapest example €55.00 BASE" in door.stranger.get(other).text
    assert any(link.startswith("/plan/?") and "only" not in link for link in links(door.stranger.get(other)))


def test_what_would_change_it_is_looked_for_only_when_asked(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find_plan, "_CHANGES_S", 60)
    page = door.stranger.get(f"{ASKED}&only=base")
    assert "Find out from how much on it costs more" in page.text
    more = next(link for link in links(page) if "changes=1" in link)
    told = door.stranger.get(more.removesuffix("#changes"))
    assert re.search(r"From 8\.\d GB per 30 days on: €\d\d\.00, BASE \(", told.text)
    monkeypatch.setattr(find_plan, "_CHANGES_S", -1)
    assert "Not all of it was looked for" in door.stranger.get(more.removesuffix("#changes")).text


def test_what_would_change_what_is_only_the_best_found_is_not_guessed(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched = find_plan.plan

    def cut_off(where: Market, need: Need, first: date, *, most_labels: int) -> Answer:
        found = searched(where, need, first, most_labels=most_labels)
        assert isinstance(found, Answer)
        return replace(found, best=replace(found.best, exact=False))

    monkeypatch.setattr(find_plan, "plan", cut_off)
    page = door.stranger.get(ASKED.replace("days=70", "days=67") + "&only=base&changes=1")
    assert (page.status, "Best found; whether it is the cheapest is not known" in page.text) == (200, True)
    assert "What would change it?" not in page.text


def test_an_address_that_is_shared_gives_the_same_answer_in_the_others_language(door: Door) -> None:
    page = Visitor(language="zh-CN").get(ASKED)
    assert "70 天，每 30 天 8 GB · 120 分钟 · 10 条短信" in page.text
    assert "最便宜 示例 €46.00 Lycamobile · 新 SIM 卡" in page.text
    assert "其中新 SIM 卡 €1.00" in page.text
    assert "自动续费" in page.text
    assert page.value("data_gb") == "8"


def test_nothing_that_is_asked_is_kept(door: Door) -> None:
    before = _rows()
    visitor = Visitor()
    visitor.get(ASKED)
    assert _rows() == before
    assert "opla_session" not in visitor.client.cookies


def test_a_budget_says_how_far_it_goes(door: Door) -> None:
    page = door.stranger.get(f"{ASKED}&only=base&budget=20")
    assert "This covers 30 days of 70. Not covered: 22 Dec 2026 to 30 Jan 2027 (data, calls and SMS)" in page.text
    assert "Find out from how much" not in page.text
    page = door.stranger.get(f"{ASKED}&only=base&budget=0.50")
    assert (page.status, "does not cover a single day" in page.text) == (422, True)


def test_a_need_that_nothing_covers_is_named_and_the_form_stays_filled(door: Door) -> None:
    page = door.stranger.get("/plan/?use=own&data_gb=2&minutes=10&days=30&only=orange")
    assert page.status == 422
    assert "Nothing that can be bought covers this much: calls." in page.text
    assert (page.value("data_gb"), page.value("minutes"), page.value("days")) == ("2", "10", "30")


WRONG = [
    ({"days": ""}, "days", "from 1 to 184"),
    ({"days": "185"}, "days", "from 1 to 184"),
    ({"days": "1.5"}, "days", "from 1 to 184"),
    ({"data_gb": "8 GB or so"}, "data_gb", "from 0 to 200"),
    ({"minutes": "-1"}, "minutes", "from 0 to"),
    ({"away": "x"}, "away", "from 0 to 184"),
    ({"away_from": "soon"}, "away_from", "2026-11-22"),
    ({"budget": "much"}, "budget", "with digits"),
    ({"budget": "0"}, "budget", "with digits"),
    ({"data_gb": "", "minutes": "", "sms": ""}, "data_gb", "Say what you need"),
]


def test_what_means_nothing_is_said_beside_its_field(door: Door) -> None:
    for wrong, about, said in WRONG:
        typed = {"use": "own", "data_gb": "8", "minutes": "120", "sms": "10", "days": "70"} | wrong
        page = door.stranger.get("/plan/?" + "&".join(f"{name}={value}" for name, value in typed.items()))
        assert page.status == 422
        assert said in page.error(about)
        assert page.value(about) == typed[about]


def test_a_choice_that_is_not_in_its_list_is_refused(door: Door) -> None:
    for name, choice in {"use": "guessing", "sim": "nobody", "only": "nobody"}.items():
        typed = {"use": "video", "days": "70"} | {name: choice}
        page = door.stranger.get("/plan/?" + "&".join(f"{name}={value}" for name, value in typed.items()))
        assert (page.status, "hoose one" in page.text) == (422, True)


def test_full_width_digits_and_a_comma_are_digits(door: Door) -> None:
    page = door.stranger.get("/plan/?use=own&data_gb=１，５&days=３０&only=base")
    assert "For 30 days: 1.5 GB per 30 days" in page.text


def test_days_abroad_are_counted(door: Door) -> None:
    page = door.stranger.get("/plan/?use=own&data_gb=2&days=30&only=base&away=40")
    assert (page.status, "30 of these days elsewhere in the EU" in page.text) == (200, True)


def test_what_was_told_of_a_sim_is_offered_and_counted_for_nobody_else(door: Door) -> None:
    to_the_line(door.owner)  # BASE: 1.2 GB and 60 minutes until 3 December, €5
    page = door.owner.get("/plan/")
    assert "BASE, with what you told us is on it" in page.text
    assert '<option value="told" selected>' in page.html
    asked = "/plan/?use=own&data_gb=3&days=11&sim=told&only=base"
    page = door.owner.get(asked)
    assert "Nothing needs to be bought: what is on the SIM is enough." in page.text
    page = door.owner.get(asked.replace("days=11", "days=30"))
    assert re.search(r"BASE · your SIM .* Nothing needs to be bought before \d", page.text)
    assert "/top-up/base/BA" not in page.html
    assert "with what you told us" not in door.stranger.get("/plan/").text
    assert door.stranger.get(asked).status == 422


def test_measured_use_leads_here_with_its_figure(door: Door) -> None:
    told = to_the_line(door.owner, "1 GB until 20 december", bought="2026-11-12", bought_data="3", bought_unit="GB")
    link = next(link for link in links(told) if link.startswith("/plan/?"))
    [data_gb] = parse_qs(urlsplit(link).query)["data_gb"]
    assert 5 < float(data_gb) < 7  # 2 GB in the ten days and a half from the 12th to the 22nd
    page = door.owner.get(link)
    assert page.value("data_gb") == data_gb
    assert fields(page)["sim"] == "told"


def test_while_a_search_runs_nobody_else_waits_for_one(door: Door) -> None:
    fresh = ASKED.replace("days=70", "days=69")
    with locks.holding(door.world.shop.var / "planning.lock"):
        page = door.stranger.get(fresh)
        assert (page.status, page.headers["Retry-After"]) == (503, "2")
        assert page.value("days") == "69"
    assert door.stranger.get(fresh).status == 200
    with locks.holding(door.world.shop.var / "planning.lock"):
        assert door.colleague.get(fresh).status == 200  # it is remembered


def test_a_live_shop_leaves_out_by_name_what_it_does_not_know_and_uses_nothing_invented(door: Door) -> None:
    door.world.shop = replace(door.world.shop, sandbox=False)
    page = door.stranger.get(ASKED.replace("days=70", "days=68"))
    assert "Mobile Vikings 40" not in page.text


def test_it_is_the_planners_answer_within_what_a_page_may_cost(door: Door) -> None:
    """The longest stay, at most so many labels an operator; how long that takes is measured, not tested."""
    page = door.stranger.get("/plan/?use=work&days=184")
    assert page.status == 200
    assert "Best found" in page.text or "Cheapest" in page.text


_PROMOTIONS = """promotions: 1
sample: true
currency: EUR
time_zone: Europe/Brussels
languages: [en, zh-Hans]
ours:
  - id: morning
    title: {en: "Morning", zh-Hans: "早间优惠"}
    from: "2026-11-01 00:00"
    until: "2026-11-22 12:30"
    gives: {percent: 50}
    operators: [base]
  - id: noon
    title: {en: "Noon", zh-Hans: "午间优惠"}
    from: "2026-11-22 12:45"
    until: "2026-11-30 00:00"
    gives: {amount: "2.00"}
    operators: [base]
    most_uses: 1
"""


def test_what_is_bought_today_has_the_promotions_of_this_hour_and_later_ones_those_of_then(
    door: Door, tmp_path: Path
) -> None:
    at_version.cache_clear()  # versions of another database
    path = tmp_path / "mine.yaml"
    path.write_text(_PROMOTIONS, "utf-8")
    shop = door.world.shop
    assert not isinstance(import_promotions(OWNER, path, keyring=shop.keyring, sandbox=True, at=START), Refusal)
    text = door.stranger.get(f"{ASKED}&only=base").text
    assert "Cheapest example €53.00 BASE" in text
    assert "Today BASE 20 €18.00 €2.00 less, while the promotion lasts" in text
    assert "22 Dec 2026 BASE 20 €20.00 data and calls" in text
    quote = door.owner.post("/top-up/base/BA-20/", {"number": "0470 12 34 56", "email": "ana@example.org"})
    assert quote.value("total") == "1800"
    door.owner.post(quote.where, {"total": "1800", "method": "sandbox", "at_once": "on"})
    text = door.stranger.get(f"{ASKED}&only=base").text
    assert "Cheapest example €55.00 BASE" in text  # somebody took the last one
