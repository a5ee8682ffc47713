"""Six digits of the half minute, against the vectors of RFC 6238 (appendix B) and RFC 4226 (appendix D)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from opla.core.one_time import address, digits, step_at, step_of, written

KEY = b"12345678901234567890"
#: Seconds since 1970, and the eight digits of SHA-1.
RFC_6238 = [
    (59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"), (1234567890, "89005924"),
    (2000000000, "69279037"), (20000000000, "65353130"),
]  # fmt: skip
RFC_4226 = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(("seconds", "shown"), RFC_6238)
def test_the_vectors_of_rfc_6238(seconds: int, shown: str) -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    assert digits(KEY, step_at(at), 8) == shown


def test_the_vectors_of_rfc_4226() -> None:
    assert [digits(KEY, count) for count in range(10)] == RFC_4226


@pytest.mark.parametrize(("late_s", "accepted"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_half_a_minute_off(late_s: int, accepted: bool) -> None:
    shown = digits(KEY, step_at(AT + timedelta(seconds=late_s)))
    assert (step_of(KEY, shown, AT) is not None) is accepted


@pytest.mark.parametrize("typed", ["", "12345", "x", "一二三四五六"])
def test_what_is_no_six_digits_is_of_no_half_minute(typed: str) -> None:
    assert step_of(KEY, typed, AT) is None


def test_the_key_is_written_as_apps_read_it() -> None:
    assert written(KEY) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert address(KEY, "Opla", "a b@example.org") == (
        f"otpauth://totp/Opla:a%20b%40example.org?secret={written(KEY)}&issuer=Opla"
    )
