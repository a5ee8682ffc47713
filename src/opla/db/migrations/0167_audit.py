from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_AUDIT = """
-- Who of the house looked at somebody's data, written before it is shown. Nothing here says whose in words: the page
-- and the number of what it was about do.
CREATE TABLE look (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL,
    actor     text NOT NULL,
    page      text NOT NULL,
    subject   text NOT NULL,                     -- of several, such as an item's number; empty: a list
    order_id  uuid                               -- where it was about one
);
CREATE INDEX look_at ON look (at);
CREATE INDEX look_order ON look (order_id) WHERE order_id IS NOT NULL;

-- The chain over what is only ever added to (docs/decisions/0050): so many rows of a table at a time, each group with
-- the digest of its rows and a link made of that and of the link before.
CREATE TABLE audit_segment (
    stream    text NOT NULL,                     -- the table
    number    bigint NOT NULL CHECK (number > 0),
    after_id  bigint NOT NULL,                   -- its rows have larger ids,
    until_id  bigint NOT NULL CHECK (until_id > after_id),  -- up to this one
    ids       bigint[] NOT NULL,
    marks     bytea NOT NULL,                    -- eight bytes of each row's digest, to find the one that is wrong
    digest    bytea NOT NULL,
    link      bytea NOT NULL,
    sealed_at timestamptz NOT NULL,
    PRIMARY KEY (stream, number)
);
-- Up to which id a table is whole once these transactions, which were writing to it, are over.
CREATE TABLE audit_mark (
    stream    text PRIMARY KEY,
    until_id  bigint NOT NULL,
    writers   text[] NOT NULL
);
"""
_BACK = "DROP TABLE look, audit_segment, audit_mark CASCADE"


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0165_quarantine")]
    operations: ClassVar[list[migrations.RunSQL]] = [migrations.RunSQL(_AUDIT, _BACK)]
