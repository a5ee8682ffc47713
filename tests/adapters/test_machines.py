"""The counterparts' machines on their own: no server, no file, time as an argument."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opla.core.ports import Kind
from opla.counterparts.codes import MARK, PIN_DIGITS, pin_of
from opla.counterparts.entries import Entry, Refused
from opla.counterparts.mailbox import Mail, Mailbox
from opla.counterparts.operator import CODE_DAYS, FLOAT_MINOR, Ask, Operators
from opla.counterparts.operator import Status as SendStatus
from opla.counterparts.payment import LATE_MS, SESSION_MS, Order, Outcome, Payments, Status

T0 = 1_795_000_000_000
SHOP = "http://127.0.0.1:8000/o/1"


def order(reference: str = "r1", amount_minor: int = 1500) -> Order:
    return Order(reference, amount_minor, "EUR", "Proximus €15", "en", SHOP, "")


def keep(machine: Payments | Operators | Mailbox, change: Iterable[Entry] | Refused) -> list[Entry]:
    """What `service` does: through JSON, as the log would, then applied."""
    assert not isinstance(change, Refused), change
    kept: list[Entry] = json.loads(json.dumps(list(change)))
    for entry in kept:
        machine.apply(entry)
    return kept


def started() -> Payments:
    machine = Payments()
    keep(machine, machine.create(order(), T0, "p1", "t1"))
    return machine


#: outcome → status and captured at once; the same after six seconds; the same after the session
LIVES = {
    Outcome.PAY: ((Status.PAID, 1500), (Status.PAID, 1500), (Status.PAID, 1500)),
    Outcome.REFUSE: ((Status.FAILED, 0), (Status.FAILED, 0), (Status.FAILED, 0)),
    Outcome.ABANDON: ((Status.OPEN, 0), (Status.OPEN, 0), (Status.EXPIRED, 0)),
    Outcome.LATE: ((Status.EXPIRED, 0), (Status.PAID, 1500), (Status.PAID, 1500)),
    Outcome.TWICE: ((Status.PAID, 3000), (Status.PAID, 3000), (Status.PAID, 3000)),
}


@pytest.mark.parametrize("outcome", LIVES)
def test_each_button_leads_where_it_says(outcome: Outcome) -> None:
    machine = started()
    keep(machine, machine.decide("p1", outcome, T0))
    for after_ms, expected in zip((0, LATE_MS, SESSION_MS), LIVES[outcome], strict=True):
        keep(machine, machine.due(T0 + after_ms))
        payment = machine.by_id["p1"]
        assert (payment.status, payment.captured_minor) == expected
    assert machine.next_due_ms() is None


def test_a_decided_payment_is_not_decided_again() -> None:
    machine = started()
    keep(machine, machine.decide("p1", Outcome.REFUSE, T0))
    assert machine.decide("p1", Outcome.PAY, T0) == Refused(409, "already_decided")


def test_nothing_is_due_a_moment_before_its_time() -> None:
    machine = started()
    assert machine.next_due_ms() == T0 + SESSION_MS
    assert list(machine.due(T0 + SESSION_MS - 1)) == []


def test_a_chargeback_takes_what_is_kept_and_only_once() -> None:
    machine = started()
    assert machine.decide("p1", Outcome.CHARGE_BACK, T0) == Refused(409, "nothing_kept")
    keep(machine, machine.decide("p1", Outcome.PAY, T0))
    keep(machine, machine.refund("f1", "p1", 500, "EUR", T0, "sr_1"))
    keep(machine, machine.decide("p1", Outcome.CHARGE_BACK, T0))
    assert machine.by_id["p1"].charged_back_minor == 1000
    assert machine.decide("p1", Outcome.CHARGE_BACK, T0) == Refused(409, "nothing_kept")


#: what was chosen at the first payment → what a later charge by its mandate is at once and 5 s later, and why
CONSENTS = {
    Outcome.PAY: (Status.PAID, Status.PAID, ""),
    Outcome.THEN_AUTHENTICATE: (Status.FAILED, Status.FAILED, "authentication"),
    Outcome.THEN_REFUSE: (Status.FAILED, Status.FAILED, "refused"),
    Outcome.THEN_SILENCE: (Status.PAID, Status.PAID, ""),
    Outcome.THEN_DEBIT: (Status.OPEN, Status.PAID, ""),
}


@pytest.mark.parametrize("outcome", CONSENTS)
def test_a_later_charge_ends_as_was_chosen_at_the_first(outcome: Outcome) -> None:
    machine = Payments()
    keep(machine, machine.create(replace(order(), keep=True), T0, "sp_1", "t1"))
    keep(machine, machine.decide("sp_1", outcome, T0))
    later = replace(order("r2"), mandate="sm_1")
    keep(machine, machine.create(later, T0, "sp_2", "t2"))
    at_once, after, why = CONSENTS[outcome]
    assert (machine.by_id["sp_2"].status, machine.by_id["sp_2"].why) == (at_once, why)
    keep(machine, machine.due(T0 + LATE_MS))
    assert machine.by_id["sp_2"].status is after
    assert machine.loses_answer(later) is (outcome is Outcome.THEN_SILENCE)
    assert machine.mandates["sm_1"].days == (5 if outcome is Outcome.THEN_DEBIT else 0)
    assert "t2" not in machine.by_token


def test_consent_that_the_bank_ended_or_that_was_never_asked_for_charges_nothing() -> None:
    machine = Payments()
    for id_, asked in (("sp_1", replace(order(), keep=True)), ("sp_2", order("r2"))):
        keep(machine, machine.create(asked, T0, id_, id_))
    assert machine.decide("sp_2", Outcome.THEN_DEBIT, T0) == Refused(409, "keeps_nothing")
    keep(machine, machine.decide("sp_2", Outcome.PAY, T0))
    keep(machine, machine.decide("sp_1", Outcome.THEN_END, T0))
    for mandate in ("sm_1", "sm_2"):
        asked = replace(order("r3"), mandate=mandate)
        assert machine.create(asked, T0, "sp_3", "t3") == Refused(422, "mandate_ended")


steps = st.one_of(
    st.tuples(st.just("create"), st.integers(0, 3), st.integers(1, 9)),
    st.tuples(st.just("decide"), st.integers(0, 3), st.sampled_from(list(Outcome))),
    st.tuples(st.just("refund"), st.integers(0, 3), st.integers(1, 20)),
    st.tuples(st.just("wait"), st.integers(0, 3), st.integers(1, SESSION_MS)),
    st.tuples(st.just("again"), st.integers(0, 3), st.integers(0, 3)),
    st.tuples(st.just("end"), st.integers(0, 3), st.just(0)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(steps, max_size=25))
def test_payments_replayed_from_their_entries_are_the_same_and_never_give_back_more_than_they_took(
    story: list[tuple[str, int, int | Outcome]],
) -> None:
    machine, log, now = Payments(), [], T0
    for turn, (what, which, detail) in enumerate(story):
        change: Iterable[Entry] | Refused
        if what == "create":
            asked = replace(order(f"r{which}", int(str(detail))), keep=which > 0)
            change = machine.create(asked, now, f"p{which}", f"t{turn}")
        elif what == "again":
            asked = replace(order(f"m{turn}"), mandate=f"sm_p{detail}")
            change = machine.create(asked, now, f"m{turn}", f"t{turn}")
        elif what == "end":
            change = machine.end_mandate(f"sm_p{which}", now)
        elif what == "decide":
            change = machine.decide(f"p{which}", Outcome(str(detail)), now)
        elif what == "refund":
            change = machine.refund(f"f{turn % 7}", f"p{which}", int(str(detail)), "EUR", now, f"sr_{turn}")
        else:
            now += int(str(detail))
            change = list(machine.due(now))
        if not isinstance(change, Refused):
            log += keep(machine, change)
    again = Payments()
    keep(again, log)
    assert vars(again) == vars(machine)
    for payment in machine.by_id.values():
        assert 0 <= payment.kept_minor <= payment.captured_minor <= 2 * payment.order.amount_minor


# ── operators ──


def ask(reference: str = "r1", number: str = "", operator: str = "proximus", face_minor: int = 1500) -> Ask:
    kind = Kind.DIRECT if number else Kind.CODE
    return Ask(reference, "sku", operator, kind, face_minor, "EUR", number, "")


def told(machine: Operators, asked: Ask, at_ms: int = T0) -> list[Entry]:
    turn = machine.send(asked, at_ms, f"so_{asked.reference}")
    assert not isinstance(turn, Refused), turn
    return keep(machine, turn.entries)


def test_a_direct_top_up_adds_credit_once_per_reference() -> None:
    machine = Operators("seed")
    for _ in range(3):
        told(machine, ask(number="+32470123456"))
    told(machine, ask("r2", number="+32470123456"))
    assert machine.subscribers["proximus", "+32470123456"].credit_minor == 3000
    assert (machine.sends["r1"].cost_minor, machine.sends["r1"].cost_currency) == (1440, "EUR")


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        (ask(face_minor=0), "amount_invalid"),
        (Ask("r", "s", "base", Kind.DIRECT, 1, "EUR", "", ""), "kind_not_sold"),
        (Ask("r", "s", "base", Kind.CODE, 1, "EUR", "+32470123456", ""), "kind_not_sold"),
        (Ask("r", "s", "base", Kind.ESIM, 1, "EUR", "", ""), "kind_not_sold"),
    ],
)
def test_what_is_not_sold_is_refused_by_name(asked: Ask, word: str) -> None:
    assert Operators("seed").send(asked, T0, "x") == Refused(422, word)


def test_a_reference_with_other_fields_is_refused_and_gives_nothing() -> None:
    machine = Operators("seed")
    told(machine, ask())
    assert machine.send(ask(operator="base"), T0, "x") == Refused(409, "reference_used")


@pytest.mark.parametrize("operator", ["proximus", "base", "orange", "lycamobile"])
def test_a_sandbox_pin_has_its_operators_length_and_can_never_pass_for_a_real_one(operator: str) -> None:
    pins = [pin_of("seed", operator, running) for running in range(1, 5000)]
    assert len(set(pins)) == len(pins)
    assert {len(pin) for pin in pins} == {PIN_DIGITS.get(operator, 14)}
    assert all(pin.startswith(MARK) and pin.isdigit() for pin in pins)


def test_a_code_is_redeemed_once_on_one_number() -> None:
    machine = Operators("seed")
    told(machine, ask())
    pin = machine.pin(machine.sends["r1"])
    keep(machine, machine.redeem(pin, "+32470000001", T0))
    assert machine.subscribers["proximus", "+32470000001"].credit_minor == 1500
    assert machine.redeem(pin, "+32470000002", T0) == Refused(422, "code_used")
    assert machine.redeem("0" * 13, "+32470000002", T0) == Refused(422, "code_unknown")


def test_a_code_past_its_date_is_refused() -> None:
    machine = Operators("seed")
    told(machine, ask())
    pin = machine.pin(machine.sends["r1"])
    day = 86_400_000
    assert isinstance(machine.redeem(pin, "+32470000001", T0 + CODE_DAYS * day), list)
    assert machine.redeem(pin, "+32470000001", T0 + (CODE_DAYS + 1) * day) == Refused(422, "code_expired")


def test_no_entry_holds_a_pin() -> None:
    machine = Operators("seed")
    entries = told(machine, ask())
    assert machine.pin(machine.sends["r1"]) not in json.dumps(entries)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 5),
            st.sampled_from(["", *(f"+32470123{ending}" for ending in (456, *range(900, 911)))]),
            st.integers(0, 15_000),
        ),
        max_size=25,
    )
)
def test_operators_replayed_from_their_entries_are_the_same_and_give_once_per_reference(
    story: list[tuple[int, str, int]],
) -> None:
    machine, log, now = Operators("seed"), [], T0
    for which, number, wait_ms in story:
        turn = machine.send(ask(f"r{which}", number), now, f"so_{which}")
        if not isinstance(turn, Refused):
            log += keep(machine, turn.entries)
        now += wait_ms
        while due := list(machine.due(now)):
            log += keep(machine, due)
    again = Operators("seed")
    keep(again, log)
    assert vars(again) == vars(machine)
    given_to = [entry["reference"] for entry in log if entry["what"] == "operator.given"]
    assert len(given_to) == len(set(given_to))
    credit = sum(one.credit_minor for one in machine.subscribers.values())
    direct = [send for send in machine.sends.values() if send.ask.number and send.status is SendStatus.COMPLETED]
    assert credit == 1500 * len(direct)


def test_the_same_mail_arrives_once() -> None:
    box = Mailbox()
    mail = Mail("m1", "a@example.org", "Hi", "text", "en")
    keep(box, box.receive(mail, T0))
    assert box.receive(Mail("m1", "a@example.org", "Hi again", "text", "en"), T0) == []
    assert [kept.subject for kept in box.mails.values()] == ["Hi"]


def test_entries_are_flat_and_ready_for_json() -> None:
    makers: list[Callable[[], Iterable[Entry] | Refused]] = [
        lambda: Payments().create(order(), T0, "p", "t"),
        lambda: Mailbox().receive(Mail("m", "a", "b", "c", "en"), T0),
    ]
    for make in makers:
        made = make()
        assert not isinstance(made, Refused)
        assert all(isinstance(value, str | int) for entry in made for value in entry.values())


def test_what_lies_there_of_ours_shrinks_by_what_it_takes_and_fills_itself_at_half() -> None:
    operators = Operators("seed")
    assert operators.float_left() == (FLOAT_MINOR, "EUR")
    for n in range(400):
        ask = Ask(f"r{n}", "PX-15", "proximus", Kind.CODE, 1500, "EUR", "", "")
        turn = operators.send(ask, n, f"so_{n}")
        assert not isinstance(turn, Refused)
        for entry in turn.entries:
            operators.apply(entry)
        left_minor, _ = operators.float_left()
        assert left_minor == FLOAT_MINOR - (n + 1) * 1440 % (FLOAT_MINOR // 2)
        assert FLOAT_MINOR // 2 < left_minor <= FLOAT_MINOR


def test_a_number_is_known_once_it_was_topped_up_and_by_whom_last() -> None:
    operators = Operators("seed", takes="USD")
    assert (operators.whose("+32470123456"), operators.float_left()[1]) == ("", "USD")
    for n, operator in enumerate(("base", "orange")):
        ask = Ask(f"r{n}", "X", operator, Kind.DIRECT, 1500, "EUR", "+32470123456", "")
        turn = operators.send(ask, n, f"so_{n}")
        assert not isinstance(turn, Refused)
        for entry in turn.entries:
            operators.apply(entry)
        assert operators.whose("+32470123456") == operator
