from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_TEXTS = """
-- Who is told of an order by text too, asked for beside its price. `sealed` is the number, about `who`, which is its
-- keyed digest as in text_stop. `with_code`: a text from that very number asked for it, so the code goes there.
CREATE TABLE text_wish (
    quote_id   uuid PRIMARY KEY REFERENCES quote,
    who        bytea NOT NULL,
    sealed     bytea NOT NULL,
    with_code  boolean NOT NULL,
    ask        uuid,                             -- what was asked for by text (text_ask), where that is why
    at         timestamptz NOT NULL
);
CREATE INDEX text_wish_ask ON text_wish (ask) WHERE ask IS NOT NULL;
CREATE INDEX text_wish_who ON text_wish (who) WHERE with_code;
-- Whose number this is, as far as we know: the operator of its last top-up.
CREATE INDEX orders_number ON orders (number, placed_at) WHERE number <> '' AND reseller = '';

-- Texts of ours. One about an order is beside the outbox's message of the same reference and its words are made when it
-- leaves; any other is sealed about its reference, whom it goes to included, until it has left.
CREATE TABLE text_out (
    reference    text PRIMARY KEY,
    topic        text NOT NULL,
    order_id     uuid REFERENCES orders,
    who          bytea NOT NULL,
    sealed       bytea,
    made_at      timestamptz NOT NULL,
    due_at       timestamptz,                    -- null: it has left, or never will
    tries        int NOT NULL DEFAULT 0,
    lease_until  timestamptz,
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN
                 ('waiting', 'sending', 'sent', 'refused', 'unknown', 'stopped', 'too_many', 'over', 'not_sent')),
    parts        int NOT NULL DEFAULT 0,         -- what it was paid for
    arrived      text NOT NULL DEFAULT '',       -- what its receipts say, in a word of SMPP 3.4; empty: nothing yet
    CHECK (order_id IS NOT NULL OR sealed IS NOT NULL OR due_at IS NULL)
);
CREATE INDEX text_out_due ON text_out (due_at, reference) WHERE due_at IS NOT NULL;
CREATE INDEX text_out_order ON text_out (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX text_out_made ON text_out (made_at);

-- What the message centre calls the parts of a text, and what it said of an id. Neither waits for the other.
CREATE TABLE text_part (
    their_id   text PRIMARY KEY,
    reference  text NOT NULL REFERENCES text_out ON DELETE CASCADE,
    at         timestamptz NOT NULL
);
CREATE INDEX text_part_reference ON text_part (reference);
CREATE TABLE text_receipt (
    their_id   text PRIMARY KEY,
    state      text NOT NULL,
    at         timestamptz NOT NULL
);

-- Parts that were paid for, by day.
CREATE TABLE text_spent (
    day        date PRIMARY KEY,
    parts      int NOT NULL
);

-- Parts of a long text to us, until it is whole or an hour is over. `sealed` about `who`.
CREATE TABLE text_piece (
    who        bytea NOT NULL,
    reference  int NOT NULL,
    parts      int NOT NULL,
    part       int NOT NULL,
    sealed     bytea NOT NULL,
    at         timestamptz NOT NULL,
    PRIMARY KEY (who, reference, parts, part)
);
CREATE INDEX text_piece_at ON text_piece (at);

-- A top-up that somebody without data asked for by text, to be paid by whoever has its link. `sealed` about the id: the
-- number and the link.
CREATE TABLE text_ask (
    id           uuid PRIMARY KEY,
    who          bytea NOT NULL,
    link_hash    bytea NOT NULL UNIQUE,
    sealed       bytea NOT NULL,
    sku          text NOT NULL,
    face_minor   bigint NOT NULL,
    total_minor  bigint NOT NULL,                -- what was offered: nobody pays more by this link
    language     text NOT NULL,
    shown        boolean NOT NULL DEFAULT false, -- the asker's whole number is shown to whoever pays
    told_dearer  boolean NOT NULL DEFAULT false, -- the asker was told that it costs more now
    made_at      timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL
);
CREATE INDEX text_ask_who ON text_ask (who, made_at);

-- Addresses whose mail came back for good, under a keyed digest: not written to until then.
CREATE TABLE mail_back (
    who        bytea PRIMARY KEY,
    why        text NOT NULL,
    at         timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL
);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0092_payout")]
    operations = [migrations.RunSQL(_TEXTS)]
