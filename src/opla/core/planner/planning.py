"""The cheapest plan over all operators: which SIMs and products are considered, and what is said about each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, tzinfo

from opla.core.calendar import zone
from opla.core.catalog.model import Catalog, PriceKind, Product, sellable
from opla.core.drawing import Tariff
from opla.core.effects import Effect, Unknown, effect_of
from opla.core.line import Kind, Line
from opla.core.planner.answer import Answer, LeftOut, LeftOver, Plan, Purchase, Reason, Uncovered
from opla.core.planner.compiled import Compiled
from opla.core.planner.need import KINDS, Horizon, Need, moment
from opla.core.planner.search import Bought, Found, NotFound, search
from opla.core.refusal import Code, Refusal

#: After so many labels a search ends, and says "best found". A count, because time is never the same twice.
MOST_LABELS = 2000
_GB_KB = 1_000_000


@dataclass(frozen=True)
class Candidate:
    """A line that could be planned for, and its operator's effects, the withdrawn ones too."""

    line: Line
    effects: tuple[Effect, ...]
    own: bool = False
    tariff: Tariff | None = None


@dataclass(frozen=True)
class Market:
    """What can be planned with: candidates, and what had to be left out by name."""

    where: tzinfo
    candidates: tuple[Candidate, ...]
    left_out: tuple[LeftOut, ...] = ()


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
) -> Market:
    """Today's line, and a new SIM of every other operator that has products.

    operators  only these; empty: all
    sandbox    invented figures may be used; beside live adapters they may not
    abroad     products of which nothing is known about use abroad are left out
    amounts    of a product with a price range, only these amounts (minor units); else every step
    """
    work = _Compiling()
    found: list[Candidate] = []
    for operator in catalog.operators:
        if operators and operator.id not in operators:
            continue
        effects = tuple(_distinct(_effects(catalog, operator.id, work, sandbox, abroad, amounts or {})))
        tariff = (tariffs or {}).get(operator.id)
        if line is not None and line.operator == operator.id:
            found.append(Candidate(_used(line, effects), effects, own=True, tariff=tariff))
            continue
        if not any(effect.on_sale for effect in effects):
            continue
        found += [Candidate(Line(operator.id, p, catalog.currency), effects, tariff=tariff) for p in _plans(effects)]
    return Market(zone(catalog.time_zone), tuple(found), tuple(work.left_out))


def plan(market: Market, need: Need, first: date, *, most_labels: int = MOST_LABELS) -> Answer | Refusal:
    """The cheapest plan from the beginning of a local day on, and the best of each other operator.

    Refused with NEED_NOT_COVERED, naming the `kinds` that no operator covers (empty: each alone is covered, not all
    together), or NEED_UNDECIDED when some search ended before it knew.
    """
    horizon = Horizon(need, first, market.where)
    plans: dict[str, Plan] = {}
    uncovered: list[Uncovered] = []
    for candidate in market.candidates:
        compiled = Compiled(candidate.effects, horizon, candidate.line, candidate.tariff)
        found = search(compiled, most_labels)
        operator = candidate.line.operator
        if isinstance(found, NotFound):
            if all(other.operator != operator for other in uncovered):
                uncovered.append(Uncovered(operator, (), found.exact))
            continue
        made = _plan(candidate, compiled, found)
        if operator not in plans or made.order < plans[operator].order:
            plans[operator] = made
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
    """The longest run of whole days from the first on that this money covers, as cheaply as that can be done.

    Halving is enough: what covers more days covers fewer, so the cost never falls as days are added.
    """
    whole = plan(market, need, first, most_labels=most_labels)
    if isinstance(whole, Answer) and whole.best.cost_minor <= budget_minor:
        return whole
    best: Answer | None = None
    fewest, most = 1, need.days - 1
    refused: Refusal | None = whole if isinstance(whole, Refusal) else None
    while fewest <= most:
        days = (fewest + most) // 2
        found = plan(market, replace(need, demands=need.demands[:days]), first, most_labels=most_labels)
        if isinstance(found, Answer) and found.best.cost_minor <= budget_minor:
            best, fewest = found, days + 1
        else:
            refused = found if isinstance(found, Refusal) else refused
            most = days - 1
    if best is None:
        return refused or Refusal(Code.NEED_NOT_COVERED, "need", {"kinds": "", "budget": str(budget_minor)})
    affordable = tuple(other for other in best.runners_up if other.cost_minor <= budget_minor)
    return replace(best, runners_up=affordable, days=need.days)


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


def _amounts(product: Product, amounts: Mapping[str, Sequence[int]]) -> Iterable[int | None]:
    if product.kind is not PriceKind.RANGED:
        return (None,)
    every = range(product.min_minor, product.max_minor + 1, product.step_minor)
    return amounts.get(product.sku) or every


def _distinct(effects: Iterable[Effect]) -> Iterator[Effect]:
    """Without those that only repeat what another gives for the same money; what gives more keeps its name."""
    seen = set()
    for effect in effects:
        known = replace(effect, sku="", uncertain=(), silent=()) if not effect.portions else effect
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
    return Plan(
        operator=candidate.line.operator,
        own_line=candidate.own,
        plan=candidate.line.plan,
        currency=candidate.line.currency,
        cost_minor=found.cost,
        exact=found.exact,
        purchases=tuple(_purchases(compiled, found.bought)),
        left_over=LeftOver(tuple(b for b in end.buckets if b.holds), end.credit),
        uncertain=tuple((sku, doubt) for sku, effect in used.items() for doubt in effect.uncertain),
        per_gb_minor=(found.cost * _GB_KB + data_kb // 2) // data_kb if data_kb else None,
        per_day_minor=(found.cost + days // 2) // days,
        labels=found.labels,
    )


def _purchases(compiled: Compiled, bought: Sequence[Bought]) -> Iterator[Purchase]:
    """Each with what would fail without it and all that follows."""
    horizon = compiled.horizon
    state, _ = compiled._arrive(compiled.first, horizon.start)  # noqa: SLF001 - what ends as the first day begins
    at = horizon.start
    for one in bought:
        state, at = compiled.walk(state, at, one.at).state if one.at > at else state, one.at
        offer = compiled.offers[one.offer]
        walked = compiled.walk(state, at)
        reason = Reason.PAYS
        kinds: tuple[Kind, ...] = ()
        if offer.portions or not compiled.credit_counts:
            late = walked.fails < horizon.days and walked.fails <= horizon.day(at)
            reason = Reason.RUNS_OUT if late else Reason.KEEPS_WHAT_IS_LEFT
            kinds = compiled.unmet(walked) if late else ()
        yield Purchase(
            moment(at), offer.effect.sku, offer.paid, offer.price if offer.effect.from_credit else 0, reason, kinds
        )
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
        isinstance(search(Compiled(c.effects, horizon, c.line, c.tariff), most_labels), Found)
        for c in market.candidates
    )
