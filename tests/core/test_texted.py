"""What people text, however they write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.chance import Chance
from opla.core.texted import Balance, Status, Stop, Texted, TopUp, Yes, read

TICKET = "K7M3-9QX2-TB"


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        (f"STATUS {TICKET}", Status(TICKET)),
        ("status k7m39qx2tb", Status(TICKET)),
        ("  Status: K7M3 9QX2 TB. ", Status(TICKET)),
        (f"STATUS\n{TICKET}", Status(TICKET)),
        (f"STATUS {TICKET}\nSent from my phone", Status(TICKET)),
        ("ＳＴＡＴＵＳ Ｋ７Ｍ３－９ＱＸ２－ＴＢ", Status(TICKET)),
        ("状态 K7M3-9QX2-TB", Status(TICKET)),
        ("状态K7M39QX2TB", Status(TICKET)),
        ("STATUS", Status("")),
        ("STATUS 8K2F", Status("")),
        ("STATUS K7M3-9QX2-TBB", Status("")),
        ("STATUS O0I1-LLUU-OO", Status("")),
        ("SALDO", Balance("nl")),
        ("balance?", Balance("en")),
        ("Solde svp", Balance("fr")),
        ("Guthaben", Balance("de")),
        ("余额", Balance("zh-Hans")),
        ("STOP", Stop()),
        ("stop!", Stop()),
        ("Stop sms", Stop()),
        ("ARRÊT", Stop()),
        ("arre\u0302t", Stop()),
        ("退订", Stop()),
        ("TOPUP 15", TopUp("15", "", "en")),
        ("Top-up 15 LYCAMOBILE", TopUp("15", "LYCAMOBILE", "en")),
        ("topup15", TopUp("15", "", "en")),
        ("recharge 15,00 € Mobile Vikings", TopUp("15.00", "Mobile Vikings", "fr")),
        ("Herladen 15 euro", TopUp("15", "", "nl")),
        ("AUFLADEN 15 hey!", TopUp("15", "hey!", "de")),
        ("充值15", TopUp("15", "", "zh-Hans")),
        ("充值　１５　BASE", TopUp("15", "BASE", "zh-Hans")),
        ("充话费", TopUp("", "", "zh-Hans")),
        ("DATA", TopUp("", "", "", data=True)),
        ("Daten 10\nSent from my phone", TopUp("10", "", "de", data=True)),
        ("充流量", TopUp("", "", "zh-Hans", data=True)),
        ("YES +32 470 12 34 56", Yes("+32 470 12 34 56")),
        ("ja 0470/12.34.56 toon", Yes("0470/12.34.56", shown=True)),
        ("好 0470123456 显示", Yes("0470123456", shown=True)),
        ("oui", Yes("")),
        ("topups", None),
        ("database", None),
        ("yesterday", None),
        ("", None),
        ("...", None),
        ("Hello", None),
        ("statuses", None),
        ("please stop", None),
        ("I am driving and answer later. STATUS", None),
    ],
)
def test_the_first_word_says_what_is_asked(text: str, read_as: Texted | None) -> None:
    assert read(text) == read_as


@given(st.text())
def test_no_text_breaks_the_reader_and_a_number_is_always_in_its_own_form(text: str) -> None:
    for found in (read(text), read(f"STATUS {text}")):
        assert not isinstance(found, Status) or found.ticket == "" or len(found.ticket) == len(TICKET)


def test_every_number_that_is_drawn_is_read_back() -> None:
    chance = Chance()
    for _ in range(200):
        drawn = chance.order_number()
        assert read(f"status {drawn.lower()}") == Status(drawn)
