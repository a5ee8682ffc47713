from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_BYTES = """
-- What makes a file of transfers the same bytes each time: their digest, and the line from which each account of it is
-- read. Null: it was made before these were kept, and is not written again.
ALTER TABLE transfer_file ADD COLUMN sha256 bytea CHECK (length(sha256) = 32);
ALTER TABLE transfer_file_line ADD COLUMN line_id uuid REFERENCES bank_line;
"""
_BACK = """
ALTER TABLE transfer_file_line DROP COLUMN line_id;
ALTER TABLE transfer_file DROP COLUMN sha256;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0097_api_keys")]
    operations: ClassVar[list[migrations.RunSQL]] = [migrations.RunSQL(_BYTES, _BACK)]
