"""Files of orders: taken in, checked whole, confirmed by their sum, then bought a batch at a time from the float.

`step` is all that a worker does, one batch a call; it may die anywhere. What was bought is known by the key of each
row, so a batch that is taken up again buys nothing twice.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from opla.core.actor import SYSTEM, Act, Actor, Role
from opla.core.api_access import Access, Scope
from opla.core.bulk import MAX_BYTES, SHEET, Event, RowState, Source, State, Table, heading, headings, read, rows_of
from opla.core.bulk.life import AHEAD, CONFIRM_WITHIN, GO_ON_WITHIN, KEPT, LINK_LASTS
from opla.core.bulk.reading import broken
from opla.core.bulk.rows import FIELDS
from opla.core.quote import Quote
from opla.core.refusal import Code, Refusal
from opla.db.keyring import Keyring, digest
from opla.db.queries import bulk, floats
from opla.db.queries.bulk import File, Todo, Told
from opla.operations import catalogue
from opla.operations.bulk_sheet import read_sheet
from opla.operations.links import write_link
from opla.operations.place_from_float import Asked, Reserved, judged, place_from_float, stands
from opla.operations.quote_topup import Wanted
from opla.operations.shop import Shop

#: Rows that are kept, checked and bought in one transaction: what is bought together locks what others' orders need.
KEEP: Final = 2000
CHECK: Final = 500
BUY: Final = 100
#: How long a worker may be silent before another one goes on with its file.
LEASE: Final = timedelta(minutes=3)
_LONGEST_NAME: Final = 120


@dataclass(frozen=True)
class Uploaded:
    """A file that was taken in. `again`: it was before, under this key."""

    file_id: UUID
    again: bool


def upload(
    who: Access, data: bytes, *, key: str, name: str = "", platform: str = "", shop: Shop, at: datetime
) -> Uploaded | Refusal:
    """Take a file in. It is read and checked by a worker, and nothing is bought until somebody confirms."""
    actor = _actor(who)
    if refused := actor.refused(Act.PLACE_FROM_FLOAT):
        return refused
    if not 1 <= len(key) <= 64:
        return Refusal(Code.KEY_MISSING, "key")
    if len(data) > MAX_BYTES:
        return Refusal(Code.FILE_TOO_LARGE, "file", {"most": str(MAX_BYTES // 1024**2)})
    if not data:
        return broken("empty")
    if platform and source_of(who.reseller, platform) is None:
        return Refusal(Code.SOURCE_UNKNOWN, "source")
    told = hashlib.sha256(platform.encode() + b"\0" + data).digest()
    shown = "".join(sign for sign in name if sign.isprintable())[-_LONGEST_NAME:]
    file_id = shop.chance.uuid(at)
    found, known = bulk.upload(
        file_id, who.reseller, data, digest=told, key=key, name=shown, platform=platform, email=who.email,
        sandbox=who.sandbox, actor=actor, at=at,
    )  # fmt: skip
    if known != told:
        return Refusal(Code.KEY_REUSED, "file", {"field": "file"})
    return Uploaded(found, again=found != file_id)


def find(who: Access, file_id: UUID) -> File | Refusal:
    """A file of theirs."""
    found = bulk.file(file_id)
    if found is None or (found.reseller, found.sandbox) != (who.reseller, who.sandbox):
        return Refusal(Code.NOT_FOUND, "file")
    return found


def confirm(
    who: Access, file_id: UUID, total_minor: int, *, key: str, begins_at: datetime | None = None, at: datetime
) -> Refusal | None:
    """Buy its good rows, now or from a time on. `total_minor` is the sum that was shown."""
    if not 1 <= len(key) <= 64:
        return Refusal(Code.KEY_MISSING, "key")
    found = _asked(who, file_id)
    if isinstance(found, Refusal):
        return found
    # What was said before may come again when its time is over.
    if begins_at not in (None, found.begins_at) and not _possible(begins_at, at):
        return Refusal(Code.TIME_NOT_POSSIBLE, "begins_at")
    match bulk.confirm(file_id, total_minor, begins_at, key, actor=_actor(who), at=at):
        case "confirmed" | "again":
            return None
        case "total":
            return Refusal(Code.QUOTE_CHANGED, "total_minor")
        case "begins_at":
            return Refusal(Code.KEY_REUSED, "begins_at", {"field": "begins_at"})
        case _:
            return Refusal(Code.FILE_NOT_NOW, "file")


def _possible(begins_at: datetime | None, at: datetime) -> bool:
    return begins_at is not None and begins_at.tzinfo is not None and at <= begins_at <= at + AHEAD


def pause(who: Access, file_id: UUID, *, at: datetime) -> Refusal | None:
    return _move(who, file_id, Event.PAUSED, at=at)


def resume(who: Access, file_id: UUID, *, key: str, at: datetime) -> Refusal | None:
    """Money is spent again: under one key it goes on once, though it was paused again since."""
    if not 1 <= len(key) <= 64:
        return Refusal(Code.KEY_MISSING, "key")
    return _move(who, file_id, Event.RESUMED, key=key, at=at)


def cancel(who: Access, file_id: UUID, *, at: datetime) -> Refusal | None:
    """Nothing more of it is bought; what was, stays bought."""
    return _move(who, file_id, Event.CANCELLED, at=at)


def _asked(who: Access, file_id: UUID) -> File | Refusal:
    return _actor(who).refused(Act.PLACE_FROM_FLOAT) or find(who, file_id)


def _move(who: Access, file_id: UUID, event: Event, *, key: str = "", at: datetime) -> Refusal | None:
    found = _asked(who, file_id)
    if isinstance(found, Refusal):
        return found
    moved = bulk.move(file_id, event, key=key, actor=_actor(who), at=at)
    return None if moved else Refusal(Code.FILE_NOT_NOW, "file")


def _actor(who: Access) -> Actor:
    return Actor(Role.RESELLER, f"{who.reseller}/{who.key_id or who.email}")


# ── marketplaces ──


def source_of(reseller: str, platform: str) -> Source | None:
    return next((one for one in bulk.sources_by(reseller) if one.platform == platform), None)


def describe(who: Access, source: Source, *, at: datetime) -> list[Refusal]:
    """Say once how a marketplace writes its export; said again, it is so from the next file on."""
    if refused := _actor(who).refused(Act.PLACE_FROM_FLOAT):
        return [refused]
    found = []
    platform = source.platform
    if not 1 <= len(platform) <= 40 or not platform.isprintable() or platform != platform.strip():
        found.append(Refusal(Code.NAME_INVALID, "platform"))
    found += [
        Refusal(Code.COLUMNS_WRONG, name, {"missing": name})
        for name in ("order", "product")
        if not getattr(source, name)
    ]
    _, catalog = catalogue.active()
    strange = sorted({sku for sku in source.skus.values() if catalog.sold(sku) is None})
    found += [Refusal(Code.PRODUCT_UNKNOWN, "skus", {"sku": sku[:60]}) for sku in strange[:20]]
    if not source.skus:
        found.append(Refusal(Code.PRODUCT_NOT_MAPPED, "skus"))
    texts = (platform, source.order, source.product, source.quantity, source.number, source.language, *source.skus)
    if any("\0" in text or len(text) > 200 for text in texts) or len(source.skus) > 1000:
        found.append(Refusal(Code.FIELD_INVALID, "skus", {"why": "too_long"}))
    if not found:
        bulk.keep_source(who.reseller, source, at=at)
    return found


@dataclass(frozen=True)
class Relinked:
    """A buyer's new link. `used`: a link before had shown the code."""

    ticket: str
    url: str = field(repr=False)
    used: bool


