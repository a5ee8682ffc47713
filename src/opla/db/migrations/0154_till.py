from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_TILL = """
-- What a clerk sold at a till: whose payment it was. Its id is the key of the press, and of the drawer's line.
CREATE TABLE counter_sale (
    id         uuid PRIMARY KEY,
    station_id uuid NOT NULL REFERENCES station,
    n          int NOT NULL,                     -- of this station: none is left out
    shift_id   uuid NOT NULL REFERENCES shift,
    clerk_id   uuid NOT NULL REFERENCES clerk,
    payment_id uuid NOT NULL UNIQUE REFERENCES payment,
    method     text NOT NULL CHECK (method IN ('cash', 'card')),
    at         timestamptz NOT NULL,
    UNIQUE (station_id, n)
);
CREATE INDEX counter_sale_shift ON counter_sale (shift_id, n);

-- A price that somebody takes to a counter: the digits that find it there. They pay for nothing.
CREATE TABLE counter_quote (
    code       text PRIMARY KEY,
    quote_id   uuid NOT NULL UNIQUE REFERENCES quote,
    until      timestamptz NOT NULL              -- exclusive
);
"""
_BACK = "DROP TABLE counter_quote; DROP TABLE counter_sale;"


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0153_mend")]
    operations: ClassVar[list[migrations.RunSQL]] = [migrations.RunSQL(_TILL, _BACK)]
