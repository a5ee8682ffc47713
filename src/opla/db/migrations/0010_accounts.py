from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0003_letter")]
    operations = [
        migrations.CreateModel(
            name="SecondStep",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=models.CASCADE, primary_key=True, serialize=False, to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("sealed", models.BinaryField()),
                ("made_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("step", models.BigIntegerField(default=0)),
            ],
            options={"db_table": "second_step"},
        ),
        migrations.CreateModel(
            name="SignInLink",
            fields=[
                ("hash", models.BinaryField(primary_key=True, serialize=False)),
                ("email", models.EmailField(max_length=254)),
                ("language", models.CharField(max_length=10)),
                ("back", models.TextField()),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
            options={"db_table": "sign_in_link"},
        ),
        migrations.CreateModel(
            name="Passkey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("credential_id", models.BinaryField(unique=True)),
                ("public", models.BinaryField()),
                ("name", models.TextField()),
                ("made_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("customer", models.ForeignKey(on_delete=models.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={"db_table": "passkey"},
        ),
        migrations.CreateModel(
            name="RecoveryCode",
            fields=[
                ("hash", models.BinaryField(primary_key=True, serialize=False)),
                ("customer", models.ForeignKey(on_delete=models.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={"db_table": "recovery_code"},
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                ("hash", models.BinaryField(primary_key=True, serialize=False)),
                ("data", models.TextField()),
                ("agent", models.TextField()),
                ("made_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("customer", models.ForeignKey(null=True, on_delete=models.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={"db_table": "session"},
        ),
    ]
