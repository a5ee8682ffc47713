"""A closed month: fixed once and in order, nothing dated into it, and every export of it says what the books say.

The shop is the one of `test_books`, in which everything happened that can: so every way of posting is exported.
hledger and ledger, which nobody here wrote, judge the journal.
"""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, connections, transaction

from db.test_books import lives  # noqa: F401 - the fixture
from fakes import World
from opla.core.actor import Actor, Role
from opla.core.chart import Chart
from opla.core.ledger import Account
from opla.core.money import Money
from opla.core.ports import Answer
from opla.core.refusal import Code, Refusal
from opla.db.queries import months as queries
from opla.db.queries.books import balances, books
from opla.db.queries.call import select
from opla.db.queries.months import ClosedMonth
from opla.operations.chart import chart
from opla.operations.close_day import close_all
from opla.operations.close_month import close_month, closed_month
from opla.presenting import months as words
from support import as_owner

ANA = Actor(Role.OWNER, "ana")
NOVEMBER = date(2026, 11, 1)
OVER = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


def code_of(found: object) -> Code | None:
    return found.code if isinstance(found, Refusal) else None


@pytest.fixture(scope="module")
def closed(lives: dict[str, UUID], shared: World) -> ClosedMonth:  # noqa: F811
    shared.clock.now = OVER
    shared.work(4)
    assert [check for check in books(OVER) if not check.holds] == []
    days = close_all(ANA, at=OVER)
    assert not isinstance(days, Refusal), days
    found = close_month(ANA, NOVEMBER, at=OVER)
    assert isinstance(found, ClosedMonth), found
    return found


@pytest.fixture(scope="module")
def numbers() -> Chart:
    found = chart()
    assert isinstance(found, Chart), found
    return found


def exported(name: str, one: ClosedMonth, numbers: Chart) -> str:
    return "".join(words.export(name, one, numbers))


def rows(name: str, one: ClosedMonth, numbers: Chart) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(exported(name, one, numbers).removeprefix("\ufeff"))))


# ── closing ──


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.CUSTOMER, Role.CLERK, Role.SYSTEM])
def test_only_the_owner_closes_months_and_reads_them(closed: ClosedMonth, role: Role) -> None:
    assert code_of(close_month(Actor(role), NOVEMBER, at=OVER)) is Code.NOT_ALLOWED
    assert code_of(closed_month(Actor(role), NOVEMBER)) is Code.NOT_ALLOWED


def test_what_waits_for_a_person_is_kept_with_it(closed: ClosedMonth) -> None:
    waits = select("SELECT id FROM item WHERE closed_at IS NULL AND opened_at < %s ORDER BY id", [closed.until_at])
    assert waits
    assert sorted(item.id for item in queries.items(NOVEMBER)) == [row[0] for row in waits]
    assert closed.items == len(waits)


def test_of_a_month_that_is_not_closed_nothing_is_given_out(closed: ClosedMonth) -> None:
    assert code_of(closed_month(ANA, date(2026, 12, 1))) is Code.MONTH_NOT_CLOSED


# ── nothing is dated into it ──


def test_the_application_cannot_date_anything_into_it_through_any_function(closed: ClosedMonth, shared: World) -> None:
    order = shared.order()
    shared.work()
    shared.provider.session(-1, Answer.SUCCEEDED, 1550)
    shared.clock.now = datetime(2026, 11, 30, 22, 59, 59, tzinfo=UTC)  # the month's last second
    shared.wake()
    try:
        with pytest.raises(IntegrityError, match="closed day"):
            shared.work()
    finally:
        shared.clock.now = OVER
    assert shared.state(order) == "placed"
    assert select("SELECT count(*) FROM event WHERE subject_id = %s AND name = 'paid'", [order]) == [(0,)]


COLUMNS = {
    "event": "at, subject, subject_id, name, source, target, actor, why",
    "transfer": "at, event_id, debit, credit, amount_minor, currency, reason, phase",
}


@pytest.mark.parametrize("table", ["transfer", "transfer_2026_11", "event", "event_2026_11"])
def test_the_tables_and_their_partitions_refuse_it_of_anybody(closed: ClosedMonth, table: str) -> None:
    """Even of a function of the schema's owner that forgot to look."""
    columns = COLUMNS[table.partition("_")[0]]
    # With an id: before PostgreSQL 17 a partition does not know where its parent's come from.
    insert = f"""INSERT INTO {table} (id, {columns}) OVERRIDING SYSTEM VALUE
                 SELECT id + 1000000, {columns} FROM {table} WHERE at < '2026-12-01' LIMIT 1"""
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT opla_writes(true)")
        with pytest.raises(IntegrityError, match="closed day"):
            cursor.execute(insert)
        transaction.set_rollback(True, "owner")
    with transaction.atomic(), connections["default"].cursor() as cursor:  # and the application may not write at all
        with pytest.raises(DatabaseError, match=r"permission denied|functions only"):
            cursor.execute(insert)
        transaction.set_rollback(True)


