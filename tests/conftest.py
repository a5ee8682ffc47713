from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from fakes import World

#: With ./opla test --full everything is run, and laws are tried on ten times as many cases.
FULL = bool(os.environ.get("OPLA_TEST_FULL"))

settings.register_profile("quick", max_examples=40, deadline=None, database=None)
settings.register_profile("full", max_examples=400, deadline=None, database=None)
settings.load_profile("full" if FULL else "quick")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is long by nature is left to --full, and counted as deselected."""
    if not FULL and (left_out := [item for item in items if item.get_closest_marker("full")]):
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("full")]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What a test has measured and does not judge is told at the end."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")


@pytest.fixture
def db(request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh, migrated, empty database for this test; Django's connections talk to it. A `world` has a catalogue."""
    import support

    with support.fresh_database(with_catalogue="world" in request.fixturenames) as name:
        yield name


@pytest.fixture
def world(db: str, tmp_path: Path) -> Iterator[World]:
    """A shop in the sandbox with the Belgian catalogue, its outside played by the test. Its books hold at the end."""
    import fakes
    import support
    from opla.db.queries.books import books

    support.forget_other_catalogues()
    world = fakes.World(fakes.shop(tmp_path))
    yield world
    assert [check for check in books(world.clock()) if not check.holds] == []
