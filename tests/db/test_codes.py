"""Codes are money: sealed, unique, claimed once, and shown only after a row says who looked."""

from __future__ import annotations

import re
import threading
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db import transaction

from fakes import ANOTHER_DEVICE, CUSTOMER, DEVICE, START, World
from opla.core.actor import Actor, Role
from opla.core.ports import Answer, Pin, SendReport, StockedCode
from opla.core.refusal import Code, Refusal
from opla.db.keyring import Unopenable
from opla.db.queries import codes
from opla.db.queries.call import expect, select
from opla.db.queries.codes import NewCode, Revealed, Stock
from opla.operations.reveal_code import ask_proof, prove, reveal
from support import at_once, by_owner, until_somebody_waits

OWNER = Actor(Role.OWNER)
TODAY = START.date()


def stock(world: World, *pins: str, sku: str = "PX-15", until: date | None = None) -> list[bool]:
    new = [NewCode(world.shop.chance.uuid(START), sku, pin, f"S{pin[-3:]}", 1400, "EUR", until) for pin in pins]
    return codes.stock(new, batch=world.shop.chance.uuid(START), actor=OWNER, at=START, keyring=world.shop.keyring)


def proof_digits(world: World, order_id: UUID) -> str:
    """What the e-mail says."""
    [(sealed,)] = select("SELECT sealed FROM proof WHERE order_id = %s", [order_id])
    return world.shop.keyring.open(expect(sealed, bytes), order_id.bytes).decode()


def shelf(today: date = TODAY) -> Stock:
    return Stock(lambda: today)


def delivered(world: World, pin: str = "4821903477152") -> UUID:
    order_id = world.paid()
    world.supplier.script = [lambda _r: SendReport(Answer.SUCCEEDED, "s1", 1440, Pin(pin, "S1"))]
    world.work()
    assert world.state(order_id) == "delivered"
    return order_id


@pytest.mark.parametrize(
    "again", ["4821 9034 7715 2", "4821-9034-77152", " 4821903477152\n", "４８２１９０３４７７１５２", "4821.903477152"]
)
def test_a_pin_enters_stock_once_however_it_is_grouped(world: World, again: str) -> None:
    assert stock(world, "4821903477152", again, "999") == [True, False, True]
    assert stock(world, again) == [False]
    assert world.balance("code_stock:EUR") == 2800


def test_letters_of_a_pin_are_the_same_in_either_case(world: World) -> None:
    assert stock(world, "ab12-cd34", "AB12CD34") == [True, False]


def test_a_pin_a_supplier_sold_us_does_not_enter_stock_either(world: World) -> None:
    delivered(world)
    assert stock(world, "4821-9034-7715-2") == [False]


def test_a_reference_holds_one_code_for_ever_oldest_expiry_first(world: World) -> None:
    stock(world, "111", until=TODAY + timedelta(days=30))
    stock(world, "222", until=TODAY + timedelta(days=2))
    stock(world, "333")
    first = shelf().claim("a", "PX-15")
    assert first is not None
    assert (first.serial, shelf().claim("a", "PX-15"), shelf().claimed("a")) == ("S222", first, first)
    others = [shelf().claim(name, "PX-15") for name in "bcd"]
    assert [o.serial if o else None for o in others] == ["S111", "S333", None]
    assert shelf().claimed("d") is None


def test_a_reference_repeated_in_one_call_holds_one_code(world: World) -> None:
    stock(world, "111", "222")
    rows = select("SELECT reference, serial FROM opla_code_claim(%s, '{x,x}', '{PX-15,PX-15}')", [TODAY])
    assert len(set(rows)) == 1
    assert codes.stock_levels() == {"PX-15": 1}


def test_an_expired_code_is_not_sold_nor_another_products(world: World) -> None:
    stock(world, "111", until=TODAY)
    stock(world, "222", sku="PX-25")
    assert shelf().claim("a", "PX-15") is None
    assert shelf(TODAY - timedelta(days=1)).claim("b", "PX-15") is not None


