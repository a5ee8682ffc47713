"""Letters on paper: every arrow of their table, what each end of an order is worth, and the window of an envelope."""

from __future__ import annotations

import pytest

from opla.core import order
from opla.core.letter import ADDRESS, ARROWS, ENVELOPES, Envelope, Event, State, Text, Topic, about, sources, target
from opla.core.ports import Kind


def test_an_event_leads_to_one_state_whatever_was_before() -> None:
    for event in Event:
        assert {to for (_, of), to in ARROWS.items() if of is event} == {target(event)}
        assert sources(event)


def test_a_letter_is_posted_only_when_printed_and_goes_out_again_only_sealed() -> None:
    assert sources(Event.POSTED) == [State.PRINTED]
    assert sources(Event.POSTED_AGAIN) == [State.RETURNED]
    assert State.TO_PRINT not in sources(Event.REPRINTED)
    assert State.POSTED not in sources(Event.REPRINTED), "what is in the post may arrive: it is lost first"


@pytest.mark.parametrize(
    ("state", "kind", "text", "topic"),
    [
        (order.State.DELIVERED, Kind.CODE, Text.UNWANTED, Topic.CODE),
        (order.State.DELIVERED, Kind.DIRECT, Text.UNWANTED, Topic.DELIVERED),
        (order.State.DELIVERED, Kind.DIRECT, Text.TOLD, None),
        (order.State.DELIVERED, Kind.DIRECT, Text.WAITING, None),
        (order.State.DELIVERED, Kind.DIRECT, Text.FAILED, Topic.DELIVERED),
        (order.State.REFUNDED, Kind.DIRECT, Text.UNWANTED, Topic.REFUNDED),
        (order.State.REFUNDED, Kind.CODE, Text.FAILED, Topic.REFUNDED),
        (order.State.CANCELLED, Kind.DIRECT, Text.TOLD, Topic.EXPIRED),
        (order.State.CANCELLED, Kind.CODE, Text.UNWANTED, Topic.EXPIRED),
        (order.State.PLACED, Kind.CODE, Text.UNWANTED, None),
        (order.State.REFUNDING, Kind.CODE, Text.UNWANTED, None),
    ],
)
def test_an_end_is_told_by_letter_unless_an_sms_told_it(
    state: order.State, kind: Kind, text: Text, topic: Topic | None
) -> None:
    assert about(state, kind, text) is topic


@pytest.mark.parametrize("envelope", ENVELOPES.values(), ids=list(ENVELOPES))
def test_the_address_shows_in_every_window_wherever_the_sheet_has_slid_to(envelope: Envelope) -> None:
    shown = envelope.always_shown()
    assert shown.left <= ADDRESS.left
    assert shown.top <= ADDRESS.top
    assert shown.right >= ADDRESS.right
    assert shown.bottom >= ADDRESS.bottom


@pytest.mark.parametrize("envelope", ENVELOPES.values(), ids=list(ENVELOPES))
def test_a_window_lies_where_bpost_reads_an_address(envelope: Envelope) -> None:
    assert envelope.window.top >= 400
    assert envelope.high - envelope.window.bottom >= 300
    assert envelope.wide - envelope.window.right >= 150
    assert envelope.window.right - envelope.window.left <= 1250
