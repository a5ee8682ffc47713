from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_AGAIN = """
-- In which other statements a line was known again, one of a kind, and the bank's number for it there: what those show
-- beside it is another line (opla.core.statement.recognising).
CREATE TABLE bank_again (
    line_id       uuid NOT NULL REFERENCES bank_line,
    source        text NOT NULL,
    statement_id  uuid NOT NULL REFERENCES bank_statement,
    bank_ref      text NOT NULL,
    PRIMARY KEY (line_id, source)
);
CREATE INDEX bank_again_ref ON bank_again (bank_ref) WHERE bank_ref <> '';
"""

_DELIVERIES = """
-- All that one endpoint was told: what is deleted with it.
CREATE INDEX webhook_delivery_of ON webhook_delivery (endpoint_id);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0150_float_card")]
    operations: ClassVar[list[migrations.RunSQL]] = [
        migrations.RunSQL(_AGAIN, "DROP TABLE bank_again"),
        migrations.RunSQL(_DELIVERIES, "DROP INDEX webhook_delivery_of"),
    ]
