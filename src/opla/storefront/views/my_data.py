"""My data: all of it as a file, or all of it gone that may go."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from opla.accounts import customer as accounts
from opla.core.refusal import Code, Refusal
from opla.operations import my_data
from opla.presenting.refusals import sentence
from opla.storefront import draft
from opla.storefront.members import Member, just_signed_in, signed_in


@require_safe
@signed_in
def page(request: HttpRequest, _member: Member) -> HttpResponse:
    return render(request, "storefront/my_data.html")


@require_POST
@just_signed_in
def export(_request: HttpRequest, member: Member) -> HttpResponse:
    found = my_data.export(member.customer, shop=member.here.shop, at=member.here.at)
    answer = JsonResponse(found, json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@just_signed_in
def delete(request: HttpRequest, member: Member) -> HttpResponse:
    """Asked twice: what goes and what stays is read here, and a box says so."""
    here, wrong = member.here, None
    if request.method == "POST":
        wrong = None if request.POST.get("sure") else Refusal(Code.NOT_CONFIRMED, "sure")
        wrong = wrong or my_data.delete(here.actor, member.customer, shop=here.shop, at=here.at)
        if wrong is None:
            answer = render(request, "storefront/deleted.html")
            accounts.sign_out(request, answer)
            draft.forget(request)
            return answer
    shown = {"email": member.customer.email, "refused": sentence(wrong) if wrong else ""}
    return render(request, "storefront/delete.html", shown, status=409 if wrong else 200)
