"""Where resellers' programs want to be told, what they are told, and every try at it."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

_TABLES = """
-- What there is to tell, once, however many want it. Kept for thirty days (core.webhook.KEPT), delivered or not.
CREATE TABLE webhook_message (
    reference    text PRIMARY KEY,               -- what stands in webhook-id, the same on every try
    reseller_id  varchar(40) NOT NULL REFERENCES reseller,
    sandbox      boolean NOT NULL,
    type         text NOT NULL,
    data         jsonb NOT NULL,                 -- as it was then: what is posted later says the same
    made_at      timestamptz NOT NULL
);
CREATE INDEX webhook_message_of ON webhook_message (reseller_id, made_at, reference);
CREATE INDEX webhook_message_made ON webhook_message (made_at);

-- One message for one endpoint. Done: it was taken; due: it waits; neither: given up.
CREATE TABLE webhook_delivery (
    reference    text NOT NULL REFERENCES webhook_message ON DELETE CASCADE,
    endpoint_id  uuid NOT NULL REFERENCES webhook_endpoint ON DELETE CASCADE,
    due_at       timestamptz,
    tries        int NOT NULL DEFAULT 0,
    lease_until  timestamptz,                    -- somebody posts it now
    done_at      timestamptz,
    PRIMARY KEY (reference, endpoint_id)
) WITH (fillfactor = 70);
CREATE INDEX webhook_delivery_due ON webhook_delivery (endpoint_id, due_at, reference) WHERE due_at IS NOT NULL;
CREATE INDEX webhook_delivery_leased ON webhook_delivery (endpoint_id) WHERE lease_until IS NOT NULL;

-- One try: what was answered, or why nothing was.
CREATE TABLE webhook_try (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reference    text NOT NULL,
    endpoint_id  uuid NOT NULL,
    at           timestamptz NOT NULL,
    status       int NOT NULL,                   -- 0: nobody answered
    why          text NOT NULL,
    said         text NOT NULL,                  -- the beginning of what was answered
    FOREIGN KEY (reference, endpoint_id) REFERENCES webhook_delivery ON DELETE CASCADE
);
CREATE INDEX webhook_try_of ON webhook_try (reference, endpoint_id);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0121_played")]
    operations: ClassVar[list[migrations.operations.base.Operation]] = [
        migrations.CreateModel(
            "WebhookEndpoint",
            [
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("sandbox", models.BooleanField(default=False)),
                ("url", models.TextField()),
                ("events", ArrayField(models.TextField(), default=list)),
                ("secret_sealed", models.BinaryField()),
                ("old_secret_sealed", models.BinaryField(null=True)),
                ("old_until", models.DateTimeField(null=True)),
                ("made_at", models.DateTimeField()),
                ("failing_since", models.DateTimeField(null=True)),
                ("failed_at", models.DateTimeField(null=True)),
                ("gone_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_why", models.TextField(default="")),
                ("reseller", models.ForeignKey("opla_db.reseller", on_delete=models.PROTECT)),
            ],
            options={"db_table": "webhook_endpoint"},
        ),
        migrations.RunSQL(_TABLES, "DROP TABLE webhook_try; DROP TABLE webhook_delivery; DROP TABLE webhook_message"),
    ]
