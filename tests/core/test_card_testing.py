"""Who is slowed down and who is not, as stories: each is a row of what people did, minute by minute."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from opla.core.card_testing import LIMITS, SMALL_MINOR, Seen, Source, Stopped, Window, decide, starts

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Pay:
    """A payment asked for so many minutes after noon."""

    minute: float
    device: str = "phone"
    address: str = "home"
    network: str = "street"
    email: str = "ana"
    numbers: tuple[str, ...] = ("1",)
    amount_minor: int = 1500
    fails: bool = False

    def of(self, source: Source) -> tuple[str, ...]:
        if source is Source.NUMBER:
            return self.numbers
        return (str(getattr(self, source)),)


def told(story: list[Pay], noon: datetime = NOON) -> Iterator[Stopped | None]:
    """What each is told. Whoever waits is not counted; a payment fails before the next is asked for."""
    counted: list[Pay] = []
    for one in story:
        at = noon + timedelta(minutes=one.minute)
        decision = decide(_seen([*counted, one], one, at, noon))
        if decision is None:
            counted.append(one)
        yield decision


def _seen(counted: list[Pay], now: Pay, at: datetime, noon: datetime) -> Iterator[Seen]:
    for window, since in starts(at).items():
        within = [one for one in counted if noon + timedelta(minutes=one.minute) >= since]
        for source in Source:
            for who in now.of(source):
                same = [one for one in within if who in one.of(source)]
                yield Seen(
                    source,
                    window,
                    len(same),
                    sum(one.amount_minor <= SMALL_MINOR for one in same),
                    len({number for one in same for number in one.numbers}) if source is not Source.NUMBER else 0,
                    sum(one.fails for one in same if one is not now),
                )


def family(minute: float) -> Pay:
    return Pay(minute, numbers=tuple(f"{n}" for n in range(5)))


def guests(n: int, *, failing: int) -> list[Pay]:
    """So many people within an hour, each with a phone of their own, behind one address."""
    return [
        Pay(m * 60 / n, f"phone {m}", "hostel", "hostel", f"guest {m}", (f"{m}",), 1000, fails=m % (n // failing) == 0)
        for m in range(n)
    ]


HONEST = {
    "one purchase": [Pay(0)],
    "a family fills five lines into a basket, and again in the evening": [family(0), family(360)],
    "eight lines, as many as a basket holds, twice within the hour": [
        Pay(minute, numbers=tuple(f"{minute} {n}" for n in range(8))) for minute in (0, 30)
    ],
    "somebody whose card fails three times, and then another card": [Pay(m, fails=m < 3) for m in range(4)],
    "the same, with the smallest amount": [Pay(m, fails=m < 3, amount_minor=500) for m in range(4)],
    "a hostel with forty guests behind one address, ten of whose cards fail": guests(40, failing=10),
    "the phones of an operator behind one address": guests(100, failing=12),
    "a child's number topped up by four relatives": [
        Pay(m, f"phone {m}", f"home {m}", f"street {m}", f"aunt {m}", ("child",)) for m in range(4)
    ],
    "a course buys for its members from one device, a line every five minutes": [
        Pay(5 * m, numbers=(f"{m}",), amount_minor=2000) for m in range(12)
    ],
}


@pytest.mark.parametrize("story", HONEST.values(), ids=HONEST)
def test_honest_people_are_never_slowed_down(story: list[Pay]) -> None:
    assert set(told(story)) == {None}


def forty_cards(**changed: object) -> list[Pay]:
    """Forty cards tried on the smallest amount, two a minute."""
    cards = [Pay(m / 2, fails=m % 8 != 0, amount_minor=500, numbers=(f"{m}",)) for m in range(40)]
    return [replace(one, **{name: f"{name} {m}" for name in changed}) for m, one in enumerate(cards)]  # type: ignore[arg-type]  # all of them texts


FRAUD = [
    # what the fraudster changes at every try, how many of forty are let through, the widest source that shows it
    ((), 10, Source.DEVICE),
    (("email",), 10, Source.DEVICE),
    (("device", "email"), 28, Source.ADDRESS),
    (("device", "address", "network"), 10, Source.EMAIL),
]


@pytest.mark.parametrize(("changes", "most", "shows"), FRAUD)
def test_whoever_tries_many_cards_is_slowed_down_whatever_they_change(
    changes: tuple[str, ...], most: int, shows: Source
) -> None:
    answers = list(told(forty_cards(**dict.fromkeys(changes))))
    assert answers.count(None) <= most
    assert {answer.source for answer in answers if answer} == {shows}


def test_a_rented_network_is_slowed_down_as_one() -> None:
    story = [Pay(m / 20, f"d{m}", f"a{m}", "rented", f"e{m}", (f"{m}",), 500, fails=True) for m in range(400)]
    answers = list(told(story))
    assert answers.count(None) == 240  # 120 in ten minutes, and as many in the next ten: 400 would be within 20
    assert answers[-1] == Stopped(Window.TEN_MINUTES, Source.NETWORK)


@pytest.mark.parametrize(
    ("apart_min", "tries", "waits"),
    [(1, 5, Window.TEN_MINUTES), (9, 7, Window.HOUR), (30, 12, Window.DAY)],
)
def test_the_slower_somebody_tries_the_longer_they_wait(apart_min: int, tries: int, waits: Window) -> None:
    assert list(told([Pay(m * apart_min, fails=True, email=f"{m}", numbers=(f"{m}",)) for m in range(tries)]))[-1] == (
        Stopped(waits, Source.DEVICE)
    )


def test_who_waited_is_let_through_and_the_day_ends_at_midnight_in_brussels() -> None:
    failing = [Pay(m, fails=True) for m in range(4)]
    assert list(told([*failing, Pay(4), Pay(14)]))[4:] == [Stopped(Window.TEN_MINUTES, Source.DEVICE), None]
    late = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    slowly = [Pay(60 * m / 2, fails=True, email=f"{m}", numbers=(f"{m}",)) for m in range(10)]
    midnight = (datetime(2026, 11, 22, 23, 0, tzinfo=UTC) - late) / timedelta(minutes=1)
    answers = list(told([*slowly, Pay(midnight - 1), Pay(midnight)], late))
    assert [answer and answer.wait for answer in answers[-2:]] == [Window.DAY, None]


def test_what_anybody_may_type_stops_nobody_for_a_day() -> None:
    assert {limit.source for limit in LIMITS if limit.window is Window.DAY} == {
        Source.NETWORK, Source.ADDRESS, Source.DEVICE,
    }  # fmt: skip


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: f"{limit.source} {limit.window}")
def test_every_figure_of_the_table_counts(limit: object) -> None:
    from opla.core.card_testing import Limit

    assert isinstance(limit, Limit)
    at_the_limit = Seen(limit.source, limit.window, limit.payments, limit.small, limit.numbers, limit.failed - 1)
    assert decide([at_the_limit]) is None
    for name in ("payments", "small", "numbers", "failed"):
        one_more = replace(at_the_limit, **{name: getattr(at_the_limit, name) + 1})
        assert decide([one_more]) == Stopped(limit.window, limit.source), name
