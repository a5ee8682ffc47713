"""A standing renewal as people see it: agreed to where one pays, seen by its link, ended with one tap."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from fakes import CUSTOMER, DIRECT, NUMBER, START, World
from operations.test_renewing import DAY, Keeper, begun, go_to, of, phases, until_charged, until_noticed
from opla.core.ports import Answer
from opla.core.renewal import Cause, State
from opla.db.models import Customer
from opla.db.queries.call import select
from opla.operations import change_renewal, my_data, renewals
from opla.operations.letters import Posted
from opla.presenting import letters
from surfaces.conftest import Door, Seen, Visitor

ANA = "ana@example.org"
BOX = {"at_once": "on", "method": "sandbox", "by_itself": "on", "rule": "days:30", "cap": "15.00", "month_cap": ""}


@pytest.fixture
def keeper(world: World) -> Keeper:
    world.provider = Keeper()
    world.shop = replace(world.shop, keeping=frozenset({"sandbox"}))
    return world.provider


def signed_in(visitor: Visitor, email: str) -> Customer:
    customer, _ = Customer.objects.get_or_create(email=email, defaults={"language": "en", "made_at": START})
    visitor.client.force_login(customer)
    return customer


def quoted(door: Door, **typed: str) -> Seen:
    """The page of a price, sent with the box as typed."""
    quote = door.world.quote(DIRECT, number=NUMBER)
    path = f"/quote/{quote.id}/"
    assert "Do this again by itself" in door.owner.get(path).text
    return door.owner.post(path, {**BOX, "total": "1500", **typed})


def path_of(world: World) -> str:
    return of(world).whose.path


def test_the_box_is_there_unticked_and_only_where_consent_is_kept(door: Door, keeper: Keeper) -> None:
    quote = door.world.quote(DIRECT, number=NUMBER)
    page = door.owner.get(f"/quote/{quote.id}/")
    box = re.search(r'<input type="checkbox" name="by_itself"[^>]*>', page.html)
    assert box
    assert "checked" not in box[0]
    assert page.value("cap") == "15.00"
    code = door.world.quote()
    assert "by_itself" not in door.owner.get(f"/quote/{code.id}/").html
    door.world.shop = replace(door.world.shop, keeping=frozenset())
    assert "by_itself" not in door.owner.get(f"/quote/{quote.id}/").html


def test_without_the_tick_it_is_bought_once(door: Door, keeper: Keeper) -> None:
    quote = door.world.quote(DIRECT, number=NUMBER)
    typed = {name: value for name, value in BOX.items() if name != "by_itself"}
    assert door.owner.post(f"/quote/{quote.id}/", {**typed, "total": "1500"}).where.startswith("/o/")
    assert select("SELECT count(*) FROM renewal") == [(0,)]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"cap": "14"}, "The least is €15."),
        ({"cap": "a lot"}, "cap"),
        ({"rule": "hourly"}, "Choose one of the intervals in the list."),
        ({"month_cap": "1"}, "The least is €15."),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_nothing_is_bought(
    door: Door, keeper: Keeper, typed: dict[str, str], said: str
) -> None:
    page = quoted(door, **typed)
    assert page.status == 422
    assert said in page.text or 'id="cap-error"' in page.html
    assert re.search(r'name="by_itself" checked', page.html)
    assert select("SELECT count(*) FROM orders") == [(0,)]


def test_agreed_to_with_the_price_and_kept_in_the_words_that_were_read(door: Door, keeper: Keeper) -> None:
    page = quoted(door)
    assert page.where.startswith("/o/")
    door.world.work()
    assert keeper.asked[0].keep
    kept = of(door.world).kept
    assert "charge me again by itself" in kept.agreed
    assert "Every 30 days" in kept.agreed
    assert "at most €15.00 each time" in kept.agreed
    keeper.session(0, Answer.SUCCEEDED, 1500)
    door.world.wake()
    door.world.work(6)
    assert path_of(door.world) in door.owner.get(page.where).html
    assert path_of(door.world) not in door.stranger.get(page.where).html


def test_its_page_says_what_comes_and_never_the_address(door: Door, keeper: Keeper) -> None:
    begun(door.world)
    page = door.stranger.get(path_of(door.world))
    assert page.status == 200
    for said in ("0470 12 34 56", "22 Dec 2026", "€15.00", "End it now", "Skip the next one", "Pause"):
        assert said in page.text, said
    assert ANA not in page.text
    assert door.stranger.get("/renewals/aaaaaaaaaaaaaaaaaaaaaaaaaa/").status == 404
    assert door.stranger.post("/renewals/aaaaaaaaaaaaaaaaaaaaaaaaaa/end/").status == 404


def test_looking_at_a_link_changes_nothing_and_one_tap_ends_it(door: Door, keeper: Keeper) -> None:
    begun(door.world)
    path, scanner = path_of(door.world), Visitor(checks_forms=True)
    for way in ("end/", "skip/"):
        assert scanner.get(path + way).status == 200
    assert of(door.world).kept.state is State.ACTIVE
    assert phases(door.world) == ["planned"]
    for way in ("pause/", "ceiling/", "resume/", "now/"):
        assert scanner.get(path + way).status == 405
    assert scanner.post(path + "end/").status == 200
    assert of(door.world).kept.state is State.ENDED
    door.world.work(2)
    assert list(keeper.mandates.values()) == [False]
    assert scanner.post(path + "end/").status == 200  # it has ended already
    assert scanner.post(path + "skip/").status == 409


def test_skipping_pausing_and_going_on(door: Door, keeper: Keeper) -> None:
    begun(door.world)
    path = path_of(door.world)
    page = door.owner.post(path + "skip/")
    assert "21 Jan 2027" in page.text
    assert "22 Dec 2026 skipped" in page.text
    assert "It is paused" in door.owner.post(path + "pause/").text
    assert door.owner.post(path + "skip/").status == 409
    assert "It goes on by itself" in door.owner.post(path + "resume/").text


def test_the_ceiling_is_changed_and_a_wrong_one_is_not(door: Door, keeper: Keeper) -> None:
    begun(door.world)
    path = path_of(door.world)
    assert "€20.00" in door.owner.post(path + "ceiling/", {"cap": "20", "month_cap": "40"}).text
    kept = of(door.world).kept
    assert (kept.cap.amount_minor, kept.month_cap and kept.month_cap.amount_minor) == (2000, 4000)
    assert kept.agreed.endswith("at most €20.00 each time · at most €40.00 in a month")
    about = renewals.letter(of(door.world), "renewal_ceiling", {}).about
    text = letters.words(Posted("renewal_ceiling", ANA, "en", about), base_url="", sandbox=False).text
    assert "From now on: at most €20.00 each time · at most €40.00 in a month." in text
    wrong = door.owner.post(path + "ceiling/", {"cap": "20", "month_cap": "19"})
    assert wrong.status == 422
    assert "The least is €20." in wrong.text


def test_whoever_has_the_sim_may_order_by_text_only_where_that_was_ticked(door: Door, keeper: Keeper) -> None:
    begun(door.world)
    path = path_of(door.world)
    box = r'<input type="checkbox" name="by_text"[^>]*>'
    assert re.findall(box, door.owner.get(path).html) == ['<input type="checkbox" name="by_text">']
    assert select("SELECT count(*) FROM renewal_by_text") == [(0,)]
    page = door.owner.post(path + "by-text/", {"by_text": "on"})
    assert re.findall(box, page.html) == ['<input type="checkbox" name="by_text" checked>']
    [(said,)] = select("SELECT said FROM renewal_by_text")
    assert "once a day and 4 times a month" in str(said)
    assert door.stranger.post("/renewals/aaaaaaaaaaaaaaaaaaaaaaaaaa/by-text/", {"by_text": "on"}).status == 404
    assert door.owner.get(path + "by-text/").status == 405
    assert re.findall(box, door.owner.post(path + "by-text/", {}).html) == ['<input type="checkbox" name="by_text">']
    assert select("SELECT count(*) FROM renewal_by_text") == [(0,)]
    door.owner.post(path + "by-text/", {"by_text": "on"})
    door.owner.post(path + "end/")
    assert "by_text" not in door.owner.get(path).html
    assert door.owner.post(path + "by-text/", {"by_text": "on"}).status == 409


def test_by_hand_it_is_a_price_on_the_device_that_asks(door: Door, keeper: Keeper) -> None:
    begun(door.world)
    page = door.stranger.post(path_of(door.world) + "now/")
    assert page.where.startswith("/quote/")
    assert "Pay €15.00" in page.text


def test_my_sims_shows_mine_and_nobody_elses(door: Door, keeper: Keeper) -> None:
    begun(door.world)
    signed_in(door.owner, ANA)
    signed_in(door.colleague, "ben@example.org")
    assert path_of(door.world) in door.owner.get("/me/sims/").html
    assert path_of(door.world) not in door.colleague.get("/me/sims/").html
    assert path_of(door.world) not in door.stranger.get("/me/sims/").html


def test_it_is_in_the_export_and_ends_when_its_person_is_forgotten(door: Door, keeper: Keeper) -> None:
    begun(door.world)
    path = path_of(door.world)
    ana = signed_in(door.owner, ANA)
    text = json.dumps(my_data.export(ana, shop=door.world.shop, at=door.world.clock()))
    found = json.loads(text)["renewals"]
    assert [(one["state"], one["number"], one["cap_minor"]) for one in found] == [("active", "+32470123456", 1500)]
    assert "man_pay_1" not in text
    eve = signed_in(door.stranger, "eve@example.org")
    assert my_data.export(eve, shop=door.world.shop, at=door.world.clock())["renewals"] == []
    refused = change_renewal.allow_by_text(
        CUSTOMER, of(door.world), "Yes.", may=True, shop=door.world.shop, at=door.world.clock()
    )
    assert refused is None
    assert my_data.delete(CUSTOMER, ana, shop=door.world.shop, at=door.world.clock()) is None
    assert not Customer.objects.filter(email=ANA).exists()
    assert select("SELECT state, sealed, email_hash FROM renewal") == [("ended", None, b"")]
    assert select("SELECT count(*) FROM renewal_by_text") == [(0,)]
    assert door.stranger.get(path).status == 404
    door.world.work(2)
    assert list(keeper.mandates.values()) == [False]
    door.world.clock.now += 60 * DAY
    door.world.work(4)
    assert keeper.charged == []


def test_every_letter_has_words_in_every_language_and_leads_to_its_page(door: Door, keeper: Keeper) -> None:
    world = door.world
    facts = renewals.letter(begun(world), "renewal_begun", {}).about
    more = {
        "due_at": world.clock().isoformat(), "at": world.clock().isoformat(), "agreed": "Yes.", "price_minor": "1500",
        "known": "yes", "order_path": "/o/abc/", "by": "shop",
    }  # fmt: skip
    topics = [topic for topic in letters.TOPICS if topic.startswith("renewal_")]
    assert len(topics) == 11
    for topic in topics:
        for language in ("en", "fr", "nl", "de", "zh-Hans"):
            for cause in (*Cause, "missed", "late", "expired", "returned", "authentication", "refused"):
                about = {**facts, "month_cap_minor": "3000", **more, "cause": cause}
                said = letters.words(Posted(topic, ANA, language, about), base_url="https://shop.test", sandbox=False)
                assert "%(" not in said.subject + said.text, (topic, language)
                assert ANA not in said.text
                if topic not in ("renewal_ended", "renewal_not_begun"):
                    assert f"https://shop.test{facts['path']}" in said.text, (topic, language)


def test_what_was_charged_and_given_back_is_not_said_not_to_have_been_charged(door: Door, keeper: Keeper) -> None:
    about = renewals.letter(begun(door.world), "renewal_paused", {"cause": "returned", "price_minor": ""}).about
    text = letters.words(Posted("renewal_paused", ANA, "en", about), base_url="", sandbox=False).text
    assert "the money goes back" in text
    assert "Nothing was charged" not in text


def test_the_notice_says_when_what_it_costs_at_most_and_how_to_stop(door: Door, keeper: Keeper) -> None:
    world = door.world
    begun(world)
    until_noticed(world)
    [message] = [m for m in world.mailbox.sent if m.subject == "renewal_notice"]
    assert message.to == ANA
    about = {**renewals.letter(of(world), "renewal_notice", {}).about, "price_minor": "1600", "known": ""}
    about["due_at"] = (START + 30 * DAY).isoformat()
    text = letters.words(Posted("renewal_notice", ANA, "en", about), base_url="", sandbox=False).text
    for said in ("22 Dec 2026", "€16.00", "€15.00", "unless you raise it", "skip/", "end/", "the operator decides"):
        assert said in text, said


@pytest.mark.parametrize(
    ("due", "charge", "says"),
    [
        (30, 10, ("On 22 Dec 2026 we top up", "asked for on 2 Dec 2026")),  # a direct debit takes its days
        (1, 3, ("On 25 Nov 2026 we top up", "asked for on 25 Nov 2026")),  # gone on with on the day before
        (30, 30, ("On 22 Dec 2026 we top up", "asked for on 22 Dec 2026")),
    ],
)
def test_the_notice_names_the_day_until_which_it_can_be_skipped(
    door: Door, keeper: Keeper, due: int, charge: int, says: tuple[str, ...]
) -> None:
    facts = renewals.letter(begun(door.world), "renewal_notice", {"price_minor": "1500", "known": "yes"}).about
    about = {**facts, "due_at": (START + due * DAY).isoformat(), "charge_at": (START + charge * DAY).isoformat()}
    text = letters.words(Posted("renewal_notice", ANA, "en", about), base_url="", sandbox=False).text
    assert all(said in text for said in (*says, "Before that day you can skip it")), text


@pytest.mark.parametrize("days", [0, 20])
def test_until_the_day_that_the_notice_names_it_can_be_skipped(door: Door, keeper: Keeper, days: int) -> None:
    world, keeper.days = door.world, days
    begun(world)
    until_noticed(world)
    [message] = [m for m in world.mailbox.sent if m.subject == "renewal_notice"]
    last = of(world).kept.last
    assert last is not None
    charge_at = max(last.due_at - days * DAY, (last.notice_made_at or START) + 3 * DAY)
    assert charge_at.isoformat() in message.text
    go_to(world, charge_at, -5)
    assert keeper.charged == []
    assert change_renewal.skip(CUSTOMER, of(world), shop=world.shop, at=world.clock()) is None


def test_a_refused_charge_is_paid_by_hand_from_its_page(door: Door, keeper: Keeper) -> None:
    from opla.core.ports import ChargeReport

    begun(door.world)
    keeper.later = [ChargeReport(Answer.DECLINED, "rec_x", why="authentication", currency="EUR")]
    until_charged(door.world)
    page = door.stranger.get(path_of(door.world))
    assert "Pay this one by hand" in page.text
    [order] = re.findall(r'href="(/o/[^"]+/)"', page.html)
    assert door.stranger.get(order).status == 200
    door.world.clock.now += 3 * DAY + timedelta(hours=2)
    door.world.work(3)
    assert "Pay this one by hand" not in door.stranger.get(path_of(door.world)).text


def test_the_page_of_an_order_that_is_charged_by_itself_asks_nobody_to_pay(door: Door, keeper: Keeper) -> None:
    """Until the bank has it, by a direct debit for days, there is nothing that could be paid."""
    from opla.core.ports import ChargeReport
    from opla.operations import links

    keeper.days = 5
    begun(door.world)
    keeper.later = [ChargeReport(Answer.PENDING, "rec_x", currency="EUR")]
    until_charged(door.world)
    [(order_id,)] = select("SELECT order_id FROM renewal_period WHERE order_id IS NOT NULL")
    assert isinstance(order_id, UUID)
    page = door.stranger.get(f"/o/{links.link_of(order_id, door.world.shop.keyring)}/")
    assert "It is charged by itself" in page.text
    assert "Pay by" not in page.text


def test_the_first_device_sees_the_orders_that_were_placed_for_it(door: Door, keeper: Keeper) -> None:
    begun(door.world)
    until_charged(door.world)
    rows = select("SELECT device_hash = (SELECT device_hash FROM orders ORDER BY placed_at LIMIT 1) FROM orders")
    assert rows == [(True,), (True,)]
