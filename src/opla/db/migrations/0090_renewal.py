from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_RENEWAL = """
-- The same top-up again, by itself (core.renewal). Whose it is, their number and its link are sealed; what was agreed
-- to stays when they ask to be forgotten, without them.
CREATE TABLE renewal (
    id              uuid PRIMARY KEY,
    first_order_id  uuid NOT NULL UNIQUE REFERENCES orders,  -- whose payment keeps consent
    link_hash       bytea NOT NULL UNIQUE,       -- SHA-256 of the 128-bit secret in its links
    email_hash      bytea NOT NULL,              -- keyed: finds the address again, and says nothing of it
    sealed          bytea,                       -- the address, the number and the secret; null: forgotten
    state           text NOT NULL CHECK (state IN ('waiting_consent', 'active', 'paused', 'ended')),
    version         int NOT NULL DEFAULT 0,      -- what was decided of an older one is dropped
    language        text NOT NULL,
    method          text NOT NULL,               -- the way of paying that keeps consent
    operator        text NOT NULL,
    sku             text NOT NULL,
    product_name    text NOT NULL,
    face_minor      bigint NOT NULL CHECK (face_minor > 0),
    plan            text NOT NULL,
    currency        text NOT NULL,
    cap_minor       bigint NOT NULL CHECK (cap_minor > 0),     -- the most that one charge takes
    month_cap_minor bigint CHECK (month_cap_minor >= cap_minor),  -- null: none
    rule            text NOT NULL,
    notice_days     int NOT NULL CHECK (notice_days > 0),
    terms           int NOT NULL,                -- the version of the words
    agreed          text NOT NULL,               -- the words as they were read, in their language
    refused         int NOT NULL DEFAULT 0,      -- periods in a row in which nothing could be charged
    look_at         timestamptz,                 -- when a worker looks next; null: when somebody does something
    made_at         timestamptz NOT NULL,        -- and agreed to
    began_at        timestamptz,
    ended_at        timestamptz
);
CREATE INDEX renewal_look ON renewal (look_at, id) WHERE look_at IS NOT NULL;
CREATE INDEX renewal_email ON renewal (email_hash);

-- One charge at the most in each: the order of a period is written once, and only while it is planned.
CREATE TABLE renewal_period (
    renewal_id      uuid NOT NULL REFERENCES renewal,
    key             date NOT NULL,
    phase           text NOT NULL,
    due_at          timestamptz NOT NULL,
    notice          text UNIQUE,                 -- the reference of its message in the outbox
    notice_made_at  timestamptz,
    notice_sent_at  timestamptz,
    order_id        uuid UNIQUE REFERENCES orders,
    payment_id      uuid UNIQUE REFERENCES payment,
    why             text NOT NULL DEFAULT '',
    made_at         timestamptz NOT NULL,
    closed_at       timestamptz,
    PRIMARY KEY (renewal_id, key),
    CHECK ((order_id IS NULL) = (payment_id IS NULL)),
    CHECK (order_id IS NULL OR notice_sent_at IS NOT NULL)
);
CREATE UNIQUE INDEX renewal_period_open ON renewal_period (renewal_id) WHERE closed_at IS NULL;

-- That somebody lets us charge them again, as the provider keeps it. Its id is a key to their money: sealed, and gone
-- once it is ended there.
CREATE TABLE mandate (
    id          uuid PRIMARY KEY,
    renewal_id  uuid NOT NULL REFERENCES renewal,
    spare       boolean NOT NULL,                -- kept with a second payment of the first order: ended at once
    provider    text NOT NULL,
    sealed      bytea,
    days        int NOT NULL CHECK (days >= 0),
    state       text NOT NULL CHECK (state IN ('kept', 'ending', 'ended')),
    payment_id  uuid NOT NULL REFERENCES payment, -- the one that it was kept with
    attempt_id  uuid NOT NULL UNIQUE REFERENCES attempt,
    made_at     timestamptz NOT NULL,
    due_at      timestamptz,                     -- when the provider is told (again) that it ends
    tries       int NOT NULL DEFAULT 0,
    ended_at    timestamptz,
    CHECK ((sealed IS NULL) = (state = 'ended'))
);
CREATE UNIQUE INDEX mandate_renewal ON mandate (renewal_id) WHERE NOT spare;
CREATE INDEX mandate_due ON mandate (due_at) WHERE due_at IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0088_supply")]
    operations: ClassVar[list[migrations.RunSQL]] = [
        migrations.RunSQL(_RENEWAL, "DROP TABLE mandate; DROP TABLE renewal_period; DROP TABLE renewal")
    ]
