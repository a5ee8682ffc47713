"""Resellers' files of orders, their rows, and how marketplaces write theirs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from opla.core import order
from opla.core.actor import Actor
from opla.core.bulk import ENDED, Event, Row, RowState, Source, State, Table, sources_of
from opla.core.bulk.life import ARROWS
from opla.core.money import Money
from opla.core.ports import Kind
from opla.core.refusal import Code, Refusal
from opla.db.queries.aftercare import Share, share_by_link
from opla.db.queries.call import Argument, call, columns, expect, select

_WINDOW: Final = 1000


@dataclass(frozen=True)
class File:
    """A file as it stands. Amounts in minor units; `left_minor` is what its rows that are not bought yet will cost."""

    id: UUID
    reseller: str
    sandbox: bool
    name: str
    platform: str
    email: str
    state: State
    headings: tuple[str, ...]
    named: dict[str, str]
    speaks: str
    delimiter: str
    refusals: tuple[Refusal, ...]
    upto: int
    rows: int
    good: int
    bad: int
    again: int
    placed: int
    refused: int
    total_minor: int
    left_minor: int
    currency: str
    missing_minor: int
    begins_at: datetime | None
    made_at: datetime
    confirmed_at: datetime | None
    ended_at: datetime | None

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)

    @property
    def missing(self) -> Money:
        return Money(self.missing_minor, self.currency)

    @property
    def checked(self) -> int:
        return self.good + self.bad + self.again if self.confirmed_at is None else self.rows

    @property
    def gone_through(self) -> int:
        """How many of the rows that were good have been bought, or not."""
        return self.placed + self.refused


@dataclass(frozen=True)
class FileRow:
    """One row. `order_state` and `ticket` are its order's; empty where it has none. `links`: how many its buyer had,
    each but the last ended."""

    n: int
    line: int
    key: str
    cells: tuple[str, ...]
    state: RowState
    price_minor: int
    refusals: tuple[Refusal, ...]
    order_id: UUID | None
    ticket: str
    order_state: str
    links: int


@dataclass(frozen=True)
class Todo:
    """A row that a worker takes up: `asked` in the order of `core.bulk.rows.FIELDS`."""

    n: int
    key: str
    asked: tuple[str, ...]
    price_minor: int
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True)
class Told:
    """What became of a row. `share` and `link_hash`: a buyer's link that is made with it."""

    n: int
    state: RowState
    price_minor: int = 0
    refusals: tuple[Refusal, ...] = ()
    order_id: UUID | None = None
    share: UUID | None = None
    link_hash: bytes | None = None


def written(refusals: Sequence[Refusal]) -> str:
    return json.dumps([[str(one.code), one.about, dict(one.params)] for one in refusals])


def _refusals(text: object) -> tuple[Refusal, ...]:
    found: list[tuple[str, str, dict[str, str]]] = json.loads(expect(text, str))
    return tuple(Refusal(Code(code), about, params) for code, about, params in found)


def _texts(text: object) -> tuple[str, ...]:
    return tuple(expect(one, str) for one in json.loads(expect(text, str)))


def upload(
    file_id: UUID, reseller: str, content: bytes, *, digest: bytes, key: str, name: str, platform: str, email: str,
    sandbox: bool, actor: Actor, at: datetime,
) -> tuple[UUID, bytes]:  # fmt: skip
    """The file that stands under this key now, and the digest it came with."""
    [(found, known)] = call(
        "opla_bulk_upload",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(file_id, "uuid"),
        Argument(reseller, "text"),
        Argument(sandbox, "boolean"),
        Argument(key, "text"),
        Argument(digest, "bytea"),
        Argument(name, "text"),
        Argument(platform, "text"),
        Argument(email, "text"),
        Argument(content, "bytea"),
    )
    return expect(found, UUID), expect(known, bytes)


def move(file_id: UUID, event: Event, *, key: str = "", actor: Actor, at: datetime) -> bool:
    """Whether it could happen, or has under this key. Each event of a file leads to one state."""
    sources = sources_of(event)
    target = ARROWS[sources[0], event]
    [(moved,)] = call(
        "opla_bulk_move",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(file_id, "uuid"),
        Argument(str(event), "text"),
        Argument([str(source) for source in sources], "text[]"),
        Argument(str(target), "text"),
        Argument(target in ENDED, "boolean"),
        Argument(key, "text"),
    )
    return expect(moved, bool)


