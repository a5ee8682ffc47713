"""Giving back a code that nobody has looked at, as a table: when it goes back by itself, and what it posts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from core.cases import AT, CHANCE, PAYMENT, REFUND, money, moved, sold
from opla.core import order
from opla.core.change import CodeBack, Subject
from opla.core.choice import Case
from opla.core.gone import Code
from opla.core.refund import BY_CHOICE, BY_RULE, ENDS_ORDER
from opla.core.take_back import Back, refused, start

UNSEEN = Code(PAYMENT, ours=True, revealed=False)
CASE = Case(sold(order.State.DELIVERED), PAYMENT, "sandbox", 1550, 0, 1550, "seen", "code_stock", 1440, UNSEEN)
TODAY = date(2026, 11, 22)


def in_state(name: str) -> Case:
    return replace(CASE, order=sold(order.State(name)))


@pytest.mark.parametrize(
    ("case", "valid_until", "code"),
    [
        (CASE, None, None),
        (CASE, date(2026, 11, 29), None),
        (CASE, date(2026, 11, 28), "take_back_over"),
        (CASE, date(2026, 11, 1), "take_back_over"),
        (replace(CASE, code=replace(UNSEEN, revealed=True)), None, "code_seen"),
        (replace(CASE, code=None), None, "nothing_to_refund"),  # credit on a number, or a code that is blocked
        (replace(CASE, payment_id=None), None, "nothing_to_refund"),  # a reseller's: it asks the shop
        (replace(CASE, kept_minor=0), None, "nothing_to_refund"),
        (replace(CASE, kept_minor=1000), None, "refund_too_much"),  # some was charged back or is in flight
        (replace(CASE, back_minor=500, kept_minor=1050), None, None),
        (in_state("placed"), None, "not_delivered_yet"),
        (in_state("paid"), None, "not_delivered_yet"),
        (in_state("refunding"), None, "nothing_to_refund"),
        (in_state("refunded"), None, "nothing_to_refund"),
        (in_state("cancelled"), None, "nothing_to_refund"),
    ],
)
def test_when_a_code_goes_back_by_itself(case: Case, valid_until: date | None, code: str | None) -> None:
    found = refused(Back(case, valid_until), TODAY)
    assert (found and found.code) == code


def test_one_of_our_shelf_is_sold_again_and_the_sale_undone_line_by_line() -> None:
    change = start(Back(CASE, None), REFUND, at=AT, chance=CHANCE)
    assert moved(change, Subject.ORDER) == ["returned: delivered → refunding"]
    assert change.codes == (CodeBack(PAYMENT, CASE.order.id, "stock", revealed=False),)
    assert ("refund_due", 1550) in money(change.moves[0])
    assert ("cost_back", 1440) in money(change.moves[0])


def test_a_suppliers_is_blocked_and_its_cost_is_our_loss() -> None:
    change = start(Back(replace(CASE, code=replace(UNSEEN, ours=False)), None), REFUND, at=AT, chance=CHANCE)
    assert change.codes == (CodeBack(PAYMENT, CASE.order.id, "blocked", revealed=False),)
    assert money(change.moves[0]) == [("goodwill", 1550), ("refund_due", 1550)]


def test_it_is_a_refund_by_rule_that_ends_the_order() -> None:
    [refund] = start(Back(CASE, None), REFUND, at=AT, chance=CHANCE).refunds
    assert (refund.reason, refund.why, refund.amount_minor) == ("unseen", "", 1550)
    assert refund.reason in BY_RULE & ENDS_ORDER - BY_CHOICE
