from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from opla.core import attempt
from opla.core.attempt import Contradiction, Kind, State, Step, after, due, late, step
from opla.core.ports import Answer, Promises

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)

#: state: what it becomes when the answer is succeeded, declined, pending, not_sent, unknown. `!` is a contradiction.
TABLE = """
new        !          declined  !          !          !
claimed    !          !         !          !          !
sending    succeeded  declined  pending    new        unknown
pending    succeeded  declined  pending    pending    pending
unknown    succeeded  declined  pending    unknown    unknown
succeeded  succeeded  !         succeeded  succeeded  succeeded
declined   !          declined  declined   declined   declined
"""
ROWS = [
    (State(state), answer, target)
    for state, *targets in map(str.split, TABLE.strip().splitlines())
    for answer, target in zip(Answer, targets, strict=True)
]


def test_the_table_holds_every_state_and_answer() -> None:
    assert [str(a) for a in Answer] == ["succeeded", "declined", "pending", "not_sent", "unknown"]
    assert {(s, a) for s, a, _ in ROWS} == {(s, a) for s in State for a in Answer}


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize(("state", "answer", "target"), ROWS)
def test_an_answer_leads_where_the_table_says(kind: Kind, state: State, answer: Answer, target: str) -> None:
    if (kind, state, answer) == (Kind.CHARGE, State.DECLINED, Answer.SUCCEEDED):
        target = "succeeded"  # a session called expired may be paid after all
    if target == "!":
        with pytest.raises(Contradiction):
            after(kind, state, answer)
    else:
        assert after(kind, state, answer) == target


def test_what_may_have_left_never_becomes_new() -> None:
    assert {s for (s, _), target in attempt.NEXT_CHARGE.items() if target is State.NEW} == {State.SENDING}


#: state: what is done when they refuse repeats and find / refuse repeats only / find only / neither.
STEPS = """
new        send    send    send  send
claimed    send    send    send  send
sending    repeat  repeat  ask   park
unknown    repeat  repeat  ask   park
pending    ask     park    ask   park
succeeded  ask     park    ask   park
declined   ask     park    ask   park
"""


@pytest.mark.parametrize("row", STEPS.strip().splitlines())
def test_what_is_done_follows_from_the_promises_alone(row: str) -> None:
    state, *steps = row.split()
    for wanted, (refuses, finds) in zip(
        steps, [(True, True), (True, False), (False, True), (False, False)], strict=True
    ):
        assert step(State(state), Promises(refuses, finds, 10)) is Step(wanted)


def test_questions_come_quickly_first_and_never_end() -> None:
    for kind, schedule in attempt.ASK_AFTER_S.items():
        assert sorted(schedule) == list(schedule)
        assert due(kind, State.PENDING, 0, AT) == AT + timedelta(seconds=schedule[0])
        assert due(kind, State.UNKNOWN, 10**6, AT) == AT + timedelta(seconds=schedule[-1])
        assert due(kind, State.NEW, 0, AT) == AT + timedelta(seconds=attempt.RESEND_AFTER_S[0])


def test_a_long_step_does_not_pass_over_the_time_for_a_person() -> None:
    parks_at = AT + timedelta(seconds=90)
    assert due(Kind.SEND, State.UNKNOWN, 99, AT, parks_at) == parks_at
    assert due(Kind.SEND, State.UNKNOWN, 0, AT, parks_at) == AT + timedelta(seconds=1)
    assert due(Kind.SEND, State.UNKNOWN, 99, parks_at, parks_at) == parks_at + timedelta(hours=1)


def test_late_looks_become_rarer_and_end() -> None:
    seen, at = [], AT
    while (then := late(AT, at)) is not None:
        seen.append((then - AT).total_seconds())
        at = then
    assert seen == [5, 30, 300, 3600, 86400]


@pytest.mark.parametrize("state", [State.SENDING, State.UNKNOWN])
def test_a_reference_they_have_forgotten_is_asked_about_and_never_sent_again(state: State) -> None:
    for_an_hour = Promises(True, True, 10, repeat_within_s=3600)
    assert step(state, for_an_hour, timedelta(minutes=59)) is Step.REPEAT
    assert step(state, for_an_hour, timedelta(hours=1)) is Step.ASK
    assert step(state, Promises(True, False, 10, repeat_within_s=3600), timedelta(hours=1)) is Step.PARK
    assert step(state, Promises(True, True, 10), timedelta(days=9)) is Step.REPEAT
