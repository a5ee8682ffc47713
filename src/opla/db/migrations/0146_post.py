from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_POST = """
-- Order slips of ours, one row each for ever (opla.core.slip). The number is the communication and the barcode.
CREATE TABLE slip (
    number        text PRIMARY KEY CHECK (number ~ '^[0-9]{12}$'),
    operator      text NOT NULL,
    language      text NOT NULL,                 -- of whom it is for
    offers        jsonb NOT NULL,                -- what can be ticked, as it is printed
    state         text NOT NULL CHECK (state IN ('out', 'ordered', 'sent_back')),
    why           text NOT NULL DEFAULT '',      -- it was sent back
    by_text       boolean NOT NULL DEFAULT false, -- the result is wanted by SMS, on the number topped up
    sealed        bytea,                         -- name and address; null: printed for nobody, or forgotten
    order_id      uuid UNIQUE REFERENCES orders,
    told          text NOT NULL DEFAULT '',      -- the last state of its order that somebody was told of
    made_at       timestamptz NOT NULL,
    since         timestamptz NOT NULL,
    CHECK ((state = 'ordered') = (order_id IS NOT NULL))
);
CREATE INDEX slip_to_tell ON slip (order_id) WHERE state = 'ordered' AND sealed IS NOT NULL;
CREATE INDEX slip_forget ON slip (since) WHERE sealed IS NOT NULL;

-- Letters on paper (opla.core.letter), each to whoever its slip is of. `letter` holds e-mails.
CREATE TABLE letter_out (
    id            uuid PRIMARY KEY,
    slip          text NOT NULL REFERENCES slip,
    topic         text NOT NULL CHECK (topic IN ('slip', 'code', 'delivered', 'refunded', 'expired', 'sent_back')),
    state         text NOT NULL CHECK (state IN ('to_print', 'printed', 'posted', 'returned', 'lost', 'ended')),
    prints        int NOT NULL DEFAULT 0,
    made_at       timestamptz NOT NULL,
    since         timestamptz NOT NULL,
    UNIQUE (slip, topic)
);
CREATE INDEX letter_out_open ON letter_out (state, since) WHERE state <> 'ended';
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0144_voucher")]
    operations: ClassVar[list[migrations.RunSQL]] = [migrations.RunSQL(_POST, "DROP TABLE letter_out; DROP TABLE slip")]
