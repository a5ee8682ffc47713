from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_OFFLINE = """
-- What a till may hold of codes for the hours without a line, in minor units of the drawer's currency. 0: nothing.
ALTER TABLE station ADD COLUMN offline_limit_minor bigint NOT NULL DEFAULT 0 CHECK (offline_limit_minor >= 0);

-- Keys that a tablet made for itself and cannot show (opla.core.offline): the public halves.
CREATE TABLE offline_key (
    id            uuid PRIMARY KEY,
    station_id    uuid NOT NULL REFERENCES station,
    clerk         text NOT NULL,                 -- whose PIN opens what was wrapped for it
    wrapping      bytea NOT NULL,                -- P-256, uncompressed (SEC 1, 2.3.3)
    signing       bytea NOT NULL,
    made_at       timestamptz NOT NULL
);
CREATE INDEX offline_key_station ON offline_key (station_id, made_at);

-- Codes that were given to a tablet: sold by it, or lost. None of them comes back.
CREATE TABLE offline_code (
    code_id         uuid PRIMARY KEY REFERENCES code,
    station_id      uuid NOT NULL REFERENCES station,
    state           text NOT NULL CHECK (state IN ('held', 'sold', 'lost')),
    face_minor      bigint NOT NULL CHECK (face_minor > 0),
    fee_minor       bigint NOT NULL CHECK (fee_minor >= 0),
    fee_vat_minor   bigint NOT NULL CHECK (fee_vat_minor >= 0),
    currency        text NOT NULL,
    catalog_version bigint NOT NULL,
    held_at         timestamptz NOT NULL,
    changed_at      timestamptz NOT NULL,
    order_id        uuid UNIQUE REFERENCES orders,   -- what it was booked as
    taken           boolean NOT NULL DEFAULT false,  -- and its money is in the drawer
    CHECK (state = 'sold' OR order_id IS NULL)
);
CREATE INDEX offline_code_held ON offline_code (station_id) WHERE state = 'held';
CREATE INDEX offline_code_unbooked ON offline_code (changed_at) WHERE state = 'sold' AND NOT taken;

-- What tablets said they sold, as it was signed. Evidence: never changed.
CREATE TABLE offline_sale (
    digest        text PRIMARY KEY,              -- SHA-256 of the text
    key_id        uuid NOT NULL REFERENCES offline_key,
    n             int NOT NULL,
    code_id       uuid NOT NULL,                 -- it may be of none of ours
    price_minor   bigint NOT NULL,
    at            timestamptz NOT NULL,          -- by the tablet's clock
    clerk         text NOT NULL,
    text          text NOT NULL,
    signature     bytea NOT NULL,
    result        text NOT NULL CHECK (result IN ('booked', 'twice', 'late', 'unknown', 'forked')),
    received_at   timestamptz NOT NULL
);
CREATE INDEX offline_sale_key ON offline_sale (key_id, n);
CREATE INDEX offline_sale_code ON offline_sale (code_id);
"""
_BACK = """
DROP TABLE offline_sale;
DROP TABLE offline_code;
DROP TABLE offline_key;
ALTER TABLE station DROP COLUMN offline_limit_minor;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0154_till")]
    operations: ClassVar[list[migrations.RunSQL]] = [migrations.RunSQL(_OFFLINE, _BACK)]
