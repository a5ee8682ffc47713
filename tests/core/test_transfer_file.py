"""The file of transfers a bank takes, judged by ISO 20022's own schema (shipped in PyPI's `sepaxml`)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from iso import valid
from opla.core.money import Money
from opla.core.own_account import OwnAccount
from opla.core.structured import belgian, number
from opla.core.transfer_file import Transfer, message_id, write
from statements import OUR_IBAN, PAYER

AT, ON, FILE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC), date(2026, 11, 23), UUID(int=2**100 + 7)
ACCOUNT = OwnAccount(OUR_IBAN, "The Shop")


def transfer(minor: int = 1500, name: str = "Ana", n: int = 1) -> Transfer:
    return Transfer(number(n), Money(minor, "EUR"), name, PAYER)


def written(*transfers: Transfer, account: OwnAccount = ACCOUNT) -> str:
    data = write(transfers, account, file_id=FILE, execute_on=ON, at=AT)
    assert valid(data) == []
    return data.decode()


@pytest.mark.parametrize("bic", ["", "KREDBEBB", "KREDBEBBXXX"])
def test_the_standards_own_schema_has_nothing_against_it(bic: str) -> None:
    text = written(transfer(), transfer(1, n=2), account=OwnAccount(OUR_IBAN, "The Shop", bic))
    assert re.findall(r"<(?:NbOfTxs|CtrlSum)>([^<]*)<", text) == ["2", "15.01", "2", "15.01"]
    assert (f"<BICFI>{bic}</BICFI>" if bic else "<Id>NOTPROVIDED</Id>") in text


def test_each_carries_its_reference_in_both_places() -> None:
    text = written(transfer(n=5))
    assert f"<EndToEndId>{number(5)}</EndToEndId>" in text
    assert f"<Ustrd>{belgian(number(5))}</Ustrd>" in text


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("Zoë Müller-Ça", "Zoe Muller-Ca"),
        ("王小明", "NOTPROVIDED"),
        ("", "NOTPROVIDED"),
        ("Ana & Söhne <GmbH>", "Ana Sohne GmbH"),
        ("x" * 200, "x" * 70),
    ],
)
def test_a_name_is_written_as_every_bank_takes_it(name: str, there: str) -> None:
    assert f"<Cdtr><Nm>{there}</Nm></Cdtr>" in written(transfer(name=name))


def test_the_same_file_is_the_same_bytes_and_another_has_another_name() -> None:
    assert written(transfer()) == written(transfer())
    assert message_id(FILE) != message_id(UUID(int=8))
    assert len(message_id(FILE)) <= 35


@pytest.mark.parametrize("transfers", [[], [Transfer(number(1), Money(1500, "USD"), "Ana", PAYER)]])
def test_nothing_and_other_money_are_no_file(transfers: list[Transfer]) -> None:
    with pytest.raises(ValueError, match="euros"):
        write(transfers, ACCOUNT, file_id=FILE, execute_on=ON, at=AT)


def test_no_name_and_no_account_is_printed() -> None:
    assert PAYER not in repr(transfer())
    assert "Ana" not in repr(transfer())
