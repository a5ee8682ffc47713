"""What a provider paid out beside what our books say: the table of `core.payout`, a row each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core import payout
from opla.core.money import Money
from opla.core.payout import Ours, Verdict, Waiting
from opla.core.ports import Movement, Payout, PayoutLine
from opla.core.statement import Line

PAID_ON = date(2026, 11, 25)
OURS = Ours(UUID(int=1), "mollie_card", "EUR", 1500, 0, 0, None, "")
KEPT, BACK = replace(OURS, fee_minor=43, fee_on="1500/0"), replace(OURS, refund_minor=500)
CLEARING, SUSPENSE, FEES = "psp_clearing:mollie_card:EUR", "suspense:EUR", "payout_fees:mollie:EUR"
AGREES, OTHER, UNKNOWN, FEE = Verdict.AGREES, Verdict.OTHER_AMOUNT, Verdict.UNKNOWN, Verdict.OTHER_FEE


def told(minor: int = 1457) -> Payout:
    return Payout("stl_1", Money(minor, "EUR"), PAID_ON, "1234567.2611.01")


def line(kind: Movement, gross: int, fee: int = 0, of: str = "tr_1", refund_id: str = "") -> PayoutLine:
    return PayoutLine("l1", kind, gross, fee, of, refund_id)


@dataclass(frozen=True)
class Row:
    what: str
    line: PayoutLine
    ours: Ours | None
    verdict: Verdict
    account: str


ROWS = [
    Row("a payment", line(Movement.PAYMENT, 1500, 43), OURS, AGREES, CLEARING),
    Row("one of another sum", line(Movement.PAYMENT, 1499, 43), OURS, OTHER, CLEARING),
    Row("one that came already", line(Movement.PAYMENT, 1500), replace(OURS, told_paid_minor=1500), OTHER, CLEARING),
    Row("one of nobody", line(Movement.PAYMENT, 1500, 43), None, UNKNOWN, SUSPENSE),
    Row("one in another currency", line(Movement.PAYMENT, 1500), replace(OURS, currency="USD"), UNKNOWN, SUSPENSE),
    Row("its known fee", line(Movement.PAYMENT, 1500, 43), KEPT, AGREES, CLEARING),
    Row(
        "a higher one for the same",
        line(Movement.PAYMENT, 1500, 44), KEPT, FEE, CLEARING,
    ),
    Row("a lower one for the same", line(Movement.PAYMENT, 1500, 42), KEPT, FEE, CLEARING),
    Row(
        "a part of it: the rest comes with the charge-back",
        line(Movement.PAYMENT, 1500, 43),
        replace(OURS, charged_back_minor=1500, fee_minor=2043, fee_on="1500/1500"), AGREES, CLEARING,
    ),
    Row("our refund", line(Movement.REFUND, -500, 25, refund_id="re_1"), BACK, AGREES, CLEARING),
    Row("of another sum", line(Movement.REFUND, -499, refund_id="re_1"), BACK, OTHER, CLEARING),
    Row("one by their dashboard", line(Movement.REFUND, -500), replace(OURS, back_minor=500), AGREES, CLEARING),
    Row(
        "one by their dashboard with a fee that nothing of ours bears",
        line(Movement.REFUND, -500, 25, refund_id="re_9"), replace(OURS, back_minor=500), FEE, CLEARING,
    ),
    Row("one that came back, and its fee", line(Movement.REFUND, 500, -25), replace(BACK, told_back_minor=500), FEE,
        CLEARING),
    Row("more than went back", line(Movement.REFUND, -501), replace(OURS, back_minor=500), OTHER, CLEARING),
    Row("one that came back", line(Movement.REFUND, 500), replace(OURS, told_back_minor=500), AGREES, CLEARING),
    Row("a charge-back", line(Movement.CHARGE_BACK, -1500), replace(OURS, charged_back_minor=1500), AGREES, CLEARING),
    Row("one that we do not know yet", line(Movement.CHARGE_BACK, -1500), OURS, OTHER, CLEARING),
    Row(
        "one that was won",
        line(Movement.CHARGE_BACK, 1500), replace(OURS, told_charged_back_minor=1500), AGREES, CLEARING,
    ),
    Row("a fee of no payment", line(Movement.FEE, 0, 1000, of=""), None, AGREES, FEES),
    Row("a payout that came back", line(Movement.RETURNED, 900, of=""), None, AGREES, ""),
    Row("what nobody knows", line(Movement.OTHER, -900, of=""), None, UNKNOWN, SUSPENSE),
    Row("what nobody knows of a payment", line(Movement.OTHER, -900), OURS, UNKNOWN, SUSPENSE),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_each_line_is_what_the_table_says(row: Row) -> None:
    [judged] = payout.judge("mollie", told(), [row.line], {"l1": row.ours} if row.ours else {})
    assert (judged.verdict, judged.account) == (row.verdict, row.account)


def test_two_refunds_of_one_payment_in_one_payout_are_counted_together() -> None:
    lines = [replace(line(Movement.REFUND, -300), id=name) for name in ("l1", "l2")]
    ours = replace(OURS, back_minor=500)
    judged = payout.judge("mollie", told(), lines, dict.fromkeys(("l1", "l2"), ours))
    assert [one.verdict for one in judged] == [AGREES, OTHER]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([kind for kind in Movement if kind is not Movement.RETURNED]),
            st.integers(-10_000, 10_000),
            st.integers(-100, 100),
            st.booleans(),
        ),
        max_size=8,
    )
)
def test_what_moves_into_transit_is_the_payout_to_the_cent(drawn: list[tuple[Movement, int, int, bool]]) -> None:
    lines = [PayoutLine(str(n), kind, gross, fee, "tr_1") for n, (kind, gross, fee, _) in enumerate(drawn)]
    ours = {str(n): OURS for n, (*_, mine) in enumerate(drawn) if mine}
    journal = payout.journal("mollie", "EUR", payout.judge("mollie", told(), lines, ours))
    moved = sum(t.amount_minor if t.debit == "in_transit:mollie:EUR" else -t.amount_minor for t in journal)
    assert moved == sum(one.net_minor for one in lines)
    assert all(t.amount_minor > 0 and t.debit != t.credit for t in journal)


def test_a_payout_that_takes_money_from_the_bank_moves_the_other_way() -> None:
    taken = payout.arrival("mollie", Money(-700, "EUR"))
    assert (taken.debit, taken.credit, taken.amount_minor) == ("in_transit:mollie:EUR", "bank:EUR", 700)


# ── the bank's statement ──

WAITING = Waiting(UUID(int=7), "mollie", Money(1457, "EUR"), PAID_ON, "1234567.2611.01")
SAME_SUM = replace(WAITING, id=UUID(int=8), reference="1234567.2611.02")


@pytest.mark.parametrize(
    ("text", "name", "minor", "day", "waiting", "shown"),
    [
        ("Settlement 1234567.2611.01", "", 1457, 26, [WAITING], 7),
        ("SETTLEMENT 1234567 2611 02 REF", "", 1457, 26, [WAITING, SAME_SUM], 8),
        ("1234567.2611.01", "", 1458, 26, [WAITING], None),
        ("", "Stichting Mollie Payments", 1457, 26, [WAITING], 7),
        ("", "Stichting Mollie Payments", 1457, 26, [WAITING, SAME_SUM], None),
        ("", "Stichting Mollie Payments", 1457, 3, [WAITING], None),
        ("", "Somebody", 1457, 26, [WAITING], None),
        ("", "Stripe", 1457, 26, [replace(WAITING, reference="")], None),
        ("", "", 1457, 26, [replace(WAITING, reference="14")], None),
    ],
)
def test_a_line_shows_a_payout_by_its_reference_or_its_name_and_always_by_its_sum(
    text: str, name: str, minor: int, day: int, waiting: list[Waiting], shown: int | None
) -> None:
    seen = Line(date(2026, 11, day), minor, text=text, name=name)
    assert payout.shown(seen, "EUR", waiting) == (UUID(int=shown) if shown else None)
