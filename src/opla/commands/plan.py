"""Find the cheapest purchases that cover a need, for today's line or a new SIM.

./opla plan --data-gb 8 --minutes 120 --sms 10 --days 70
./opla plan --data-gb 8 --days 70 --line my.json --budget 20 --network 5g --min-mbps 50 --abroad FR:5d

The need is per 30 days, spread evenly over local days. It works from the catalogue files; no database is needed. Beside
the sandbox invented figures are used, and marked, and invented promotions. Our fee is that of the settings. With
--budget, the most whole days that the money covers, then the most data; what is not covered is named.
Exit 1 when no list of purchases covers the need: the refusal names what fails.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from opla.commands import Stop
from opla.core.calendar import day_of, start_of, zone
from opla.core.catalog import Catalog, CatalogError, parse
from opla.core.drawing import FAST_ENOUGH_KBPS, Quality
from opla.core.line import Kind, Line
from opla.core.line_file import read_line, write_line
from opla.core.lived import lived
from opla.core.money import Money
from opla.core.planner import (
    Answer,
    Change,
    Need,
    Plan,
    Purchase,
    Selling,
    changes_at,
    gaps,
    market,
    need_evenly,
    plan,
    plan_for_budget,
)
from opla.core.promotion import Channel, Facts, Promotions, parse_promotions, read_coupon
from opla.core.refusal import Code, Refusal

if TYPE_CHECKING:
    from opla.core.planner import Market

#: The EU, whose roaming rules a product's cap is about; elsewhere nothing bundled is known to work.
_EU = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK IS LI NO".split()  # noqa: SIM905
)
_MOST_DAYS = 366
#: Where the invented promotions beside the sandbox belong.
_SAMPLE_COUNTRY = "belgium"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data-gb", type=_thousandths, default=0, metavar="N", help="data per 30 days")
    parser.add_argument("--minutes", type=_whole, default=0, metavar="N", help="calls per 30 days")
    parser.add_argument("--sms", type=_whole, default=0, metavar="N", help="messages per 30 days")
    parser.add_argument("--days", type=_whole, required=True, metavar="N", help=f"how long, 1 to {_MOST_DAYS}")
    parser.add_argument("--start", type=date.fromisoformat, metavar="DATE", help="the first day (today)")
    parser.add_argument("--budget", type=str, metavar="MONEY", help="cover as many days as this buys")
    parser.add_argument("--network", default="", metavar="4g|5g", help="at least this generation")
    parser.add_argument("--min-mbps", type=_whole, default=0, metavar="N", help="at least this speed")
    parser.add_argument(
        "--abroad",
        action="append",
        default=[],
        metavar="FR:5d",
        help="days in an EU country, first of all; FR:5d@DATE from a date on",
    )
    parser.add_argument("--operator", action="append", default=[], metavar="ID", help="only this one; may be repeated")
    parser.add_argument("--line", metavar="FILE", help="today's line as JSON")
    parser.add_argument("--promotions", metavar="FILE", help="our promotions (beside the sandbox: invented ones)")
    parser.add_argument("--coupon", action="append", default=[], metavar="CODE", help="one you have; may be repeated")
    parser.add_argument("--country", default="belgium", help="whose catalogue")
    parser.add_argument("--lang", default="en", help="en, fr, nl, de or zh-Hans")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opla.site.settings")
    import django

    django.setup()
    from opla.core.quote import read_language
    from opla.presenting import languages

    language = read_language(arguments.lang)
    if isinstance(language, Refusal) or language not in languages.NAMES:
        raise Stop("language_unknown", f"--lang {arguments.lang}: there is {', '.join(languages.NAMES)}.")
    with languages.speaking(language):
        asked = _Asked(arguments)
        if arguments.json:
            print(json.dumps(asked.answer(), ensure_ascii=False))
        else:
            for told in asked.told():
                print(told, flush=True)
    return 0


class _Asked:
    """One question, with everything it is answered from."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        from django.conf import settings

        self.asked = arguments
        self.catalog = _catalog(arguments.country, sandbox=settings.SANDBOX)
        self.first: date = arguments.start or day_of(datetime.now(UTC), zone(self.catalog.time_zone))
        if not 1 <= arguments.days <= _MOST_DAYS:
            raise Stop("usage", f"--days must be 1 to {_MOST_DAYS}.")
        if not (arguments.data_gb or arguments.minutes or arguments.sms):
            raise Stop("usage", "Say what is needed: --data-gb, --minutes or --sms.")
        for operator in arguments.operator:
            if self.catalog.operator(operator) is None:
                known = ", ".join(o.id for o in self.catalog.operators)
                raise Stop("operator_unknown", f"--operator {operator}: there is {known}.")
        self.abroad = [_stay(text, self.first) for text in arguments.abroad]
        self.quality = Quality(arguments.network, arguments.min_mbps, arguments.min_mbps * 1000 or FAST_ENOUGH_KBPS)
        self.market: Market = market(
            self.catalog, line=_line(arguments.line), operators=arguments.operator, sandbox=settings.SANDBOX,
            abroad=bool(self.abroad), selling=self._selling(sandbox=settings.SANDBOX),
        )  # fmt: skip
        self.amounts = {
            Kind.DATA: arguments.data_gb * 1000, Kind.VOICE: arguments.minutes * 60, Kind.SMS: arguments.sms,
        }  # fmt: skip
        self.found = self._found()

    def _selling(self, *, sandbox: bool) -> Selling:
        start = start_of(self.first, zone(self.catalog.time_zone))
        return _selling(self.asked, self.catalog, sandbox=sandbox).seen_at(datetime.now(UTC), start)

    def need(self, amounts: dict[Kind, int]) -> Need:
        return need_evenly(
            amounts[Kind.DATA], amounts[Kind.VOICE], amounts[Kind.SMS], first=self.first, days=self.asked.days,
            abroad=self.abroad, quality=self.quality,
        )  # fmt: skip

    def _found(self) -> Answer:
        from opla.presenting.refusals import sentence

        need = self.need(self.amounts)
        if self.asked.budget is None:
            found = plan(self.market, need, self.first)
        else:
            budget = Money.parse(self.asked.budget, self.catalog.currency)
            if budget is None:
                raise Stop("amount_unreadable", f"--budget {self.asked.budget} is no amount of money.")
            found = plan_for_budget(self.market, need, self.first, budget.amount_minor)
        if isinstance(found, Refusal):
            raise Stop(found.code, sentence(found))
        return found

    def answer(self) -> dict[str, object]:
        """The JSON of the issue: what is bought, what is left, who else, what would change it, what is not known."""
        found, best = self.found, self.found.best
        changes: list[dict[str, object]] = []
        for change in self.changes():
            per = {Kind.DATA: 1000, Kind.VOICE: 60, Kind.SMS: 1}[change.kind]
            name = {Kind.DATA: "data_mb", Kind.VOICE: "minutes", Kind.SMS: "sms"}[change.kind]
            changes.append({
                name: change.amount // per, "cost_minor": change.cost_minor, "operator": change.operator,
                "products": list(change.skus),
            })  # fmt: skip
        missed = best.missed
        uncovered = None
        if missed:
            uncovered = {"from": missed[0].day.isoformat(), "to": missed[-1].day.isoformat(), "days": len(missed)}
        from opla.presenting import plans

        return {
            **_fields(best),
            "currency": best.currency,
            "days": found.days,
            "days_covered": found.days - len(missed),
            "not_covered": uncovered,
            "gaps": [
                {"from": gap.since.isoformat(), "to": gap.until.isoformat(), "kinds": [str(k) for k in gap.kinds]}
                for gap in gaps(missed)
            ],
            "runners_up": [_fields(other) for other in found.runners_up],
            "changes_at": changes,
            "left_out": [{"operator": o.operator, "product": o.sku, "unknown": list(o.cells)} for o in found.left_out],
            "cannot": [
                {"operator": u.operator, "sure": u.exact} for u in found.uncovered
            ],
            "means": list(plans.meaning()),
        }  # fmt: skip

    def changes(self) -> Iterator[Change]:
        """What more would cost more; not asked where the budget already covers less."""
        if self.found.first_days == self.found.days:
            yield from changes_at(self.market, self.first, self.found, self.amounts, self.need)

    def told(self) -> Iterator[str]:
        """The same in words, line by line: the answer stands there before what would change it is looked for."""
        from opla.presenting import plans

        found, where = self.found, zone(self.catalog.time_zone)
        end = start_of(self.first + timedelta(days=found.days), where)
        course = lived(found.best, self.market, self.need(self.amounts), self.first)
        yield from plans.told(found, self.catalog, datetime.now(UTC), end, course)
        _say(plans.looking())
        for change in self.changes():
            yield plans.change(change, self.catalog, found.best.currency)
        yield from plans.footnotes(found, self.catalog)


