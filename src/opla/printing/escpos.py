"""Receipt printers that speak ESC/POS, over python-escpos: a slip as their bytes, the ways there, and what they answer.

Before a slip the printer is asked about itself (DLE EOT 1, 2 and 4, which it answers at once, printing or not). After
the last byte it is asked with GS r, which stands in its line of work: the answer means that everything before it is on
paper. No answer, no proof. A printer that cannot be asked leaves every slip for a person to look at.
"""

from __future__ import annotations

import io
import logging
import socket
import time
from collections.abc import Sequence
from typing import Final, NamedTuple, Self

from escpos.capabilities import Profile
from escpos.exceptions import Error
from escpos.printer import Dummy, File, Network, Usb
from PIL import Image

from opla.core.paper import Line, Paper, Picture, Strip
from opla.core.ports import Answer
from opla.core.print_job import PRINTS, Sight

_log = logging.getLogger(__name__)

#: Chinese printers read two accented letters as one character, unless they are told not to (FS .).
_NO_KANJI: Final = b"\x1c\x2e"
_ONLINE, _CAUSE, _PAPER = b"\x10\x04\x01", b"\x10\x04\x02", b"\x10\x04\x04"  # DLE EOT n
_DONE: Final = b"\x1d\x72\x01"  # GS r 1
_ANSWERS_S: Final = 3
#: A slip is half a metre at most, and slow printers draw five centimetres a second.
_PRINTS_S: Final = 30
_DARK: Final = 128


class _Shape(NamedTuple):
    """Bits that are always so in one kind of answer."""

    mask: int
    bits: int


_NOW: Final = _Shape(0x93, 0x12)  # of DLE EOT
_LATER: Final = _Shape(0x90, 0x00)  # of GS r

#: What python-escpos and what stands below it raise for a printer that is not there, or goes.
_BROKEN: Final = (Error, OSError, AssertionError, ValueError, RuntimeError)


def written(strips: Sequence[Strip], paper: Paper) -> bytes:
    """What the printer is sent for one slip, cut off at its end."""
    printer = Dummy(profile=_profile(paper))
    printer.hw("INIT")
    printer._raw(_NO_KANJI)  # noqa: SLF001 - it has no word for it
    printer.charcode("CP1252")
    style: Line | None = None
    for strip in strips:
        if isinstance(strip, Picture):
            _centre(printer, centred=strip.centred)
            printer.image(_black_and_white(strip.png, paper))
            style = None
            continue
        if style is None or (style.bold, style.big, style.centred) != (strip.bold, strip.big, strip.centred):
            printer.set(
                align="center" if strip.centred else "left", normal_textsize=not strip.big, bold=strip.bold,
                double_width=strip.big, double_height=strip.big,
            )  # fmt: skip
            style = strip
        printer.text(f"{strip.text}\n")
    printer.cut()
    return bytes(printer.output)


def _centre(printer: Dummy, *, centred: bool) -> None:
    printer.set(align="center" if centred else "left")


def _black_and_white(png: bytes, paper: Paper) -> Image.Image:
    """Dots, or none: grey would be spread as dust around every letter."""
    with Image.open(io.BytesIO(png)) as picture:
        flat = Image.new("L", picture.size, 255)
        flat.paste(picture.convert("L"), mask=picture.convert("RGBA").getchannel("A"))
    if flat.width > paper.dots:
        raise ValueError(f"a picture of {flat.width} dots does not fit on {paper.dots}")
    return flat.point(lambda grey: 0 if grey < _DARK else 255, mode="1")


def _profile(paper: Paper) -> Profile:
    """Any printer of this width: it prints rasters, cuts, and has Windows-1252 as its code page 16."""
    profile = Profile(columns=paper.columns, features={"paperFullCut": True, "bitImageRaster": True})
    profile.profile_data = {
        "codePages": {"16": "CP1252"},
        "fonts": {"0": {"name": "Font A", "columns": paper.columns}},
        "media": {"width": {"pixels": paper.dots}},
    }
    return profile


