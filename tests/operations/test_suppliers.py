"""Suppliers' lists and floats: read, kept as news, decided by a person; and what is done with a broken one."""

from __future__ import annotations

import argparse
import json
from contextlib import nullcontext
from dataclasses import replace

import pytest

from fakes import CODE, Playing, World
from operations.selling import OWNER, Seller, later, listed, selling
from opla.commands import suppliers as command
from opla.core.actor import Actor, Role
from opla.core.money import Money
from opla.core.ports import Listed
from opla.core.refusal import Code, Refusal
from opla.core.supply import News, State
from opla.db.queries import items
from opla.db.queries import suppliers as queries
from opla.db.queries.call import select
from opla.db.queries.suppliers import Supplied, Synced
from opla.operations import shop as shops
from opla.operations.suppliers import FLOAT_EVERY_S, decide, overview, supplied, sync, tell_below, unmatched, watch
from opla.presenting import items as words


def read(world: World, name: str = "one", *, even_if_short: bool = False, actor: Actor = OWNER) -> Synced | Refusal:
    return sync(actor, name, shop=world.shop, outside=Playing(world), at=world.clock(), even_if_short=even_if_short)


def say(world: World, decision: State, *, theirs: str = "17-PX", sku: str = CODE, seen: str = "") -> Code | None:
    refused = decide(OWNER, "one", sku, theirs, decision, seen=seen, shop=world.shop, at=world.clock())
    return refused.code if refused else None


def about(world: World, sku: str = CODE, theirs: str = "17-PX") -> Supplied:
    found = supplied(OWNER, shop=world.shop)
    assert not isinstance(found, Refusal)
    [one] = [one for one in found if (one.sku, one.their_sku) == (sku, theirs)]
    return one


def costs() -> list[tuple[object, ...]]:
    return select("SELECT sku, cost_minor FROM supply WHERE state = 'approved' ORDER BY sku")


def test_a_list_is_news_and_changes_nothing_until_a_person_says_so(world: World) -> None:
    one = selling(world, {"one": 1400}, approved=False)["one"]
    assert (about(world).state, about(world).news, costs()) == (State.PROPOSED, (News.NEW,), [])
    assert say(world, State.APPROVED) is None
    assert (about(world).state, about(world).news, costs()) == (State.APPROVED, (), [("PX-15", 1400)])
    one.sells = [listed(cost_minor=1425), *(one.sells or [])[1:]]
    assert read(world) == Synced(0, 1, 0)
    assert read(world) == Synced(0, 0, 0)
    assert (about(world).news, costs()) == ((News.COST,), [("PX-15", 1400)])
    assert say(world, State.APPROVED) is None
    assert (about(world).news, costs()) == ((), [("PX-15", 1425)])
    names = select("SELECT name, source, target, actor FROM event WHERE subject = 'supply' ORDER BY id")
    assert names == [
        ("supply_approved", "proposed", "approved", "owner:ana"),
        ("supply_approved", "approved", "approved", "owner:ana"),
    ]


def test_news_that_is_refused_is_not_told_again_and_what_was_approved_stays(world: World) -> None:
    one = selling(world, {"one": 1400})["one"]
    one.sells = [listed(cost_minor=1500), *(one.sells or [])[1:]]
    read(world)
    assert say(world, State.REFUSED) is None
    assert (about(world).state, about(world).news, about(world).kept.cost_minor) == (State.APPROVED, (), 1400)
    read(world)
    assert about(world).news == ()


def test_a_refused_proposal_is_not_proposed_again(world: World) -> None:
    selling(world, {"one": 1400}, approved=False)
    assert say(world, State.REFUSED) is None
    read(world)
    assert (about(world).state, about(world).news) == (State.REFUSED, ())


def test_what_left_the_list_is_said_loudly_and_stays_approved_until_a_person_drops_it(world: World) -> None:
    one = selling(world, {"one": 1400})["one"]
    kept = one.sells or []
    one.sells = kept[1:]
    assert read(world) == Synced(0, 0, 1)
    [item] = items.open_items()
    assert words.why(item) == (
        "one does not list any more what is sent there for: PX-15. It is sent there until you decide."
    )
    assert (about(world).state, about(world).news) == (State.APPROVED, (News.GONE,))
    one.sells = kept
    assert read(world) == Synced(1, 0, 0)
    assert (items.open_items(), about(world).news) == ([], ())
    one.sells = kept[1:]
    read(world)
    assert say(world, State.APPROVED) == Code.LIST_CHANGED  # it is not there to be approved
    assert say(world, State.GONE) is None
    assert (items.open_items(), about(world).state, costs()) == ([], State.GONE, [("MV-15", 1400)])


