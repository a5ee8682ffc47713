from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_STATION = """
-- Tablets of ours (opla.core.station). A till has a drawer, a kiosk none.
CREATE TABLE station (
    id            uuid PRIMARY KEY,
    name          text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$'),
    kind          text NOT NULL CHECK (kind IN ('till', 'kiosk')),
    drawer        text REFERENCES drawer,
    place_id      bigint NOT NULL,
    state         text NOT NULL CHECK (state IN ('waiting', 'paired', 'locked', 'unpaired')),
    pairing_hash  bytea UNIQUE,                  -- of the code that pairs it, once
    pairing_until timestamptz,
    secret_hash   bytea UNIQUE,                  -- of the tablet's own secret
    agent         text NOT NULL DEFAULT '',      -- what the tablet says of itself
    paired_at     timestamptz,
    seen_at       timestamptz,                   -- to the minute
    changed_at    timestamptz NOT NULL,
    changed_by    text NOT NULL,
    why           text NOT NULL DEFAULT '',      -- of what was done last
    CHECK ((kind = 'till') = (drawer IS NOT NULL)),
    CHECK ((state = 'paired') = (secret_hash IS NOT NULL)),
    CHECK ((pairing_hash IS NULL) = (pairing_until IS NULL))
);

-- Who works at tills. Whoever reads this table knows no PIN.
CREATE TABLE clerk (
    id            uuid PRIMARY KEY,
    name          text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$'),
    shown         text NOT NULL,                 -- as it stands on the button
    place_id      bigint,                        -- where they work; null: at every place
    manages       boolean NOT NULL,              -- may undo, and close what another opened
    pin_hash      bytea NOT NULL,                -- keyed, and slow
    wrong         int NOT NULL DEFAULT 0,        -- PINs in a row
    not_before    timestamptz,                   -- nothing is heard until then
    active        boolean NOT NULL,
    changed_at    timestamptz NOT NULL,
    changed_by    text NOT NULL
);

CREATE TABLE shift (
    id            uuid PRIMARY KEY,
    n             int NOT NULL,                  -- of this drawer: none is left out
    drawer        text NOT NULL REFERENCES drawer,
    station_id    uuid NOT NULL REFERENCES station,
    clerk_id      uuid NOT NULL REFERENCES clerk,
    opened_at     timestamptz NOT NULL,
    opening       jsonb NOT NULL,                -- how many of each piece, by its worth in minor units
    opening_minor bigint NOT NULL,
    opening_found bigint NOT NULL,               -- what was more (less: negative) than the books said
    closed_at     timestamptz,
    closed_by     uuid REFERENCES clerk,
    closing       jsonb,
    closing_minor bigint,
    closing_found bigint,
    why           text NOT NULL DEFAULT '',      -- what whoever closed says of the difference
    UNIQUE (drawer, n),
    CHECK (num_nonnulls(closed_at, closed_by, closing, closing_minor, closing_found) IN (0, 5))
);
CREATE UNIQUE INDEX shift_open ON shift (drawer) WHERE closed_at IS NULL;

-- Which shift moved it; null: outside of any (the owner's own pages).
ALTER TABLE drawer_line ADD COLUMN shift_id uuid REFERENCES shift;
CREATE INDEX drawer_line_shift ON drawer_line (shift_id, n) WHERE shift_id IS NOT NULL;
"""
_BACK = """
ALTER TABLE drawer_line DROP COLUMN shift_id;
DROP TABLE shift;
DROP TABLE clerk;
DROP TABLE station;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0136_float_reference")]
    operations: ClassVar[list[migrations.RunSQL]] = [migrations.RunSQL(_STATION, _BACK)]
