"""The SIMs a customer keeps: theirs alone, sealed, as many as a family has, and a file of all of them whenever asked.

Each is bound to its customer: a row moved to another one does not open. `of`, `keep`, `change`, `forget` and `export`
are all that others need; whoever is asked about somebody else's line finds none.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from opla.core.actor import Act, Actor
from opla.core.kept_line import MOST_LINES, KeptLine, read_kept, write_file, write_kept
from opla.core.refusal import Code, Refusal
from opla.db import models
from opla.db.keyring import Keyring, Unopenable
from opla.db.models import Customer
from opla.operations.shop import Shop

_log = logging.getLogger(__name__)
_TRIES = 5


def of(customer: Customer, *, shop: Shop) -> list[KeptLine]:
    """All of theirs, the oldest first. What does not open is logged and left out: the keys are another shop's."""
    rows = models.KeptLine.objects.filter(customer=customer).order_by("id")[:MOST_LINES]
    return [found for row in rows if (found := _open(row, shop.keyring)) is not None]


def find(customer: Customer, line_id: UUID, *, shop: Shop) -> KeptLine | None:
    """One of theirs; None for somebody else's, as for one that never was."""
    row = models.KeptLine.objects.filter(customer=customer, line_id=line_id).first()
    return _open(row, shop.keyring) if row else None


def keep(
    actor: Actor, customer: Customer, lines: Sequence[KeptLine], *, shop: Shop, at: datetime
) -> list[UUID] | Refusal:
    """Keep all of these or none; the ids of those that are new. One that is kept already stays as it is."""
    if refused := actor.refused(Act.KEEP_SIMS):
        return refused
    with transaction.atomic():
        # Two files at once count one after the other, so that together they keep no more than one person may.
        Customer.objects.select_for_update().get(pk=customer.pk)
        known = set(models.KeptLine.objects.filter(customer=customer).values_list("line_id", flat=True))
        new = [line for line in lines if line.id not in known]
        if len(known) + len(new) > MOST_LINES:
            return Refusal(Code.SIMS_TOO_MANY, "file", {"most": str(MOST_LINES)})
        models.KeptLine.objects.bulk_create(
            models.KeptLine(
                customer=customer, line_id=line.id, sealed=_seal(line, customer, shop.keyring), made_at=at
            )
            for line in new
        )  # fmt: skip
    return [line.id for line in new]


def change(
    actor: Actor, customer: Customer, line_id: UUID, alter: Callable[[KeptLine], KeptLine], *, shop: Shop
) -> Refusal | None:
    """What `alter` makes of one of theirs, in its place. Of two changes at once both count."""
    if refused := actor.refused(Act.KEEP_SIMS):
        return refused
    for _ in range(_TRIES):
        row = models.KeptLine.objects.filter(customer=customer, line_id=line_id).first()
        found = _open(row, shop.keyring) if row else None
        if row is None or found is None:
            return Refusal(Code.NOT_FOUND)
        sealed = _seal(alter(found), customer, shop.keyring)
        same = models.KeptLine.objects.filter(pk=row.pk, version=row.version)
        if same.update(sealed=sealed, version=row.version + 1):
            return None
    return Refusal(Code.STILL_RUNNING)


def forget(actor: Actor, customer: Customer, line_id: UUID) -> Refusal | None:
    """Delete one of theirs. What is not there is deleted already, whosever it was."""
    if refused := actor.refused(Act.KEEP_SIMS):
        return refused
    models.KeptLine.objects.filter(customer=customer, line_id=line_id).delete()
    return None


def export(customer: Customer, *, shop: Shop, at: datetime) -> dict[str, object]:
    """The file of all of theirs, as a document: what `core.kept_line.read_file` reads."""
    return write_file(of(customer, shop=shop), at)


def _about(customer: Customer, line_id: UUID) -> bytes:
    return b"sim " + UUID(str(customer.pk)).bytes + line_id.bytes


def _seal(line: KeptLine, customer: Customer, keyring: Keyring) -> bytes:
    return keyring.seal(json.dumps(write_kept(line)).encode(), _about(customer, line.id))


def _open(row: models.KeptLine, keyring: Keyring) -> KeptLine | None:
    try:
        document = json.loads(keyring.open(bytes(row.sealed), _about(row.customer, row.line_id)))
    except Unopenable:
        _log.exception("SIM %s: it does not open", row.line_id)
        return None
    found = read_kept(document)
    if isinstance(found, Refusal):
        _log.error("SIM %s: what was sealed is no line any more: %s", row.line_id, dict(found.params))
        return None
    return found
