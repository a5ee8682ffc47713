"""The owner's own bank account, as they fill it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from stdnum import bic as bics
from stdnum import iban as ibans
from stdnum.exceptions import ValidationError

# IBANs are checked by their digits alone: a country's own list of banks is never complete.

#: No longer name fits into a transfer, nor into a QR code for one (EPC069-12, 2.1: name of the beneficiary).
_MAX_HOLDER = 70


@dataclass(frozen=True)
class OwnAccount:
    """Where money is sent to. `iban` and `bic` are without blanks; `bic` may be empty (no bank in the EEA needs it)."""

    iban: str
    holder: str
    bic: str = ""

    @property
    def shown(self) -> str:
        """The IBAN in groups of four, as it is printed on a card."""
        return " ".join(self.iban[at : at + 4] for at in range(0, len(self.iban), 4))

    @classmethod
    def from_mapping(cls, given: Mapping[str, str]) -> Self:
        """Raises ValueError naming the field that is missing or wrong."""
        holder = " ".join(given.get("holder", "").split())
        try:
            iban = ibans.validate(given.get("iban", ""), check_country=False)
        except ValidationError:
            raise ValueError("iban: the account's IBAN, whose check digits are right") from None
        if not holder or len(holder) > _MAX_HOLDER:
            raise ValueError(f"holder: the name the account is in, of 1 to {_MAX_HOLDER} signs")
        try:
            bic = bics.validate(given["bic"]) if given.get("bic", "").strip() else ""
        except ValidationError:
            raise ValueError("bic: the bank's BIC of 8 or 11 signs, or nothing") from None
        return cls(iban, holder, bic)


def clean_iban(text: str) -> str:
    """An IBAN without blanks, in capitals; empty when it does not check (a bank may say another kind of account)."""
    try:
        return str(ibans.validate(text, check_country=False))
    except ValidationError:
        return ""
