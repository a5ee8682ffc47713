"""A question before buying, from any product or quote; and its page, which only the link in the e-mail opens."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.http import require_http_methods, require_POST

from opla.core.catalog import Catalog, Operator, Product
from opla.core.quote import Quote
from opla.core.refusal import Refusal
from opla.core.thread import MAX_MESSAGE, State
from opla.db.queries import pages
from opla.operations import ask as asking
from opla.operations import catalogue
from opla.operations.ask import Question
from opla.operations.threads import Thread
from opla.presenting import facts, languages
from opla.presenting.refusals import sentence
from opla.storefront import draft
from opla.storefront.forms import Form, refused, status_of
from opla.storefront.views.language import chosen
from opla.storefront.visit import Visit, visit

_MOST = 4 * MAX_MESSAGE


@dataclass(frozen=True)
class About:
    """What a question is about, as its page shows it. Each part may be missing."""

    operator: Operator | None = None
    product: Product | None = None
    quote: Quote | None = None

    @property
    def when(self) -> list[facts.Line]:
        return facts.when(self.product) if self.product else []


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    here = visit(request)
    about = _about(request, here)
    values = {"email": draft.email(request), "message": ""}
    if request.method != "POST":
        return _form(request, about, Form(values))
    values = {"email": draft.typed(request, "email"), "message": request.POST.get("message", "")[:_MOST]}
    question = Question(
        values["email"],
        values["message"],
        languages.current(),
        operator=about.operator.id if about.operator else "",
        sku=about.product.sku if about.product else "",
        quote_id=about.quote.id if about.quote else None,
        address=here.address,
    )
    if no := asking.ask(here.actor, question, device=here.device, shop=here.shop, at=here.at):
        return _form(request, about, refused(values, no), status=status_of(no))
    return render(request, "storefront/ask_sent.html", {"about": about})


def _form(request: HttpRequest, about: About, form: Form, *, status: int = 200) -> HttpResponse:
    shown = {"about": about, "form": form, "most": MAX_MESSAGE}
    return render(request, "storefront/ask.html", shown, status=status)


def _about(request: HttpRequest, here: Visit) -> About:
    """Read from the address on the way in, from the form on the way out. What is unknown here is left out."""
    said = request.POST if request.method == "POST" else request.GET
    quote = None
    with suppress(ValueError):
        quote = pages.quote(UUID(said.get("quote", "")), here.device_hash) if here.device else None
    if quote is not None:
        return _named(catalogue.at_version(quote.catalog_version), quote.operator, quote.sku, quote)
    return _named(catalogue.active()[1], said.get("operator", ""), said.get("sku", ""), None)


def _named(catalog: Catalog, operator: str, sku: str, quote: Quote | None) -> About:
    product = catalog.sold(sku)
    return About(catalog.operator(product.operator if product else operator), product, quote)


@require_http_methods(["GET", "HEAD", "POST"])
def asked(request: HttpRequest, link: str) -> HttpResponse:
    """The question and its answers. Before it is confirmed there is only the button that confirms it."""
    here = visit(request)
    thread = _mine(request, link, here)
    form = Form({"message": ""})
    if request.method == "POST":
        text = request.POST.get("message", "")[:_MOST]
        no = asking.say(here.actor, link, text, shop=here.shop, at=here.at, address=here.address)
        if no is None:
            return redirect("asked", link=link)
        form = refused({"message": text}, [no])
    status = 422 if form.wrong else 200
    return render(request, "storefront/asked.html", {**_drawn(thread, link), "form": form}, status=status)


@require_POST
def confirm(request: HttpRequest, link: str) -> HttpResponse:
    here = visit(request)
    no = asking.confirm(here.actor, link, at=here.at)
    if isinstance(no, Refusal):
        raise Http404(sentence(no))
    return redirect("asked", link=link)


@require_POST
def forget(request: HttpRequest, link: str) -> HttpResponse:
    """Deleted, and the same page for a link of nothing."""
    here = visit(request)
    asking.forget(here.actor, link)
    return render(request, "storefront/ask_forgotten.html")


def _mine(request: HttpRequest, link: str, here: Visit) -> Thread:
    thread = asking.find(link, shop=here.shop, at=here.at)
    if thread is None:
        raise Http404
    if not chosen(request) and thread.language in languages.NAMES:
        translation.activate(thread.language.lower())
    return thread


def _drawn(thread: Thread, link: str) -> dict[str, object]:
    catalog = catalogue.at_version(int(thread.about["version"]))
    return {
        "link": link,
        "thread": thread,
        "confirmed": thread.state is not State.UNCONFIRMED,
        "about": _named(catalog, thread.about["operator"], thread.about["sku"], None),
        "most": MAX_MESSAGE,
    }
