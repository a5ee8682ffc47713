"""A bank that nobody here wrote (PyPI's `mock-bank`) takes our files and sends us its own, until the books agree."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from mockbank.server import Config, make_server

from fakes import World
from iso import valid
from operations.test_bank_transfers import ACCOUNT, OWNER, bring, ordered, work
from opla.core.structured import belgian, rf
from opla.db.queries.call import select
from opla.operations import transfers_out
from opla.operations.statements import Imported
from statements import OUR_IBAN

PAYER = {"name": "Zoë Payer", "iban": "NL41MOCK0000000001"}


@dataclass
class Bank:
    """The bank, on the test's own clock."""

    address: str
    world: World

    def call(self, method: str, path: str, body: dict[str, object] | bytes | None = None) -> object:
        kind = "application/xml" if isinstance(body, bytes) else "application/json"
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        asked = Request(f"{self.address}{path}", data, {"Content-Type": kind}, method=method)  # noqa: S310 - ours
        with urlopen(asked, timeout=10) as answer:  # noqa: S310 - ours
            said = answer.read().decode()
            return json.loads(said) if answer.headers.get_content_type() == "application/json" else said

    def credit(self, minor: int, **said: object) -> None:
        self.call("POST", "/_mock/credits", {"account": "SHOP", "amount": minor, "debtor": PAYER, **said})

    def day(self) -> list[Imported]:
        """A day passes at the bank and here; whatever it sent is valid, and taken in."""
        self.call("POST", "/_mock/advance?days=1")
        self.world.clock.tick(24 * 3600)
        brought = []
        found = self.call("GET", "/_mock/mailbox")
        assert isinstance(found, list)
        for message in found:
            data = message["body"].encode()
            if message["type"].startswith("camt.") and OUR_IBAN.encode() in data:  # it keeps others' accounts too
                assert valid(data) == []
                brought.append(bring(self.world, data))
        return brought

    def balance(self) -> int:
        account = self.call("GET", "/_mock/accounts/SHOP")
        assert isinstance(account, dict)
        return int(account["balance"])


@pytest.fixture
def bank(world: World) -> Iterator[Bank]:
    world.shop = replace(world.shop, payment_methods=("sandbox", "bank_transfer"), account=ACCOUNT)
    world.clock.tick(-world.clock().weekday() % 7 * 24 * 3600)  # a Monday: no bank works on Sundays
    clock = f"{world.clock():%Y-%m-%dT09:00}"
    server = make_server(Config(port=0, quiet=True, clock=clock, timezone="Europe/Brussels"))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    found = Bank(f"http://127.0.0.1:{server.server_address[1]}", world)
    found.call("POST", "/_mock/accounts", {"id": "SHOP", "name": "The Shop", "iban": OUR_IBAN, "currency": "EUR"})
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    "said",
    [
        lambda number: {"reference": rf(number).replace(" ", "")},
        lambda number: {"note": belgian(number)},
        lambda number: {"note": f"voor de mama {belgian(number)} dank u wel zeg ik nog eens", "wrap": 35},
    ],
    ids=["RF", "belgian", "cut in two by the bank"],
)
def test_what_it_says_came_in_pays_the_order_it_names(bank: Bank, said: object) -> None:
    order_id, number = ordered(bank.world)
    assert callable(said)
    bank.credit(1500, **said(number))
    brought = bank.day()
    assert sum(one.matched for one in brought) == 1
    assert bank.world.state(order_id) == "delivered"
    assert bank.world.balance("bank:EUR") == bank.balance() == 1500


def test_what_goes_back_is_sent_by_our_file_and_proved_by_its_statement(bank: Bank) -> None:
    """Short, over and without a reference: all of it leaves again, once, and both sides hold the same money."""
    _, short = ordered(bank.world)
    over_id, over = ordered(bank.world)
    bank.credit(1400, note=belgian(short))
    bank.credit(1750, reference=rf(over).replace(" ", ""))
    bank.day()
    work(bank.world)
    assert bank.world.state(over_id) == "delivered"
    assert sorted(bank.world.items()) == ["transfer_due", "transfer_due", "wrong_amount"]
    assert bank.world.balance("bank:EUR") == bank.balance() == 3150

    made = transfers_out.make(OWNER, shop=bank.world.shop, at=bank.world.clock())
    assert not hasattr(made, "code"), made
    data = transfers_out.read(OWNER, made, shop=bank.world.shop)  # type: ignore[arg-type]  # a refusal was ruled out
    assert isinstance(data, bytes)
    assert valid(data) == []
    assert str(bank.call("POST", "/_mock/validate", data)).endswith("1 batch, 2 payments, 0 findings\n")
    bank.call("POST", "/payments", data)
    with pytest.raises(HTTPError, match="422"):  # uploaded twice: the bank knows it
        bank.call("POST", "/payments", data)
    for _ in range(3):
        bank.day()
        work(bank.world)
    assert bank.balance() == 3150 - 1400 - 250
    assert bank.world.balance("bank:EUR") == 1500
    assert "transfer_due" not in bank.world.items()
    assert [row[2] for row in bank.world.refunds()] == ["done", "done"]
    assert select("SELECT count(*) FROM bank_line WHERE state = 'open'") == [(0,)]


def test_a_statement_with_a_hole_is_noticed_by_its_sum(bank: Bank) -> None:
    bank.call("PATCH", "/_mock/accounts/SHOP", {"behaviour": "statement-gap"})
    _, number = ordered(bank.world)
    bank.credit(1500, note=belgian(number))
    with pytest.raises(AssertionError, match="statement_sum"):
        bank.day()