def test_the_last_code_goes_to_one_of_two(world: World) -> None:
    stock(world, "111")
    got = at_once(lambda: shelf().claim("a", "PX-15"), lambda: shelf().claim("b", "PX-15"))
    assert sum(code is not None for code in got) == 1


def claimed_while_another_has_not_committed() -> int:
    """How many codes two orders hold, when the second asks before the first one's commit."""
    taken, answered = threading.Event(), threading.Event()

    def first() -> StockedCode | None:
        with transaction.atomic():
            got = shelf().claim("a", "PX-15")
            taken.set()
            until_somebody_waits(answered.is_set)  # the second has found one, or is in the middle of its statement
        return got

    def second() -> StockedCode | None:
        taken.wait(10)
        got = shelf().claim("b", "PX-15")
        answered.set()
        return got

    return len({code.stock_id for code in at_once(first, second) if code is not None})


def test_two_orders_at_once_get_a_code_each(world: World) -> None:
    stock(world, "111", "222")
    assert claimed_while_another_has_not_committed() == 2


def test_a_check_before_the_lock_on_codes_would_be_found(world: World) -> None:
    """The same race on a claim that looks for a free code first, and locks it afterwards."""
    right = (Path(codes.__file__).parents[1] / "sql" / "codes.sql").read_text()
    wrong = right.replace("LIMIT w.wanted FOR UPDATE SKIP LOCKED", "LIMIT w.wanted")
    assert wrong != right
    by_owner(wrong.replace("%", "%%"))
    stock(world, "111", "222")
    assert claimed_while_another_has_not_committed() == 1


def test_one_reference_asked_twice_at_once_takes_one_code(world: World) -> None:
    stock(world, "111", "222", "333")
    one, two = at_once(lambda: shelf().claim("a", "PX-15"), lambda: shelf().claim("a", "PX-15"))
    assert one == two is not None
    assert codes.stock_levels() == {"PX-15": 2}


def test_one_pin_brought_by_two_at_once_enters_once(world: World) -> None:
    results = at_once(lambda: stock(world, "111", "222"), lambda: stock(world, "222", "111"))
    assert [sum(new) for new in zip(*[results[0], results[1][::-1]], strict=True)] == [1, 1]
    assert world.balance("code_stock:EUR") == 2800


def test_no_table_holds_a_pin_or_a_secret_in_the_clear(world: World) -> None:
    """Everything the database holds, as text, hex and base64 letters: no PIN, no link, no device, no proof."""
    order_id = delivered(world)
    stock(world, "5566778899001")
    ask_proof(CUSTOMER, order_id, shop=world.shop, at=START)
    world.work(2)
    assert isinstance(reveal(CUSTOMER, order_id, device=DEVICE, shop=world.shop, at=START), Revealed)
    link = world.mailbox.sent[0].text.split("/o/")[1].split("/")[0]
    digits = proof_digits(world, order_id)
    tables = select(
        """SELECT oid::regclass::text FROM pg_class
           WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace"""
    )
    dump = "".join(str(row) for (name,) in tables for row in select(f"SELECT t::text FROM {name} t"))
    assert len(tables) > 20
    assert not re.search(rf"(?<![0-9a-f]){digits}(?![0-9a-f])", dump)
    for secret in ("4821903477152", "5566778899001", link, DEVICE.decode()):
        assert secret not in dump
        assert secret.encode().hex() not in dump
    assert all("4821903477152" not in m.text + m.subject for m in world.mailbox.sent)


def test_a_sealed_code_opens_only_as_what_it_is(world: World) -> None:
    stock(world, "111", "222")
    [(a, sealed), (b, _)] = select("SELECT id, sealed FROM code ORDER BY serial")
    sealed, keyring = expect(sealed, bytes), world.shop.keyring
    assert keyring.open(sealed, expect(a, UUID).bytes) == b"111"
    with pytest.raises(Unopenable):
        keyring.open(sealed, expect(b, UUID).bytes)


