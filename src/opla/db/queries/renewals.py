"""Standing renewals, their periods and the consent they charge by. What is sealed opens in `operations` alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from opla.core.actor import Actor
from opla.core.money import Money
from opla.core.renewal import Phase, State
from opla.db.queries.call import Argument, Row, call, expect, select


@dataclass(frozen=True)
class Asked:
    """A renewal that is agreed to, beside the order that was just placed for it."""

    id: UUID
    order_id: UUID
    link_hash: bytes
    email_hash: bytes
    sealed: bytes = field(repr=False)
    method: str
    cap_minor: int
    month_cap_minor: int | None
    rule: str
    notice_days: int
    terms: int
    agreed: str


@dataclass(frozen=True)
class PeriodRow:
    key: date
    phase: Phase
    due_at: datetime
    notice_made_at: datetime | None
    notice_sent_at: datetime | None
    order_id: UUID | None
    order_state: str  # empty without an order, as are the next two
    payment_state: str
    payment_why: str  # the provider's word for why
    why: str
    closed_at: datetime | None


@dataclass(frozen=True)
class Kept:
    """One renewal with its newest period and what reached the line last (`delivered_at`)."""

    id: UUID
    first_order_id: UUID
    email_hash: bytes
    sealed: bytes | None = field(repr=False)
    state: State
    version: int
    language: str
    method: str
    operator: str
    sku: str
    product_name: str
    face: Money
    plan: str
    cap: Money
    month_cap: Money | None
    rule: str
    notice_days: int
    agreed: str
    refused: int
    made_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    mandate_days: int
    mandate_state: str  # empty: none was kept (yet)
    first_placed_at: datetime
    first_state: str
    delivered_at: datetime | None
    charged_back: bool  # the bank took a payment of it back
    device_hash: bytes
    last: PeriodRow | None


_ROW = """r.id, r.first_order_id, r.email_hash, r.sealed, r.state, r.version, r.language, r.method, r.operator, r.sku,
          r.product_name, r.face_minor, r.plan, r.currency, r.cap_minor, r.month_cap_minor, r.rule, r.notice_days,
          r.agreed, r.refused, r.made_at, r.began_at, r.ended_at, coalesce(m.days, 0), coalesce(m.state, ''),
          f.placed_at, f.state, f.device_hash,
          (SELECT max(v.at) FROM delivery v WHERE v.order_id = r.first_order_id OR v.order_id IN
              (SELECT d.order_id FROM renewal_period d WHERE d.renewal_id = r.id
               UNION ALL SELECT t.order_id FROM text_pay t JOIN orders o ON o.id = t.order_id
               WHERE t.renewal_id = r.id AND o.sku = r.sku AND o.face_minor = r.face_minor)),
          EXISTS (SELECT FROM allocation l JOIN payment p ON p.id = l.payment_id
                  WHERE p.charged_back_minor > 0 AND (l.order_id = r.first_order_id OR l.order_id IN
                      (SELECT d.order_id FROM renewal_period d WHERE d.renewal_id = r.id
                       UNION ALL SELECT t.order_id FROM text_pay t WHERE t.renewal_id = r.id)))"""
_FROM = """renewal r JOIN orders f ON f.id = r.first_order_id
           LEFT JOIN mandate m ON m.renewal_id = r.id AND NOT m.spare"""
_PERIOD = """d.key, d.phase, d.due_at, d.notice_made_at, d.notice_sent_at, d.order_id, coalesce(o.state, ''),
             coalesce(p.state, ''), coalesce(a.why, ''), d.why, d.closed_at"""
_OF_PERIOD = """renewal_period d LEFT JOIN orders o ON o.id = d.order_id LEFT JOIN payment p ON p.id = d.payment_id
                LEFT JOIN attempt a ON a.payment_id = d.payment_id AND a.kind = 'charge'"""


def ask(asked: Asked, *, at: datetime, look_at: datetime) -> bool:
    """False where its order has a renewal already."""
    [(new,)] = call(
        "opla_renewal_ask",
        Argument(at, "timestamptz"),
        Argument(look_at, "timestamptz"),
        Argument(asked.id, "uuid"),
        Argument(asked.order_id, "uuid"),
        Argument(asked.link_hash, "bytea"),
        Argument(asked.email_hash, "bytea"),
        Argument(asked.sealed, "bytea"),
        Argument(asked.method, "text"),
        Argument(asked.cap_minor, "bigint"),
        Argument(asked.month_cap_minor, "bigint"),
        Argument(asked.rule, "text"),
        Argument(asked.notice_days, "int"),
        Argument(asked.terms, "int"),
        Argument(asked.agreed, "text"),
    )
    return expect(new, bool)


def claim(*, at: datetime, limit: int, lease: timedelta) -> list[Kept]:
    """Those to be looked at, hidden from other workers for `lease`."""
    ids = call(
        "opla_renewal_claim",
        Argument(at, "timestamptz"),
        Argument(at + lease, "timestamptz"),
        Argument(limit, "int"),
    )
    return load([expect(id_, UUID) for (id_,) in ids])


def load(ids: Sequence[UUID]) -> list[Kept]:
    """Those of these that there are, each with its newest period, in two questions."""
    if not ids:
        return []
    return _found(select(f"SELECT {_ROW} FROM {_FROM} WHERE r.id = ANY (%s::uuid[])", [list(ids)]))  # noqa: S608 - ours


def by_link(link_hash: bytes) -> Kept | None:
    found = _found(select(f"SELECT {_ROW} FROM {_FROM} WHERE r.link_hash = %s", [link_hash]))  # noqa: S608 - ours
    return found[0] if found else None


def of_order(order_id: UUID) -> Kept | None:
    """The one that began with this order, or that charged it."""
    rows = select(
        f"""SELECT {_ROW} FROM {_FROM} WHERE r.first_order_id = %s
            OR r.id = (SELECT d.renewal_id FROM renewal_period d WHERE d.order_id = %s)""",  # noqa: S608 - ours
        [order_id, order_id],
    )
    found = _found(rows)
    return found[0] if found else None


def of_address(email_hash: bytes) -> list[Kept]:
    """All of an address, the newest first."""
    rows = select(
        f"SELECT {_ROW} FROM {_FROM} WHERE r.email_hash = %s ORDER BY r.made_at DESC",  # noqa: S608 - ours
        [email_hash],
    )
    return _found(rows)


def newest(limit: int) -> list[Kept]:
    """The newest of the shop that are not over."""
    rows = select(
        f"SELECT {_ROW} FROM {_FROM} WHERE r.state <> 'ended' ORDER BY r.made_at DESC LIMIT %s",  # noqa: S608 - ours
        [limit],
    )
    return _found(rows)


def periods(renewal_id: UUID, limit: int = 24) -> list[PeriodRow]:
    """The newest first."""
    rows = select(
        f"SELECT {_PERIOD} FROM {_OF_PERIOD} WHERE d.renewal_id = %s ORDER BY d.key DESC LIMIT %s",  # noqa: S608 - ours
        [renewal_id, limit],
    )
    return [_period(row) for row in rows]


def spent(renewal_id: UUID, since: datetime) -> int:
    """What it has taken since then, by its periods and by text, in minor units."""
    [(minor,)] = select("SELECT opla_renewal_spent(%s, %s)", [renewal_id, since])
    return expect(minor, int)


@dataclass(frozen=True)
class Stepped:
    """What one step changes. Empty words leave things as they are.

    look_at   when to look next; None: not before somebody does something
    ceiling   of one charge, and of a month; None: as they were
    letter    (id, sealed, topic, reference) of the message that says so; `notice`: it is the one before a charge
    """

    look_at: datetime | None
    state: State
    event: str = ""
    why: str = ""
    refused: int = 0
    ceiling: tuple[Money, Money | None] | None = None
    phase: Phase | None = None
    planned: tuple[date, datetime] | None = None
    letter: tuple[UUID, bytes, str, str] | None = field(default=None, repr=False)
    notice: bool = False


def step(kept: Kept, stepped: Stepped, *, actor: Actor, at: datetime) -> bool:
    """False when somebody was first, and nothing was written."""
    cap, month_cap = stepped.ceiling or (kept.cap, kept.month_cap)
    letter_id, sealed, topic, reference = stepped.letter or (None, None, "", "")
    key, due = stepped.planned or (None, None)
    [(done,)] = call(
        "opla_renewal_step",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(kept.id, "uuid"),
        Argument(kept.version, "int"),
        Argument(stepped.look_at, "timestamptz"),
        Argument(str(stepped.state), "text"),
        Argument(stepped.event, "text"),
        Argument(stepped.why, "text"),
        Argument(stepped.refused, "int"),
        Argument(cap.amount_minor, "bigint"),
        Argument(month_cap.amount_minor if month_cap else None, "bigint"),
        Argument(kept.last.key if kept.last else None, "date"),
        Argument(str(stepped.phase or ""), "text"),
        Argument(key, "date"),
        Argument(due, "timestamptz"),
        Argument(letter_id, "uuid"),
        Argument(sealed, "bytea"),
        Argument(topic, "text"),
        Argument(reference, "text"),
        Argument(stepped.notice, "boolean"),
    )
    return expect(done, bool)


def place(
    kept: Kept, key: date, order_id: UUID, payment_id: UUID, *, at: datetime, look_at: datetime, month: datetime
) -> bool:
    """The last word before a period is charged, beside its order. False: undo the transaction."""
    [(done,)] = call(
        "opla_renewal_place",
        Argument(at, "timestamptz"),
        Argument(kept.id, "uuid"),
        Argument(kept.version, "int"),
        Argument(key, "date"),
        Argument(order_id, "uuid"),
        Argument(payment_id, "uuid"),
        Argument(look_at, "timestamptz"),
        Argument(month, "timestamptz"),
    )
    return expect(done, bool)


@dataclass(frozen=True)
class Consent:
    """How a payment stands to consent: it is to `keep` it, or it charges by the one that is `sealed`.

    `wanted` is False once its renewal was ended or paused, or its ceiling lowered below what it would take: what has
    not left then never does.
    """

    keep: bool
    mandate_id: UUID | None = None
    sealed: bytes | None = field(default=None, repr=False)
    wanted: bool = True


def consents(payment_ids: Sequence[UUID]) -> dict[UUID, Consent]:
    """By payment; most have nothing to do with any."""
    rows = select(
        """SELECT l.payment_id, true, NULL::uuid, NULL::bytea, true
           FROM allocation l JOIN renewal r ON r.first_order_id = l.order_id JOIN payment p ON p.id = l.payment_id
           WHERE l.payment_id = ANY (%(ids)s::uuid[]) AND r.state = 'waiting_consent' AND p.provider = r.method
           UNION ALL
           SELECT d.payment_id, false, m.id, m.sealed, r.state = 'active' AND m.state = 'kept'
                  AND o.face_minor + o.fee_minor - o.discount_minor <= r.cap_minor
           FROM renewal_period d JOIN renewal r ON r.id = d.renewal_id JOIN orders o ON o.id = d.order_id
           JOIN mandate m ON m.renewal_id = r.id AND NOT m.spare
           WHERE d.payment_id = ANY (%(ids)s::uuid[])
           UNION ALL
           SELECT t.payment_id, false, m.id, m.sealed, r.state = 'active' AND m.state = 'kept'
                  AND o.face_minor + o.fee_minor - o.discount_minor <= r.cap_minor
                  AND EXISTS (SELECT FROM renewal_by_text b WHERE b.renewal_id = r.id)
           FROM text_pay t JOIN renewal r ON r.id = t.renewal_id JOIN orders o ON o.id = t.order_id
           JOIN mandate m ON m.renewal_id = r.id AND NOT m.spare
           WHERE t.payment_id = ANY (%(ids)s::uuid[])""",
        {"ids": list(payment_ids)},
    )
    return {
        expect(payment, UUID): Consent(
            expect(keep, bool),
            mandate if isinstance(mandate, UUID) else None,
            bytes(sealed) if isinstance(sealed, bytes) else None,
            expect(wanted, bool),
        )
        for payment, keep, mandate, sealed, wanted in rows
    }


@dataclass(frozen=True)
class Ending:
    """Consent to be ended at its provider. `tries`: how often it was told before."""

    id: UUID
    provider: str
    sealed: bytes = field(repr=False)
    tries: int


def claim_ending(*, at: datetime, limit: int, lease: timedelta) -> list[Ending]:
    rows = call(
        "opla_mandate_claim",
        Argument(at, "timestamptz"),
        Argument(at + lease, "timestamptz"),
        Argument(limit, "int"),
    )
    return [
        Ending(expect(row[0], UUID), expect(row[1], str), bytes(expect(row[2], bytes)), expect(row[3], int))
        for row in rows
    ]


def told_end(mandate_id: UUID, *, ended: bool, due_at: datetime, at: datetime) -> None:
    """The provider has ended it, or it is told again at `due_at`."""
    call(
        "opla_mandate_told",
        Argument(at, "timestamptz"),
        Argument(mandate_id, "uuid"),
        Argument(ended, "boolean"),
        Argument(due_at, "timestamptz"),
    )


def _found(rows: Sequence[Row]) -> list[Kept]:
    ids = [expect(row[0], UUID) for row in rows]
    newest = select(
        f"""SELECT DISTINCT ON (d.renewal_id) d.renewal_id, {_PERIOD} FROM {_OF_PERIOD}
            WHERE d.renewal_id = ANY (%s::uuid[]) ORDER BY d.renewal_id, d.key DESC""",  # noqa: S608 - ours
        [ids],
    ) if ids else []  # fmt: skip
    last = {expect(row[0], UUID): _period(row[1:]) for row in newest}
    return [_kept(row, last.get(expect(row[0], UUID))) for row in rows]


def _period(row: Row) -> PeriodRow:
    return PeriodRow(
        expect(row[0], date),
        Phase(expect(row[1], str)),
        expect(row[2], datetime),
        _moment(row[3]),
        _moment(row[4]),
        row[5] if isinstance(row[5], UUID) else None,
        expect(row[6], str),
        expect(row[7], str),
        expect(row[8], str),
        expect(row[9], str),
        _moment(row[10]),
    )


def _kept(row: Row, last: PeriodRow | None) -> Kept:
    (
        id_, first, email_hash, sealed, state, version, language, method, operator, sku, name, face, plan, currency,
        cap, month_cap, rule, notice_days, agreed, refused, made_at, began_at, ended_at, days, mandate, placed_at,
        first_state, device, delivered_at, charged_back,
    ) = row  # fmt: skip
    money = expect(currency, str)
    return Kept(
        expect(id_, UUID),
        expect(first, UUID),
        bytes(expect(email_hash, bytes)),
        bytes(sealed) if isinstance(sealed, bytes) else None,
        State(expect(state, str)),
        expect(version, int),
        expect(language, str),
        expect(method, str),
        expect(operator, str),
        expect(sku, str),
        expect(name, str),
        Money(expect(face, int), money),
        expect(plan, str),
        Money(expect(cap, int), money),
        Money(month_cap, money) if isinstance(month_cap, int) else None,
        expect(rule, str),
        expect(notice_days, int),
        expect(agreed, str),
        expect(refused, int),
        expect(made_at, datetime),
        _moment(began_at),
        _moment(ended_at),
        expect(days, int),
        expect(mandate, str),
        expect(placed_at, datetime),
        expect(first_state, str),
        _moment(delivered_at),
        expect(charged_back, bool),
        bytes(expect(device, bytes)),
        last,
    )


def _moment(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None
