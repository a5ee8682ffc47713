from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """New SIM cards are sold too, and a quote keeps what was said of the phone that an eSIM is for.

    `opla_quote` takes that too, so its older self goes.
    """

    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0070_place")]
    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE quote DROP CONSTRAINT quote_kind_check;
            ALTER TABLE quote ADD CONSTRAINT quote_kind_check CHECK (kind IN ('code', 'direct', 'esim', 'sim'));
            ALTER TABLE quote ADD COLUMN device text NOT NULL DEFAULT '';  -- empty: not asked
            DROP FUNCTION IF EXISTS opla_quote(
                uuid[], bytea[], text[], text[], text[], text[], bigint[], bigint[], bigint[], text[], text[], text[],
                text[], text[], bigint[], boolean[], timestamptz, timestamptz[], bigint[], text[], timestamptz[],
                uuid[], text[], bytea[], int[]);
            """
        ),
    ]
