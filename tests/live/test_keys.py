"""What guards the tests of this folder: whose keys they take, and that a live one is refused unsent."""

from __future__ import annotations

import pytest

from live.trying import keys
from opla.payments import mollie, stripe


@pytest.mark.parametrize(
    ("name", "key", "moves_money"),
    [("mollie", "live_" + "a1B2" * 8, mollie.moves_money), ("stripe", "rk_live_" + "a1B2" * 8, stripe.moves_money)],
)
def test_a_live_key_is_refused_by_its_name_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, key: str, moves_money: object
) -> None:
    variable = f"OPLA_TRY_{name.upper()}_KEY"
    monkeypatch.setenv(variable, key)
    assert callable(moves_money)
    with pytest.raises(pytest.fail.Exception, match=f"{variable}: a live key") as refused:
        keys(name, ["key"], {}, moves_money)
    assert key not in str(refused.value)


def test_without_keys_a_test_is_skipped_by_the_name_of_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPLA_TRY_MOLLIE_KEY", raising=False)
    monkeypatch.setenv("OPLA_PAYMENTS_MOLLIE_KEY", "test_" + "a1B2" * 8)  # a shop's own is not taken
    with pytest.raises(pytest.skip.Exception, match="no sandbox of mollie here: OPLA_TRY_MOLLIE_KEY not set"):
        keys("mollie", ["key"], {}, mollie.moves_money)
