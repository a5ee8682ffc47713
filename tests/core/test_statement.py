"""What a bank's file says, and every way in which a file is not taken. The sample files are not ours: `OPLA_SPECS`."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iso import valid
from opla.core.refusal import Code
from opla.core.statement import MAX_BYTES, Source, Unreadable, read
from opla.core.statement import camt as camt_files
from opla.core.statement import coda as coda_files
from opla.core.statement.gaps import Kept, gaps
from opla.core.statement.recognising import Seen, recognised
from opla.core.structured import belgian, number, rf
from statements import OUR_IBAN, PAYER, Coda, camt, entry

NUMBER = number(1234567890)
_SPECS = Path(os.environ.get("OPLA_SPECS", "/nowhere"))
needs_specs = pytest.mark.skipif(not (_SPECS / "camt").is_dir(), reason="OPLA_SPECS names no folder with the samples")


def taken(data: bytes) -> list[tuple[int, frozenset[str], str]]:
    """Amount, references and other account of every line of our account's file."""
    found = read(data, account=OUR_IBAN, currency="EUR")
    return [(line.amount_minor, line.references, line.iban) for one in found for line in one.lines]


def refused(data: bytes) -> tuple[Code, dict[str, str]]:
    with pytest.raises(Unreadable) as why:
        read(data, account=OUR_IBAN, currency="EUR")
    return why.value.code, dict(why.value.params)


@pytest.mark.parametrize("message", ["053", "054"])
@pytest.mark.parametrize("version", ["08", "13"])  # older ones say amounts otherwise: others' samples have them
def test_what_these_tests_write_is_what_the_standard_allows(message: str, version: str) -> None:
    whole = entry(1500, structured=NUMBER, iban=PAYER, name="Zoë", ref="A1")
    back = entry(-700, text="x|y", iban=PAYER, name="Zoë", reversal=True)
    both = entry(300, parts=[(100, "a"), (200, "b")])
    assert valid(camt(whole, back, both, message=message, version=version)) == []


# ── what is read ──────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", ["02", "04", "08", "13"])
@pytest.mark.parametrize(
    "how", [{"structured": NUMBER}, {"text": belgian(NUMBER)}, {"structured": rf(NUMBER).replace(" ", "")},
            {"text": f"thanks {rf(NUMBER)}"}, {"text": "+++123/4567/8|9002+++"}]
)  # fmt: skip
def test_a_transfer_is_read_from_every_version_of_camt_with_its_reference(version: str, how: dict[str, str]) -> None:
    assert taken(camt(entry(1500, iban=PAYER, **how), version=version)) == [(1500, frozenset({NUMBER}), PAYER)]


def test_a_transfer_is_read_from_a_notification_and_from_coda() -> None:
    assert taken(camt(entry(1500, text=belgian(NUMBER), iban=PAYER), message="054")) == [(1500, {NUMBER}, PAYER)]
    coda = Coda().move(1500, reference=NUMBER, iban=PAYER).move(700, text=belgian(NUMBER)).move(-300, text="rent")
    assert taken(coda.file()) == [(1500, {NUMBER}, PAYER), (700, {NUMBER}, ""), (-300, frozenset(), "")]


def test_only_what_is_booked_is_money() -> None:
    pending = entry(900, text=belgian(NUMBER), status="PDNG")
    assert taken(camt(entry(1500), pending)) == [(1500, frozenset(), "")]


def test_a_bundle_is_as_many_lines_as_it_tells_the_amounts_of() -> None:
    bundle = entry(2500, parts=[(1500, belgian(NUMBER)), (1000, "")])
    assert [line[:2] for line in taken(camt(bundle))] == [(1500, {NUMBER}), (1000, frozenset())]
    silent = entry(2500, parts=[(None, belgian(NUMBER)), (None, "")])
    assert [line[:2] for line in taken(camt(silent))] == [(2500, frozenset())]  # who sent what cannot be known


