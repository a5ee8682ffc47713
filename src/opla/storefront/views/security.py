"""How one signs in: passkeys, the second step, and where one is signed in now."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from opla.accounts import customer as accounts
from opla.accounts.owner import may_change
from opla.core import one_time
from opla.core.refusal import Refusal
from opla.db.models import Passkey
from opla.operations import passkeys, second_step, sign_in
from opla.presenting.agents import browser
from opla.presenting.pictures import qr
from opla.presenting.refusals import sentence
from opla.storefront import draft
from opla.storefront.forms import status_of
from opla.storefront.members import Member, just_signed_in, signed_in


@require_safe
@signed_in
def security(request: HttpRequest, member: Member) -> HttpResponse:
    return _page(request, member)


@require_POST
@just_signed_in
def add_passkey(request: HttpRequest, member: Member) -> HttpResponse:
    here = member.here
    state, answer = request.POST.get("state", ""), request.POST.get("answer", "")
    name = draft.typed(request, "name") or browser(request.headers.get("User-Agent", ""))
    if wrong := passkeys.add(member.customer, state, answer, name, shop=here.shop, at=here.at):
        return _page(request, member, wrong)
    sign_in.tell_of_change(member.customer, shop=here.shop, at=here.at)
    return redirect("security")


@require_POST
@signed_in
def remove_passkey(request: HttpRequest, member: Member, passkey_id: int) -> HttpResponse:
    if not may_change(request, member.customer) or not passkeys.remove(member.customer, passkey_id):
        raise Http404
    return redirect("security")


@require_http_methods(["GET", "HEAD", "POST"])
@just_signed_in
def step_on(request: HttpRequest, member: Member) -> HttpResponse:
    """Show the key to the app; on when the app has answered. Then the recovery codes, once."""
    here, wrong = member.here, None
    if second_step.is_on(member.customer):
        return redirect("security")
    if request.method == "POST":
        typed = draft.typed(request, "digits")
        wrong = second_step.confirm(member.customer, typed, shop=here.shop, at=here.at)
        if wrong is None:
            sign_in.tell_of_change(member.customer, shop=here.shop, at=here.at)
            return _codes(request, member)
    key = second_step.begin(member.customer, shop=here.shop, at=here.at)
    written = one_time.written(key)
    address = one_time.address(key, "Opla", member.customer.email)
    shown = {
        "key": " ".join(written[n : n + 4] for n in range(0, len(written), 4)),
        "address": address,
        "picture": qr(address),
        "error": sentence(wrong) if wrong else "",
    }
    return render(request, "storefront/step_on.html", shown, status=status_of([wrong]) if wrong else 200)


@require_POST
@just_signed_in
def step_off(_request: HttpRequest, member: Member) -> HttpResponse:
    second_step.end(member.customer)
    sign_in.tell_of_change(member.customer, shop=member.here.shop, at=member.here.at)
    return redirect("security")


@require_POST
@just_signed_in
def new_codes(request: HttpRequest, member: Member) -> HttpResponse:
    if not second_step.is_on(member.customer):
        raise Http404
    return _codes(request, member)


@require_POST
@signed_in
def end_session(_request: HttpRequest, member: Member, session: str) -> HttpResponse:
    """One of theirs; another's is not there."""
    try:
        key = bytes.fromhex(session)
    except ValueError:
        raise Http404 from None
    if not accounts.end_session(member.customer, key):
        raise Http404
    return redirect("security")


@require_POST
@signed_in
def end_others(request: HttpRequest, member: Member) -> HttpResponse:
    accounts.end_others(request, member.customer)
    return redirect("security")


def _codes(request: HttpRequest, member: Member) -> HttpResponse:
    codes = second_step.new_codes(member.customer, shop=member.here.shop)
    return render(request, "storefront/recovery_codes.html", {"codes": codes})


def _page(request: HttpRequest, member: Member, wrong: Refusal | None = None) -> HttpResponse:
    customer, here = member.customer, member.here
    step = second_step.is_on(customer)
    recent = accounts.is_recent(request, here.at)
    shown = {
        "passkeys": list(Passkey.objects.filter(customer=customer).order_by("made_at")),
        "question": passkeys.ask_new(customer, shop=here.shop, at=here.at) if recent else None,
        "device": browser(request.headers.get("User-Agent", "")),
        "second_step": step,
        "codes_left": second_step.codes_left(customer) if step else 0,
        "sessions": [
            {
                "id": bytes(one.hash).hex(),
                "name": browser(one.agent),
                "made_at": one.made_at,
                "seen_at": one.seen_at,
                "here": bytes(one.hash) == accounts.current(request),
            }
            for one in accounts.sessions(customer, here.at)
        ],
        "refused": sentence(wrong) if wrong else "",
    }
    return render(request, "storefront/security.html", shown, status=status_of([wrong]) if wrong else 200)
