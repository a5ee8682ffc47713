"""Is this seller ours? From the number they show, or from the QR that leads here; and reporting one."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from opla.core.passport import Here, Verdict, grouped, read_passport_number
from opla.core.refusal import Code, Refusal
from opla.core.thread import MAX_MESSAGE
from opla.operations import passport_photos, passport_reports, passports
from opla.operations.passport_reports import MOST_MEGABYTES, Reported
from opla.operations.passports import Looked
from opla.presenting import passports as words
from opla.presenting.refusals import sentence
from opla.storefront import draft
from opla.storefront.forms import Form, refused, status_of
from opla.storefront.indexed import indexed
from opla.storefront.patience import patient
from opla.storefront.views.rights import domains
from opla.storefront.visit import Visit, visit

_MOST_PROOF = 2_000
#: Signs beside the words, so that nobody needs the colours.
_SIGNS = {Verdict.GREEN: "✓", Verdict.OTHER_SHOP: "≠", Verdict.AMBER: "?", Verdict.RED: "✕"}


@require_safe
@indexed
def ask(request: HttpRequest) -> HttpResponse:
    """A number typed leads to its own address, as the QR does."""
    typed = request.GET.get("number", "")[:40]
    if "number" not in request.GET:
        return _ask(request, Form({"number": ""}))
    number = read_passport_number(typed)
    if isinstance(number, Refusal):
        return _ask(request, refused({"number": typed}, [number]), status=422)
    return redirect("verify-number", number)


def _ask(request: HttpRequest, form: Form, *, status: int = 200) -> HttpResponse:
    said = {"none": Code.QR_NOT_FOUND, "other": Code.QR_NOT_OURS}
    photo = {name: sentence(Refusal(code, "photo")) for name, code in said.items()}
    shown = {"form": form, "domains": domains(), "photo": photo, "megabytes": passport_photos.MOST_MEGABYTES}
    return render(request, "storefront/verify.html", shown, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def photo(request: HttpRequest) -> HttpResponse:
    """A photo of a QR leads where the QR does, if that is here."""
    if request.method != "POST":
        return redirect("verify")
    here = visit(request)
    upload = request.FILES.get("photo")
    # One byte more than is read is enough to be refused by.
    data = upload.read(passport_photos.MOST_MEGABYTES * 1024 * 1024 + 1) if upload is not None else b""
    ours = {*domains(), request.get_host().partition(":")[0]}
    found = passport_photos.read(data, ours, address=here.address, shop=here.shop, at=here.at)
    if isinstance(found, Refusal):
        return _ask(request, refused({"number": "", "photo": ""}, [found]), status=status_of([found]))
    number, proof = found
    question = f"?{urlencode({'proof': proof})}" if proof else ""
    return redirect(f"{reverse('verify-number', args=[number])}{question}")


@require_http_methods(["GET", "HEAD", "POST"])
def number(request: HttpRequest, number: str) -> HttpResponse:
    """What it is for, big, and whether that is here. Only who presses the button has said so: no link can say it."""
    here = visit(request)
    sent = request.POST if request.method == "POST" else request.GET
    proof, answer = sent.get("proof", "")[: _MOST_PROOF + 1], request.POST.get("here", "")
    said = Here(answer) if answer in list(Here) else Here.UNSAID
    found = passports.look(number[:40], proof, said, address=here.address, shop=here.shop, at=here.at)
    if isinstance(found, Refusal):
        if found.code is Code.PASSPORT_NUMBER_WRONG:
            return _ask(request, refused({"number": number[:40]}, [found]), status=422)
        return _ask(request, refused({"number": number[:40]}, [found]), status=429)
    return render(request, "storefront/verify_number.html", _shown(found, proof, said, here, number))


def _shown(found: Looked, proof: str, said: Here, here: Visit, number: str) -> dict[str, object]:
    passport = found.passport
    typed = read_passport_number(number)
    shown = "" if isinstance(typed, Refusal) else grouped(typed)
    state, until = (passport.state, passport.until) if passport else (None, None)
    return {
        "verdict": str(found.verdict),
        "sign": _SIGNS[found.verdict],
        "said": words.said(found.verdict, state, until, here.at),
        "asks": found.verdict is Verdict.AMBER,
        "at": here.at,
        "here": str(said),
        "passport": passport,
        "number": shown,
        "proof": proof,
        "question": words.question(passport.place.kind) if passport else "",
        "place": words.place(passport.place.kind) if passport else "",
        "registration": words.registration(passport.seller.number_kind) if passport else "",
        "until": words.last_day(until) if until else "",
        "domains": domains(),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@patient
def report(request: HttpRequest) -> HttpResponse:
    """Anybody says what they saw; with a picture of it, where they have one."""
    here = visit(request)
    if request.method != "POST":
        number = read_passport_number(request.GET.get("number", "")[:40])
        known = "" if isinstance(number, Refusal) else grouped(number)
        return _report(request, Form({"where": "", "message": "", "email": "", "number": known}))
    values = {name: draft.typed(request, name) for name in ("where", "email", "number")}
    values["message"] = request.POST.get("message", "")[: 4 * MAX_MESSAGE]
    upload = request.FILES.get("picture")
    # One byte more than may be kept is enough to be refused by.
    picture = upload.read(MOST_MEGABYTES * 1024 * 1024 + 1) if upload is not None else b""
    told = Reported(**values, picture=picture, address=here.address)
    if wrong := passport_reports.report(here.actor, told, shop=here.shop, at=here.at):
        return _report(request, refused({**values, "picture": ""}, wrong), status=status_of(wrong))
    return redirect(f"{reverse('verify-report')}?{urlencode({'done': 'yes'})}")


def _report(request: HttpRequest, form: Form, *, status: int = 200) -> HttpResponse:
    shown = {"form": form, "done": request.GET.get("done") == "yes", "most": MAX_MESSAGE, "megabytes": MOST_MEGABYTES}
    return render(request, "storefront/verify_report.html", shown, status=status)


@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """The public keys of sellers' passports: a JWK set (RFC 7517), Ed25519 (RFC 8037)."""
    here = visit(request)
    return JsonResponse(passports.keys(shop=here.shop, at=here.at), content_type="application/jwk-set+json")
