from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from django.db import migrations, models

SQL = Path(__file__).resolve().parents[1] / "sql"


class Migration(migrations.Migration):
    initial = True
    dependencies: ClassVar[list[tuple[str, str]]] = []
    operations = [
        migrations.RunSQL((SQL / "tables.sql").read_text()),
        migrations.CreateModel(
            name="CatalogVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("made_at", models.DateTimeField()),
                ("made_by", models.TextField()),
                (
                    "state",
                    models.TextField(choices=[("proposed", "Proposed"), ("active", "Active"), ("retired", "Retired")]),
                ),
                ("note", models.TextField(blank=True)),
                ("document", models.JSONField()),
            ],
            options={"db_table": "catalog_version"},
        ),
        migrations.CreateModel(
            name="PromotionsVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("made_at", models.DateTimeField()),
                ("made_by", models.TextField()),
                ("active", models.BooleanField()),
                ("note", models.TextField(blank=True)),
                ("document", models.JSONField()),
            ],
            options={"db_table": "promotions_version"},
        ),
        migrations.CreateModel(
            name="Reseller",
            fields=[
                ("id", models.SlugField(max_length=40, primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("email", models.EmailField(max_length=254)),
                ("made_at", models.DateTimeField()),
                ("active", models.BooleanField(default=True)),
            ],
            options={"db_table": "reseller"},
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hash", models.BinaryField(unique=True)),
                ("made_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
                ("reseller", models.ForeignKey(on_delete=models.deletion.PROTECT, to="opla_db.reseller")),
            ],
            options={"db_table": "api_key"},
        ),
        migrations.CreateModel(
            name="OwnerLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hash", models.BinaryField(unique=True)),
                ("role", models.TextField()),
                ("name", models.TextField()),
                ("expires_at", models.DateTimeField()),
            ],
            options={"db_table": "owner_link"},
        ),
        migrations.AddConstraint(
            model_name="promotionsversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("active", True)), fields=("active",), name="promotions_version_one_active"
            ),
        ),
        migrations.AddConstraint(
            model_name="catalogversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "active")), fields=("state",), name="catalog_version_one_active"
            ),
        ),
    ]
