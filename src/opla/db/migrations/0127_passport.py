from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_PASSPORT = """
-- What a reseller says of one place where it sells, and what became of that (opla.core.passport). What was said never
-- changes: another name, or another place, is another passport.
CREATE TABLE passport (
    id                uuid PRIMARY KEY,
    number            text NOT NULL UNIQUE,            -- what a customer types
    reseller_id       varchar(40) NOT NULL REFERENCES reseller,
    name              text NOT NULL,                   -- what customers know
    legal_name        text NOT NULL,
    country           text NOT NULL,
    registration_kind text NOT NULL CHECK (registration_kind IN ('be', 'cn', 'other')),
    registration      text NOT NULL,
    place_kind        text NOT NULL CHECK (place_kind IN ('shop', 'site', 'street')),
    place             text NOT NULL,
    state             text NOT NULL CHECK (state IN ('applied', 'refused', 'approved', 'due_review', 'suspended',
                                                     'withdrawn', 'expired')),
    applied_at        timestamptz NOT NULL,
    applied_by        text NOT NULL,                   -- who is written to
    language          text NOT NULL,
    until             timestamptz,                     -- of the newest proof; null: it never was approved
    reason            text NOT NULL DEFAULT ''         -- the last that was given, to be read by the seller
);
CREATE UNIQUE INDEX passport_once ON passport (reseller_id, place_kind, place)
    WHERE state IN ('applied', 'approved', 'due_review', 'suspended');
CREATE INDEX passport_living ON passport (until) WHERE state IN ('approved', 'due_review', 'suspended');

-- Every proof that was ever signed.
CREATE TABLE passport_proof (
    passport_id       uuid NOT NULL REFERENCES passport,
    issued_at         timestamptz NOT NULL,
    kid               text NOT NULL,
    until             timestamptz NOT NULL,
    jws               text NOT NULL,
    PRIMARY KEY (passport_id, issued_at)
);

-- What people report of sellers, sealed; with a picture, where they gave one.
CREATE TABLE passport_report (
    id                uuid PRIMARY KEY,
    passport_id       uuid REFERENCES passport,        -- null: about somebody who is not ours
    sealed            bytea NOT NULL,
    picture           bytea,                           -- sealed
    made_at           timestamptz NOT NULL
);
CREATE INDEX passport_report_made ON passport_report (made_at);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0124_webhook")]
    operations = [migrations.RunSQL(_PASSPORT)]
