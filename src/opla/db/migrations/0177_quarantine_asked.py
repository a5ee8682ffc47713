from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_ASKED = """
-- What a page asked of a worker, which asks the outside: `look`, or `leave`, which looks first. Empty: nothing.
ALTER TABLE quarantine
    ADD COLUMN asked       text NOT NULL DEFAULT '' CHECK (asked IN ('', 'look', 'leave')),
    ADD COLUMN asked_at    timestamptz,
    ADD COLUMN asked_by    text NOT NULL DEFAULT '',
    ADD COLUMN taken_at    timestamptz,             -- a worker does it
    ADD COLUMN answered    text NOT NULL DEFAULT '', -- what was asked the last time that is over
    ADD COLUMN answered_at timestamptz;

-- Why the last look showed no list; empty where it did. SIM cards are counted by a person, and nothing waits for that.
ALTER TABLE quarantine_step
    ADD COLUMN looked_at timestamptz,
    ADD COLUMN unlisted  text NOT NULL DEFAULT '',
    DROP CONSTRAINT quarantine_step_area_check,
    ADD CONSTRAINT quarantine_step_area_check CHECK (area IN ('payments', 'suppliers', 'shelf'));
"""
_BACK = """
DELETE FROM quarantine_step WHERE area = 'shelf';
ALTER TABLE quarantine_step DROP COLUMN looked_at, DROP COLUMN unlisted,
    DROP CONSTRAINT quarantine_step_area_check,
    ADD CONSTRAINT quarantine_step_area_check CHECK (area IN ('payments', 'suppliers'));
ALTER TABLE quarantine DROP COLUMN asked, DROP COLUMN asked_at, DROP COLUMN asked_by, DROP COLUMN taken_at,
    DROP COLUMN answered, DROP COLUMN answered_at;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0176_fee_version")]
    operations: ClassVar[list[migrations.RunSQL]] = [migrations.RunSQL(_ASKED, _BACK)]
