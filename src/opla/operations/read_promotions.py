"""A file of promotions: YAML to a checked document, held against the catalogue. Mistakes name file, line and field."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from opla.core.catalog import Catalog
from opla.core.promotion import parse_promotions
from opla.operations.read_catalog import CATALOGS, read_checked

SAMPLE: Final = CATALOGS / "promotions.sample.yaml"
_SCHEMA: Final = "promotions.schema.json"


def read_promotions(path: Path, catalog: Catalog) -> dict[str, object]:
    """The document in `path`. Raises `CatalogFileError` with every mistake; `OSError` when unreadable."""
    return read_checked(path, _SCHEMA, lambda document: parse_promotions(document, catalog))
