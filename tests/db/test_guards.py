"""Who may write money: our functions, and nobody else."""

from __future__ import annotations

import re

import pytest
from django.db import connection, connections, transaction
from django.db.utils import DatabaseError

from fakes import World
from opla.db.queries.call import select

MUTABLE = [
    "orders", "payment", "refund", "attempt", "code", "order_device", "proof", "account", "outbox", "item",
    "reminder", "reminder_sent", "reminder_order", "tried", "letter", "order_nudge", "order_share",
    "push_subscription", "push_message", "thread", "thread_message", "card_try", "card", "card_to", "listed",
    "supply", "supplier_state", "bank_line", "transfer_file_line", "payout", "payout_line", "payout_look",
    "renewal", "renewal_period", "mandate", "renewal_by_text", "text_pay", "text_wish", "text_out", "text_part",
    "text_receipt", "text_spent", "text_piece", "text_ask", "mail_back", "purchase", "batch", "stock_rule",
    "number_look_up", "supply_cost", "drawer", "cash_code", "played_order", "float_alarm", "passport",
    "passport_report", "webhook_message", "webhook_delivery", "webhook_try", "bulk_file", "bulk_row", "station",
    "clerk", "shift", "offline_code", "terminal", "terminal_due", "print_job", "printer", "voucher", "voucher_use",
    "slip", "letter_out", "audit_mark", "house_person", "quarantine", "quarantine_step", "order_in_doubt",
]  # fmt: skip
APPEND_ONLY = [
    "quote", "consent", "stepped_back", "idempotency", "allocation", "delivery", "reveal", "event", "transfer",
    "attempt_evidence", "order_said", "attempt_route", "text_stop", "text_start", "bank_statement",
    "bank_reference", "transfer_file", "drawer_line", "passport_proof", "offline_key", "offline_sale",
    "partner_day", "partner_paid", "counter_sale", "counter_quote", "terminal_payment", "terminal_line",
    "voucher_batch", "voucher_line", "bank_again", "month_close", "month_account", "month_item", "float_told",
    "look", "audit_segment", "archived_month", "archived_event", "archived_transfer", "archived_attempt_evidence",
]  # fmt: skip
GUARDED = [*MUTABLE, *APPEND_ONLY]
WRITES = [
    "INSERT INTO {0} ({1}) SELECT {1} FROM {0}",
    "UPDATE {0} SET {1} = {1}",
    "DELETE FROM {0}",
    "TRUNCATE {0} CASCADE",
]


def partitions() -> list[str]:
    rows = select("SELECT c.oid::regclass::text FROM pg_class c WHERE relispartition AND relkind = 'r'")
    return [str(name) for (name,) in rows]


def column(table: str) -> str:
    [(name,)] = select(
        """SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND attidentity = ''
           ORDER BY attnum LIMIT 1""",
        [table],
    )
    return str(name)


def refused(alias: str, *statements: str) -> str:
    """The error the last statement of one transaction meets."""
    try:
        with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            transaction.set_rollback(True, using=alias)
    except DatabaseError as error:
        return str(error).splitlines()[0]
    return "done"


