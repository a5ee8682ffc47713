"""One connection to a message centre: every request waits for its own answer, and no longer than till its end.

A text is sent over a connection of its own, which is bound, used and closed: then its answer is nobody else's, and what
became of it is known when the call returns. Only who listens for incoming texts stays connected.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from typing import Final

from opla.core.ports import LineEnded
from opla.notices.smpp import pdu
from opla.notices.smpp.config import Config
from opla.notices.smpp.pdu import HEADER, Broken, Command, Pdu

#: A name is looked up and a connection made within this, or somebody else's turn comes.
_CONNECT_S: Final = 10.0


class Lost(LineEnded):
    """The connection broke, was silent for too long, or speaks something else."""


class Session:
    """Bound with `bind`. Everything raises `Lost`; after that there is nothing more to ask here."""

    def __init__(self, config: Config) -> None:
        self._sequence, self._came = 0, b""
        self._config = config
        try:
            plain = socket.create_connection((config.host, config.port), min(_CONNECT_S, config.timeout_s))
        except (OSError, UnicodeError) as why:  # the latter is of a name that no network could have
            raise Lost("no connection") from why
        try:
            self._socket = _secured(plain, config.host) if config.tls else plain
        except OSError as why:
            plain.close()
            raise Lost("no TLS") from why

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.close()

    def sequence(self) -> int:
        self._sequence += 1
        return self._sequence

    def bind(self, command: Command, ends_at: float) -> int:
        """Their status: 0 is yes."""
        who = self._config.system_id, self._config.password
        return self.ask(pdu.bind(command, self.sequence(), *who), ends_at).status

    def unbind(self, ends_at: float) -> None:
        """A courtesy: what was taken stays taken without it."""
        with contextlib.suppress(Lost):
            self.ask(Pdu(Command.UNBIND, 0, self.sequence()), ends_at)

    def ask(self, request: Pdu, ends_at: float) -> Pdu:
        """The answer to this request. Answers to nothing are passed over; their own questions are answered."""
        self.send(request)
        while True:
            came = self.next(ends_at)
            if came is None:
                raise Lost("no answer in time")
            if came.answers(request):
                return came
            if came.asks:
                self.send(came.answer())

    def send(self, unit: Pdu) -> None:
        try:
            self._socket.settimeout(self._config.timeout_s)
            self._socket.sendall(unit.octets())
        except OSError as why:
            raise Lost("it hung up") from why

    def next(self, ends_at: float) -> Pdu | None:
        """The next unit that comes; None when none has come whole until then, which loses nothing of it."""
        while True:
            try:
                found = self._taken()
            except Broken as why:
                raise Lost("no SMPP") from why
            left_s = ends_at - time.monotonic()
            if found is not None or left_s <= 0:
                return found
            try:
                self._socket.settimeout(left_s)
                more = self._socket.recv(65_536)
            except TimeoutError:
                return None
            except OSError as why:
                raise Lost("it hung up") from why
            if not more:
                raise Lost("it hung up")
            self._came += more

    def _taken(self) -> Pdu | None:
        if len(self._came) < HEADER:
            return None
        follows, head = pdu.read_header(self._came[:HEADER])
        whole = HEADER + follows
        if len(self._came) < whole:
            return None
        body, self._came = self._came[HEADER:whole], self._came[whole:]
        return Pdu(head.command, head.status, head.sequence, body)


def _secured(plain: socket.socket, host: str) -> socket.socket:
    return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
