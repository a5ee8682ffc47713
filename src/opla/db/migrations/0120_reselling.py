from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_FOUND_BY = """
-- A reseller's orders, newest first, and those for one number. Their ids sort by time.
CREATE INDEX orders_reseller ON orders (reseller, id) WHERE reseller <> '';
CREATE INDEX orders_reseller_number ON orders (reseller, number, id) WHERE reseller <> '' AND number <> '';
-- What moved on one account, newest first: a reseller's statement.
CREATE INDEX transfer_debit ON transfer (debit, at, event_id);
CREATE INDEX transfer_credit ON transfer (credit, at, event_id);
"""
_NOT_FOUND_BY = """
DROP INDEX transfer_credit; DROP INDEX transfer_debit; DROP INDEX orders_reseller_number; DROP INDEX orders_reseller;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0118_text_start")]
    operations = [migrations.RunSQL(_FOUND_BY, _NOT_FOUND_BY)]
