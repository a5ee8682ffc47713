"""Help me choose: three plain questions, and the cheapest purchases that cover what was answered, with the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from opla.core.calendar import day_of, start_of, zone
from opla.core.catalog import Catalog
from opla.core.line import Line
from opla.core.lived import lived
from opla.core.planner import Answer
from opla.core.refusal import Refusal
from opla.operations import catalogue
from opla.operations.find_plan import MOST_DAYS, Asked, Planned, changeable, find_changes, find_plan
from opla.presenting import plans, refusals
from opla.presenting.plan_picture import picture
from opla.storefront import draft, planning
from opla.storefront.forms import Form, refused
from opla.storefront.visit import Visit, visit

#: So many purchases are shown at once, the others unfolded.
_SHOWN = 6


@dataclass(frozen=True)
class Other:
    """The best plan of another operator, and the address that shows it whole."""

    line: str
    cost: str
    href: str


@require_safe
def plan(request: HttpRequest) -> HttpResponse:
    _, catalog = catalogue.active()
    return asked(request, _told(request, catalog), Page("storefront/plan.html"))


@dataclass(frozen=True)
class Page:
    """Where the questions stand: here, or on a tablet that a clerk turned to a customer."""

    template: str
    more: Mapping[str, object] = field(default_factory=dict)


def asked(request: HttpRequest, told: Line | None, page: Page) -> HttpResponse:
    """The questions, and once they are answered, what is cheapest. `told` is what somebody said is on their SIM."""
    here = visit(request)
    _, catalog = catalogue.active()
    if "days" not in request.GET:
        return _page(request, page, catalog, told, Form(planning.unasked(_typed(request), told)))
    typed = dict.fromkeys(planning.FIELDS, "") | _typed(request)
    first = day_of(here.at, zone(catalog.time_zone))
    need = planning.read(typed, catalog, first, told)
    if not isinstance(need, Asked):
        return _page(request, page, catalog, told, refused(typed, need), status=422)
    form = Form(typed)
    found = find_plan(need, told if typed["sim"] == planning.TOLD else None, here.shop, here.at)
    if isinstance(found, Refusal):
        return _busy(request, page, catalog, told, form)
    shown: dict[str, object] = {"needed": plans.amounts(need.amounts), "asked": need, "away": need.days_away}
    if isinstance(found.answer, Refusal):
        shown["refused"] = refusals.sentence(found.answer)
        return _page(request, page, catalog, told, form, shown, status=422)
    shown |= _answered(request, found, found.answer, need, here)
    if "changes" in request.GET:
        changes = find_changes(need, found, here.shop)
        if isinstance(changes, Refusal):
            return _busy(request, page, catalog, told, form)
        currency = found.answer.best.currency
        shown["changes"] = [plans.change(one, catalog, currency) for one in changes[0]]
        shown["changes_whole"] = changes[1]
    return _page(request, page, catalog, told, form, shown)


def _answered(request: HttpRequest, found: Planned, answer: Answer, asked: Asked, here: Visit) -> dict[str, object]:
    best, catalog = answer.best, found.catalog
    course = lived(best, found.market, asked.need(), asked.first)
    bought = plans.purchases(best, catalog, here.at, course)
    end = start_of(asked.first + timedelta(days=asked.days), found.market.where)
    wanted = [kind for kind, amount in asked.amounts.items() if amount]
    return {
        "answer": answer,
        "title": plans.title(best),
        "line": plans.line(best, catalog),
        "cost": plans.cost(best),
        "rates": plans.rates(best),
        "covers": plans.days_covered(answer),
        "missed": plans.not_covered(best),
        "waits": plans.waits(best),
        "sim": plans.sim(best),
        "bought": bought[:_SHOWN],
        "later": bought[_SHOWN:],
        "first": bought[0] if bought else None,
        "begin": next((one for one in bought[:1] if one.due and one.amount), None),
        "sampled": plans.sampled(best),
        "doubts": plans.doubts(best),
        "left_over": plans.left_over(best, end),
        "picture": picture(course, [one.at for one in best.purchases], wanted) if course else "",
        "others": [
            Other(plans.line(other, catalog), plans.cost(other), _again(request, only=other.operator))
            for other in answer.runners_up
        ],
        "cannot": plans.cannot(answer, catalog),
        "all_href": _again(request, only="") if asked.only else "",
        "changes_href": _again(request, changes="1") + "#changes" if changeable(asked, answer) else "",
        "left_out": [plans.left_out(one, catalog) for one in answer.left_out],
        "meaning": list(plans.meaning()),
    }  # fmt: skip


def _busy(request: HttpRequest, page: Page, catalog: Catalog, told: Line | None, form: Form) -> HttpResponse:
    """Somebody else's search runs: this page again in a moment."""
    answer = _page(request, page, catalog, told, form, {"busy": True}, status=503)
    answer["Retry-After"] = "2"
    return answer


def _page(
    request: HttpRequest,
    page: Page,
    catalog: Catalog,
    told: Line | None,
    form: Form,
    shown: dict[str, object] | None = None,
    status: int = 200,
) -> HttpResponse:
    selling = {product.operator for product in catalog.products if product.on_sale}
    fields = {
        "form": form,
        "habits": [(name, plans.habit(name), plans.amounts(needed)) for name, needed in planning.HABITS.items()],
        "operators": [one for one in catalog.operators if one.id in selling],
        "told": catalog.operator(told.operator) if told else None,
        "most_days": MOST_DAYS,
        "more": any(form.values.get(name) for name in ("away", "budget", "only")),
        "again": request.get_full_path(),
    }
    return render(request, page.template, {**fields, **(shown or {}), **page.more}, status=status)


def _told(request: HttpRequest, catalog: Catalog) -> Line | None:
    """What was told of a SIM in this browser, where this catalogue still knows its operator."""
    line = draft.told(request)
    return line if line and catalog.operator(line.operator) else None


def _typed(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET[name][: draft.MAX_TYPED] for name in planning.FIELDS if name in request.GET}


def _again(request: HttpRequest, **other: str) -> str:
    """The address of the same question with something else in it; what is empty is left out."""
    asked = {name: value for name, value in (_typed(request) | other).items() if value}
    return f"{request.path}?{urlencode(asked)}"
