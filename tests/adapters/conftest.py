from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.worlds import Counterparts


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Counterparts]:
    """The other side, running, with a clock that tests move."""
    with Counterparts(tmp_path) as running:
        yield running
