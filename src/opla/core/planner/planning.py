"""The cheapest plan over all operators: which SIMs and products are considered, and what is said about each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta, tzinfo

from opla.core.calendar import zone
from opla.core.catalog.cell import Sure
from opla.core.catalog.model import Catalog, Operator, PriceKind, Product, sellable
from opla.core.drawing import Tariff
from opla.core.effects import Effect, Uncertain, Unknown, doubts_of, effect_of
from opla.core.line import Kind, Line
from opla.core.planner.answer import Answer, LeftOut, LeftOver, Missed, Plan, Purchase, Reason, Uncovered
from opla.core.planner.budget import MOST_LABELS as MOST_BUDGET_LABELS
from opla.core.planner.budget import Bits, Key, most_for, steps
from opla.core.planner.compiled import DATA, Compiled
from opla.core.planner.need import KINDS, Horizon, Need, moment
from opla.core.planner.search import Bought, Found, NotFound, search
from opla.core.planner.selling import FACE_VALUE, Selling
from opla.core.planner.waiting import waiting
from opla.core.refusal import Code, Refusal

#: After so many labels a search ends, and says "best found". A count, because time is never the same twice.
MOST_LABELS = 2000
_GB_KB = 1_000_000


@dataclass(frozen=True)
class Candidate:
    """A line that could be planned for, and its operator's effects, the withdrawn ones too.

    sim_minor   what the SIM costs before anything is bought for it; None: not known
    sim_doubts  why that is not plain fact
    """

    line: Line
    effects: tuple[Effect, ...]
    own: bool = False
    tariff: Tariff | None = None
    sim_minor: int | None = 0
    sim_doubts: tuple[Uncertain, ...] = ()


@dataclass(frozen=True)
class Market:
    """What can be planned with: candidates, what had to be left out by name, and how this shop sells."""

    where: tzinfo
    candidates: tuple[Candidate, ...]
    left_out: tuple[LeftOut, ...] = ()
    selling: Selling = FACE_VALUE

    def compiled(self, candidate: Candidate, horizon: Horizon) -> Compiled:
        return Compiled(candidate.effects, horizon, candidate.line, candidate.tariff, self.selling)


@dataclass
class _Compiling:
    left_out: list[LeftOut] = field(default_factory=list)


def market(
    catalog: Catalog,
    *,
    line: Line | None = None,
    operators: Sequence[str] = (),
    sandbox: bool = False,
    abroad: bool = False,
    amounts: Mapping[str, Sequence[int]] | None = None,
    tariffs: Mapping[str, Tariff] | None = None,
    selling: Selling = FACE_VALUE,
) -> Market:
    """Today's line, and a new SIM of every other operator that has products.

    operators  only these; empty: all
    sandbox    invented figures may be used; beside live adapters they may not
    abroad     products of which nothing is known about use abroad are left out
    amounts    of a product with a price range, only these amounts (minor units); else every step
    selling    what a purchase costs beside its face value
    """
    work = _Compiling()
    found: list[Candidate] = []
    for operator in catalog.operators:
        if operators and operator.id not in operators:
            continue
        given = _effects(catalog, operator.id, work, sandbox, abroad, amounts or {})
        effects = tuple(_distinct(given, selling))
        tariff = (tariffs or {}).get(operator.id)
        if line is not None and line.operator == operator.id:
            found.append(Candidate(_used(line, effects), effects, own=True, tariff=tariff))
            continue
        if not any(effect.on_sale for effect in effects):
            continue
        sim_minor, sim_doubts = _sim(operator, sandbox=sandbox)
        found += [
            Candidate(Line(operator.id, p, catalog.currency), effects, False, tariff, sim_minor, sim_doubts)
            for p in _plans(effects)
        ]
    return Market(zone(catalog.time_zone), tuple(found), tuple(work.left_out), selling)


def plan(market: Market, need: Need, first: date, *, most_labels: int = MOST_LABELS) -> Answer | Refusal:
    """The cheapest plan from the beginning of a local day on, and the best of each other operator.

    Refused with NEED_NOT_COVERED, naming the `kinds` that no operator covers (empty: each alone is covered, not all
    together), or NEED_UNDECIDED when some search ended before it knew.
    """
    horizon = Horizon(need, first, market.where)
    plans: dict[str, Plan] = {}
    uncovered: list[Uncovered] = []
    for candidate in market.candidates:
        compiled = market.compiled(candidate, horizon)
        found = search(compiled, most_labels)
        operator = candidate.line.operator
        if isinstance(found, NotFound):
            if all(other.operator != operator for other in uncovered):
                uncovered.append(Uncovered(operator, (), found.exact))
            continue
        made = _plan(candidate, compiled, found)
        if operator not in plans or made.order < plans[operator].order:
            plans[operator] = replace(made, waiting=waiting(compiled, made, most_labels))
    if not plans:
        return _refused(market, need, first, uncovered, most_labels)
    best, *others = sorted(plans.values(), key=lambda made: made.order)
    failed = tuple(one for one in uncovered if one.operator not in plans)
    # Whoever was not searched to the end might have been cheaper.
    best = replace(best, exact=best.exact and all(one.exact for one in others) and all(one.exact for one in failed))
    return Answer(best, tuple(others), market.left_out, failed, need.days, need.days)


def plan_for_budget(
    market: Market, need: Need, first: date, budget_minor: int, *, most_labels: int = MOST_LABELS
) -> Answer | Refusal:
    """The most whole days that this money covers, wherever they lie; then the most data; as cheaply as can be.

    Of plans as good as each other, one that covers the first days without a gap. `exact`: no list of purchases that
    this money pays for covers more. Of other operators, what was found; it is not known to be their best.
    """
    whole = plan(market, need, first, most_labels=most_labels)
    if isinstance(whole, Answer) and whole.best.cost_minor <= budget_minor:
        return whole
    horizon = Horizon(need, first, market.where)
    starting: list[tuple[Key, int, Candidate, Compiled, Bits]] = []
    for place, candidate in enumerate(market.candidates):
        money = budget_minor - (candidate.sim_minor or 0)
        if money >= 0:
            compiled = market.compiled(candidate, horizon)
            found = _first_days(market, candidate, need, first, money, most_labels)
            bits = most_for(compiled, money, found, most_labels=0)
            starting.append((_key(candidate, bits), place, candidate, compiled, bits))
    plans: dict[str, tuple[Key, Plan]] = {}
    best: Key | None = None
    sure = True
    for _, _, candidate, compiled, start in sorted(starting, key=lambda one: one[:2]):
        sim_minor = candidate.sim_minor or 0
        above = None if best is None else (best[0], best[1], best[2] - sim_minor, best[3])
        bits = most_for(compiled, budget_minor - sim_minor, start.bought, above, min(MOST_BUDGET_LABELS, most_labels))
        sure = sure and bits.exact
        key, operator = _key(candidate, bits), candidate.line.operator
        if len(bits.missed) < sum(any(wanted) for wanted in horizon.wanted):
            best = key if best is None else min(best, key)
            if operator not in plans or key < plans[operator][0]:
                plans[operator] = key, _part(candidate, compiled, bits)
    if not plans:
        if isinstance(whole, Refusal):
            return whole
        return Refusal(Code.NEED_NOT_COVERED, "need", {"kinds": "", "budget": str(budget_minor)})
    made, *others = (found for _, found in sorted(plans.values(), key=lambda one: one[0]))
    first_days = (made.missed[0].day - first).days if made.missed else need.days
    return Answer(replace(made, exact=sure), tuple(others), market.left_out, (), first_days, need.days)


def _key(candidate: Candidate, bits: Bits) -> Key:
    days, kb, cost, count = bits.key
    return days, kb, cost + (candidate.sim_minor or 0), count


def _first_days(
    market: Market, candidate: Candidate, need: Need, first: date, money: int, most_labels: int
) -> tuple[Bought, ...]:
    """The cheapest way to cover as many days from the first on as this money does.

    Halving is enough: what covers more days covers fewer, so the cost never falls as days are added.
    """
    best: tuple[Bought, ...] = ()
    fewest, most = 1, need.days
    while fewest <= most:
        days = (fewest + most) // 2
        horizon = Horizon(replace(need, demands=need.demands[:days]), first, market.where)
        found = search(market.compiled(candidate, horizon), most_labels)
        if isinstance(found, Found) and found.cost <= money:
            best, fewest = found.bought, days + 1
        else:
            most = days - 1
    return best


def _part(candidate: Candidate, compiled: Compiled, bits: Bits) -> Plan:
    """A plan that leaves days uncovered; not said to be the best of its operator."""
    made = _plan(candidate, compiled, Found(bits.cost, bits.bought, bits.end, exact=False, labels=bits.labels))
    horizon = compiled.horizon
    missed = tuple(
        Missed(
            horizon.first + timedelta(days=day),
            tuple(kind for kind, amount in zip(KINDS, short, strict=True) if amount),
            short[DATA],
        )
        for day, short in sorted(bits.missed.items())
    )
    data_kb = horizon.sums[DATA][-1] - sum(one.data_kb for one in missed)
    days = horizon.days - len(missed)
    return replace(
        made,
        missed=missed,
        per_gb_minor=(made.cost_minor * _GB_KB + data_kb // 2) // data_kb if data_kb else None,
        per_day_minor=(made.cost_minor + days // 2) // days,
    )


def _effects(
    catalog: Catalog,
    operator: str,
    work: _Compiling,
    sandbox: bool,
    abroad: bool,
    amounts: Mapping[str, Sequence[int]],
) -> Iterator[Effect]:
    for product in (*catalog.products_of(operator), *catalog.bundles_of(operator)):
        # What is withdrawn is not offered, but may renew itself on a line that has it.
        offered = product.on_sale and sellable(product, sandbox=sandbox) is None
        for amount in _amounts(product, amounts):
            effect = effect_of(product, amount)
            if isinstance(effect, Unknown):
                if offered:
                    work.left_out.append(LeftOut(operator, product.sku, effect.cells))
            elif abroad and "eu_data_mb" in effect.silent:
                if offered:
                    work.left_out.append(LeftOut(operator, product.sku, ("eu_data_mb",)))
            else:
                yield effect if offered else replace(effect, on_sale=False)


def _sim(operator: Operator, *, sandbox: bool) -> tuple[int | None, tuple[Uncertain, ...]]:
    """What a new SIM costs, and why that is in doubt."""
    cell = operator.sim_price
    if cell.value is None or (cell.sure is Sure.SAMPLE and not sandbox):
        return None, ()
    found = tuple(doubts_of(cell))
    return cell.value.amount_minor, (Uncertain("sim_price", found),) if found else ()


def _amounts(product: Product, amounts: Mapping[str, Sequence[int]]) -> Iterable[int | None]:
    if product.kind is not PriceKind.RANGED:
        return (None,)
    every = range(product.min_minor, product.max_minor + 1, product.step_minor)
    return amounts.get(product.sku) or every


def _distinct(effects: Iterable[Effect], selling: Selling) -> Iterator[Effect]:
    """Without those that only repeat what another gives for the same money; what gives more keeps its name."""
    seen = set()
    for effect in effects:
        bare = replace(effect, sku="", uncertain=(), silent=()) if not effect.portions else effect
        known = bare, selling.naming(effect.sku)
        if known not in seen:
            seen.add(known)
            yield effect


def _plans(effects: Sequence[Effect]) -> Sequence[str]:
    """The tariff plans a new SIM may be put on, where that decides about a bonus."""
    named = sorted({plan for effect in effects for plan in effect.bonus_plans or ()})
    return named or ("",)


def _used(line: Line, effects: Sequence[Effect]) -> Line:
    """A number that lives on use is used: who needs a plan, uses it."""
    lives_on_use = any(e.number_life and e.number_life.since == "use" for e in effects)
    return replace(line, number_ends=None, number_lost=None) if lives_on_use else line


def _plan(candidate: Candidate, compiled: Compiled, found: Found) -> Plan:
    used = {compiled.offers[b.offer].effect.sku: compiled.offers[b.offer].effect for b in found.bought}
    end = compiled.line_of(found.end)
    data_kb, days = compiled.horizon.sums[0][-1], compiled.horizon.days
    cost = found.cost + (candidate.sim_minor or 0)
    return Plan(
        operator=candidate.line.operator,
        own_line=candidate.own,
        plan=candidate.line.plan,
        currency=candidate.line.currency,
        cost_minor=cost,
        exact=found.exact,
        purchases=tuple(_purchases(compiled, found.bought)),
        left_over=LeftOver(tuple(b for b in end.buckets if b.holds), end.credit),
        uncertain=(
            *(("", doubt) for doubt in candidate.sim_doubts),
            *((sku, doubt) for sku, effect in used.items() for doubt in effect.uncertain),
        ),
        per_gb_minor=(cost * _GB_KB + data_kb // 2) // data_kb if data_kb else None,
        per_day_minor=(cost + days // 2) // days,
        labels=found.labels,
        sim_minor=candidate.sim_minor,
    )


def _purchases(compiled: Compiled, bought: Sequence[Bought]) -> Iterator[Purchase]:
    """Each with what would fail without it and all that follows."""
    horizon, charges, left = compiled.horizon, compiled.charges, compiled.charges.left
    state, _ = compiled._arrive(compiled.first, horizon.start)  # noqa: SLF001 - what ends as the first day begins
    at = horizon.start
    for one in bought:
        state, at = steps(compiled, state, at, one.at)[0], one.at
        offer = compiled.offers[one.offer]
        walked = compiled.walk(state, at)
        reason = Reason.PAYS
        kinds: tuple[Kind, ...] = ()
        if offer.portions or not compiled.credit_counts:
            late = walked.fails < horizon.days and walked.fails <= horizon.day(at)
            reason = Reason.RUNS_OUT if late else Reason.KEEPS_WHAT_IS_LEFT
            kinds = compiled.unmet(walked) if late else ()
        applied = charges.applied(one.offer, at, left)
        paid, left = charges.paid(one.offer, at, left)
        from_credit = offer.effect.from_credit
        fee_minor = 0 if from_credit else charges.selling.fee_minor - sum(each.fee_minor for each in applied)
        yield Purchase(
            moment(at), offer.effect.sku, paid, offer.price if from_credit else 0, reason, kinds,
            face_minor=offer.price, fee_minor=fee_minor, promotions=applied, while_it_lasts=not charges.sure(applied),
        )  # fmt: skip
        state = compiled.buy(state, at, offer) or state


def _refused(market: Market, need: Need, first: date, uncovered: Sequence[Uncovered], most_labels: int) -> Refusal:
    kinds = [
        kind
        for kind in KINDS
        if any(d.of(kind) for d in need.demands) and _fails(market, need.only(kind), first, most_labels)
    ]
    decided = all(one.exact for one in uncovered)
    code = Code.NEED_NOT_COVERED if decided else Code.NEED_UNDECIDED
    return Refusal(code, "need", {"kinds": " ".join(kinds)})


def _fails(market: Market, need: Need, first: date, most_labels: int) -> bool:
    """Whether no operator covers this, as far as is known."""
    horizon = Horizon(need, first, market.where)
    return not any(
        isinstance(search(market.compiled(candidate, horizon), most_labels), Found) for candidate in market.candidates
    )
