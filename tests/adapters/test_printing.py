"""Receipt printers: the bytes they are sent, and what is believed of their answers."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

import scanner
import support  # noqa: F401 - sets Django up, which the imports below need
from opla import printing
from opla.core.paper import Line, Paper, Picture, Rule, Slip, Square, Words
from opla.core.ports import Answer
from opla.core.print_job import Sight
from opla.presenting import slips
from opla.printing import escpos
from printer import FakePrinter

SLIP = (Line("Reçu 15,00 €", bold=True), Line("0000 0000 0000 1", big=True, centred=True))
DIALS = "tel:*111*0000000000001%23"


def pictures(data: bytes) -> list[Image.Image]:
    """Every raster among these bytes (GS v 0 m xL xH yL yH), as the printer's dots."""
    found = []
    while (at := data.find(b"\x1dv0")) >= 0:
        wide, high = struct.unpack_from("<HH", data, at + 4)
        dots, data = data[at + 8 : at + 8 + wide * high], data[at + 8 + wide * high :]
        found.append(Image.frombytes("1", (wide * 8, high), bytes(byte ^ 0xFF for byte in dots)))
    return found


@pytest.mark.parametrize("paper", Paper)
@scanner.wanted
@pytest.mark.parametrize("said", [DIALS, "LPA:1$rsp.sandbox.invalid$0000-ABCD-EFGH-JKLM-NPQR"])
def test_a_qr_is_read_from_the_dots_that_were_sent(said: str, paper: Paper, tmp_path: Path) -> None:
    made = Slip("8K2F", "en", (Words("Scan it"), Square(said, "scan"), Rule()))
    [square] = pictures(escpos.written(slips.rolled(made, paper), paper))
    assert square.width <= paper.dots
    assert scanner.scanned(square, tmp_path) == said


@pytest.mark.parametrize("paper", Paper)
def test_chinese_is_drawn_as_wide_as_the_paper_and_the_rest_is_written(paper: Paper) -> None:
    made = Slip("8K2F", "zh-Hans", (Words("余额"), Words("副本", big=True), Words("Total 15 €")))
    data = escpos.written(slips.rolled(made, paper), paper)
    [drawn] = pictures(data)
    assert drawn.width == paper.dots
    assert drawn.height > 60  # both paragraphs, in one picture
    ink = drawn.convert("L").point(lambda dot: 255 - dot).getbbox()
    assert ink is not None
    assert 0 < ink[1] < ink[3] < drawn.height  # nothing is cut off above or below
    assert "Total 15 €".encode("cp1252") in data


def test_a_slip_sets_its_code_page_ends_two_byte_characters_and_is_cut() -> None:
    data = escpos.written(SLIP, Paper.NARROW)
    assert data.startswith(b"\x1b@\x1c.\x1bt\x10")
    assert data.endswith(b"\x1dV\x00")
    assert "Reçu 15,00 €".encode("cp1252") in data


def test_grey_is_never_dust_and_what_is_too_wide_is_a_mistake() -> None:
    picture = io.BytesIO()
    Image.new("L", (384, 10), 200).save(picture, "png")
    [drawn] = pictures(escpos.written((Picture(picture.getvalue()),), Paper.NARROW))
    assert drawn.getextrema() == (255, 255)
    picture.seek(0)
    Image.new("L", (385, 10)).save(picture, "png")
    with pytest.raises(ValueError, match="does not fit"):
        escpos.written((Picture(picture.getvalue()),), Paper.NARROW)


def put(fake: FakePrinter) -> tuple[Sight, Answer]:
    with printing.at(fake.address, Paper.WIDE) as printer:
        return printer.look(), printer.put(SLIP)


def test_what_the_printer_says_after_the_last_byte_is_believed() -> None:
    with FakePrinter() as fake:
        assert put(fake) == (Sight.READY, Answer.SUCCEEDED)
    assert fake.slips == [escpos.written(SLIP, Paper.WIDE)]


@pytest.mark.parametrize(
    ("fake", "sight"),
    [
        (FakePrinter(paper=0x72), Sight.PAPER_OUT),
        (FakePrinter(cause=0x32), Sight.PAPER_OUT),
        (FakePrinter(cause=0x16), Sight.STOPPED),
        (FakePrinter(cause=0x52), Sight.STOPPED),
        (FakePrinter(paper=0x1E), Sight.PAPER_LOW),
        (FakePrinter(silent=True), Sight.SILENT),
    ],
)
def test_a_printer_says_what_it_lacks(fake: FakePrinter, sight: Sight, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escpos, "_ANSWERS_S", 0.3)
    with fake, printing.at(fake.address, Paper.WIDE) as printer:
        assert printer.look() is sight


@pytest.mark.parametrize("fake", [FakePrinter(dies_after=20), FakePrinter(paper_left=20), FakePrinter(forgets=True)])
def test_a_slip_of_which_the_printer_says_nothing_is_unknown(
    fake: FakePrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(escpos, "_ANSWERS_S", 0.2)
    monkeypatch.setattr(escpos, "_PRINTS_S", 1)
    with fake:
        assert put(fake) == (Sight.READY, Answer.UNKNOWN)


def test_nobody_there_is_silent_and_nothing_is_sent(tmp_path: Path) -> None:
    with FakePrinter() as gone:
        pass
    for address in (gone.address, f"file:{tmp_path}/none/lp0"):
        with printing.at(address, Paper.WIDE) as printer:
            assert printer.look() is Sight.SILENT


def test_a_file_takes_the_bytes_and_says_nothing(tmp_path: Path) -> None:
    with printing.at(f"file:{tmp_path}/slip", Paper.NARROW) as printer:
        assert (printer.look(), printer.put(SLIP)) == (Sight.READY, Answer.UNKNOWN)
    assert (tmp_path / "slip").read_bytes() == escpos.written(SLIP, Paper.NARROW)


def test_a_printer_by_usb_is_asked_and_answers_like_one_on_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through python-escpos' own class, over a device that stands for libusb's: no test machine has a printer."""
    usb = printing.at("usb:04b8:0e15", Paper.WIDE)
    device = Device()
    monkeypatch.setattr(usb._device, "open", lambda: setattr(usb._device, "_device", device))
    with usb as printer:
        assert (printer.look(), printer.put(SLIP)) == (Sight.READY, Answer.SUCCEEDED)
    assert device.came == escpos.written(SLIP, Paper.WIDE)


class Device:
    """What pyusb gives: a read waits a second, and raises where nothing came."""

    def __init__(self) -> None:
        self.came, self.says = b"", [b""]
        self._ctx = SimpleNamespace(dispose=lambda _device: None)  # how it is closed

    def write(self, _endpoint: int, data: bytes, _timeout: int) -> None:
        if data[:2] == b"\x10\x04":
            self.says.append(b"\x12")
        elif data.endswith(b"\x1dr\x01"):
            self.came, self.says = data[:-3], [*self.says, b"", b"\x00"]

    def read(self, _endpoint: int, _size: int) -> bytes:
        said = self.says.pop(0)
        if not said:
            raise OSError(110, "Operation timed out")
        return said


@pytest.mark.parametrize("address", ["", "tcp:", "tcp:host:port", "usb:04b8", "usb:4b8:e15", "lp:kitchen", "file:"])
def test_what_is_no_address_of_a_printer_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="is no printer"):
        printing.at(address, Paper.WIDE)
