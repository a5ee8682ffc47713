"""How many days one purchase serves, and so what the days that are left cost at least: tables, made once.

Everything is counted by how many days are left that want something; which days those are, the horizon knows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from itertools import repeat
from typing import Final, NamedTuple

from opla.core.catalog.rules import Length
from opla.core.planner.need import Horizon

#: More than any bound can be: the rest is impossible.
HOPELESS: Final = 1 << 50
#: More purchases than any plan has: money and count in one number.
PURCHASES: Final = 100_000


class Giving(NamedTuple):
    """What one purchase gives, as far as days look: its price, how long it lasts, and how much of each kind of which
    only the last purchase counts."""

    price: int
    lasts: Length
    limits: tuple[int, ...]


class Reach:
    """Of n days left that want something:

    left   by kind of purchase, how many are left at least once one was bought for the first of them
    least  how many are left after the one that reaches furthest
    fewest how many purchases they need at least
    money  what they cost at least
    count  how many purchases, for that money
    """

    def __init__(self, horizon: Horizon, exclusive: tuple[int, ...], giving: Iterable[Giving], middle: bool) -> None:
        self._horizon, self._exclusive, self._middle = horizon, exclusive, middle
        self.wanting = horizon.wanting(tuple(kind for kind in range(3) if horizon.needed[kind]))
        self._days = [n for n in range(horizon.days) if self.wanting[n] > self.wanting[n + 1]][::-1]
        prices: dict[tuple[Length, tuple[int, ...]], int] = {}
        for price, lasts, limits in giving:
            known = prices.get((lasts, limits))
            prices[lasts, limits] = price if known is None else min(price, known)
        self._chains: dict[int, tuple[int, ...]] = {}
        self._left = {alike: self._left_after(*alike) for alike in prices}
        none = range(len(self._days) + 1)
        self.least = [*map(min, none, *self._left.values())] if prices else [*none]
        self.fewest = [0]
        for n in none[1:]:
            self.fewest.append(self.fewest[self.least[n]] + 1 if self.least[n] < n else HOPELESS)
        self._pairs = list(zip(prices.values(), self._left.values(), strict=True))

    def left(self, days: int, giving: Giving) -> int:
        return self._left[giving.lasts, giving.limits][days]

    def longest(self, giving: Giving) -> int:
        """On at most so many days one of these serves, wherever it is bought."""
        return max(n - left for n, left in enumerate(self._left[giving.lasts, giving.limits]))

    def fails(self, left: int, *, earlier: bool = False) -> int:
        """The last instant of the day from which on so many days want something, or of the day before it; the end of
        the horizon when none does."""
        if left <= 0:
            return self._horizon.end
        day = self._days[left - 1]
        if earlier and day:
            day -= 1
        return self._horizon.starts[day + self._middle] - self._middle

    def chain(self, left: int) -> tuple[int, ...]:
        """Of one purchase after the other the last instants, negated, each of which reaches furthest."""
        ahead = []
        while left not in self._chains:
            ahead.append(left)
            if not 0 < self.least[left] < left:
                break
            left = self.least[left]
        found = self._chains.get(left, ())
        for one in reversed(ahead):
            found = self._chains[one] = (-self.fails(one), *found)
        return found

    def _left_after(self, lasts: Length, limits: tuple[int, ...]) -> list[int]:
        horizon, wanting = self._horizon, self.wanting
        if self._middle:
            # Bought in the middle of a day, it serves the rest of that day besides.
            longest = max(end - day for day, end in enumerate(horizon.lasting(lasts)))
            for kind, most in zip(self._exclusive, limits, strict=True):
                longest = min(longest, horizon.longest(kind, most))
            return [max(0, n - longest - 1) for n in range(len(self._days) + 1)]
        lasting = horizon.lasting(lasts)
        beyond = [lasting[day] + 1 for day in self._days]
        for kind, most in zip(self._exclusive, limits, strict=True):
            sums = horizon.sums[kind]
            if most < sums[-1]:
                dry = map(bisect_right, repeat(sums), [sums[day] + most for day in self._days])
                beyond = [*map(min, beyond, dry)]
        return [0, *(wanting[day - 1] for day in beyond)]

    @cached_property
    def money(self) -> list[int]:
        return [cost // PURCHASES for cost in self._cost]

    @cached_property
    def count(self) -> list[int]:
        return [cost % PURCHASES for cost in self._cost]

    @cached_property
    def _cost(self) -> list[int]:
        most = HOPELESS * PURCHASES
        found = [0] + [most] * len(self._days)
        costs = [price * PURCHASES + 1 for price, _ in self._pairs]
        for n, lefts in enumerate(zip(*(left for _, left in self._pairs), strict=True)):
            # What serves none of them leads to where nothing is known yet.
            if n:
                found[n] = min(most, *[cost + found[left] for cost, left in zip(costs, lefts, strict=True)])
        return found
