"""The record of processing says the periods that the code keeps to."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

import support  # noqa: F401 - sets Django up, which the imports below need
from opla.accounts import customer
from opla.core import card, slip, webhook
from opla.core.bulk import life
from opla.operations import bank_lines, look_up, order_texts, passport_reports, remind, sign_in

RECORD = (Path(__file__).resolve().parents[1] / "docs" / "reference" / "record-of-processing.md").read_text("utf-8")

KEPT = [
    ("a session", customer.SIGNED_IN),
    ("a link to sign in", sign_in.VALID),
    ("nothing left to remind of", remind.FORGET_AFTER),
    ("after the link ends", order_texts._TEXTS_KEPT),
    ("receipts", order_texts._RECEIPTS_KEPT),
    ("after handing over or posting", card.ADDRESS_KEPT),
    ("after handing over or posting", slip.ADDRESS_KEPT),
    ("Bank transfers", bank_lines.PARTY_KEPT),
    ("a file's rows", life.KEPT),
    ("what their programs were told", webhook.KEPT),
    ("reports", passport_reports.KEPT),
    ("which operator a number has", look_up.KEPT),
]


@pytest.mark.parametrize(("what", "kept"), KEPT, ids=[what for what, _ in KEPT])
def test_a_period_of_the_record_is_the_codes(what: str, kept: timedelta) -> None:
    said = f"{kept.days} day" if kept.days else f"{int(kept.total_seconds() // 60)} minutes"
    assert any(what in row and said in row for row in RECORD.splitlines()), f"{what}: {said}"
