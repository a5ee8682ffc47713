"""`python carry.py HOST PORT TO_HOST TO_PORT`: what comes in here goes there, byte for byte."""

from __future__ import annotations

import asyncio
import sys


async def _pump(reads: asyncio.StreamReader, writes: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reads.read(65536):
            writes.write(chunk)
            await writes.drain()
    except OSError:
        pass
    finally:
        writes.close()


async def main(host: str, port: int, to_host: str, to_port: int) -> None:
    async def accept(asks: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        try:
            theirs, ours = await asyncio.wait_for(asyncio.open_connection(to_host, to_port), 5)
        except OSError:
            answers.transport.abort()
            return
        await asyncio.gather(_pump(asks, ours), _pump(theirs, answers))

    async with await asyncio.start_server(accept, host, port) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
