from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_DEPOSIT = """
-- A payment of a reseller into its float. It has no allocation: the float is what it pays.
CREATE TABLE deposit (
    payment_id         uuid PRIMARY KEY REFERENCES payment,
    reseller_id        varchar(40) NOT NULL REFERENCES reseller,
    key                text NOT NULL,           -- what the reseller calls it
    actor              text NOT NULL,
    language           text NOT NULL,           -- of its payment page
    paid_in_at         timestamptz,             -- since when it is on the float
    lost_minor         bigint NOT NULL DEFAULT 0 CHECK (lost_minor >= 0),  -- left without us: the float owes it
    -- what of that was taken from the float: for charge-backs, and for refunds made without us
    charged_back_minor bigint NOT NULL DEFAULT 0 CHECK (charged_back_minor >= 0),
    outside_minor      bigint NOT NULL DEFAULT 0 CHECK (outside_minor >= 0),
    CHECK (paid_in_at IS NOT NULL OR lost_minor + charged_back_minor + outside_minor = 0)
);
CREATE INDEX deposit_reseller ON deposit (reseller_id, payment_id);
-- Those whose float has something to give, or to have back. Nearly always there is none.
CREATE INDEX deposit_owes ON deposit (reseller_id) WHERE lost_minor <> charged_back_minor + outside_minor;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0148_terminal")]
    operations: ClassVar[list[migrations.RunSQL]] = [migrations.RunSQL(_DEPOSIT, "DROP TABLE deposit;")]
