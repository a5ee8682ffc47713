"""Say what a SIM holds, what a purchase would do to it, and what happens to it in time.

./opla line show     --line my.json                                    what it holds now
./opla line apply    --line my.json --buy PX-15                        the line after a purchase, and what happened
./opla line timeline --line my.json --buy PX-15@2026-12-03 --data-gb 8 what happens from today on
./opla line timeline --operator base --buy BA-15 --catalog catalogs/belgium.yaml   a new SIM; without a database

A line is a JSON file, such as
    {"operator": "base", "credit": [{"amount_minor": 350, "ends": "2027-11-20T13:05:00Z"}], "buckets":
     [{"kind": "data", "left_kb": 1200000, "ends": "2026-12-03T23:00:00Z"}, {"kind": "sms", "left": "unlimited"}]}
Times carry their offset from UTC; a date alone is the beginning of that day in the catalogue's time zone.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

from opla.commands import Stop
from opla.core.calendar import day_of, start_of, zone
from opla.core.catalog import Catalog, CatalogError, PriceKind, Product, parse
from opla.core.drawing import evenly
from opla.core.effects import Doubt, Effect, Unknown, effect_of
from opla.core.line import Bucket, Credit, Line, evolve
from opla.core.line_file import read_line, write_line
from opla.core.money import Money
from opla.core.refusal import Code, Refusal
from opla.core.timeline import Purchase, Timeline, Wants, demand_fields, event_fields, happened_fields, timeline

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_BUY = re.compile(r"(?P<sku>[^@=]+)(=(?P<amount>[^@]+))?(@(?P<at>.+))?")
_DAYS = 60
_FARTHEST = timedelta(days=3653)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("act", choices=("show", "apply", "timeline"))
    whose = parser.add_mutually_exclusive_group(required=True)
    whose.add_argument("--line", metavar="FILE", help="a line as JSON; - reads it from stdin")
    whose.add_argument("--operator", help="a new SIM of this operator, with nothing on it")
    parser.add_argument("--catalog", metavar="FILE", help="a YAML catalogue; no database is needed then")
    parser.add_argument("--buy", action="append", default=[], type=_buy, metavar="SKU[=AMOUNT][@TIME]")
    parser.add_argument("--plan", default="", help="the plan chosen with the (first) purchase; empty keeps it")
    parser.add_argument("--renew", action="store_true", help="ask that what is bought renews by itself")
    parser.add_argument("--code-last-day", type=_day, metavar="DAY", help="the last day its code can be entered")
    parser.add_argument("--at", type=_time, metavar="TIME", help="when it is looked at, or begins (now)")
    parser.add_argument("--until", type=_time, metavar="TIME", help=f"the end of the timeline ({_DAYS} days on)")
    parser.add_argument("--data-gb", type=_gigabytes, default=0, metavar="N", help="use per 30 days, spread evenly")
    parser.add_argument("--minutes", type=_whole, default=0, metavar="N", help="the same of calls")
    parser.add_argument("--sms", type=_whole, default=0, metavar="N", help="the same of messages")
    parser.add_argument("--lang", default="en", help="en, fr, nl, de or zh-Hans")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    if arguments.act == "apply" and len(arguments.buy) != 1:
        raise Stop("product_unknown", "apply needs exactly one --buy SKU.")
    with _catalog(arguments) as catalog:
        from opla.core.quote import read_language
        from opla.presenting import languages

        language = read_language(arguments.lang)
        if isinstance(language, Refusal) or language not in languages.NAMES:
            raise Stop("language_unknown", f"--lang {arguments.lang}: there is {', '.join(languages.NAMES)}.")
        with languages.speaking(language):
            asked = _Asked(arguments, catalog)
            answer, told = getattr(asked, arguments.act)()
    print(json.dumps(answer, ensure_ascii=False) if arguments.json else "\n".join(told))
    return 0


@contextmanager
def _catalog(arguments: argparse.Namespace) -> Iterator[Catalog]:
    """The catalogue of a file, or the one that is sold from; the words need Django, and only the latter a database."""
    if not arguments.catalog:
        from opla.commands.runtime import running

        with running():
            from opla.operations import catalogue

            yield catalogue.active()[1]
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opla.site.settings")
    import django

    django.setup()
    from opla.operations.read_catalog import CatalogFileError, read_catalog

    path = Path(arguments.catalog)
    try:
        yield parse(read_catalog(path))
    except (CatalogFileError, CatalogError) as problem:
        raise Stop("file_unreadable", str(problem)) from None
    except OSError as problem:
        raise Stop("file_unreadable", f"{path}: {problem.strerror}") from None


class _Asked:
    """One question about a line, with everything it is answered from."""

    def __init__(self, arguments: argparse.Namespace, catalog: Catalog) -> None:
        self.catalog = catalog
        self.zone: ZoneInfo = zone(catalog.time_zone)
        self.asked = arguments
        self.at = self._instant(arguments.at) or datetime.now(UTC).replace(second=0, microsecond=0)
        self.line = self._line()

    def show(self) -> tuple[dict[str, object], list[str]]:
        line = evolve(self.line, self.at)
        return {"at": _iso(self.at), "line": write_line(line)}, _holds(line, self.at)

    def apply(self) -> tuple[dict[str, object], list[str]]:
        [purchase] = self._purchases()
        effect = purchase.effect
        bought = self._timeline([purchase], purchase.at, purchase.at + timedelta(minutes=1), None)
        answer: dict[str, object] = {
            "at": _iso(purchase.at),
            "paid_minor": effect.paid_minor,
            "currency": effect.currency,
            "line": write_line(bought.line),
            "happened": [happened_fields(fact) for event in bought.events for fact in event.happened],
            "uncertain": _uncertain(effect),
            "silent": list(effect.silent),
        }
        return answer, [*_said(bought), "", *_holds(bought.line, purchase.at), *_doubts([effect])]

    def timeline(self) -> tuple[dict[str, object], list[str]]:
        purchases = self._purchases()
        until = self._instant(self.asked.until) or self.at + timedelta(days=_DAYS)
        if not self.at < until <= self.at + _FARTHEST:
            raise Stop("day_unreadable", "--until is not after the beginning, or more than ten years on.")
        asked = self.asked
        usage = evenly(asked.data_gb, asked.minutes * 60, asked.sms, day_of(self.at, self.zone))
        used = asked.data_gb or asked.minutes or asked.sms
        found = self._timeline(purchases, self.at, until, Wants(usage) if used else None)
        answer: dict[str, object] = {
            "start": _iso(found.start),
            "until": _iso(found.until),
            "currency": self.line.currency,
            "events": [event_fields(event) for event in found.events],
            "unmet": {day.isoformat(): demand_fields(demand) for day, demand in found.unmet.items()},
            "met": demand_fields(found.met),
            "line": write_line(evolve(found.line, found.until)),
            "uncertain": {purchase.effect.sku: _uncertain(purchase.effect) for purchase in purchases},
        }
        return answer, [*_said(found), *_missing(found), *_doubts([purchase.effect for purchase in purchases])]

    def _timeline(self, purchases: list[Purchase], start: datetime, until: datetime, wants: Wants | None) -> Timeline:
        effects = self._effects()
        found = timeline(self.line, start, until, purchases=purchases, wants=wants, effects=effects, where=self.zone)
        if isinstance(found, Refusal):
            raise _stop(found)
        return found

    def _effects(self) -> Mapping[str, Effect]:
        """All of the operator's that can be computed, for what renews or is topped up by itself."""
        sold = (*self.catalog.products_of(self.line.operator), *self.catalog.bundles_of(self.line.operator))
        found = (effect_of(product) for product in sold if product.kind is not PriceKind.RANGED)
        return {effect.sku: effect for effect in found if isinstance(effect, Effect)}

    def _purchases(self) -> list[Purchase]:
        made = []
        for place, (sku, amount, at) in enumerate(self.asked.buy):
            effect = self._effect(sku, amount)
            plan = self.asked.plan if place == 0 else ""
            when = self._instant(at) or self.at
            made.append(Purchase(when, effect, plan, self.asked.renew, self.asked.code_last_day))
        return made

    def _effect(self, sku: str, amount: str) -> Effect:
        product = self.catalog.product(sku) or self.catalog.bundle(sku)
        if product is None:
            raise _stop(Refusal(Code.PRODUCT_UNKNOWN, "product", {"sku": sku}))
        effect = effect_of(product, self._amount(product, amount))
        if isinstance(effect, Unknown):
            raise _stop(Refusal(Code.EFFECT_UNKNOWN, "product", {"sku": sku, "cells": " ".join(effect.cells)}))
        return effect

    def _amount(self, product: Product, amount: str) -> int | None:
        if not amount and product.kind is not PriceKind.RANGED:
            return None
        found = Money.parse(amount, self.catalog.currency)
        if found is None:
            raise _stop(Refusal(Code.AMOUNT_UNREADABLE, "amount", {"amount": amount}))
        if not product.from_credit and (refused := product.accepts(found.amount_minor)):
            raise _stop(refused)
        return found.amount_minor

    def _line(self) -> Line:
        if self.asked.operator:
            if self.catalog.operator(self.asked.operator) is None:
                raise _stop(Refusal(Code.OPERATOR_UNKNOWN, "operator"))
            return Line(self.asked.operator, currency=self.catalog.currency)
        found = read_line(_document(self.asked.line))
        if isinstance(found, Refusal):
            raise _stop(found)
        return found

    def _instant(self, at: date | datetime | None) -> datetime | None:
        if at is None or isinstance(at, datetime):
            return at
        return start_of(at, self.zone)


