"""Forms about kept SIMs: their fields read, and cards drawn, for somebody signed in and for somebody with a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from opla.core import figures, sim
from opla.core.catalog import Catalog
from opla.core.kept_line import MOST_FILE, Choice, KeptLine, Whose, read_file, read_kept, read_name, write_kept
from opla.core.line import Line
from opla.core.phone import Number
from opla.core.refusal import Code, Refusal
from opla.core.usage import Usage
from opla.core.verdict import Aim
from opla.core.written import plain
from opla.operations import advise, catalogue
from opla.presenting import numbers, sims
from opla.storefront import asking
from opla.storefront.visit import Visit

FIELDS: Final = ("name", "whose", "number", "operator", "choice", "wanted", "needed_until")


def cards(lines: Iterable[KeptLine], here: Visit) -> list[sims.Card]:
    """Each line with its verdict, the one that wants something first."""
    _, catalog = catalogue.active()
    drawn = [card(kept, here, catalog) for kept in lines]
    return sorted(drawn, key=lambda one: one.said.tone != "mind")


def card(kept: KeptLine, here: Visit, catalog: Catalog) -> sims.Card:
    number = numbers.grouped(kept.number, catalog.country) if kept.number else ""
    return sims.card(kept, advise.advise(kept, shop=here.shop, at=here.at), catalog, here.at, number)


def shown(kept: KeptLine, catalog: Catalog) -> dict[str, str]:
    """The fields of a line, as it is kept."""
    return {
        "name": kept.name,
        "whose": str(kept.whose),
        "number": numbers.grouped(kept.number, catalog.country) if kept.number else "",
        "operator": kept.operator,
        "choice": f"{kept.choice.sku} {kept.choice.amount_minor}" if kept.choice else "",
        "wanted": str(kept.aim),
        "needed_until": kept.until.isoformat() if kept.until else "",
    }


def read(typed: Mapping[str, str], old: KeptLine | None, new_id: UUID, here: Visit) -> KeptLine | list[Refusal]:
    """The line that these fields make of an old one, or of none; or everything that is wrong with them."""
    _, catalog = catalogue.active()
    name, number = read_name(typed["name"]), _number(typed["number"], catalog)
    operator = old.operator if old else typed["operator"]
    until = figures.day(plain(typed["needed_until"])) if typed["needed_until"].strip() else None
    choice = _choice(typed["choice"], operator, old, catalog, here)
    wrong = [one for one in (name, number, choice) if isinstance(one, Refusal)]
    if catalog.operator(operator) is None:
        wrong.append(Refusal(Code.OPERATOR_UNKNOWN, "operator", {"operator": operator}))
    if typed["needed_until"].strip() and until is None:
        wrong.append(Refusal(Code.DAY_UNREADABLE, "needed_until"))
    if wrong or isinstance(name, Refusal) or isinstance(choice, Refusal):
        return wrong
    usage = old.usage if old else Usage(Line(operator, currency=catalog.currency))
    base = old or KeptLine(new_id, name, usage)
    aim = Aim(typed["wanted"]) if typed["wanted"] in list(Aim) else base.aim
    whose = Whose(typed["whose"]) if typed["whose"] in list(Whose) else base.whose
    return replace(base, name=name, number=str(number), whose=whose, aim=aim, until=until, choice=choice)


def _number(text: str, catalog: Catalog) -> str | Refusal:
    """A mobile number of anywhere, or none: what is kept is not sold to."""
    if not text.strip():
        return ""
    found = sim.identify(text, home=catalog.country, served=frozenset({catalog.country}))
    if isinstance(found, Number):
        return found.e164
    return found if isinstance(found, Refusal) else sim.why_not(found) or ""


def _choice(
    text: str, operator: str, old: KeptLine | None, catalog: Catalog, here: Visit
) -> Choice | Refusal | None:  # fmt: skip
    """`SKU amount` as the list offers it; the amount and plan of the old choice stay while its product does."""
    if not text:
        return None
    sku, _, amount = text.partition(" ")
    kept = old.choice if old else None
    if kept and kept.sku == sku and str(kept.amount_minor) == amount:
        return kept
    product = next((p for p in advise.choosable(operator, catalog, here.shop) if p.sku == sku), None)
    minor = int(amount) if amount.isascii() and amount.isdecimal() and len(amount) < 10 else 0
    if product is None or product.accepts(minor) is not None:
        return Refusal(Code.PRODUCT_UNKNOWN, "choice", {"sku": sku[:40]})
    return Choice(sku, minor)


def choices(kept: KeptLine, catalog: Catalog, here: Visit) -> list[tuple[str, str]]:
    """What can be chosen to renew it with: (`SKU amount`, name) each."""
    found = [(f"{p.sku} {p.min_minor}", p.name) for p in advise.choosable(kept.operator, catalog, here.shop)]
    if kept.choice and all(value != f"{kept.choice.sku} {kept.choice.amount_minor}" for value, _ in found):
        product = catalog.product(kept.choice.sku)
        if product:
            found.insert(0, (f"{kept.choice.sku} {kept.choice.amount_minor}", product.name))
    return found


def brought(request: HttpRequest) -> list[KeptLine] | list[Refusal]:
    """The lines of the file that was sent along, or everything that is wrong with it."""
    file = request.FILES.get("file")
    if file is None or not file.size:
        return [Refusal(Code.FILE_UNREADABLE, "file")]
    if file.size > MOST_FILE:
        return [Refusal(Code.FILE_TOO_LARGE, "file", {"most": "0.5"})]
    try:
        document = json.loads(file.read().decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return [Refusal(Code.FILE_UNREADABLE, "file")]
    found = read_file(document)
    _, catalog = catalogue.active()
    unknown = [
        Refusal(Code.SIMS_FILE_INVALID, "file", {"field": f"sims.{place}.line.operator", "problem": "not_choice"})
        for place, one in enumerate(found)
        if isinstance(one, KeptLine) and catalog.operator(one.operator) is None
    ]
    return unknown or found


def carry(kept: KeptLine) -> str:
    return json.dumps(write_kept(kept), separators=(",", ":"))


def carried(request: HttpRequest) -> KeptLine | None:
    """The line that a form of ours carries along; None when somebody changed it into none."""
    try:
        found = read_kept(json.loads(request.POST.get("sim", "")[: asking.MAX_USAGE]))
    except (ValueError, RecursionError):
        return None
    _, catalog = catalogue.active()
    return found if isinstance(found, KeptLine) and catalog.operator(found.operator) else None


def download(document: Mapping[str, object], day: date) -> HttpResponse:
    """The file, to be kept by its owner."""
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    name = f"opla-sims-{day.isoformat()}.json"
    return HttpResponse(
        text,
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )
