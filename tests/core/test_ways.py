"""Which way of paying is offered after one did not go through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.ways import AFTER, MEANS, Means, means, next_ways

SHOP = ("mollie_card", "mollie_bancontact", "mollie_paypal", "stripe_wechat_pay", "cash", "bank_transfer", "sandbox")


@pytest.mark.parametrize(
    ("why", "first", "last"),
    [
        ("", "mollie_card", "cash"),
        ("abandoned", "mollie_card", "cash"),
        ("card_details", "mollie_card", "cash"),
        ("refused", "mollie_paypal", "mollie_card"),
        ("card_expired", "mollie_paypal", "mollie_card"),
        ("no_funds", "mollie_bancontact", "mollie_card"),
        ("a word nobody knows", "mollie_card", "cash"),
    ],
)
def test_after_a_card_did_not_go_through(why: str, first: str, last: str) -> None:
    found = next_ways("mollie_card", why, SHOP)
    assert (found[0], found[-1]) == (first, last)


@pytest.mark.parametrize(
    ("method", "found"),
    [
        ("mollie_wechat_pay", Means.WALLET),
        ("paypal", Means.WALLET),
        ("stripe_paypal", Means.WALLET),
        ("bank_transfer", Means.TRANSFER),
        ("cash", Means.CASH),
        ("mollie", Means.PAGE),
        ("simulated", Means.PAGE),
    ],
)
def test_a_way_is_known_by_its_own_name_whoever_provides_it(method: str, found: Means) -> None:
    assert means(method) is found


@given(
    st.lists(st.sampled_from([*MEANS, "mollie", *(f"mollie_{name}" for name in MEANS)]), unique=True, min_size=1),
    st.sampled_from([*AFTER, "?"]),
    st.data(),
)
def test_every_way_of_the_shop_is_offered_once_and_none_it_does_not_have(
    offered: list[str], why: str, data: st.DataObject
) -> None:
    method = data.draw(st.sampled_from([*offered, "withdrawn"]))
    assert sorted(next_ways(method, why, offered)) == sorted(offered)
