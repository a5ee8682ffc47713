"""A shop for prepaid mobile top-up."""

from __future__ import annotations

from typing import Final

#: As `pyproject.toml` has it.
VERSION: Final = "0.1.0"
