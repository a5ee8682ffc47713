"""What both sides say, read as it stands: our tables by plain statements, their log line by line."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from uuid import UUID

from opla.counterparts import place
from opla.counterparts.codes import pin_of
from opla.counterparts.log import facts, read
from opla.db.keyring import Keyring
from opla.db.queries.books import books
from opla.db.queries.call import expect, select
from opla.operations.links import hash_link
from opla.proving.chaos.judge import Held, OurOrder, OurRefund, Ours, Theirs
from opla.proving.chaos.street import Receipt


def ours(at: datetime) -> Ours:
    """Our side, by our own tables; `at` is the moment at which `books` checks."""
    return Ours(
        orders=_orders(),
        sends=_references("SELECT reference, order_id FROM attempt WHERE kind = 'send'"),
        charges=_charges(),
        refunds=_refunds(),
        told=_references("SELECT reference, order_id FROM outbox WHERE done_at IS NOT NULL"),
        untold=_references("SELECT reference, order_id FROM outbox WHERE done_at IS NULL AND due_at IS NOT NULL"),
        unbalanced=[f"{c.name}: {c.wrong} wrong, such as {c.example}" for c in books(at) if not c.holds],
    )


def theirs(outside: Path, keyring: Keyring) -> Theirs:
    """The other side, by the log in their own folder. Their codes are computed anew, and kept as fingerprints."""
    log, seed = place.log_path(outside), place.secret(outside)
    operators: dict[str, str] = {}
    codes: dict[str, bytes] = {}
    for entry in read(log):
        reference = str(entry.get("reference", ""))
        if entry["what"] == "operator.accepted":
            operators[reference] = str(entry["operator"])
        elif entry["what"] == "operator.given" and "running" in entry:
            codes[reference] = keyring.fingerprint(pin_of(seed, operators[reference], int(entry["running"])))
    return Theirs(facts(log), codes)


def held(receipt: Receipt, keyring: Keyring) -> Held:
    """What a customer holds, in the form our tables know it."""
    return Held(
        frozenset(hash_link(link) or b"" for link in receipt.links),
        frozenset(keyring.fingerprint(pin) for pin in receipt.pins),
    )


def moving() -> int:
    """How much is still under way and on nobody's list: orders, questions, refunds, messages."""
    rows = select(
        """SELECT (SELECT count(*) FROM orders o WHERE o.state IN ('paid', 'refunding')
                     AND NOT EXISTS (SELECT FROM item i WHERE i.order_id = o.id AND i.closed_at IS NULL))
                + (SELECT count(*) FROM attempt a
                   WHERE (a.state IN ('new', 'claimed', 'sending', 'unknown')
                          OR (a.state = 'pending' AND (a.kind <> 'charge' OR a.due_at < clock_timestamp())))
                     AND NOT EXISTS (SELECT FROM item i WHERE i.attempt_id = a.id AND i.closed_at IS NULL))
                + (SELECT count(*) FROM outbox WHERE due_at IS NOT NULL)"""
    )
    return expect(rows[0][0], int)


def ends() -> Counter[str]:
    """How many orders there are by state, and open items as `item <kind>`."""
    rows = select(
        """SELECT state, count(*) FROM orders GROUP BY state
           UNION ALL SELECT 'item ' || kind, count(*) FROM item WHERE closed_at IS NULL GROUP BY kind"""
    )
    return Counter({str(name): expect(count, int) for name, count in rows})


def _orders() -> dict[UUID, OurOrder]:
    rows = select(
        """SELECT o.id, o.ticket, o.state, o.link_hash, o.face_minor + o.fee_minor - o.discount_minor,
                  EXISTS (SELECT FROM item i WHERE i.closed_at IS NULL AND (i.order_id = o.id OR i.payment_id IN
                          (SELECT l.payment_id FROM allocation l WHERE l.order_id = o.id))),
                  coalesce(a.reference, ''), coalesce(k.fingerprint, ''::bytea),
                  (SELECT count(*) FROM code c
                   WHERE c.order_id = o.id AND c.supplier = 'code_stock' AND c.state = 'sold'),
                  o.reseller <> ''
           FROM orders o LEFT JOIN delivery d ON d.order_id = o.id LEFT JOIN attempt a ON a.id = d.attempt_id
           LEFT JOIN code k ON k.id = d.code_id ORDER BY o.id"""
    )
    found = {}
    for row in rows:
        id_ = expect(row[0], UUID)
        found[id_] = OurOrder(
            id=id_,
            ticket=str(row[1]),
            state=str(row[2]),
            link_hash=bytes(expect(row[3] or b"", bytes)),
            total_minor=expect(row[4], int),
            parked=bool(row[5]),
            delivered_by=str(row[6]),
            code=bytes(expect(row[7], bytes)),
            from_shelf=expect(row[8], int),
            from_float=bool(row[9]),
        )
    return found


def _references(sql: str) -> dict[str, UUID]:
    return {str(reference): expect(order_id, UUID) for reference, order_id in select(sql)}


def _charges() -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = {}
    for reference, order_id in select(
        """SELECT a.reference, l.order_id FROM attempt a JOIN allocation l ON l.payment_id = a.payment_id
           WHERE a.kind = 'charge'"""
    ):
        found.setdefault(str(reference), []).append(expect(order_id, UUID))
    return found


def _refunds() -> dict[str, OurRefund]:
    rows = select(
        """SELECT a.reference, r.amount_minor, r.state = 'done',
                  EXISTS (SELECT FROM item i WHERE i.closed_at IS NULL AND i.attempt_id = a.id),
                  coalesce(r.order_id, (SELECT min(l.order_id::text)::uuid FROM allocation l
                                        WHERE l.payment_id = r.payment_id))
           FROM refund r JOIN attempt a ON a.refund_id = r.id"""
    )
    return {
        str(row[0]): OurRefund(
            amount_minor=expect(row[1], int),
            done=bool(row[2]),
            parked=bool(row[3]),
            order_id=row[4] if isinstance(row[4], UUID) else None,
        )
        for row in rows
    }
