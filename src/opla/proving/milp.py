"""The planner's question as a mixed-integer linear model, solved by HiGHS: an independent judge of its costs.

It holds the shapes in which a purchase is followed by the next on a later day: what runs lapses (`overwrite_all`,
`restart_month`), data lives on (`overwrite_voice_roll_data`), or the next begins when it has ended (`queue`). For a new
SIM, use at home on every day, and purchases at the beginning of days. Nothing of `opla.core.planner` is used.

A purchase of one product at one day, and the day of the next, is an arc; the arcs taken lead from the first day to
the end. Of data that lives on, what is left each day is a variable, and more may be bought on a day that an arc begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from opla.core.calendar import later, start_of
from opla.core.catalog.rules import EarlyRenewal
from opla.core.drawing import Demand
from opla.core.effects import Effect
from opla.core.line import Kind

_SHAPES = {
    EarlyRenewal.OVERWRITE_ALL,
    EarlyRenewal.RESTART_MONTH,
    EarlyRenewal.OVERWRITE_VOICE_ROLL_DATA,
    EarlyRenewal.QUEUE,
}
_WHOLE, _FREE = True, False


def holds(effects: Sequence[Effect]) -> bool:
    """Whether this model can hold them."""
    giving = [e for e in effects if e.portions and e.on_sale]
    return (
        bool(giving)
        and len({e.renewal for e in giving}) == 1
        and giving[0].renewal in _SHAPES
        and not any(e.from_credit or e.delay or e.use_by or e.once_a_day or e.bonus_plans for e in giving)
        and len({e.lasts for e in giving}) == 1
    )


def cheapest(effects: Sequence[Effect], demands: Sequence[Demand], first: date, *, fee_minor: int = 0) -> int | None:
    """The least money, in minor units, that covers these days with a new SIM, at a fee; None when none does."""
    giving = [e for e in effects if e.portions and e.on_sale and e.price_minor >= e.bonus_min_minor]
    if not giving:
        return None
    model = _Model()
    rolls = giving[0].renewal is EarlyRenewal.OVERWRITE_VOICE_ROLL_DATA
    days = len(demands)
    leaving: list[list[int]] = [[] for _ in range(days + 1)]
    arriving: list[list[int]] = [[] for _ in range(days + 1)]
    ended: list[list[int]] = [[] for _ in range(days + 1)]
    data: list[dict[int, int]] = [{} for _ in range(days)]
    wanted = sum(demand.data_kb for demand in demands)
    for effect in giving:
        gives = _amount(effect, Kind.DATA, wanted)
        for since, until, over in _arcs(effect, demands, first, rolls=rolls):
            arc = model.variable(effect.paid_minor + fee_minor, 1, whole=_WHOLE)
            leaving[since].append(arc)
            arriving[until].append(arc)
            if over:
                ended[until].append(arc)
            data[since][arc] = gives
    for day in range(days + 1):
        # One arc more leaves the first day than arrives, one less the last.
        need = (day == 0) - (day == days)
        model.row({**dict.fromkeys(leaving[day], 1), **dict.fromkeys(arriving[day], -1)}, need, need)
    if rolls:
        _roll(model, giving, demands, leaving, ended, data, wanted, fee_minor)
    return model.solve()


def _arcs(effect: Effect, demands: Sequence[Demand], first: date, *, rolls: bool) -> Iterator[tuple[int, int, bool]]:
    """From each day to each day until which this product alone is enough (of data that lives on, only its time), and
    whether it has ended by then."""
    days = len(demands)
    kinds = [kind for kind in Kind if not (rolls and kind is Kind.DATA)]
    where = effect.zone
    for since in range(days):
        ends = later(start_of(first + timedelta(days=since), where), effect.lasts, where)
        left = {kind: _amount(effect, kind, None) for kind in kinds}
        for day in range(since, days):
            if start_of(first + timedelta(days=day), where) >= ends:
                break
            for kind in kinds:
                left[kind] -= demands[day].of(kind)
            if min(left.values()) < 0:
                break
            over = start_of(first + timedelta(days=day + 1), where) >= ends
            if effect.renewal is not EarlyRenewal.QUEUE or over or day + 1 == days:
                yield since, day + 1, over


def _roll(
    model: _Model,
    giving: Sequence[Effect],
    demands: Sequence[Demand],
    leaving: list[list[int]],
    ended: list[list[int]],
    data: list[dict[int, int]],
    wanted: int,
    fee_minor: int,
) -> None:
    """What is left of the data each morning, as a part of what is wanted, so that the numbers stay small.

    More than all of it is never needed; and what ends that morning, before anything is bought, takes its data along.
    """
    before: int | None = None
    scale = max(1, wanted)
    for day, demand in enumerate(demands):
        bought = {arc: gives / scale for arc, gives in data[day].items()}
        for effect in giving:
            # Bought besides, on the same day and before, for its data.
            more = model.variable(effect.paid_minor + fee_minor, 1000, whole=_WHOLE)
            bought[more] = _amount(effect, Kind.DATA, wanted) / scale
            model.row({more: 1, **dict.fromkeys(leaving[day], -1000)}, None, 0)
        after = model.variable(0, 1, whole=_FREE)
        has = {**bought, after: -1.0}
        if before is not None:
            has[before] = 1.0
        model.row(has, demand.data_kb / scale, None)
        model.row({after: 1, **dict.fromkeys(ended[day + 1], 1)}, None, 1)
        before = after


def _amount(effect: Effect, kind: Kind, unlimited: int | None) -> int:
    """How much it gives; no more than `unlimited` where that is said."""
    most = 10**15 if unlimited is None else unlimited
    amounts = [
        most if p.amount is None or p.slow_kbps is not None else p.amount for p in effect.portions if p.kind is kind
    ]
    return min(most, sum(amounts))


@dataclass
class _Model:
    """Columns and rows as HiGHS takes them."""

    costs: list[int] = field(default_factory=list)
    most: list[int] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    rows: list[tuple[dict[int, float], float | None, float | None]] = field(default_factory=list)

    def variable(self, cost: int, most: int, *, whole: bool) -> int:
        self.costs.append(cost)
        self.most.append(most)
        self.whole.append(whole)
        return len(self.costs) - 1

    def row(self, parts: dict[int, float] | dict[int, int], least: float | None, most: float | None) -> None:
        self.rows.append((dict(parts), least, most))

    def solve(self) -> int | None:
        import highspy

        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.costs), len(self.rows)
        lp.col_cost_ = [float(cost) for cost in self.costs]
        lp.col_lower_ = [0.0] * len(self.costs)
        lp.col_upper_ = [float(most) for most in self.most]
        lp.integrality_ = [
            highspy.HighsVarType.kInteger if whole else highspy.HighsVarType.kContinuous for whole in self.whole
        ]
        lp.row_lower_ = [-highspy.kHighsInf if least is None else float(least) for _, least, _ in self.rows]
        lp.row_upper_ = [highspy.kHighsInf if most is None else float(most) for _, _, most in self.rows]
        starts, index, value = [0], [], []
        for parts, _, _ in self.rows:
            index += list(parts)
            value += [float(part) for part in parts.values()]
            starts.append(len(index))
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = starts, index, value
        solver = highspy.Highs()  # type: ignore[no-untyped-call]  # its stub says nothing of it
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("mip_rel_gap", 0.0)
        solver.setOptionValue("threads", 1)
        solver.passModel(lp)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return round(solver.getInfo().objective_function_value)
