from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_CASH = """
-- Drawers that cash is taken into. Each has an account of its own (till_drawer), by this name for ever.
CREATE TABLE drawer (
    name       text PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$'),
    place_id   bigint NOT NULL,                  -- where it stands (place); it is offered while that is known
    state      text NOT NULL CHECK (state IN ('open', 'closed')),
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL
);

-- Codes that are shown at a counter (opla.core.cash): what is paid there, and what is paid out. Never two alike.
CREATE TABLE cash_code (
    code         text PRIMARY KEY CHECK (code ~ CASE purpose WHEN 'charge' THEN '^[0-9]{9}$' ELSE '^[0-9]{12}$' END),
    purpose      text NOT NULL CHECK (purpose IN ('charge', 'refund')),
    attempt      text NOT NULL UNIQUE REFERENCES attempt (reference),
    made_at      timestamptz NOT NULL,
    withdrawn_at timestamptz,                    -- of a refund that goes back by bank instead
    CHECK (purpose = 'refund' OR withdrawn_at IS NULL)
);

-- What moved the money in a drawer, each once.
CREATE TABLE drawer_line (
    n             bigint GENERATED ALWAYS AS IDENTITY,
    id            uuid PRIMARY KEY,              -- the caller's key: the same again is the same line
    drawer        text NOT NULL REFERENCES drawer,
    kind          text NOT NULL
                  CHECK (kind IN ('taken', 'voided', 'paid_out', 'paid_in', 'put_in', 'dropped', 'counted')),
    minor         bigint NOT NULL,               -- what it did to the drawer
    settled_minor bigint NOT NULL DEFAULT 0,     -- what it settled, to the cent, signed as it is
    currency      text NOT NULL,
    given_minor   bigint,                        -- what was handed over, of a taking; what was counted
    code          text REFERENCES cash_code,
    undoes        uuid UNIQUE REFERENCES drawer_line,
    reseller      text NOT NULL DEFAULT '',
    why           text NOT NULL DEFAULT '',
    at            timestamptz NOT NULL,
    actor         text NOT NULL,
    CHECK ((code IS NOT NULL) = (kind IN ('taken', 'voided', 'paid_out'))),
    CHECK ((undoes IS NOT NULL) = (kind = 'voided')),
    CHECK ((reseller <> '') = (kind = 'paid_in'))
);
CREATE INDEX drawer_line_drawer ON drawer_line (drawer, n);
CREATE INDEX drawer_line_code ON drawer_line (code) WHERE code IS NOT NULL;
-- A refund is paid out once. (A charge is taken once at a time: a taking that was undone may be made again.)
CREATE UNIQUE INDEX drawer_line_paid_out ON drawer_line (code) WHERE kind = 'paid_out';
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0090_renewal")]
    operations = [migrations.RunSQL(_CASH)]
