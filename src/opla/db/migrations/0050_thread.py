from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_THREAD = """
-- What a customer and the shop write to each other: about an order, or before buying. Every word is sealed.
CREATE TABLE thread (
    id            uuid PRIMARY KEY,
    order_id      uuid UNIQUE REFERENCES orders,   -- null: a question before buying
    link_hash     bytea UNIQUE,                    -- SHA-256 of the secret in a question's link; an order has its own
    email_hash    bytea NOT NULL,                  -- keyed: finds the address again, and says nothing of it
    sealed        bytea NOT NULL,                  -- what it is about: a question's address and link, what was tried
    language      text NOT NULL,
    state         text NOT NULL CHECK (state IN ('unconfirmed', 'waiting', 'answered', 'closed')),
    made_at       timestamptz NOT NULL,
    waiting_since timestamptz,                     -- since when the shop's word is next
    CHECK ((order_id IS NULL) <> (link_hash IS NULL)),
    CHECK ((state = 'waiting') = (waiting_since IS NOT NULL))
);
CREATE INDEX thread_waiting ON thread (waiting_since) WHERE waiting_since IS NOT NULL;
CREATE INDEX thread_unconfirmed ON thread (made_at) WHERE state = 'unconfirmed';
CREATE INDEX thread_email ON thread (email_hash);

CREATE TABLE thread_message (
    id        uuid PRIMARY KEY,
    thread_id uuid NOT NULL REFERENCES thread ON DELETE CASCADE,
    n         int NOT NULL,                        -- its place in the thread, from 1
    side      text NOT NULL CHECK (side IN ('customer', 'shop')),
    actor     text NOT NULL,
    sealed    bytea NOT NULL,
    at        timestamptz NOT NULL,
    UNIQUE (thread_id, n)
);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0040_after_delivery")]
    operations = [migrations.RunSQL(_THREAD)]
