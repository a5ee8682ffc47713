from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_QUARANTINE = """
-- The shop came out of a backup: what happened after `restored_to` is not known, and nothing moves until a person has
-- compared it with the outside (docs/decisions/0049). One at a time.
CREATE TABLE quarantine (
    id            uuid PRIMARY KEY,
    backup        text NOT NULL,                 -- the name of the base backup
    restored_to   timestamptz NOT NULL,          -- the last commit that is in it
    entered_at    timestamptz NOT NULL,
    entered_by    text NOT NULL,
    left_at       timestamptz,
    left_by       text NOT NULL DEFAULT '',
    CHECK ((left_at IS NULL) = (left_by = ''))
);
CREATE UNIQUE INDEX quarantine_one ON quarantine ((true)) WHERE left_at IS NULL;

-- What must be done before it is left: each payment provider and each supplier was compared with the books, by its own
-- list or by a person.
CREATE TABLE quarantine_step (
    quarantine_id uuid NOT NULL REFERENCES quarantine,
    area          text NOT NULL CHECK (area IN ('payments', 'suppliers')),
    name          text NOT NULL,
    listed        int NOT NULL DEFAULT 0,        -- what they listed of the window, at the last look
    strange       int NOT NULL DEFAULT 0,        -- of these, what our books do not know: an item each
    open          int NOT NULL DEFAULT 0,        -- of these, what is undecided there: it is looked at again
    done_at       timestamptz,
    done_by       text NOT NULL DEFAULT '',
    note          text NOT NULL DEFAULT '',
    PRIMARY KEY (quarantine_id, area, name),
    CHECK ((done_at IS NULL) = (done_by = ''))
);

-- Orders that had not ended at the restored moment: what became of them afterwards is not known. Nothing is sent or
-- paid back for one by itself, until a person says that it was not.
CREATE TABLE order_in_doubt (
    order_id      uuid PRIMARY KEY REFERENCES orders,
    quarantine_id uuid NOT NULL REFERENCES quarantine,
    cleared_at    timestamptz,
    cleared_by    text NOT NULL DEFAULT ''
);
"""
_BACK = "DROP TABLE order_in_doubt, quarantine_step, quarantine"


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0163_catalog_base")]
    operations: ClassVar[list[migrations.RunSQL]] = [migrations.RunSQL(_QUARANTINE, _BACK)]
