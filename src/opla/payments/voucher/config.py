"""Vouchers have nothing to fill in: they are printed, sold and redeemed here (`./opla vouchers`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Config:
    @classmethod
    def from_mapping(cls, _given: Mapping[str, str]) -> Self:
        return cls()
