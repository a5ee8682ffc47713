"""Files of orders: sent, checked whole, confirmed by their sum, then bought while one looks at how far it is."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import FileResponse, HttpRequest
from django.utils import timezone
from ninja import Path, Query, Router, Schema, Status

from opla.api.auth import Key, access
from opla.api.idempotency import key_of, once
from opla.api.problems import Refused
from opla.api.schemas import Body, Money, Problem, Why
from opla.core.api_access import Scope
from opla.core.bulk import MAX_BYTES
from opla.core.refusal import Refusal
from opla.db.queries import bulk as files
from opla.db.queries.bulk import File
from opla.operations import bulk, shop
from opla.presenting import bulk as words
from opla.presenting.refusals import sentence

router = Router(tags=["files"])

_NO = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem, 413: Problem, 422: Problem, 429: Problem}
_COST = 20  # calls that a file counts as
_LOOK = 5  # and what became of its orders


class Listed(Schema):
    """How a file stands. `total` is the sum of its good rows, which is what is confirmed; `missing` is what the float
    lacks for the rest, where it paused for that."""

    id: UUID
    name: str
    source: str
    state: str
    rows: int
    good: int
    bad: int
    again: int
    placed: int
    refused: int
    total: Money
    missing: Money | None
    begins_at: datetime | None
    made_at: datetime
    confirmed_at: datetime | None
    ended_at: datetime | None
    problems: list[Why]


class FileOut(Listed):
    """`orders`: state of the orders that it placed → how many."""

    orders: dict[str, int]


class FilesOut(Schema):
    items: list[Listed]
    next: UUID | None


class RowOut(Schema):
    """A row that is not bought. `line` counts from 1, the heading included; `column` is as the file calls it."""

    line: int
    key: str
    column: str
    refusals: list[Why]


class RowsOut(Schema):
    items: list[RowOut]
    next: int | None


class Confirmation(Body):
    """`total_minor` as it was shown; `begins_at`: nothing is bought before."""

    total_minor: int
    begins_at: datetime | None = None


Id = Annotated[UUID, Path()]
Limit = Annotated[int, Query(ge=1, le=200)]


@router.post(
    "/files",
    auth=Key(Scope.ORDERS_WRITE, cost=_COST),
    response={200: FileOut, 201: FileOut, **_NO},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in (
                    "text/csv",
                    "application/jsonl",
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                )
            },
        }
    },
)
def upload(
    request: HttpRequest,
    name: Annotated[str, Query(max_length=200)] = "",
    source: Annotated[str, Query(max_length=40)] = "",
) -> Status[FileOut]:
    """Send a file as the body: CSV, one JSON object a line, or XLSX; at most 32 MB and 100,000 rows.

    `source`: the marketplace whose export it is. It is read and checked next; nothing is bought until it is confirmed.
    """
    who, key = access(request), key_of(request)
    data = request.read(MAX_BYTES + 1)
    with once():
        made = bulk.upload(who, data, key=key, name=name, platform=source, shop=shop.current(), at=timezone.now())
    if isinstance(made, Refusal):
        raise Refused(made)
    return Status(200 if made.again else 201, _out(_found(request, made.file_id)))


@router.get("/files", auth=Key(Scope.ORDERS_READ), response={200: FilesOut, **_NO})
def all_files(request: HttpRequest, limit: Limit = 50, after: UUID | None = None) -> FilesOut:
    """Newest first. What became of the orders of one, it says itself."""
    who = access(request)
    found = files.files_of(who.reseller, sandbox=who.sandbox, after=after, limit=limit)
    return FilesOut(
        items=[Listed.model_validate(_fields(one)) for one in found], next=found[-1].id if len(found) == limit else None
    )


@router.get("/files/{file_id}", auth=Key(Scope.ORDERS_READ, cost=_LOOK), response={200: FileOut, **_NO})
def one_file(request: HttpRequest, file_id: Id) -> FileOut:
    """How far it is, and what it costs. Counts as five calls: its orders are counted."""
    return _out(_found(request, file_id))


@router.get("/files/{file_id}/errors", auth=Key(Scope.ORDERS_READ), response={200: RowsOut, **_NO})
def errors(
    request: HttpRequest, file_id: Id, limit: Limit = 50, after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0
) -> RowsOut:
    """Every row that is bad, or was refused when it was its turn."""
    found = _found(request, file_id)
    rows = files.wrong(found.id, after=after, limit=limit)
    items = []
    for row in rows:
        columns = [column for column, _ in words.wrong(found, row).reasons]
        items.append(
            RowOut(line=row.line, key=row.key, column=columns[0] if columns else "", refusals=_whys(row.refusals))
        )
    return RowsOut(items=items, next=rows[-1].n if len(rows) == limit else None)


@router.post("/files/{file_id}/confirm", auth=Key(Scope.ORDERS_WRITE), response={200: FileOut, **_NO})
def confirm(
    request: HttpRequest,
    file_id: Id,
    payload: Confirmation,
) -> FileOut:
    """Buy the good rows, now or from a time on. The sum must be the one that was shown."""
    who, key, total_minor = access(request), key_of(request), payload.total_minor
    with once():
        refused = bulk.confirm(who, file_id, total_minor, key=key, begins_at=payload.begins_at, at=timezone.now())
    return _done(request, file_id, refused)


@router.post("/files/{file_id}/pause", auth=Key(Scope.ORDERS_WRITE), response={200: FileOut, **_NO})
def pause(request: HttpRequest, file_id: Id) -> FileOut:
    """Buy nothing more of it for now."""
    return _done(request, file_id, bulk.pause(access(request), file_id, at=timezone.now()))


@router.post("/files/{file_id}/resume", auth=Key(Scope.ORDERS_WRITE), response={200: FileOut, **_NO})
def resume(request: HttpRequest, file_id: Id) -> FileOut:
    """Go on where it was paused. Under one key once: sent again, it changes nothing, though it was paused since."""
    who, key = access(request), key_of(request)
    with once():
        refused = bulk.resume(who, file_id, key=key, at=timezone.now())
    return _done(request, file_id, refused)


@router.post("/files/{file_id}/cancel", auth=Key(Scope.ORDERS_WRITE), response={200: FileOut, **_NO})
def cancel(request: HttpRequest, file_id: Id) -> FileOut:
    """Nothing more of it is bought; what was, stays bought."""
    return _done(request, file_id, bulk.cancel(access(request), file_id, at=timezone.now()))


@router.get(
    "/files/{file_id}/result",
    auth=Key(Scope.ORDERS_READ, cost=_COST),
    response={**_NO},
    openapi_extra={"responses": {200: {"description": "The results", "content": {"text/csv": {}}}}},
)
def result(request: HttpRequest, file_id: Id) -> FileResponse:
    """The file's own columns, and what became of each row, as CSV. Buyers' links are for whoever has `codes:read`."""
    found, here = _found(request, file_id), shop.current()
    opens = not access(request).refused(Scope.CODES_READ)
    link = (lambda order_id, nth: bulk.link_of(order_id, nth, shop=here)) if opens else None
    made = words.result(found, files.all_rows(found.id), link)
    return FileResponse(made, content_type="text/csv; charset=utf-8")


def _found(request: HttpRequest, file_id: UUID) -> File:
    found = bulk.find(access(request), file_id)
    if isinstance(found, Refusal):
        raise Refused(found)
    return found


def _done(request: HttpRequest, file_id: UUID, refused: Refusal | None) -> FileOut:
    if refused is not None:
        raise Refused(refused)
    return _out(_found(request, file_id))


def _whys(refusals: tuple[Refusal, ...]) -> list[Why]:
    return [
        Why(code=str(r.code), about=r.about, message=sentence(r), params={k: str(v) for k, v in r.params.items()})
        for r in refusals
    ]


def _out(file: File) -> FileOut:
    orders = files.order_states(file.id) if file.placed and not file.sandbox else {}
    return FileOut.model_validate({**_fields(file), "orders": orders})


def _fields(file: File) -> dict[str, object]:
    return {
        "id": file.id,
        "name": file.name,
        "source": file.platform,
        "state": str(file.state),
        "rows": file.rows,
        "good": file.good,
        "bad": file.bad,
        "again": file.again,
        "placed": file.placed,
        "refused": file.refused,
        "total": Money.of(file.total),
        "missing": Money.of(file.missing) if file.missing_minor else None,
        "begins_at": file.begins_at,
        "made_at": file.made_at,
        "confirmed_at": file.confirmed_at,
        "ended_at": file.ended_at,
        "problems": _whys(file.refusals),
    }
