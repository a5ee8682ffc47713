"""A message centre for tests: SMPP 3.4 by its figures alone, so that our own reading of them is not its judge."""

from __future__ import annotations

import socket
import struct
import threading
from dataclasses import dataclass, field


@dataclass
class Submitted:
    """One submit_sm as it came."""

    source: tuple[int, int, bytes]
    to: tuple[int, int, bytes]
    esm_class: int
    receipt: int
    coding: int
    octets: bytes


@dataclass
class Centre:
    """`statuses` answer the submits in turn, then 0. `manner` is what it does with a submit: `answer`, `silent`,
    `hang_up`, `garbage`, `nack`, `stranger` (answers another request first) or `asks` (before it answers).
    """

    password: bytes = b"secret8"
    manner: str = "answer"
    statuses: list[int] = field(default_factory=list)
    taken: list[Submitted] = field(default_factory=list)
    came: list[tuple[int, int, int, bytes]] = field(default_factory=list)
    hold_bind: bool = False

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.bound, self._receiver = threading.Event(), None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self._receiver is not None:
            self._receiver.close()
        self._thread.join(3)

    def bring(self, command: int, body: bytes = b"", sequence: int = 7, octets: bytes = b"") -> None:
        """To whoever listens."""
        assert self.bound.wait(3)
        self._receiver.sendall(octets or pdu(command, 0, sequence, body))

    def answered(self, command: int, count: int = 1) -> list[tuple[int, int]]:
        """(status, sequence) of what came with this command, once so many are there."""
        for _ in range(300):
            found = [(status, sequence) for name, status, sequence, _ in list(self.came) if name == command]
            if len(found) >= count:
                return found
            threading.Event().wait(0.01)
        return found

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(caller,), daemon=True).start()

    def _talk(self, caller: socket.socket) -> None:
        try:
            while True:
                length, command, status, sequence = struct.unpack(">IIII", exactly(caller, 16))
                body = exactly(caller, length - 16)
                self.came.append((command, status, sequence, body))
                self._act(caller, command, sequence, body)
        except (OSError, EOFError):
            caller.close()

    def _act(self, caller: socket.socket, command: int, sequence: int, body: bytes) -> None:
        if command in (1, 2):
            right = body.split(b"\0")[1] == self.password
            if not self.hold_bind:
                caller.sendall(pdu(command | 1 << 31, 0 if right else 0x0E, sequence, b"centre\0"))
            if command == 1 and right:
                self._receiver = caller
                self.bound.set()
        elif command == 4:
            self._submitted(caller, sequence, body)
        elif command in (6, 0x15) and self.manner != "silent":
            caller.sendall(pdu(command | 1 << 31, 0, sequence, b""))

    def _submitted(self, caller: socket.socket, sequence: int, body: bytes) -> None:
        if self.manner == "hang_up":
            raise EOFError
        if self.manner == "garbage":
            caller.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            return
        self.taken.append(submitted(body))
        status = self.statuses.pop(0) if self.statuses else 0
        if self.manner == "silent":
            return
        if self.manner == "stranger":
            caller.sendall(pdu(0x8000_0004, 0x45, sequence + 99, b"") + pdu(0x8000_0015, 0, sequence, b""))
        if self.manner == "asks":
            caller.sendall(pdu(0x15, 0, 5000, b""))
        if self.manner == "nack":
            caller.sendall(pdu(0x8000_0000, 3, sequence, b""))
            return
        whole = pdu(0x8000_0004, status, sequence, b"" if status else b"m%d\0" % len(self.taken))
        for at in range(0, len(whole), 5):  # a network cuts where it likes
            caller.sendall(whole[at : at + 5])


def pdu(command: int, status: int, sequence: int, body: bytes) -> bytes:
    return struct.pack(">IIII", 16 + len(body), command, status, sequence) + body


def exactly(caller: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        more = caller.recv(count - len(found))
        if not more:
            raise EOFError
        found += more
    return found


def submitted(body: bytes) -> Submitted:
    at = body.index(b"\0") + 1
    parties = []
    for _ in range(2):
        end = body.index(b"\0", at + 2)
        parties.append((body[at], body[at + 1], body[at + 2 : end]))
        at = end + 1
    esm_class = body[at]
    at = body.index(b"\0", body.index(b"\0", at + 3) + 1) + 1
    receipt, _, coding, _, length = body[at : at + 5]
    octets = body[at + 5 :]
    assert len(octets) == length
    return Submitted(parties[0], parties[1], esm_class, receipt, coding, octets)


def deliver(
    octets: bytes,
    *,
    source: bytes = b"32470123456",
    ton: int = 1,
    esm_class: int = 0,
    coding: int = 0,
    more: bytes = b"",
) -> bytes:
    """The body of a deliver_sm."""
    sender = bytes([ton, 1]) + source + b"\0"
    return (
        b"\0" + sender + b"\x01\x018811\0" + bytes([esm_class, 0, 0]) + b"\0\0"
        + bytes([0, 0, coding, 0, len(octets)]) + octets + more
    )  # fmt: skip
