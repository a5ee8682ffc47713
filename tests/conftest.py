from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fakes import World


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
