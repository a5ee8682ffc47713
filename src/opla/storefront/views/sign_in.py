"""Signing in, by a link in an e-mail or a passkey, and out. Nobody needs it for buying."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from opla.accounts import customer as accounts
from opla.accounts import owner as house
from opla.core.refusal import Code, Refusal
from opla.db.models import Customer
from opla.operations import limits, passkeys
from opla.operations import sign_in as signing
from opla.presenting import languages
from opla.presenting.refusals import sentence
from opla.storefront import draft
from opla.storefront.forms import Form, refused, status_of
from opla.storefront.members import inside
from opla.storefront.patience import patient
from opla.storefront.views.language import chosen, remember
from opla.storefront.visit import Visit, visit


@require_http_methods(["GET", "HEAD", "POST"])
@patient
def ask(request: HttpRequest) -> HttpResponse:
    """Type an e-mail. The answer is the same whether we know the address or not."""
    here = visit(request)
    back = inside(request.POST.get("next", "") or request.GET.get("next", ""))
    if request.method != "POST":
        email = here.customer.email if here.customer else draft.email(request)
        return _page(request, here, back, Form({"email": email}))
    typed = {"email": draft.typed(request, "email")}
    asked = signing.Asked(typed["email"], languages.current(), back, here.address)
    if wrong := signing.ask(asked, shop=here.shop, at=here.at):
        return _page(request, here, back, refused(typed, wrong), status=status_of(wrong))
    draft.keep_email(request, typed["email"].strip())
    return render(request, "storefront/sign_in_sent.html", {"email": typed["email"].strip()})


@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, link: str) -> HttpResponse:
    """A button first: programs look at the links of an e-mail, and this one works once."""
    here = visit(request)
    opened = signing.look(link, at=here.at)
    if opened is None:
        raise Http404(_("This link has been used, or is over. Ask for a new one."))
    if not chosen(request) and opened.language in languages.NAMES:
        translation.activate(opened.language.lower())
    if request.method != "POST":
        return _link_page(request, here, opened, link)
    found = signing.use(link, draft.typed(request, "digits"), shop=here.shop, at=here.at)
    if isinstance(found, Refusal):
        if found.code is Code.NOT_FOUND:
            raise Http404(_("This link has been used, or is over. Ask for a new one."))
        return _link_page(request, here, opened, link, found)
    customer, back = found
    return _welcome(request, customer, inside(back), here, proved="step" if opened.second_step else "")


@require_POST
def passkey(request: HttpRequest) -> HttpResponse:
    here = visit(request)
    back = inside(request.POST.get("next", ""))
    limited = limits.by_address(limits.SIGN_INS, here.address, shop=here.shop, at=here.at)
    found = limited or passkeys.enter(
        request.POST.get("state", ""), request.POST.get("answer", ""), shop=here.shop, at=here.at
    )
    if isinstance(found, Refusal):
        return _page(request, here, back, refused({"email": ""}, [found]), status=status_of([found]))
    return _welcome(request, found, back, here, proved="passkey")


@require_POST
def out(request: HttpRequest) -> HttpResponse:
    answer = redirect("home")
    accounts.sign_out(request, answer)
    draft.forget(request)
    return answer


def _welcome(request: HttpRequest, customer: Customer, back: str, here: Visit, *, proved: str) -> HttpResponse:
    accounts.sign_in(request, customer, here.at, proved=proved)
    person = house.person_of(request)
    if person is not None and proved:
        house.prove(request, person, proved, here.at)
    if person is None and back.startswith("/owner/"):  # to a customer there is nothing there
        back = reverse("me")
    answer = redirect(back)
    if not chosen(request):
        remember(answer, customer.language)
    return answer


def _page(request: HttpRequest, here: Visit, back: str, form: Form, *, status: int = 200) -> HttpResponse:
    shown = {
        "form": form,
        "back": back,
        "again": here.customer is not None,
        "question": passkeys.ask(shop=here.shop, at=here.at),
    }
    return render(request, "storefront/sign_in.html", shown, status=status)


def _link_page(
    request: HttpRequest, here: Visit, opened: signing.Opened, link: str, wrong: Refusal | None = None
) -> HttpResponse:
    shown = {
        "opened": opened,
        "link": link,
        "refused": sentence(wrong) if wrong else "",
        "question": passkeys.ask(shop=here.shop, at=here.at) if opened.second_step else None,
    }
    return render(request, "storefront/sign_in_link.html", shown, status=status_of([wrong]) if wrong else 200)
