"""The receipt on paper: the same facts as on the page, tagged, always the same bytes, never a code."""

from __future__ import annotations

import gzip
import hashlib
import re
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.test import override_settings

import support  # noqa: F401 - sets Django up, which the imports below need
from opla.presenting import languages, receipts
from opla.presenting.receipts import Amount, Fact, Receipt, Seller
from surfaces.conftest import Door, Visitor

ROOT = Path(__file__).resolve().parents[2]
FONT = ROOT / "src" / "opla" / "presenting" / "fonts" / "opla-sans.otf"
CODE = "0000000000001"

MADE = Receipt(
    "收据", "R-4821", "zh-Hans", Seller("Winkel Ω & <Zonen> #1", "help@example.org", "0123.456.749"),
    "企业号 0123.456.749",
    (Fact("商品", "Proximus €15", "示例"), Fact("号码", "0470 12 34 56")),
    (Amount("面值", "€15.00"), Amount("服务费", "€0.50", "其中增值税 €0.09"), Amount("合计", "€15.50", total=True)),
    "面值不含增值税。", "沙盒",
)  # fmt: skip


def streams(pdf: bytes) -> list[bytes]:
    """Every stream of the file, unpacked."""
    found = []
    for match in re.finditer(rb"stream\r?\n", pdf):
        try:
            found.append(zlib.decompressobj().decompress(pdf[match.end() :]))
        except zlib.error:
            continue
    return found


def written(pdf: bytes) -> str:
    """The text that a reader of the file copies: every font's glyphs by its table of characters, in the order drawn."""
    parts = streams(pdf)
    tables = [part for part in parts if b"beginbfchar" in part]
    assert len(tables) == pdf.count(b"/ToUnicode")
    letters: dict[str, dict[int, str]] = {}
    for name, font in re.findall(rb"/(f\d+) (\d+) 0 R", pdf):
        unicode_at = re.search(rb"\n%s 0 obj\n<<[^\n]*/ToUnicode (\d+) 0 R" % font, pdf)
        assert unicode_at
        at = pdf.index(b"\n%s 0 obj" % unicode_at[1])
        table = zlib.decompressobj().decompress(pdf[pdf.index(b"stream\n", at) + 7 :])
        letters[name.decode()] = {
            int(glyph, 16): bytes.fromhex(text.decode()).decode("utf-16-be")
            for glyph, text in re.findall(rb"<([0-9a-f]{4})> <([0-9a-f]+)>", table, re.IGNORECASE)
        }
    said, font = [], ""
    [page] = [part for part in parts if b" Tf" in part and b"BT" in part]
    for name, string in strings(page):
        font = name or font
        said += [letters[font][int.from_bytes(string[n : n + 2])] for n in range(0, len(string), 2)]
    return "".join(said)


def strings(page: bytes) -> Iterator[tuple[str, bytes]]:
    """Every choice of a font (its name) and every string drawn, as PDF writes them (ISO 32000-1 §7.3.4.2)."""
    named = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
    at = 0
    while match := re.compile(rb"/(f\d+) [\d.]+ Tf|\(").search(page, at):
        at = match.end()
        if match[1]:
            yield match[1].decode(), b""
            continue
        found, depth = b"", 1
        while True:
            part = re.compile(rb"\\(?:([0-7]{3})|(.))|(.)", re.DOTALL).match(page, at)
            assert part
            at = part.end()
            depth += {b"(": 1, b")": -1}.get(part[3], 0)
            if not depth:
                break
            found += bytes([int(part[1], 8)]) if part[1] else named.get(part[2], part[2] or part[3])
        yield "", found


def bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def texts(made: Receipt) -> list[str]:
    said = [made.title, made.number, made.seller.name, made.seller.contact, made.enterprise, made.note, made.warning]
    for fact in made.facts:
        said += [fact.label, fact.text, fact.mark]
    for amount in made.amounts:
        said += [amount.label, amount.text, amount.small]
    return [text for text in said if text]


def download(visitor: Visitor, link: str) -> tuple[int, bytes]:
    answer = visitor.client.get(f"{link}receipt.pdf")
    return answer.status_code, answer.content


def test_every_fact_stands_in_the_file_as_text_and_no_markup_is_read_in_it() -> None:
    said = bare(written(receipts.pdf(MADE)))
    assert [text for text in texts(MADE) if bare(text) not in said] == []


def test_the_file_is_tagged_has_a_title_and_says_its_language() -> None:
    pdf = receipts.pdf(MADE)
    assert b"/StructTreeRoot" in pdf
    assert b"/Lang(zh" in pdf
    assert any(b"<pdfuaid:part>1</pdfuaid:part>" in part for part in [pdf, *streams(pdf)])


