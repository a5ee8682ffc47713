"""A bad network between two processes: a proxy that delays, cuts and swallows, and now and then is not there at all.

It knows nothing of HTTP or of PostgreSQL: it strikes at whatever one side has just written, so a request may arrive
whole and be answered into nothing, and a commit may stand that nobody is told of.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from random import Random

#: A port of this machine, or the path of a socket.
Place = int | Path

_CHUNK = 65_536
_LONGEST_DELAY_S = 1.2
_LONGEST_ABSENCE_S = 2.0


class Hurt(StrEnum):
    DELAYED = "delayed"
    CUT_ASKING = "cut_asking"  # half of what was asked arrives, then the connection breaks
    CUT_ANSWERING = "cut_answering"  # all of it arrives, and half of the answer comes back
    SWALLOWED = "swallowed"  # all of it arrives, and nothing comes back, for as long as `silence_s`
    REFUSED = "refused"  # nobody listens, for a while


class Link:
    """One stretch of network. `per_mille` is the chance of each hurt per thing asked; `absent_every_s` a mean.

    `silence_s` bounds how long an answer is withheld before the connection breaks.
    """

    def __init__(
        self,
        here: Place,
        there: Place,
        chance: Random,
        per_mille: Mapping[Hurt, int],
        *,
        silence_s: float,
        absent_every_s: float,
    ) -> None:
        self.here = here
        self.counted: Counter[Hurt] = Counter()
        self._there = there
        self._chance = chance
        self._per_mille = per_mille
        self._silence_s = silence_s
        self._absent_every_s = absent_every_s
        self._calm = False
        self._server: asyncio.Server | None = None
        self._going: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        await self._listen()
        self._watch(asyncio.ensure_future(self._come_and_go()))

    def calm(self) -> None:
        """From now on it is a good network, for connections that are open too."""
        self._calm = True

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._going:
            task.cancel()
        await asyncio.gather(*self._going, return_exceptions=True)

    def _watch(self, task: asyncio.Task[None]) -> None:
        self._going.add(task)
        task.add_done_callback(self._going.discard)

    async def _listen(self) -> None:
        if isinstance(self.here, Path):
            self._server = await asyncio.start_unix_server(self._accept, self.here)
        else:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.here)
            self.here = self._server.sockets[0].getsockname()[1]

    async def _come_and_go(self) -> None:
        """Now and then nobody listens: a caller then knows that nothing has left."""
        while True:
            await asyncio.sleep(self._chance.expovariate(1 / self._absent_every_s))
            if self._calm or self._server is None:
                return
            self._server.close()
            self.counted[Hurt.REFUSED] += 1
            await asyncio.sleep(self._chance.uniform(0.2, _LONGEST_ABSENCE_S))
            await self._listen()

    async def _accept(self, asks: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            self._watch(task)
        try:
            if isinstance(self._there, Path):
                theirs, ours = await asyncio.open_unix_connection(self._there)
            else:
                theirs, ours = await asyncio.open_connection("127.0.0.1", self._there)
        except OSError:  # nobody is there: their process was killed a moment ago
            answers.transport.abort()
            return
        await _Call(self, asks, answers, theirs, ours).run()

    def strikes(self) -> Hurt | None:
        """What happens to the thing that was just asked."""
        drawn = self._chance.randrange(1000)
        if self._calm:
            return None
        for hurt, share in self._per_mille.items():
            if drawn < share:
                self.counted[hurt] += 1
                return hurt
            drawn -= share
        return None

    def delay_s(self) -> float:
        return self._chance.uniform(0.01, _LONGEST_DELAY_S)

    @property
    def silence_s(self) -> float:
        return self._silence_s


class _Cut(Exception):  # noqa: N818  (the connection is cut; nothing is wrong with us)
    pass


class _Call:
    """One connection, and what becomes of it."""

    def __init__(
        self,
        link: Link,
        asks: asyncio.StreamReader,
        answers: asyncio.StreamWriter,
        theirs: asyncio.StreamReader,
        ours: asyncio.StreamWriter,
    ) -> None:
        self._link, self._asks, self._answers, self._theirs, self._ours = link, asks, answers, theirs, ours
        self._coming: Hurt | None = None  # what the next answer meets

    async def run(self) -> None:
        pumps = [asyncio.ensure_future(self._carry_asked()), asyncio.ensure_future(self._carry_answers())]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            cut = any(pump.done() and not pump.cancelled() and pump.exception() is not None for pump in pumps)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for writer in (self._answers, self._ours):
                if cut:
                    writer.transport.abort()
                else:
                    writer.close()

    async def _carry_asked(self) -> None:
        while chunk := await self._asks.read(_CHUNK):
            hurt = self._link.strikes()
            if hurt is Hurt.DELAYED:
                await asyncio.sleep(self._link.delay_s())
            elif hurt is Hurt.CUT_ASKING:
                await _write(self._ours, chunk[: len(chunk) // 2])
                raise _Cut
            elif hurt is not None:
                self._coming = hurt
            await _write(self._ours, chunk)

    async def _carry_answers(self) -> None:
        while chunk := await self._theirs.read(_CHUNK):
            if self._coming is Hurt.CUT_ANSWERING:
                await _write(self._answers, chunk[: len(chunk) // 2])
                raise _Cut
            if self._coming is Hurt.SWALLOWED:
                await asyncio.sleep(self._link.silence_s)
                raise _Cut
            await _write(self._answers, chunk)


async def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()
