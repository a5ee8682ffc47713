from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_LETTER = """
-- What is written to somebody about no order and no reminder: address and facts sealed, deleted when told or given up.
CREATE TABLE letter (
    id       uuid PRIMARY KEY,
    sealed   bytea NOT NULL,
    made_at  timestamptz NOT NULL
);
ALTER TABLE outbox ADD COLUMN letter_id uuid REFERENCES letter ON DELETE CASCADE;
CREATE INDEX outbox_letter ON outbox (letter_id) WHERE letter_id IS NOT NULL;
ALTER TABLE outbox DROP CONSTRAINT outbox_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_check CHECK (num_nonnulls(order_id, reminder_id, letter_id) = 1);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0002_customer")]
    operations = [migrations.RunSQL(_LETTER)]
