from __future__ import annotations

from collections.abc import Iterator

import pytest

import fakes
import support


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fakes.World]:
    """One shop for all tests of a file: for those that only look, or undo what they did."""
    with support.fresh_database(with_catalogue=True):
        support.forget_other_catalogues()
        yield fakes.World(fakes.shop(tmp_path_factory.mktemp("shop")))