def test_what_the_bank_takes_back_is_marked() -> None:
    [statement] = read(camt(entry(1500), entry(-1500, reversal=True)), account=OUR_IBAN, currency="EUR")
    assert [line.reversal for line in statement.lines] == [False, True]
    [statement] = read(Coda().move(1500).move(-1500, returned="4").file(), account=OUR_IBAN, currency="EUR")
    assert [line.reversal for line in statement.lines] == [False, True]


def test_a_total_in_coda_is_followed_by_its_lines() -> None:
    coda = Coda().move(2500, kind="2", details=[(1500, NUMBER), (1000, "")])
    assert [line[:2] for line in taken(coda.file())] == [(1500, {NUMBER}), (1000, frozenset())]


def test_a_cards_number_in_coda_is_no_reference() -> None:
    assert taken(Coda().move(1500, reference=NUMBER, comm_type="114").file()) == [(1500, frozenset(), "")]


# ── what is not taken ─────────────────────────────────────────────────────

GOOD_XML, GOOD_CODA = camt(entry(1500, text="é")), Coda().move(1500, text="Zoë").move(-200).file()
BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;">]><Document>&c;</Document>"""
OUTSIDE = b"""<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>"""


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", Code.STATEMENT_EMPTY),
        (b"  \r\n\t", Code.STATEMENT_EMPTY),
        (b"x" * (MAX_BYTES + 1), Code.FILE_TOO_LARGE),
        (b"%PDF-1.7 a statement", Code.STATEMENT_UNKNOWN),
        (b"sku,code,cost\n", Code.STATEMENT_UNKNOWN),
        (b"<html><body>login</body></html>", Code.STATEMENT_UNKNOWN),
        (b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"/>', Code.STATEMENT_UNKNOWN),
        (BOMB, Code.STATEMENT_UNSAFE),
        (OUTSIDE, Code.STATEMENT_UNSAFE),
        (b"<a>" * 10_000, Code.STATEMENT_UNSAFE),
        (b"<a>" + b"<b/>" * 300_001 + b"</a>", Code.STATEMENT_UNSAFE),
        (GOOD_XML.replace(b"<CdtDbtInd>CRDT", b"<CdtDbtInd>", 1), Code.STATEMENT_INCOMPLETE),
        (GOOD_XML[:-30], Code.STATEMENT_BROKEN),
        (GOOD_XML.replace("é".encode(), b"\xe9"), Code.STATEMENT_CHARSET),
        (GOOD_XML.replace(b"UTF-8", b"klingon"), Code.STATEMENT_CHARSET),
        (GOOD_XML.replace(OUR_IBAN.encode(), PAYER.encode()), Code.STATEMENT_OTHER_ACCOUNT),
        (GOOD_XML.replace(b'"EUR"', b'"USD"').replace(b">EUR<", b">USD<"), Code.STATEMENT_CURRENCY),
        (GOOD_XML.replace(b"15.00", b"15.01", 1), Code.STATEMENT_SUM),
        (GOOD_XML.replace(b"15.00", b"15.005"), Code.STATEMENT_INCOMPLETE),
        (GOOD_XML.replace(b"15.00", b"1e3"), Code.STATEMENT_INCOMPLETE),
        (GOOD_XML.replace(b"<IBAN>", b"<IBAN>x"), Code.STATEMENT_INCOMPLETE),
        (GOOD_CODA[:300], Code.STATEMENT_CUT),
        (GOOD_CODA[: -len(b"x" * 128)], Code.STATEMENT_CUT),
        (GOOD_CODA.replace(b"0000000000015000", b"0000000000016000", 1), Code.STATEMENT_CUT),
        (b"\n".join(GOOD_CODA.split(b"\n")[:3] + GOOD_CODA.split(b"\n")[5:]), Code.STATEMENT_CUT),
        (GOOD_CODA.replace(b"\n22", b"\nX2", 1), Code.STATEMENT_BROKEN),
        (GOOD_CODA.replace(b"\n1", b"\n7", 1), Code.STATEMENT_BROKEN),
        (GOOD_CODA.decode("cp1252").encode("utf-16"), Code.STATEMENT_CHARSET),
        (GOOD_CODA.replace(OUR_IBAN.encode(), PAYER.encode()), Code.STATEMENT_OTHER_ACCOUNT),
        (GOOD_CODA.replace(b"EUR", b"USD"), Code.STATEMENT_CURRENCY),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_by_name_and_nothing_of_it_counts(data: bytes, code: Code) -> None:
    assert refused(data)[0] is code


def test_fifty_megabytes_are_refused_at_once() -> None:
    began = time.monotonic()
    assert refused(b"<" + b" " * 50 * 1024 * 1024)[0] is Code.FILE_TOO_LARGE
    assert time.monotonic() - began < 1


def test_coda_is_read_in_the_banks_own_signs_and_in_those_of_an_editor() -> None:
    again = GOOD_CODA.decode("cp1252").encode("utf-8")
    assert taken(again) == taken(GOOD_CODA)
    text = read(again, account=OUR_IBAN, currency="EUR")[0].lines[0].text
    assert "Zoë" in text


def test_one_bad_statement_refuses_the_file_whole() -> None:
    bad = Coda(number=8, opening=1300).move(5).file().replace(b"EUR", b"CHF")
    assert refused(GOOD_CODA + bad)[0] is Code.STATEMENT_CURRENCY


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_whatever_happens_to_a_file_it_is_read_as_it_was_or_refused_by_name(data: st.DataObject) -> None:
    good = data.draw(st.sampled_from([GOOD_XML, GOOD_CODA]))
    cut, junk = data.draw(st.integers(0, len(good))), data.draw(st.binary(max_size=4))
    try:
        read(good[:cut] + junk, account=OUR_IBAN, currency="EUR")
    except Unreadable:
        return
    assert cut >= len(good.rstrip()) - 128  # only blanks at its end were lost


# ── the same line twice ───────────────────────────────────────────────────

DAY = date(2026, 11, 23)
LINE = Seen(Source.CAMT_053, "s1", DAY, 1500, "ref", frozenset({NUMBER}), b"iban")


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (LINE, True),
        (replace(LINE, source=Source.CAMT_054, statement="n1"), True),  # the bank's own number
        (replace(LINE, source=Source.CAMT_054, statement="n1", booked_on=date(2026, 11, 24)), True),
        (replace(LINE, source=Source.CODA, statement="2026/1", bank_ref="other"), True),  # another kind: what it shows
        (replace(LINE, source=Source.CODA, statement="2026/1", bank_ref="other", other=b"x"), True),
        (replace(LINE, source=Source.CODA, bank_ref="", references=frozenset()), False),
        (replace(LINE, source=Source.CODA, bank_ref="", booked_on=date(2026, 11, 24)), False),
        (replace(LINE, source=Source.CODA, bank_ref="", amount_minor=1501), False),
        (replace(LINE, bank_ref="other"), False),  # one statement, two numbers: two lines
        (replace(LINE, statement="s2", bank_ref=""), False),  # two statements of one kind never overlap
        (replace(LINE, statement="s2"), False),  # … whatever number the bank writes, or writes in place of one
        (replace(LINE, source=Source.CODA, references=frozenset({"000000000097"})), False),
        (replace(LINE, amount_minor=-1500), False),
    ],
)
def test_what_decides_whether_two_lines_are_one(other: Seen, same: bool) -> None:
    assert recognised([LINE], [other]) == recognised([other], [LINE]) == [0 if same else None]


