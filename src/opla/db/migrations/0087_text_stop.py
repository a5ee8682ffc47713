from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_TEXT_STOP = """
-- Numbers that never want a text from us again, under a keyed digest. Nothing of it is ever taken back.
CREATE TABLE text_stop (
    who bytea PRIMARY KEY,
    at  timestamptz NOT NULL
);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0085_their_payment")]
    operations = [migrations.RunSQL(_TEXT_STOP)]
