from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from fakes import World

# Laws are tried on a few dozen cases at every run, and on ten times as many with ./opla test --full.
settings.register_profile("quick", max_examples=40, deadline=None, database=None)
settings.register_profile("full", max_examples=400, deadline=None, database=None)
settings.load_profile("full" if os.environ.get("OPLA_TEST_FULL") else "quick")


@pytest.fixture
def db() -> Iterator[str]:
    """A fresh, migrated, empty database for this test; Django's connections talk to it."""
    import support

    with support.fresh_database() as name:
        yield name


@pytest.fixture
def world(db: str, tmp_path: Path) -> Iterator[World]:
    """A shop in the sandbox with the Belgian catalogue, its outside played by the test. Its books hold at the end."""
    import fakes
    from opla.db.queries.books import books
    from opla.operations import catalogue

    catalogue.at_version.cache_clear()
    catalogue.seed(sandbox=True, at=fakes.START)
    world = fakes.World(fakes.shop(tmp_path))
    yield world
    assert [check for check in books(world.clock()) if not check.holds] == []
