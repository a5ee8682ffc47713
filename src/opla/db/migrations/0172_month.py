from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_MONTH = """
-- Closed months, each fixed once and in order, when all its days are closed. `sha256` is of all that was fixed and of
-- the month before (opla_month_sha256): whoever has written one down can tell whether anything up to it was touched.
CREATE TABLE month_close (
    month     date PRIMARY KEY CHECK (month = date_trunc('month', month)::date),
    from_day  date NOT NULL REFERENCES day_close,  -- the first, or the shop's first
    until_day date NOT NULL REFERENCES day_close,  -- its last
    closed_at timestamptz NOT NULL,
    closed_by text NOT NULL,
    sha256    bytea NOT NULL
);

CREATE TABLE month_account (
    month         date NOT NULL REFERENCES month_close DEFERRABLE INITIALLY DEFERRED,
    account       text NOT NULL,
    currency      text NOT NULL,
    opening_minor bigint NOT NULL,               -- debits minus credits, posted
    debits_minor  bigint NOT NULL,
    credits_minor bigint NOT NULL,
    closing_minor bigint NOT NULL CHECK (closing_minor = opening_minor + debits_minor - credits_minor),
    held_minor    bigint NOT NULL,               -- pending when the month ended, debits minus credits
    PRIMARY KEY (month, account)
);

-- What waited for a person from before its end, and still did when the month was closed.
CREATE TABLE month_item (
    month         date NOT NULL REFERENCES month_close DEFERRABLE INITIALLY DEFERRED,
    item_id       bigint NOT NULL REFERENCES item,
    kind          text NOT NULL,
    amount_minor  bigint NOT NULL,
    currency      text NOT NULL,
    opened_at     timestamptz NOT NULL,
    PRIMARY KEY (month, item_id)
);
"""
_BACK = "DROP TABLE month_item, month_account, month_close"


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0170_metrics")]
    operations: ClassVar[list[migrations.RunSQL]] = [migrations.RunSQL(_MONTH, _BACK)]
