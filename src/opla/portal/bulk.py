"""Files of orders on a reseller's pages: sent, confirmed, followed, and fetched with what became of each row."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from opla.core.api_access import Scope
from opla.core.bulk import COLUMNS, ENDED, MAX_BYTES, MAX_ROWS, WORKED_ON, Source, State
from opla.core.refusal import Code, Refusal
from opla.db.queries import bulk as files
from opla.db.queries.bulk import File
from opla.operations import bulk
from opla.portal.guard import Seller, may
from opla.presenting import bulk as words
from opla.presenting import languages
from opla.presenting.refusals import sentence

_BRUSSELS = ZoneInfo("Europe/Brussels")
_WRONG_A_PAGE = 50
_REFRESH_S = 2


@require_http_methods(["GET", "HEAD", "POST"])
@may(Scope.ORDERS_READ)
def all_files(request: HttpRequest, seller: Seller) -> HttpResponse:
    refused = ""
    if request.method == "POST":
        _may_write(seller)
        sent = request.FILES.get("file")
        data = sent.read(MAX_BYTES + 1) if sent else b""
        made = bulk.upload(
            seller.person.access, data, key=request.POST.get("key", ""), name=(sent.name or "") if sent else "",
            platform=request.POST.get("source", ""), shop=seller.here.shop, at=seller.here.at,
        )  # fmt: skip
        if not isinstance(made, Refusal):
            return redirect("reseller-file", seller.person.reseller, made.file_id)
        refused = sentence(made)
    shown = {
        **_known(seller),
        "files": [(one, words.title(one)) for one in files.files_of(seller.person.reseller, sandbox=False)],
        "sources": files.sources_by(seller.person.reseller),
        "columns": ", ".join(COLUMNS),
        "most_rows": MAX_ROWS,
        "key": seller.here.shop.chance.reference(),
        "refused": refused,
    }
    return render(request, "portal/files.html", shown, status=422 if refused else 200)


@require_safe
@may(Scope.ORDERS_READ)
def one_file(request: HttpRequest, seller: Seller, file_id: UUID) -> HttpResponse:
    return _draw(request, seller, _found(seller, file_id))


@require_safe
@may(Scope.ORDERS_READ)
def state(request: HttpRequest, seller: Seller, file_id: UUID) -> HttpResponse:
    """The part of the page that moves."""
    return _draw(request, seller, _found(seller, file_id), template="portal/file_state.html")


@require_POST
@may(Scope.ORDERS_WRITE)
def confirm(request: HttpRequest, seller: Seller, file_id: UUID) -> HttpResponse:
    found = _found(seller, file_id)
    total, typed = request.POST.get("total_minor", ""), request.POST.get("begins_at", "").strip()
    begins_at = _moment(typed)
    if typed and begins_at is None:
        refused: Refusal | None = Refusal(Code.TIME_NOT_POSSIBLE, "begins_at")
    else:
        refused = bulk.confirm(
            seller.person.access, file_id, int(total) if total.isdecimal() and len(total) < 18 else -1,
            key=request.POST.get("key", ""), begins_at=begins_at, at=seller.here.at,
        )  # fmt: skip
    if refused is not None:
        return _draw(request, seller, found, refused=refused)
    return redirect("reseller-file", seller.person.reseller, file_id)


@require_POST
@may(Scope.ORDERS_WRITE)
def act(request: HttpRequest, seller: Seller, file_id: UUID, what: str) -> HttpResponse:
    found, who, here = _found(seller, file_id), seller.person.access, seller.here
    match what:
        case "pause":
            refused = bulk.pause(who, file_id, at=here.at)
        case "resume":
            refused = bulk.resume(who, file_id, key=here.shop.chance.reference(), at=here.at)
        case "cancel":
            refused = bulk.cancel(who, file_id, at=here.at)
        case _:
            raise Http404
    if refused:
        return _draw(request, seller, found, refused=refused)
    return redirect("reseller-file", seller.person.reseller, file_id)


@require_POST
@may(Scope.CODES_READ)
def new_link(request: HttpRequest, seller: Seller, file_id: UUID) -> HttpResponse:
    """For a buyer whose link shows no code any more. It stands on the answer, and in the results from then on."""
    found, here = _found(seller, file_id), seller.here
    made = bulk.relink(seller.person.access, file_id, request.POST.get("order", "")[:40], shop=here.shop, at=here.at)
    if not isinstance(made, Refusal):
        return _draw(request, seller, found, made=made)
    unknown = made.code is Code.NOT_FOUND
    return _draw(
        request, seller, found, link_refused=_("No order of this file has that number.") if unknown else sentence(made)
    )


@require_safe
@may(Scope.ORDERS_READ)
def result(_request: HttpRequest, seller: Seller, file_id: UUID) -> FileResponse:
    """With buyers' links for whoever may see codes: each opens one."""
    found, shop = _found(seller, file_id), seller.here.shop
    opens = not seller.person.access.refused(Scope.CODES_READ)
    link = (lambda order_id, nth: bulk.link_of(order_id, nth, shop=shop)) if opens else None
    made = words.result(found, files.all_rows(file_id), link)
    return FileResponse(
        made, content_type="text/csv; charset=utf-8", as_attachment=True, filename=f"opla-{file_id}.csv"
    )