def test_into_the_open_month_they_write(closed: ClosedMonth) -> None:
    with as_owner() as cursor:
        cursor.execute("ALTER TABLE event ENABLE TRIGGER closed_days_stand")
        cursor.execute(
            """INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
               SELECT '2026-12-01 00:00+01', subject, subject_id, name, source, target, actor, why FROM event LIMIT 1"""
        )
        assert cursor.rowcount == 1


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE month_account SET debits_minor = debits_minor + 1, closing_minor = closing_minor + 1",
        "DELETE FROM month_account WHERE account = 'margin:EUR'",
        "UPDATE month_item SET amount_minor = 0",
        "DELETE FROM month_item",
        "UPDATE month_close SET closed_by = 'owner:bo'",
        "UPDATE month_close SET sha256 = sha256('')",
    ],
)
def test_a_closed_month_that_was_touched_is_noticed(closed: ClosedMonth, sql: str) -> None:
    with as_owner() as cursor:
        cursor.execute(sql)
        assert cursor.rowcount
        cursor.execute("SELECT name FROM opla_books(%s) WHERE wrong > 0", [OVER])
        assert cursor.fetchall() == [("closed_months",)]


# ── exports ──


def test_the_trial_balance_is_what_the_books_say(closed: ClosedMonth, numbers: Chart) -> None:
    """`./opla books --accounts` less what was posted since the month ended."""
    since: dict[str, int] = defaultdict(int)
    for debit, credit, minor in select(
        """SELECT d.code, c.code, t.amount_minor FROM transfer t JOIN account d ON d.id = t.debit
           JOIN account c ON c.id = t.credit WHERE t.phase = 'posted' AND t.at >= %s""",
        [closed.until_at],
    ):
        since[str(debit)] += int(str(minor))
        since[str(credit)] -= int(str(minor))
    found = {row["account"]: row for row in rows("trial-balance.csv", closed, numbers)}
    standing = {b.code: b.debits_posted - b.credits_posted - since[b.code] for b in balances()}
    assert {code: minor for code, minor in standing.items() if minor} == {
        code: minor_of(row["closing"], row["currency"]) for code, row in found.items() if Decimal(row["closing"])
    }
    assert len(found) > 20
    for currency in ("EUR", "USD"):
        mine = [row for row in found.values() if row["currency"] == currency]
        assert sum(Decimal(row["closing"]) for row in mine) == 0
        assert sum(Decimal(row["debits"]) for row in mine) == sum(Decimal(row["credits"]) for row in mine) > 0


def minor_of(text: str, currency: str) -> int:
    money = Money.parse(text, currency)
    assert money is not None
    return money.amount_minor


def test_the_journal_adds_up_to_the_trial_balance(closed: ClosedMonth, numbers: Chart) -> None:
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in rows("journal.csv", closed, numbers):
        sums[line["debit"], "debits"] += Decimal(line["amount"])
        sums[line["credit"], "credits"] += Decimal(line["amount"])
    balance = rows("trial-balance.csv", closed, numbers)
    for row in balance:
        for side in ("debits", "credits"):
            assert sums.pop((row["account"], side), Decimal(0)) == Decimal(row[side]), row
    assert not sums


def test_what_is_exported_twice_is_the_same_bytes_in_any_language(closed: ClosedMonth, numbers: Chart) -> None:
    from django.utils.translation import override

    first = {name: exported(name, closed, numbers) for name in words.FILES}
    assert first == {name: exported(name, closed, numbers) for name in words.FILES}
    with override("zh-hans"):
        assert exported("journal.hledger", closed, numbers) == first["journal.hledger"]


def own(code: str, one: ClosedMonth) -> int:
    """What an account of the shop's result gained in the month: credits less debits."""
    found = {a.account: a for a in queries.accounts(one.month)}.get(code)
    return (found.credits - found.debits).amount_minor if found else 0


def test_the_vat_report_is_what_the_accounts_gained(closed: ClosedMonth, numbers: Chart) -> None:
    [row] = rows("vat.csv", closed, numbers)
    assert row["rate_percent"] == "21"
    assert minor_of(row["base"], "EUR") == own("service_fee:EUR", closed) > 0
    assert minor_of(row["vat"], "EUR") == own("vat_due:EUR", closed) > 0


