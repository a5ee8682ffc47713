from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_INDEX = """
-- What people of the house did and saw, among all that customers and the shop itself do: few rows, so indexes of those.
CREATE INDEX event_house ON event (at)
    WHERE split_part(actor, ':', 1) IN ('owner', 'accountant', 'support', 'shop_manager', 'clerk');
CREATE INDEX reveal_house ON reveal (at)
    WHERE split_part(actor, ':', 1) IN ('owner', 'accountant', 'support', 'shop_manager', 'clerk');
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0168_house")]
    operations: ClassVar[list[migrations.RunSQL]] = [migrations.RunSQL(_INDEX, "DROP INDEX event_house, reveal_house")]
