"""What the owner fills in: their account, the name it is in, and their bank's BIC if they like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from opla.core.own_account import OwnAccount


@dataclass(frozen=True)
class Config:
    account: OwnAccount

    @classmethod
    def from_mapping(cls, given: Mapping[str, str]) -> Self:
        """Raises ValueError naming the field that is missing or wrong."""
        return cls(OwnAccount.from_mapping(given))
