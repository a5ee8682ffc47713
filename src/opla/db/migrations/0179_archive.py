from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_ARCHIVE = """
-- Where months go that are closed and old (docs/decisions/0056): the partitions of `event`, `transfer` and
-- `attempt_evidence` are moved here whole, with their indexes. A column that one of those is given comes here too.
CREATE TABLE archived_event (LIKE event) PARTITION BY RANGE (at);
CREATE TABLE archived_transfer (LIKE transfer) PARTITION BY RANGE (at);
CREATE TABLE archived_attempt_evidence (LIKE attempt_evidence) PARTITION BY RANGE (at);

-- What a month's rows of one table were when the month was archived. Chained like what it stands for: it does so alone
-- once the owner has taken them out of the database.
CREATE TABLE archived_month (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL,
    name     text NOT NULL CHECK (name IN ('event', 'transfer', 'attempt_evidence')),
    month    date NOT NULL CHECK (month = date_trunc('month', month)::date),
    from_at  timestamptz NOT NULL,               -- months of UTC, as the partitions are
    until_at timestamptz NOT NULL CHECK (until_at > from_at),
    rows     bigint NOT NULL CHECK (rows >= 0),
    first_id bigint,                             -- null: there is none
    last_id  bigint,
    carried  jsonb NOT NULL,                     -- sums that are asked for ever after (opla_archive_count)
    sha256   bytea NOT NULL,
    UNIQUE (name, month)
);
"""
_BACK = "DROP TABLE archived_event, archived_transfer, archived_attempt_evidence, archived_month CASCADE"


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0177_quarantine_asked")]
    operations: ClassVar[list[migrations.RunSQL]] = [migrations.RunSQL(_ARCHIVE, _BACK)]
