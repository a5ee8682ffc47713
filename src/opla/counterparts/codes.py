"""Sandbox PINs: the length each operator really prints, and `0000` in front, so that one can never pass for real.

A PIN is computed from a running number and a seed, and is never stored: the log knows only the running number.
The step is coprime to ten, so no two running numbers of one operator share a PIN.
"""

from __future__ import annotations

import hashlib

#: Digits of a PIN. Proximus 13 (its Pay&Go terms) and BASE 15 (its top-up page); no other length is sourced.
PIN_DIGITS: dict[str, int] = {"proximus": 13, "base": 15}
UNSOURCED_DIGITS = 14
MARK = "0000"
_STEP = 3**18


def pin_of(seed: str, operator: str, running: int) -> str:
    """The PIN of the `running`-th code sold here, as digits."""
    free = PIN_DIGITS.get(operator, UNSOURCED_DIGITS) - len(MARK)
    room = 10**free
    start = int.from_bytes(hashlib.sha256(f"{seed}\n{operator}".encode()).digest()[:8])
    return MARK + f"{(start + running * _STEP) % room:0{free}d}"


def serial_of(running: int) -> str:
    return f"SANDBOX-{running:07d}"
