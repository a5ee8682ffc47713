"""My SIMs: every line with its verdict and one button, for somebody signed in; from their own file for everybody else.

The address names a line by a number that opens nothing: whoever is not its owner finds no page there.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from opla.accounts.customer import customer_of
from opla.accounts.device import remember
from opla.core.catalog import Catalog
from opla.core.kept_line import Choice, KeptLine, write_file
from opla.core.money import Money
from opla.core.quote import Quote
from opla.core.refusal import Code, Refusal
from opla.core.usage import Usage, followed
from opla.db.models import Customer
from opla.operations import advise, catalogue, kept_lines, limits
from opla.operations import remind as reminding
from opla.operations.offers import Claim
from opla.operations.quote_topup import Wanted, quote_topup
from opla.operations.renewals import of_address as standing_of
from opla.presenting import figures, languages
from opla.presenting.refusals import sentence
from opla.storefront import asking, draft, sim_forms
from opla.storefront.asking import Place
from opla.storefront.forms import Form, refused, status_of
from opla.storefront.views import have, order
from opla.storefront.views.renewals import cards as renewal_cards
from opla.storefront.visit import Visit, visit, visit_with_device


@require_safe
def sims(request: HttpRequest) -> HttpResponse:
    customer, here = customer_of(request), visit(request)
    if customer is None:
        return _guest(request)
    return _list(request, customer, here)


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Typed: a name, an operator, a number if there is one. What it holds is asked for afterwards."""
    customer, here = _customer(request), visit(request)
    if request.method != "POST":
        empty = dict.fromkeys(sim_forms.FIELDS, "") | {"whose": "me", "wanted": "use"}
        return _adding(request, Form(empty))
    typed = {name: draft.typed(request, name) for name in sim_forms.FIELDS}
    made = sim_forms.read(typed, None, here.shop.chance.uuid(here.at), here)
    if isinstance(made, list):
        return _adding(request, refused(typed, made), status=422)
    done = kept_lines.keep(here.actor, customer, [made], shop=here.shop, at=here.at)
    if isinstance(done, Refusal):
        return _adding(request, refused(typed, [done]), status=409)
    return redirect("my-sim", line_id=made.id)


