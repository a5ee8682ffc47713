"""The judge of chaos finds every planted lie, and nothing where there is none. The other side's log is a real file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import pytest

from opla.counterparts.entries import Entry
from opla.counterparts.log import facts
from opla.proving.chaos.judge import Broken, Held, OurOrder, OurRefund, Ours, Theirs, judge

DELIVERED, REFUNDED, CANCELLED = (UUID(int=n) for n in (1, 2, 3))


def given(reference: str) -> Entry:
    return {"what": "operator.given", "at_ms": 2, "reference": reference, "running": 1, "valid_until": "2027-01-01"}


def asked(reference: str) -> Entry:
    return {
        "what": "operator.accepted", "at_ms": 1, "reference": reference, "kind": "code", "face_minor": 1500,
        "currency": "EUR", "operator": "proximus",
    }  # fmt: skip


def paid(reference: str, minor: int = 1500) -> list[Entry]:
    id_ = f"sp_{reference}"
    return [
        {"what": "payment.created", "at_ms": 1, "id": id_, "reference": reference, "currency": "EUR"},
        {"what": "payment.captured", "at_ms": 2, "id": id_, "amount_minor": minor},
    ]


def refunded(reference: str, charge: str, minor: int = 1500) -> Entry:
    return {
        "what": "payment.refunded", "at_ms": 3, "id": f"sp_{charge}", "reference": reference, "amount_minor": minor,
    }  # fmt: skip


def mailed(reference: str) -> Entry:
    return {"what": "mail.received", "at_ms": 4, "reference": reference}


#: One order delivered by code, one declined and refunded, one never paid.
LOG: tuple[Entry, ...] = (
    *paid("charge-1"), asked("send-1"), given("send-1"), mailed("letter-1"),
    *paid("charge-2"), asked("send-2"), {"what": "operator.declined", "at_ms": 2, "reference": "send-2", "why": "x"},
    refunded("refund-2", "charge-2"), mailed("letter-2"),
)  # fmt: skip


@dataclass
class Case:
    """Both sides and the customers, all of one mind until a test plants something."""

    ours: Ours
    log: list[Entry]
    codes: dict[str, bytes]
    held: list[Held]


@pytest.fixture
def case() -> Case:
    orders = [
        OurOrder(DELIVERED, "A-1", "delivered", b"link 1", 1500, parked=False, delivered_by="send-1", code=b"pin 1"),
        OurOrder(REFUNDED, "A-2", "refunded", b"link 2", 1500, parked=False),
        OurOrder(CANCELLED, "A-3", "cancelled", b"link 3", 1500, parked=False),
    ]
    ours = Ours(
        orders={order.id: order for order in orders},
        sends={"send-1": DELIVERED, "send-2": REFUNDED},
        charges={"charge-1": [DELIVERED], "charge-2": [REFUNDED], "charge-3": [CANCELLED]},
        refunds={"refund-2": OurRefund(1500, done=True, parked=False, order_id=REFUNDED)},
        told={"letter-1": DELIVERED, "letter-2": REFUNDED},
        untold={},
    )
    held = [
        Held(frozenset({b"link 1"}), frozenset({b"pin 1"})),
        Held(frozenset({b"link 2"}), frozenset()),
        Held(frozenset(), frozenset()),  # who was told nothing
    ]
    return Case(ours, list(LOG), {"send-1": b"pin 1"}, held)


def found(case: Case, path: Path) -> list[Broken]:
    log = path / "log.jsonl"
    log.write_text("".join(json.dumps([entry]) + "\n" for entry in case.log))
    return [finding.broken for finding in judge(case.ours, Theirs(facts(log), case.codes), case.held)]


def order(case: Case, id_: UUID, **changed: object) -> None:
    orders = {**case.ours.orders, id_: replace(case.ours.orders[id_], **changed)}  # type: ignore[arg-type]  # named by the tests
    case.ours = replace(case.ours, orders=orders)


def test_where_both_sides_agree_there_is_nothing_to_find(case: Case, tmp_path: Path) -> None:
    assert found(case, tmp_path) == []


def a_second_gift(case: Case) -> None:
    case.log.append(given("send-1"))


def a_gift_under_a_second_reference(case: Case) -> None:
    case.log += [asked("send-9"), given("send-9")]
    case.ours = replace(case.ours, sends={**case.ours.sends, "send-9": DELIVERED})


def a_gift_and_a_code_of_our_own(case: Case) -> None:
    order(case, DELIVERED, from_shelf=1)


def a_gift_nobody_asked_for(case: Case) -> None:
    case.log += [asked("send-9"), given("send-9")]


def a_gift_for_money_that_went_back(case: Case) -> None:
    case.log.append(given("send-2"))


def a_gift_that_was_taken_back(case: Case) -> None:
    case.log.append({"what": "operator.reversed", "at_ms": 9, "reference": "send-1"})


def another_code_than_they_gave(case: Case) -> None:
    case.codes["send-1"] = b"pin 9"


def a_second_payment_kept(case: Case) -> None:
    case.log += paid("charge-9")
    case.ours = replace(case.ours, charges={**case.ours.charges, "charge-9": [DELIVERED]})


def a_payment_captured_twice(case: Case) -> None:
    case.log.append({"what": "payment.captured", "at_ms": 9, "id": "sp_charge-1", "amount_minor": 1500})


def a_payment_nobody_here_knows(case: Case) -> None:
    case.log += paid("charge-9")


def paid_and_cancelled(case: Case) -> None:
    case.log += paid("charge-3")


def delivered_and_charged_back(case: Case) -> None:
    case.log.append({"what": "payment.charged_back", "at_ms": 9, "id": "sp_charge-1", "amount_minor": 1500})


def a_refund_the_provider_never_saw(case: Case) -> None:
    case.log.remove(refunded("refund-2", "charge-2"))


def a_refund_of_another_amount(case: Case) -> None:
    case.log[case.log.index(refunded("refund-2", "charge-2"))] = refunded("refund-2", "charge-2", 1499)


def a_refund_we_did_not_make(case: Case) -> None:
    case.log.append(refunded("refund-9", "charge-1", 1))


def an_acknowledged_order_that_is_missing(case: Case) -> None:
    case.held.append(Held(frozenset({b"link 9"}), frozenset()))


def one_quote_that_became_two_orders(case: Case) -> None:
    case.held[0] = Held(frozenset({b"link 1", b"link 3"}), frozenset({b"pin 1"}))


def a_code_shown_to_somebody_else(case: Case) -> None:
    case.held[1] = Held(frozenset({b"link 2"}), frozenset({b"pin 1"}))


def an_order_that_stands_still(case: Case) -> None:
    order(case, CANCELLED, state="placed")


def a_message_said_to_be_sent(case: Case) -> None:
    case.log.remove(mailed("letter-1"))


def a_message_never_sent(case: Case) -> None:
    case.ours = replace(case.ours, untold={"letter-9": DELIVERED})


def books_that_do_not_balance(case: Case) -> None:
    case.ours = replace(case.ours, unbalanced=["balances: 1 wrong"])


@pytest.mark.parametrize(
    ("plant", "broken"),
    [
        (a_second_gift, Broken.TWICE),
        (a_gift_under_a_second_reference, Broken.TWICE),
        (a_gift_and_a_code_of_our_own, Broken.TWICE),
        (a_gift_nobody_asked_for, Broken.UNTRUE),
        (a_gift_for_money_that_went_back, Broken.LOST),
        (a_gift_that_was_taken_back, Broken.LOST),
        (another_code_than_they_gave, Broken.UNTRUE),
        (a_second_payment_kept, Broken.TWICE),
        (a_payment_captured_twice, Broken.TWICE),
        (a_payment_nobody_here_knows, Broken.UNTRUE),
        (paid_and_cancelled, Broken.LOST),
        (delivered_and_charged_back, Broken.LOST),
        (a_refund_the_provider_never_saw, Broken.UNTRUE),
        (a_refund_of_another_amount, Broken.UNTRUE),
        (a_refund_we_did_not_make, Broken.UNTRUE),
        (an_acknowledged_order_that_is_missing, Broken.LOST),
        (one_quote_that_became_two_orders, Broken.TWICE),
        (a_code_shown_to_somebody_else, Broken.UNTRUE),
        (an_order_that_stands_still, Broken.LOST),
        (a_message_said_to_be_sent, Broken.UNTRUE),
        (a_message_never_sent, Broken.LOST),
        (books_that_do_not_balance, Broken.UNBALANCED),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_planted_lie_is_found(case: Case, tmp_path: Path, plant: Callable[[Case], None], broken: Broken) -> None:
    plant(case)
    assert broken in found(case, tmp_path)


def test_what_lies_on_a_persons_list_is_not_lost(case: Case, tmp_path: Path) -> None:
    order(case, CANCELLED, state="refunding", parked=True)
    case.log += paid("charge-3")
    assert found(case, tmp_path) == []


def test_a_persons_list_does_not_excuse_value_given_twice(case: Case, tmp_path: Path) -> None:
    order(case, DELIVERED, parked=True)
    case.log.append(given("send-1"))
    assert Broken.TWICE in found(case, tmp_path)
