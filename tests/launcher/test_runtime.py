"""What surrounds a command, when the database leaves in the middle of it."""

from __future__ import annotations

import pytest

import support  # noqa: F401 - sets Django up
from opla.commands import Stop, runtime


def test_a_database_that_leaves_while_starting_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db.utils import OperationalError

    def gone(**_: object) -> None:
        raise OperationalError("the database system is in recovery mode\n")

    monkeypatch.setattr("opla.operations.prepare.prepare", gone)
    with pytest.raises(Stop, match="went away while starting: the database system is in recovery mode") as stop:
        runtime._set_up_django()
    assert stop.value.code == "database_unavailable"