@require_http_methods(["GET", "HEAD", "POST"])
@may(Scope.ORDERS_WRITE)
def sources(request: HttpRequest, seller: Seller) -> HttpResponse:
    """How marketplaces write their exports, said once."""
    typed = {name: request.POST.get(name, "").strip() for name in _DESCRIBED}
    refusals: list[Refusal] = []
    if request.method == "POST":
        pairs = [line.partition("=") for line in typed["skus"].splitlines() if line.strip()]
        source = Source(
            typed["platform"], typed["order"], typed["product"],
            {theirs.strip(): ours.strip() for theirs, _, ours in pairs}, typed["quantity"], typed["number"],
            typed["language"], typed["speaks"] if typed["speaks"] in languages.NAMES else "en",
        )  # fmt: skip
        refusals = bulk.describe(seller.person.access, source, at=seller.here.at)
        if not refusals:
            return redirect("reseller-sources", seller.person.reseller)
    shown = {
        **_known(seller),
        "sources": files.sources_by(seller.person.reseller),
        "typed": typed,
        "refused": [sentence(one) for one in refusals],
        "speaks": languages.NAMES,
    }
    return render(request, "portal/sources.html", shown, status=422 if refusals else 200)


_DESCRIBED = ("platform", "order", "product", "quantity", "number", "language", "speaks", "skus")


def _known(seller: Seller) -> dict[str, object]:
    return {"person": seller.person, "writes": not seller.person.access.refused(Scope.ORDERS_WRITE)}


def _may_write(seller: Seller) -> None:
    if seller.person.access.refused(Scope.ORDERS_WRITE):
        raise Http404


def _found(seller: Seller, file_id: UUID) -> File:
    found = bulk.find(seller.person.access, file_id)
    if isinstance(found, Refusal):
        raise Http404
    return found


def _moment(typed: str) -> datetime | None:
    """As a browser's field writes it, in the time of Brussels."""
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=_BRUSSELS).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _draw(
    request: HttpRequest, seller: Seller, file: File, template: str = "portal/file.html", *,
    refused: Refusal | None = None, made: bulk.Relinked | None = None, link_refused: str = "",
) -> HttpResponse:  # fmt: skip
    after = request.GET.get("after", "")
    skipped = int(after) if after.isdecimal() and len(after) < 8 else 0
    bad = files.wrong(file.id, after=skipped, limit=_WRONG_A_PAGE) if file.bad + file.refused else []
    placed = file.placed and not file.sandbox
    shown = {
        **_known(seller),
        "file": file,
        "title": words.title(file),
        "problems": [sentence(one) for one in file.refusals],
        "missing": words.missing(file),
        "wrong": [words.wrong(file, row) for row in bad],
        "next": bad[-1].n if len(bad) == _WRONG_A_PAGE else 0,
        "outcomes": words.outcomes(files.order_states(file.id)) if placed else [],
        "going": file.state in WORKED_ON,
        "waits": file.state is State.CONFIRMED and file.begins_at,
        "confirmable": file.state is State.CHECKED and file.good,
        "pausable": file.state is State.RUNNING,
        "resumable": file.state is State.PAUSED,
        "cancellable": file.state not in ENDED,
        "readable": file.rows > 0,
        "most": file.good or file.rows,
        "done": file.gone_through if file.confirmed_at else file.checked,
        "refresh_s": _REFRESH_S,
        "key": seller.here.shop.chance.reference(),
        "refused": sentence(refused) if refused else "",
        "links": file.platform and placed + file.again and seller.may(Scope.CODES_READ),
        "made": made,
        "link_refused": link_refused,
    }
    return render(request, template, shown, status=422 if refused or link_refused else 200)
