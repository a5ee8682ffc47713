"""The alphabets and parts of a text message, by the figures of the standard and as laws."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opla.core.sms import Coding, header, read, written

#: Every sign that a phone shows of the first alphabet.
GSM = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCXYZÄÖÑÜ§¿abcxyzäöñüà\f^{}\\[~]|€"
TEXTS = st.one_of(st.text(GSM, max_size=700), st.text(max_size=300), st.text("充值成功😀a", max_size=300))


@pytest.mark.parametrize(
    ("text", "coding", "units", "parts"),
    [
        ("", Coding.GSM, 0, 1),
        ("a" * 160, Coding.GSM, 160, 1),
        ("a" * 161, Coding.GSM, 161, 2),
        ("a" * 306, Coding.GSM, 306, 2),
        ("a" * 307, Coding.GSM, 307, 3),
        ("€" * 80, Coding.GSM, 160, 1),
        ("€" * 81, Coding.GSM, 162, 2),
        ("a" + "€" * 80, Coding.GSM, 161, 2),
        ("充" * 70, Coding.UCS2, 70, 1),
        ("充" * 71, Coding.UCS2, 71, 2),
        ("充" * 134, Coding.UCS2, 134, 2),
        ("充" * 135, Coding.UCS2, 135, 3),
        ("a" * 70 + "ç", Coding.UCS2, 71, 2),  # the alphabet has Ç, and not ç
        ("Ç" * 160, Coding.GSM, 160, 1),
        ("😀" * 35, Coding.UCS2, 70, 1),
        ("😀" * 36, Coding.UCS2, 72, 2),
        ("\x1b", Coding.UCS2, 1, 1),  # the escape itself is no sign
        ("`", Coding.UCS2, 1, 1),
    ],
)
def test_a_text_is_counted_as_a_network_counts_it(text: str, coding: Coding, units: int, parts: int) -> None:
    found = written(text)
    assert (found.coding, found.units, len(found.parts)) == (coding, units, parts)


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("@", "00"),
        ("$", "02"),
        ("é", "05"),
        ("\n", "0a"),
        ("Δ", "10"),
        ("_", "11"),
        ("Ξ", "1a"),
        ("Æ", "1c"),
        ("É", "1f"),
        ("¤", "24"),
        ("¡", "40"),
        ("A", "41"),
        ("Ä", "5b"),
        ("§", "5f"),
        ("¿", "60"),
        ("a", "61"),
        ("ä", "7b"),
        ("à", "7f"),
        ("€", "1b65"),
        ("^{}\\[~]|", "1b141b281b291b2f1b3c1b3d1b3e1b40"),
        ("充值", "5145503c"),
        ("😀", "d83dde00"),
    ],
)
def test_a_sign_has_the_octets_of_the_standard(text: str, octets: str) -> None:
    found = written(text)
    assert found.parts == (bytes.fromhex(octets),)
    assert read(found.parts[0], found.coding) == text


@example("€" * 161)
@example("a" + "😀" * 70)
@given(TEXTS)
def test_a_text_arrives_whole_and_no_part_is_longer_than_a_message(text: str) -> None:
    found = written(text)
    assert "".join(read(part, found.coding) or "" for part in found.parts) == text  # each part by itself
    longest = found.coding.alone if len(found.parts) == 1 else found.coding.joined
    assert max(map(len, found.parts)) <= longest
    assert len(found.parts) == 1 or all(found.parts)
    if len(found.parts) > 1:
        assert all(len(part) > longest - 4 for part in found.parts[:-1])  # none is left half empty
        assert sum(map(len, found.parts)) > found.coding.alone


@given(TEXTS)
def test_the_smaller_alphabet_is_taken_wherever_it_has_all_signs(text: str) -> None:
    assert (written(text).coding is Coding.GSM) == all(
        sign in GSM or sign in "0123456789" or (sign.isascii() and sign.isalpha()) for sign in text
    )


@given(st.binary(max_size=300), st.integers(0, 255))
def test_whatever_comes_in_is_read_or_left(octets: bytes, data_coding: int) -> None:
    found = read(octets, data_coding)
    assert (found is None) == (data_coding not in (0, 1, 3, 8))
    assert found is None or not any("\ud800" <= sign <= "\udfff" for sign in found)


def test_a_lone_half_of_a_sign_is_a_question_mark() -> None:
    assert written("a\ud83d").parts == (bytes.fromhex("0061003f"),)


def test_a_header_says_which_part_of_how_many() -> None:
    assert header(300, 2, 3) == bytes([5, 0, 3, 44, 3, 2])