def confirm(
    file_id: UUID, total_minor: int, begins_at: datetime | None, key: str, *, actor: Actor, at: datetime
) -> str:
    """`confirmed`, `again` (by the same key), or why not: `not_now`, `total`, `begins_at`."""
    [(result,)] = call(
        "opla_bulk_confirm",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(file_id, "uuid"),
        Argument(total_minor, "bigint"),
        Argument(begins_at, "timestamptz"),
        Argument(key, "text"),
    )
    return expect(result, str)


def claim(only: UUID | None, *, until: datetime, at: datetime) -> UUID | None:
    """A file that has something to do, and that no other worker holds."""
    rows = call("opla_bulk_claim", Argument(at, "timestamptz"), Argument(until, "timestamptz"), Argument(only, "uuid"))
    return expect(rows[0][0], UUID) if rows else None


def stop(reseller: str, *, actor: Actor, at: datetime) -> int:
    """Pause whatever is being bought for a reseller; how many files that was."""
    [(paused,)] = call(
        "opla_bulk_stop", Argument(at, "timestamptz"), Argument(str(actor), "text"), Argument(reseller, "text")
    )
    return expect(paused, int)


def going(file_id: UUID) -> bool:
    """Whether it is being bought still, by a reseller that may order."""
    return bool(
        select(
            """SELECT f.id FROM bulk_file f JOIN reseller r ON r.id = f.reseller
               WHERE f.id = %s AND f.state = 'running' AND r.active""",
            [file_id],
        )
    )


def content(file_id: UUID) -> bytes:
    """The bytes that nobody has read yet; empty where somebody has."""
    rows = select("SELECT content FROM bulk_file WHERE id = %s", [file_id])
    return bytes(rows[0][0]) if rows and isinstance(rows[0][0], (bytes, memoryview)) else b""


def keep_rows(
    file_id: UUID, table: Table, named: Mapping[str, str], speaks: str, rows: Sequence[tuple[int, Row]]
) -> None:
    """Some rows of a file that is being read, with their numbers."""
    call(
        "opla_bulk_read",
        Argument(file_id, "uuid"),
        Argument(list(table.names), "text[]"),
        Argument(json.dumps(dict(named)), "jsonb"),
        Argument(speaks, "text"),
        Argument(table.delimiter, "text"),
        *columns(
            (
                (n, r.line, r.key, json.dumps(r.asked), json.dumps(r.cells), written(r.refusals))
                for n, r in rows
            ),
            *("int", "int", "text", "text", "text", "text"),
        ),
    )  # fmt: skip


def was_read(file_id: UUID, rows: int, refusals: Sequence[Refusal], *, at: datetime) -> bool:
    [(moved,)] = call(
        "opla_bulk_was_read",
        Argument(at, "timestamptz"),
        Argument(file_id, "uuid"),
        Argument(rows, "int"),
        Argument(written(refusals), "jsonb"),
    )
    return expect(moved, bool)


def todo(file: File, state: RowState, *, after: int, limit: int) -> list[Todo]:
    """The next rows in that state, looked for among so many at a time: a table that just grew has no statistics yet,
    and PostgreSQL would sort all of the file for each batch."""
    for begin in range(after, file.rows, _WINDOW):
        rows = select(
            """SELECT n, key, asked::text, price_minor, refusals::text FROM bulk_row
               WHERE file_id = %s AND n > %s AND n <= %s AND state = %s ORDER BY n LIMIT %s""",
            [file.id, begin, begin + _WINDOW, str(state), limit],
        )
        if rows:
            return [
                Todo(expect(n, int), expect(key, str), _texts(asked), expect(price, int), _refusals(refusals))
                for n, key, asked, price, refusals in rows
            ]
    return []


