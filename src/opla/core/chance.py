"""Randomness, as an argument. Production hands in the system's generator, a simulation a seeded one."""

from __future__ import annotations

import random
from datetime import datetime
from uuid import UUID

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0 O 1 I L U: read aloud and typed without mistakes


class Chance:
    """Makes every random thing Opla needs from one generator."""

    def __init__(self, generator: random.Random | None = None) -> None:
        self._bits = (generator or random.SystemRandom()).getrandbits

    def uuid(self, at: datetime) -> UUID:
        """A UUID version 7 (RFC 9562 §5.7): sorts by time, so locks taken in id order meet old rows first."""
        milliseconds = int(at.timestamp() * 1000) & ((1 << 48) - 1)
        return UUID(int=milliseconds << 80 | 0x7 << 76 | self._bits(12) << 64 | 0b10 << 62 | self._bits(62))

    def reference(self) -> str:
        """Our name for one attempt at somebody else: 128 bits as 32 hexadecimal digits (fits every supplier seen)."""
        return f"{self._bits(128):032x}"

    def secret(self) -> bytes:
        """128 bits that open something: an order link, a device."""
        return self._bits(128).to_bytes(16, "big")

    def order_number(self) -> str:
        """What a person reads out on the phone, `K7M3-9QX2-TB`: 30¹⁰ possibilities; it opens nothing by itself."""
        drawn = self.letters(10)
        return f"{drawn[:4]}-{drawn[4:8]}-{drawn[8:]}"

    def letters(self, count: int) -> str:
        """So many of our alphabet, twelve at most: against 30¹² the bias is below 2⁻⁶⁹."""
        number, letters = self._bits(128), []
        for _ in range(count):
            number, letter = divmod(number, 30)
            letters.append(ALPHABET[letter])
        return "".join(letters)

    def word(self) -> str:
        """Six letters and digits that somebody texts back, `K7M39Q`: 30⁶ possibilities, for a few tries in minutes."""
        return self.order_number().replace("-", "")[:6]

    def proof(self) -> str:
        """Six digits sent by e-mail, to prove that the address is read by whoever asks."""
        return f"{self._below(1_000_000):06d}"

    def _below(self, limit: int) -> int:
        # 64 bits against at most 20: the bias is below 2⁻⁴⁴, and one draw keeps a simulation's stream aligned.
        return self._bits(64) % limit
