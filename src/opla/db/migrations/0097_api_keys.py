from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

_BUCKETS = """
-- How many calls a key has left. Written with every call and worth nothing after a crash: then every bucket is full.
CREATE UNLOGGED TABLE api_bucket (
    key_id      bigint PRIMARY KEY REFERENCES api_key,
    tokens      double precision NOT NULL,
    at          timestamptz NOT NULL
);

-- Who acts for a reseller, by the address that they prove when they sign in, and as what (core.api_access.Member).
CREATE TABLE reseller_member (
    email       text NOT NULL,                  -- in lower case, as customer.email
    reseller_id varchar(40) NOT NULL REFERENCES reseller,
    role        text NOT NULL,
    made_at     timestamptz NOT NULL,
    PRIMARY KEY (email, reseller_id)
);
CREATE INDEX reseller_member_of ON reseller_member (reseller_id);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0096_text_pay")]
    operations: ClassVar[list[migrations.operations.base.Operation]] = [
        migrations.AddField("apikey", "name", models.TextField(default="")),
        migrations.AddField("apikey", "hint", models.TextField(default="")),
        migrations.AddField("apikey", "scopes", ArrayField(models.TextField(), default=list)),
        migrations.AddField("apikey", "addresses", ArrayField(models.TextField(), default=list)),
        migrations.AddField("apikey", "expires_at", models.DateTimeField(null=True)),
        migrations.AddField("apikey", "last_used_at", models.DateTimeField(null=True)),
        migrations.AddField("apikey", "sandbox", models.BooleanField(default=False)),
        migrations.RunSQL(
            """UPDATE api_key SET scopes = ARRAY['catalogue', 'orders:read', 'orders:write', 'refunds:write',
                   'float:read', 'float:write', 'webhooks', 'passport']""",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(_BUCKETS, "DROP TABLE reseller_member; DROP TABLE api_bucket"),
    ]
