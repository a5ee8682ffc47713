from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """An eSIM is quoted only for a phone that something was said of: the database says so too."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0071_starters")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE quote ADD CONSTRAINT quote_device_said CHECK (kind <> 'esim' OR device <> '') NOT VALID;"
        ),
    ]
