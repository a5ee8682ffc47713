"""A cheap HTTP client for load: one thread, kept connections, each asks again as soon as it is answered."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from opla.proving.bench.row import percentile

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_END = b"\r\n\r\n"


@dataclass
class Load:
    """What came of it. `cpu_ms` is this client's own, to be counted apart; `latencies_ms` one per answer."""

    seconds: float = 0.0
    cpu_ms: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)

    @property
    def per_s(self) -> float:
        return len(self.latencies_ms) / self.seconds

    @property
    def p99_ms(self) -> float:
        return percentile(self.latencies_ms, 99)


class WrongAnswer(Exception):  # noqa: N818  (what was measured is not what was asked for)
    """An answer with another status than the expected one: the figure would be of something else."""


def load(port: int, requests: Iterator[bytes], *, connections: int, seconds: float, status: int = 200) -> Load:
    """Send `requests` (whole, as bytes) over `connections` to this machine, until the time or the requests run out.

    Answers must carry a content-length. Raises `WrongAnswer` for any other status, and ConnectionError when the server
    hangs up.
    """
    return asyncio.run(_load(port, requests, connections, seconds, status))


async def _load(port: int, requests: Iterator[bytes], connections: int, seconds: float, status: int) -> Load:
    done = Load()
    loop = asyncio.get_running_loop()
    cpu_s, began = time.process_time(), time.perf_counter()
    clients = [_Client(requests, done, began + seconds, status, loop.create_future()) for _ in range(connections)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)  # type: ignore[misc] # mypy cannot infer a lambda's default
    await asyncio.gather(*(client.over for client in clients))
    done.seconds = time.perf_counter() - began
    done.cpu_ms = (time.process_time() - cpu_s) * 1000
    return done


class _Client(asyncio.Protocol):
    """One connection."""

    def __init__(
        self, requests: Iterator[bytes], done: Load, until: float, status: int, over: asyncio.Future[None]
    ) -> None:
        self.over = over
        self._requests, self._latencies_ms, self._until = requests, done.latencies_ms, until
        self._first_line = b"HTTP/1.1 %d" % status
        self._got = b""
        self._wanted = 0
        self._asked_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a connection that cannot be written to")
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._got, self._wanted, self._asked_at = b"", 0, time.perf_counter()
        request = next(self._requests, None) if self._asked_at < self._until else None
        if request is None:
            self.over.set_result(None)
            self._transport.close()
        else:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._got += data
        if not self._wanted and (head := self._got.find(_END)) >= 0:
            found = _LENGTH.search(self._got, 0, head)
            if not self._got.startswith(self._first_line) or found is None:
                self._fail(WrongAnswer(self._got[:head].decode("latin-1")))
                return
            self._wanted = head + len(_END) + int(found[1])
        if self._wanted and len(self._got) >= self._wanted:
            self._latencies_ms.append((time.perf_counter() - self._asked_at) * 1000)
            self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc or ConnectionError("the server hung up"))

    def _fail(self, why: Exception) -> None:
        if not self.over.done():
            self.over.set_exception(why)
            self._transport.close()
