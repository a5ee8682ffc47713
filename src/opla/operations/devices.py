"""The table of devices that the shop checks phones against."""

from __future__ import annotations

from functools import cache

from opla.core.device_check import Answers, Checked, check
from opla.core.devices import Families, parse
from opla.core.refusal import Refusal
from opla.operations.read_catalog import CATALOGS, read_checked


@cache
def families() -> Families:
    """As shipped, read once. Raises `CatalogFileError` with every mistake in the file."""
    return parse(read_checked(CATALOGS / "devices.yaml", "devices.schema.json", parse))


def checked(text: str) -> Checked | Refusal:
    """What the encoded answers of a form, a quote or a program amount to. None at all is a check that nobody made."""
    answers = Answers.decode(text)
    return answers if isinstance(answers, Refusal) else check(answers, families())
