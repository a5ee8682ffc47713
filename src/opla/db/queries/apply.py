"""Decisions of the core, written: `opla_apply` over any number of changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from opla.core.actor import Actor
from opla.core.change import CardNow, Change, ConsentKept, Converted, NewDelivery
from opla.core.item import Said
from opla.core.ledger import Transfer
from opla.db.keyring import Keyring
from opla.db.queries.call import Argument, call, columns, expect


class Result(StrEnum):
    """What became of one change."""

    WON = "won"
    LOST = "lost"  # decided on old news: load again and decide again
    REFUND_TOO_MUCH = "refund_too_much"
    PROVIDER_ID_TAKEN = "provider_id_taken"  # two attempts were answered with one id: contradiction
    CODE_KNOWN = "code_known"  # a supplier delivered a PIN that we have had before: contradiction
    ITEM_CLOSED = "item_closed"  # a person spoke of an item that is settled
    STILL_RUNNING = "still_running"  # … while somebody was being asked about it


class _MakesIds(Protocol):
    def uuid(self, at: datetime) -> UUID: ...


def apply(
    changes: Sequence[Change], *, actor: Actor, at: datetime, keyring: Keyring, chance: _MakesIds
) -> list[Result]:
    """Write each change whole, or not at all; one result per change, in their order.

    PINs and consent are sealed here, on their way in: the clear text never reaches SQL.
    """
    if not changes:
        return []
    numbered = list(enumerate(changes, start=1))
    moves, lines = [], []
    for g, change in numbered:
        for move in change.moves:
            moves.append((g, move.subject, move.id, move.source, move.target, move.event, move.why))
            lines += [(len(moves), *_line(transfer)) for transfer in move.transfers]
    deliveries = [(g, d) for g, change in numbered for d in change.deliveries]
    rows = call(
        "opla_apply",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(len(changes), "int"),
        *_columns(moves, "int", "text", "uuid", "text", "text", "text", "text"),
        *_columns(lines, "int", "text", "text", "bigint", "text", "text", "text", "uuid", "uuid"),
        *_columns(
            [
                (
                    g,
                    n.attempt_id,
                    n.answer,
                    n.due_at,
                    n.tries,
                    n.provider_id,
                    n.redirect_url,
                    n.why,
                    json.dumps(dict(n.evidence)),
                )
                for g, change in numbered
                for n in change.notes
            ],
            *("int", "uuid", "text", "timestamptz", "int", "text", "text", "text", "text"),
        ),
        *_columns(
            [
                (
                    g,
                    s.payment_id,
                    s.captured_minor,
                    s.refunding_minor,
                    s.refunded_minor,
                    s.charged_back_minor,
                    s.outside_minor,
                    s.seen,
                )
                for g, change in numbered
                for s in change.sums
            ],
            *("int", "uuid", "bigint", "bigint", "bigint", "bigint", "bigint", "text"),
        ),
        *_columns(
            [
                (g, a.id, a.kind, a.adapter, a.reference, a.due_at, a.order_id, a.payment_id, a.refund_id)
                for g, change in numbered
                for a in change.attempts
            ],
            *("int", "uuid", "text", "text", "text", "timestamptz", "uuid", "uuid", "uuid"),
        ),
        *_columns(
            [
                (g, r.id, r.payment_id, r.order_id, r.amount_minor, r.currency, r.reason, r.why, r.evidence)
                for g, change in numbered
                for r in change.refunds
            ],
            *("int", "uuid", "uuid", "uuid", "bigint", "text", "text", "text", "text"),
        ),
        *_columns(
            [
                (
                    g,
                    d.order_id,
                    d.kind,
                    d.supplier,
                    d.supplier_id,
                    d.cost_minor,
                    d.attempt_id,
                    UUID(d.stock_id) if d.stock_id else None,
                )
                for g, d in deliveries
            ],
            *("int", "uuid", "text", "text", "text", "bigint", "uuid", "uuid"),
        ),
        *_columns(
            [(g, *_sealed(d, at, keyring, chance)) for g, d in deliveries if d.pin is not None],
            *("int", "uuid", "uuid", "bytea", "bytea", "text", "date"),
        ),
        *_columns(
            [(g, m.topic, m.order_id, m.reference) for g, change in numbered for m in change.messages],
            *("int", "text", "uuid", "text"),
        ),
        *_columns(
            [
                (
                    g,
                    i.kind,
                    i.subject,
                    i.order_id,
                    i.payment_id,
                    i.attempt_id,
                    i.at_risk.amount_minor,
                    i.at_risk.currency,
                    json.dumps({**i.params, "why": i.why}),
                )
                for g, change in numbered
                for i in change.items
            ],
            *("int", "text", "uuid", "uuid", "uuid", "uuid", "bigint", "text", "text"),
        ),
        *_columns(
            [(g, kind, subject) for g, change in numbered for kind, subject in change.closes], "int", "text", "uuid"
        ),
        *_columns(
            [(g, s.item_id, _said(s), s.file or None) for g, change in numbered for s in change.says],
            *("int", "bigint", "text", "bytea"),
        ),
        *_columns(
            [(g, k.code_id, k.order_id, k.target, k.revealed) for g, change in numbered for k in change.codes],
            *("int", "uuid", "uuid", "text", "boolean"),
        ),
        *_columns(
            [
                (g, *beside)
                for g, change in numbered
                for beside in (*_beside(change), *(_consent(c, at, keyring, chance) for c in change.consents))
            ],
            *("int", "text", "text"),
        ),
    )
    return [Result(expect(result, str)) for _, result in rows]


def _columns(rows: Sequence[Sequence[object]], *sql_types: str) -> list[Argument]:
    return columns(rows, *sql_types)


def _line(t: Transfer) -> tuple[object, ...]:
    return (t.debit, t.credit, t.amount_minor, t.currency, t.reason, t.phase, t.order_id, t.payment_id)


def _beside(change: Change) -> list[tuple[str, str]]:
    """What is rare, each by its kind, as JSON."""
    if not (change.fees or change.converted or change.given_back or change.cards):
        return []
    backs = [{"order_id": str(b.order_id), "amount": b.amount_minor} for b in change.given_back]
    fees = [{"attempt": str(f.attempt_id), "fee": f.amount_minor, "told_for": f.on} for f in change.fees]
    return [
        *(("fee", json.dumps(fee)) for fee in fees),
        *(("given_back", json.dumps(back)) for back in backs),
        *(("card", json.dumps(_card(c))) for c in change.cards),
        *(("conversion", json.dumps(_conversion(c))) for c in change.converted),
    ]


def _consent(c: ConsentKept, at: datetime, keyring: Keyring, chance: _MakesIds) -> tuple[str, str]:
    id_ = chance.uuid(at)
    kept: dict[str, str | int] = {
        "id": str(id_),
        "payment": str(c.payment_id),
        "attempt": str(c.attempt_id),
        "provider": c.provider,
        "sealed": keyring.seal(c.mandate.id.encode(), b"mandate " + id_.bytes).hex(),
        "days": c.mandate.days,
    }
    return "mandate", json.dumps(kept)


def _card(c: CardNow) -> dict[str, str | None]:
    was_of, order_id = (str(one) if one else None for one in (c.was_of, c.order_id))
    return {"card": str(c.card_id), "was_of": was_of, "order_id": order_id, "tracking": c.tracking}


def _conversion(c: Converted) -> dict[str, str | int]:
    made = c.conversion
    return {
        "order_id": str(c.order_id),
        "reason": c.reason,
        "abroad": made.foreign.amount_minor,
        "abroad_currency": made.foreign.currency,
        "home": made.home.amount_minor,
        "home_currency": made.home.currency,
        "numerator": made.numerator,
        "denominator": made.denominator,
        "told": made.told,
    }


def _said(s: Said) -> str:
    said = {"step": s.step, "resolution": s.resolution, "note": s.note, "file_name": s.file_name, "answers": s.answers}
    return json.dumps({**said, "facts": dict(s.facts)})


def _sealed(d: NewDelivery, at: datetime, keyring: Keyring, chance: _MakesIds) -> tuple[object, ...]:
    if d.pin is None:
        raise ValueError("nothing to seal")
    code_id = chance.uuid(at)
    return (
        code_id,
        d.order_id,
        keyring.seal(d.pin.secret.encode(), code_id.bytes),
        keyring.fingerprint(d.pin.secret),
        d.pin.serial,
        d.pin.valid_until,
    )