@pytest.mark.parametrize("language", languages.NAMES)
def test_the_page_and_the_file_say_the_same_in_every_language(door: Door, language: str) -> None:
    link = door.delivered("MV-15", language=language)
    page = door.owner.get(f"{link}receipt/")
    status, pdf = download(door.owner, link)
    assert status == 200
    facts = re.findall(r"<d[td][^>]*>(.*?)</d[td]>", page.html, re.DOTALL)
    said = bare(written(pdf)).replace("(", "").replace(")", "")
    missing = [fact for fact in facts if bare(re.sub(r"<[^>]+>", "", fact)) not in said]
    assert len(facts) > 12
    assert missing == []
    assert "Mobile Vikings" in page.text


def test_the_same_receipt_is_the_same_bytes_also_in_another_process() -> None:
    here = receipts.pdf(MADE)
    assert receipts.pdf(replace(MADE)) == here
    program = (
        "import sys; sys.path[:0] = ['src', 'tests']; import support\n"
        "from surfaces.test_receipts import MADE, receipts; import hashlib\n"
        "print(hashlib.sha256(receipts.pdf(MADE)).hexdigest())"
    )
    there = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert there.stdout.strip() == hashlib.sha256(here).hexdigest()


def test_a_receipt_is_made_in_milliseconds() -> None:
    receipts.pdf(MADE)  # loads typst and the font, once per process
    took = []
    for n in range(5):
        began = time.perf_counter()
        receipts.pdf(replace(MADE, number=f"R-{n}"))
        took.append(time.perf_counter() - began)
    assert min(took) < 0.05


def test_typst_is_not_loaded_before_the_first_receipt() -> None:
    program = "import support; import opla.site.urls, opla.storefront.urls, sys; print('typst' in sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env={"PYTHONPATH": "src:tests"}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert said.stdout.strip() == "False"


def test_no_receipt_holds_the_code_and_none_is_there_before_money_came(door: Door) -> None:
    unpaid = door.link(door.world.order())
    assert download(door.owner, unpaid)[0] == 404
    link = door.delivered()
    door.owner.post(f"{link}code/")  # seen already
    status, pdf = download(door.owner, link)
    assert status == 200
    assert CODE not in written(pdf)
    assert CODE not in door.owner.get(f"{link}receipt/").html.replace(" ", "")


def test_a_guessed_link_has_no_receipt(door: Door) -> None:
    door.delivered()
    assert download(door.stranger, f"/o/{'a' * 26}/")[0] == 404


def test_the_letterhead_is_the_shops_and_the_sandbox_is_labelled(door: Door) -> None:
    link = door.delivered()
    with override_settings(SHOP_NAME="Nachtwinkel Zuid", CONTACT="zuid@example.org", ENTERPRISE_NUMBER="0123.456.749"):
        page = door.owner.get(f"{link}receipt/")
        said = written(download(door.owner, link)[1])
    for line in ("Nachtwinkel Zuid", "zuid@example.org", "0123.456.749", "this receipt proves nothing"):
        assert line in page.text
        assert line in said


def test_the_file_goes_out_as_one_to_keep(door: Door) -> None:
    link = door.delivered()
    answer = door.owner.client.get(f"{link}receipt.pdf", headers={"accept-encoding": "gzip"})
    assert answer["Content-Disposition"].startswith('attachment; filename="')
    assert answer["Content-Type"] == "application/pdf"
    assert gzip.decompress(answer.content).startswith(b"%PDF-")


def drawn() -> set[int]:
    """The characters the font draws: its cmap table in format 4, as OpenType lays it out."""
    font = FONT.read_bytes()

    def words(at: int, count: int) -> list[int]:
        return [int.from_bytes(font[n : n + 2]) for n in range(at, at + 2 * count, 2)]

    tables = {font[at : at + 4]: int.from_bytes(font[at + 8 : at + 12]) for at in range(12, 12 + 16 * font[5], 16)}
    at = tables[b"cmap"] + int.from_bytes(font[tables[b"cmap"] + 8 : tables[b"cmap"] + 12])
    assert words(at, 1) == [4]
    segments = words(at + 6, 1)[0] // 2
    last, first = words(at + 14, segments), words(at + 16 + 2 * segments, segments)
    return {letter for a, b in zip(first, last, strict=True) for letter in range(a, b + 1)} - {0xFFFF}


def test_the_font_draws_every_character_of_our_languages_and_catalogues() -> None:
    said = {
        letter
        for path in [*ROOT.glob("src/opla/locale/*/LC_MESSAGES/django.po"), *ROOT.glob("catalogs/*.yaml")]
        for letter in path.read_text("utf-8")
        if letter.isprintable()
    }
    common = {bytes([0xA0 + row, 0xA0 + cell]).decode("gb2312") for row in range(16, 55) for cell in range(1, 95)}
    font = drawn()
    assert sorted(letter for letter in said | common if ord(letter) not in font) == []
    assert FONT.stat().st_size <= 2_000_000
    assert "SIL OPEN FONT LICENSE" in FONT.with_name("OFL.txt").read_text()
