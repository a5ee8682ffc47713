from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models

_PEOPLE = """
-- Who is of the house, and as what. They sign in as everybody does, by the address they prove; `name` stands beside all
-- they do, so it is nobody else's, for ever. Who was let go keeps name and role, and no address.
CREATE TABLE house_person (
    id        uuid PRIMARY KEY,
    email     text NOT NULL,                     -- in lower case; empty: let go
    name      text NOT NULL CHECK (name <> ''),
    role      text NOT NULL,
    language  text NOT NULL,
    made_at   timestamptz NOT NULL,
    ended_at  timestamptz,
    CHECK ((email = '') = (ended_at IS NOT NULL))
);
CREATE UNIQUE INDEX house_person_email ON house_person (email) WHERE email <> '';
CREATE UNIQUE INDEX house_person_name ON house_person (lower(name));
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0167_audit")]
    operations: ClassVar[list[migrations.RunSQL | migrations.AddField]] = [
        migrations.RunSQL(_PEOPLE, "DROP TABLE house_person"),
        migrations.AddField(
            model_name="ownerlink", name="email", field=models.EmailField(blank=True, default="", max_length=254)
        ),
    ]
