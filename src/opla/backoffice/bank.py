"""The shop's own bank account: statements are brought in here, and what became of their lines is seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from opla.backoffice.views import sees, somebody
from opla.core.actor import Act, Actor
from opla.core.refusal import Code, Refusal
from opla.core.statement import MAX_BYTES
from opla.db.queries import bank as queries
from opla.db.queries.bank import Shown
from opla.operations import shop
from opla.operations.statements import Imported, import_statement
from opla.presenting import bank as words
from opla.presenting.refusals import sentence

_NEWEST: Final = 100
_FILES: Final = 40  # in one go: a month of statements


@dataclass(frozen=True)
class Brought:
    """One file that was sent, and what came of it."""

    name: str
    found: Imported | None
    refused: str


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    actor, here, brought = somebody(request, Act.READ_BOOKS, at), shop.current(), list[Brought]()
    if request.method == "POST":
        somebody(request, Act.IMPORT_STATEMENTS, at)
        brought = _brought(request, actor, at)
    lines: list[tuple[Shown, str]] = []
    if here.account is not None:
        if actor.refused(Act.SEND_TRANSFERS) is None:  # then names stand beside the lines
            sees(actor, "bank", at=at)
        found = queries.newest(here.account.iban, here.keyring, limit=_NEWEST)
        lines = [(line, words.state(line.state)) for line in found]
    shown = {
        "account": here.account,
        "missing": "" if here.account else sentence(Refusal(Code.BANK_ACCOUNT_MISSING)),
        "brought": brought,
        "lines": lines,
        "gaps": next((one.found.gaps for one in reversed(brought) if one.found), 0),
        "leads": actor.refused(Act.SEE_ITEMS) is None,
        "may_send": actor.refused(Act.SEND_TRANSFERS) is None,
        "most": MAX_BYTES // 1024 // 1024,
    }
    return render(request, "backoffice/bank.html", shown, status=422 if any(one.refused for one in brought) else 200)


def _brought(request: HttpRequest, actor: Actor, at: datetime) -> list[Brought]:
    """Each file by itself: one that is refused leaves the others as they are."""
    files = request.FILES.getlist("file")[:_FILES]
    if not files:
        return [Brought("", None, _("Choose a file first."))]
    done = []
    for file in files:
        found = import_statement(actor, file.read(MAX_BYTES + 1), shop=shop.current(), at=at)
        name = (file.name or "")[-60:]
        done.append(Brought(name, None, sentence(found)) if isinstance(found, Refusal) else Brought(name, found, ""))
    return done