def test_the_row_that_says_who_looked_is_there_before_the_code_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = delivered(world)

    def looked(*_: object) -> bytes:
        [(seen,)] = at_once(lambda: select("SELECT count(*) FROM reveal"))[0]  # another connection sees it: committed
        return str(seen).encode()

    monkeypatch.setattr(type(world.shop.keyring), "open", looked)
    found = reveal(CUSTOMER, order_id, device=DEVICE, shop=world.shop, at=START)
    assert isinstance(found, Revealed)
    assert found.pin == "1"


def test_another_device_an_unknown_order_and_an_early_look_are_refused_without_a_trace(world: World) -> None:
    waiting, order_id = world.order(), delivered(world)
    for device, wanted, code in (
        (ANOTHER_DEVICE, order_id, Code.PROOF_NEEDED),
        (DEVICE, UUID(int=3), Code.NOT_FOUND),
        (DEVICE, waiting, Code.NOT_DELIVERED_YET),
        (ANOTHER_DEVICE, waiting, Code.PROOF_NEEDED),
    ):
        assert reveal(CUSTOMER, wanted, device=device, shop=world.shop, at=START) == Refusal(code)
    assert select("SELECT * FROM opla_reveal(%s, 'x', %s, NULL)", [START, order_id])[0][0] == "proof_needed"
    assert select("SELECT count(*) FROM reveal") == [(0,)]
    assert select("SELECT opla_prove(%s, %s, NULL, NULL)", [START, order_id]) == [("proof_expired",)]


def test_a_proof_opens_another_device_once(world: World) -> None:
    order_id = delivered(world)
    assert ask_proof(CUSTOMER, order_id, shop=world.shop, at=START) is None
    digits = proof_digits(world, order_id)
    full_width = "".join(chr(0xFEE0 + ord(d)) for d in digits)
    assert prove(CUSTOMER, order_id, f" {full_width} ", device=ANOTHER_DEVICE, at=START) is None
    assert isinstance(reveal(CUSTOMER, order_id, device=ANOTHER_DEVICE, shop=world.shop, at=START), Revealed)
    assert prove(CUSTOMER, order_id, digits, device=b"a third", at=START) == Refusal(Code.PROOF_EXPIRED, "proof")


def test_five_wrong_guesses_close_a_proof_and_a_minute_must_pass_before_the_next(world: World) -> None:
    order_id = delivered(world)
    ask_proof(CUSTOMER, order_id, shop=world.shop, at=START)
    digits = proof_digits(world, order_id)
    answers = [prove(CUSTOMER, order_id, "12", device=ANOTHER_DEVICE, at=START) for _ in range(5)]
    assert answers == [Refusal(Code.PROOF_WRONG, "proof")] * 5
    too_many = Refusal(Code.TOO_MANY_TRIES, "proof")
    assert prove(CUSTOMER, order_id, digits, device=ANOTHER_DEVICE, at=START) == too_many
    assert ask_proof(CUSTOMER, order_id, shop=world.shop, at=START + timedelta(seconds=59)) == too_many
    later = START + timedelta(seconds=60)
    assert ask_proof(CUSTOMER, order_id, shop=world.shop, at=later) is None
    fresh = proof_digits(world, order_id)
    expired = Refusal(Code.PROOF_EXPIRED, "proof")
    assert prove(CUSTOMER, order_id, fresh, device=ANOTHER_DEVICE, at=later + timedelta(minutes=15)) == expired
    assert prove(CUSTOMER, order_id, fresh, device=ANOTHER_DEVICE, at=later + timedelta(minutes=14)) is None


def test_guesses_at_once_count_each(world: World) -> None:
    order_id = delivered(world)
    ask_proof(CUSTOMER, order_id, shop=world.shop, at=START)
    at_once(*[lambda: prove(CUSTOMER, order_id, "12", device=ANOTHER_DEVICE, at=START)] * 4)
    assert select("SELECT tries FROM proof") == [(4,)]


def test_a_blocked_code_is_not_for_sale(world: World) -> None:
    stock(world, "111")
    by_owner("UPDATE code SET state = 'blocked'")
    assert shelf().claim("a", "PX-15") is None
