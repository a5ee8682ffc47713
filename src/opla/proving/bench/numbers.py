"""Reading Belgian numbers, one core: parse, validate, write the E.164 and the national form; against `phonenumbers`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from random import Random
from statistics import median

from opla.core import sim
from opla.core.phone import Number
from opla.proving.bench.bench import Bench
from opla.proving.bench.row import Row

_ROUNDS = 3
#: How people write the nine digits that follow +32.
_HABITS = (
    "0{a} {b} {c} {d}", "0{a}/{b}.{c}.{d}", "0{a}{b}{c}{d}", "+32{a}{b}{c}{d}", "+32 {a} {b} {c} {d}", "32{a}{b}{c}{d}",
    "+32 (0){a} {b} {c} {d}", "0032 {a} {b} {c} {d}", "0{a}-{b}-{c}-{d}", "gsm 0{a} {b} {c} {d}", "{a}{b}{c}{d}",
)  # fmt: skip
#: Every twentieth is a slip: a digit short, one too many, a landline.
_SLIPS = ("0{a} {b} {c}", "0{a} {b} {c} {d} 1", "02 2{b} {c} {d}")
_SLIP_EVERY = 20

Read = tuple[str, str] | None


def numbers(bench: Bench) -> list[Row]:
    texts = written(100_000 if bench.full else 20_000)
    bench.say(f"numbers: {len(texts):,} texts in {len(_HABITS)} habits of writing")
    differ = [text for text in texts if ours(text) != theirs(text)]
    if differ:
        raise ValueError(f"read differently: {differ[:3]}")
    mine, peer = [], []
    for _ in range(_ROUNDS):
        mine.append(_per_s(ours, texts))
        peer.append(_per_s(theirs, texts))
    note = f"{len(texts):,} texts, {len(_HABITS)} habits, 1 in {_SLIP_EVERY} wrong, one core; floor: phonenumbers"
    return [Row.at_least("numbers", median(mine), "numbers/s", goal=6, floor=median(peer), note=note)]


def written(count: int) -> list[str]:
    """The same texts in every run."""
    random = Random(7)  # noqa: S311 - not a secret
    texts = []
    for n in range(count):
        digits = str(random.randrange(450_000_000, 500_000_000))
        a, b, c, d = digits[:3], digits[3:5], digits[5:7], digits[7:]
        slips, between = divmod(n, _SLIP_EVERY)
        pattern = _HABITS[n % len(_HABITS)] if between else _SLIPS[slips % len(_SLIPS)]
        texts.append(pattern.format(a=a, b=b, c=c, d=d))
    return texts


def ours(text: str) -> Read:
    """As `operations` read what a customer typed."""
    found = sim.identify(text)
    return (found.e164, found.grouped) if isinstance(found, Number) else None


def theirs(text: str) -> Read:
    """As its documentation says to, and mobile numbers alone, as it is for us."""
    import phonenumbers as lib

    try:
        parsed = lib.parse(text, "BE")
    except lib.NumberParseException:
        return None
    if not lib.is_valid_number(parsed) or lib.number_type(parsed) != lib.PhoneNumberType.MOBILE:
        return None
    e164 = lib.format_number(parsed, lib.PhoneNumberFormat.E164)
    return e164, lib.format_number(parsed, lib.PhoneNumberFormat.NATIONAL)


def _per_s(read: Callable[[str], Read], texts: Sequence[str]) -> float:
    began = time.process_time()
    for text in texts:
        read(text)
    return len(texts) / (time.process_time() - began)
