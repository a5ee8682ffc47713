"""Transfers that are owed: made into a file for the bank here, and followed until a line of the account shows them."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from opla.backoffice.views import sees, somebody
from opla.core.actor import Act, Actor
from opla.core.money import Money
from opla.core.refusal import Code, Refusal
from opla.core.transfer_file import message_id
from opla.db.queries import transfers_out as queries
from opla.operations import shop, transfers_out
from opla.presenting.refusals import sentence

_NEWEST: Final = 30


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    actor = somebody(request, Act.SEND_TRANSFERS, at)
    refused = _done(request, actor) if request.method == "POST" else None
    if request.method == "POST" and refused is None:
        return redirect("owner-transfers-out")
    return _drawn(request, actor, refused)


def _drawn(request: HttpRequest, actor: Actor, refused: Refusal | None) -> HttpResponse:
    here = shop.current()
    sees(actor, "transfers", at=timezone.now())
    owed = queries.owed(here.keyring)
    known = [one for one in owed if one.to is not None]
    shown = {
        "missing": "" if here.account else sentence(Refusal(Code.BANK_ACCOUNT_MISSING)),
        "refused": sentence(refused) if refused else "",
        "known": known,
        "total": Money(sum(one.amount.amount_minor for one in known), "EUR"),
        "unknown": [one for one in owed if one.to is None],
        "files": [(one, message_id(one.id)) for one in queries.files(limit=_NEWEST)],
    }
    return render(request, "backoffice/transfers_out.html", shown, status=422 if refused else 200)


@require_GET
def download(request: HttpRequest, file_id: UUID) -> HttpResponse:
    actor = somebody(request, Act.SEND_TRANSFERS, timezone.now())
    found = transfers_out.read(actor, file_id, shop=shop.current())
    if isinstance(found, Refusal):
        if found.code is Code.TRANSFER_FILE_CHANGED:
            return _drawn(request, actor, found)
        raise Http404
    sees(actor, "transfer_file", file_id, at=timezone.now())
    name = f"{message_id(file_id)}.xml"
    return HttpResponse(
        found,
        content_type="application/xml",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def _done(request: HttpRequest, actor: Actor) -> Refusal | None:
    """What the pressed button asks for: a new file, or that the bank did not send some of an old one."""
    at = timezone.now()
    if "file" not in request.POST:
        made = transfers_out.make(actor, shop=shop.current(), at=at)
        return made if isinstance(made, Refusal) else None
    try:
        file_id = UUID(request.POST["file"])
    except ValueError:
        return Refusal(Code.NOT_FOUND)
    numbers = request.POST.getlist("number")
    freed = transfers_out.free(actor, file_id, numbers, request.POST.get("why", ""), at=at)
    if isinstance(freed, Refusal):
        return freed
    return None if freed else Refusal(Code.NOT_FOUND)
