"""What people report of sellers, ours or not: sealed, with what was claimed there, and on a person's list."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from opla.core import passport
from opla.core.actor import Act, Actor
from opla.core.quote import read_email
from opla.core.refusal import Code, Refusal
from opla.core.thread import read_message
from opla.db.queries import passports as queries
from opla.operations import limits
from opla.operations.shop import Shop

_ABOUT: Final = b"seller report "
_PICTURE: Final = b"seller picture "
MOST_MEGABYTES: Final = 4
#: They name people, so they go after this.
KEPT: Final = timedelta(days=365)
_MOST_WHERE: Final = 200
_MOST_NUMBER: Final = 40
#: How a picture begins, and what its file is called.
_PICTURES: Final = ((b"\xff\xd8\xff", "jpg"), (b"\x89PNG\r\n\x1a\n", "png"), (b"RIFF", "webp"))


@dataclass(frozen=True)
class Reported:
    """As typed. `number`: of the passport that was shown, where there was one; `picture`: of what was claimed."""

    where: str
    message: str = field(repr=False)
    email: str = field(default="", repr=False)
    number: str = ""
    picture: bytes = field(default=b"", repr=False)
    address: str = field(default="", repr=False)


@dataclass(frozen=True)
class Report:
    """One that was kept. `claimed`: what the passport said then, as texts by name; empty for no seller of ours, whose
    `number` is what they showed, as it was typed: what a forger writes on many a wall leads to the others."""

    id: UUID
    at: datetime
    item_id: int
    where: str
    message: str = field(repr=False)
    email: str = field(repr=False)
    claimed: dict[str, str]
    number: str
    picture: bool


def report(actor: Actor, wanted: Reported, *, shop: Shop, at: datetime) -> list[Refusal]:
    """Keep it; or everything that is wrong with it."""
    if refused := actor.refused(Act.REPORT_SELLER):
        return [refused]
    where = " ".join(wanted.where.split())
    message = read_message(wanted.message)
    email = read_email(wanted.email) if wanted.email.strip() else ""
    wrong = [one for one in (message, email, _picture(wanted.picture)) if isinstance(one, Refusal)]
    if not 2 <= len(where) <= _MOST_WHERE:
        wrong = [Refusal(Code.PLACE_OF_SALE_INVALID, "where", {"kind": "where"}), *wrong]
    if wrong or isinstance(message, Refusal) or isinstance(email, Refusal):
        return wrong
    if refused := limits.by_address(limits.REPORTS, wanted.address, shop=shop, at=at):
        return [refused]
    number = passport.read_passport_number(wanted.number)
    found = None if isinstance(number, Refusal) else queries.by_number(number)
    claimed = {}
    if found is not None and found.jws:
        claimed = {
            "number": passport.grouped(found.number), "name": found.seller.name, "place": found.place.text,
            "state": str(found.state),
        }  # fmt: skip
    report_id = shop.chance.uuid(at)
    typed = " ".join(wanted.number.split())[:_MOST_NUMBER]
    said = {"where": where, "message": message, "email": email, "claimed": claimed, "number": typed}
    plain = json.dumps(said).encode()
    picture = shop.keyring.seal(wanted.picture, _PICTURE + report_id.bytes) if wanted.picture else None
    queries.report(
        report_id,
        found.id if claimed and found else None,
        shop.keyring.seal(plain, _ABOUT + report_id.bytes),
        picture,
        "" if isinstance(number, Refusal) else passport.grouped(number),
        at=at,
    )
    return []


def reports(actor: Actor, *, shop: Shop) -> list[Report] | Refusal:
    """Those that nobody has dealt with yet."""
    if refused := actor.refused(Act.CHECK_SELLERS):
        return refused
    return [_opened(one, shop) for one in queries.reports(limit=100)]


def picture(actor: Actor, report_id: UUID, *, shop: Shop) -> tuple[str, bytes] | Refusal:
    """Name and bytes of the picture that came with a report."""
    if refused := actor.refused(Act.CHECK_SELLERS):
        return refused
    found = queries.report_by_id(report_id)
    if found is None or found.picture is None:
        return Refusal(Code.NOT_FOUND, "picture")
    data = shop.keyring.open(found.picture, _PICTURE + report_id.bytes)
    return f"seller-{found.made_at:%Y-%m-%d}.{_kind(data)}", data


def forget(*, at: datetime) -> None:
    queries.forget(at - KEPT)


def _opened(one: queries.Report, shop: Shop) -> Report:
    said = json.loads(shop.keyring.open(one.sealed, _ABOUT + one.id.bytes))
    return Report(
        one.id, one.made_at, one.item_id, said["where"], said["message"], said["email"], said["claimed"],
        said.get("number", ""), one.picture is not None,
    )  # fmt: skip


def _picture(data: bytes) -> Refusal | None:
    if len(data) > MOST_MEGABYTES * 1024 * 1024:
        return Refusal(Code.FILE_TOO_LARGE, "picture", {"most": str(MOST_MEGABYTES)})
    return Refusal(Code.FILE_UNREADABLE, "picture") if data and not _kind(data) else None


def _kind(data: bytes) -> str:
    """Empty: no picture. It is never drawn here, only handed to the owner as a file."""
    return next((name for begins, name in _PICTURES if data.startswith(begins)), "")
