"""What the owner fills in: nothing. The stock is filled by `opla cards import`, not by settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Config:
    @classmethod
    def from_mapping(cls, given: Mapping[str, str]) -> Self:
        """Raises ValueError for a field, because one that is ignored would be believed."""
        if given:
            raise ValueError(f"{min(given)}: our own cards have no settings")
        return cls()
