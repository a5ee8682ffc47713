"""What whoever runs the shop asks of it: whether it lives, whether it can sell, and its figures."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families as parse

import support  # noqa: F401 - sets Django up, which the imports below need
from fakes import DIRECT, World
from opla import metering
from opla.core.metric import METRICS, Kind, Source
from opla.core.ports import Answer
from opla.db.queries import metrics
from opla.presenting import metrics as presenting
from opla.site import watching
from surfaces.conftest import Door

TOKEN = "of-a-test-0123456789"


def read(world: World, **labels: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    """All figures, as a parser that nobody here wrote reads them."""
    assert labels == {}
    while metrics.tally(at=world.clock(), settled=timedelta(0)):
        pass
    text = presenting.text(metrics.figures(at=world.clock()), metering.counted(), version="1", sandbox=True)
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in parse(text.decode()):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def value(found: dict[str, list[tuple[dict[str, str], float]]], name: str, **labels: str) -> float:
    return sum(n for of, n in found.get(name, []) if labels.items() <= of.items())


@pytest.mark.usefixtures("door")
def test_whether_it_lives_is_answered_without_a_database_and_under_any_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections["default"], "cursor", lambda *_: pytest.fail("it asked the database"))
    page = Client(SERVER_NAME="10.0.0.7").get("/healthz")
    assert (page.status_code, page.content) == (200, b"ok\n")
    assert page.cookies == {}


@pytest.mark.usefixtures("door")
def test_it_can_sell_when_the_database_is_what_the_code_needs_and_not_while_it_closes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watching, "_BELIEVED_S", 0)
    client = Client(SERVER_NAME="10.0.0.7")
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr(watching, "_closing", bytearray(1))
    watching.close()
    page = client.get("/readyz")
    assert (page.status_code, page.content, page.headers["Connection"]) == (503, b"closing\n", "close")
    assert client.get("/healthz").status_code == 200


def test_a_database_that_is_silent_or_gone_or_older_is_told_within_a_second() -> None:
    from django.db.utils import OperationalError

    def gone() -> bool:
        raise OperationalError("no")

    assert watching.Readiness(gone).missing() == "database"
    assert watching.Readiness(lambda: False).missing() == "tables"
    silent = watching.Readiness(lambda: time.sleep(20) or True)
    began = time.monotonic()
    assert [silent.missing() for _ in range(3)] == ["database"] * 3
    assert time.monotonic() - began < 1.5


def test_figures_are_for_whoever_has_the_token_and_where_there_is_none_for_nobody(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {"authorization": f"Bearer {TOKEN}"}
    assert door.stranger.get("/metrics", **known).status == 404
    monkeypatch.setattr(settings, "METRICS_TOKEN", TOKEN)
    refused = [door.stranger.get("/metrics", **headers) for headers in ({}, {"authorization": "Bearer x"})]
    assert [page.status for page in refused] == [404, 404]
    assert "opla_" not in refused[0].html + refused[1].html
    monkeypatch.setattr(settings, "METRICS_TOKEN", "")
    assert door.stranger.get("/metrics", authorization="Bearer ").status == 404
    monkeypatch.setattr(settings, "METRICS_TOKEN", TOKEN)
    page = door.stranger.get("/metrics", **known)
    assert page.status == 200
    assert page.headers["Content-Type"].startswith("text/plain; version=")
    assert "opla_database_up 1.0" in page.html


def test_an_order_is_seen_where_it_stands_and_counted_when_it_is_delivered(world: World) -> None:
    order_id = world.paid(DIRECT)
    found = read(world)
    assert value(found, "opla_orders_open", state="paid", age="1m") == 1
    assert value(found, "opla_queue_waiting", queue="send") == 1
    world.clock.tick(7)
    world.work(3)
    assert world.state(order_id) == "delivered"
    world.clock.tick(1)
    found = read(world)
    assert value(found, "opla_orders_open") == 0
    assert value(found, "opla_order_events_total", event="delivered") == 1
    assert value(found, "opla_paid_to_delivered_seconds_count", kind="direct") == 1
    assert value(found, "opla_paid_to_delivered_seconds_bucket", kind="direct", le="5.0") == 0
    assert value(found, "opla_paid_to_delivered_seconds_bucket", kind="direct", le="10.0") == 1
    assert 7 <= value(found, "opla_paid_to_delivered_seconds_sum", kind="direct") < 8
    assert value(read(world), "opla_order_events_total", event="delivered") == 1  # and not again


def test_what_nobody_knows_is_seen_with_its_money_until_it_is_known(world: World) -> None:
    world.supplier.script = [world.supplier.gives_silently] * 50
    world.supplier.finds = False
    world.paid(DIRECT)
    before = value(read(world), "opla_answers_total", kind="send", adapter="sandbox", answer="unknown")
    world.work(2)
    found = read(world)
    assert value(found, "opla_attempts_open", kind="send", state="unknown") == 1
    assert value(found, "opla_attempts_at_risk_minor", kind="send", currency="EUR") == 1500
    assert value(found, "opla_answers_total", kind="send", adapter="sandbox", answer="unknown") > before
    world.work_through(3 * 3600, 300)
    found = read(world)
    assert world.items() == ["unknown_send"]
    assert value(found, "opla_items_open", kind="unknown_send") == 1
    assert value(found, "opla_items_at_risk_minor", kind="unknown_send", currency="EUR") == 1500
    # parked: it is still unknown, and older by the hour
    assert value(found, "opla_attempts_open", kind="send", state="unknown", age="1m") == 0
    assert value(found, "opla_attempts_open", kind="send", state="unknown") == 1


def test_a_process_says_that_it_lives_and_a_machine_that_is_no_more_is_forgotten(world: World) -> None:
    at = world.clock()
    metrics.beat("worker", "old", 7, "1", at=at - timedelta(days=8))
    metrics.beat("worker", "a", 8, "1", at=at)
    metrics.beat("worker", "a", 9, "1", at=at - timedelta(seconds=5))  # another of the same machine, and slower
    assert read(world)["opla_heartbeat_timestamp_seconds"] == [({"process": "worker", "host": "a"}, at.timestamp())]


def test_every_figure_keeps_to_its_row_of_the_table(door: Door) -> None:
    door.delivered()
    door.world.supplier.script = [door.world.supplier.is_silent]
    door.world.paid(DIRECT)
    door.world.work()
    text = presenting.text(metrics.figures(at=door.world.clock()), metering.counted(), version="1", sandbox=True)
    seen = set()
    for family in parse(text.decode()):
        name = family.name if family.name in METRICS else f"{family.name}_total"
        metric = METRICS[name]
        assert family.type == metric.kind, name
        seen.add(name)
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(metric.labels), name
    told = {one.metric for one in metrics.figures(at=door.world.clock())}
    assert told <= {name for name, one in METRICS.items() if one.source is Source.DATABASE}
    assert len(seen) > 15


def test_names_keep_to_the_convention() -> None:
    for name, metric in METRICS.items():
        assert name.startswith("opla_"), name
        assert name.endswith("_total") == (metric.kind is Kind.COUNTER), name
        assert bool(metric.bounds_ms) == (metric.kind is Kind.HISTOGRAM), name
        assert metric.told.endswith("."), name


def test_every_answer_has_a_number_of_its_own_that_the_log_has_too(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    from opla.site import logs

    caplog.set_level("INFO", logger="opla.request")
    named: list[str] = []
    caplog.handler.addFilter(lambda _: named.append(logs.request_id.get()) or True)
    pages = [door.stranger.get("/help/") for _ in range(2)]
    numbers = [page.headers["X-Request-ID"] for page in pages]
    assert len(set(numbers)) == 2
    assert named == numbers
    assert logs.request_id.get() == ""


def test_processes_count_in_places_that_the_next_ones_take_over(tmp_path: Path) -> None:
    import subprocess
    import sys

    script = (
        "import sys, pathlib; from opla import metering; metering.begin(pathlib.Path(sys.argv[1]));"
        "metering.request('api', 200, 0.01);"
        "print([s.value for f in metering.counted() for s in f.samples if s.name == 'opla_http_requests_total'])"
    )
    told = [
        subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True).stdout
        for _ in range(3)
    ]
    assert told == ["[1.0]\n", "[2.0]\n", "[3.0]\n"]
    assert len(list(tmp_path.glob("*.db"))) == 2


def test_nothing_breaks_where_nothing_can_be_counted(tmp_path: Path) -> None:
    import subprocess
    import sys

    (tmp_path / "taken").write_text("a file where the folder should be")
    script = (
        "import sys, pathlib; from opla import metering; metering.begin(pathlib.Path(sys.argv[1]));"
        "metering.request('api', 200, 0.01); metering.called('send', 'x', 'unknown', 1)"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "taken" / "metrics")], check=True)


def test_answers_are_words_of_the_core(world: World) -> None:
    world.paid(DIRECT)
    world.work(2)
    answers = {of["answer"] for of, _ in read(world)["opla_answers_total"]}
    assert answers <= {str(answer) for answer in Answer}
