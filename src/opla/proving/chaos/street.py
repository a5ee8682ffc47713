"""Customers with browsers: they buy through the shop's own pages, and remember what the shop acknowledged.

An acknowledgement is an order's link in an answer that arrived. Whoever gets no answer presses again, as people do.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from random import Random
from urllib.parse import urlsplit

import httpx

_FORM = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_TOTAL = re.compile(r'name="total" value="(\d+)"')
_CHECKOUT = re.compile(r"http://127\.0\.0\.1:\d+/pay/\w+")
_PIN = re.compile(r'data-copy="(\d+)"')
_ORDER = re.compile(r"/o/([a-z2-7]{26})/")
_PATIENCE_S = 5.0
_PRESSES = 12
_LOOKS_S = 20.0

#: (operator, product, amount, whether it goes to a number)
_WISHES = (
    ("proximus", "PX-15", "15", False),
    ("base", "BA-20", "20", False),
    ("orange", "OR-15", "15", False),
    ("mobile-vikings", "MV-15", "15", True),
)
#: What the sandbox's operators do with a number is in its last digits; the others succeed. An order that waits for
#: a float (909) would outlast the course.
_ENDINGS = ("900", "901", "902", "904", "905", "906", "907", "908")
#: What people do at the payment page, and how often in a hundred.
_DECISIONS = {"pay": 76, "refuse": 8, "abandon": 4, "late": 4, "twice": 8}


class GaveUp(Exception):  # noqa: N818  (a customer walked away)
    pass


@dataclass
class Receipt:
    """What one customer has in hand: one wish, so at most one link; and the code, once seen."""

    links: set[str] = field(default_factory=set)
    pins: set[str] = field(default_factory=set, repr=False)


class Customer:
    """One person on one device with one wish."""

    def __init__(self, chance: Random, shop_url: str, said: Counter[str]) -> None:
        self.receipt = Receipt()
        self._chance = chance
        self._said = said  # answers nobody should have seen, by step and status
        self._decided = False
        self._client = httpx.AsyncClient(
            base_url=shop_url,
            timeout=_PATIENCE_S,
            trust_env=False,
            verify=False,  # noqa: S501  (there is no TLS on loopback, and loading certificates takes long)
            headers={"Accept-Language": "en", "Connection": "close"},
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def buy(self) -> None:
        """From the amount to the code, or to wherever patience ends."""
        try:
            await self._order()
            for link in self.receipt.links:
                await self._pay(link)
                await self._wait(link)
        except GaveUp:
            pass

    async def come_back(self, *, returning: bool) -> None:
        """Open the order once more: first to pay after all, or as if from paying; later for the code."""
        for link in self.receipt.links:
            try:
                page = await self._get(f"/o/{link}/")
                if not returning:
                    await self._reveal(link, page)
                elif not self._decided and _CHECKOUT.search(unescape(page.text)):
                    await self._decide(link, page, "pay")
                else:
                    await self._get(f"/pay/return/{link}/")
            except GaveUp:
                self._said["an order's page that did not open in the end"] += 1

    async def close(self) -> None:
        await self._client.aclose()

    # ── ordering ──

    async def _order(self) -> None:
        operator, sku, amount, to_number = self._chance.choice(_WISHES)
        path = f"/top-up/{operator}/{sku}/"
        page = await self._get(f"{path}?amount={amount}")
        typed = {"amount": amount, "email": f"c{self._chance.randrange(10**9)}@example.org", "plan": ""}
        if to_number:
            typed["number"] = f"0470{self._chance.randrange(1000):03d}{self._ending()}"
        quote = await self._post(path, typed, page)
        where = quote.headers.get("location", "")
        if not where.startswith("/quote/"):
            raise self._surprise("quote", quote)
        page = await self._get(where)
        total = _TOTAL.search(page.text)
        if total is None:
            raise self._surprise("price", page)
        agreed = {"total": total[1], "method": "sandbox", "at_once": "on"}
        presses = [self._place(where, agreed, page) for _ in range(2 if self._chance.randrange(6) == 0 else 1)]
        for outcome in await asyncio.gather(*presses, return_exceptions=True):
            if isinstance(outcome, BaseException) and not isinstance(outcome, GaveUp):
                raise outcome
        if not self.receipt.links:
            raise GaveUp

    async def _place(self, where: str, agreed: Mapping[str, str], page: httpx.Response) -> None:
        placed = await self._post(where, agreed, page)
        found = _ORDER.fullmatch(urlsplit(placed.headers.get("location", "")).path)
        if found is None:
            raise self._surprise("place", placed)
        self.receipt.links.add(found[1])

    def _ending(self) -> str:
        return self._chance.choice(_ENDINGS) if self._chance.randrange(3) == 0 else f"{self._chance.randrange(100):03d}"

    # ── paying ──

    async def _pay(self, link: str) -> None:
        page = await self._until(link, _CHECKOUT)
        decision = self._chance.choices(list(_DECISIONS), list(_DECISIONS.values()))[0]
        await self._decide(link, page, decision)
        if decision == "refuse" and self._chance.randrange(2):
            again = re.compile(rf'action="/o/{link}/pay/"')
            page = await self._until(link, again)
            await self._post(f"/o/{link}/pay/", {"method": "sandbox"}, page)
            await self._decide(link, await self._until(link, _CHECKOUT, besides=page), "pay")

    async def _decide(self, link: str, page: httpx.Response, decision: str) -> None:
        """Press a button of the payment page; sometimes in two tabs at once."""
        found = _CHECKOUT.search(unescape(page.text))
        if found is None:
            raise self._surprise("checkout", page)
        self._decided = True
        tabs = 2 if self._chance.randrange(8) == 0 else 1
        await asyncio.gather(*(self._send("POST", found[0], {"outcome": decision}) for _ in range(tabs)))
        if self._chance.randrange(4):  # the others close the window
            await self._get(f"/pay/return/{link}/")

    # ── waiting ──

    async def _until(self, link: str, shows: re.Pattern[str], besides: httpx.Response | None = None) -> httpx.Response:
        """The order's page once it shows something (else than `besides` showed)."""
        old = shows.search(unescape(besides.text)) if besides is not None else None
        ends_at = time.monotonic() + _LOOKS_S
        while time.monotonic() < ends_at:
            page = await self._get(f"/o/{link}/")
            found = shows.search(unescape(page.text))
            if found and (old is None or found[0] != old[0]):
                return page
            await self._pause(0.6, 2.0)
        raise GaveUp

    async def _wait(self, link: str) -> None:
        """Look at the order until it has its end, and at the code."""
        ends_at = time.monotonic() + _LOOKS_S
        while time.monotonic() < ends_at:
            page = await self._get(f"/o/{link}/")
            if await self._reveal(link, page) or "hx-get=" not in page.text:
                return
            await self._pause(0.8, 2.5)

    async def _reveal(self, link: str, page: httpx.Response) -> bool:
        if f'action="/o/{link}/code/"' not in page.text:
            return False
        shown = await self._post(f"/o/{link}/code/", {}, page)
        found = _PIN.search(shown.text)
        if found is None:
            raise self._surprise("code", shown)
        self.receipt.pins.add(found[1])
        return True

    # ── a browser ──

    async def _get(self, path: str) -> httpx.Response:
        return await self._send("GET", path)

    async def _post(self, path: str, typed: Mapping[str, str], page: httpx.Response) -> httpx.Response:
        token = _FORM.search(page.text)
        return await self._send("POST", path, {**typed, "csrfmiddlewaretoken": token[1] if token else ""})

    async def _send(self, method: str, url: str, typed: Mapping[str, str] | None = None) -> httpx.Response:
        """One press, and again where nothing readable came back."""
        for _ in range(_PRESSES):
            try:
                answer = await self._client.request(method, url, data=dict(typed) if typed else None)
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code < 500:
                return answer
            await self._pause(0.5, 3.0)
        raise GaveUp

    async def _pause(self, least_s: float, most_s: float) -> None:
        await asyncio.sleep(self._chance.uniform(least_s, most_s))

    def _surprise(self, step: str, answer: httpx.Response) -> GaveUp:
        self._said[f"{step} {answer.status_code}"] += 1
        return GaveUp(step)


