from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_PLAYED = """
-- Orders of sandbox keys: played by core.api_sandbox, apart from orders, so that nothing real ever meets them. Deleted
-- after a week.
CREATE TABLE played_order (
    id            uuid PRIMARY KEY,
    reseller      varchar(40) NOT NULL REFERENCES reseller,
    key           text NOT NULL,
    fields        bytea NOT NULL,                -- as idempotency.fields
    ticket        text NOT NULL,
    sku           text NOT NULL,
    operator      text NOT NULL,
    product_name  text NOT NULL,
    kind          text NOT NULL,
    face_minor    bigint NOT NULL,
    fee_minor     bigint NOT NULL,
    fee_vat_minor bigint NOT NULL,
    currency      text NOT NULL,
    number        text NOT NULL,
    plan          text NOT NULL,
    language      text NOT NULL,
    placed_at     timestamptz NOT NULL,
    seen_at       timestamptz,                   -- somebody has looked at its code
    refund_id     uuid,
    given_back_at timestamptz,                   -- it was given back unseen
    UNIQUE (reseller, key),
    CHECK ((refund_id IS NULL) = (given_back_at IS NULL)),
    CHECK (seen_at IS NULL OR given_back_at IS NULL)
);
CREATE INDEX played_order_newest ON played_order (reseller, id);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0120_reselling")]
    operations = [migrations.RunSQL(_PLAYED, "DROP TABLE played_order")]
