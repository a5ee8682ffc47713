"""The trail: who did and saw what, and the chain that shows that nobody rewrote it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from opla.core.actor import Actor
from opla.db.queries.call import Argument, call, columns, expect, select


class Sort(StrEnum):
    """What kind of thing somebody did."""

    DID = "did"  # changed something
    DECIDED = "decided"  # said what became of what waited for a person
    SAW = "saw"  # looked at a person's data
    CODE = "code"  # looked at a code


@dataclass(frozen=True)
class Step:
    """One line of the trail. `what`: a word of the table it is from, on what `about`, by the number `subject`."""

    at: datetime
    actor: str
    sort: Sort
    about: str
    what: str
    subject: str
    ticket: str
    why: str


@dataclass(frozen=True)
class Asked:
    """Which lines: by whom (the name after the role), about which order, of what sort; before a moment."""

    who: str = ""
    ticket: str = ""
    sort: Sort | None = None
    before: datetime | None = None


@dataclass(frozen=True)
class Sealed:
    """How far a table is chained: so many rows, when last, and the link that stands for all of them."""

    stream: str
    rows: int
    at: datetime
    link: str


def look(actor: Actor, page: str, subjects: Sequence[tuple[str, UUID | None]], *, at: datetime) -> None:
    """Write that somebody is about to see this: each subject of the page, with its order where it is about one."""
    subject, order = columns(subjects, "text", "uuid")
    call("opla_look", Argument(at, "timestamptz"), Argument(str(actor), "text"), Argument(page, "text"), subject, order)


def seal(*, rows: int, groups: int, at: datetime) -> int:
    """Chain what has been committed: groups of so many rows, so many groups of each table at most; how many rows."""
    done = call("opla_audit_seal", Argument(at, "timestamptz"), Argument(rows, "int"), Argument(groups, "int"))
    return expect(done[0][0], int)


def broken(rows: int | None) -> list[str]:
    """Where the chain does not hold, table by table, each place with the first row that is wrong. `rows`: so many of
    the newest of each table are read again; None: all."""
    found = call("opla_audit", Argument(rows, "bigint"))
    return [expect(example, str) for _stream, _number, example in sorted(found, key=lambda row: (str(row[0]), row[1]))]


#: Without an order, of the house only: the same words as the indexes `event_house` and `reveal_house`.
_HOUSE = "split_part({0}, ':', 1) IN ('owner', 'accountant', 'support', 'shop_manager', 'clerk')"
_TRAIL = {
    Sort.DID: """SELECT e.at, e.actor, 'did', e.subject, e.name, coalesce(h.name, e.subject_id::text), o.ticket,
               e.why, e.id
        FROM every_event e LEFT JOIN orders o ON o.id = e.subject_id AND e.subject IN ('order', 'person')
        LEFT JOIN house_person h ON h.id = e.subject_id AND e.subject = 'house'
        WHERE {house} AND {who} AND {before} AND {order}""",
    Sort.DECIDED: """SELECT e.at, e.actor, 'decided', 'item', e.resolution, e.item_id::text, o.ticket, e.note, e.id
        FROM item_evidence e JOIN item i ON i.id = e.item_id LEFT JOIN orders o ON o.id = i.order_id
        WHERE {house} AND {who} AND {before} AND {order}""",
    Sort.SAW: """SELECT e.at, e.actor, 'saw', e.page, e.page, e.subject, o.ticket, '', e.id
        FROM look e LEFT JOIN orders o ON o.id = e.order_id WHERE {house} AND {who} AND {before} AND {order}""",
    Sort.CODE: """SELECT e.at, e.actor, 'code', 'code', 'code', '', o.ticket, '', e.id
        FROM reveal e JOIN orders o ON o.id = e.order_id WHERE {house} AND {who} AND {before} AND {order}""",
}
#: How each of them knows an order.
_OF_ORDER = {
    Sort.DID: """e.subject_id IN (
            SELECT %(order)s::uuid UNION SELECT l.payment_id FROM allocation l WHERE l.order_id = %(order)s
            UNION SELECT r.id FROM refund r WHERE r.order_id = %(order)s
            UNION SELECT a.id FROM attempt a WHERE a.order_id = %(order)s)""",
    Sort.DECIDED: "i.order_id = %(order)s",
    Sort.SAW: "e.order_id = %(order)s",
    Sort.CODE: "e.order_id = %(order)s",
}


def trail(asked: Asked, *, limit: int) -> list[Step]:
    """The newest lines first. Of an order everybody's, whoever they are; otherwise those of the house."""
    order = None
    if asked.ticket:
        order = next((one for (one,) in select("SELECT id FROM orders WHERE ticket = %s", [asked.ticket])), None)
        if order is None:
            return []
    named = "(split_part(e.actor, ':', 2) = %(who)s OR split_part(e.actor, ':', 2) LIKE %(till)s)"
    parts = [
        "("
        + _TRAIL[sort].format(
            house="true" if order else _HOUSE.format("e.actor"),
            who=named if asked.who else "true",
            before="e.at < %(before)s" if asked.before else "true",
            order=_OF_ORDER[sort] if order else "true",
        )
        + " ORDER BY e.at DESC, e.id DESC LIMIT %(limit)s)"
        for sort in ([asked.sort] if asked.sort else Sort)
    ]
    like = asked.who.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    rows = select(
        f"SELECT * FROM ({' UNION ALL '.join(parts)}) t ORDER BY 1 DESC, 9 DESC LIMIT %(limit)s",  # noqa: S608 - our own
        {"order": order, "who": asked.who, "till": f"{like}@%", "before": asked.before, "limit": limit},
    )
    return [
        Step(
            expect(row[0], datetime), expect(row[1], str), Sort(str(row[2])), expect(row[3], str), expect(row[4], str),
            expect(row[5], str), str(row[6] or ""), expect(row[7], str),
        )
        for row in rows
    ]  # fmt: skip


def holds_link(link: str) -> bool:
    """Whether this link, in hexadecimal digits, is one of the chain."""
    return bool(select("SELECT 1 FROM audit_segment WHERE encode(link, 'hex') = %s", [link]))


def sealed() -> list[Sealed]:
    """How far each table is chained."""
    rows = select(
        """SELECT DISTINCT ON (stream) stream, sum(cardinality(ids)) OVER (PARTITION BY stream)::bigint, sealed_at,
                  encode(link, 'hex')
           FROM audit_segment ORDER BY stream, number DESC"""
    )
    return [
        Sealed(expect(row[0], str), expect(row[1], int), expect(row[2], datetime), expect(row[3], str)) for row in rows
    ]
