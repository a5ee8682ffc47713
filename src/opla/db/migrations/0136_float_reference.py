from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_FLOAT = """
-- One reference of each reseller's own: whatever is transferred under it is on its float.
ALTER TABLE bank_reference ADD COLUMN reseller_id varchar(40) UNIQUE REFERENCES reseller;
ALTER TABLE bank_reference DROP CONSTRAINT bank_reference_purpose_check, DROP CONSTRAINT bank_reference_check;
ALTER TABLE bank_reference
    ADD CONSTRAINT bank_reference_purpose_check CHECK (purpose IN ('charge', 'refund', 'line', 'float')),
    ADD CONSTRAINT bank_reference_check CHECK (
        (purpose = 'line') = (line_id IS NOT NULL) AND (purpose = 'float') = (reseller_id IS NOT NULL)
        AND (purpose IN ('charge', 'refund')) = (attempt IS NOT NULL));

-- When a reseller is told that little is left: below so much, once, until it was above again. Null: never.
CREATE TABLE float_alarm (
    reseller_id varchar(40) PRIMARY KEY REFERENCES reseller,
    below_minor bigint NOT NULL CHECK (below_minor > 0),
    language    text NOT NULL,                  -- of whoever set it
    told_at     timestamptz
);
"""
_BACK = """
DROP TABLE float_alarm;
ALTER TABLE bank_reference DROP COLUMN reseller_id;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0130_bulk")]
    operations: ClassVar[list[migrations.RunSQL]] = [migrations.RunSQL(_FLOAT, _BACK)]
