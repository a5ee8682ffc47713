"""A file of promotions: YAML to a checked document, held against the catalogue, and back. Mistakes name file, line and
field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import yaml

from opla.core.catalog import Catalog
from opla.core.promotion import parse_promotions
from opla.operations.read_catalog import CATALOGS, Mistake, mistakes_in, read_checked

SAMPLE: Final = CATALOGS / "promotions.sample.yaml"
_SCHEMA: Final = "promotions.schema.json"
#: Texts that are the same word in any reader of YAML when nothing stands around them.
_BARE: Final = re.compile(r"(?!(true|false|null|yes|no|on|off|y|n)$)[a-z][a-z_-]*[a-z0-9_-]*", re.IGNORECASE)


def read_promotions(path: Path, catalog: Catalog) -> dict[str, object]:
    """The document in `path`. Raises `CatalogFileError` with every mistake; `OSError` when unreadable."""
    return read_checked(path, _SCHEMA, lambda document: parse_promotions(document, catalog))


def mistakes_of(document: Mapping[str, object], catalog: Catalog) -> list[Mistake]:
    """The same judgement of a document that comes from the page."""
    return mistakes_in(document, _SCHEMA, lambda found: parse_promotions(found, catalog))


def write_promotions(document: Mapping[str, object]) -> str:
    """The file that `read_promotions` reads this document from."""
    return yaml.dump(
        dict(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000, default_flow_style=False
    )


class _Dumper(yaml.SafeDumper):
    """Every text in quotes but names, and nothing said by pointing at where it was said before."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if _BARE.fullmatch(text) else '"')


_Dumper.add_representer(str, _text)
