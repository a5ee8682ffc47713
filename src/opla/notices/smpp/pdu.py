"""SMPP 3.4's units as octets: the few that sending a text and hearing of one need. Nothing here has a socket.

    length 4 | command 4 | status 4 | sequence 4 | body …      all big-endian (§3.2)

Sections are of the "Short Message Peer to Peer Protocol Specification v3.4", issue 1.2.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from opla.core import sms
from opla.core.ports import Receipt, Text

HEADER: Final = 16
#: A text in `message_payload` may be 64 kB; nobody sends us one, and nobody reads on beyond it.
LONGEST: Final = 70_000
_VERSION: Final = 0x34
_RESPONSE: Final = 0x8000_0000
_UDHI: Final = 0x40
_PAYLOAD, _RECEIPTED, _STATE = 0x0424, 0x001E, 0x0427
_JOINS, _OF, _NTH = 0x020C, 0x020E, 0x020F  # §5.3.2.22-24: parts that are joined without a header


class Command(IntEnum):
    """§5.1.2.1."""

    GENERIC_NACK = 0x8000_0000
    BIND_RECEIVER = 0x01
    BIND_TRANSMITTER = 0x02
    SUBMIT_SM = 0x04
    DELIVER_SM = 0x05
    UNBIND = 0x06
    ENQUIRE_LINK = 0x15


class Broken(ValueError):  # noqa: N818 - what came, not a mistake of ours
    """What came is no unit of this protocol: where the next one begins, nobody knows."""


@dataclass(frozen=True)
class Pdu:
    """`command` as it came: one that nobody here knows is answered, not understood."""

    command: int
    status: int
    sequence: int
    body: bytes = field(default=b"", repr=False)

    def octets(self) -> bytes:
        head = struct.pack(">IIII", HEADER + len(self.body), self.command, self.status, self.sequence)
        return head + self.body

    @property
    def asks(self) -> bool:
        return self.command < _RESPONSE

    def answers(self, request: Pdu) -> bool:
        nack = self.command == Command.GENERIC_NACK
        return self.sequence == request.sequence and (nack or self.command == request.command | _RESPONSE)

    def answer(self, status: int = 0) -> Pdu:
        """Ours to a request of theirs; that to a text holds an empty id (§4.6.2)."""
        body = b"\0" if self.command == Command.DELIVER_SM else b""
        return Pdu(self.command | _RESPONSE, status, self.sequence, body)


def read_header(octets: bytes) -> tuple[int, Pdu]:
    """How many octets of body follow, and the unit without it."""
    length, command, status, sequence = struct.unpack(">IIII", octets)
    if not HEADER <= length <= LONGEST:
        raise Broken(f"a unit of {length} octets")
    return length - HEADER, Pdu(command, status, sequence)


def bind(command: Command, sequence: int, system_id: str, password: str) -> Pdu:
    """§4.1: who we are. No range of addresses: all that is meant for us."""
    body = _text(system_id) + _text(password) + _text("") + bytes([_VERSION, 0, 0]) + _text("")
    return Pdu(command, 0, sequence, body)


@dataclass(frozen=True)
class Address:
    """A number, a short code or a name, with its kind (§5.2.5) and its numbering plan (§5.2.6)."""

    ton: int
    npi: int
    value: str

    @classmethod
    def of(cls, written: str) -> Address:
        if written.startswith("+"):
            return cls(1, 1, written[1:])  # international, ISDN
        if written.isdigit():
            return cls(3, 0, written) if len(written) <= 6 else cls(1, 1, written)  # a network's own short code
        return cls(5, 0, written)  # a name

    @property
    def octets(self) -> bytes:
        return bytes([self.ton, self.npi]) + _text(self.value)


def submit(sequence: int, source: str, to: str, coding: sms.Coding, octets: bytes, *, joined: bool) -> Pdu:
    """§4.4: one message, of which we want to hear whether it arrived. `joined`: it begins with a header (§5.2.12)."""
    body = b"".join(
        (
            _text(""),  # service type: theirs to choose
            Address.of(source).octets,
            Address.of(to).octets,
            bytes([_UDHI if joined else 0, 0, 0]),  # class, protocol, priority
            _text(""),  # now
            _text(""),  # for as long as they keep messages
            bytes([1, 0, coding, 0, len(octets)]),  # receipt, no replacing, alphabet, no canned text, length
            octets,
        )
    )
    return Pdu(Command.SUBMIT_SM, 0, sequence, body)


#: §5.2.5: unknown and international. Centres that leave it unknown are many; a national number begins with a zero.
_WHOLE: Final = (0, 1)
_INTERNATIONAL: Final = re.compile(r"[1-9][0-9]{7,14}")
_RECEIPT: Final = re.compile(rb"id:(\S{1,64})\s.*?stat:([A-Z]{7})", re.IGNORECASE | re.DOTALL)
#: §5.2.28, and appendix B for the words.
_STATES: Final = {1: "ENROUTE", 2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 6: "ACCEPTD", 7: "UNKNOWN"} | {
    8: "REJECTD"
}


def delivered(pdu: Pdu) -> Text | Receipt | None:
    """What a deliver_sm holds (§4.6); None for what is neither. Raises `Broken` where it is cut short."""
    body = _Reader(pdu.body)
    body.text()  # service type
    ton, _, source = body.octet(), body.octet(), body.text()
    _to = body.octet(), body.octet(), body.text()
    class_, _protocol, _priority = body.octet(), body.octet(), body.octet()
    _when = body.text(), body.text(), body.octet(), body.octet()
    coding, _canned = body.octet(), body.octet()
    octets = body.take(body.octet())
    more = body.parameters()
    octets = octets or more.get(_PAYLOAD, b"")
    if class_ & 0x3C == 0x04:
        return _receipt(octets, more)
    header, part = _header(octets) if class_ & _UDHI else (0, _joined(more))
    text = sms.read(octets[header:], coding)
    number = f"+{source}" if ton in _WHOLE and _INTERNATIONAL.fullmatch(source) else source
    return None if text is None or class_ & 0x3C else Text(number, text, part)


def _receipt(octets: bytes, more: dict[int, bytes]) -> Receipt | None:
    found = _RECEIPT.search(octets)
    told = more.get(_RECEIPTED, b"").split(b"\0")[0]
    state = _STATES.get(more[_STATE][0]) if more.get(_STATE) else None
    id_ = told or (found[1] if found else b"")
    word = state or (found[2].decode("ascii").upper() if found else "")
    return Receipt(id_.decode("ascii", "replace"), word) if id_ and word in _STATES.values() else None


def _header(octets: bytes) -> tuple[int, tuple[int, int, int]]:
    """How long the header is, and which part it says this is (TS 23.040 §9.2.3.24); another header is passed over."""
    length = 1 + octets[0] if octets else 0
    at = 1
    while at + 2 <= length <= len(octets):
        kind, size = octets[at], octets[at + 1]
        value = octets[at + 2 : at + 2 + size]
        if kind == 0 and len(value) == 3:
            return length, (value[0], value[2], value[1])
        if kind == 8 and len(value) == 4:
            return length, (value[0] * 256 + value[1], value[3], value[2])
        at += 2 + size
    return min(length, len(octets)), (0, 1, 1)


def _joined(more: dict[int, bytes]) -> tuple[int, int, int]:
    """The same by optional parameters; what is not whole, or is none of so many, is a text of its own."""
    reference, of, nth = more.get(_JOINS, b""), more.get(_OF, b""), more.get(_NTH, b"")
    if len(reference) != 2 or len(of) != 1 or len(nth) != 1:
        return 0, 1, 1
    return int.from_bytes(reference), nth[0], of[0]


def message_id(answer: Pdu) -> str:
    """What they call the message we gave them (§4.4.2)."""
    return answer.body.split(b"\0")[0][:64].decode("ascii", "replace")


def _text(value: str) -> bytes:
    return value.encode("ascii") + b"\0"


class _Reader:
    def __init__(self, octets: bytes) -> None:
        self._octets, self._at = octets, 0

    def octet(self) -> int:
        return self.take(1)[0]

    def take(self, count: int) -> bytes:
        found = self._octets[self._at : self._at + count]
        if len(found) < count:
            raise Broken("a unit that ends within a field")
        self._at += count
        return found

    def text(self) -> str:
        end = self._octets.find(b"\0", self._at)
        if end < 0:
            raise Broken("a text without an end")
        found = self._octets[self._at : end]
        self._at = end + 1
        return found.decode("ascii", "replace")

    def parameters(self) -> dict[int, bytes]:
        """The optional ones at the end (§5.3)."""
        found = {}
        while self._at < len(self._octets):
            tag, length = struct.unpack(">HH", self.take(4))
            found[tag] = self.take(length)
        return found
