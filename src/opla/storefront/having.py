"""The few questions beside a price, "what is on the SIM now?", and what the purchase then changes.

Nothing of the answers is kept on the server: they live in the person's own browser, as `draft` does. What was shown
can be computed again from the quote (its product, its catalogue's version, its minute) and the line they gave.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from opla.core.calendar import day_of, start_of
from opla.core.effects import Effect, effect_of
from opla.core.entered import last_day
from opla.core.figures import KB, data_kb, day, money_minor
from opla.core.line import Bucket, Credit, Kind, Line
from opla.core.money import Money
from opla.core.quote import Quote
from opla.core.refusal import Code, Refusal
from opla.core.written import plain
from opla.operations import catalogue
from opla.operations.effect_sold import effect_sold
from opla.presenting.changes import Changes, changes, looked
from opla.storefront.forms import Form

FIELDS: Final = ("left_data", "left_until", "left_credit", "last_top_up")
_FARTHEST: Final = timedelta(days=5 * 366)


def changes_of(made: Quote, line: Line | None) -> Changes | Refusal | None:
    """What this purchase changes when it reaches the SIM, as that was when it was quoted; None where nobody knows what
    it does."""
    effect = _effect(made)
    if effect is None:
        return None
    return changes(effect, made.product_name, line, made.reaches_at, plan=made.plan, effects=_renewing(made, line))


def impossible(made: Quote, line: Line | None) -> Refusal | None:
    """Why the operator would refuse it on this SIM."""
    effect = _effect(made)
    if effect is None or line is None:
        return None
    found, _ = looked(effect, line, made.reaches_at, plan=made.plan, effects=_renewing(made, line))
    return found if isinstance(found, Refusal) else None


def _renewing(made: Quote, line: Line | None) -> dict[str, Effect]:
    """The effects of what renews by itself on this line."""
    catalog = catalogue.at_version(made.catalog_version)
    names = {bucket.sku for bucket in line.buckets if bucket.renews} if line else set()
    products = [product for name in names if (product := catalog.product(name) or catalog.bundle(name))]
    found = (effect_of(product) for product in products)
    return {effect.sku: effect for effect in found if isinstance(effect, Effect)}


def _effect(made: Quote) -> Effect | None:
    return effect_sold(made.catalog_version, made.sku, made.price.face.amount_minor, made.promotions, made.reaches_at)


def form(line: Line | None, zone: ZoneInfo) -> Form:
    """The questions, with what was answered before."""
    values = dict.fromkeys(FIELDS, "")
    if line is None:
        return Form(values)
    data = next((b for b in line.buckets if b.kind is Kind.DATA and b.left is not None), None)
    if data is not None:
        values["left_data"] = f"{Decimal((data.left or 0) // KB['MB']) / 1000:f} GB"
        values["left_until"] = last_day(data.ends, zone).isoformat() if data.ends else ""
    if line.credit:
        values["left_credit"] = Money(sum(lot.amount_minor for lot in line.credit), line.currency).decimal
    if line.topped_up_at:
        values["last_top_up"] = day_of(line.topped_up_at, zone).isoformat()
    return Form(values)


def read(
    typed: Mapping[str, str], kept: Line | None, made: Quote, currency: str, zone: ZoneInfo
) -> Line | list[Refusal] | None:
    """The line that was told, None when nothing was; or what is wrong, each about its field.

    Of a line that is known already, what is not asked here and what was sent back as it was shown stay as they are.

    Data without a day would be said to last for ever, so the day is asked for with it.
    """
    said = {name: plain(typed[name]) for name in FIELDS}
    if not any(said.values()):
        return None
    data, credit = data_kb(said["left_data"]), money_minor(said["left_credit"], currency)
    until, topped_up = day(said["left_until"]), day(said["last_top_up"])
    ends = start_of(until + timedelta(days=1), zone) if until else None
    since = start_of(topped_up, zone) if topped_up else None
    shown = form(kept, zone).values
    new_data = (said["left_data"], said["left_until"]) != (shown["left_data"], shown["left_until"])
    asks_data = new_data and bool(said["left_data"] or said["left_until"])
    wrong = {
        "left_data": asks_data and data is None,
        "left_until": asks_data and not _between(made.made_at, ends, made.made_at + _FARTHEST),
        "left_credit": credit is None and bool(said["left_credit"]),
        "last_top_up": not _between(made.made_at - _FARTHEST, since, made.made_at) and bool(said["last_top_up"]),
    }
    if any(wrong.values()):
        days = ("left_until", "last_top_up")
        code = {name: Code.DAY_UNREADABLE if name in days else Code.AMOUNT_UNREADABLE for name in FIELDS}
        return [Refusal(code[name], name) for name in FIELDS if wrong[name]]
    line = kept or Line(made.operator, currency=currency)
    if new_data:
        told = (Bucket(Kind.DATA, data, made.made_at, ends),) if data is not None else ()
        line = replace(line, buckets=(*told, *(bucket for bucket in line.buckets if bucket.kind is not Kind.DATA)))
    if said["left_credit"] != shown["left_credit"]:
        line = replace(line, credit=(Credit(credit, None),) if credit else ())
    if said["last_top_up"] != shown["last_top_up"]:
        line = replace(line, topped_up_at=since, number_ends=None, number_lost=None)
    return line


def _between(first: datetime, at: datetime | None, last: datetime) -> bool:
    return at is not None and first < at <= last
