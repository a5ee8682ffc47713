from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_PARTNER = """
-- Partner shops (opla.core.partner), what was agreed with each, and the places that are theirs.
CREATE TABLE partner (
    name          text PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$'),
    title         text NOT NULL,
    enterprise    text NOT NULL,
    permille      int NOT NULL CHECK (permille BETWEEN 0 AND 300),
    email         text NOT NULL,
    language      text NOT NULL,
    agreed_on     date NOT NULL,
    ends_on       date CHECK (ends_on > agreed_on),
    paper         text NOT NULL,
    changed_at    timestamptz NOT NULL,
    changed_by    text NOT NULL
);
CREATE TABLE partner_place (
    place_id      bigint PRIMARY KEY,            -- of one partner at a time
    partner       text NOT NULL REFERENCES partner
);

-- Each day of each partner, closed once: what was taken and given back at its places, and what it is owed for that.
CREATE TABLE partner_day (
    partner          text NOT NULL REFERENCES partner,
    day              date NOT NULL,
    currency         text NOT NULL,
    cash_minor       bigint NOT NULL,
    card_minor       bigint NOT NULL,
    back_minor       bigint NOT NULL,
    permille         int NOT NULL,
    commission_minor bigint NOT NULL,
    closed_at        timestamptz NOT NULL,
    PRIMARY KEY (partner, day)
);

-- What was paid to a partner from the bank, each once.
CREATE TABLE partner_paid (
    id            uuid PRIMARY KEY,              -- the caller's key
    partner       text NOT NULL REFERENCES partner,
    amount_minor  bigint NOT NULL CHECK (amount_minor > 0),
    currency      text NOT NULL,
    why           text NOT NULL,
    at            timestamptz NOT NULL,
    actor         text NOT NULL
);
"""
_BACK = "DROP TABLE partner_paid, partner_day, partner_place, partner"


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0159_bulk")]
    operations: ClassVar[list[migrations.RunSQL]] = [migrations.RunSQL(_PARTNER, _BACK)]
