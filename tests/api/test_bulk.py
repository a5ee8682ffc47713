"""Files of orders over the API: for programs of the reseller with the right, and nobody else."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from api.conftest import Answered, Program, Programs, made
from fakes import START
from opla.core.api_access import Access, Scope
from opla.core.bulk import Source
from opla.db.queries import bulk as files
from opla.db.queries import floats
from opla.db.queries.bulk import FileRow
from opla.db.queries.call import select
from opla.operations import bulk
from support import at_once

FILE = b"key,sku,number\na,MV-15,0470123456\nb,MV-15,04701\n=c,MV-15,0470123458\n"


def send(program: Program, data: bytes = FILE, key: str = "k1", query: str = "") -> Answered:
    headers = {"idempotency-key": key} if key else {}
    return program.ask("POST", f"/files{query}", data, **headers)


def work(programs: Programs) -> None:
    while bulk.step(shop=programs.world.shop, at=programs.world.clock()):
        pass


def checked(programs: Programs, data: bytes = FILE, query: str = "") -> str:
    answer = send(programs.acme, data, uuid4().hex, query)
    assert answer.status == 201, answer.body
    work(programs)
    return f"/files/{answer.body['id']}"


def confirm(programs: Programs, path: str, total_minor: int = 3000, **more: object) -> Answered:
    return programs.acme.post(f"{path}/confirm", {"total_minor": total_minor, **more}, "yes")


def test_a_file_is_sent_checked_confirmed_by_its_sum_and_its_result_fetched(programs: Programs) -> None:
    sent = send(programs.acme, query="?name=monday.csv")
    assert (sent.status, sent.body["state"], sent.body["name"]) == (201, "uploaded", "monday.csv")
    assert send(programs.acme, query="?name=monday.csv").status == 200
    path = f"/files/{sent.body['id']}"
    work(programs)
    found = programs.acme.get(path).body
    assert (found["state"], found["rows"], found["good"], found["bad"]) == ("checked", 3, 2, 1)
    assert found["total"] == {"amount_minor": 3000, "currency": "EUR"}
    [wrong] = programs.acme.get(f"{path}/errors").body["items"]
    assert (wrong["line"], wrong["key"], wrong["column"]) == (3, "b", "number")
    assert wrong["refusals"][0]["code"] == "number_too_short"
    assert confirm(programs, path, 2999).code == "quote_changed"
    assert confirm(programs, path).body["state"] == "confirmed"
    assert confirm(programs, path).status == 200
    work(programs)
    programs.world.work(2)
    done = programs.acme.get(path).body
    assert (done["state"], done["placed"], done["orders"]) == ("done", 2, {"delivered": 2})
    rows = result(programs.acme, path)
    assert [(row["key"], row["opla_state"], bool(row["opla_order"])) for row in rows] == [
        ("a", "delivered", True),
        ("b", "bad", False),
        ("'=c", "delivered", True),  # no formula, whatever it was
    ]
    assert rows[1]["opla_refusals"].startswith("number: ")
    assert floats.balance("acme", "EUR").free_minor == 7000


def test_results_are_written_as_the_file_was_and_no_part_of_a_cell_is_a_formula(programs: Programs) -> None:
    """A Belgian Excel divides at semicolons, another one at commas: what stands behind one may be a cell of its own."""
    hidden = "gift;=cmd|'/C calc'!A0;,+1+1\n@x;\"\"=1;15,-;= 2"
    data = f'Order;Item;Note\n17-1;Px;"{hidden}"\n'.encode()
    who = Access("acme", "orders@acme.example", frozenset(Scope))
    assert bulk.describe(who, Source("ebay", "Order", "Item", {"Px": "PX-15"}), at=START) == []
    answer = programs.acme.get(f"{checked(programs, data, '?source=ebay')}/result").body.decode("utf-8-sig")
    head, *_ = answer.splitlines()
    assert head == "Order;Item;Note;opla_order;opla_state;opla_refusals;opla_link"
    [row] = csv.DictReader(io.StringIO(answer, newline=""), delimiter=";")
    assert row["Note"] == "gift;'=cmd|'/C calc'!A0;,'+1+1\n'@x;\"'=1;15,-;'= 2"
    for sign in ",;\t":
        cells = [cell for line in csv.reader(io.StringIO(answer), delimiter=sign) for cell in line]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]


def result(program: Program, path: str) -> list[dict[str, str]]:
    answer = program.get(f"{path}/result")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"))))


@pytest.mark.parametrize(
    ("key", "data", "status", "code"),
    [
        ("", FILE, 400, "key_missing"),
        ("k" * 65, FILE, 400, "key_missing"),
        ("k2", b"", 422, "file_broken"),
        ("k3", b"x" * (32 * 1024 * 1024 + 1), 413, "file_too_large"),
    ],
    ids=["no key", "a long key", "nothing", "too much"],
)
def test_what_is_no_upload_is_a_problem(programs: Programs, key: str, data: bytes, status: int, code: str) -> None:
    answer = send(programs.acme, data, key)
    assert (answer.status, answer.code) == (status, code)


def test_another_file_under_a_key_and_an_unknown_marketplace_are_problems(programs: Programs) -> None:
    assert send(programs.acme).status == 201
    other = send(programs.acme, b"key\nx\n")
    assert (other.status, other.code, other.body["refusals"][0]["about"]) == (422, "key_reused", "file")
    assert send(programs.acme, key="k9", query="?source=ebay").code == "source_unknown"


def test_a_file_that_cannot_be_read_says_why_and_where(programs: Programs) -> None:
    found = programs.acme.get(checked(programs, b"key,sku\na,\xff\n")).body
    assert found["state"] == "broken"
    assert found["problems"][0]["code"] == "file_broken"
    assert "Line 2" in found["problems"][0]["message"]


def test_it_waits_for_its_time_pauses_and_is_cancelled(programs: Programs) -> None:
    path = checked(programs)
    assert confirm(programs, path, begins_at="2026-11-22T11:59:59Z").code == "time_not_possible"
    assert confirm(programs, path, begins_at="2026-11-23T12:00:00").code == "time_not_possible"  # of which zone?
    assert confirm(programs, path, begins_at="0001-01-01T00:00:00+14:00").code == "time_not_possible"
    for same in ("2026-11-23T13:00:00+01:00", "2026-11-23T12:00:00Z"):
        assert confirm(programs, path, begins_at=same).body["begins_at"] == "2026-11-23T12:00:00Z"
    work(programs)
    assert programs.acme.post(f"{path}/pause", None).status == 409
    assert programs.acme.post(f"{path}/cancel", None).body["state"] == "cancelled"
    assert programs.acme.post(f"{path}/cancel", None).code == "file_not_now"
    assert {row["opla_state"] for row in result(programs.acme, path)} == {"not_bought", "bad"}


def test_a_file_goes_on_once_under_a_key_and_never_without_one(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that is sent again because its answer was lost spends nothing that somebody has stopped since."""
    monkeypatch.setattr(bulk, "BUY", 1)
    path = checked(programs)
    assert confirm(programs, path).status == 200
    for _ in range(2):
        bulk.step(shop=programs.world.shop, at=programs.world.clock())
    assert programs.acme.post(f"{path}/pause", None).body["state"] == "paused"
    assert programs.acme.post(f"{path}/resume", None).code == "key_missing"
    assert programs.acme.post(f"{path}/resume", None, "go").body["state"] == "running"
    assert programs.acme.post(f"{path}/resume", None, "go").status == 200
    assert programs.acme.post(f"{path}/resume", None, "go on").code == "file_not_now"
    assert programs.acme.post(f"{path}/pause", None).body["state"] == "paused"
    assert programs.acme.post(f"{path}/resume", None, "go").body["state"] == "paused"
    assert programs.acme.post(f"{path}/resume", None, "go on").body["state"] == "running"


