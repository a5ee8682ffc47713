from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_PAYOUT = """
-- What payment providers paid out to our bank account (opla.core.payout), each once.
CREATE TABLE payout (
    id            uuid PRIMARY KEY,
    provider      text NOT NULL,                   -- the adapter: all its ways of paying are paid out together
    their_id      text NOT NULL,
    state         text NOT NULL CHECK (state IN ('sent', 'arrived', 'failed')),
    amount_minor  bigint NOT NULL,                 -- below nothing: taken from our bank account
    currency      text NOT NULL,
    paid_on       date NOT NULL,
    reference     text NOT NULL,                   -- as our bank shows it; empty: they do not say
    made_at       timestamptz NOT NULL,
    bank_line_id  uuid UNIQUE REFERENCES bank_line,
    UNIQUE (provider, their_id),
    CHECK ((state = 'arrived') = (bank_line_id IS NOT NULL))
);
CREATE INDEX payout_sent ON payout (amount_minor) WHERE state = 'sent';

CREATE TABLE payout_line (
    payout_id     uuid NOT NULL REFERENCES payout,
    their_id      text NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('payment', 'refund', 'charge_back', 'fee', 'returned', 'other')),
    gross_minor   bigint NOT NULL,
    fee_minor     bigint NOT NULL,
    of            text NOT NULL,                   -- their payment; empty: none
    refund_id     text NOT NULL,                   -- their refund
    payment_id    uuid REFERENCES payment,         -- ours
    account       text NOT NULL,                   -- where its net was taken from; empty: it was in transit already
    verdict       text NOT NULL CHECK (verdict IN ('agrees', 'unknown', 'other_amount', 'other_fee')),
    PRIMARY KEY (payout_id, their_id)
);
CREATE INDEX payout_line_payment ON payout_line (payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX payout_line_differs ON payout_line (payout_id) WHERE verdict <> 'agrees';

-- When each provider is asked next.
CREATE TABLE payout_look (
    provider      text PRIMARY KEY,
    due_at        timestamptz NOT NULL,
    looked_at     timestamptz,                     -- when it last gave a readable answer
    said          text NOT NULL DEFAULT ''         -- what came of the last look: done, unreadable
);

ALTER TABLE bank_line DROP CONSTRAINT bank_line_state_check;
ALTER TABLE bank_line ADD CONSTRAINT bank_line_state_check
    CHECK (state IN ('matched', 'open', 'ignored', 'sent_back', 'not_ours', 'payout'));
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0091_cash")]
    operations = [migrations.RunSQL(_PAYOUT)]
