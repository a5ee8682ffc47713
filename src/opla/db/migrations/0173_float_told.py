from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_TOLD = """
-- What suppliers said of our money with them, whenever it was another figure than before: by it is seen since when it
-- differs from ours.
CREATE TABLE float_told (
    supplier text NOT NULL,
    at       timestamptz NOT NULL,
    minor    bigint NOT NULL,
    currency text NOT NULL,
    PRIMARY KEY (supplier, at)
);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0172_month")]
    operations: ClassVar[list[migrations.RunSQL]] = [migrations.RunSQL(_TOLD, "DROP TABLE float_told")]
