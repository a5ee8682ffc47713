from __future__ import annotations

import pytest

from opla.core import idempotency
from opla.core.refusal import Code, Refusal


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("my-4711", "my-4711"),
        ('"my-4711"', "my-4711"),
        (' "my-4711" ', "my-4711"),
        ('"a \\"b\\" \\\\"', 'a "b" \\'),
        ("request 7", "request 7"),
        ("x" * 64, "x" * 64),
    ],
)
def test_a_plain_key_and_a_quoted_one_are_the_same(header: str, key: str) -> None:
    assert idempotency.read(header) == key


@pytest.mark.parametrize("header", ["", " ", '""', '" "', '"a', '"a" b', '"a\\b"', "x" * 65, "clé", "a\tb", "a\x7f"])
def test_what_is_no_key_is_a_missing_key(header: str) -> None:
    assert idempotency.read(header) == Refusal(Code.KEY_MISSING, "Idempotency-Key")
