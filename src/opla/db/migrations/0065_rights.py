from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_CONSENT = """
-- That somebody asked for delivery at once, knowing that the right to step back ends with it: in the words they read.
CREATE TABLE consent (
    quote_id uuid PRIMARY KEY REFERENCES quote,
    at       timestamptz NOT NULL,
    said     text NOT NULL,
    language text NOT NULL
);

-- That a consumer withdrew: an order has at most one, and the first counts.
CREATE TABLE stepped_back (
    order_id uuid PRIMARY KEY REFERENCES orders,
    at       timestamptz NOT NULL,
    name     text NOT NULL,
    actor    text NOT NULL
);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0060_push")]
    operations = [migrations.RunSQL(_CONSENT)]
