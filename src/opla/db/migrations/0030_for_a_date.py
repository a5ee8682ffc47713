from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """What is bought for a date says so, from its quote on. `opla_quote` takes the date too, so its older self goes."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0020_kept_line")]
    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE quote ADD COLUMN deliver_at timestamptz;   -- null: at once
            ALTER TABLE orders ADD COLUMN deliver_at timestamptz;  -- the same
            DROP FUNCTION IF EXISTS opla_quote(
                uuid[], bytea[], text[], text[], text[], text[], bigint[], bigint[], bigint[], text[], text[], text[],
                text[], text[], bigint[], boolean[], timestamptz, timestamptz[], bigint[], text[],
                uuid[], text[], bytea[], int[]);
            """
        ),
    ]
