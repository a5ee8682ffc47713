from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_CARD_TRY = """
-- Payments that visitors asked for, by what they have in common, under keyed digests: for a day, against card testing.
CREATE TABLE card_try (
    payment_id   uuid NOT NULL,                  -- no reference: it is counted before it is made
    what         text NOT NULL,                  -- a word of opla.core.card_testing.Source
    who          bytea NOT NULL,
    at           timestamptz NOT NULL,
    amount_minor bigint NOT NULL,
    PRIMARY KEY (payment_id, what, who)
);
CREATE INDEX card_try_who ON card_try (what, who, at);
CREATE INDEX card_try_at ON card_try (at);
CREATE INDEX item_card_testing ON item (subject) WHERE kind = 'card_testing';
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0074_card")]
    operations = [migrations.RunSQL(_CARD_TRY)]