@pytest.mark.parametrize("act", ["confirm", "resume", "upload"])
def test_whoever_waits_too_long_for_another_at_the_same_is_told_to_come_back(
    programs: Programs, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    monkeypatch.setattr("opla.api.idempotency.WAIT_S", 1)
    path = checked(programs)
    acme = Access("acme", "orders@acme.example", frozenset(Scope))
    with transaction.atomic():
        # Its row is held, or its key taken, by somebody who has not come to an end.
        bulk.cancel(acme, UUID(path[-36:]), at=START)
        bulk.upload(acme, FILE, key="taken", shop=programs.world.shop, at=START)
        asks = {
            "confirm": lambda: confirm(programs, path),
            "resume": lambda: programs.acme.post(f"{path}/resume", None, "go"),
            "upload": lambda: send(programs.acme, key="taken"),
        }
        [answer] = at_once(asks[act])
        transaction.set_rollback(True)
    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (409, "still_running", "1")


def test_errors_and_files_come_in_pages(programs: Programs) -> None:
    path = checked(programs, b"key,sku\n" + b"".join(b"k%d,no\n" % n for n in range(5)))
    lines, after = [], 0
    while True:
        page = programs.acme.get(f"{path}/errors?limit=2&after={after}").body
        lines += [row["line"] for row in page["items"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert lines == [2, 3, 4, 5, 6]
    programs.world.clock.tick(1)
    checked(programs)
    first = programs.acme.get("/files?limit=1").body
    second = programs.acme.get(f"/files?limit=1&after={first['next']}").body
    assert f"/files/{second['items'][0]['id']}" == path


def test_a_list_of_files_looks_at_no_rows_however_many_files_it_shows(programs: Programs) -> None:
    counts = []
    for n in range(3):
        path = checked(programs, FILE.replace(b"\na,", b"\na%d," % n).replace(b"\n=c,", b"\nc%d," % n))
        assert confirm(programs, path).status == 200
        work(programs)
        with CaptureQueriesContext(connection) as ran:
            items = programs.acme.get("/files").body["items"]
        assert len(items) == n + 1
        assert not any("bulk_row" in query["sql"] for query in ran.captured_queries)
        counts.append(len(ran))
    assert len(set(counts)) == 1
    assert "orders" not in items[0]


def test_results_that_break_half_way_are_a_problem_and_never_half_a_file(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = checked(programs)

    def breaks(file_id: UUID, *, at_a_time: int = 2000) -> Iterator[FileRow]:
        yield from files.rows(file_id, limit=1)
        raise OperationalError

    monkeypatch.setattr(files, "all_rows", breaks)
    answer = programs.acme.get(f"{path}/result")
    assert (answer.status, answer.code) == (503, "temporarily_closed")


def test_links_of_buyers_are_for_whoever_may_see_codes(programs: Programs) -> None:
    who = Access("acme", "orders@acme.example", frozenset(Scope))
    assert bulk.describe(who, Source("ebay", "Order", "Item", {"Px": "PX-15"}), at=START) == []
    path = checked(programs, b"Order,Item\n17-1,Px\n", "?source=ebay")
    assert confirm(programs, path, 1500).status == 200
    work(programs)
    assert result(programs.acme, path)[0]["opla_link"].startswith("http://shop.test/g/")
    clerk = Program(made(programs.world, "acme", scopes=("orders:read",)))
    assert result(clerk, path)[0]["opla_link"] == ""


DESCRIBED = {"order": "Order", "product": "Item", "skus": {"Px": "PX-15"}, "speaks": "fr"}


def test_a_marketplace_is_described_and_its_export_is_sent_as_it_is(programs: Programs) -> None:
    acme = programs.acme
    assert acme.get("/sources").body == {"items": [], "next": None}
    said = acme.ask("PUT", "/sources/ebay", {**DESCRIBED, "order": "Number"})
    assert (said.status, said.body["quantity"]) == (200, "")
    changed = acme.ask("PUT", "/sources/ebay", DESCRIBED).body
    assert changed == {**DESCRIBED, "platform": "ebay", "quantity": "", "number": "", "language": ""}
    assert acme.get("/sources").body["items"] == [changed]
    path = checked(programs, b"Order,Item\n17-1,Px\n", "?source=ebay")
    assert acme.get(path).body["good"] == 1


@pytest.mark.parametrize(
    ("change", "code", "about"),
    [
        ({"skus": {"Px": "NOSUCH"}}, "product_unknown", "skus"),
        ({"skus": {}}, "field_invalid", "skus"),
        ({"order": ""}, "columns_wrong", "order"),
        ({"speaks": "tlh"}, "language_unknown", "speaks"),
        ({"colour": "red"}, "field_unknown", "colour"),
    ],
)
def test_a_marketplace_that_cannot_be_is_a_problem(
    programs: Programs, change: dict[str, object], code: str, about: str
) -> None:
    answer = programs.acme.ask("PUT", "/sources/ebay", {**DESCRIBED, **change})
    assert (answer.code, answer.body["refusals"][0]["about"]) == (code, about)
    assert programs.acme.get("/sources").body["items"] == []


def test_nobody_else_describes_or_sees_a_marketplace(programs: Programs) -> None:
    sandbox = Program(made(programs.world, "acme", sandbox=True))
    assert sandbox.ask("PUT", "/sources/ebay", DESCRIBED).code == "not_allowed"  # real files are read by it
    assert programs.acme.ask("PUT", "/sources/ebay", DESCRIBED).status == 200
    for program, status in ((programs.few, 403), (programs.nobody, 401)):
        assert program.get("/sources").status == program.ask("PUT", "/sources/ebay", DESCRIBED).status == status
    assert programs.bolt.get("/sources").body["items"] == []
    assert len(sandbox.get("/sources").body["items"]) == 1


CALLS = [
    ("GET", "", None),
    ("GET", "/errors", None),
    ("GET", "/result", None),
    ("POST", "/confirm", {"total_minor": 3000}),
    ("POST", "/pause", None),
    ("POST", "/resume", None),
    ("POST", "/cancel", None),
]


@pytest.mark.parametrize(("method", "address", "body"), CALLS, ids=[f"{m} {a or '/'}" for m, a, _ in CALLS])
def test_nobody_else_sees_or_moves_a_file(programs: Programs, method: str, address: str, body: Any) -> None:
    path = checked(programs) + address
    sandbox = Program(made(programs.world, "acme", scopes=tuple(sorted(set(Scope) - {Scope.KEYS})), sandbox=True))
    for program, status, code in (
        (programs.few, 403, "scope_missing"),
        (programs.bolt, 404, "not_found"),
        (sandbox, 404, "not_found"),
        (programs.nobody, 401, "api_key_wrong"),
    ):
        answer = program.ask(method, path, body, **{"idempotency-key": "x"})
        assert (answer.status, answer.code) == (status, code)
    assert select("SELECT state FROM bulk_file") == [("checked",)]


def test_nobody_else_sends_or_lists_files(programs: Programs) -> None:
    checked(programs)
    assert (send(programs.few).status, send(programs.nobody).status) == (403, 401)
    assert (programs.few.get("/files").status, programs.nobody.get("/files").status) == (403, 401)
    assert programs.bolt.get("/files").body == {"items": [], "next": None}
    assert send(programs.bolt).status == 201
