from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="Customer",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("id", models.UUIDField(default=uuid4, editable=False, primary_key=True, serialize=False)),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("language", models.CharField(max_length=10)),
                ("made_at", models.DateTimeField()),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={"db_table": "customer"},
        ),
    ]
