"""One row of the table: the cells of a product, a line before, what its owner does, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from opla.core.catalog import Product, parse
from opla.core.effects import (
    Applied,
    Effect,
    Happened,
    Unknown,
    apply,
    change_plan,
    effect_of,
    renewals,
    top_up_due,
    used,
)
from opla.core.line import Line, evolve
from opla.core.refusal import Refusal
from opla.proving.rules import said

ZONE_NAME: Final = "Europe/Brussels"
#: The moment people act in this table when a row names no other.
NOON: Final = "2026-11-20 14:05"


@dataclass(frozen=True)
class Step:
    """What the owner does at a local time: `buys`, `changes plan`, `uses` it, or only `looks` what is left."""

    does: str = "buys"
    at: str = NOON
    plan: str = ""
    renew: bool = False
    code_last_day: str = ""


@dataclass(frozen=True)
class Shape:
    """One shape of a rule. `after` and `happened` are written by hand: the test computes them and compares.

    gives    cells of the product, as the catalogue writes their values; `shows` names those that make the shape
    refused  the refusal's code, when the last step is refused
    """

    rule: str
    shape: str
    operator: str
    gives: Mapping[str, object]
    shows: tuple[str, ...]
    before: tuple[str, ...] = ()
    steps: tuple[Step, ...] = (Step(),)
    after: tuple[str, ...] = ()
    happened: tuple[str, ...] = ()
    refused: str = ""


@dataclass(frozen=True)
class Outcome:
    after: tuple[str, ...] = ()
    happened: tuple[str, ...] = ()
    refused: str = ""


def product(shape: Shape) -> Product:
    """The product of a row, read from a catalogue of its own, so that the catalogue's language is proved too."""
    cells = {name: _cell(value) for name, value in shape.gives.items()}
    paid = {} if "credit_price" in shape.gives else {"face": _cell("15.00"), "delivery": _cell("direct")}
    plans = [{"id": name, "name": _cell(name)} for name in ("bonus", "per-minute", "balanced", "data-only")]
    common = {"sku": said.SKU, "operator": "brand", "name": "Shown", "status": _cell("on_sale")}
    document: Mapping[str, object] = {
        "catalogue": 1, "country": "BE", "currency": "EUR", "time_zone": ZONE_NAME, "languages": [],
        "sources": {"here": {"where": "this table", "dated": "nd"}},
        "operators": [{"id": "brand", "name": shape.operator, "plans": plans, "notes": {"known": {}}}],
        "products": [{**common, **paid, **cells}],
    }  # fmt: skip
    catalog = parse(document)
    return (*catalog.products, *catalog.bundles)[0]


def run(shape: Shape) -> Outcome:
    """What comes of the row's steps, in words."""
    sold = product(shape)
    effect = effect_of(sold)
    if isinstance(effect, Unknown):
        return Outcome(refused=f"effect_unknown: {' '.join(effect.cells)}")
    line = said.read(shape.before, effect.operator, effect.group, effect.zone)
    happened: list[Happened] = []
    at = said.time(NOON, effect.zone)
    for step in shape.steps:
        at = said.time(step.at, effect.zone)
        own = renewals(line, {effect.sku: effect}, at)
        done = _step(effect, evolve(own.line, at), step, at)
        if isinstance(done, Refusal):
            return Outcome(refused=str(done.code))
        line = done.line
        happened += [*own.happened, *done.happened]
    return Outcome(tuple(said.write(line, at, effect.group, effect.zone)), tuple(said.fact(one) for one in happened))


def _step(effect: Effect, line: Line, step: Step, at: datetime) -> Applied | Refusal:
    if step.does == "uses":
        return Applied(used(effect, line, at), ())
    if step.does == "changes plan":
        return change_plan(effect, line, at, step.plan)
    if step.does == "looks" and top_up_due(line, at) is None:
        return Applied(line, ())
    last_day = date.fromisoformat(step.code_last_day) if step.code_last_day else None
    return apply(effect, line, at, plan=step.plan, renew=step.renew, code_last_day=last_day)


def _cell(value: object) -> Mapping[str, object]:
    return {"value": value, "sure": "A", "source": "here"}