@pytest.mark.parametrize(
    "broken", [None, [], [listed("")], [listed(country="FR")]], ids=["no answer", "empty", "?", "FR"]
)
def test_a_list_that_cannot_be_believed_changes_nothing_and_says_so(world: World, broken: list[Listed] | None) -> None:
    one = selling(world, {"one": 1400})["one"]
    before = select("SELECT * FROM listed ORDER BY their_sku")
    one.sells = broken
    found = read(world)
    assert isinstance(found, Refusal)
    assert found.code == (Code.LIST_TOO_SHORT if broken == [] else Code.LIST_UNREADABLE)
    assert select("SELECT * FROM listed ORDER BY their_sku") == before
    [state] = queries.overview(["one"])
    assert state.synced == ("too_short" if broken == [] else "unreadable")
    assert world.items() == (["supplier_list"] if broken == [] else [])


def test_a_list_of_which_half_is_gone_is_believed_when_a_person_says_so(world: World) -> None:
    one = selling(world, {"one": 1400})["one"]
    one.sells = [listed(str(n)) for n in range(10)] + (one.sells or [])
    assert read(world) == Synced(10, 0, 0)
    one.sells = one.sells[:5]
    found = read(world)
    assert isinstance(found, Refusal)
    assert (found.code, found.params["count"], found.params["count_before"]) == (Code.LIST_TOO_SHORT, "5", "12")
    assert [words.why(item).startswith("one listed 5 products where there were 12") for item in items.open_items()] == [
        True
    ]
    assert read(world, even_if_short=True) == Synced(0, 0, 7)
    assert [item.why for item in items.open_items()] == ["not_listed"]


def test_an_adapter_that_breaks_is_a_list_that_could_not_be_read(world: World) -> None:
    one = selling(world, {"one": 1400})["one"]

    def breaks(_country: str) -> list[Listed]:
        raise RuntimeError("a bug")

    one.products = breaks  # type: ignore[method-assign]  # it is a fake
    found = read(world)
    assert isinstance(found, Refusal)
    assert found.code is Code.LIST_UNREADABLE


def test_who_approves_approves_what_was_on_the_screen(world: World) -> None:
    one = selling(world, {"one": 1400}, approved=False)["one"]
    seen = about(world).seen
    one.sells = [listed(cost_minor=1499), *(one.sells or [])[1:]]
    read(world)
    assert say(world, State.APPROVED, seen=seen) == Code.LIST_CHANGED
    assert costs() == []
    assert say(world, State.APPROVED, seen=about(world).seen) is None


def test_what_was_never_proposed_is_mapped_by_hand_if_it_is_alike(world: World) -> None:
    one = selling(world, {"one": 1400})["one"]
    odd = listed("P-X", operator="Belgacom")
    one.sells = [odd, listed("P-20", min_minor=2000, max_minor=2000, operator="Belgacom"), *(one.sells or [])]
    read(world)
    found = unmatched(OWNER, "one", shop=world.shop)
    assert not isinstance(found, Refusal)
    assert [theirs.their_sku for theirs in found] == ["P-X", "P-20"]
    assert say(world, State.APPROVED, theirs="P-20") == Code.SUPPLY_DIFFERS
    assert say(world, State.APPROVED, theirs="42-MV") == Code.SUPPLY_DIFFERS
    assert say(world, State.APPROVED, theirs="nothing") == Code.NOT_FOUND
    assert say(world, State.APPROVED, sku="nothing") == Code.PRODUCT_UNKNOWN
    assert say(world, State.REFUSED, theirs="P-X") == Code.NOT_FOUND
    assert say(world, State.APPROVED, theirs="P-X") is None
    approved = queries.approved(["one"], [CODE])
    assert approved["one", CODE].their_sku == "P-X"  # and the one before is not any more
    assert about(world).state is State.REFUSED


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OWNER])
def test_nobody_but_the_owner_decides_and_only_the_owner_and_workers_read_lists(world: World, role: Role) -> None:
    selling(world, {"one": 1400}, approved=False)
    actor = Actor(role, "somebody")
    refusals = [
        decide(actor, "one", CODE, "17-PX", State.APPROVED, shop=world.shop, at=world.clock()),
        tell_below(actor, "one", Money(1, "EUR"), shop=world.shop, at=world.clock()),
        overview(actor, shop=world.shop),
        supplied(actor, shop=world.shop),
        unmatched(actor, "one", shop=world.shop),
    ]
    assert {getattr(one, "code", None) for one in refusals} == {Code.NOT_ALLOWED}
    assert isinstance(read(world, actor=actor), Refusal) is (role is not Role.SYSTEM)


