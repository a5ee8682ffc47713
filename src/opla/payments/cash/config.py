"""Cash has nothing to fill in: it is taken where a drawer is open (`./opla drawer`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Config:
    @classmethod
    def from_mapping(cls, _given: Mapping[str, str]) -> Self:
        return cls()
