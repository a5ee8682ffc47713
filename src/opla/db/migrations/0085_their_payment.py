from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_THEIR_PAYMENT = """
-- What a provider calls the payment that was made on the page whose id it gave us, where its webhooks name only that.
CREATE INDEX attempt_evidence_their_payment ON attempt_evidence ((evidence ->> 'their_payment'))
    WHERE evidence ? 'their_payment';
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0080_bank")]
    operations = [migrations.RunSQL(_THEIR_PAYMENT)]
