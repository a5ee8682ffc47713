from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_PLACES = """
-- Whose a place was on which days: `until_on` is the first day it is not theirs. What was is kept, for a day's sums.
SELECT set_config('opla.writes', 'function', true);
ALTER TABLE partner_place DROP CONSTRAINT partner_place_pkey, ADD COLUMN from_on date, ADD COLUMN until_on date;
UPDATE partner_place l SET from_on = p.agreed_on FROM partner p WHERE p.name = l.partner;
ALTER TABLE partner_place ALTER COLUMN from_on SET NOT NULL,
    ADD PRIMARY KEY (place_id, from_on),
    ADD CONSTRAINT partner_place_days CHECK (until_on > from_on),
    ADD CONSTRAINT partner_place_one EXCLUDE USING gist (  -- of one partner on a day
        int8range(place_id, place_id, '[]') WITH &&, daterange(from_on, until_on) WITH &&);
SELECT set_config('opla.writes', '', true);
"""
_BACK = """
SELECT set_config('opla.writes', 'function', true);
DELETE FROM partner_place WHERE until_on IS NOT NULL;
ALTER TABLE partner_place DROP CONSTRAINT partner_place_one, DROP CONSTRAINT partner_place_days,
    DROP CONSTRAINT partner_place_pkey;
ALTER TABLE partner_place DROP COLUMN from_on, DROP COLUMN until_on, ADD PRIMARY KEY (place_id);
SELECT set_config('opla.writes', '', true);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0160_partner")]
    operations: ClassVar[list[migrations.RunSQL]] = [migrations.RunSQL(_PLACES, _BACK)]
