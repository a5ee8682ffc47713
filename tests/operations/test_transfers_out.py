"""Files of transfers for the bank: everything owed once, whoever asks, whatever the bank did."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from fakes import World
from iso import valid
from operations.test_bank_transfers import ACCOUNT, OWNER, bring, ordered
from opla.core.actor import Actor, Role
from opla.core.item import Step
from opla.core.own_account import OwnAccount
from opla.core.refusal import Code, Refusal
from opla.core.structured import belgian
from opla.db.queries import transfers_out as queries
from opla.db.queries.call import select
from opla.operations import transfers_out
from opla.operations.resolve_item import Wanted, resolve_item
from opla.operations.statements import Imported, import_statement
from statements import DAY, OUR_IBAN, PAYER, camt, entry
from support import at_once

OTHER = "BE43068999999501"


@pytest.fixture
def owing(world: World) -> World:
    """A shop that owes €1 of one order, all of a second, and a line that belongs to none."""
    world.shop = replace(world.shop, payment_methods=("sandbox", "bank_transfer"), account=ACCOUNT)
    _, first = ordered(world)
    _, second = ordered(world)
    bring(world, camt(
        entry(1600, structured=first, iban=PAYER, name="Ana"), entry(1499, structured=second, iban=OTHER, name="Ben"),
        entry(700, text="hello", iban=OTHER, name="Ben"),
    ))  # fmt: skip
    [(line,)] = select("SELECT id FROM item WHERE kind = 'bank_line'")
    assert isinstance(line, int)
    wanted = Wanted("send_back", "their letter")
    assert resolve_item(OWNER, line, wanted, shop=world.shop, at=world.clock()) is Step.RESOLVED
    return world


def make(world: World, actor: Actor = OWNER) -> UUID | Refusal:
    return transfers_out.make(actor, shop=world.shop, at=world.clock())


def made(world: World) -> UUID:
    found = make(world)
    assert isinstance(found, UUID), found
    return found


def read(world: World, file_id: UUID) -> str:
    data = transfers_out.read(OWNER, file_id, shop=world.shop)
    assert isinstance(data, bytes), data
    assert valid(data) == []
    return data.decode()


def test_a_file_holds_all_that_is_owed_and_no_other_file_holds_it_again(owing: World) -> None:
    file_id = made(owing)
    text = read(owing, file_id)
    assert sorted(re.findall(r'Ccy="EUR">([^<]+)<', text)) == ["1.00", "14.99", "7.00"]
    assert sorted(re.findall(r"<Cdtr><Nm>([^<]+)<", text)) == ["Ana", "Ben", "Ben"]
    assert make(owing) == Refusal(Code.TRANSFERS_NONE)
    assert read(owing, file_id) == text


def test_money_that_comes_later_under_the_same_reference_takes_nothing_out_of_a_file(owing: World) -> None:
    file_id = made(owing)
    text = read(owing, file_id)
    [(number,)] = select("SELECT number FROM bank_line WHERE amount_minor = 1600")
    again = entry(1500, structured=str(number), iban=OTHER, name="Ana's sister", day=DAY - timedelta(days=1))
    bring(owing, camt(again, number=2, opening=13799))
    assert read(owing, file_id) == text


def test_a_file_that_could_not_be_the_same_bytes_is_not_written(owing: World) -> None:
    file_id = made(owing)
    text = read(owing, file_id)
    changed = Refusal(Code.TRANSFER_FILE_CHANGED)
    here = owing.shop
    for other in (OwnAccount(OUR_IBAN, "The Shop BV"), OwnAccount(OUR_IBAN, "The Shop", "KREDBEBB")):
        assert transfers_out.read(OWNER, file_id, shop=replace(here, account=other)) == changed
    assert read(owing, file_id) == text
    [file] = queries.files(limit=9)
    assert transfers_out.free(OWNER, file_id, [file.transfers[0].number], "AC04", at=owing.clock()) == 1
    assert transfers_out.read(OWNER, file_id, shop=here) == changed
    [file] = queries.files(limit=9)
    assert not file.whole


def test_two_people_at_once_make_one_file(owing: World) -> None:
    found = at_once(*[lambda: make(owing)] * 4)
    assert sum(isinstance(one, UUID) for one in found) == 1
    [file] = queries.files(limit=9)
    assert len(file.transfers) == 3


def test_what_a_line_has_shown_is_over_and_what_the_bank_refused_goes_into_another_file(owing: World) -> None:
    file_id = made(owing)
    numbers = {one.to.name: one.number for one in queries.in_file(file_id, owing.shop.keyring) if one.to}
    bring(owing, camt(entry(-100, text=belgian(numbers["Ana"]), iban=PAYER), number=2, opening=13799))
    [file] = queries.files(limit=9)
    assert {one.number for one in file.transfers if one.seen} == {numbers["Ana"]}
    everything = [one.number for one in file.transfers]
    assert transfers_out.free(OWNER, file_id, everything, " ", at=owing.clock()) == Refusal(Code.REASON_MISSING, "why")
    assert transfers_out.free(OWNER, file_id, everything, "AC04: closed", at=owing.clock()) == 2
    assert transfers_out.free(OWNER, file_id, everything, "again", at=owing.clock()) == 0
    second = made(owing)
    assert numbers["Ana"] not in read(owing, second)
    assert len(queries.in_file(second, owing.shop.keyring)) == 2


def test_what_was_sent_by_hand_is_in_no_file_though_no_worker_has_seen_it_yet(owing: World) -> None:
    by_hand, *rest = queries.owed(owing.shop.keyring)
    line = entry(-by_hand.amount.amount_minor, text=belgian(by_hand.number), iban=PAYER)
    data = camt(line, number=2, opening=13799)
    assert isinstance(import_statement(OWNER, data, shop=owing.shop, at=owing.clock()), Imported)
    assert "transfer_due" in owing.items()
    assert queries.owed(owing.shop.keyring) == rest
    before = [by_hand, *rest]  # as who looked a moment ago has seen it
    assert not queries.make(UUID(int=1), before, owing.clock().date(), bytes(32), actor=OWNER, at=owing.clock())
    assert by_hand.number not in read(owing, made(owing))


def test_money_that_came_from_two_accounts_is_a_persons(world: World) -> None:
    world.shop = replace(world.shop, payment_methods=("sandbox", "bank_transfer"), account=ACCOUNT)
    _, number = ordered(world)
    bring(world, camt(entry(700, structured=number, iban=PAYER), entry(600, structured=number, iban=OTHER)))
    assert [one.to for one in queries.owed(world.shop.keyring)] == [None, None][: len(world.refunds())]
    assert make(world) == Refusal(Code.TRANSFERS_NONE)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OWNER])
def test_nobody_but_the_owner_makes_reads_or_frees(owing: World, role: Role) -> None:
    actor, file_id = Actor(role, "eve"), made(owing)
    for found in (
        make(owing, actor),
        transfers_out.read(actor, file_id, shop=owing.shop),
        transfers_out.free(actor, file_id, [], "because", at=owing.clock()),
    ):
        assert isinstance(found, Refusal)
        assert found.code is Code.NOT_ALLOWED


def test_without_an_account_of_its_own_a_shop_sends_nothing(owing: World) -> None:
    owing.shop = replace(owing.shop, account=None)
    assert make(owing) == Refusal(Code.BANK_ACCOUNT_MISSING)
