"""From an operator's answer to a line, over as many pages as it takes. What was said travels in the forms: nothing of
it is kept here, so the same pages serve somebody who only looks and somebody who is reminded.

    answer ──▶ questions, where something can be read in two ways ──▶ fields, to confirm or type ──▶ Usage
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from opla.core.balance import FORMATS, MAX_ANSWER, questions, read_answer, settle
from opla.core.calendar import zone
from opla.core.catalog import Catalog, Operator
from opla.core.entered import FIELDS, UNITS, fields_of, read_fields
from opla.core.line_file import read_line
from opla.core.refusal import Code, Refusal
from opla.core.usage import Usage, followed, read_usage, write_usage
from opla.presenting import facts, usage
from opla.storefront.forms import Form, refused
from opla.storefront.visit import Visit

#: How old a reading may be when its form comes back.
_OPEN_FOR: Final = timedelta(days=1)
MAX_FILE: Final = 64 * 1024
MAX_USAGE: Final = 20_000


@dataclass(frozen=True)
class Place:
    """Where an answer is asked for: whose, and which addresses the forms go to."""

    operator: Operator
    catalog: Catalog
    ask_url: str
    line_url: str
    back_url: str


def ask(request: HttpRequest, place: Place, here: Visit, form: Form | None = None, status: int = 200) -> HttpResponse:
    """How to ask the operator, and a field for what it answered."""
    operator = place.operator
    shown = {
        "place": place,
        "operator": operator,
        "ways": usage.ways(operator),
        "form": form or Form({"answer": ""}),
        "example": next((f.example for f in FORMATS if f.operator == operator.id), "") if here.shop.sandbox else "",
    }
    return render(request, "storefront/have_ask.html", shown, status=status)


def answered(request: HttpRequest, place: Place, here: Visit) -> HttpResponse:
    """An answer came: what must be asked about it, else the fields it fills."""
    text = request.POST.get("answer", "")[: MAX_ANSWER + 1]
    at = _asked_at(request, here)
    where = zone(place.catalog.time_zone)
    reading = read_answer(place.operator.id, text, at, where, samples=here.shop.sandbox)
    if isinstance(reading, Refusal):
        return ask(request, place, here, refused({"answer": text}, [reading]), status=422)
    settled, open_ = settle(reading, request.POST.dict())
    shown: dict[str, object] = {
        "place": place,
        "operator": place.operator,
        "answer": text,
        "at": at.isoformat(),
        "rest": reading.rest,
    }
    if open_:
        again = "asked" in request.POST
        known = {question.name for question in questions(reading)} - {question.name for question in open_}
        currency = place.catalog.currency
        shown |= {
            "questions": [usage.asked(question, currency) for question in open_],
            "kept": [(name, value) for name, value in request.POST.items() if name in known],
            "missing": again,
        }
        return render(request, "storefront/have_questions.html", shown, status=422 if again else 200)
    return fields(request, place, at, Form(fields_of(settled, where, place.catalog.currency)), more=shown)


def fields(
    request: HttpRequest,
    place: Place,
    at: datetime,
    form: Form | None = None,
    *,
    more: dict[str, object] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Every figure in a field of its own: filled from the answer, or empty for somebody who types."""
    typed = form is None
    form = form or Form({**dict.fromkeys(FIELDS, ""), "data_unit": "GB", "bought_unit": "GB"})
    kinds = usage.kinds(form.values)
    shown = {
        "place": place,
        "operator": place.operator,
        "form": form,
        "typed": typed,
        # What an answer did not speak of is asked for last, and folded away; of somebody who types all is asked.
        "kinds": [kind for kind in kinds if typed or kind.filled],
        "others": [kind for kind in kinds if not (typed or kind.filled)],
        "at": at.isoformat(),
        "units": UNITS,
        "plans": [(plan.id, plan.name.value, facts.mark(plan.name.shown_as)) for plan in place.operator.plans],
        **(more or {}),
    }
    return render(request, "storefront/have_fields.html", shown, status=status)


def entered(request: HttpRequest, place: Place, here: Visit, done: Callable[[Usage], HttpResponse]) -> HttpResponse:
    """The fields came: `done` with the line they make, or the fields again with every reason."""
    at = _asked_at(request, here)
    typed = {name: request.POST.get(name, "") for name in FIELDS}
    found = read_fields(
        typed, place.operator, at=at, zone=zone(place.catalog.time_zone), currency=place.catalog.currency
    )
    wrong = list(found) if isinstance(found, tuple) else []
    earlier = _earlier(request, place.operator)
    if isinstance(earlier, Refusal):
        wrong.append(earlier)
    if wrong or not isinstance(found, Usage):
        return fields(request, place, at, refused({**typed, "earlier": ""}, wrong), status=422)
    return done(followed(earlier, found) if isinstance(earlier, Usage) else found)


def carried(request: HttpRequest) -> Usage | None:
    """The usage that a form of ours carries along; None when somebody changed it."""
    try:
        found = read_usage(json.loads(request.POST.get("usage", "")[:MAX_USAGE]))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, Usage) else None


def carry(usage_: Usage) -> str:
    return json.dumps(write_usage(usage_), separators=(",", ":"))


def now_typed(here: Visit) -> datetime:
    """The instant of a reading, to the second: what it is in a file."""
    return here.at.astimezone(UTC).replace(microsecond=0)


def _asked_at(request: HttpRequest, here: Visit) -> datetime:
    """When the answer was given to us: now, or when the first form of this answer came, within a day."""
    now = now_typed(here)
    try:
        said = datetime.fromisoformat(request.POST.get("at", ""))
    except ValueError:
        return now
    return said.astimezone(UTC) if said.tzinfo and now - _OPEN_FOR < said.astimezone(UTC) <= now else now


def _earlier(request: HttpRequest, operator: Operator) -> Usage | Refusal | None:
    """The line file of an earlier day, where one was sent along."""
    file = request.FILES.get("earlier")
    if file is None:
        return None
    if not file.size or file.size > MAX_FILE:
        return Refusal(Code.FILE_UNREADABLE, "earlier")
    try:
        document = json.loads(file.read().decode("utf-8"))
    except (ValueError, RecursionError):
        return Refusal(Code.FILE_UNREADABLE, "earlier")
    line = read_line(document)
    if isinstance(line, Refusal):
        return Refusal(line.code, "earlier", line.params)
    if line.operator != operator.id:
        return Refusal(Code.PRODUCT_OF_ANOTHER_OPERATOR, "earlier")
    return Usage(line)