def relink(who: Access, file_id: UUID, ticket: str, *, shop: Shop, at: datetime) -> Relinked | Refusal:
    """A new link for the buyer of one order, who cannot open theirs; that one ends."""
    actor = _actor(who)
    if refused := actor.refused(Act.SHARE) or who.refused(Scope.CODES_READ):
        return refused
    found = find(who, file_id)
    if isinstance(found, Refusal):
        return found
    row = bulk.row_of(file_id, ticket.strip().upper()) if found.platform else None
    if row is None or row.order_id is None:
        return Refusal(Code.NOT_FOUND, "order")
    nth = row.links + 1
    hashed = digest(_secret(row.order_id, nth, shop.keyring))
    result = bulk.new_link(
        shop.chance.uuid(at), row.order_id, row.links, hashed, ends_at=at + LINK_LASTS, actor=actor, at=at
    )
    match result:
        case "used" | "unused":
            return Relinked(row.ticket, link_of(row.order_id, nth, shop=shop), result == "used")
        case "not_now":
            return Refusal(Code.FILE_NOT_NOW, "order")
        case _:
            return Refusal(Code(result), "order")


def link_of(order_id: UUID, nth: int = 1, *, shop: Shop) -> str:
    """The address where the buyer of a marketplace redeems this order: the first that they got, or a later one."""
    return f"{shop.base_url}/g/{write_link(_secret(order_id, nth, shop.keyring))}/"


