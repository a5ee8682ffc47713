"""A receipt printer on a port of this machine, as far as one answers: told beforehand what befalls it."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field
from typing import Self

DONE = b"\x1d\x72\x01"


@dataclass
class FakePrinter:
    """`dies_after` bytes of a slip it closes the line; `paper_left` bytes of one it has no paper any more.

    `forgets`: it prints everything and does not say so.
    """

    paper: int = 0x12  # what it answers to DLE EOT 4: 0x72 is none, 0x1e near its end
    cause: int = 0x12  # to DLE EOT 2: 0x16 is an open cover
    dies_after: int | None = None
    paper_left: int | None = None
    silent: bool = False
    forgets: bool = False
    slips: list[bytes] = field(default_factory=list)  # what came, one per line that was closed

    def __enter__(self) -> Self:
        self._door = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp:127.0.0.1:{self._door.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._door.accept()
            except OSError:
                return
            with line:
                came = self._talk(line)
            if came:
                self.slips.append(came)

    def _talk(self, line: socket.socket) -> bytes:
        came = b""
        while chunk := line.recv(65536):
            came += chunk
            if came[-3:-1] == b"\x10\x04":
                question, came = came[-1], came[:-3]
                if not self.silent:
                    line.sendall(bytes([{4: self.paper, 2: self.cause}.get(question, 0x12)]))
            if self.dies_after is not None and len(came) > self.dies_after:
                return came[: self.dies_after]
            if self.paper_left is not None and len(came) > self.paper_left:
                self.paper, came = 0x72, came[: self.paper_left]
            elif came.endswith(DONE):
                came = came.removesuffix(DONE)
                if not self.forgets:
                    line.sendall(b"\x00")
        return came
