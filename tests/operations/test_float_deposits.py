"""A reseller pays in by bank transfer: one reference of its own, every line once; and is told when little is left."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from fakes import World
from operations.test_bank_transfers import ACCOUNT, OWNER, bank_world, bring, ordered  # noqa: F401 - the shop with an account
from operations.test_floats import asked, standing
from operations.test_webhooks import made, said
from opla.core.item import Step
from opla.core.refusal import Code, Refusal
from opla.core.structured import is_number
from opla.db.queries import bank, floats
from opla.db.queries.call import select
from opla.operations import float_deposits, resellers
from opla.operations.resolve_item import Wanted, resolve_item
from opla.operations.statements import Imported, import_statement
from statements import PAYER, camt, entry
from support import as_owner


@pytest.fixture
def acme(bank_world: World) -> World:  # noqa: F811
    for name in ("acme", "bolt"):
        assert resellers.add(OWNER, name, title=name.title(), email=f"o@{name}.example", at=bank_world.clock()) is None
    return bank_world


def reference(world: World, reseller: str = "acme") -> str:
    return float_deposits.reference(reseller, shop=world.shop, at=world.clock())


def free(reseller: str = "acme") -> int:
    return floats.balance(reseller, "EUR").free_minor


def test_each_reseller_has_one_reference_for_ever(acme: World) -> None:
    first = reference(acme)
    assert is_number(first)
    assert reference(acme) == first != reference(acme, "bolt")


def test_what_is_transferred_under_it_is_on_that_float_as_often_as_it_comes(acme: World) -> None:
    data = camt(entry(50_000, structured=reference(acme), iban=PAYER, ref="A1"))
    assert bring(acme, data).matched == 1
    assert (free(), free("bolt"), acme.balance("bank:EUR")) == (50_000, 0, 50_000)
    again = import_statement(OWNER, data, shop=acme.shop, at=acme.clock())
    assert isinstance(again, Imported)
    assert (again.known, free()) == (1, 50_000)  # the same file, or the line in another one, is the same money
    acme.clock.tick(86_400)
    bring(acme, camt(entry(50_000, structured=reference(acme), iban=PAYER, ref="A2"), number=2, opening=60_000))
    assert free() == 100_000
    assert acme.items() == []


def test_its_programs_are_told_that_it_came(acme: World) -> None:
    made(acme)
    bring(acme, camt(entry(50_000, structured=reference(acme), iban=PAYER, ref="W1")))
    acme.work(2)
    [told] = said(acme)
    assert told["type"] == "float.paid_in"
    assert told["data"] == {
        "key": reference(acme),
        "amount": {"amount_minor": 50_000, "currency": "EUR"},
        "free": {"amount_minor": 50_000, "currency": "EUR"},
    }


def test_an_order_s_transfer_and_a_float_s_in_one_file_go_each_to_its_own(acme: World) -> None:
    order_id, number = ordered(acme)
    bring(
        acme,
        camt(
            entry(1500, structured=number, iban=PAYER, ref="B1"), entry(700, text=reference(acme), iban=PAYER, ref="B2")
        ),
    )
    assert (acme.state(order_id), free()) == ("delivered", 700)


def taken_back(world: World, amount_minor: int, opening: int) -> None:
    back = entry(-amount_minor, structured=reference(world), iban=PAYER, ref="C2", reversal=True)
    bring(world, camt(back, number=2, opening=opening))


def books() -> list[object]:
    return [name for (name,) in select("SELECT name FROM opla_books(now()) WHERE wrong > 0")]


def on_float(world: World, reseller: str = "") -> Step | Refusal:
    [(item_id,)] = select("SELECT id FROM item WHERE closed_at IS NULL")
    wanted = Wanted("on_float", "their letter", reseller=reseller)
    return resolve_item(OWNER, int(str(item_id)), wanted, shop=world.shop, at=world.clock())


def test_what_the_bank_takes_back_is_off_the_float_at_once(acme: World) -> None:
    bring(acme, camt(entry(50_000, structured=reference(acme), iban=PAYER, ref="C1")))
    taken_back(acme, 30_000, 60_000)
    assert (free(), acme.balance("bank:EUR"), acme.items()) == (20_000, 20_000, [])
    taken_back(acme, 30_000, 60_000)  # the same file again
    assert free() == 20_000
    assert books() == []


def test_what_the_float_holds_no_more_is_owed_until_it_does(acme: World) -> None:
    bring(acme, camt(entry(5_000, structured=reference(acme), iban=PAYER, ref="C1")))
    standing(acme, asked("a"))  # 15 euros of it are held
    taken_back(acme, 5_000, 15_000)
    assert (free(), acme.items(), books()) == (0, ["bank_out"], [])
    assert select("SELECT amount_minor, why ->> 'why', why ->> 'reseller', why ->> 'gone' FROM item") == [
        (1_500, "float_owes", "acme", "35.00")
    ]
    assert on_float(acme) == Refusal(Code.FLOAT_TOO_LOW, "reseller", {"of": "line"})
    assert (free(), acme.items()) == (0, ["bank_out"])
    bring(acme, camt(entry(2_000, structured=reference(acme), iban=PAYER, ref="C3"), number=3, opening=10_000))
    assert on_float(acme, "bolt") is Step.RESOLVED  # whose it is, the line has said
    assert (free(), free("bolt"), acme.items(), books()) == (500, 0, [], [])


def test_money_without_a_reference_is_put_on_a_float_by_a_person(acme: World) -> None:
    bring(acme, camt(entry(7_000, text="hello", iban=PAYER, ref="G1")))
    assert acme.items() == ["bank_line"]
    assert on_float(acme, "nobody") == Refusal(Code.RESELLER_UNKNOWN, "reseller")
    assert on_float(acme, " Bolt ") is Step.RESOLVED
    assert (free(), free("bolt"), acme.items(), books()) == (0, 7_000, [], [])
    [line] = bank.newest(ACCOUNT.iban, acme.shop.keyring, limit=9)
    assert line.reseller == "bolt"


def three_files(reference: str, amount_minor: int) -> list[bytes]:
    """Two transfers alike, of one day: one in a notification and its statement, one in another statement."""
    first, second = (entry(amount_minor, structured=reference, iban=PAYER, ref=ref) for ref in ("A1", "B2"))
    return [camt(first, message="054"), camt(first), camt(second, number=2, opening=10_000 + amount_minor)]


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_two_transfers_alike_are_both_on_the_float_in_whatever_order_their_files_come(
    acme: World, order: tuple[int, ...]
) -> None:
    files = three_files(reference(acme), 50_000)
    for n in (*order, *order):
        bring(acme, files[n])
    assert (free(), acme.balance("bank:EUR")) == (100_000, 100_000)


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_two_transfers_alike_for_one_order_pay_it_and_go_back_in_whatever_order_their_files_come(
    acme: World, order: tuple[int, ...]
) -> None:
    order_id, number = ordered(acme)
    files = three_files(number, 1500)
    for n in (*order, *order):
        bring(acme, files[n])
    assert (acme.state(order_id), acme.refunds()) == ("delivered", [("overpaid", 1500, "due")])
    assert acme.balance("bank:EUR") == 3000


def test_two_transfers_alike_in_one_file_of_two_statements_are_two(acme: World) -> None:
    notified, first, second = three_files(reference(acme), 50_000)
    bring(acme, notified)
    statement = second[second.index(b"<Stmt>") : second.index(b"</BkToCstmrStmt>")]
    bring(acme, first.replace(b"</BkToCstmrStmt>", statement + b"</BkToCstmrStmt>"))
    assert free() == 100_000


def test_the_books_find_a_line_that_is_on_no_float(acme: World) -> None:
    bring(acme, camt(entry(50_000, structured=reference(acme), iban=PAYER, ref="D1")))
    with as_owner() as cursor:
        cursor.execute("UPDATE bank_line SET amount_minor = 40000")
        cursor.execute("SELECT name FROM opla_books(now()) WHERE wrong > 0")
        assert cursor.fetchall() == [("bank_lines",)]


def test_whoever_has_little_left_is_told_once_and_again_when_it_was_more_between(acme: World) -> None:
    told = lambda: [m.subject for m in acme.mailbox.sent if m.to == "o@acme.example"]  # noqa: E731
    assert float_deposits.warn_below("acme", "20.00", "fr", at=acme.clock()) is None
    resellers.pay_in(OWNER, "acme", "50", "first", shop=acme.shop, at=acme.clock())
    float_deposits.tell_low(shop=acme.shop, at=acme.clock())
    acme.work()
    assert told() == []
    assert isinstance(float_deposits.warn_below("acme", "-3", "fr", at=acme.clock()), Refusal)
    assert float_deposits.warn_below("acme", "60.00", "fr", at=acme.clock()) is None
    for _ in range(3):
        float_deposits.tell_low(shop=acme.shop, at=acme.clock())
        acme.work()
        acme.clock.tick(timedelta(hours=2).total_seconds())
    assert told() == ["float_low"]
    resellers.pay_in(OWNER, "acme", "50", "second", shop=acme.shop, at=acme.clock())
    float_deposits.tell_low(shop=acme.shop, at=acme.clock())
    assert float_deposits.warn_below("acme", "200", "fr", at=acme.clock()) is None
    float_deposits.tell_low(shop=acme.shop, at=acme.clock())
    acme.work()
    assert told() == ["float_low"] * 2
    assert select("SELECT below_minor FROM float_alarm") == [(20_000,)]