def _secret(order_id: UUID, nth: int, keyring: Keyring) -> bytes:
    """128 bits that nobody makes without the shop's keys: the database has their hash alone, and yet a file of results
    is written as often as it is asked for."""
    told = order_id.bytes + (bytes([nth]) if nth > 1 else b"")
    return hashlib.blake2b(told, key=keyring.fingerprint_key, person=b"buyer's link", digest_size=16).digest()


# ── what a worker does ──


def step(*, shop: Shop, at: datetime, only: UUID | None = None) -> bool:
    """One batch of the file that waits longest for its turn (`only`: of this one); False where there is none."""
    file_id = bulk.claim(only, until=at + LEASE, at=at)
    found = bulk.file(file_id) if file_id else None
    if found is None:
        return False
    match found.state:
        case State.UPLOADED:
            _read(found, at=at)
        case State.CHECKING:
            _check(found, shop=shop, at=at)
        case State.CONFIRMED:
            bulk.move(found.id, Event.BEGUN, actor=SYSTEM, at=at)
        case State.RUNNING:
            _buy(found, shop=shop, at=at)
        case State.CANCELLED:
            _settle(found, shop=shop, at=at)
        case _:
            return False
    return True


def tidy(*, at: datetime) -> None:
    """What nobody confirmed expires, and what nobody goes on with is cancelled; what ended long ago is deleted, with
    the numbers and addresses in it."""
    bulk.tidy(unconfirmed_since=at - CONFIRM_WITHIN, still_since=at - GO_ON_WITHIN, ended_before=at - KEPT, at=at)


def _read(file: File, *, at: datetime) -> None:
    source = source_of(file.reseller, file.platform) if file.platform else None
    table = read_table(bulk.content(file.id))
    rows = table if isinstance(table, Refusal) else rows_of(table, source)
    if isinstance(rows, Refusal) or isinstance(table, Refusal):
        bulk.was_read(file.id, 0, [rows] if isinstance(rows, Refusal) else [], at=at)
        return
    numbered = list(enumerate(rows, start=1))
    for begin in range(0, len(numbered), KEEP):
        kept = numbered[begin : begin + KEEP]
        bulk.keep_rows(file.id, table, headings(source), source.speaks if source else "en", kept)
    bulk.was_read(file.id, len(numbered), [], at=at)


def read_table(data: bytes) -> Table | Refusal:
    """The table in a CSV file, lines of JSON, or a spreadsheet."""
    if not data.startswith(SHEET):
        return read(data)
    return read_sheet(data, heading) or broken("sheet")


def _check(file: File, *, shop: Shop, at: datetime) -> None:
    rows = _batch(file, RowState.NEW, CHECK)
    if not rows:
        bulk.move(file.id, Event.CHECKED, actor=SYSTEM, at=at)
        return
    version, catalog = catalogue.active()
    before = {} if file.sandbox else floats.standing([(file.reseller, row.key) for row in rows])
    asked = [_order(file, row) for row in rows]
    found: list[Quote | Reserved | list[Refusal]] = [*judged(asked, version, catalog, shop=shop, at=at)]
    for n, row in enumerate(rows):
        if (known := before.get((file.reseller, row.key))) and not row.refusals:
            found[n] = stands(*known, asked[n].wanted, shop=shop, assumed=asked[n].assumed)
    told = [_judged(file, row, one, shop=shop, at=at) for row, one in zip(rows, found, strict=True)]
    bulk.tell(file.id, RowState.NEW, told, upto=rows[-1].n, actor=SYSTEM, at=at, ends_at=at + LINK_LASTS)


def _batch(file: File, state: RowState, most: int) -> list[Todo]:
    """The next rows in that state; at the end those that were passed over."""
    return bulk.todo(file, state, after=file.upto, limit=most) or (
        bulk.todo(file, state, after=0, limit=most) if file.upto else []
    )