def tell(
    file_id: UUID, source: RowState, told: Sequence[Told], *, upto: int, actor: Actor, at: datetime,
    ends_at: datetime,
) -> int:  # fmt: skip
    """Write down what became of rows that were in `source`; how many changed."""
    rows = [(t.n, t.state, t.price_minor, written(t.refusals), t.order_id, t.share, t.link_hash) for t in told]
    n, state, price, refusals, order, share, link = columns(
        rows, "int", "text", "bigint", "text", "uuid", "uuid", "bytea"
    )
    [(changed,)] = call(
        "opla_bulk_rows",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(file_id, "uuid"),
        Argument(str(source), "text"),
        Argument(upto, "int"),
        n, state, price, refusals, order, share, link,
        Argument(ends_at, "timestamptz"),
    )  # fmt: skip
    return expect(changed, int)


def short(file_id: UUID, missing_minor: int, *, actor: Actor, at: datetime) -> bool:
    [(moved,)] = call(
        "opla_bulk_short",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(file_id, "uuid"),
        Argument(missing_minor, "bigint"),
    )
    return expect(moved, bool)


def tidy(*, unconfirmed_since: datetime, still_since: datetime, ended_before: datetime, at: datetime) -> int:
    [(deleted,)] = call(
        "opla_bulk_tidy",
        Argument(at, "timestamptz"),
        Argument(unconfirmed_since, "timestamptz"),
        Argument(still_since, "timestamptz"),
        Argument(ended_before, "timestamptz"),
    )
    return expect(deleted, int)


_FILE = """SELECT id, reseller, sandbox, name, platform, email, state, headings, named::text, speaks, delimiter,
                  refusals::text, upto, rows, good, bad, again, placed, refused, total_minor, left_minor, currency,
                  missing_minor, begins_at, made_at, confirmed_at, ended_at FROM bulk_file"""


def file(file_id: UUID) -> File | None:
    return next(iter(_files("WHERE id = %s", [file_id])), None)


def files_of(reseller: str, *, sandbox: bool, after: UUID | None = None, limit: int = 50) -> list[File]:
    """Newest first; those that came before `after`. Ids sort by the time they were made."""
    return _files(
        "WHERE reseller = %s AND sandbox = %s AND (%s::uuid IS NULL OR id < %s) ORDER BY id DESC LIMIT %s",
        [reseller, sandbox, after, after, limit],
    )


def _files(where: str, values: Sequence[object]) -> list[File]:
    rows = select(f"{_FILE} {where}", values)
    return [_file(row) for row in rows]


def _file(row: Sequence[object]) -> File:
    named: dict[str, str] = json.loads(expect(row[8], str))
    headings: list[str] = expect(row[7], list)
    begins_at, confirmed_at, ended_at = row[23], row[25], row[26]
    return File(
        expect(row[0], UUID),
        expect(row[1], str),
        expect(row[2], bool),
        expect(row[3], str),
        expect(row[4], str),
        expect(row[5], str),
        State(expect(row[6], str)),
        tuple(headings),
        named,
        expect(row[9], str),
        expect(row[10], str),
        _refusals(row[11]),
        expect(row[12], int),
        expect(row[13], int),
        expect(row[14], int),
        expect(row[15], int),
        expect(row[16], int),
        expect(row[17], int),
        expect(row[18], int),
        expect(row[19], int),
        expect(row[20], int),
        expect(row[21], str),
        expect(row[22], int),
        begins_at if isinstance(begins_at, datetime) else None,
        expect(row[24], datetime),
        confirmed_at if isinstance(confirmed_at, datetime) else None,
        ended_at if isinstance(ended_at, datetime) else None,
    )


_ROW = """SELECT r.n, r.line, r.key, r.cells::text, r.state, r.price_minor, r.refusals::text, r.order_id,
                 coalesce(o.ticket, ''), coalesce(o.state, ''),
                 (SELECT count(*) FROM order_share s WHERE s.order_id = r.order_id)
          FROM bulk_row r LEFT JOIN orders o ON o.id = r.order_id WHERE r.file_id = %s"""


def rows(file_id: UUID, *, after: int = 0, limit: int) -> list[FileRow]:
    """In the order of the file: their numbers have no gaps."""
    return _file_rows(f"{_ROW} AND r.n > %s AND r.n <= %s ORDER BY r.n", [file_id, after, after + limit])


def wrong(file_id: UUID, *, after: int = 0, limit: int) -> list[FileRow]:
    """Those that are bad, or were refused when it was their turn."""
    return _file_rows(
        f"{_ROW} AND r.n > %s AND r.state IN ('bad', 'refused') ORDER BY r.n LIMIT %s", [file_id, after, limit]
    )


