from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_FILES = """
-- Files of transfers out that a person gives to the bank. Nobody's name is kept here: a file is written again from the
-- lines that brought the money, as the same bytes.
CREATE TABLE transfer_file (
    id         uuid PRIMARY KEY,
    made_at    timestamptz NOT NULL,
    made_by    text NOT NULL,
    execute_on date NOT NULL
);

-- What is in them. One transfer stands in one file at most, so that no two files send the same money.
CREATE TABLE transfer_file_line (
    file_id      uuid NOT NULL REFERENCES transfer_file,
    number       text NOT NULL REFERENCES bank_reference,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    freed_at     timestamptz,                    -- null: it stands; else somebody said that the bank did not send it
    freed_by     text NOT NULL DEFAULT '',
    freed_why    text NOT NULL DEFAULT '',
    PRIMARY KEY (file_id, number),
    CHECK ((freed_at IS NULL) = (freed_by = ''))
);
CREATE UNIQUE INDEX transfer_file_once ON transfer_file_line (number) WHERE freed_at IS NULL;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0094_stock")]
    operations = [migrations.RunSQL(_FILES)]