def test_fees_of_providers_are_what_the_accounts_cost(closed: ClosedMonth, numbers: Chart) -> None:
    total = sum(minor_of(row["total"], row["currency"]) for row in rows("provider-fees.csv", closed, numbers))
    cost = -sum(own(a.account, closed) for a in queries.accounts(NOVEMBER) if "_fees:" in a.account)
    assert total == cost > 0


def test_sales_by_whatever_add_up_to_the_accounts(closed: ClosedMonth, numbers: Chart) -> None:
    found = rows("sales.csv", closed, numbers)
    for by in queries.DIMENSIONS:
        mine = [row for row in found if row["by"] == by]
        sums = {
            name: sum(minor_of(row[name], "EUR") for row in mine)
            for name in ("face", "cost", "margin", "fee", "fee_vat", "promotions", "given_back_by_choice")
        }
        assert sums["margin"] - sums["given_back_by_choice"] == own("margin:EUR", closed)
        assert (sums["fee"], sums["fee_vat"]) == (own("service_fee:EUR", closed), own("vat_due:EUR", closed))
        assert sums["promotions"] == -own("promotions:EUR", closed)
        assert sums["face"] == sums["cost"] + sums["margin"] > 0
    assert {row["name"] for row in found if row["by"] == "reseller"} == {"", "acme"}
    assert {row["name"] for row in found if row["by"] == "supplier"} == {"sandbox", "code_stock", "card_stock"}


# ── judged by programs of others ──


def judged(program: str, *words: str, text: str, folder: Path) -> str:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed (apt-get install {program})")
    path = folder / "month.journal"
    path.write_text(text, "utf-8")
    done = subprocess.run([program, "-f", str(path), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("query", "column"), [((), "closing"), (("amt:>0", "not:desc:opening balances"), "debits")])
def test_hledger_reads_our_balance_to_the_cent(
    closed: ClosedMonth, numbers: Chart, tmp_path: Path, query: tuple[str, ...], column: str
) -> None:
    text = exported("journal.hledger", closed, numbers)
    told = judged("hledger", "balance", "--flat", "-O", "csv", "-N", "-E", *query, text=text, folder=tmp_path)
    theirs = dict(list(csv.reader(io.StringIO(told)))[1:])
    ours = {
        f"{row['number']}:{row['account']}": Decimal(row[column])
        for row in rows("trial-balance.csv", closed, numbers) if column == "closing" or Decimal(row[column])
    }  # fmt: skip
    assert {name: Decimal(amount.split()[0]) for name, amount in theirs.items()} == ours


def test_hledger_finds_nothing_wrong_with_it(closed: ClosedMonth, numbers: Chart, tmp_path: Path) -> None:
    text = exported("journal.hledger", closed, numbers)
    judged(
        "hledger",
        "check",
        "accounts",
        "commodities",
        "balancednoautoconversion",
        "ordereddates",
        text=text,
        folder=tmp_path,
    )
    assert "AMBIG" not in text
    counted = judged("hledger", "print", "-O", "csv", text=text, folder=tmp_path)
    entries = {row["txnidx"] for row in csv.DictReader(io.StringIO(counted))}
    [(events,)] = select(
        "SELECT count(DISTINCT event_id) FROM transfer WHERE phase = 'posted' AND at < %s", [closed.until_at]
    )
    assert len(entries) == events


def test_ledger_reads_the_same(closed: ClosedMonth, numbers: Chart, tmp_path: Path) -> None:
    text = exported("journal.hledger", closed, numbers)
    form = "%(account)|%(display_total)\n"
    told = judged(
        "ledger",
        "balance",
        "--flat",
        "--no-total",
        "--empty",
        "--pedantic",
        "--format",
        form,
        text=text,
        folder=tmp_path,
    )
    theirs = {
        name: Decimal(amount.split()[0]) for name, _sep, amount in (line.partition("|") for line in told.splitlines())
    }
    ours = {
        f"{row['number']}:{row['account']}": Decimal(row["closing"])
        for row in rows("trial-balance.csv", closed, numbers)
    }
    assert {name: amount for name, amount in theirs.items() if amount} == {n: a for n, a in ours.items() if a}


# ── the chart ──


def test_every_kind_of_account_has_a_number_of_its_class(numbers: Chart) -> None:
    """Belgian classes: 1 to 5 are of the balance sheet, 6 are costs and 7 is income."""
    assert set(numbers.entries) == set(Account)
    for entry in numbers.entries.values():
        wanted = {"6": {"expense"}, "7": {"revenue"}}.get(entry.number[0], {"asset", "liability"})
        assert entry.type in wanted, entry