def _document(name: str) -> object:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
        return json.loads(text)
    except OSError as problem:
        raise Stop("file_unreadable", f"{name}: {problem.strerror}") from None
    except (ValueError, RecursionError) as problem:
        raise Stop("line_unreadable", f"{name} is no JSON: {problem}") from None


def _holds(line: Line, at: datetime) -> list[str]:
    from opla.presenting import timeline as words

    things: list[Bucket | Credit] = [*line.buckets, *(lot for lot in line.credit if lot.amount_minor)]
    told = [f"{words.holds(thing, line.currency)} {words.lasts(thing, at)}" for thing in things]
    return [line.operator + (f" · {line.plan}" if line.plan else ""), *(f"  {one}" for one in told)]


def _said(found: Timeline) -> list[str]:
    from opla.presenting import figures
    from opla.presenting import timeline as words

    return [f"{figures.moment(event.at)}  {words.sentence(event, found.line.currency)}" for event in found.events]


def _missing(found: Timeline) -> list[str]:
    from opla.presenting import timeline as words

    return [words.missing(found.unmet)] if found.unmet else []


def _uncertain(effect: Effect) -> dict[str, list[str]]:
    return {one.cell: [str(doubt) for doubt in one.doubts] for one in effect.uncertain}


def _doubts(effects: list[Effect]) -> list[str]:
    """Which figures are not plain fact, in the catalogue's words."""
    return [
        f"{effect.sku}: {doubt}: " + ", ".join(one.cell for one in effect.uncertain if doubt in one.doubts)
        for effect in effects
        for doubt in Doubt
        if any(doubt in one.doubts for one in effect.uncertain)
    ]


