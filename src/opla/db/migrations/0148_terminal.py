from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_TERMINAL = """
-- Card machines on counters (opla.core.terminal): each at a till's drawer or, where there is none, at a station.
CREATE TABLE terminal (
    name       text PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$'),
    method     text NOT NULL CHECK (method ~ '(^|_)terminal$'),  -- the way of paying that it is
    their_id   text NOT NULL DEFAULT '',         -- as its provider names it; empty where a clerk reads it
    drawer     text REFERENCES drawer,
    station    text NOT NULL DEFAULT '',
    state      text NOT NULL CHECK (state IN ('open', 'closed')),
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    CHECK ((drawer IS NOT NULL) <> (station <> '')),
    CHECK ((method = 'terminal') = (their_id = '')),
    CHECK (method <> 'terminal' OR drawer IS NOT NULL)           -- somebody is there to read it
);
CREATE UNIQUE INDEX terminal_their_id ON terminal (method, their_id) WHERE their_id <> '' AND state = 'open';

-- The machine that a payment is made on.
CREATE TABLE terminal_payment (
    payment_id uuid PRIMARY KEY REFERENCES payment,
    terminal   text NOT NULL REFERENCES terminal
);

-- Refunds that wait for a card, to be given back on a machine; or not any more.
CREATE TABLE terminal_due (
    attempt      text PRIMARY KEY REFERENCES attempt (reference),
    made_at      timestamptz NOT NULL,
    withdrawn_at timestamptz                     -- it goes back by bank instead
);

-- Slips: what clerks read on machines that nobody here can ask, each once.
CREATE TABLE terminal_line (
    n        bigint GENERATED ALWAYS AS IDENTITY,
    id       uuid PRIMARY KEY,                   -- the caller's key: the same again is the same slip
    drawer   text NOT NULL REFERENCES drawer,    -- where it was told of: its shift counts it
    day      date NOT NULL,                      -- machines begin to count again each day
    kind     text NOT NULL CHECK (kind IN ('approved', 'declined', 'voided', 'given_back')),
    minor    bigint NOT NULL,
    currency text NOT NULL,
    attempt  text NOT NULL REFERENCES attempt (reference),
    receipt  text NOT NULL DEFAULT '',
    undoes   uuid UNIQUE REFERENCES terminal_line,
    why      text NOT NULL DEFAULT '',
    at       timestamptz NOT NULL,
    actor    text NOT NULL,
    CHECK (CASE kind WHEN 'approved' THEN minor > 0 WHEN 'declined' THEN minor = 0 ELSE minor < 0 END),
    CHECK (receipt <> '' OR kind IN ('declined', 'voided')),
    CHECK ((undoes IS NOT NULL) = (kind = 'voided'))
);
CREATE INDEX terminal_line_drawer ON terminal_line (drawer, n);
-- A charge is told of once, a refund given back once; and no receipt is used for two payments.
CREATE UNIQUE INDEX terminal_line_attempt ON terminal_line (attempt) WHERE kind <> 'voided';
CREATE UNIQUE INDEX terminal_line_receipt ON terminal_line (drawer, day, receipt) WHERE kind = 'approved';
"""
_BACK = "DROP TABLE terminal_line, terminal_due, terminal_payment, terminal"


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0146_post")]
    operations: ClassVar[list[migrations.RunSQL]] = [migrations.RunSQL(_TERMINAL, _BACK)]
