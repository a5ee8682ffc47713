from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0010_accounts")]
    operations = [
        migrations.CreateModel(
            name="KeptLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line_id", models.UUIDField()),
                ("sealed", models.BinaryField()),
                ("version", models.IntegerField(default=1)),
                ("made_at", models.DateTimeField()),
                (
                    "customer",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="opla_db.customer"),
                ),
            ],
            options={"db_table": "kept_line"},
        ),
        migrations.AddConstraint(
            model_name="keptline",
            constraint=models.UniqueConstraint(fields=["customer", "line_id"], name="kept_line_once"),
        ),
    ]
