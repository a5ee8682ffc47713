"""The storefront's product page, as a visitor in the middle of a purchase asks for it, against the least Django can do.

Both are served by the process that serves the shop, with the same workers and threads, on the same database, loaded by
the same client in turns.
"""

from __future__ import annotations

import http.cookiejar
import re
import urllib.request
from collections.abc import Iterator
from itertools import cycle
from statistics import median
from urllib.parse import urlencode

from opla.core.catalog import sellable
from opla.operations import catalogue
from opla.proving.bench.bench import Bench
from opla.proving.bench.load import Load, load
from opla.proving.bench.meter import Cpu, postmaster, tree
from opla.proving.bench.row import Row

_CONNECTIONS = 8
_ROUNDS = 5  # in turns, because the machine's other tenants come and go
_WARM_UP_S = 1.5
_BARE = "opla.proving.bench.bare"
_NUMBER = "0470 12 34 56"


def shop(bench: Bench) -> list[Row]:
    seconds = 10.0 if bench.full else 2.5
    with (
        bench.database() as database,
        bench.serving(database, "_web") as (pid, port),
        bench.serving(database, "_web", settings=_BARE) as (_, bare_port),
    ):
        pages = page_requests(port)
        bare = cycle([request_of("/", "")])
        for number, requests in ((port, pages), (bare_port, bare)):
            load(number, requests, connections=_CONNECTIONS, seconds=_WARM_UP_S)
        ours: list[Load] = []
        floor: list[Load] = []
        spent_ms = 0.0
        for n in range(_ROUNDS):
            bench.say(f"shop: round {n + 1} of {_ROUNDS}")
            cpu = Cpu(pid, postmaster())
            ours.append(load(port, pages, connections=_CONNECTIONS, seconds=seconds))
            spent_ms += cpu.ms
            floor.append(load(bare_port, bare, connections=_CONNECTIONS, seconds=seconds))
        threads = len(tree(pid)) - 1
    asked = sum(len(one.latencies_ms) for one in ours)
    told = f"{threads} processes, {_CONNECTIONS} connections; {spent_ms / asked:.2f} CPU-ms a page"
    rates, bare_rates = (median(one.per_s for one in loads) for loads in (ours, floor))
    p99, bare_p99 = (median(one.p99_ms for one in loads) for loads in (ours, floor))
    return [
        Row.at_least("shop", rates, "pages/s", goal=0.4, floor=bare_rates, note=f"product page: {told}"),
        Row.at_most("shop_p99", p99, "ms", goal=30, floor=bare_p99, note="99 of 100 of these pages took at most this"),
    ]


def page_requests(port: int) -> Iterator[bytes]:
    """For ever: every operator's page in turn, in both languages, with a visitor's cookies."""
    visitors = [visit(port, language) for language in ("en", "zh-Hans")]
    _, catalog = catalogue.active()
    sold = dict.fromkeys(p.operator for p in catalog.products if sellable(p, sandbox=True) is None)
    return cycle([request_of(f"/top-up/{operator}/", cookies) for operator in sold for cookies in visitors])


def visit(port: int, language: str) -> str:
    """The cookies of somebody who chose a language, typed a number and asked for a price."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    shop = f"http://127.0.0.1:{port}"

    def post(path: str, **typed: str) -> None:
        with browser.open(shop + path) as page:
            found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode())
        if found is None:
            raise ValueError(f"{path} has no form")
        target = "/language/" if "language" in typed else path
        data = urlencode({"csrfmiddlewaretoken": found[1], **typed}).encode()
        browser.open(urllib.request.Request(shop + target, data, {"Referer": shop})).close()  # noqa: S310 - our own

    post("/", language=language)
    post("/", number=_NUMBER)
    post("/top-up/mobile-vikings/MV-15/", number=_NUMBER, email="ana@example.org")
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def request_of(path: str, cookies: str) -> bytes:
    """What a browser sends, as far as the server looks at it."""
    lines = (
        f"GET {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Accept: text/html",
        "Accept-Encoding: gzip, deflate, br",
        "Accept-Language: nl-BE,nl;q=0.9,en;q=0.8",
        *([f"Cookie: {cookies}"] if cookies else []),
    )
    return "\r\n".join([*lines, "", ""]).encode()
