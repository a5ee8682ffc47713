from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_FILES = """
-- Resellers' files of orders (core.bulk): checked whole before anything is bought, then bought a batch at a time.
CREATE TABLE bulk_file (
    id            uuid PRIMARY KEY,
    reseller      varchar(40) NOT NULL REFERENCES reseller,
    sandbox       boolean NOT NULL,              -- played: it moves nothing
    upload_key    text NOT NULL,                 -- the same again is the same file
    digest        bytea NOT NULL,                -- SHA-256 of what was sent
    name          text NOT NULL,                 -- as its owner calls it
    platform      text NOT NULL,                 -- of a marketplace's export; empty: a file of ours
    email         text NOT NULL,                 -- who is told, where a row says nobody
    state         text NOT NULL,
    content       bytea,                         -- until it was read
    headings      text[] NOT NULL DEFAULT '{}',  -- as they were written
    named         jsonb NOT NULL DEFAULT '{}',   -- field → its column
    refusals      jsonb NOT NULL DEFAULT '[]',   -- of a file that could not be read
    upto          int NOT NULL DEFAULT 0,        -- rows until here have been gone through, in this state
    rows          int NOT NULL DEFAULT 0,
    good          int NOT NULL DEFAULT 0,
    bad           int NOT NULL DEFAULT 0,
    again         int NOT NULL DEFAULT 0,
    placed        int NOT NULL DEFAULT 0,
    refused       int NOT NULL DEFAULT 0,
    total_minor   bigint NOT NULL DEFAULT 0,     -- of its good rows, as they were checked
    left_minor    bigint NOT NULL DEFAULT 0,     -- of those that are not bought yet
    currency      text NOT NULL DEFAULT 'EUR',
    missing_minor bigint NOT NULL DEFAULT 0,     -- what the float lacks for the rest, where it paused for that
    begins_at     timestamptz,                   -- nothing is bought before
    confirm_key   text NOT NULL DEFAULT '',
    worked_at     timestamptz,
    claimed_until timestamptz,
    made_at       timestamptz NOT NULL,
    checked_at    timestamptz,
    confirmed_at  timestamptz,
    ended_at      timestamptz,
    UNIQUE (reseller, sandbox, upload_key)
);
CREATE INDEX bulk_file_of ON bulk_file (reseller, made_at DESC, id DESC);
CREATE INDEX bulk_file_due ON bulk_file (worked_at) WHERE state IN ('uploaded', 'checking', 'confirmed', 'running');

CREATE TABLE bulk_row (
    file_id       uuid NOT NULL REFERENCES bulk_file ON DELETE CASCADE,
    n             int NOT NULL,                  -- counts from 1
    line          int NOT NULL,                  -- of the file, counted from 1, the heading included
    key           text NOT NULL,
    asked         jsonb NOT NULL,                -- core.bulk.rows.FIELDS
    cells         jsonb NOT NULL,                -- as they were written
    state         text NOT NULL,
    price_minor   bigint NOT NULL DEFAULT 0,     -- as it was checked: bought at no other
    refusals      jsonb NOT NULL DEFAULT '[]',
    order_id      uuid REFERENCES orders,
    PRIMARY KEY (file_id, n)
);
CREATE INDEX bulk_row_wrong ON bulk_row (file_id, n) WHERE state IN ('bad', 'refused');
CREATE INDEX bulk_row_order ON bulk_row (order_id) WHERE order_id IS NOT NULL;

-- How a marketplace writes its export, said once by whoever sells there (core.bulk.rows.Source).
CREATE TABLE bulk_source (
    reseller_id   varchar(40) NOT NULL REFERENCES reseller,
    platform      text NOT NULL,
    described     jsonb NOT NULL,
    made_at       timestamptz NOT NULL,
    PRIMARY KEY (reseller_id, platform)
);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0127_passport")]
    operations = [migrations.RunSQL(_FILES, "DROP TABLE bulk_source; DROP TABLE bulk_row; DROP TABLE bulk_file")]