def _stop(refusal: Refusal) -> Stop:
    from opla.presenting.refusals import sentence

    where = " ".join(f"{name}={refusal.params[name]}" for name in ("sku", "at", "cells") if name in refusal.params)
    return Stop(refusal.code, sentence(refusal) + (f" ({where})" if where else ""))


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _buy(text: str) -> tuple[str, str, date | datetime | None]:
    found = _BUY.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no SKU[=AMOUNT][@TIME]")
    return found["sku"], found["amount"] or "", _time(found["at"]) if found["at"] else None


def _time(text: str) -> date | datetime:
    try:
        found = date.fromisoformat(text) if len(text) == len("2026-11-22") else datetime.fromisoformat(text)
    except ValueError:
        found = date.min
    if not 2000 < found.year < 2200:
        raise argparse.ArgumentTypeError(f"{text!r} is no day or time, such as 2026-12-03")
    if isinstance(found, datetime) and found.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} lacks its offset from UTC, such as 2026-12-03T14:05+01:00")
    return found


def _day(text: str) -> date:
    found = _time(text)
    if isinstance(found, datetime):
        raise argparse.ArgumentTypeError(f"{text!r} is no day, such as 2026-12-03")
    return found


def _gigabytes(text: str) -> int:
    """kB."""
    try:
        found = Decimal(text.replace(",", "."))
    except InvalidOperation:
        found = Decimal(-1)
    if not 0 <= found <= 1000000:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount of gigabytes")
    return int(found * 1000000)


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 7:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number")
    return int(text)
