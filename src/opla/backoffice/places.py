"""Where top-ups are sold over a counter: a file comes in, a place is confirmed or removed, and all of it goes out."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from opla.backoffice.views import somebody
from opla.core.actor import Act, Actor
from opla.core.refusal import Refusal
from opla.operations import places, shop
from opla.operations.place_files import MAX_MEGABYTES, import_file, write_file
from opla.presenting import figures
from opla.presenting import places as words
from opla.presenting.refusals import sentence


@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    actor = somebody(request, Act.MANAGE_PLACES, at)
    refused: list[str] = []
    told = ""
    if request.method == "POST":
        upload = request.FILES.get("file")
        # One byte more than may be kept is enough to be refused by.
        data = upload.read(MAX_MEGABYTES * 1024 * 1024 + 1) if upload is not None else b""
        found = import_file(actor, data, sandbox=shop.current().sandbox, at=at)
        if isinstance(found, list):
            refused = [sentence(refusal) for refusal in found]
        else:
            told = _("%(added)s added, %(changed)s changed, %(same)s as before.") % vars(found)
    rows = [
        (key, place, place.name or words.kind(place.kind), words.kind(place.kind))
        for key, place in places.known_by_id(sandbox=shop.current().sandbox)
    ]
    shown = {"rows": rows, "refused": refused, "told": told}
    return render(request, "backoffice/places.html", shown, status=422 if refused else 200)


def change(request: HttpRequest, place_id: int) -> HttpResponse:
    """By POST; to whoever may not, there is nothing here, whatever they ask by."""
    at = timezone.now()
    actor = somebody(request, Act.MANAGE_PLACES, at)
    if request.method != "POST":
        return redirect("owner-places")
    if isinstance(_changed(request.POST.get("act", ""), actor, place_id), Refusal):
        raise Http404
    return redirect("owner-places")


@require_safe
def export(request: HttpRequest) -> HttpResponse:
    somebody(request, Act.MANAGE_PLACES, timezone.now())
    named = {"Content-Disposition": 'attachment; filename="places.csv"'}
    text = write_file(places.known(sandbox=shop.current().sandbox))
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=named)


def _changed(act: str, actor: Actor, place_id: int) -> Refusal | int | None:
    at = timezone.now()
    match act:
        case "confirm":
            return places.confirm(actor, place_id, figures.local_day(at), at=at)
        case "remove":
            return places.remove(actor, place_id=place_id)
        case _:
            raise Http404
