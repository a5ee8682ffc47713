from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_VOUCHER = """
-- Vouchers that were printed together: one product, one price, one language, one last day (opla.core.voucher).
CREATE TABLE voucher_batch (
    id              uuid PRIMARY KEY,
    number          int NOT NULL UNIQUE CHECK (number > 0),    -- the beginning of its serials
    sku             text NOT NULL,
    operator        text NOT NULL,
    product_name    text NOT NULL,
    face_minor      bigint NOT NULL CHECK (face_minor > 0),
    fee_minor       bigint NOT NULL CHECK (fee_minor >= 0),
    fee_vat_minor   bigint NOT NULL CHECK (fee_vat_minor >= 0),
    currency        text NOT NULL,
    language        text NOT NULL,
    until           date NOT NULL,               -- the last day, as it is printed
    made_at         timestamptz NOT NULL,
    made_by         text NOT NULL
);
CREATE SEQUENCE voucher_batch_number AS int OWNED BY voucher_batch.number;

-- Whoever reads this table knows no code.
CREATE TABLE voucher (
    id         uuid PRIMARY KEY,
    serial     text NOT NULL UNIQUE CHECK (serial ~ '^[0-9]{14}$'),
    batch_id   uuid NOT NULL REFERENCES voucher_batch,
    hash       bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),  -- of its code, keyed
    state      text NOT NULL CHECK (state IN ('printed', 'in_transit', 'in_stock', 'lost', 'returned', 'active',
                                              'blocked', 'redeemed', 'refunded')),
    place_id   bigint,                           -- where it lies, is sent to, was lost or sold (place); null: with us
    expires_at timestamptz NOT NULL,
    since      timestamptz NOT NULL              -- of its state
);
CREATE INDEX voucher_batch_of ON voucher (batch_id, serial);

-- Which line of a drawer paid for a voucher, or gave that money back.
CREATE TABLE voucher_line (
    line       uuid PRIMARY KEY REFERENCES drawer_line,
    voucher_id uuid NOT NULL REFERENCES voucher
);
CREATE INDEX voucher_line_of ON voucher_line (voucher_id);

-- What a voucher paid for, by the reference of the charge; and by which refund it was good again. One at a time.
CREATE TABLE voucher_use (
    attempt    text PRIMARY KEY REFERENCES attempt (reference),
    voucher_id uuid NOT NULL REFERENCES voucher,
    minor      bigint NOT NULL CHECK (minor > 0),
    currency   text NOT NULL,
    at         timestamptz NOT NULL,
    back_by    text UNIQUE REFERENCES attempt (reference),
    back_at    timestamptz,
    CHECK ((back_by IS NULL) = (back_at IS NULL))
);
CREATE UNIQUE INDEX voucher_use_open ON voucher_use (voucher_id) WHERE back_at IS NULL;
CREATE INDEX voucher_use_of ON voucher_use (voucher_id);

ALTER TABLE drawer_line DROP CONSTRAINT drawer_line_kind_check,
    ADD CONSTRAINT drawer_line_kind_check CHECK (kind IN ('taken', 'voided', 'paid_out', 'paid_in', 'put_in', 'dropped',
                                                          'counted', 'voucher_sold', 'voucher_back'));
"""
_BACK = """
DROP TABLE voucher_use;
DROP TABLE voucher_line;
DROP TABLE voucher;
DROP TABLE voucher_batch;
ALTER TABLE drawer_line DROP CONSTRAINT drawer_line_kind_check,
    ADD CONSTRAINT drawer_line_kind_check CHECK (kind IN ('taken', 'voided', 'paid_out', 'paid_in', 'put_in', 'dropped',
                                                          'counted'));
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0142_print_job")]
    operations: ClassVar[list[migrations.RunSQL]] = [migrations.RunSQL(_VOUCHER, _BACK)]
