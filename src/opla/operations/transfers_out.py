"""What is owed by bank transfer, as a file the owner gives to the bank: each in one file, however often asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from opla.core.actor import Act, Actor
from opla.core.calendar import day_of, zone
from opla.core.own_account import OwnAccount
from opla.core.refusal import Code, Refusal
from opla.core.transfer_file import write
from opla.db.queries import transfers_out as queries
from opla.operations import catalogue
from opla.operations.shop import Shop

#: More nobody looks through before signing; the rest is in the next file.
MOST: Final = 500
_MAX_WHY: Final = 300
#: Somebody else makes one, or a statement comes in, at this moment.
_TRIES: Final = 3


def make(actor: Actor, *, shop: Shop, at: datetime) -> UUID | Refusal:
    """A file of all that waits and has one account to go to; its id."""
    if refused := actor.refused(Act.SEND_TRANSFERS):
        return refused
    if shop.account is None:
        return Refusal(Code.BANK_ACCOUNT_MISSING)
    today = day_of(at, zone(catalogue.active()[1].time_zone))
    for _ in range(_TRIES):
        found = [one for one in queries.owed(shop.keyring) if one.to][:MOST]
        file_id = shop.chance.uuid(at)
        if not found:
            break
        data = _written(found, shop.account, file_id, today, at)
        if queries.make(file_id, found, today, sha256(data).digest(), actor=actor, at=at):
            return file_id
    return Refusal(Code.TRANSFERS_NONE)


def read(actor: Actor, file_id: UUID, *, shop: Shop) -> bytes | Refusal:
    """The file, the same bytes each time, so that a bank takes it once however often it is uploaded; refused where they
    would be others: after something of it came free, the account's holder changed, or a payer was forgotten."""
    if refused := actor.refused(Act.SEND_TRANSFERS):
        return refused
    made = queries.file(file_id)
    if made is None:
        return Refusal(Code.NOT_FOUND)
    if shop.account is None:
        return Refusal(Code.BANK_ACCOUNT_MISSING)
    at, execute_on, digest = made
    found = queries.in_file(file_id, shop.keyring)
    data = _written(found, shop.account, file_id, execute_on, at) if any(one.to for one in found) else b""
    return data if sha256(data).digest() == digest else Refusal(Code.TRANSFER_FILE_CHANGED)


def free(actor: Actor, file_id: UUID, numbers: Sequence[str], why: str, *, at: datetime) -> int | Refusal:
    """Somebody has seen at the bank that it did not send these. How many may be sent again now."""
    if refused := actor.refused(Act.SEND_TRANSFERS):
        return refused
    if not why.strip():
        return Refusal(Code.REASON_MISSING, "why")
    return queries.free(file_id, numbers, why.strip()[:_MAX_WHY], actor=actor, at=at)


def _written(
    found: Sequence[queries.Owed], account: OwnAccount, file_id: UUID, execute_on: date, at: datetime
) -> bytes:
    """By their references, which is how they are read again."""
    transfers = sorted((one.to for one in found if one.to is not None), key=lambda one: one.number)
    return write(transfers, account, file_id=file_id, execute_on=execute_on, at=at)