# ── floats ──


def watched(world: World) -> int:
    return watch(shop=world.shop, outside=Playing(world), at=world.clock())


def test_a_float_is_read_every_few_minutes_and_kept_with_its_time(world: World) -> None:
    one = selling(world, {"one": 1400})["one"]
    one.left = Money(5000, "USD")
    assert (watched(world), one.looked) == (2, 1)  # and its list, which is a day's
    first = world.clock()
    [state] = queries.overview(["one"])
    assert (state.state.left, state.state.left_at) == (Money(5000, "USD"), first)
    assert watched(world) == 0
    one.left = None  # no answer: what they said stays, with its time
    later(world, seconds=FLOAT_EVERY_S)
    assert (watched(world), one.looked) == (1, 2)
    [state] = queries.overview(["one"])
    assert (state.state.left, state.state.left_at) == (Money(5000, "USD"), first)


def test_after_sends_it_is_read_sooner(world: World) -> None:
    one = selling(world, {"one": 1400})["one"]
    one.left = Money(5000, "EUR")
    watched(world)
    later(world, seconds=60)
    world.paid()
    world.work()
    looked = one.looked
    later(world, seconds=31)
    watched(world)
    assert one.looked == looked + 1


def test_below_what_the_owner_wants_there_is_an_alarm_until_it_is_filled(world: World) -> None:
    one = selling(world, {"one": 1400})["one"]
    one.left = Money(9_999, "USD")
    assert tell_below(OWNER, "one", Money(10_000, "USD"), shop=world.shop, at=world.clock()) is None
    assert world.items() == []  # nobody knows yet
    watched(world)
    [item] = items.open_items()
    assert words.why(item) == "one says that US$99.99 of our money lies there; you wanted to know below US$100.00."
    one.left = Money(10_000, "USD")
    later(world, seconds=FLOAT_EVERY_S)
    watched(world)
    assert world.items() == []
    assert tell_below(OWNER, "one", Money(20_000, "USD"), shop=world.shop, at=world.clock()) is None
    assert world.items() == ["float_low"]
    assert tell_below(OWNER, "one", None, shop=world.shop, at=world.clock()) is None
    assert world.items() == []
    assert tell_below(OWNER, "nobody", None, shop=world.shop, at=world.clock()) is not None


def test_two_workers_read_a_float_once(world: World) -> None:
    assert queries.float_due(["one"], at=world.clock(), again_s=60) == ["one"]
    assert queries.float_due(["one"], at=world.clock(), again_s=60) == []


def test_a_supplier_that_cannot_be_built_stops_nobody_else(world: World) -> None:
    one = selling(world, {"one": 1400})["one"]
    one.left = Money(1, "EUR")
    del world.others["one"]
    world.others["two"] = Seller(left=Money(2, "EUR"))
    world.shop = replace(world.shop, routes=("one", "two"))
    watched(world)
    assert queries.states(["one", "two"])["two"].left == Money(2, "EUR")


# ── the command ──


def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], world: World, *words: str) -> object:
    monkeypatch.setattr(command, "running", lambda **_: nullcontext())
    monkeypatch.setattr(shops, "current", lambda: world.shop)
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    assert command.run(parser.parse_args([*words])) == 0
    said = capsys.readouterr().out
    return json.loads(said) if "--json" in words else said


def test_the_command_shows_decides_and_sets_alarms(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = selling(world, {"one": 1400}, approved=False)["one"]
    one.left = Money(5000, "EUR")
    watched(world)
    said = told(monkeypatch, capsys, world, "news")
    assert "one         PX-15       17-PX           is this the same?: €15.00, costs €14.00  (PIN 15 EUR)" in str(said)
    told(monkeypatch, capsys, world, "approve", "one", CODE, "17-PX")
    assert told(monkeypatch, capsys, world, "float", "one", "--below", "100", "--json") == {
        "supplier": "one", "below": {"amount_minor": 10_000, "currency": "EUR"},
    }  # fmt: skip
    world.paid()
    world.work()
    shown = str(told(monkeypatch, capsys, world))
    assert "answers · float €50.00" in shown
    assert "our books say -€14.40 (differs by €64.40) · 1 approved of 2 listed" in shown
    assert world.items() == ["float_low"]
    assert told(monkeypatch, capsys, world, "list", "one") == "Nothing that is like nothing of ours.\n"
