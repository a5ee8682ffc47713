"""A reseller's passports: applied for here, and what hangs in the shop once one is approved."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from opla.core.api_access import Scope
from opla.core.passport import ENDABLE, GOOD, MOST_PLACE, grouped
from opla.core.refusal import Refusal
from opla.db.queries.passports import Passport
from opla.operations import passports
from opla.operations.passports import Application
from opla.portal.guard import Seller, may
from opla.presenting import languages, passport_sheet
from opla.presenting import passports as words
from opla.storefront import draft
from opla.storefront.forms import Form, refused, status_of

_FIELDS = ("name", "legal_name", "registration_kind", "number", "country", "kind", "place")


@require_http_methods(["GET", "HEAD", "POST"])
@may(Scope.PASSPORT)
def page(request: HttpRequest, seller: Seller) -> HttpResponse:
    here, access = seller.here, seller.person.access
    if request.method != "POST":
        return _page(request, seller, Form(_known(seller)))
    values = {name: draft.typed(request, name) for name in _FIELDS}
    if request.POST.get("act") == "give_up":
        if passports.give_up(access, request.POST.get("passport", ""), shop=here.shop, at=here.at):
            raise Http404
        return redirect("reseller-passport", seller.person.reseller)
    wanted = Application(
        values["name"], values["legal_name"], values["country"], values["registration_kind"], values["number"],
        values["kind"], values["place"], languages.current(),
    )  # fmt: skip
    found = passports.apply(access, wanted, shop=here.shop, at=here.at)
    if isinstance(found, list):
        return _page(request, seller, refused(values, found), status=status_of(found))
    return redirect("reseller-passport", seller.person.reseller)


def _known(seller: Seller) -> dict[str, str]:
    """What was said the last time, so that it is typed once; the place is always another one."""
    before = _all(seller)
    if not before:
        return dict.fromkeys(_FIELDS, "") | {"name": seller.person.title, "registration_kind": "be", "kind": "street"}
    who = before[0].seller
    return {
        "name": who.name, "legal_name": who.legal_name, "registration_kind": str(who.number_kind),
        "number": who.number, "country": who.country, "kind": "street", "place": "",
    }  # fmt: skip


def _all(seller: Seller) -> list[Passport]:
    found = passports.of_reseller(seller.person.access)
    if isinstance(found, Refusal):
        raise Http404
    return found


def _page(request: HttpRequest, seller: Seller, form: Form, *, status: int = 200) -> HttpResponse:
    shop = seller.here.shop
    rows = [
        {
            "passport": one,
            "number": grouped(one.number),
            "state": words.state(one.state),
            "place": words.place(one.place.kind),
            "until": words.last_day(one.until) if one.until else "",
            "good": one.state in GOOD,
            "open": one.state in ENDABLE,
            "address": passports.page_address(one, shop),
            "snippet": words.snippet(passports.page_address(one, shop), _badge(one, seller)) if one.jws else "",
        }
        for one in _all(seller)
    ]
    shown = {
        "person": seller.person,
        "rows": rows,
        "form": form,
        "registrations": words.registrations(),
        "places": words.places(),
        "most": MOST_PLACE,
    }
    return render(request, "portal/passport.html", shown, status=status)


@require_safe
@may(Scope.PASSPORT)
def file(request: HttpRequest, seller: Seller, number: str, name: str) -> HttpResponse:  # noqa: ARG001
    """What hangs in the shop, as files: only of a passport that is good."""
    found = next((one for one in _all(seller) if one.number == number and one.state in GOOD and one.jws), None)
    if found is None:
        raise Http404
    qr = passports.qr_address(found, seller.here.shop)
    match name:
        case "qr.svg":
            return _file(words.qr_svg(qr).encode(), "image/svg+xml", f"{number}-{name}")
        case "qr.png":
            return _file(words.qr_png(qr), "image/png", f"{number}-{name}")
        case "badge.svg":
            return _file(_badge(found, seller).encode(), "image/svg+xml", f"{number}-{name}")
        case "sheet.pdf":
            return _file(passport_sheet.pdf(found, qr, _host(seller)), "application/pdf", f"{number}.pdf")
        case _:
            raise Http404


def _badge(found: Passport, seller: Seller) -> str:
    return words.badge(grouped(found.number), _host(seller), _("Check this seller"))


def _host(seller: Seller) -> str:
    return urlsplit(seller.here.shop.base_url).netloc


def _file(data: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(data, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
