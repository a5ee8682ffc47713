"""`python reseller.py HOST PORT NAME SECRETS`: a reseller's program that orders at one shop until it is told to end.

It asks again under the same key until it has an answer, as it should. Each order that was acknowledged is a line on
stdout: its key, its number with us, when it was first asked for and when it was acknowledged (the machine's clock that
never jumps). Told to end, it finishes what it began.
"""

from __future__ import annotations

import http.client
import itertools
import json
import signal
import sys
import threading
import time
from contextlib import suppress

_THREADS = 4
_PAUSE_S = 0.15
_PATIENCE_S = 20
_AGAIN_S = 0.3
#: Numbers that end otherwise are played: declined, silent, late. That is tried elsewhere.
_GOOD_ENDINGS = 900


def order(host: str, port: int, secret: str, key: str, number: str) -> tuple[int, str]:
    """The status, and the order's number with us where there is one."""
    connection = http.client.HTTPConnection(host, port, timeout=_PATIENCE_S)
    try:
        body = json.dumps({"sku": "MV-15", "number": number})
        headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": key, "Content-Type": "application/json"}
        connection.request("POST", "/api/v1/orders", body, headers)
        answer = connection.getresponse()
        told = json.loads(answer.read())
        return answer.status, str(told.get("order", ""))
    finally:
        connection.close()


def number(n: int) -> str:
    return f"0470{n // _GOOD_ENDINGS % 1000:03d}{n % _GOOD_ENDINGS:03d}"


def main(host: str, port: int, name: str, secrets: list[str]) -> None:
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    count, writing = itertools.count(), threading.Lock()

    def work(secret: str) -> None:
        while not stopping.is_set():
            n = next(count)
            key, asked = f"{name}-{n}", time.monotonic()
            while True:
                began, status, id_ = time.monotonic(), 0, ""
                with suppress(OSError, http.client.HTTPException, ValueError):
                    status, id_ = order(host, port, secret, key, number(n))
                if status in {200, 202}:
                    break
                time.sleep(_AGAIN_S)
            line = {"key": key, "secret": secret, "number": number(n), "order": id_}
            times = {"asked": asked, "last_asked": began, "told": time.monotonic(), "again": status == 200}
            with writing:
                sys.stdout.write(json.dumps({**line, **times}) + "\n")
                sys.stdout.flush()
            time.sleep(_PAUSE_S)

    threads = [threading.Thread(target=work, args=(secrets[n % len(secrets)],)) for n in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4].split(","))