def _say(sentence: str) -> None:
    """To whoever waits at a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"{sentence}\n")
        sys.stderr.flush()


def _fields(found: Plan) -> dict[str, object]:
    """One plan as JSON."""
    line = Line(found.operator, credit=found.left_over.credit, buckets=found.left_over.buckets)
    left = write_line(line)
    return {
        "operator": found.operator,
        "new_sim": not found.own_line,
        "sim_minor": found.sim_minor,
        "plan": found.plan,
        "cost_minor": found.cost_minor,
        "exact": found.exact,
        "per_gb_minor": found.per_gb_minor,
        "per_day_minor": found.per_day_minor,
        "purchases": [_purchase(one) for one in found.purchases],
        "left_over": {"buckets": left["buckets"], "credit": left["credit"]},
        "waiting": _waiting(found),
        "uncertain": [
            {"product": sku, "cell": doubt.cell, "doubts": [str(d) for d in doubt.doubts]}
            for sku, doubt in found.uncertain
        ],
    }


def _waiting(found: Plan) -> dict[str, object] | None:
    if found.waiting is None:
        return None
    until = found.waiting.until.isoformat().replace("+00:00", "Z")
    return {
        "until": until, "saves_minor": found.waiting.saves_minor, "promotions": list(found.waiting.promotions),
    }  # fmt: skip


def _purchase(one: Purchase) -> dict[str, object]:
    from opla.presenting import plans

    return {
        "at": one.at.isoformat().replace("+00:00", "Z"),
        "product": one.sku,
        "cost_minor": one.cost_minor,
        "fee_minor": one.fee_minor,
        "promotions": [{"id": p.id, "off_minor": p.off_minor, "fee_minor": p.fee_minor} for p in one.promotions],
        "while_it_lasts": one.while_it_lasts,
        "credit_minor": one.credit_minor,
        "reason": {"code": str(one.reason), "kinds": [str(kind) for kind in one.kinds], "text": plans.reason(one)},
    }


def _catalog(country: str, *, sandbox: bool) -> Catalog:
    from opla.operations.read_catalog import CatalogFileError, read_country

    if not re.fullmatch(r"[a-z-]+", country):
        raise Stop("usage", f"--country {country} is no name of a catalogue file.")
    try:
        return parse(read_country(country, sandbox=sandbox))
    except (CatalogFileError, CatalogError, OSError) as problem:
        raise Stop("file_unreadable", str(problem)) from None


def _selling(arguments: argparse.Namespace, catalog: Catalog, *, sandbox: bool) -> Selling:
    """The fee of the settings, and the promotions of a file for whoever has these coupons."""
    from opla.operations.read_catalog import CatalogFileError
    from opla.operations.read_promotions import SAMPLE, read_promotions
    from opla.operations.shop import terms
    from opla.presenting.refusals import sentence

    fee_minor = terms().fee_minor
    invented = SAMPLE if sandbox and arguments.country == _SAMPLE_COUNTRY else None
    path = Path(arguments.promotions) if arguments.promotions else invented
    promotions = Promotions(catalog.currency)
    if path is not None:
        try:
            promotions = parse_promotions(read_promotions(path, catalog), catalog)
        except (CatalogFileError, CatalogError, OSError) as problem:
            raise Stop("file_unreadable", str(problem)) from None
    if promotions.sample and not sandbox:
        refused = Refusal(Code.PROMOTION_SAMPLE_ONLY, "file")
        raise Stop(refused.code, sentence(refused))
    typed = {read_coupon(text) for text in arguments.coupon} - {None}
    opened = frozenset(p.id for p in promotions.ours if typed & {read_coupon(text) for text in p.coupons})
    if arguments.coupon and not opened:
        refused = Refusal(Code.COUPON_UNKNOWN, "coupon")
        raise Stop(refused.code, sentence(refused))
    return Selling(fee_minor, promotions.ours, Facts("", "", Channel.TERMINAL, opened=opened))


def _line(name: str | None) -> Line | None:
    if name is None:
        return None
    try:
        found = read_line(json.loads(Path(name).read_text("utf-8")))
    except (OSError, ValueError) as problem:
        raise Stop("file_unreadable", f"{name}: {problem}") from None
    if isinstance(found, Refusal):
        from opla.presenting.refusals import sentence

        raise Stop(found.code, f"{sentence(found)} ({found.params['field']}: {found.params['problem']})")
    return found


def _stay(text: str, first: date) -> tuple[date, date]:
    """`FR:5d`, `FR:5d@2026-12-24`: first and last day."""
    match = re.fullmatch(r"([A-Z]{2}):(\d{1,3})d(?:@(\d{4}-\d{2}-\d{2}))?", text)
    if not match or not int(match[2]):
        raise Stop("usage", f"--abroad {text}: write it as FR:5d or FR:5d@2026-12-24.")
    if match[1] not in _EU:
        raise Stop("usage", f"--abroad {text}: outside the EU nothing is known of what bundles give.")
    since = date.fromisoformat(match[3]) if match[3] else first
    return since, since + timedelta(days=int(match[2]) - 1)


def _thousandths(text: str) -> int:
    """Gigabytes with a point or a comma, as megabytes."""
    match = re.fullmatch(r"(\d{1,4})(?:[.,](\d{1,3}))?", text)
    if not match:
        raise argparse.ArgumentTypeError("write gigabytes as 8 or 0.5")
    return int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0"))


def _whole(text: str) -> int:
    if not re.fullmatch(r"\d{1,6}", text):
        raise argparse.ArgumentTypeError("must be a whole number, zero or more")
    return int(text)