def test_without_a_reference_the_other_account_decides_as_far_as_it_recognised() -> None:
    bare = replace(LINE, references=frozenset(), bank_ref="")
    coda = replace(bare, source=Source.CODA, statement="2026/1")
    assert recognised([coda], [bare]) == [0]
    assert recognised([replace(coda, other=b"")], [bare]) == [0]
    assert recognised([replace(coda, other=b"x")], [bare]) == [None]


def test_lines_are_paired_one_to_one() -> None:
    coda = replace(LINE, source=Source.CODA, statement="2026/1", bank_ref="")
    assert recognised([coda, coda, coda], [LINE, LINE]) == [0, 1, None]


# ── gaps ──────────────────────────────────────────────────────────────────


def kept(
    n: int | None, opening: int, closing: int, *, day: int = 0, year: int = 2026, source: Source = Source.CODA
) -> Kept:
    on = date(year, 11 if year == 2026 else 1, day or (n or 1))
    return Kept(source, f"{year}/{n}/{day}", n, on, on, opening, closing)


@pytest.mark.parametrize(
    ("statements", "missing"),
    [
        ([], 0),
        ([kept(1, 0, 5)], 0),
        ([kept(1, 0, 5), kept(2, 5, 7)], 0),
        ([kept(2, 5, 7), kept(1, 0, 5)], 0),  # in any order
        ([kept(1, 0, 5), kept(3, 5, 7)], 1),  # the balance fits by chance: the count tells
        ([kept(1, 0, 5), kept(2, 6, 7)], 1),
        ([kept(1, 0, 5), kept(3, 9, 7), kept(6, 9, 9)], 2),
        ([kept(28, 0, 5), kept(1, 5, 6, year=2027)], 0),
        ([kept(28, 0, 5), kept(1, 6, 6, year=2027)], 1),
        ([kept(None, 0, 5, day=3), kept(None, 5, 6, day=4)], 0),
        ([kept(1, 0, 5), kept(9, 77, 78, source=Source.CAMT_053)], 0),  # each kind of file by itself
        ([kept(1, 0, 5, source=Source.CAMT_054), kept(9, 7, 8, source=Source.CAMT_054)], 0),
    ],
)
def test_a_gap_is_noticed_by_the_count_or_by_the_balance(statements: list[Kept], missing: int) -> None:
    assert len(gaps(statements)) == missing