@require_http_methods(["GET", "HEAD", "POST"])
def sim(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """One line: what it holds, what to do, and its fields to change."""
    customer, here = _customer(request), visit(request)
    kept = _own(customer, line_id, here)
    _, catalog = catalogue.active()
    if request.method != "POST":
        return _one(request, kept, here, catalog, Form(sim_forms.shown(kept, catalog)))
    typed = {name: draft.typed(request, name) for name in sim_forms.FIELDS}
    made = sim_forms.read(typed, kept, kept.id, here)
    if isinstance(made, list):
        return _one(request, kept, here, catalog, refused({**typed, "operator": kept.operator}, made), status=422)
    fields = {name: getattr(made, name) for name in ("name", "number", "whose", "aim", "until", "choice")}
    _done(kept_lines.change(here.actor, customer, line_id, lambda old: replace(old, **fields), shop=here.shop))
    return redirect("my-sim", line_id=line_id)


@require_POST
def renew(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """One tap: a price for the same again, with what is on the line beside it. Nothing is bought yet."""
    customer, here = _customer(request), visit_with_device(request)
    kept = _own(customer, line_id, here)
    advised = advise.advise(kept, shop=here.shop, at=here.at)
    return _quoted(request, kept, advised.choice, customer.email, here)


@require_POST
def renew_told(request: HttpRequest) -> HttpResponse:
    """The same from a file, for somebody who is not signed in: their e-mail is asked for where nobody knows it."""
    here, kept = visit_with_device(request), sim_forms.carried(request)
    if kept is None:
        return redirect("my-sims")
    advised = advise.advise(kept, shop=here.shop, at=here.at)
    return _quoted(request, kept, advised.choice, draft.email(request), here)


@require_POST
def forget(request: HttpRequest, line_id: UUID) -> HttpResponse:
    customer, here = _customer(request), visit(request)
    _done(kept_lines.forget(here.actor, customer, line_id))
    return redirect("my-sims")


@require_POST
def download(request: HttpRequest) -> HttpResponse:
    customer, here = _customer(request), visit(request)
    return sim_forms.download(kept_lines.export(customer, shop=here.shop, at=here.at), figures.local_day(here.at))


@require_POST
def bring(request: HttpRequest) -> HttpResponse:
    """A file: kept whole by somebody signed in, or not at all; for everybody else shown, and kept nowhere."""
    customer, here = customer_of(request), visit(request)
    if tired := limits.by_address(limits.FILES, here.address, shop=here.shop, at=here.at):
        return _bring_refused(request, customer, [tired], here)
    found = sim_forms.brought(request)
    lines = [one for one in found if isinstance(one, KeptLine)]
    if len(lines) < len(found):
        return _bring_refused(request, customer, [one for one in found if isinstance(one, Refusal)], here)
    if customer is None:
        return _from_file(request, lines, here)
    done = kept_lines.keep(here.actor, customer, lines, shop=here.shop, at=here.at)
    if isinstance(done, Refusal):
        return _bring_refused(request, customer, [done], here)
    return _list(request, customer, here, brought=(len(done), len(lines) - len(done)))


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """How to ask the operator, and what it answered this time."""
    here = visit(request)
    place = _place(_own(_customer(request), line_id, here))
    return asking.answered(request, place, here) if request.method == "POST" else asking.ask(request, place, here)


@require_http_methods(["GET", "HEAD", "POST"])
def line(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """The figures of a new reading."""
    customer, here = _customer(request), visit(request)
    kept = _own(customer, line_id, here)
    place = _place(kept)
    if request.method != "POST":
        return asking.fields(request, place, asking.now_typed(here))

    def keep(found: Usage) -> HttpResponse:
        _done(
            kept_lines.change(
                here.actor, customer, line_id, lambda old: replace(old, usage=followed(old.usage, found)),
                shop=here.shop,
            )
        )  # fmt: skip
        if kept.reminder:
            reminding.read(here.actor, kept.reminder, found, shop=here.shop, at=here.at)
        return redirect("my-sim", line_id=line_id)

    return asking.entered(request, place, here, keep)


@require_POST
def keep_reading(request: HttpRequest, operator: str) -> HttpResponse:
    """Keep what was read just now: in the account, or, for somebody without one, in a file of theirs."""
    here, found, place = visit(request), asking.carried(request), have.place_of(operator)
    if found is None or found.line.operator != place.operator.id:
        return redirect("have-operator", operator=place.operator.id)
    typed = {"name": draft.typed(request, "name")} | dict.fromkeys(sim_forms.FIELDS[1:], "")
    made = sim_forms.read(
        typed | {"operator": operator, "number": draft.number(request)}, None, here.shop.chance.uuid(here.at), here
    )
    if isinstance(made, list):
        return have.result(request, place, here, found, refused({"name": typed["name"]}, made), status=422)
    kept = replace(made, usage=found, reminder=_reminder(request, operator, here))
    customer = customer_of(request)
    if customer is not None:
        done = kept_lines.keep(here.actor, customer, [kept], shop=here.shop, at=here.at)
        if isinstance(done, Refusal):
            return have.result(request, place, here, found, refused({"name": ""}, [done]), status=409)
        return redirect("my-sim", line_id=kept.id)
    lines: list[KeptLine] = []
    if request.FILES.get("file"):
        brought = sim_forms.brought(request)
        wrong = [one for one in brought if isinstance(one, Refusal)]
        if wrong:
            return have.result(request, place, here, found, refused({"name": typed["name"], "file": ""}, wrong), 422)
        lines = [one for one in brought if isinstance(one, KeptLine)]
    return sim_forms.download(write_file(_with(lines, kept), here.at), figures.local_day(here.at))


@require_POST
def keep_order(request: HttpRequest, link: str) -> HttpResponse:
    """Keep the SIM an order was for, with what was bought as the last choice; on the device that ordered."""
    customer, here = _customer(request), visit(request)
    page = order.ticket(request, link, here).page
    if not page.proven:
        raise Http404
    typed = dict.fromkeys(sim_forms.FIELDS, "") | {"operator": page.operator, "name": draft.typed(request, "name")}
    made = sim_forms.read(typed, None, here.shop.chance.uuid(here.at), here)
    if isinstance(made, list):
        return order.draw(request, order.ticket(request, link, here), refused=sentence(made[0]), status=422)
    told = draft.line(request, page.operator)
    kept = replace(
        made,
        number=page.number,
        choice=Choice(page.sku, page.price.face.amount_minor, page.plan),
        usage=Usage(told) if told else made.usage,
        reminder=_reminder(request, page.operator, here),
    )
    done = kept_lines.keep(here.actor, customer, [kept], shop=here.shop, at=here.at)
    if isinstance(done, Refusal):
        return order.draw(request, order.ticket(request, link, here), refused=sentence(done), status=409)
    return redirect("my-sim", line_id=kept.id)


def _with(lines: list[KeptLine], kept: KeptLine) -> list[KeptLine]:
    """The lines with this one: a reading more of the one that has its name and operator, or a new one."""
    for place, old in enumerate(lines):
        if (old.name, old.operator) == (kept.name, kept.operator):
            return [*lines[:place], replace(old, usage=followed(old.usage, kept.usage)), *lines[place + 1 :]]
    return [*lines, kept]


def _quoted(request: HttpRequest, kept: KeptLine, choice: Choice | None, email: str, here: Visit) -> HttpResponse:
    """To the price of this choice; where something is missing for one, to the page that asks for it."""
    _, catalog = catalogue.active()
    draft.keep_line(request, kept.usage.line if kept.usage.line.buckets or kept.usage.line.credit else None)
    if kept.number:
        draft.keep_number(request, kept.number)
    if choice is None:
        return redirect("amounts", operator=kept.operator)
    amount = Money(choice.amount_minor, catalog.currency).decimal
    product = catalog.product(choice.sku)
    plan = choice.plan if product and product.asks_plan else ""  # others ask for none, and take none
    wanted = Wanted(
        kept.operator, amount, email, languages.current(), sku=choice.sku, number=kept.number, plan=plan,
        claim=Claim(address=here.address),
    )  # fmt: skip
    made = quote_topup(here.actor, wanted, device=here.device, shop=here.shop, at=here.at)
    if not isinstance(made, Quote):
        if any(one.about in ("number", "email") for one in made):
            return redirect(reverse("recipient", args=[kept.operator, choice.sku]) + f"?amount={amount}")
        return redirect("amounts", operator=kept.operator)
    found = redirect("quote", quote_id=made.id)
    remember(found, here.device, secure=here.shop.base_url.startswith("https://"))
    return found


def _customer(request: HttpRequest) -> Customer:
    """Who signed in; for everybody else there is nothing here."""
    customer = customer_of(request)
    if customer is None:
        raise Http404
    return customer


def _own(customer: Customer, line_id: UUID, here: Visit) -> KeptLine:
    found = kept_lines.find(customer, line_id, shop=here.shop)
    if found is None:
        raise Http404
    return found


def _done(wrong: Refusal | None) -> None:
    if wrong is not None and wrong.code is Code.NOT_FOUND:
        raise Http404


def _reminder(request: HttpRequest, operator: str, here: Visit) -> str:
    """The reminder that was opened in this browser, where it is one of this operator."""
    link = draft.reminder(request)
    watched = reminding.find(link, shop=here.shop) if link else None
    return link if watched and watched.confirmed and watched.usage.line.operator == operator else ""


def _place(kept: KeptLine) -> Place:
    found = have.place_of(kept.operator)
    return replace(
        found,
        ask_url=reverse("my-sim-answer", args=[kept.id]),
        line_url=reverse("my-sim-line", args=[kept.id]),
        back_url=reverse("my-sim", args=[kept.id]),
    )


def _list(
    request: HttpRequest,
    customer: Customer,
    here: Visit,
    brought: tuple[int, int] | None = None,
    wrong: list[Refusal] | None = None,
) -> HttpResponse:
    shown = {
        "cards": sim_forms.cards(kept_lines.of(customer, shop=here.shop), here),
        "renewals": renewal_cards(standing_of(customer.email, shop=here.shop)),
        "brought": brought,
        "form": refused({"file": ""}, wrong or []),
        "wrong": [sentence(one) for one in wrong or []],
    }
    return render(request, "storefront/sims.html", shown, status=status_of(wrong) if wrong else 200)


def _guest(request: HttpRequest, wrong: list[Refusal] | None = None) -> HttpResponse:
    shown = {"form": refused({"file": ""}, wrong or []), "wrong": [sentence(one) for one in wrong or []]}
    return render(request, "storefront/sims_guest.html", shown, status=status_of(wrong) if wrong else 200)


def _from_file(request: HttpRequest, lines: list[KeptLine], here: Visit) -> HttpResponse:
    drawn = [(card, sim_forms.carry(card.kept)) for card in sim_forms.cards(lines, here)]
    return render(request, "storefront/sims_file.html", {"cards": drawn})


def _bring_refused(
    request: HttpRequest, customer: Customer | None, wrong: list[Refusal], here: Visit
) -> HttpResponse:  # fmt: skip
    return _guest(request, wrong) if customer is None else _list(request, customer, here, wrong=wrong)


def _adding(request: HttpRequest, form: Form, status: int = 200) -> HttpResponse:
    _, catalog = catalogue.active()
    operators = [one for one in catalog.operators if one.prepaid.value is not False]
    return render(request, "storefront/sim_add.html", {"form": form, "operators": operators}, status=status)


def _one(
    request: HttpRequest, kept: KeptLine, here: Visit, catalog: Catalog, form: Form, status: int = 200
) -> HttpResponse:  # fmt: skip
    shown = {
        "card": sim_forms.card(kept, here, catalog),
        "form": form,
        "choices": sim_forms.choices(kept, catalog, here),
        "back": reverse("my-sims"),
    }
    return render(request, "storefront/sim_mine.html", shown, status=status)
