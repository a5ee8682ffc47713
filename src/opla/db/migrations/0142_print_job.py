from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_PRINT_JOB = """
-- A slip on its way to paper (opla.core.print_job). It names its order, and holds nothing of what is printed.
CREATE TABLE print_job (
    id           uuid PRIMARY KEY,
    station      text NOT NULL,                   -- whose printer
    order_id     uuid NOT NULL REFERENCES orders,
    copy         boolean NOT NULL,
    why          text NOT NULL,                   -- of a copy
    state        text NOT NULL CHECK (state IN ('new', 'sending', 'printed', 'unknown', 'spoilt', 'refused')),
    asked_at     timestamptz NOT NULL,
    asked_by     text NOT NULL,
    until        timestamptz NOT NULL,            -- of a new one: to be begun; of one that is sent: to be told of
    CHECK (copy = (why <> ''))
);
CREATE UNIQUE INDEX print_job_original ON print_job (order_id) WHERE NOT copy AND state <> 'refused';
CREATE UNIQUE INDEX print_job_open ON print_job (order_id) WHERE state IN ('new', 'sending', 'unknown');
CREATE UNIQUE INDEX print_job_sending ON print_job (station) WHERE state = 'sending';
CREATE INDEX print_job_order ON print_job (order_id);
CREATE INDEX print_job_waiting ON print_job (until) WHERE state IN ('new', 'sending');

-- What each station's printer last said of itself.
CREATE TABLE printer (
    station      text PRIMARY KEY,
    sight        text NOT NULL CHECK (sight IN ('ready', 'paper_low', 'paper_out', 'stopped', 'silent')),
    seen_at      timestamptz NOT NULL
);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0140_station")]
    operations = [migrations.RunSQL(_PRINT_JOB)]