class Roll:
    """A printer at the end of one way, open between `with` and its end."""

    def __init__(self, device: File | Network | Usb, paper: Paper) -> None:
        self._device, self._paper, self._open = device, paper, False

    def __enter__(self) -> Self:
        try:
            self._reach()
            self._open = True
        except _BROKEN as problem:
            _log.info("the printer is not there: %s", problem)
        return self

    def __exit__(self, *_: object) -> None:
        self._open = False
        try:
            self._device.close()
        except _BROKEN as problem:
            _log.info("the printer closes badly: %s", problem)

    def _reach(self) -> None:
        self._device.open()

    def look(self) -> Sight:
        """Nothing is asked here: what can be opened is ready."""
        return Sight.READY if self._open else Sight.SILENT

    def put(self, strips: Sequence[Strip]) -> Answer:
        """The bytes have left, and nobody says what became of them."""
        data = written(strips, self._paper)
        try:
            self._send(data)
        except _BROKEN as problem:
            _log.warning("the printer was cut off: %s", problem)
        return Answer.UNKNOWN

    def _send(self, data: bytes) -> None:
        self._device._raw(data)  # noqa: SLF001 - whole, as it was made


class OneWay(Roll):
    """A file or a device that takes bytes and gives none."""

    def __init__(self, path: str, paper: Paper) -> None:
        super().__init__(File(path, profile=_profile(paper)), paper)


class TwoWay(Roll):
    """A printer that answers."""

    def __init__(self, device: Network | Usb, paper: Paper) -> None:
        super().__init__(device, paper)
        self._device: Network | Usb = device
        self._came = bytearray()  # what it said, and nobody has read

    @classmethod
    def by_network(cls, host: str, port: int, paper: Paper) -> TwoWay:
        return cls(Network(host, port, timeout=_ANSWERS_S, profile=_profile(paper)), paper)

    @classmethod
    def by_usb(cls, vendor: int, product: int, paper: Paper) -> TwoWay:
        return cls(Usb(vendor, product, timeout=_PRINTS_S * 1000, profile=_profile(paper)), paper)

    def _reach(self) -> None:
        if isinstance(self._device, Network):
            # Theirs leaves a socket behind for every printer that is not there, and knows no IPv6.
            self._device.device = socket.create_connection((self._device.host, self._device.port), _ANSWERS_S)
        else:
            super()._reach()

    def look(self) -> Sight:
        if not self._open:
            return Sight.SILENT
        found = []
        for question in (_PAPER, _CAUSE, _ONLINE):
            self._take(_NOW)  # an answer to an older question
            answer = self._answer(_NOW, _ANSWERS_S) if self._asked(question) else None
            if answer is None:
                return Sight.SILENT
            found.append(answer)
        paper, cause, online = found
        if paper & 0x60 or cause & 0x20:
            return Sight.PAPER_OUT
        if cause & 0x44 or online & 0x08:
            return Sight.STOPPED
        return Sight.PAPER_LOW if paper & 0x0C else Sight.READY

    def put(self, strips: Sequence[Strip]) -> Answer:
        """It is printed when the printer says so after the last byte, with paper left and nothing wrong."""
        if not self._asked(written(strips, self._paper) + _DONE):
            return Answer.UNKNOWN
        ends = time.monotonic() + _PRINTS_S
        while time.monotonic() < ends:
            done = self._answer(_LATER, _ANSWERS_S)
            if done is None and self.look() in PRINTS:
                continue  # still at it
            well = done is not None and not done & 0x0C and self.look() in PRINTS
            return Answer.SUCCEEDED if well else Answer.UNKNOWN
        return Answer.UNKNOWN

    def _asked(self, data: bytes) -> bool:
        try:
            self._wait(_PRINTS_S)
            self._send(data)
        except _BROKEN as problem:
            _log.warning("the printer was cut off: %s", problem)
            return False
        return True

    def _wait(self, seconds: float) -> None:
        """How long a call may take from now on. A printer by USB has its own two limits."""
        if isinstance(self._device, Network):
            self._device.device.settimeout(seconds)

    def _answer(self, shape: _Shape, seconds: float) -> int | None:
        """The byte of this shape that it says; None: it says none in time, or is gone."""
        ends = time.monotonic() + seconds
        while (found := self._take(shape)) is None and (left := ends - time.monotonic()) > 0:
            try:
                self._wait(left)
                came = bytes(self._device._read())  # noqa: SLF001 - query_status asks and reads in one
            except _BROKEN as problem:
                if isinstance(problem, TimeoutError) or "time" in str(problem).lower():
                    continue  # pyusb says so in words, a second after it was asked
                return None
            if not came and isinstance(self._device, Network):
                return None  # closed at the other end
            self._came += came
        return found

    def _take(self, shape: _Shape) -> int | None:
        """The last byte of this shape among what came; it and older ones of its shape are read then."""
        found = [byte for byte in self._came if byte & shape.mask == shape.bits]
        self._came = bytearray(byte for byte in self._came if byte & shape.mask != shape.bits)
        return found[-1] if found else None