def row_of(file_id: UUID, ticket: str) -> FileRow | None:
    """The row whose order has this number."""
    return next(iter(_file_rows(f"{_ROW} AND o.ticket = %s", [file_id, ticket])), None)


def new_link(
    id_: UUID, order_id: UUID, links: int, link_hash: bytes, *, ends_at: datetime, actor: Actor, at: datetime
) -> str:
    """A new link for the buyer, who had so many; the one before ends. `used` (it had shown the code), `unused`, or why
    not: `not_now` (somebody made one since), `too_many_tries`, `not_found`."""
    [(result,)] = call(
        "opla_bulk_link",
        Argument(at, "timestamptz"),
        Argument(ends_at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(id_, "uuid"),
        Argument(order_id, "uuid"),
        Argument(links, "int"),
        Argument(link_hash, "bytea"),
    )
    return expect(result, str)


def all_rows(file_id: UUID, *, at_a_time: int = 2000) -> Iterator[FileRow]:
    """Every row, some at a time."""
    after = 0
    while found := rows(file_id, after=after, limit=at_a_time):
        yield from found
        after = found[-1].n


def _file_rows(sql: str, values: Sequence[object]) -> list[FileRow]:
    return [
        FileRow(
            expect(n, int),
            expect(line, int),
            expect(key, str),
            _texts(cells),
            RowState(expect(state, str)),
            expect(price, int),
            _refusals(refusals),
            order_id if isinstance(order_id, UUID) else None,
            expect(ticket, str),
            expect(order_state, str),
            expect(links, int),
        )
        for n, line, key, cells, state, price, refusals, order_id, ticket, order_state, links in select(sql, values)
    ]


def order_states(file_id: UUID) -> dict[str, int]:
    """What became of the orders that this file placed: state → how many."""
    rows = select(
        """SELECT o.state, count(*) FROM bulk_row r JOIN orders o ON o.id = r.order_id
           WHERE r.file_id = %s AND r.state = 'placed' GROUP BY o.state""",
        [file_id],
    )
    return {expect(state, str): expect(count, int) for state, count in rows}


@dataclass(frozen=True)
class Gift:
    """What the buyer of a marketplace opens with a link: who sold it, and what it is."""

    share: Share
    seller: str
    product_name: str
    operator: str
    kind: Kind
    state: order.State
    language: str
    catalog_version: int


def gift(link_hash: bytes, device_hash: bytes) -> Gift | None:
    """What was sold by a reseller to whoever has this link; None for a guess."""
    share = share_by_link(link_hash, device_hash)
    rows = share and select(
        """SELECT r.name, o.product_name, o.operator, o.kind, o.state, o.language, o.catalog_version
           FROM orders o JOIN reseller r ON r.id = o.reseller WHERE o.id = %s""",
        [share.order_id],
    )
    if not share or not rows:
        return None
    seller, name, operator, kind, state, language, version = rows[0]
    return Gift(
        share,
        expect(seller, str),
        expect(name, str),
        expect(operator, str),
        Kind(expect(kind, str)),
        order.State(expect(state, str)),
        expect(language, str),
        expect(version, int),
    )


def keep_source(reseller: str, source: Source, *, at: datetime) -> None:
    described = {
        "order": source.order, "product": source.product, "skus": dict(source.skus), "quantity": source.quantity,
        "number": source.number, "language": source.language, "speaks": source.speaks,
    }  # fmt: skip
    select(
        """INSERT INTO bulk_source (reseller_id, platform, described, made_at) VALUES (%s, %s, %s::jsonb, %s)
           ON CONFLICT (reseller_id, platform) DO UPDATE SET described = EXCLUDED.described RETURNING platform""",
        [reseller, source.platform, json.dumps(described), at],
    )


def sources_by(reseller: str) -> list[Source]:
    """The marketplaces that a reseller described, by name."""
    rows = select(
        "SELECT platform, described::text FROM bulk_source WHERE reseller_id = %s ORDER BY platform", [reseller]
    )
    return [Source(platform=expect(platform, str), **json.loads(expect(told, str))) for platform, told in rows]