def test_a_gap_is_closed_by_what_was_missing() -> None:
    [gap] = gaps([kept(1, 0, 5), kept(3, 7, 9)])
    assert (gap.before.number, gap.after.number) == (1, 3)
    assert gaps([kept(1, 0, 5), kept(2, 5, 7), kept(3, 7, 9)]) == []


# ── files nobody here wrote ───────────────────────────────────────────────


@needs_specs
def test_the_camt_samples_are_read_entry_by_entry() -> None:
    folder = _SPECS / "camt"

    def entries(name: str) -> list[tuple[int, int]]:
        # Their other balances are in other currencies on purpose, which no account has.
        data = (folder / name).read_bytes()
        for other in (b'"SEK"', b'"CHF"', b'"JPY"'):
            data = data.replace(other, b'"EUR"')
        return [(line.amount_minor, len(line.references)) for one in camt_files.read(data) for line in one.lines]

    assert entries("camt053.v2.minimal.xml") == [(885, 0)]  # its structured communication does not check
    assert entries("camt053.v8.xml") == [(885, 0)]
    assert entries("camt053.v2.multi.statement.xml") == [(885, 0), (-700, 0)]
    for name in ("camt054.v4.xml", "camt054.v8.xml"):
        assert [amount for amount, _ in entries(name)] == [-20000000]
    with pytest.raises(Unreadable):
        camt_files.read((folder / "camt053.v2.wrong.xml").read_bytes())


@needs_specs
@pytest.mark.parametrize(
    ("name", "account", "opening", "closing", "lines"),
    [
        ("Coda_v2_3_single_statement.txt", "BE86407051416150", 0, 0, 30),
        ("Coda_v2_3_faulty_globalisation.txt", "BE12341702625236", 1933809, 1080781, 11),
        ("Coda_foreign_account.txt", "FR1234567890240924002304825", 44339070, 44334630, 2),
    ],
)
def test_the_coda_samples_add_up(name: str, account: str, opening: int, closing: int, lines: int) -> None:
    [statement] = coda_files.read((_SPECS / "coda" / name).read_bytes())
    assert (statement.account, statement.opening_minor, statement.closing_minor) == (account, opening, closing)
    assert (statement.adds_up, len(statement.lines)) == (True, lines)
