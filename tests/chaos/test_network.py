"""The bad network does what it says, over ports and over sockets; and a calm one is as if it were not there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import pytest

from opla.proving.chaos.network import Hurt, Link
from support import aside

Ask = Callable[[], Awaitable[bytes]]


async def over_link(path: Path, hurts: dict[Hurt, int], act: Callable[[Link, Ask], Awaitable[None]]) -> list[bytes]:
    """Run `act` with a link to a server that answers in capitals; what arrived there."""
    arrived: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if asked := await reader.read(100):
            arrived.append(asked)
            writer.write(asked.upper())
        writer.close()

    there = path / "there"
    server = await asyncio.start_unix_server(serve, there)
    link = Link(0, there, Random(1), hurts, silence_s=0.05, absent_every_s=3600.0)
    await link.open()

    async def ask() -> bytes:
        assert isinstance(link.here, int)
        reader, writer = await asyncio.open_connection("127.0.0.1", link.here)
        try:
            writer.write(b"give me ten")
            return await reader.read()
        except ConnectionError:
            return b"broken"
        finally:
            writer.close()

    try:
        await act(link, ask)
    finally:
        await link.close()
        server.close()
    return arrived


@pytest.mark.parametrize(
    ("hurt", "arrives", "answered"),
    [
        (Hurt.CUT_ASKING, [b"give "], {b"", b"broken"}),
        (Hurt.CUT_ANSWERING, [b"give me ten"], {b"GIVE ", b"broken"}),
        (Hurt.SWALLOWED, [b"give me ten"], {b"", b"broken"}),
        (Hurt.DELAYED, [b"give me ten"], {b"GIVE ME TEN"}),
    ],
)
def test_a_hurt_strikes_on_its_own_side_of_the_other_end(
    tmp_path: Path, hurt: Hurt, arrives: list[bytes], answered: set[bytes]
) -> None:
    async def act(link: Link, ask: Ask) -> None:
        assert await ask() in answered
        assert link.counted == {hurt: 1}

    assert aside(lambda: asyncio.run(over_link(tmp_path, {hurt: 1000}, act))) == arrives


def test_a_calm_network_carries_everything(tmp_path: Path) -> None:
    async def act(link: Link, ask: Ask) -> None:
        link.calm()
        for _ in range(5):
            assert await ask() == b"GIVE ME TEN"
        assert not link.counted

    assert len(aside(lambda: asyncio.run(over_link(tmp_path, dict.fromkeys(Hurt, 200), act)))) == 5


def test_the_same_seed_strikes_the_same(tmp_path: Path) -> None:
    def drawn(seed: int) -> list[Hurt | None]:
        link = Link(0, tmp_path, Random(seed), dict.fromkeys(Hurt, 100), silence_s=1, absent_every_s=1)
        return [link.strikes() for _ in range(50)]

    assert drawn(3) == drawn(3) != drawn(4)
