from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0162_find")]
    operations: ClassVar[list[migrations.operations.base.Operation]] = [
        migrations.AddField("catalogversion", "base", models.BigIntegerField(null=True)),
    ]
