from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_CARD = """
-- SIM cards of ours, one row each for ever (opla.core.card). An ICCID is printed on the card: no secret.
CREATE TABLE card (
    id           uuid PRIMARY KEY,
    iccid        text NOT NULL UNIQUE CHECK (iccid ~ '^89[0-9]{16,18}$'),
    sku          text NOT NULL,
    state        text NOT NULL CHECK (state IN ('in_stock', 'reserved', 'packed', 'ready', 'sent', 'collected', 'lost',
                                                'exchanged', 'written_off')),
    cost_minor   bigint NOT NULL CHECK (cost_minor >= 0),
    currency     text NOT NULL,
    order_id     uuid REFERENCES orders,           -- whose it is, or was last
    tracking     text NOT NULL DEFAULT '',
    made_at      timestamptz NOT NULL,
    since        timestamptz NOT NULL,             -- since when it is in this state
    CHECK (state <> 'in_stock' OR order_id IS NULL)
);
CREATE INDEX card_for_sale ON card (sku, id) WHERE state = 'in_stock';
CREATE INDEX card_order ON card (order_id) WHERE order_id IS NOT NULL;
-- Never two: a second card of an order comes only after the first one's own arrow.
CREATE UNIQUE INDEX card_one_per_order ON card (order_id)
    WHERE state IN ('reserved', 'packed', 'ready', 'sent', 'collected');

-- Where the card of an order goes: to a postal address, or to a place of ours.
CREATE TABLE card_to (
    order_id     uuid PRIMARY KEY REFERENCES orders,
    place        text NOT NULL,                    -- of ours, as it was called then; empty: by post
    sealed       bytea,                            -- name and address; null: by no post, or forgotten
    made_at      timestamptz NOT NULL
);
CREATE INDEX card_to_forget ON card_to (made_at) WHERE sealed IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0072_device_said")]
    operations = [migrations.RunSQL(_CARD)]
