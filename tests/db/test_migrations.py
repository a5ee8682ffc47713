"""What the models say is what the migrations make, and what was once released is not rewritten."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.core.management import call_command

import opla.db

TABLES = Path(opla.db.__file__).parent / "sql" / "tables.sql"


@pytest.mark.usefixtures("db")
def test_every_change_of_a_model_has_its_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True)


def test_the_tables_of_the_first_release_are_never_rewritten() -> None:
    """An installation that has them never reads this file again: what is new comes by a migration of its own."""
    assert (
        hashlib.sha256(TABLES.read_bytes()).hexdigest()
        == "a6c08fd501f916e5b642b122da6c04fa29259b74bf56cbabf9280d9577297f2d"
    )
