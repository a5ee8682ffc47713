"""A database that is ready: tables by migrations, functions and guards as they stand in `sql/`, the rules beside."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from django.core.management import call_command
from django.db import OperationalError, connections, transaction
from psycopg.errors import DeadlockDetected, LockNotAvailable

from opla import VERSION
from opla.core import card, cash, ledger, order, passport, payment, print_job, stock, voucher

_HERE = Path(__file__).parent
_MIGRATIONS = sorted((_HERE / "migrations").glob("0*.py"))
#: Applied again whenever they change, in this order. Everything in them replaces what was there.
_SQL = (
    *(
        "clock",
        "archive",
        "orders",
        "promotions",
        "webhooks",
        "deposits",
        "floats",
        "api",
        "passports",
        "bulk",
        "apply",
    ),
    *("attempts", "codes", "cards", "dates"),
    *("refunds", "bank", "payouts", "stations", "offline", "cash", "counter", "terminals", "vouchers", "rates"),
    *("reminders", "days", "months", "letters", "threads", "rights"),
    *("aftercare", "push", "texts", "rescue", "mail_back", "renewals", "text_pay", "printing", "post", "partners"),
    *("suppliers", "stock", "look_ups", "limits", "card_testing", "forget", "people", "audit", "quarantine", "metrics"),
    *("books", "guards", "grants"),
)
_LOCK = 0x6F706C61  # "opla"
_LOCK_WAIT_MS: Final = 2_000
_LOCK_TRIES: Final = 30
_LOCK_PAUSE_S: Final = 1.0


def arrows() -> list[tuple[str, str, str, str, list[str]]]:
    """The core's tables of arrows as rows (subject, source, event, target, reasons), for `books` to compare with."""
    rows: list[tuple[str, str, str, str, list[str]]] = [
        *[("order", "", str(e), str(a.target), [str(p.reason) for p in a.postings]) for e, a in order.PLACING.items()],
        ("refund", "due", "done", "done", []),
        ("refund", "due", "refused", "refused", []),
        ("refund", "refused", "paid_otherwise", "otherwise", []),
        ("refund", "due", "paid_otherwise", "otherwise", []),
        ("refund", "due", "went_back", "outside", []),
        ("refund", "refused", "went_back", "outside", []),
        ("refund", "", "asked", "asked", []),
        ("refund", "asked", "approved", "due", []),
        ("refund", "asked", "credited", "done", []),
        ("refund", "asked", "denied", "denied", []),
        ("refund", "done", "fee_kept", "done", [str(ledger.Reason.PSP_FEE)]),
    ]
    for (source, event), arrow in order.ARROWS.items():
        rows.append(("order", source, event, arrow.target, [str(line.reason) for line in arrow.postings]))
    for (state, happened), (target, postings) in payment.ARROWS.items():
        rows.append(("payment", state, happened, target, [str(line.reason) for line in postings]))
    for (on, what), (leads_to, lines) in card.ARROWS.items():
        rows.append(("card", on, what, leads_to, [str(line.reason) for line in lines]))
    for (now, done), (after, lines) in stock.PURCHASES.items():
        rows.append(("purchase", now, done, after, [str(line.reason) for line in lines]))
    rows.append(("passport", "", "applied", "applied", []))
    rows += [("passport", now, done, after, []) for (now, done), after in passport.ARROWS.items()]
    rows += [("passport", state, "signed", state, []) for state in (*sorted(passport.GOOD), passport.State.SUSPENDED)]
    rows.append(("print_job", "", "asked", "new", []))
    rows += [("print_job", now, done, after, []) for (now, done), after in print_job.ARROWS.items()]
    for (paper, met), (so, lines) in voucher.ARROWS.items():
        rows.append(("voucher", paper, met, so, [str(line.reason) for line in lines]))
    for (lying, befell), (then, lines) in stock.BATCHES.items():
        rows.append(("batch", lying, befell, then, [str(line.reason) for line in lines]))
    return rows


