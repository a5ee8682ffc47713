from __future__ import annotations

from typing import ClassVar

from django.db import migrations

#: What people have in hand when they ask about an order: the serial of a code.
_FIND = """
CREATE INDEX code_serial ON code (serial) WHERE serial <> '';
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0161_partner_place")]
    operations: ClassVar[list[migrations.RunSQL]] = [migrations.RunSQL(_FIND, "DROP INDEX code_serial")]
