from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models

_INDEX = """
-- What each promotion cost is summed over its orders, so they are found by its name; one row an order.
CREATE INDEX promotion_use_promotion ON promotion_use (promotion) WHERE customer = '';
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0173_float_told")]
    operations: ClassVar[list[migrations.operations.base.Operation]] = [
        migrations.AddField("promotionsversion", "base", models.BigIntegerField(null=True)),
        migrations.AddField("promotionsversion", "proposed", models.BooleanField(default=False, db_default=False)),
        migrations.AddField("promotionsversion", "approved_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "promotionsversion", "approved_by", models.TextField(blank=True, default="", db_default="")
        ),
        migrations.RunSQL(_INDEX, "DROP INDEX promotion_use_promotion"),
    ]
