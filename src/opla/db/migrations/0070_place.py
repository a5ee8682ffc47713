from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0065_rights")]
    operations = [
        migrations.CreateModel(
            name="Place",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.TextField()),
                ("ref", models.TextField()),
                ("kind", models.TextField()),
                ("name", models.TextField(blank=True)),
                ("street", models.TextField(blank=True)),
                ("postcode", models.TextField(blank=True)),
                ("city", models.TextField(blank=True)),
                ("lat_microdeg", models.IntegerField(null=True)),
                ("lon_microdeg", models.IntegerField(null=True)),
                ("phone", models.TextField(blank=True)),
                ("languages", models.JSONField(default=list)),
                ("operators", models.JSONField(default=list)),
                ("sells", models.JSONField(default=list)),
                ("takes", models.JSONField(default=list)),
                ("hours", models.TextField(blank=True)),
                ("confirmed_on", models.DateField(null=True)),
                ("changed_at", models.DateTimeField(db_index=True)),
                ("changed_by", models.TextField()),
            ],
            options={"db_table": "place"},
        ),
        migrations.AddConstraint(
            model_name="place",
            constraint=models.UniqueConstraint(fields=("source", "ref"), name="place_once"),
        ),
    ]
