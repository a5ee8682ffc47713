from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_START = """
-- A sender can be forged, so a STOP may be of somebody else: the shop takes it back where whoever has the number asks
-- for that, and by whom is kept. Whatever of both was said last counts.
CREATE TABLE text_start (
    who    bytea NOT NULL,
    at     timestamptz NOT NULL,
    actor  text NOT NULL,
    PRIMARY KEY (who, at)
);
ALTER TABLE text_stop DROP CONSTRAINT text_stop_pkey;
ALTER TABLE text_stop ADD PRIMARY KEY (who, at);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0117_text_left")]
    operations: ClassVar[list[migrations.RunSQL]] = [migrations.RunSQL(_START)]
