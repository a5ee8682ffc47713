"""Browsers that asked to be told of one order or one reminder, and the short messages that wait to be sent to them."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_TABLES = """
-- Where a browser takes messages, and its keys: sealed, because whoever has them can write to it.
CREATE TABLE push_subscription (
    id            uuid PRIMARY KEY,
    order_id      uuid REFERENCES orders,
    reminder_id   uuid REFERENCES reminder ON DELETE CASCADE,
    endpoint_hash bytea NOT NULL,                -- a keyed digest: of one browser, whatever it asked for
    sealed        bytea NOT NULL,
    made_at       timestamptz NOT NULL,
    CHECK ((order_id IS NULL) <> (reminder_id IS NULL))
);
CREATE UNIQUE INDEX push_subscription_order ON push_subscription (order_id, endpoint_hash) WHERE order_id IS NOT NULL;
CREATE UNIQUE INDEX push_subscription_reminder ON push_subscription (reminder_id, endpoint_hash)
    WHERE reminder_id IS NOT NULL;
CREATE INDEX push_subscription_endpoint ON push_subscription (endpoint_hash);
CREATE INDEX push_subscription_made ON push_subscription (made_at);

-- One message of the outbox for one browser: made beside it, sent by itself, and deleted when that is done or given up.
CREATE TABLE push_message (
    reference       text NOT NULL,
    subscription_id uuid NOT NULL REFERENCES push_subscription ON DELETE CASCADE,
    topic           text NOT NULL,
    made_at         timestamptz NOT NULL,
    due_at          timestamptz NOT NULL,
    tries           int NOT NULL DEFAULT 0,
    lease_until     timestamptz,
    PRIMARY KEY (reference, subscription_id)
);
CREATE INDEX push_message_due ON push_message (due_at);
CREATE INDEX push_message_subscription ON push_message (subscription_id);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0050_thread")]
    operations: ClassVar[list[migrations.RunSQL]] = [
        migrations.RunSQL(_TABLES, "DROP TABLE push_message; DROP TABLE push_subscription")
    ]
