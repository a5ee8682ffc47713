"""The disk is lost after the backup, with sales on it: what comes back sells nothing twice and forgets no payment.

Real processes over real PostgreSQL. The sandbox's side is the outside: it is not lost with our disk.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from opla.commands.up import free_port
from opla.counterparts.log import Facts, facts
from opla.db.embedded import database
from opla.db.instance import locate
from test_docs import fenced

from .conftest import SOURCE, remove_all


def code_of(told: dict[str, object]) -> str:
    given = told["delivery"]
    assert isinstance(given, dict)
    return str(given["code"])


def first_words(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(words[: 2 if words[0] == "quarantine" else 1])


SERIALS = ["A1", "A2", "A3", "A4"]
_CUSTOMER = ("--email", "ana@example.org", "--pay", "sandbox")
CODE = ("topup", "--operator", "proximus", "--amount", "15", *_CUSTOMER)
DIRECT = ("topup", "--operator", "mobile-vikings", "--amount", "15", "--number", "0470123456", *_CUSTOMER)


def environment(var: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPLA_", "DATABASE_", "DJANGO_"))}
    return {**kept, "OPLA_VAR": str(var), "PYTHONPATH": str(SOURCE), **more}


#: What was run, by its first words.
RAN: set[tuple[str, ...]] = set()


def opla(var: Path, *words: str, code: int | None = 0, data: str = "") -> dict[str, object]:
    """A command's answer, which is one object."""
    RAN.add(first_words(words))
    done = subprocess.run(
        [sys.executable, "-P", "-m", "opla", *words, "--json"], env=environment(var), input=data, text=True,
        capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    assert code is None or done.returncode == code, (words, done.stdout, done.stderr)
    told = json.loads(done.stdout)
    assert isinstance(told, dict)
    return told


class Open:
    """`./opla up`."""

    def __init__(self, var: Path) -> None:
        self.port = free_port("127.0.0.1", 18_400)
        command = [sys.executable, "-P", "-m", "opla", "up", "--port", str(self.port)]
        self._process = subprocess.Popen(
            command, env=environment(var), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0
        )
        deadline = time.monotonic() + 60
        while not self.page("/")[1]:
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def page(self, path: str, data: bytes | None = None) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", data, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
        except OSError:
            return 0, ""

    def close(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def opened(place: Callable[[str], Path]) -> Iterator[Callable[[Path], Open]]:
    """Open a shop; it is closed before its folder goes."""
    shops: list[Open] = []

    def start(var: Path) -> Open:
        shops.append(Open(var))
        return shops[-1]

    yield start
    for shop in shops:
        shop.kill()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    made: list[Path] = []

    def make(name: str) -> Path:
        made.append(tmp_path / name / "var")
        made[-1].mkdir(parents=True)
        return made[-1]

    yield make
    for var in made:
        remove_all(var)


def outside(var: Path) -> Facts:
    return facts(var / "sandbox" / "log.jsonl")


def rows(var: Path, sql: str) -> list[tuple[object, ...]]:
    with database(var) as server, psycopg.connect(server.dsn_owner) as connection:
        return connection.execute(sql).fetchall()  # type: ignore[call-overload,no-any-return]  # literals below


_ALL_OF_IT = """
    SELECT 'attempt', id::text, state, tries::text, coalesce(lease_until::text, '') FROM attempt
    UNION ALL SELECT 'code', id::text, state, coalesce(claimed_by, ''), '' FROM code
    UNION ALL SELECT 'orders', id::text, state, '', '' FROM orders
    UNION ALL SELECT 'outbox', reference, tries::text, coalesce(lease_until::text, ''), '' FROM outbox
    UNION ALL SELECT 'transfer', count(*)::text, '', '', '' FROM transfer
    UNION ALL SELECT 'refund', count(*)::text, '', '', '' FROM refund ORDER BY 1, 2"""


def test_after_a_lost_disk_nothing_is_sold_sent_or_paid_a_second_time(  # noqa: PLR0915 - one story
    place: Callable[[str], Path], opened: Callable[[Path], Open], tmp_path: Path
) -> None:
    # Sell, back up, sell more: the shop is open all the while, and its changes follow.
    old, folder = place("old"), tmp_path / "elsewhere"
    lines = [f"PX-15,000087654321{n},{serial},14.25," for n, serial in enumerate(SERIALS)]
    (tmp_path / "box.csv").write_text("\n".join(["sku,code,serial,cost,valid_until", *lines]))
    shop = opened(old)
    opla(old, "codes", "import", str(tmp_path / "box.csv"))
    first = opla(old, *CODE)
    opla(old, "backup", str(folder))
    second = opla(old, *CODE)  # after the copy, and before the minute that is asked for: a change brings it back
    time.sleep(0.5)
    until = datetime.now(UTC)
    time.sleep(0.5)
    third = opla(old, *CODE)  # lost, with its payment, and its code was seen
    opla(old, *DIRECT)  # lost, and the number has its credit
    seen = [code_of(one) for one in (first, second, third)]
    assert len(set(seen)) == 3
    time.sleep(1)
    lost = outside(old)
    shop.kill()
    wait_until_gone(old)
    shutil.rmtree(locate(old).data)

    # Bring it back as it was at that minute: without its keys it says so, with them it stands still.
    new = place("new")
    refused = opla(new, "restore", str(folder), code=1)["refusal"]
    assert isinstance(refused, dict)
    assert refused["code"] == "keys_missing"
    shutil.copy(old / "keys.json", new)
    shutil.copytree(old / "sandbox", new / "sandbox")
    told = opla(new, "restore", str(folder), "--until", until.isoformat())
    assert opla(new, "quarantine", "enter", "--until", until.isoformat(), "--yes", code=1)["refusal"]
    assert told["reached"] is True
    assert datetime.fromisoformat(str(told["restored_to"])) <= until
    before = rows(new, _ALL_OF_IT)
    assert rows(new, "SELECT state, count(*) FROM orders GROUP BY 1") == [("delivered", 2)]
    again = opla(new, "restore", str(folder), code=1)["refusal"]
    assert isinstance(again, dict)
    assert again["code"] == "shop_there"

    # Open the pages, with workers: nothing moves, and people are told.
    shop = opened(new)
    assert "records are checked" in shop.page("/")[1]
    assert shop.page("/hooks/payments/sandbox/", b"id=sp_000000000000000000000000")[0] == 200
    said = opla(new, *CODE, code=1)["refusal"]
    assert isinstance(said, dict)
    assert said["code"] == "quarantine"
    time.sleep(3)
    assert rows(new, _ALL_OF_IT) == before
    assert outside(new) == lost
    assert opla(new, "books")["books"] == "balanced"

    # What the outside lists is written down; who has no list is compared by a person.
    assert opla(new, "quarantine", "leave", "--yes", code=1)["refusal"]
    looked = opla(new, "quarantine", "look")["looked"]
    assert isinstance(looked, list)
    assert {(one["area"], one["name"]): one["strange"] for one in looked if one["listed"] is not None} == {
        ("payments", "sandbox"): 2,
        ("suppliers", "sandbox"): 1,
    }
    for name in ("cash", "terminal"):
        opla(new, "quarantine", "compared", "payments", name, "--note", "there is no till", "--by", "Ana")
    opla(new, "quarantine", "leave", "--yes", "--by", "Ana")
    items = opla(new, "items")["items"]
    assert isinstance(items, list)
    assert sorted((one["kind"], one["at_risk_minor"]) for one in items) == [
        ("lost_payment", 1500), ("lost_payment", 1500), ("lost_send", 1500),
    ]  # fmt: skip

    # The shelf stays closed until somebody shows what lies on it.
    fourth = opla(new, *CODE)
    assert len(outside(new).sends) == len(lost.sends) + 1  # from the supplier
    [unsold] = [serial for n, serial in enumerate(SERIALS) if f"000087654321{n}" not in seen]
    (tmp_path / "unsold.txt").write_text(unsold)
    batches = opla(new, "quarantine")["off_the_shelf"]
    assert isinstance(batches, list)
    [number] = [one["batch"] for one in batches if one["sku"] == "PX-15"]
    assert opla(new, "quarantine", "gave", "K7M3-9QX2-TB", "A3", code=1)["refusal"]  # it waits for none
    words = ("quarantine", "release", str(number), "--unsold", str(tmp_path / "unsold.txt"), "--note", "their portal")
    assert opla(new, *words) == {"released": 1, "lost": 1}
    fifth = opla(new, *CODE)
    codes = [*seen, code_of(fourth), code_of(fifth)]
    assert len(set(codes)) == 5
    time.sleep(2)
    shop.close()

    # No code twice, no send repeated, no payment without an order or an item; and the books hold.
    found = outside(new)
    assert [reference for reference, send in found.sends.items() if send.given > 1] == []
    assert set(lost.sends) <= set(found.sends)
    assert len(found.sends) == len(lost.sends) + 1
    assert found.refunds == {}
    ours = {str(reference) for (reference,) in rows(new, "SELECT reference FROM attempt WHERE kind = 'charge'")}
    listed = {str(id_) for (id_,) in rows(new, "SELECT why ->> 'their_id' FROM item WHERE kind = 'lost_payment'")}
    assert [id_ for id_, payment in found.payments.items() if payment.reference not in ours and id_ not in listed] == []
    assert opla(new, "books")["books"] == "balanced"
    told = opla(new, "doctor", code=None)
    assert isinstance(findings := told["findings"], list)
    assert any("no backup was ever made" in str(finding["sentence"]) for finding in findings)
    page = (SOURCE.parent / "docs/howto/back-up-and-restore.md").read_text("utf-8")
    assert {first_words(words) for words in fenced(page)} <= RAN


def wait_until_gone(var: Path) -> None:
    """The keeper follows whoever used it last."""
    from opla.db.locks import is_held

    deadline = time.monotonic() + 30
    while is_held(locate(var).keeper_lock):
        assert time.monotonic() < deadline
        time.sleep(0.1)
