from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_STOCK = """
-- Codes bought from a vendor (opla.core.stock): one row per product and order. What came of it are its batches.
CREATE TABLE purchase (
    id            uuid PRIMARY KEY,
    number        int GENERATED ALWAYS AS IDENTITY UNIQUE,   -- what a person calls it
    vendor        text NOT NULL CHECK (vendor <> ''),
    sku           text NOT NULL,
    quantity      int NOT NULL CHECK (quantity > 0),
    cost_minor    bigint NOT NULL CHECK (cost_minor >= 0),   -- of one
    currency      text NOT NULL,
    state         text NOT NULL CHECK (state IN ('ordered', 'received', 'called_off')),
    damaged       int NOT NULL DEFAULT 0 CHECK (damaged >= 0),  -- came, and could not be put into stock
    invoice       text NOT NULL DEFAULT '',
    paid_minor    bigint NOT NULL DEFAULT 0 CHECK (paid_minor >= 0),
    made_at       timestamptz NOT NULL,
    made_by       text NOT NULL
);

-- Codes that came in one file. Those of no purchase were paid when they came.
CREATE TABLE batch (
    id            uuid PRIMARY KEY,
    number        int GENERATED ALWAYS AS IDENTITY UNIQUE,
    purchase_id   uuid REFERENCES purchase,
    file_name     text NOT NULL,
    state         text NOT NULL CHECK (state IN ('on_sale', 'blocked', 'written_off', 'sent_back')),
    why           text NOT NULL DEFAULT '',                  -- it was blocked
    made_at       timestamptz NOT NULL,
    made_by       text NOT NULL
);
CREATE INDEX batch_purchase ON batch (purchase_id) WHERE purchase_id IS NOT NULL;

-- What the owner wants of one product's codes: an alarm when fewer than `below` are for sale (null: none), and how many
-- days each is good for at least when it is sold.
CREATE TABLE stock_rule (
    sku           text PRIMARY KEY,
    below         int CHECK (below > 0),
    min_days      int NOT NULL DEFAULT 0 CHECK (min_days >= 0)
);

-- What suppliers really took for a face value of ours the last time (operations.routes.learn), in its currency: some
-- list a price before a commission that they do not explain.
CREATE TABLE supply_cost (
    supplier      text NOT NULL,
    sku           text NOT NULL,
    face_minor    bigint NOT NULL,
    currency      text NOT NULL,
    cost_minor    bigint NOT NULL CHECK (cost_minor >= 0),
    at            timestamptz NOT NULL,
    PRIMARY KEY (supplier, sku, face_minor, currency)
);
CREATE INDEX supply_cost_at ON supply_cost (at);

-- Whose number somebody typed, as a supplier told it (operations.look_up). Of the number only a keyed digest is kept.
CREATE TABLE number_look_up (
    digest        bytea PRIMARY KEY,
    sealed        bytea,                                     -- the number, until somebody was asked for it
    asked_at      timestamptz NOT NULL,
    claimed_until timestamptz,                               -- a worker asks
    told_at       timestamptz,
    operator      text NOT NULL DEFAULT '',                  -- of ours; empty: nobody knows
    supplier      text NOT NULL DEFAULT ''                   -- who said so
);
CREATE INDEX number_look_up_asked ON number_look_up (asked_at);

ALTER TABLE code DROP CONSTRAINT code_state_check;
ALTER TABLE code ADD CONSTRAINT code_state_check
    CHECK (state IN ('stock', 'claimed', 'sold', 'blocked', 'written_off', 'sent_back'));
ALTER TABLE code ADD COLUMN batch_id uuid REFERENCES batch;

-- Codes that came before there were batches: those of one moment came in one file.
SELECT set_config('opla.writes', 'function', true);
INSERT INTO batch (id, file_name, state, made_at, made_by)
SELECT coalesce((SELECT e.subject_id FROM event e WHERE e.subject = 'stock' AND e.name = 'stocked' AND e.at = c.made_at
                 ORDER BY e.id LIMIT 1), md5('batch ' || c.made_at)::uuid),
       '', 'on_sale', c.made_at,
       coalesce((SELECT e.actor FROM event e WHERE e.subject = 'stock' AND e.name = 'stocked' AND e.at = c.made_at
                 ORDER BY e.id LIMIT 1), 'system')
FROM (SELECT DISTINCT made_at FROM code WHERE supplier = 'code_stock') c
ORDER BY c.made_at;
UPDATE code SET batch_id = b.id FROM batch b WHERE b.made_at = code.made_at AND code.supplier = 'code_stock';
SELECT set_config('opla.writes', '', true);

CREATE INDEX code_batch ON code (batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX code_ends ON code (valid_until) WHERE state = 'stock';
-- What lies on the shelf beside what is for sale: few rows, whatever was sold.
CREATE INDEX code_lying ON code (sku) WHERE state IN ('claimed', 'blocked');
-- How fast a product goes: rows come in this order, so their days lie beside each other.
CREATE INDEX delivery_at ON delivery USING brin (at);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0093_texts")]
    operations = [migrations.RunSQL(_STOCK)]
