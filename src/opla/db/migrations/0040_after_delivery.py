from __future__ import annotations

from typing import ClassVar

from django.db import migrations

SQL = """
-- What the buyer says became of what they bought. The newest row counts.
CREATE TABLE order_said (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id     uuid NOT NULL REFERENCES orders,
    said         text NOT NULL CHECK (said IN ('entered', 'not_yet', 'failed', 'seen')),
    actor        text NOT NULL,
    at           timestamptz NOT NULL
);
CREATE INDEX order_said_order ON order_said (order_id);

-- Whether somebody is reminded of a code they bought: a row per delivered code, a day after it came.
CREATE TABLE order_nudge (
    order_id     uuid PRIMARY KEY REFERENCES orders,
    delivered_at timestamptz NOT NULL,
    due_at       timestamptz,                    -- when it is looked at next; null: never again
    sent         text[] NOT NULL DEFAULT '{}'    -- each once
);
CREATE INDEX order_nudge_due ON order_nudge (due_at, order_id) WHERE due_at IS NOT NULL;
CREATE INDEX order_nudge_last ON order_nudge (delivered_at, order_id);
CREATE INDEX delivery_code_at ON delivery (at, order_id) WHERE code_id IS NOT NULL;

-- A link that shows an order to whom it is for. One at a time stands; with a code, it is for one device.
CREATE TABLE order_share (
    id           uuid PRIMARY KEY,
    order_id     uuid NOT NULL REFERENCES orders,
    link_hash    bytea NOT NULL UNIQUE,          -- SHA-256 of the 128-bit secret in the link
    with_code    boolean NOT NULL,
    device_hash  bytea,                          -- the first that looked at the code: no other does
    actor        text NOT NULL,
    made_at      timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    ended_at     timestamptz                     -- taken back, or another one took its place
);
CREATE UNIQUE INDEX order_share_open ON order_share (order_id) WHERE ended_at IS NULL;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0030_for_a_date")]
    operations = [migrations.RunSQL(SQL)]
