from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0175_promotions_proposed")]
    operations: ClassVar[list[migrations.operations.base.Operation]] = [
        migrations.CreateModel(
            name="FeeVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("made_at", models.DateTimeField()),
                ("made_by", models.TextField()),
                ("state", models.TextField()),
                ("note", models.TextField()),
                ("fee_minor", models.BigIntegerField()),
                ("currency", models.TextField()),
                ("base", models.BigIntegerField()),
                ("approved_at", models.DateTimeField(null=True)),
                ("approved_by", models.TextField(blank=True, default="")),
            ],
            options={"db_table": "fee_version"},
        ),
        migrations.AddConstraint(
            model_name="feeversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "active")), fields=("state",), name="fee_version_one_active"
            ),
        ),
        migrations.AddConstraint(
            model_name="feeversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("fee_minor__gte", 0)), name="fee_version_not_negative"
            ),
        ),
    ]