def test_the_application_writes_no_table_of_money_directly(shared: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        [user] = cursor.fetchone()
    if user != "opla_app":
        pytest.skip("this host gives one role only")
    for table in [*GUARDED, *partitions(), "arrow", "account_kind", "posting_rule", "opla_meta"]:
        for write in WRITES:
            assert "permission denied" in refused("default", write.format(table, column(table))), (table, write)


def test_where_there_is_one_role_only_the_triggers_refuse_partitions_too(shared: World) -> None:
    for table in [*GUARDED, *partitions()]:
        for write in WRITES:
            error = refused("owner", write.format(table, column(table)))
            assert "is written by functions only" in error or "append-only" in error, (table, write, error)


def test_what_happened_is_never_rewritten_not_even_with_the_word_that_functions_say(shared: World) -> None:
    word = "SELECT set_config('opla.writes', 'function', true)"
    named = [p for p in partitions() if p.startswith(tuple(APPEND_ONLY))]
    assert len(named) >= 9  # three tables by month: the default, and months
    for table in [*APPEND_ONLY, *named]:
        for write in WRITES[1:]:
            assert "append-only" in refused("owner", word, write.format(table, column(table))), (table, write)


def test_the_word_does_not_outlive_a_call_of_a_function(shared: World) -> None:
    call = "SELECT opla_wake('2026-11-22', '{charge}', 'sandbox', '{nobody}')"
    word = "SELECT set_config('opla.writes', 'function', true)"
    assert "functions only" in refused("owner", word, call, "DELETE FROM outbox")


def test_the_word_is_gone_after_every_function(shared: World) -> None:
    """Each function that opens the door closes it on every way out: the last word before any RETURN is `false`."""
    for name, source in select("SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'opla\\_%%' AND prosecdef"):
        word = "false"
        for step in re.findall(r"opla_writes\((true|false)\)|\b(RETURN)\b(?! QUERY)|(END) \$\$|\Z", str(source)):
            assert step[0] or word == "false", name
            word = step[0] or word


def test_no_function_default_or_trigger_asks_the_time_or_chance(shared: World) -> None:
    hidden = re.compile(
        r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|random|gen_random_uuid|uuidv\d)\s*\("
        r"|\bcurrent_(date|time|timestamp)\b|\blocal(time|timestamp)\b|'now'",
        re.IGNORECASE,
    )
    functions = select(
        "SELECT proname, prosrc FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = 'public'"
    )
    assert len(functions) > 15
    assert [name for name, source in functions if hidden.search(str(source))] == ["opla_clock"]
    defaults = select("SELECT adrelid::regclass::text, pg_get_expr(adbin, adrelid) FROM pg_attrdef")
    assert [row for row in defaults if hidden.search(str(row[1]))] == []


def test_the_clock_of_leases_times_nothing_but_leases(shared: World) -> None:
    users = select("SELECT proname FROM pg_proc WHERE prosrc LIKE '%%opla_clock()%%' ORDER BY 1")
    leases = [
        "opla_apply",
        "opla_cash_may_void",
        "opla_claim",
        "opla_outbox_claim",
        "opla_push_claim",
        "opla_sending",
        "opla_slip_may_void",
    ]
    leases += ["opla_text_claim", "opla_webhook_claim"]
    assert [name for (name,) in users] == leases


def test_every_function_with_its_owners_rights_fixes_its_search_path(shared: World) -> None:
    rows = select(
        """SELECT proname, coalesce(proconfig::text, '') FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
           WHERE nspname = 'public' AND prosecdef"""
    )
    assert len(rows) > 10
    assert [name for name, config in rows if "search_path=public, pg_temp" not in str(config)] == []


def test_the_application_calls_no_function_that_is_not_made_for_it(shared: World) -> None:
    [(user,)] = select("SELECT current_user")
    if user != "opla_app":
        pytest.skip("this host gives one role only")
    rows = select(
        """SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
           WHERE nspname = 'public' AND has_function_privilege(p.oid, 'EXECUTE') AND NOT prosecdef"""
    )
    assert sorted(str(name) for (name,) in rows) == ["opla_clock", "opla_may_act"]  # neither writes


def arguments(text: str) -> int:
    """How many there are between this call's bracket, which has just been opened, and the one that closes it."""
    depth, commas, empty = 0, 0, True
    for letter in text:
        if letter in ")]":
            if depth == 0:
                return 0 if empty else commas + 1
            depth -= 1
        depth += letter in "(["
        commas += letter == "," and depth == 0
        empty = empty and letter.isspace()
    raise AssertionError(f"a call that does not end: {text[:80]}")


def test_a_function_that_calls_another_gives_it_as_many_arguments_as_it_takes(shared: World) -> None:
    """The database looks at a call in plpgsql when it is made, not when the function is: one took an argument more, and
    another went on without it."""
    rows = select(
        """SELECT proname, pronargs - pronargdefaults, pronargs, prosrc
           FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = 'public' AND proname ~ '^opla_'"""
    )
    takes: dict[str, set[int]] = {}
    for name, fewest, most, _ in rows:
        takes.setdefault(str(name), set()).update(range(int(str(fewest)), int(str(most)) + 1))
    calls, wrong = 0, []
    for caller, _, _, source in rows:
        text = re.sub(r"--[^\n]*|'(?:[^']|'')*'", lambda found: "''" if found[0][0] == "'" else "", str(source))
        for call in re.finditer(r"\b(opla_\w+)\s*\(", text):
            if re.search(r"\b(INTO|JOIN|TABLE)\s+$", text[: call.start()]):
                continue
            calls += 1
            if (given := arguments(text[call.end() :])) not in takes.get(call[1], set()):
                wrong.append(f"{caller} calls {call[1]} with {given}")
    assert (calls > 100, wrong) == (True, [])
