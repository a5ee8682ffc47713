from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_PROOF = """
-- What the newest proof of the books said of each check. The proof itself is opla_books: this is what is shown of it.
CREATE TABLE books_proof (
    name         text PRIMARY KEY,              -- a check of opla_books, or 'audit'
    wrong        bigint NOT NULL CHECK (wrong >= 0),
    example      text NOT NULL,
    since        timestamptz CHECK ((since IS NULL) = (wrong = 0))  -- when it was found wrong, and in every proof after
) WITH (fillfactor = 50);

-- Whose turn it is: one row. `begun_at`: somebody is at it.
CREATE TABLE books_proving (
    only_one     boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    due_at       timestamptz NOT NULL,
    begun_at     timestamptz,
    proven_at    timestamptz,                   -- as of when the newest proof is
    took_ms      bigint
) WITH (fillfactor = 50);
INSERT INTO books_proving (due_at) VALUES ('epoch');
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0179_archive")]
    operations: ClassVar[list[migrations.RunSQL]] = [
        migrations.RunSQL(_PROOF, "DROP TABLE books_proving; DROP TABLE books_proof")
    ]
