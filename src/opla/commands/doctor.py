"""Say in words what is there and what is wrong.

With --live it also asks outside, once each and without moving money: whether the keys of every way of being paid and of
every supplier work and how much lies with them, whether the shop's public address leads here, whether the clocks agree,
and what is missing before the shop can open. Exit 1 when something is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches

from opla.commands import VAR, _hardening
from opla.core.ledger import TERMINAL
from opla.counterparts import trying
from opla.db import backup, glance
from opla.db.embedded import Unavailable, database
from opla.db.instance import binaries
from opla.environment import SETTINGS, unread

_SPACE_NEEDED_MB = 500
_BACKUP_AGE = timedelta(days=2)
_BEHIND_MB = 64
#: A worker says that it lives every five seconds; what happened is chained ten minutes later at most.
_PULSE_S = 60
_CHAINED_S = 3600
#: What the law wants a shop to say of itself, and its page says "not stated yet" without.
_SAID = {
    "OPLA_SHOP_COMPANY": "the company's name",
    "OPLA_ENTERPRISE_NUMBER": "its enterprise number",
    "OPLA_SHOP_ADDRESS": "its address",
    "OPLA_CONTACT": "how people reach you",
    "OPLA_TERMS_CONFIRMED": "the day you confirmed the terms with a lawyer",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--live", action="store_true", help="also ask everybody outside; nothing is bought or paid")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    here = (
        _python,
        _database,
        _disk,
        _port,
        _chromium,
        _settings,
        _shop,
        _backup,
        _quarantine,
        _keeping,
        _tried,
        payment_methods,
        _machines,
        _bank,
        suppliers_set_up,
        _hardening.findings,
    )
    told = []
    for finding in (*here, _outside) if arguments.live else here:
        for fine, sentence in _checked(finding):
            told.append({"fine": fine, "sentence": sentence})
            if not arguments.json:
                sys.stdout.write(f"{'ok   ' if fine else 'WRONG'} {sentence}\n")
    fine = all(one["fine"] for one in told)
    if arguments.json:
        print(json.dumps({"fine": fine, "findings": told}, ensure_ascii=False))
    return 0 if fine else 1


def _checked(finding: Callable[[], Iterator[tuple[bool, str]]]) -> Iterator[tuple[bool, str]]:
    try:
        yield from finding()
    except (Unavailable, OSError) as problem:
        yield False, str(problem)


def _outside() -> Iterator[tuple[bool, str]]:
    from opla.commands import _live

    with database(VAR) as server:
        yield from _live.findings(server.dsn_app)


def _python() -> Iterator[tuple[bool, str]]:
    yield True, f"Python {platform.python_version()} in {sys.prefix}"


def _database() -> Iterator[tuple[bool, str]]:
    import psycopg

    if not os.environ.get("DATABASE_URL"):
        yield True, f"PostgreSQL's programs are in {binaries()}"
    with database(VAR) as server, psycopg.connect(server.dsn_app) as connection:
        version = connection.info.server_version // 10_000
        yield True, f"PostgreSQL {version} answers ({'our own' if server.embedded else 'the server of DATABASE_URL'})"


def _disk() -> Iterator[tuple[bool, str]]:
    for place in (VAR, VAR / "pg"):
        if place.exists():
            free_mb = shutil.disk_usage(place).free // 1_000_000
            yield free_mb >= _SPACE_NEEDED_MB, f"{free_mb} MB are free at {place.resolve()}"


def _port() -> Iterator[tuple[bool, str]]:
    with socket.socket() as probe:
        taken = probe.connect_ex(("127.0.0.1", 8000)) == 0
    yield True, "port 8000 is in use; up would take the next" if taken else "port 8000 is free"


def _chromium() -> Iterator[tuple[bool, str]]:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    yield True, f"the browser tests use {found}" if found else "no chromium here: the browser tests are skipped"


def _settings() -> Iterator[tuple[bool, str]]:
    """Names that are set and that nobody reads: whoever set them believes that they hold."""
    from opla.commands._settings import names

    known = [setting.name for group in SETTINGS.values() for setting in group] + names()
    lost = unread(os.environ, names())
    for name in lost:
        near = get_close_matches(name, known, n=1)
        yield False, f"{name} is set, and nobody reads it" + (f"; is {near[0]} meant?" if near else "")
    if not lost:
        yield True, "every setting that is given is one that is read"


def _shop() -> Iterator[tuple[bool, str]]:
    missing = [f"{name} ({what})" for name, what in _SAID.items() if not os.environ.get(name)]
    if not missing:
        yield True, "the page /about/ says who runs this shop"
        return
    sandbox = os.environ.get("OPLA_SANDBOX", "1") == "1"
    rest = "a sandbox may leave it so" if sandbox else "the law wants it said before anybody buys"
    yield sandbox, f"not set, so /about/ and /terms/ say that it is missing: {', '.join(missing)}; {rest}"


def _bank() -> Iterator[tuple[bool, str]]:
    """Whether the account that people may transfer to can be named to them."""
    from opla.core.own_account import OwnAccount
    from opla.operations.outside import configuration

    given = configuration("payments", "bank_transfer", VAR)
    if not any(given.values()):
        yield True, "no bank transfers: OPLA_BANK_IBAN and OPLA_BANK_HOLDER are not set"
        return
    try:
        account = OwnAccount.from_mapping(given)
    except ValueError as problem:
        field, _, wrong = str(problem).partition(": ")
        yield False, f"no bank transfers: OPLA_BANK_{field.upper()} is to be {wrong}"
        return
    yield True, f"bank transfers go to {account.shown}, {account.holder}; import its statements: ./opla statement FILE"


def _backup() -> Iterator[tuple[bool, str]]:
    """When the last backup was, and whether the changes since follow it."""
    from opla.commands.up import address

    if os.environ.get("DATABASE_URL"):
        yield True, "backups are made where the server of DATABASE_URL runs"
        return
    sandbox = os.environ.get("OPLA_SANDBOX", "1") == "1"
    folder = backup.remembered(VAR)
    if folder is None:
        yield sandbox, "no backup was ever made: ./opla backup FOLDER, on another disk"
        return
    made = backup.bases(folder)
    if not made:
        yield False, f"no backup is in {folder} any more"
        return
    age = datetime.now(UTC) - made[-1].ended_at
    yield age < _BACKUP_AGE, f"the last backup is {age.days} days and {age.seconds // 3600} hours old, in {folder}"
    with database(VAR) as server:
        follows = backup.fetched(server.dsn_app)
        kept = follows is not None and not follows.lost
        open_here = bool(address())
    if follows is None or not kept:
        yield False, "changes since the last backup are lost to it: ./opla backup begins anew"
    elif open_here and not follows.running:
        yield False, "changes are not fetched into the backup, though the shop is open: is its disk there?"
    else:
        behind_mb = follows.behind_bytes // 1_000_000
        yield behind_mb < _BEHIND_MB, f"changes follow into the backup, {behind_mb} MB behind"


def _quarantine() -> Iterator[tuple[bool, str]]:
    with database(VAR) as server:
        still = glance.quarantined(server.dsn_app)
    if still:
        yield False, "the shop is in quarantine since it was restored: ./opla quarantine says what is to be done"


def _keeping() -> Iterator[tuple[bool, str]]:
    """Whether somebody works in the background, and a second pair of eyes is there."""
    from opla.commands.up import address

    with database(VAR) as server:
        found = glance.keeping(server.dsn_app)
        works = bool(address()) or not server.embedded
    if found is None:
        return
    if works and (found.pulse_s is None or found.pulse_s > _PULSE_S):
        heard = "never" if found.pulse_s is None else f"{found.pulse_s / 60:.0f} minutes ago"
        yield False, f"no worker goes round: the last one was heard {heard}. Look for its last lines in the log"
    elif works:
        yield True, "a worker goes round"
    if works and found.chained_s > _CHAINED_S:
        yield False, f"the janitor has stalled: what happened {found.chained_s / 3600:.0f} hours ago is not chained yet"
    if found.beside:
        tables = ", ".join(found.beside)
        yield False, f"rows of {tables} came for a month that nobody had made; a worker puts them right"
    yield (
        found.months > 0,
        f"{found.months} months after this one are made" if found.months else "next month is not made",
    )
    if found.owners == 1 or not found.owners:
        sandbox = os.environ.get("OPLA_SANDBOX", "1") == "1"
        who = "only one owner is named" if found.owners else "no owner is named"
        add = "./opla owner --name WHO --email THEIRS"
        yield sandbox, f"{who}, so nobody can agree to what needs a second person: {add}"


def _tried() -> Iterator[tuple[bool, str]]:
    if wrong := trying.problem(os.environ):
        yield False, wrong
    elif names := trying.asked(os.environ):
        yield True, f"tried here, with stand-ins in their place: {', '.join(names)}"


def payment_methods() -> Iterator[tuple[bool, str]]:
    """Whether each way of being paid has its settings; nobody is called."""
    from opla import payments
    from opla.core.ledger import ELSEWHERE
    from opla.operations.outside import configuration

    sandbox = os.environ.get("OPLA_SANDBOX", "1") == "1"
    names = os.environ.get("OPLA_PAYMENT_METHODS", "").split()
    if not names:
        yield sandbox, "the sandbox's own payment" if sandbox else "OPLA_PAYMENT_METHODS is empty: nobody can pay here"
    for name in names:
        try:
            if payments.adapter_of(name) in trying.asked(os.environ):
                continue  # said by itself
            live = payments.live(name, configuration("payments", payments.adapter_of(name), VAR))
        except (LookupError, ValueError) as problem:
            yield False, f"{name}: {problem}"
            continue
        if name in ELSEWHERE:
            continue  # said by itself; it runs beside either
        says = "real money" if live else "a key for trying"
        yield live is not sandbox, f"{name}: {says}, in a {'sandbox' if sandbox else 'real'} shop"


def _machines() -> Iterator[tuple[bool, str]]:
    """Whether a card machine stands where one is to be paid on."""
    from opla.core.ways import Means, means

    names = [name for name in os.environ.get("OPLA_PAYMENT_METHODS", "").split() if means(name) is Means.TERMINAL]
    if not names:
        return
    with database(VAR) as server:
        stands = glance.machines(server.dsn_app)
    for name in names:
        if count := sum(method == name for method, _ in stands):
            yield True, f"{name}: {count} card machine{'s' if count > 1 else ''} at tills and kiosks"
        else:
            rings = "" if name == TERMINAL else f" --as {name} --id …, as ./opla terminal found lists them"
            told = f"{name}: no card machine stands anywhere: ./opla terminal open NAME --drawer TILL{rings}"
            yield False, told


def suppliers_set_up() -> Iterator[tuple[bool, str]]:
    """Whether each supplier that has settings has enough of them; nobody is called."""
    from opla import suppliers
    from opla.operations.outside import configuration

    sandbox = os.environ.get("OPLA_SANDBOX", "1") == "1"
    for name in suppliers.names():
        here = name == "sandbox" or name in trying.asked(os.environ)
        if not (given := {} if here else configuration("suppliers", name, VAR)):
            continue
        try:
            live = suppliers.live(name, given)
        except ValueError as problem:
            yield False, f"{name}: {problem}"
            continue
        says = "real money" if live else "without money"
        yield live is not sandbox, f"{name}: {says}, in a {'sandbox' if sandbox else 'real'} shop"