def posting_rules() -> list[tuple[str, str, list[str], list[str]]]:
    """The core's postings as rows (reason, phase, kinds debited, kinds credited), for `books` to compare with."""
    used = {line for arrow in order.ARROWS.values() for line in arrow.postings}
    used |= {line for _, postings in payment.ARROWS.values() for line in postings} - {ledger.PAID_IN}
    used |= {line for _, postings in card.ARROWS.values() for line in postings}
    used |= {line for arrows in (stock.PURCHASES, stock.BATCHES) for _, lines in arrows.values() for line in lines}
    used |= {line for _, postings in voucher.ARROWS.values() for line in postings}
    used.add(ledger.STOCK_RECEIVED)
    used |= {line for both in cash.POSTINGS.values() for line in both if line} - {ledger.CASH_FLOAT}
    rows = [(str(p.reason), str(p.phase), _kinds(p.debit), _kinds(p.credit)) for p in used]
    # What moves outside an order's life: the owner's own money.
    bought, filled, fx = ledger.Account.CODE_STOCK, str(ledger.Account.SUPPLIER_FLOAT), str(ledger.Account.FX)
    posted, bank = str(ledger.Phase.POSTED), [str(ledger.Account.BANK)]
    rows.append((str(ledger.Reason.STOCK_BOUGHT), posted, [str(bought), str(ledger.Account.CARD_STOCK)], bank))
    rows.append((str(ledger.Reason.FLOAT_FILLED), posted, [filled, fx], bank))
    rows.append((str(ledger.Reason.FLOAT_FILLED_ABROAD), posted, [filled], [fx]))
    paid_in = [*bank, str(ledger.Account.TILL_DRAWER), str(ledger.Account.PSP_CLEARING)]
    rows.append((str(ledger.Reason.FLOAT_PAID_IN), posted, paid_in, [str(ledger.Account.RESELLER_FLOAT)]))
    rows.append((str(ledger.Reason.FLOAT_PAID_OUT), posted, [str(ledger.Account.RESELLER_FLOAT)], bank))
    transit, clearing = str(ledger.Account.IN_TRANSIT), str(ledger.Account.PSP_CLEARING)
    for reason, other in (
        (ledger.Reason.PAID_OUT, clearing),
        (ledger.Reason.PAYOUT_FEE, str(ledger.Account.PAYOUT_FEES)),
        (ledger.Reason.PAYOUT_UNKNOWN, str(ledger.Account.SUSPENSE)),
        (ledger.Reason.PAYOUT_ARRIVED, str(ledger.Account.BANK)),
    ):
        rows.append((str(reason), posted, [transit, other], [transit, other]))
    owed, kept = [str(ledger.Account.PARTNER_OWED)], [str(ledger.Account.COMMISSIONS)]
    rows.append((str(ledger.Reason.COMMISSION), posted, kept, owed))
    rows.append((str(ledger.Reason.COMMISSION_BACK), posted, owed, kept))
    rows.append((str(ledger.Reason.COMMISSION_PAID), posted, owed, bank))
    lost = [str(ledger.Account.OFFLINE_LOSSES)]
    rows.append((str(ledger.Reason.SOLD_TWICE), posted, lost, [str(ledger.Account.SUSPENSE)]))
    rows.append((str(ledger.Reason.CASH_BANKED), posted, bank, [str(ledger.Account.CASH_OUTSIDE)]))
    # Coins leave a little either way.
    either = [str(ledger.Account.PSP_CLEARING), str(ledger.Account.CASH_ROUNDING)]
    rows.append((str(ledger.Reason.CASH_ROUNDED), posted, either, either))
    return sorted(rows)


def _kinds(slot: ledger.Slot) -> list[str]:
    match slot:
        case ledger.Slot.PAYER:
            return [str(ledger.Account.PSP_CLEARING), str(ledger.Account.BANK)]
        case ledger.Slot.HELD:
            return [str(ledger.Account.CUSTOMER_HELD), str(ledger.Account.RESELLER_FLOAT)]
        case ledger.Slot.SOURCE:
            return [str(ledger.Account.SUPPLIER_FLOAT), *sorted(ledger.SHELVES)]
        case ledger.Slot.BOUGHT:
            return [*_kinds(ledger.Slot.SOURCE), str(ledger.Account.FX)]
        case ledger.Slot.GONE:
            return [str(ledger.Account.CHARGEBACKS), str(ledger.Account.SUSPENSE)]
        case _:
            return [str(ledger.Account(slot.value))]


