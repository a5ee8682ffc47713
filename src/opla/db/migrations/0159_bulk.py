from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_MORE = """
ALTER TABLE bulk_file
    ADD COLUMN speaks text NOT NULL DEFAULT 'en',     -- the language of rows that say none
    ADD COLUMN delimiter text NOT NULL DEFAULT ',';   -- between its columns, and between those of its results

-- A cancelled file is looked at once more where a worker had it: what that one bought is bought.
DROP INDEX bulk_file_due;
CREATE INDEX bulk_file_due ON bulk_file (worked_at)
    WHERE state IN ('uploaded', 'checking', 'confirmed', 'running')
       OR state = 'cancelled' AND claimed_until IS NOT NULL;

-- The nth link of an order is made from n.
CREATE INDEX order_share_of ON order_share (order_id);
"""
_BACK = """
DROP INDEX order_share_of;
DROP INDEX bulk_file_due;
CREATE INDEX bulk_file_due ON bulk_file (worked_at) WHERE state IN ('uploaded', 'checking', 'confirmed', 'running');
ALTER TABLE bulk_file DROP COLUMN speaks, DROP COLUMN delimiter;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0156_offline")]
    operations: ClassVar[list[migrations.RunSQL]] = [migrations.RunSQL(_MORE, _BACK)]
