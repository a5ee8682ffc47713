"""Cells of a CSV file that somebody opens in a spreadsheet: what begins like a formula is run there, unless quoted."""

from __future__ import annotations

import re
from typing import Final

#: What a spreadsheet takes a cell for that begins so.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "'")
_SAFE_NUMBER: Final = re.compile(r"[+-]?[\d ().,/]+")


def quoted(text: str) -> str:
    """The cell as a text, whatever it begins with; numbers stay numbers."""
    return f"'{text}" if text.startswith(FORMULA) and not _SAFE_NUMBER.fullmatch(text) else text
