"""The table of devices that the shop checks phones against."""

from __future__ import annotations

from functools import cache

from opla.core.devices import Families, parse
from opla.operations.read_catalog import CATALOGS, read_checked


@cache
def families() -> Families:
    """As shipped, read once. Raises `CatalogFileError` with every mistake in the file."""
    return parse(read_checked(CATALOGS / "devices.yaml", "devices.schema.json", parse))
