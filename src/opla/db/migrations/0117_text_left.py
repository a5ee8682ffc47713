from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_LEFT = """
-- Whether a try of this text may have left us: what it carries counts as seen from then on. Of older ones nobody knows.
ALTER TABLE text_out ADD COLUMN may_have_left boolean NOT NULL DEFAULT true;
ALTER TABLE text_out ALTER COLUMN may_have_left SET DEFAULT false;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0114_file_bytes")]
    operations: ClassVar[list[migrations.RunSQL]] = [
        migrations.RunSQL(_LEFT, "ALTER TABLE text_out DROP COLUMN may_have_left")
    ]