class Street:
    """`heads` customers at a time until told to stop; all of them are remembered."""

    def __init__(self, chance: Random, shop_url: str, heads: int) -> None:
        self.customers: list[Customer] = []
        self.said: Counter[str] = Counter()
        self._chance = chance
        self._shop_url = shop_url
        self._heads = heads
        self._closing = asyncio.Event()

    async def walk(self) -> None:
        await asyncio.gather(*(self._one_after_another(Random(self._chance.random())) for _ in range(self._heads)))  # noqa: S311 - a repeatable one is the point

    def stop(self) -> None:
        """Whoever is in the shop finishes; nobody new comes in."""
        self._closing.set()

    async def _one_after_another(self, chance: Random) -> None:
        while not self._closing.is_set():
            customer = Customer(Random(chance.random()), self._shop_url, self.said)  # noqa: S311
            self.customers.append(customer)
            await customer.buy()
            await asyncio.sleep(chance.uniform(0.0, 0.3))

    async def come_back(self, *, returning: bool) -> None:
        """Everybody who was given a link opens it again, a few at a time."""
        gate = asyncio.Semaphore(self._heads)

        async def visit(customer: Customer) -> None:
            async with gate:
                await customer.come_back(returning=returning)

        await asyncio.gather(*(visit(one) for one in self.customers if one.receipt.links))

    async def close(self) -> None:
        for customer in self.customers:
            await customer.close()
