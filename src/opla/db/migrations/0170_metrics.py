from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_METRICS = """
-- When a process of this kind on this machine last said that it lives. Nobody's evidence: only watched.
CREATE TABLE heartbeat (
    process      text NOT NULL,
    host         text NOT NULL,
    pid          int NOT NULL,
    version      text NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (process, host)
) WITH (fillfactor = 50);

-- What only grows, counted once from the events by opla_tally: of a histogram, `label` ends with the upper edge of
-- the bucket ('+Inf': all of them), or with 'sum'.
CREATE TABLE tally (
    metric       text NOT NULL,
    label        text[] NOT NULL,
    value        double precision NOT NULL,
    PRIMARY KEY (metric, label)
) WITH (fillfactor = 50);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0169_trail")]
    operations: ClassVar[list[migrations.RunSQL]] = [
        migrations.RunSQL(_METRICS, "DROP TABLE tally; DROP TABLE heartbeat")
    ]
