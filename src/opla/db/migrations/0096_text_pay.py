from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_TEXT_PAY = """
-- That whoever has the SIM of a renewal may pay by text with its consent. No row: nobody may. `who` is the number's
-- keyed digest, as in text_stop.
CREATE TABLE renewal_by_text (
    renewal_id  uuid PRIMARY KEY REFERENCES renewal,
    who         bytea NOT NULL,
    said        text NOT NULL,                   -- the words as they were read, in their language
    at          timestamptz NOT NULL
);
CREATE INDEX renewal_by_text_who ON renewal_by_text (who);

-- What was offered to be paid so, by a word that went to that number alone; and the one order that came of it.
CREATE TABLE text_pay (
    id          uuid PRIMARY KEY,
    ask         uuid NOT NULL UNIQUE,            -- what was asked for by text (text_ask)
    renewal_id  uuid NOT NULL REFERENCES renewal,
    who         bytea NOT NULL,
    word_hash   bytea NOT NULL,                  -- keyed
    tries       int NOT NULL DEFAULT 0,          -- wrong words since
    made_at     timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    day         date,                            -- of the charge, where the shop is; null: it was not used
    order_id    uuid UNIQUE REFERENCES orders,
    payment_id  uuid UNIQUE REFERENCES payment,
    closed_at   timestamptz,                     -- it was paid, or its SIM told that it does not come
    CHECK ((order_id IS NULL) = (payment_id IS NULL) AND (order_id IS NULL) = (day IS NULL))
);
CREATE INDEX text_pay_who ON text_pay (who, ends_at);
CREATE UNIQUE INDEX text_pay_day ON text_pay (renewal_id, day) WHERE day IS NOT NULL;
CREATE INDEX text_pay_open ON text_pay (id) WHERE order_id IS NOT NULL AND closed_at IS NULL;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0095_transfer_file")]
    operations: ClassVar[list[migrations.RunSQL]] = [
        migrations.RunSQL(_TEXT_PAY, "DROP TABLE text_pay; DROP TABLE renewal_by_text")
    ]
