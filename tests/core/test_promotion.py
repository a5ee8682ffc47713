"""The best legal combination, against trying them all; who gets what, from when until when; what is nearly there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.catalog import Cell, Sure
from opla.core.money import Money
from opla.core.order import Price
from opla.core.promotion import (
    Applied,
    Benefit,
    Bonus,
    Channel,
    Context,
    Facts,
    FeeWaived,
    Kept,
    Lack,
    Nearly,
    Off,
    OnSale,
    OperatorPromotion,
    Percent,
    Promotion,
    Promotions,
    Used,
    Window,
    best,
    changes_between,
    cheaper_later,
    news,
    next_news,
    price_at,
    read_coupon,
)

AT = datetime(2026, 12, 1, 12, tzinfo=UTC)
ALWAYS = Window(AT - timedelta(days=1))
FACTS = Facts("proximus", "PX-15")
TITLE = {"en": "A promotion"}


def euro(cents: int) -> Money:
    return Money(cents, "EUR")


def price(face: int = 1500, fee: int = 0, vat: int = 0) -> Price:
    return Price(euro(face), euro(fee), euro(vat))


def promotion(name: str, benefit: Benefit, **rest: object) -> Promotion:
    return Promotion(name, TITLE, **{"window": ALWAYS, "benefit": benefit, **rest})  # type: ignore[arg-type]  # a table


def total(*ours: Promotion, of: Price | None = None, facts: Facts = FACTS, at: datetime = AT) -> int:
    return best(Promotions("EUR", ours), of or price(), facts, at).price.total.amount_minor


# ── what it takes off ──


@pytest.mark.parametrize(
    ("face", "percent", "off"),
    [(1500, 10, 150), (1505, 10, 151), (1504, 10, 150), (999, 5, 50), (1000, 3, 30), (1, 49, 0), (1, 50, 1)],
)
def test_a_percentage_is_of_the_face_value_and_half_a_cent_goes_to_the_customer(
    face: int, percent: int, off: int
) -> None:
    found = best(Promotions("EUR", (promotion("p", Percent(percent)),)), price(face, 35, 6), FACTS, AT)
    assert found.price.discount_minor == (off if face > 1 else min(off, face + 34))
    assert found.price.face == euro(face), "the face value is delivered whole"


def test_a_fee_that_is_waived_was_never_charged_so_there_is_no_vat_on_it() -> None:
    found = best(Promotions("EUR", (promotion("p", FeeWaived()),)), price(1500, 50, 9), FACTS, AT)
    assert found.price == price(1500)
    assert found.applied == (Applied("p", 0, 50),)


def test_no_promotion_makes_a_price_negative_or_nothing() -> None:
    ours = [promotion("a", Off(euro(1400)), stacks=True), promotion("b", Percent(100), stacks=True)]
    found = best(Promotions("EUR", tuple(ours)), price(1500, 50, 9), FACTS, AT)
    assert found.price.total == euro(1)
    assert total(promotion("a", Off(euro(99_999)))) == 1


def test_percentages_that_stack_are_each_of_the_face_value() -> None:
    assert total(promotion("a", Percent(10), stacks=True), promotion("b", Percent(20), stacks=True)) == 1050


# ── who gets it ──

_COUPON = promotion("p", Off(euro(200)), coupons=frozenset({"digest"}))

CONDITIONS: list[tuple[str, Promotion, Facts, Facts]] = [
    ("operators", promotion("p", Off(euro(200)), operators=frozenset({"proximus"})), FACTS, Facts("orange", "OR-15")),
    ("products", promotion("p", Off(euro(200)), products=frozenset({"PX-15"})), FACTS, Facts("proximus", "PX-25")),
    (
        "channels",
        promotion("p", Off(euro(200)), channels=frozenset({Channel.TILL, Channel.WEB})),
        FACTS,
        replace(FACTS, channel=Channel.KIOSK),
    ),
    ("first purchase", promotion("p", Off(euro(200)), first_purchase=True), replace(FACTS, first_purchase=True), FACTS),
    (
        "groups",
        promotion("p", Off(euro(200)), groups=frozenset({"students", "staff"})),
        replace(FACTS, groups=frozenset({"staff"})),
        replace(FACTS, groups=frozenset({"somebody"})),
    ),
    ("coupons", _COUPON, replace(FACTS, opened=frozenset({"p"})), replace(FACTS, opened=frozenset({"other"}))),
    (
        "most_uses",
        promotion("p", Off(euro(200)), most_uses=3),
        replace(FACTS, used={"p": Used(2, 2)}),
        replace(FACTS, used={"p": Used(3, 0)}),
    ),
    (
        "most_each",
        promotion("p", Off(euro(200)), most_each=2),
        replace(FACTS, used={"p": Used(99, 1)}),
        replace(FACTS, used={"p": Used(2, 2)}),
    ),
    (
        "a first purchase happens once",
        promotion("p", Off(euro(200)), first_purchase=True),
        replace(FACTS, first_purchase=True),
        replace(FACTS, first_purchase=True, used={"p": Used(1, 1)}),
    ),
]


@pytest.mark.parametrize(("name", "one", "fits", "fails"), CONDITIONS, ids=[row[0] for row in CONDITIONS])
def test_each_condition_lets_in_and_keeps_out(name: str, one: Promotion, fits: Facts, fails: Facts) -> None:
    assert (total(one, facts=fits), total(one, facts=fails)) == (1300, 1500)


def test_the_minimum_is_of_the_face_value_and_the_fee_does_not_help() -> None:
    one = promotion("p", Off(euro(200)), minimum_minor=1500)
    assert total(one, of=price(1500)) == 1300
    assert total(one, of=price(1499, 50, 9)) == 1549


def test_it_runs_from_its_first_moment_and_not_in_its_last() -> None:
    one = promotion("p", Off(euro(200)), window=Window(AT, AT + timedelta(days=1)))
    tick = timedelta(microseconds=1)
    times = [AT - tick, AT, AT + timedelta(days=1) - tick, AT + timedelta(days=1)]
    assert [total(one, at=at) for at in times] == [1500, 1300, 1300, 1500]


# ── together ──


def test_one_that_stands_alone_beats_others_only_where_it_saves_more() -> None:
    stacking = [promotion("a", Off(euro(100)), stacks=True), promotion("b", Off(euro(150)), stacks=True)]
    assert total(*stacking, promotion("z", Off(euro(240)))) == 1250
    assert total(*stacking, promotion("z", Off(euro(260)))) == 1240


def test_of_a_group_at_most_one_applies() -> None:
    ours = [promotion(n, Off(euro(c)), stacks=True, group="g") for n, c in (("a", 100), ("b", 150))]
    assert total(*ours, promotion("c", Off(euro(30)), stacks=True)) == 1320


def test_of_equal_prices_the_fewest_promotions_are_used_and_then_the_first_by_name() -> None:
    ours = [
        promotion("c", Off(euro(200))),
        promotion("b", Off(euro(200))),
        promotion("a1", Off(euro(100)), stacks=True),
        promotion("a2", Off(euro(100)), stacks=True),
    ]
    for order in (ours, ours[::-1]):
        assert [a.id for a in best(Promotions("EUR", tuple(order)), price(), FACTS, AT).applied] == ["b"]


def test_what_the_floor_cut_is_cut_from_the_last_so_that_the_parts_are_the_sum() -> None:
    ours = tuple(promotion(n, Off(euro(900)), stacks=True) for n in "ab")
    found = best(Promotions("EUR", ours), price(), FACTS, AT)
    assert found.applied == (Applied("a", 900), Applied("b", 599))
    assert found.price.discount_minor == 1499


BENEFITS = st.one_of(
    st.builds(Percent, st.integers(1, 100)),
    st.builds(Off, st.builds(euro, st.integers(1, 1200))),
    st.just(FeeWaived()),
)


@st.composite
def several(draw: st.DrawFn) -> tuple[Promotion, ...]:
    count = draw(st.integers(0, 7))
    names = draw(st.permutations("abcdefg"))[:count]
    found = []
    for name in names:
        stacks = draw(st.booleans())
        group = draw(st.sampled_from(["", "g", "h"])) if stacks else ""
        benefit = draw(BENEFITS)
        found.append(promotion(name, benefit, stacks=stacks, group=group, minimum_minor=draw(st.integers(0, 1200))))
    return tuple(found)


def legal(chosen: Sequence[Promotion]) -> bool:
    named = [p.group for p in chosen if p.group]
    return (all(p.stacks for p in chosen) or len(chosen) == 1) and len(named) == len(set(named))


def costs(of: Price, chosen: Iterable[Promotion]) -> int:
    """Written a second time, from the words and not from the code."""
    fee, off = of.fee.amount_minor, 0
    for one in chosen:
        match one.benefit:
            case Percent(percent):
                off += (of.face.amount_minor * percent + 50) // 100
            case Off(amount):
                off += amount.amount_minor
            case FeeWaived():
                fee = 0
    return max(of.face.amount_minor + fee - off, 1)


@given(several(), st.integers(1, 2000), st.integers(0, 60))
def test_the_combination_found_is_the_best_of_all_legal_ones(ours: tuple[Promotion, ...], face: int, fee: int) -> None:
    of = price(face, fee, fee // 6)
    able = [p for p in ours if p.minimum_minor <= face and costs(of, [p]) < face + fee]
    every = [c for n in range(len(able) + 1) for c in combinations(able, n) if legal(c)]
    wanted = min(every, key=lambda c: (costs(of, c), len(c), sorted(p.id for p in c)))
    found = best(Promotions("EUR", ours), of, FACTS, AT)
    assert found.price.total.amount_minor == costs(of, wanted)
    context_ = Context(Promotions("EUR", ours), FACTS, of.fee, of.fee_vat)
    assert price_at(FACTS.sku, FACTS.operator, of.face, AT, context_) == found.price.total
    assert [a.id for a in found.applied] == sorted(p.id for p in wanted)
    assert sum(a.off_minor for a in found.applied) == found.price.discount_minor
    assert sum(a.fee_minor for a in found.applied) == fee - found.price.fee.amount_minor


@given(several(), st.integers(1, 2000))
def test_another_promotion_never_makes_anything_dearer(ours: tuple[Promotion, ...], face: int) -> None:
    for without in range(len(ours)):
        fewer = ours[:without] + ours[without + 1 :]
        assert total(*ours, of=price(face)) <= total(*fewer, of=price(face))


def test_thirty_promotions_that_stack_have_a_thousand_million_combinations_and_are_no_wait() -> None:
    ours = tuple(promotion(f"p{n:02}", Off(euro(1 + n)), stacks=True) for n in range(30))
    assert total(*ours, of=price(5000)) == 5000 - sum(range(1, 31))


# ── nearly, and until when ──

ON_SALE = (OnSale("PX-10", 1000, 1000), OnSale("PX-15", 1500, 1500), OnSale("PX-R", 2100, 5000, 500))


def nearly(*ours: Promotion, facts: Facts = FACTS, theirs: tuple[OperatorPromotion, ...] = ()) -> tuple[Nearly, ...]:
    found = best(Promotions("EUR", ours, theirs), price(), replace(facts, on_sale=ON_SALE), AT)
    return found.nearly


def test_nearly_names_the_nearest_amount_on_sale_that_reaches_it() -> None:
    one = promotion("p", Percent(10), minimum_minor=2200)
    assert nearly(one) == (Nearly("p", Lack.AMOUNT, True, "PX-R", 2600, 1100, 260),)


def test_nothing_is_nearly_there_when_no_amount_on_sale_reaches_it() -> None:
    assert nearly(promotion("p", Percent(10), minimum_minor=5200)) == ()
    assert nearly(promotion("p", Percent(10), minimum_minor=2000, products=frozenset({"PX-15"}))) == ()


def test_a_larger_amount_is_not_promised_what_something_else_would_win_there() -> None:
    assert nearly(promotion("p", Off(euro(10)), minimum_minor=2000), promotion("q", Off(euro(50)))) == ()


def test_what_starts_soon_is_told_with_its_start() -> None:
    soon = promotion("p", Off(euro(200)), window=Window(AT + timedelta(days=3)))
    later = promotion("q", Off(euro(200)), window=Window(AT + timedelta(days=15)))
    assert nearly(soon, later) == (Nearly("p", Lack.TIME, saves_minor=200, starts_at=AT + timedelta(days=3)),)


def test_what_does_not_combine_is_told_so() -> None:
    assert nearly(promotion("a", Off(euro(100))), promotion("b", Off(euro(200)))) == (
        Nearly("a", Lack.OTHERS, saves_minor=100),
    )


def test_a_coupon_nobody_typed_is_not_given_away() -> None:
    hidden = promotion("p", Off(euro(200)), coupons=frozenset({"x"}), minimum_minor=2000)
    assert nearly(hidden) == ()
    assert [n.id for n in nearly(hidden, facts=replace(FACTS, opened=frozenset({"p"})))] == ["p"]


def sample(value: object) -> Cell[object]:
    return Cell(value, Sure.SAMPLE)


def bonus(**rest: object) -> OperatorPromotion:
    cells = {"start": sample(AT), "until": sample(AT + timedelta(days=2)), "minimum": sample(euro(1500))}
    given_ = {"gives": sample(Bonus(data_mb=2000))}
    return OperatorPromotion("their-gift", "proximus", TITLE, **{**cells, **given_, **rest})  # type: ignore[arg-type]  # a table


def test_what_an_operator_gives_changes_no_price_and_is_told_with_its_end() -> None:
    found = best(Promotions("EUR", (), (bonus(),)), price(), FACTS, AT)
    assert (found.price, found.given, found.until) == (price(), (bonus(),), AT + timedelta(days=2))
    assert best(Promotions("EUR", (), (bonus(),)), price(), Facts("orange", "OR-15"), AT).given == ()


def test_five_euros_more_gives_two_gigabytes() -> None:
    more = bonus(minimum=sample(euro(2100)))
    assert nearly(theirs=(more,)) == (Nearly("their-gift", Lack.AMOUNT, False, "PX-R", 2100, 600),)


def test_an_operators_promotion_whose_beginning_nobody_told_is_not_claimed_to_run() -> None:
    unknown = bonus(start=Cell(None, Sure.UNKNOWN))
    assert best(Promotions("EUR", (), (unknown,)), price(), FACTS, AT).given == ()


def test_an_offer_lasts_until_the_first_thing_in_it_is_over() -> None:
    ours = [
        promotion(n, Off(euro(10)), stacks=True, window=Window(AT, AT + timedelta(days=d)))
        for n, d in (("a", 3), ("b", 1))
    ]
    assert best(Promotions("EUR", tuple(ours)), price(), FACTS, AT).until == AT + timedelta(days=1)
    assert best(Promotions("EUR", ()), price(), FACTS, AT).until is None


# ── waiting ──


def context(*ours: Promotion) -> Context:
    return Context(Promotions("EUR", ours), FACTS, euro(50), euro(9))


def test_a_price_at_an_instant_counts_fee_and_promotions() -> None:
    soon = promotion("p", Percent(10), window=Window(AT + timedelta(days=3)))
    asked = [price_at("PX-15", "proximus", euro(1500), AT + timedelta(days=d), context(soon)) for d in (2, 3)]
    assert asked == [euro(1550), euro(1400)]


def test_waiting_is_told_only_where_it_is_cheaper_and_the_first_such_moment_is_named() -> None:
    days = [AT + timedelta(days=d) for d in range(10)]
    ours = (
        promotion("a", Off(euro(100)), window=Window(days[0], days[2])),
        promotion("b", Off(euro(150)), window=Window(days[4], days[6])),
        promotion("c", Off(euro(150)), window=Window(days[5], days[8])),
    )
    found = cheaper_later("PX-15", "proximus", euro(1500), AT, timedelta(days=9), context(*ours))
    assert found is not None
    assert (found.at, found.price, found.saves) == (days[4], euro(1400), euro(50))
    assert cheaper_later("PX-15", "proximus", euro(1500), AT, timedelta(days=3), context(*ours)) is None
    assert cheaper_later("PX-15", "proximus", euro(1500), days[4], timedelta(days=9), context(*ours)) is None


@given(several(), st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5)), min_size=7, max_size=7), st.integers(0, 9))
def test_no_instant_within_the_wait_is_cheaper_than_the_one_named(
    ours: tuple[Promotion, ...], windows: list[tuple[int, int]], wait: int
) -> None:
    hour = timedelta(hours=1)
    timed = tuple(
        replace(one, window=Window(AT + start * hour, AT + (start + length) * hour))
        for one, (start, length) in zip(ours, windows, strict=False)
    )
    asked = context(*timed)
    found = cheaper_later("PX-15", "proximus", euro(1500), AT, wait * hour, asked)
    half_hours = [AT + n * hour / 2 for n in range(2 * wait + 1)]
    prices = [price_at("PX-15", "proximus", euro(1500), at, asked).amount_minor for at in half_hours]
    least = min(prices)
    if least < prices[0]:
        assert found is not None
        assert (found.price.amount_minor, found.at) == (least, half_hours[prices.index(least)])
    else:
        assert found is None


def test_prices_change_only_where_something_begins_or_ends() -> None:
    one = promotion("p", Off(euro(1)), window=Window(AT, AT + timedelta(days=2)))
    assert changes_between(Promotions("EUR", (one,)), AT, AT + timedelta(days=2)) == (AT + timedelta(days=2),)


# ── news ──


def test_who_asked_is_told_once_of_what_begins_for_their_operator() -> None:
    day = timedelta(days=1)
    ours = (
        promotion("old", Off(euro(1)), window=Window(AT - day)),
        promotion("new", Off(euro(1)), window=Window(AT + day, AT + 3 * day)),
        promotion("open", Off(euro(1)), window=Window(AT + 2 * day), operators=frozenset({"orange"})),
        promotion("other", Off(euro(1)), window=Window(AT + day), operators=frozenset({"base"})),
        promotion("secret", Off(euro(1)), window=Window(AT + day), coupons=frozenset({"x"})),
        promotion("few", Off(euro(1)), window=Window(AT + day), groups=frozenset({"staff"})),
    )
    known = Promotions("EUR", ours, (bonus(start=sample(AT + day)),))

    def told(operator: str, at: datetime, *keys: str) -> list[str]:
        return [one.promotion for one in news(known, operator, since=AT, at=at, told=keys)]

    assert told("orange", AT) == []
    assert told("orange", AT + 2 * day) == ["new", "open"]
    assert told("orange", AT + 2 * day, "promotion:new") == ["open"]
    assert told("orange", AT + 3 * day) == ["open"], "what is over is no news"
    assert told("proximus", AT + day) == ["new", "their-gift"]
    assert told("", AT + day) == ["new", "other", "their-gift"], "of all operators"
    assert next_news(known, "orange", AT) == AT + day
    assert next_news(known, "orange", AT + day) == AT + 2 * day
    assert next_news(known, "orange", AT + 2 * day) is None


def test_what_a_quote_keeps_is_read_as_it_was_written() -> None:
    kept = Kept(
        3,
        (Applied("a", 100, 50),),
        (
            Nearly("b", Lack.AMOUNT, True, "PX-25", 2500, 1000, 250),
            Nearly("c", Lack.TIME, ours=False, starts_at=AT),
            Nearly("d", Lack.OTHERS, saves_minor=5),
        ),
        ("their-gift",),
        AT,
        frozenset({"a", "z"}),
    )
    assert Kept.read(json.loads(json.dumps(kept.document))) == kept


# ── coupons and groups ──


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("WELCOME26", "WELCOME26"), (" welcome-26 ", "WELCOME26"), ("ＷＥＬＣＯＭＥ２６", "WELCOME26"),
        ("wel come\n26", "WELCOME26"), ("春节红包", "春节红包"), ("abc", None), ("", None), ("a" * 41, None),
        ("🎁🎁🎁🎁", None), ("x" * 4000, None),
    ],
)  # fmt: skip
def test_a_coupon_is_read_however_it_was_typed(typed: str, read: str | None) -> None:
    assert read_coupon(typed) == read


def test_a_group_is_known_by_the_domain_of_the_address() -> None:
    known = Promotions("EUR", groups={"students": frozenset({"student.example.org"})})
    assert known.groups_of("ana@Student.Example.org") == {"students"}
    assert known.groups_of("ana@example.org") == known.groups_of("ana@evil-student.example.org") == frozenset()
