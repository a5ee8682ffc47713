"""A machine that nobody here can ask has nothing to fill in: it is named where it stands (`./opla terminal`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Config:
    @classmethod
    def from_mapping(cls, _given: Mapping[str, str]) -> Self:
        return cls()
