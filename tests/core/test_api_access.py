"""Who may what at the API: one table for keys and for people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from opla.core.api_access import (
    MEMBER_MAY,
    PEOPLE_ONLY,
    USUAL,
    Access,
    Bounds,
    Member,
    Scope,
    admitted,
    read_networks,
)  # fmt: skip
from opla.core.refusal import Code, Refusal

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_key_is_never_given_what_only_people_may_and_codes_only_when_asked_for() -> None:
    assert not USUAL & (PEOPLE_ONLY | {Scope.CODES_READ})


def test_only_the_owner_of_a_reseller_moves_its_money_and_makes_its_keys() -> None:
    for scope in (Scope.KEYS, Scope.FLOAT_WRITE, Scope.REFUNDS_WRITE, Scope.WEBHOOKS, Scope.PASSPORT):
        assert [member for member in Member if scope in MEMBER_MAY[member]] == [Member.OWNER]


def test_whoever_has_not_the_right_is_told_which_one_is_missing() -> None:
    refused = Access("acme", "a@example.org", frozenset({Scope.CATALOGUE})).refused(Scope.CODES_READ)
    assert refused == Refusal(Code.SCOPE_MISSING, params={"scope": "codes:read"})


@pytest.mark.parametrize(
    ("bounds", "address", "code"),
    [
        (Bounds(), "", None),
        (Bounds(AT + timedelta(seconds=1)), "", None),
        (Bounds(AT), "", Code.API_KEY_EXPIRED),
        (Bounds(None, ("203.0.113.0/24",)), "203.0.113.9", None),
        (Bounds(None, ("203.0.113.0/24",)), "::ffff:203.0.113.9", None),
        (Bounds(None, ("203.0.113.0/24", "2001:db8::/32")), "2001:db8::1", None),
        (Bounds(None, ("203.0.113.0/24",)), "203.0.114.9", Code.API_KEY_ELSEWHERE),
        (Bounds(None, ("203.0.113.0/24",)), "", Code.API_KEY_ELSEWHERE),
    ],
)
def test_a_key_is_used_until_its_end_and_from_where_its_owner_said(bounds: Bounds, address: str, code: Code) -> None:
    refused = admitted(bounds, address, AT)
    assert (refused.code if refused else None) == code


def test_networks_are_read_as_people_type_them_and_the_first_that_is_none_is_named() -> None:
    assert read_networks((" 203.0.113.7 ", "203.0.113.9/24")) == ("203.0.113.7/32", "203.0.113.0/24")
    refused = read_networks(("203.0.113.7", "home"))
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.params["network"]) == (Code.NETWORK_UNREADABLE, "home")
