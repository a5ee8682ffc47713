"""Random small catalogues, lines and needs over every shape of a rule. The same seed makes the same case."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

from opla.core.catalog.rules import AutoRenew, CreditRenewal, EarlyRenewal, Length, NumberLife, Since
from opla.core.drawing import ANY, Demand, Quality, Tariff
from opla.core.effects import Effect, Portion
from opla.core.line import Bucket, Credit, Kind, Line
from opla.core.money import Money
from opla.core.promotion import Facts, FeeWaived, Off, Percent, Promotion, Used, Window
from planner.truth import WHERE, World

DAY = timedelta(days=1)
FIRSTS = (date(2026, 11, 22), date(2026, 10, 23), date(2026, 3, 27), date(2027, 1, 29), date(2028, 2, 26))
KINDS = (Kind.DATA, Kind.VOICE, Kind.SMS)


@dataclass
class Case:
    world: World
    line: Line
    shape: str


#: What a catalogue is made of; the first ones are what the fast search is for.
SHAPES = ("overwrite", "restart", "roll", "queue", "beside", "credit_adds", "refused", "bundles", "renewing", "mixed")


def made(seed: int, shape: str = "", days: int = 0) -> Case:
    random = Random(seed)
    shape = shape or random.choice(SHAPES)
    days = days or random.randint(3, 9)
    first = random.choice(FIRSTS)
    kinds = random.sample(KINDS, random.choice((1, 1, 2, 3)))
    lasts = random.choice((3, 3, 2, 4))
    effects = [_effect(random, shape, place, kinds, lasts) for place in range(random.randint(1, 3))]
    if shape in ("bundles", "renewing"):
        effects += [_top_up(random, shape, place) for place in range(random.randint(1, 2))]
    if random.random() < 0.15:
        effects[0] = replace(effects[0], on_sale=False)
    demands = _demands(random, days, kinds, calm=random.random() < 0.6)
    world = World(
        effects, demands, first,
        quality=_quality(random) if random.random() < 0.15 else ANY,
        tariff=Tariff(random.choice((None, 20, 300)), random.choice((None, 7)), random.choice((None, 3, 15)))
        if random.random() < 0.08 else None,
    )  # fmt: skip
    _sell(Random(seed + 1), world)
    return Case(world, _line(random, world, shape), shape)


def _sell(random: Random, world: World) -> None:
    """A fee, promotions, and who asks; by chance of its own, so that everything else is the same without them."""
    world.fee_minor = random.choice((0, 0, 1, 4))
    if random.random() < 0.4:
        return
    world.promotions = tuple(_promotion(random, world, place) for place in range(random.choice((1, 1, 2, 3))))
    world.facts = Facts(
        "", "",
        first_purchase=random.random() < 0.5,
        opened=frozenset({"p0"}),
        used={"p0": Used(random.randint(0, 2), random.randint(0, 1))},
    )  # fmt: skip


def _promotion(random: Random, world: World, place: int) -> Promotion:
    benefit = random.choice((Percent(random.choice((20, 50))), Off(Money(random.randint(1, 5), "EUR")), FeeWaived()))
    start = world.start if random.random() < 0.4 else _soon(random, world.start)
    stacks = random.random() < 0.4
    return Promotion(
        f"p{place}", {}, Window(start, None if random.random() < 0.4 else start + random.choice((1, 2, 3)) * DAY),
        benefit,
        products=frozenset({random.choice(world.effects).sku}) if random.random() < 0.2 else frozenset(),
        minimum_minor=8 if random.random() < 0.2 else 0,
        first_purchase=random.random() < 0.2,
        coupons=frozenset({"CODE"}) if random.random() < 0.15 else frozenset(),
        most_uses=random.choice((1, 2, 3)) if random.random() < 0.15 else None,
        most_each=random.choice((1, 2)) if random.random() < 0.3 else None,
        stacks=stacks, group="one" if stacks and random.random() < 0.2 else "",
    )  # fmt: skip


def _effect(random: Random, shape: str, place: int, kinds: list[Kind], lasts: int) -> Effect:
    rule = {
        "overwrite": EarlyRenewal.OVERWRITE_ALL, "restart": EarlyRenewal.RESTART_MONTH,
        "roll": EarlyRenewal.OVERWRITE_VOICE_ROLL_DATA, "queue": EarlyRenewal.QUEUE, "beside": EarlyRenewal.BESIDE,
        "credit_adds": EarlyRenewal.CREDIT_ADDS, "refused": EarlyRenewal.REFUSED_WHILE_ACTIVE,
        "bundles": EarlyRenewal.REFUSED_WHILE_ACTIVE, "renewing": EarlyRenewal.REFUSED_WHILE_ACTIVE,
    }.get(shape) or random.choice(list(EarlyRenewal))  # fmt: skip
    odd = shape == "mixed" or random.random() < 0.06
    from_credit = shape in ("bundles", "renewing") or (odd and random.random() < 0.3)
    given = [k for k in kinds if random.random() < 0.85] or kinds[:1]
    if odd and random.random() < 0.3:
        given = random.sample(KINDS, random.randint(0, 2))
    portions = tuple(
        Portion(
            k, None if random.random() < 0.15 else random.randint(1, 12),
            512 if k is Kind.DATA and random.random() < 0.1 else None,
            random.randint(0, 6) if k is Kind.DATA and random.random() < 0.3 else None,
        )
        for k in given
    )  # fmt: skip
    credit = None if from_credit else random.choice((None, 5, 10, 20))
    return Effect(
        f"P{place}", "red", "EUR", WHERE, random.choice((5, 5, 8, 10, 15)), from_credit=from_credit,
        credit_minor=10 if credit is None and not portions and not from_credit else credit, portions=portions,
        lasts=_length(random) if odd else Length(days=lasts if random.random() < 0.7 else random.choice((2, 3, 4))),
        renewal=rule,
        group=random.choice(("", "g")) if odd else "g",
        generation=random.choice(("", "4G", "5G")), max_mbps=random.choice((None, 50, 300)),
        delay=random.choice((Length(minutes=30), Length(days=1))) if odd and random.random() < 0.3 else None,
        once_a_day=odd and random.random() < 0.3,
        use_by=random.choice(FIRSTS) + 3 * DAY if odd and random.random() < 0.2 else None,
        bonus_min_minor=8 if random.random() < 0.1 else 0,
        bonus_window_days=random.choice((2, 3, 4)) if random.random() < 0.15 else None,
        credit_lasts=Length(days=random.choice((2, 3, 5, 30))) if random.random() < 0.5 else Length(),
        credit_renewal=random.choice(list(CreditRenewal)),
        credit_cap=Length(days=4) if random.random() < 0.1 else None,
        number_life=NumberLife(Length(days=random.choice((3, 5))), Since.TOP_UP) if random.random() < 0.12 else None,
        number_grace=Length(days=1) if random.random() < 0.3 else None,
        auto_renew=AutoRenew.BUILT_IN if shape == "renewing" else
        random.choice(list(AutoRenew)) if odd else AutoRenew.NONE,
    )  # fmt: skip


def _top_up(random: Random, shape: str, place: int) -> Effect:
    amount = random.choice((5, 10, 15, 20))
    return Effect(
        f"T{place}", "red", "EUR", WHERE, amount, credit_minor=amount, renewal=EarlyRenewal.CREDIT_ADDS,
        credit_lasts=Length(days=random.choice((4, 4, 4, 30))),
        credit_renewal=random.choice(list(CreditRenewal)) if random.random() < 0.3 else CreditRenewal.KEEPS_ITS_END,
        delay=Length(minutes=30) if random.random() < 0.1 else None,
        number_life=NumberLife(Length(days=4), Since.TOP_UP) if random.random() < 0.1 else None,
    )  # fmt: skip


def _length(random: Random) -> Length:
    if random.random() < 0.1:
        return Length()
    return random.choice((Length(days=2), Length(days=5), Length(minutes=2000), Length(months=1)))


def _quality(random: Random) -> Quality:
    return Quality(random.choice(("", "5g")), random.choice((0, 100)), random.choice((0, 1000)))


def _demands(random: Random, days: int, kinds: list[Kind], *, calm: bool) -> list[Demand]:
    each = [random.randint(1, 3) if k in kinds else 0 for k in KINDS]
    away = (random.randint(0, days), random.randint(0, days)) if random.random() < 0.2 else (days, 0)
    found = []
    for day in range(days):
        amounts = [a if calm or not a else random.choice((0, 0, a, a, a + 2)) for a in each]
        found.append(Demand(*amounts, abroad=away[0] <= day <= away[1]))
    return found


def _line(random: Random, world: World, shape: str) -> Line:
    start = world.start
    if random.random() < 0.35:
        return Line("red", topped_up_at=start - DAY if random.random() < 0.3 else None)
    buckets = []
    for _ in range(random.randint(0, 2)):
        effect = random.choice(world.effects)
        ends = None if random.random() < 0.05 else _soon(random, start)
        buckets += [
            Bucket(
                portion.kind,
                portion.amount if portion.amount is None else random.randint(0, portion.amount),
                start + random.choice((-2, -2, -2, -2, -2, -2, -2, 1)) * timedelta(hours=9),
                ends,
                effect.sku,
                effect.group,
                portion.slow_kbps,
                portion.eu_amount,
                effect.generation,
                effect.max_mbps,
                None,
                effect.auto_renew is AutoRenew.BUILT_IN and ends is not None,
            )
            for portion in effect.portions
        ]
    buckets = [b for b in buckets if b.ends is None or b.ends > b.starts]
    lots = tuple(
        Credit(random.randint(1, 20), None if random.random() < 0.3 else _soon(random, start))
        for _ in range(random.randint(0, 2))
    )
    return Line(
        "red", credit=lots, buckets=tuple(buckets),
        topped_up_at=start - random.randint(0, 3) * DAY if random.random() < 0.8 else None,
        number_lost=_soon(random, start) + DAY if random.random() < 0.07 else None,
    )  # fmt: skip


def _soon(random: Random, start: datetime) -> datetime:
    """Mostly when a day begins, sometimes in the middle of one."""
    at = start + random.randint(1, 5) * DAY
    local = at.astimezone(WHERE).replace(hour=0, minute=0)
    if random.random() < 0.3:
        local = local.replace(hour=random.choice((9, 13)), minute=5)
    return local.astimezone(UTC)
