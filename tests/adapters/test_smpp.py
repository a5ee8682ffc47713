"""Texts over SMPP: what leaves as octets, what becomes of silence and refusals, and what comes back."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.centre import Centre, deliver, pdu
from adapters.worlds import nobody
from opla import notices
from opla.core.ports import Answer, Hears, Message, Receipt, Tells, Text, TextReport
from opla.notices.smpp.client import Lost
from opla.notices.smpp.config import Config
from opla.notices.smpp.pdu import Broken, Pdu, delivered
from opla.notices.smpp.provider import SMPP

GIVEN = {"host": "127.0.0.1", "port": "1", "system_id": "opla", "password": "secret8", "sender": "8811", "tls": "0"}


@pytest.fixture
def centre() -> Iterator[Centre]:
    found = Centre()
    yield found
    found.stop()


def at(centre: Centre, **change: str) -> SMPP:
    built = notices.build("smpp", {**GIVEN, "port": str(centre.port), "timeout_s": "0.5", **change})
    assert isinstance(built, SMPP)
    return built


def text(words: str = "Hello €5", to: str = "+32470123456") -> Message:
    return Message("0a" * 16, to, "not sent", words, "en")


# ── what leaves ──


def test_a_text_leaves_with_its_alphabet_and_asks_for_a_receipt(centre: Centre) -> None:
    adapter = at(centre)
    assert isinstance(adapter, Tells)
    assert isinstance(adapter, Hears)
    assert adapter.tell(text()) is Answer.SUCCEEDED
    [one] = centre.taken
    assert (one.source, one.to) == ((3, 0, b"8811"), (1, 1, b"32470123456"))
    assert (one.esm_class, one.receipt, one.coding) == (0, 1, 0)
    assert one.octets == b"Hello \x1be5"
    assert [command for command, *_ in centre.came] == [2, 4, 6]


def test_a_long_chinese_text_leaves_in_parts_that_a_phone_can_join(centre: Centre) -> None:
    words = "您的订单已送达。" * 20
    assert at(centre).tell(text(words)) is Answer.SUCCEEDED
    assert [one.octets[:3] for one in centre.taken] == [bytes([5, 0, 3])] * 3
    assert [one.octets[4:6] for one in centre.taken] == [bytes([3, n]) for n in (1, 2, 3)]
    assert len({one.octets[3] for one in centre.taken}) == 1
    assert all(one.esm_class == 0x40 and one.coding == 8 and len(one.octets) <= 140 for one in centre.taken)
    assert b"".join(one.octets[6:] for one in centre.taken).decode("utf-16-be") == words
    at(centre).tell(text(words))
    assert centre.taken[3].octets[3] == centre.taken[0].octets[3]  # sent again, it is the same text


@pytest.mark.parametrize(
    ("sender", "source"),
    [
        ("+32480000000", (1, 1, b"32480000000")),
        ("32480000000", (1, 1, b"32480000000")),
        ("8811", (3, 0, b"8811")),
        ("Opla", (5, 0, b"Opla")),
    ],
)
def test_a_sender_is_a_number_a_short_code_or_a_name(
    centre: Centre, sender: str, source: tuple[int, int, bytes]
) -> None:
    at(centre, sender=sender).tell(text())
    assert centre.taken[0].source == source


@pytest.mark.parametrize("to", ["", "0470123456", "ana@example.org", "+0470123456", "+3247\x00123456", "+" + "3" * 16])
def test_what_is_no_number_is_declined_and_nobody_is_called(centre: Centre, to: str) -> None:
    assert at(centre).tell(text(to=to)) is Answer.DECLINED
    assert not centre.came


def test_a_text_of_too_many_parts_is_declined_before_it_costs_anything(centre: Centre) -> None:
    assert at(centre).tell(text("充" * 671)) is Answer.DECLINED
    assert not centre.came


# ── what becomes of it ──


@pytest.mark.parametrize(
    ("status", "answer"),
    [(0x0B, Answer.DECLINED), (0x14, Answer.NOT_SENT), (0x58, Answer.NOT_SENT), (0x400, Answer.UNKNOWN)],
)
def test_a_refusal_of_the_first_part_is_by_its_number(centre: Centre, status: int, answer: Answer) -> None:
    centre.statuses = [status]
    assert at(centre).tell(text("a" * 200)) is answer
    assert len(centre.taken) == 1


@pytest.mark.parametrize("status", [0x0B, 0x14, 0x58])
def test_a_refusal_of_a_later_part_is_unknown(centre: Centre, status: int) -> None:
    centre.statuses = [0, status]
    assert at(centre).tell(text("a" * 200)) is Answer.UNKNOWN


@pytest.mark.parametrize("manner", ["silent", "hang_up", "garbage", "nack"])
def test_what_is_not_answered_after_it_left_is_unknown_and_soon(centre: Centre, manner: str) -> None:
    centre.manner = manner
    began = time.monotonic()
    assert at(centre).tell(text()) is Answer.UNKNOWN
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("manner", ["stranger", "asks"])
def test_an_answer_is_taken_for_its_own_request_alone(centre: Centre, manner: str) -> None:
    centre.manner = manner
    assert at(centre).tell(text()) is Answer.SUCCEEDED
    if manner == "asks":
        assert centre.answered(0x8000_0015) == [(0, 5000)]


def test_without_a_connection_or_a_bind_nothing_was_sent(centre: Centre) -> None:
    assert at(centre, password="wrong").tell(text()) is Answer.NOT_SENT
    assert at(centre, port=nobody().rpartition(":")[2]).tell(text()) is Answer.NOT_SENT
    assert at(centre, host="no..where").tell(text()) is Answer.NOT_SENT
    assert at(centre, tls="1").tell(text()) is Answer.NOT_SENT  # no TLS is spoken there, and so nothing is said
    centre.hold_bind = True
    assert at(centre).tell(text()) is Answer.NOT_SENT
    assert not centre.taken


# ── what comes back ──


class Listening:
    """Somebody who listens on a thread, until the test is over."""

    def __init__(self, adapter: SMPP, heard: Callable[[object], None] | None = None) -> None:
        self.heard: list[object] = []
        self.lost = ""
        self._over = False
        self._adapter, self._hear = adapter, heard or self.heard.append
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._adapter.listen(self._hear, lambda: self._over)
        except Lost as why:
            self.lost = str(why)

    def over(self) -> str:
        self._over = True
        self._thread.join(5)
        assert not self._thread.is_alive()
        return self.lost


RECEIPT = b"id:m1 sub:001 dlvrd:001 submit date:2611221005 done date:2611221006 stat:DELIVRD err:000 text:Hello"


def test_texts_and_receipts_are_heard_and_answered_in_their_order(centre: Centre) -> None:
    listening = Listening(at(centre))
    centre.bring(5, deliver(b"STATUS 8K2F"), 1)
    centre.bring(5, deliver(RECEIPT, esm_class=4), 2)
    centre.bring(5, deliver("余额".encode("utf-16-be"), coding=8, source=b"8811", ton=3), 3)
    centre.bring(0x15, b"", 4)
    assert centre.answered(0x8000_0005, 3) == [(0, 1), (0, 2), (0, 3)]
    assert centre.answered(0x8000_0015) == [(0, 4)]
    assert listening.over() == ""
    assert listening.heard == [
        Text("+32470123456", "STATUS 8K2F"),
        Receipt("m1", "DELIVRD"),
        Text("8811", "余额"),
    ]


def test_a_text_that_nobody_could_take_in_comes_again_and_none_of_it_is_in_the_log(
    centre: Centre, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(_: object) -> None:
        raise RuntimeError("STATUS 8K2F")

    listening = Listening(at(centre), breaks)
    with caplog.at_level(logging.ERROR):
        centre.bring(5, deliver(b"STATUS 8K2F"), 1)
        assert centre.answered(0x8000_0005) == [(0x64, 1)]
    listening.over()
    assert "RuntimeError" in caplog.text
    assert "8K2F" not in caplog.text


def test_what_cannot_be_read_never_comes_again(centre: Centre) -> None:
    listening = Listening(at(centre))
    centre.bring(5, b"\0\x01", 1)
    centre.bring(5, deliver(b"\x01\x02", coding=4), 2)
    assert centre.answered(0x8000_0005, 2) == [(0x65, 1), (0, 2)]
    listening.over()
    assert listening.heard == []


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"HTTP/1.1 200 OK\r\n", "no SMPP"),
        (pdu(6, 0, 1, b""), "they ended it"),
    ],
)
def test_a_connection_that_ends_is_lost_by_name(centre: Centre, octets: bytes, why: str) -> None:
    listening = Listening(at(centre))
    centre.bring(0, octets=octets)
    listening._thread.join(3)
    assert listening.over() == why


def test_an_idle_line_is_asked_once_whether_it_lives_and_a_dead_one_is_lost(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opla.notices.smpp.provider._LOOK_S", 0.02)
    adapter = at(centre)
    adapter.ask_after_s = 0.1
    listening = Listening(adapter)
    assert centre.answered(0x15, 1)
    centre.manner = "silent"
    before = len(centre.answered(0x15))
    listening._thread.join(5)
    assert listening.over() == "silent for too long"
    assert len(centre.answered(0x15)) - before <= 2  # dozens of looks, one question for each silence


@pytest.mark.parametrize(
    ("octets", "more", "receipt"),
    [
        (RECEIPT, b"", Receipt("m1", "DELIVRD")),
        (RECEIPT.replace(b"DELIVRD", b"undeliv"), b"", Receipt("m1", "UNDELIV")),
        (b"", b"\x00\x1e\x00\x03m7\0\x04\x27\x00\x01\x05", Receipt("m7", "UNDELIV")),
        (RECEIPT, b"\x00\x1e\x00\x03m7\0\x04\x27\x00\x01\x03", Receipt("m7", "EXPIRED")),
        (b"", b"\x00\x1e\x00\x03m7\0\x04\x27\x00\x01\x63", None),
        (b"stat:DELIVRD", b"", None),
        (RECEIPT.replace(b"DELIVRD", b"PERHAPS"), b"", None),
        (b"", b"", None),
    ],
)
def test_a_receipt_is_read_by_its_parameters_or_its_words(octets: bytes, more: bytes, receipt: Receipt | None) -> None:
    assert delivered(Pdu(5, 0, 1, deliver(octets, esm_class=4, more=more))) == receipt


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (bytes([5, 0, 3, 44, 2, 1]), (44, 1, 2)),
        (bytes([6, 8, 4, 1, 2, 3, 2]), (258, 2, 3)),
        (bytes([10, 36, 1, 1, 0, 3, 9, 2, 2, 36, 0]), (9, 2, 2)),
        (bytes([3, 36, 1, 1]), (0, 1, 1)),
    ],
)
def test_a_part_says_which_it_is(header: bytes, part: tuple[int, int, int]) -> None:
    found = delivered(Pdu(5, 0, 1, deliver(header + b"SALDO", esm_class=0x40)))
    assert found == Text("+32470123456", "SALDO", part)


@pytest.mark.parametrize(
    ("ton", "source", "number"),
    [
        (1, b"32470123456", "+32470123456"),
        (0, b"32470123456", "+32470123456"),
        (0, b"0470123456", "0470123456"),
        (2, b"470123456", "470123456"),
        (0, b"8811", "8811"),
        (5, b"Opla", "Opla"),
        (1, b"", ""),
    ],
)
def test_a_number_is_one_that_can_be_answered_from_anywhere(ton: int, source: bytes, number: str) -> None:
    found = delivered(Pdu(5, 0, 1, deliver(b"SALDO", ton=ton, source=source)))
    assert isinstance(found, Text)
    assert found.number == number


def test_a_long_text_may_come_as_a_parameter() -> None:
    found = delivered(Pdu(5, 0, 1, deliver(b"", more=b"\x04\x24\x00\x05SALDO")))
    assert found == Text("+32470123456", "SALDO")


@given(st.binary(max_size=200))
def test_no_octets_of_theirs_break_the_reader(body: bytes) -> None:
    for whole in (body, deliver(body[:200], esm_class=0x40), deliver(b"", esm_class=4, more=body)):
        try:
            delivered(Pdu(5, 0, 1, whole))
        except Broken:
            continue


def test_a_text_does_not_show_itself() -> None:
    assert "8K2F" not in repr(Text("+32470123456", "STATUS 8K2F"))


# ── settings ──


@pytest.mark.parametrize(
    "change",
    [
        {"host": ""},
        {"host": "a b"},
        {"port": "0"},
        {"port": "99999"},
        {"system_id": "x" * 16},
        {"password": ""},
        {"password": "much too long"},
        {"sender": "a name that is long"},
        {"sender": ""},
        {"tls": "yes"},
    ],
    ids=str,
)
def test_settings_that_are_not_enough_are_named_and_no_password_is_shown(change: dict[str, str]) -> None:
    [field] = change
    with pytest.raises(ValueError, match=f"^{field}: ") as refused:
        Config.from_mapping({**GIVEN, **change})
    assert "long" not in str(refused.value)
    assert "secret8" not in repr(Config.from_mapping(GIVEN))


def test_tls_is_spoken_unless_somebody_says_otherwise() -> None:
    assert Config.from_mapping({name: value for name, value in GIVEN.items() if name != "tls"}).tls


# ── what they call it, and parts ──


def test_the_ids_of_all_parts_are_told_and_of_what_was_not_taken_none(centre: Centre) -> None:
    adapter = at(centre)
    assert adapter.text(text("x" * 200)) == TextReport(Answer.SUCCEEDED, ("m1", "m2"))
    centre.statuses = [0, 0x14]
    assert adapter.text(text("x" * 200)) == TextReport(Answer.UNKNOWN, ("m3",))
    centre.statuses = [0x14]
    assert adapter.text(text()) == TextReport(Answer.NOT_SENT)
    centre.manner = "hang_up"
    assert adapter.text(text()) == TextReport(Answer.UNKNOWN)


SAR = b"\x02\x0c\x00\x02\x02\x03" + b"\x02\x0e\x00\x01\x03" + b"\x02\x0f\x00\x01\x02"


@pytest.mark.parametrize(
    ("more", "part"),
    [
        (SAR, (515, 2, 3)),
        (SAR[:6], (0, 1, 1)),
        (SAR[6:], (0, 1, 1)),
        (b"\x02\x0c\x00\x01\x02" + SAR[6:], (0, 1, 1)),
        (b"", (0, 1, 1)),
    ],
)
def test_parts_that_are_numbered_without_a_header_are_read(more: bytes, part: tuple[int, int, int]) -> None:
    found = delivered(Pdu(5, 0, 1, deliver(b"SALDO", more=more)))
    assert found == Text("+32470123456", "SALDO", part)
