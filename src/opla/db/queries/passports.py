"""Passports of sellers: what was applied for, where each stands, and what was signed and reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opla.core.actor import Actor
from opla.core.passport import Event, NumberKind, PlaceKind, PlaceOfSale, Seller, State
from opla.db.queries.call import Argument, Row, call, columns, expect, select


@dataclass(frozen=True)
class Passport:
    """`number` is what people type. `until` and `jws` are of the newest proof: None and empty where there is none."""

    id: UUID
    number: str
    reseller: str
    reseller_email: str
    seller: Seller
    place: PlaceOfSale
    state: State
    applied_at: datetime
    applied_by: str
    language: str
    until: datetime | None
    reason: str
    jws: str
    issued_at: datetime | None
    active: bool  # its reseller may order


@dataclass(frozen=True)
class Move:
    """One step of a passport. `until`, `kid` and `jws` where it signs a new proof."""

    id: UUID
    event: Event
    source: State
    target: State
    reason: str = ""
    until: datetime | None = None
    kid: str = ""
    jws: str = ""


_SELECT = """
    SELECT p.id, p.number, p.reseller_id, r.email, p.name, p.legal_name, p.country, p.registration_kind, p.registration,
           p.place_kind, p.place, p.state, p.applied_at, p.applied_by, p.language, p.until, p.reason,
           coalesce(f.jws, ''), f.issued_at, r.active
    FROM passport p JOIN reseller r ON r.id = p.reseller_id
    LEFT JOIN LATERAL (SELECT jws, issued_at FROM passport_proof WHERE passport_id = p.id
                       ORDER BY issued_at DESC LIMIT 1) f ON true
"""


def by_number(number: str) -> Passport | None:
    return _one(select(f"{_SELECT} WHERE p.number = %s", [number]))


def of_reseller(reseller: str) -> list[Passport]:
    """Newest first."""
    return _all(select(f"{_SELECT} WHERE p.reseller_id = %s ORDER BY p.applied_at DESC, p.id DESC", [reseller]))


def in_states(states: Sequence[State], *, limit: int) -> list[Passport]:
    """Those that end first, then those that wait longest."""
    where = "WHERE p.state = ANY(%s) ORDER BY p.until NULLS FIRST, p.applied_at, p.id LIMIT %s"
    return _all(select(f"{_SELECT} {where}", [[str(state) for state in states], limit]))


def falling_due(before: datetime, at: datetime) -> list[Passport]:
    """Approved ones whose end is before then, and whatever has reached its end."""
    return _all(
        select(
            f"""{_SELECT} WHERE p.until IS NOT NULL AND (p.state = 'approved' AND p.until <= %s
                OR p.state IN ('approved', 'due_review', 'suspended') AND p.until <= %s) ORDER BY p.id LIMIT 500""",
            [before, at],
        )
    )


def kids_believed(at: datetime) -> list[str]:
    """Which keys have signed a proof whose end has not come."""
    return [expect(kid, str) for (kid,) in select("SELECT DISTINCT kid FROM passport_proof WHERE until > %s", [at])]


def apply(passport: Passport, *, actor: Actor, at: datetime) -> str:
    """`done`; `known`: one for this place there is; `taken`: its number is somebody's."""
    seller, place = passport.seller, passport.place
    texts = (
        passport.number, passport.reseller, seller.name, seller.legal_name, seller.country, str(seller.number_kind),
        seller.number, str(place.kind), place.text, passport.applied_by, passport.language,
    )  # fmt: skip
    [(said,)] = call(
        "opla_passport_apply",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(passport.id, "uuid"),
        *(Argument(text, "text") for text in texts),
    )
    return expect(said, str)


def move(moves: Sequence[Move], *, actor: Actor, at: datetime) -> set[UUID]:
    """Those that were where their move begins are moved; which ones."""
    rows = call(
        "opla_passport_move",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        *columns(
            [(m.id, m.event, m.source, m.target, m.until, m.reason, m.kid, m.jws) for m in moves],
            "uuid", "text", "text", "text", "timestamptz", "text", "text", "text",
        ),
    )  # fmt: skip
    return {expect(row[0], UUID) for row in rows}


def lock_keys(*, turning: bool) -> None:
    """Until the transaction ends nobody signs a passport while somebody turns the keys, and the other way round."""
    mode = "" if turning else "_shared"
    select(f"SELECT pg_advisory_xact_lock{mode}(hashtextextended('passport keys', 0))")


def sign(proofs: Sequence[tuple[UUID, str, str]], *, actor: Actor, at: datetime) -> int:
    """(passport, kid, jws) each: one more proof of the same; how many."""
    [(done,)] = call(
        "opla_passport_sign",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        *columns(proofs, "uuid", "text", "text"),
    )
    return expect(done, int)


@dataclass(frozen=True)
class Report:
    id: UUID
    sealed: bytes
    picture: bytes | None
    made_at: datetime
    item_id: int


def report(
    report_id: UUID, passport_id: UUID | None, sealed: bytes, picture: bytes | None, number: str, *, at: datetime
) -> None:
    call(
        "opla_passport_report",
        Argument(at, "timestamptz"),
        Argument(report_id, "uuid"),
        Argument(passport_id, "uuid"),
        Argument(sealed, "bytea"),
        Argument(picture, "bytea"),
        Argument(number, "text"),
    )


def reports(*, limit: int) -> list[Report]:
    """Those that nobody has dealt with, oldest first."""
    return [_report(row) for row in select(f"{_REPORT} AND i.closed_at IS NULL ORDER BY r.made_at LIMIT %s", [limit])]


def report_by_id(report_id: UUID) -> Report | None:
    rows = select(f"{_REPORT} AND r.id = %s", [report_id])
    return _report(rows[0]) if rows else None


_REPORT = """SELECT r.id, r.sealed, r.picture, r.made_at, i.id FROM passport_report r
             JOIN item i ON i.kind = 'seller_reported' AND i.subject = r.id WHERE true"""


def forget(before: datetime) -> None:
    """Reports of before that."""
    call("opla_passport_forget", Argument(before, "timestamptz"))


def _report(row: Row) -> Report:
    picture = row[2]
    return Report(
        expect(row[0], UUID),
        bytes(expect(row[1], bytes)),
        bytes(picture) if isinstance(picture, bytes) else None,
        expect(row[3], datetime),
        expect(row[4], int),
    )


def _one(rows: list[Row]) -> Passport | None:
    return _passport(rows[0]) if rows else None


def _all(rows: list[Row]) -> list[Passport]:
    return [_passport(row) for row in rows]


def _passport(row: Row) -> Passport:
    number, reseller, email, name, legal_name, country, kind, registration, place_kind, place, state = (
        expect(value, str) for value in row[1:12]
    )
    return Passport(
        expect(row[0], UUID),
        number,
        reseller,
        email,
        Seller(name, legal_name, country, NumberKind(kind), registration),
        PlaceOfSale(PlaceKind(place_kind), place),
        State(state),
        expect(row[12], datetime),
        expect(row[13], str),
        expect(row[14], str),
        row[15] if isinstance(row[15], datetime) else None,
        expect(row[16], str),
        expect(row[17], str),
        row[18] if isinstance(row[18], datetime) else None,
        expect(row[19], bool),
    )
