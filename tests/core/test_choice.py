"""Refunds by choice as a table: what a person may give back, and what becomes of the value."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.cases import AT, CHANCE, ORDER, PAYMENT, REFUND, money, moved, sold
from opla.core import order
from opla.core.actor import Actor, Role
from opla.core.change import CodeBack, Subject
from opla.core.choice import Case, Wish, refused, same_person, start, words
from opla.core.gone import Code

SEEN = Code(PAYMENT, ours=True, revealed=True)
UNSEEN = replace(SEEN, revealed=False)
CASE = Case(sold(order.State.DELIVERED), PAYMENT, "sandbox", 1550, 0, 1550, "seen", "code_stock", 1440, UNSEEN)
WISH = Wish(REFUND, None, "a reason")


def state(name: str) -> Case:
    return replace(CASE, order=sold(order.State(name)), code=None)


@pytest.mark.parametrize(
    ("case", "wish", "code"),
    [
        (CASE, WISH, None),
        (CASE, replace(WISH, amount_minor=1), None),
        (CASE, replace(WISH, amount_minor=1551), "refund_too_much"),
        (CASE, replace(WISH, amount_minor=0), "amount_unreadable"),
        (CASE, replace(WISH, amount_minor=-5), "amount_unreadable"),
        (CASE, replace(WISH, why=" "), "reason_missing"),
        (replace(CASE, kept_minor=1000), WISH, "refund_too_much"),  # some of it was charged back or is in flight
        (replace(CASE, kept_minor=1000), replace(WISH, amount_minor=1000), None),
        (replace(CASE, kept_minor=0), WISH, "nothing_to_refund"),
        (replace(CASE, kept_minor=-1), WISH, "nothing_to_refund"),
        (replace(CASE, back_minor=550), replace(WISH, amount_minor=1001), "refund_too_much"),
        (replace(CASE, back_minor=1550), WISH, "nothing_to_refund"),
        (replace(CASE, code=SEEN), WISH, "evidence_missing"),
        (replace(CASE, code=SEEN), replace(WISH, evidence="the operator says it is unused"), None),
        (replace(CASE, code=SEEN), replace(WISH, amount_minor=500), None),  # a part leaves the code with its buyer
        (replace(CASE, code=SEEN, back_minor=500), replace(WISH, amount_minor=1050), "evidence_missing"),
        (state("placed"), WISH, "nothing_to_refund"),
        (state("cancelled"), WISH, "nothing_to_refund"),
        (state("refunded"), WISH, "nothing_to_refund"),
        (state("paid"), WISH, "refund_by_rule"),
        (state("refunding"), WISH, "refund_by_rule"),
        (state("delivered"), WISH, None),
    ],
)
def test_a_wish_is_granted_or_refused_by_name(case: Case, wish: Wish, code: str | None) -> None:
    no = refused(case, wish)
    assert (no.code if no else None) == code


@pytest.mark.parametrize(
    ("case", "wish", "event", "lines", "codes"),
    [
        (
            CASE,
            WISH,
            "returned: delivered → refunding",
            {"cost_back": 1440, "margin_back": 60, "fee_back": 41, "fee_vat_back": 9, "refund_due": 1550},
            (CodeBack(PAYMENT, ORDER, "stock", revealed=False),),
        ),
        (
            replace(CASE, back_minor=550),
            WISH,
            "returned: delivered → refunding",
            {
                "cost_back": 1440,
                "margin_back": 60,
                "fee_back": 41,
                "fee_vat_back": 9,
                "goodwill_back": 550,
                "refund_due": 1000,
            },
            (CodeBack(PAYMENT, ORDER, "stock", revealed=False),),
        ),
        (
            replace(CASE, code=replace(UNSEEN, ours=False)),
            WISH,
            "withdrawn: delivered → refunding",
            {"goodwill": 1550, "refund_due": 1550},
            (CodeBack(PAYMENT, ORDER, "blocked", revealed=False),),
        ),
        (
            replace(CASE, code=SEEN),
            WISH,
            "withdrawn: delivered → refunding",
            {"goodwill": 1550, "refund_due": 1550},
            (CodeBack(PAYMENT, ORDER, "blocked", revealed=True),),
        ),
        (
            replace(CASE, code=None),
            WISH,
            "withdrawn: delivered → refunding",
            {"goodwill": 1550, "refund_due": 1550},
            (),
        ),
        (
            CASE,
            replace(WISH, amount_minor=500),
            "goodwill: delivered → delivered",
            {"goodwill": 500, "refund_due": 500},
            (),
        ),
    ],
    ids=["our unseen code", "after a part", "a supplier's unseen code", "a seen code", "on a number", "a part"],
)
def test_what_becomes_of_the_value_and_which_accounts_give(
    case: Case, wish: Wish, event: str, lines: dict[str, int], codes: tuple[CodeBack, ...]
) -> None:
    change = start(case, wish, asked=False, at=AT, chance=CHANCE)
    assert moved(change, Subject.ORDER) == [event]
    assert dict(money(change.moves[0])) == lines
    assert (change.codes, change.sums[0].seen) == (codes, "seen")
    [refund] = change.refunds
    assert refund.reason == ("goodwill" if wish.amount_minor else "choice")
    assert [(a.kind, a.refund_id) for a in change.attempts] == [("refund", REFUND)]


def test_an_approved_one_moves_the_row_that_waits_instead_of_making_another() -> None:
    change = start(CASE, WISH, asked=True, at=AT, chance=CHANCE)
    assert (change.refunds, moved(change, Subject.REFUND)) == ((), ["approved: asked → due"])
    assert change.closes == (("refund_approval", ORDER),)


@pytest.mark.parametrize(
    ("asked_by", "approves", "same"),
    [
        ("owner:anna@example.org", "ben@example.org", False),
        ("owner:anna@example.org", "anna@example.org", True),
        ("support:Anna@example.org", "anna@example.org ", True),
        ("owner", "ben@example.org", True),
        ("owner:anna@example.org", "", True),
    ],
)
def test_a_second_person_is_another_one_in_whatever_role(asked_by: str, approves: str, same: bool) -> None:
    assert same_person(asked_by, Actor(Role.OWNER, approves)) is same


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("PIN 4821 9034 7715 2 is unused", "PIN …715 2 is unused"),
        ("4821903477152", "…7152"),
        ("case 12345, €15.00 on 22-11-2026", "case 12345, €15.00 on 22-11-2026"),
        ("  two\n lines ", "two lines"),
    ],
)
def test_a_code_quoted_in_evidence_is_not_kept(text: str, kept: str) -> None:
    assert words(text) == kept


def test_words_are_bounded() -> None:
    assert len(words("a" * 5000)) == 1000
