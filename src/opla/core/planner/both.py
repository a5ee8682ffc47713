"""The least money that provides so many days and so much data at once."""

from __future__ import annotations

from bisect import bisect_left
from math import gcd
from operator import itemgetter

from opla.core.planner.reach import HOPELESS

_MOST_STEPS, _FEW_STEPS, _FEW_DAYS = 1024, 256, 60
_NEVER = -(1 << 62)


class Both:
    """A table of money by days: the most data that so much money buys together with so many days.

    Days, data and money go by steps. A step that divides what every product gives, or costs, loses nothing. A larger
    one rounds days up and prices down, and so never makes the answer larger than the truth. The table grows as asked.
    """

    def __init__(self, offers: list[tuple[int, int, int]], most_days: int, most_data: int) -> None:
        """`offers`: each one's days, data and price. `data` beyond the most is as good as the most."""
        self._day_step = max(gcd(*(days for days, _, _ in offers)), 5 if most_days > _FEW_DAYS else 1)
        self._data_step = gcd(*(data for _, data, _ in offers if data < most_data)) or most_data
        most = -(-most_data // self._data_step)
        offers = [(days, min(data // self._data_step, most), price) for days, data, price in offers]
        alone = [price * max(-(-most_days // days), -(-most // data)) for days, data, price in offers if days and data]
        self._money_step = max(gcd(*(price for _, _, price in offers)), min(alone, default=0) // _MOST_STEPS, 1)
        steps = {(-(-days // self._day_step), data, price // self._money_step) for days, data, price in offers}
        useful = [one for one in steps if not any(_beats(other, one) for other in steps)]
        self._offers = sorted(useful, key=itemgetter(1, 0), reverse=True)
        self._most_days = max((days for days, _, _ in useful), default=0)
        self._most_data = max((data for _, data, _ in useful), default=0)
        self._free = any(not price for _, _, price in self._offers)
        # By money, then by days: the most data; far below nothing where the days cost more.
        self._most = [[0] + [_NEVER] * -(-most_days // self._day_step)]
        self._known: dict[tuple[int, int], tuple[int, int]] = {}
        self._counts: dict[tuple[int, int, int], int] = {}

    def __call__(self, days: int, data: int) -> tuple[int, int]:
        """The least money, and for that money the fewest purchases."""
        asked = -(-days // self._day_step), -(-data // self._data_step)
        found = self._known.get(asked)
        if found is None:
            found = self._known[asked] = self._least(*asked)
        return found

    def _least(self, days: int, data: int) -> tuple[int, int]:
        if not days and not data:
            return 0, 0
        if not self._offers or (data and not self._most_data):
            return HOPELESS, HOPELESS
        if self._free:
            return 0, 0
        while self._most[-1][days] < data:
            self._grow()
        money = bisect_left(self._most, data, key=itemgetter(days))
        count = self._fewest(money, days, data) if money <= _FEW_STEPS else self._enough(days, data)
        return money * self._money_step, count

    def _grow(self) -> None:
        rows = [self._most[-1]]
        for days, data, price in self._offers:
            if price <= len(self._most):
                before = self._most[-price]
                some = before[0] + data
                rows.append([some] * min(days, len(before)) + [most + data for most in before[: len(before) - days]])
        self._most.append([*map(max, *rows)] if len(rows) > 1 else rows[0])

    def _fewest(self, money: int, days: int, data: int) -> int:
        if days <= 0 and data <= 0:
            return 0
        asked = (money, days, data)
        known = self._counts.get(asked)
        if known is not None:
            return known
        best = HOPELESS
        enough = self._enough(days, data)
        for serves, gives, price in self._offers:
            if price <= money:
                less, rest = max(0, days - serves), max(0, data - gives)
                if self._most[money - price][less] >= rest:
                    best = min(best, self._fewest(money - price, less, rest) + 1)
                    if best == enough:
                        break
        self._counts[asked] = best
        return best

    def _enough(self, days: int, data: int) -> int:
        """With fewer purchases, whatever they cost, there is too little of something."""
        return max(-(-days // self._most_days), -(-data // self._most_data) if data else 0)


def _beats(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    """Whether one gives as much as another for as little, and is not the same."""
    return one != other and one[0] >= other[0] and one[1] >= other[1] and one[2] <= other[2]
