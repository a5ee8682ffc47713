from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_BANK = """
-- Statements of our own bank account, each once. Of the file itself only its hash is kept.
CREATE TABLE bank_statement (
    id            uuid PRIMARY KEY,
    account       text NOT NULL,
    source        text NOT NULL CHECK (source IN ('camt.053', 'camt.054', 'coda')),
    identity      text NOT NULL,                 -- the bank's name for it
    number        int,                           -- in its year, where the bank counts
    from_on       date NOT NULL,
    until_on      date NOT NULL,
    opening_minor bigint,
    closing_minor bigint,
    currency      text NOT NULL,
    lines         int NOT NULL,                  -- in the file, known ones among them
    file_sha256   bytea NOT NULL,
    imported_at   timestamptz NOT NULL,
    imported_by   text NOT NULL,
    UNIQUE (account, source, identity)
);

-- Lines of that account, each once whatever files it came in (opla.core.statement.recognising). Positive came in.
CREATE TABLE bank_line (
    id            uuid PRIMARY KEY,
    statement_id  uuid NOT NULL REFERENCES bank_statement,
    account       text NOT NULL,
    booked_on     date NOT NULL,
    amount_minor  bigint NOT NULL,
    currency      text NOT NULL,
    bank_ref      text NOT NULL,
    said          text NOT NULL,                 -- the references in it that check, ours or not, with blanks between
    other         bytea NOT NULL,                -- the other account, as a keyed digest; empty: unknown, forgotten
    reversal      boolean NOT NULL,
    state         text NOT NULL CHECK (state IN ('matched', 'open', 'ignored', 'sent_back', 'not_ours')),
    number        text NOT NULL,                 -- the reference it counts for; empty unless it is matched
    sealed        bytea,                         -- the other party's name, account and words; null: needed no more
    made_at       timestamptz NOT NULL,
    CHECK ((state = 'matched') = (number <> ''))
);
CREATE INDEX bank_line_number ON bank_line (number) WHERE number <> '';
CREATE INDEX bank_line_booked ON bank_line (account, booked_on);
CREATE INDEX bank_line_ref ON bank_line (account, bank_ref) WHERE bank_ref <> '';
CREATE INDEX bank_line_forget ON bank_line (made_at) WHERE sealed IS NOT NULL;

-- References we gave out, so that money is known again: twelve digits (opla.core.structured), never two alike.
CREATE TABLE bank_reference (
    number        text PRIMARY KEY CHECK (number ~ '^[0-9]{12}$'),
    purpose       text NOT NULL CHECK (purpose IN ('charge', 'refund', 'line')),
    attempt       text UNIQUE REFERENCES attempt (reference),
    line_id       uuid UNIQUE REFERENCES bank_line,
    made_at       timestamptz NOT NULL,
    CHECK ((purpose = 'line') = (line_id IS NOT NULL) AND (purpose <> 'line') = (attempt IS NOT NULL))
);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("opla_db", "0078_card_testing")]
    operations = [migrations.RunSQL(_BANK)]
