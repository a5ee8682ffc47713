from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_SUPPLY = """
-- What each supplier lists, as it said so last: theirs, in their words. What has left their list keeps its row.
CREATE TABLE listed (
    supplier      text NOT NULL,
    their_sku     text NOT NULL,
    country       text NOT NULL,
    name          text NOT NULL,
    operator      text NOT NULL,
    kind          text NOT NULL,
    currency      text NOT NULL,
    min_minor     bigint NOT NULL CHECK (min_minor > 0),
    max_minor     bigint NOT NULL CHECK (max_minor >= min_minor),
    cost_minor    bigint CHECK (cost_minor >= 0),  -- of the smallest face value; null: they do not say
    cost_currency text NOT NULL,
    first_at      timestamptz NOT NULL,
    told_at       timestamptz NOT NULL,            -- since when it is listed as it is now
    gone_at       timestamptz,
    PRIMARY KEY (supplier, their_sku)
);

-- Which of theirs is which of ours (opla.core.supply), with what was known when a person approved it: what they list
-- since then is news until a person says so.
CREATE TABLE supply (
    id            uuid PRIMARY KEY,
    supplier      text NOT NULL,
    sku           text NOT NULL,
    their_sku     text NOT NULL,
    state         text NOT NULL CHECK (state IN ('proposed', 'approved', 'refused', 'gone')),
    currency      text NOT NULL,
    min_minor     bigint NOT NULL,
    max_minor     bigint NOT NULL,
    cost_minor    bigint,
    cost_currency text NOT NULL,
    seen          text NOT NULL,                   -- what they listed when a person decided last (opla_told)
    made_at       timestamptz NOT NULL,
    decided_at    timestamptz,
    decided_by    text NOT NULL DEFAULT '',
    UNIQUE (supplier, sku, their_sku),
    FOREIGN KEY (supplier, their_sku) REFERENCES listed
);
-- A send names one of theirs: of two, nobody could say which.
CREATE UNIQUE INDEX supply_one ON supply (supplier, sku) WHERE state = 'approved';
CREATE INDEX supply_theirs ON supply (supplier, their_sku);

-- What is known of each supplier whatever the order: whether it answers, how much of our money lies there.
CREATE TABLE supplier_state (
    supplier       text PRIMARY KEY,
    failures       int NOT NULL DEFAULT 0,         -- sends in a row that got no answer
    openings       int NOT NULL DEFAULT 0,         -- how often in a row its circuit was opened
    open_until     timestamptz,                    -- null: closed
    try_until      timestamptz,                    -- one send is trying it; others wait for its answer
    float_minor    bigint,
    float_currency text NOT NULL DEFAULT '',
    float_at       timestamptz,                    -- when they said so
    float_due_at   timestamptz,                    -- when they are asked next
    short_at       timestamptz,                    -- when they last refused for want of it
    waits_at       timestamptz,                    -- when an order last waited for it
    below_minor    bigint,                         -- the owner wants to know when it is less
    below_currency text NOT NULL DEFAULT '',
    sync_due_at    timestamptz,
    synced_at      timestamptz,
    synced         text NOT NULL DEFAULT ''        -- what came of the last list: done, unreadable, too_short
);

-- By what list an attempt was given to its supplier, and what it is called there: kept before the send, never reckoned
-- again. Sends without a choice have none.
CREATE TABLE attempt_route (
    attempt_id    uuid PRIMARY KEY REFERENCES attempt,
    at            timestamptz NOT NULL,
    their_sku     text NOT NULL,                   -- empty: ours
    considered    jsonb NOT NULL
);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0087_text_stop")]
    operations = [migrations.RunSQL(_SUPPLY)]