@cache
def wanted() -> str:
    # Sorted: what the core keeps in a set comes in another order in each process.
    digest = hashlib.sha256(repr((sorted(arrows()), posting_rules(), sorted(ledger.SIDES.items()))).encode())
    for path in [*_MIGRATIONS, *(_HERE / "sql" / f"{name}.sql" for name in (*_SQL, "tables"))]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


#: How far this code is: its version, and the number of its last migration. A database remembers who made it what it is.
Step = tuple[int, ...]
STEP: Final[Step] = (*map(int, VERSION.split(".")), int(_MIGRATIONS[-1].name.split("_")[0]))
#: The oldest code that may run beside what this code makes of a database: the release before this one, and no older.
RUNS_BESIDE: Final[Step] = (0, 1, 0, 0)


class TooOld(Exception):  # noqa: N818
    """The database was made by a later Opla, with which this one cannot run."""


def is_current() -> bool:
    """Whether the database is what this code needs: made by it, or by a later one that lets it run beside."""
    found = _found()
    return found is not None and (found.schema == wanted() or found.step > STEP >= found.oldest)


@dataclass(frozen=True, slots=True)
class _Found:
    schema: str
    step: Step
    oldest: Step


def _found() -> _Found | None:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT to_regclass('opla_meta') IS NOT NULL")
        row = cursor.fetchone()
        if not (row and row[0]):
            return None
        cursor.execute("SELECT key, value FROM opla_meta WHERE key IN ('schema', 'step', 'oldest')")
        kept = dict(cursor.fetchall())
    if "schema" not in kept:
        return None
    return _Found(kept["schema"], _step(kept.get("step", "")), _step(kept.get("oldest", "")))


def _written(step: Step) -> str:
    return ".".join(map(str, step))


def _step(written: str) -> Step:
    return tuple(map(int, written.split("."))) if written else ()


def prepare(at: datetime | None = None) -> bool:
    """Bring the database to what this code expects; False when it already was, or is further. Two processes may start
    at once: one does it while the other waits.

    Raises `TooOld`.
    """
    at = at or datetime.now(UTC)
    expected = wanted()
    if (found := _found()) is not None:
        if found.step > STEP and found.oldest > STEP:
            raise TooOld
        if found.schema == expected or found.step > STEP:
            # What a later Opla put there is not put back: both run, until this one is replaced too.
            with connections["default"].cursor() as cursor:
                cursor.execute("SELECT opla_partitions(%s, 2)", [at.date()])
            return False
    owner = connections["owner"]
    with owner.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            cursor.execute(f"SET lock_timeout = {_LOCK_WAIT_MS}")
            _again_and_again(
                lambda: call_command("migrate", database="owner", verbosity=0, interactive=False, stdout=io.StringIO())
            )
            _again_and_again(lambda: _replace(at, expected))
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
            cursor.execute("RESET lock_timeout")
    return True


def _replace(at: datetime, expected: str) -> None:
    """Functions, guards and rules, as this code has them: all of them or none."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        for name in _SQL:
            cursor.execute((_HERE / "sql" / f"{name}.sql").read_text().replace("%", "%%"), [])
        cursor.execute("SELECT opla_partitions(%s, 2)", [at.date()])
        cursor.execute("DELETE FROM arrow; DELETE FROM account_kind; DELETE FROM posting_rule")
        cursor.executemany("INSERT INTO posting_rule VALUES (%s, %s, %s, %s)", posting_rules())
        cursor.executemany("INSERT INTO arrow VALUES (%s, %s, %s, %s, %s)", arrows())
        cursor.executemany("INSERT INTO account_kind VALUES (%s, %s)", list(ledger.SIDES.items()))
        cursor.executemany(
            "INSERT INTO opla_meta VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [("schema", expected), ("step", _written(STEP)), ("oldest", _written(RUNS_BESIDE))],
        )


def _again_and_again(change: Callable[[], object]) -> None:
    """A shop is open meanwhile: whoever changes a table waits briefly, lets those behind go on, and tries again."""
    for tries_left in reversed(range(_LOCK_TRIES)):
        try:
            change()
        except OperationalError as problem:
            if not isinstance(problem.__cause__, (DeadlockDetected, LockNotAvailable)) or not tries_left:
                raise
            time.sleep(_LOCK_PAUSE_S)
        else:
            return