def _judged(file: File, row: Todo, found: Quote | Reserved | list[Refusal], *, shop: Shop, at: datetime) -> Told:
    """What its reader found and what the shop says of it, each field once."""
    refusals = list(row.refusals)
    if isinstance(found, list):
        known = {refusal.about for refusal in refusals}
        refusals += [refusal for refusal in found if refusal.about not in known]
    if refusals or isinstance(found, list):
        return Told(row.n, RowState.BAD, refusals=tuple(refusals))
    if isinstance(found, Reserved):
        return _told(file, row, found, shop=shop, at=at)
    return Told(row.n, RowState.GOOD, found.price.total.amount_minor)


def _buy(file: File, *, shop: Shop, at: datetime) -> None:
    rows = _batch(file, RowState.GOOD, BUY)
    if not rows:
        bulk.move(file.id, Event.FINISHED, actor=SYSTEM, at=at)
        return
    actor = Actor(Role.RESELLER, file.reseller)
    told: list[Told] = []
    short: list[Todo] = []
    if not bulk.going(file.id):  # stopped since it was taken
        bulk.tell(file.id, RowState.GOOD, [], upto=file.upto, actor=actor, at=at, ends_at=at)
        return
    if file.sandbox:
        told = [Told(row.n, RowState.PLACED) for row in rows]
    else:
        answers = place_from_float(actor, [_order(file, row) for row in rows], shop=shop, at=at)
        for row, answer in zip(rows, answers, strict=True):
            if isinstance(answer, list) and answer[0].code in (Code.FLOAT_TOO_LOW, Code.FLOAT_OWES):
                short.append(row)  # nothing of it is lost: it is bought when there is money
            else:
                told.append(_told(file, row, answer, shop=shop, at=at))
    upto = short[0].n - 1 if short else rows[-1].n
    bulk.tell(file.id, RowState.GOOD, told, upto=upto, actor=actor, at=at, ends_at=at + LINK_LASTS)
    if short:
        left = bulk.file(file.id)
        free = floats.balance(file.reseller, file.currency).free_minor
        missing = max(1, (left.left_minor if left else 0) - free)
        bulk.short(file.id, missing, actor=SYSTEM, at=at)


def _settle(file: File, *, shop: Shop, at: datetime) -> None:
    """Of a cancelled file: what a worker bought that died before it told, which can be of its last batch alone."""
    rows = _batch(file, RowState.GOOD, BUY) if file.confirmed_at and not file.sandbox else []
    before = floats.standing([(file.reseller, row.key) for row in rows])
    told: list[Told] = []
    for row in rows:
        if known := before.get((file.reseller, row.key)):
            one = _order(file, row)
            found = stands(*known, one.wanted, shop=shop, assumed=one.assumed)
            if isinstance(found, Reserved):
                told.append(_told(file, row, found, shop=shop, at=at))
    actor = Actor(Role.RESELLER, file.reseller)
    bulk.tell(file.id, RowState.GOOD, told, upto=file.upto, actor=actor, at=at, ends_at=at + LINK_LASTS)


def _order(file: File, row: Todo) -> Asked:
    fields = dict(zip(FIELDS, row.asked, strict=True))
    wanted = Wanted(
        fields["operator"],
        fields["amount"],
        fields["email"] or file.email,
        fields["language"] or file.speaks,
        sku=fields["sku"],
        number=fields["number"],
        plan=fields["plan"],
        device=fields["device"],
    )
    assumed = tuple(name for name in ("email", "language") if not fields[name])
    return Asked(file.reseller, row.key, wanted, row.price_minor or None, assumed)


def _told(file: File, row: Todo, answer: Reserved | list[Refusal], *, shop: Shop, at: datetime) -> Told:
    if isinstance(answer, list):
        return Told(row.n, RowState.REFUSED, refusals=tuple(answer))
    state = RowState.AGAIN if answer.again else RowState.PLACED
    if not file.platform:
        return Told(row.n, state, order_id=answer.order_id)
    hashed = digest(_secret(answer.order_id, 1, shop.keyring))
    return Told(row.n, state, order_id=answer.order_id, share=shop.chance.uuid(at), link_hash=hashed)
