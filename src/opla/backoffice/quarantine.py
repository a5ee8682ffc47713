"""Out of a backup and open again: what is to be compared with the outside, and what a person does about it.

The outside is asked by a worker. It is what `./opla quarantine` does, and works while the database stands still.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeAlias

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from opla.backoffice.views import somebody
from opla.core.actor import Act, Actor
from opla.core.refusal import Code, Refusal
from opla.db.queries import quarantine as state
from opla.operations import quarantine
from opla.presenting import items
from opla.presenting import quarantine as words
from opla.presenting.refusals import sentence

#: A file of serials is as large as a batch may be.
_MAX_SERIALS: Final = 8 * 1024 * 1024
_TYPED: Final = 300
#: What a button does: how many codes came back and were lost, or why not, or nothing to tell.
_Do: TypeAlias = Callable[[], tuple[int, int] | Refusal | None]


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    actor = somebody(request, Act.END_QUARANTINE, at)
    if request.method != "POST":
        return _drawn(request)
    do = _acts(request, actor, at).get(request.POST.get("act", ""))
    if do is None:
        raise Http404
    found = do()
    if isinstance(found, Refusal):
        return _drawn(request, refused=_said(found, request.POST["act"]), typed=request.POST)
    if isinstance(found, tuple):
        back, lost = found
        told = _("Back on the shelf: %(back)s. Posted as lost: %(lost)s.") % {"back": back, "lost": lost}
        return _drawn(request, told=told)
    return redirect("owner-quarantine")


def _acts(request: HttpRequest, actor: Actor, at: datetime) -> dict[str, _Do]:
    """The buttons of the page, by their names."""

    def typed(name: str) -> str:
        return request.POST.get(name, "")[:_TYPED].replace("\0", "").strip()

    def sure(do: _Do) -> tuple[int, int] | Refusal | None:
        return do() if request.POST.get("sure") == "yes" else Refusal(Code.NOT_CONFIRMED, "sure")

    def release(unsold: list[str] | None) -> tuple[int, int] | Refusal:
        number = typed("batch")
        batch = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
        return quarantine.release(actor, batch, unsold, typed("note"), at=at)

    def release_these() -> tuple[int, int] | Refusal | None:
        serials = _serials(request)
        if serials is None or not serials:
            return Refusal(Code.FILE_UNREADABLE, "serials")
        return sure(lambda: release(serials))

    return {
        "ask": lambda: quarantine.ask(actor, quarantine.LOOK, at=at),
        "compared": lambda: quarantine.compared(actor, typed("area"), typed("name"), typed("note"), at=at),
        "leave": lambda: sure(lambda: quarantine.ask(actor, quarantine.LEAVE, at=at)),
        "release": release_these,
        "release_all": lambda: sure(lambda: release(None)),
        "gave": lambda: quarantine.gave(actor, typed("ticket").upper(), typed("serial"), at=at),
    }


def _serials(request: HttpRequest) -> list[str] | None:
    """What was typed, and what is in the file; None where that is no text."""
    upload = request.FILES.get("file")
    data = upload.read(_MAX_SERIALS + 1) if upload is not None else b""
    try:
        found = f"{request.POST.get('serials', '')} {data.decode('utf-8-sig')}"
    except UnicodeDecodeError:
        return None
    return found.split() if len(data) <= _MAX_SERIALS and "\0" not in found else None


def _said(refused: Refusal, act: str) -> str:
    if refused.code is Code.FILE_UNREADABLE:
        return _("Put in the serials of the codes that are unsold, as text, one a line.")
    if refused.code is Code.NOT_FOUND and act == "gave":
        return _("This order waits for no code of our shelf, or this code is not one that was taken off it.")
    if refused.code is Code.NOT_FOUND:
        return _("This is done already. Nothing was changed now.")
    return sentence(refused)


def _drawn(
    request: HttpRequest, *, refused: str = "", told: str = "", typed: Mapping[str, str] | None = None
) -> HttpResponse:
    now = state.last()
    shown: dict[str, object] = {"now": now, "refused": refused, "told": told, "typed": typed or {}}
    if now is not None:
        rows = [words.row(step) for step in now.steps]
        shown |= {
            "closed": now.left_at is None,
            "payments": [one for one in rows if one.step.area == quarantine.PAYMENTS],
            "suppliers": [one for one in rows if one.step.area == quarantine.SUPPLIERS],
            "shelf": [one for one in rows if one.step.area == state.SHELF],
            "left": sum(one.step.holds_up for one in rows),
            "entered_by": items.actor(now.entered_by),
            "left_by": items.actor(now.left_by),
            "batches": [(str(number), sku, count) for number, sku, count in state.batches()],
            "released": [(n, at, items.actor(who), why) for n, at, who, why in state.released(now.entered_at)],
        }
    return render(request, "backoffice/quarantine.html", shown, status=422 if refused else 200)
