"""Two shops, three database servers, and a power cut: what was acknowledged stays, once, and the shop is soon back.

The machines are namespaces of Linux, the servers real: PostgreSQL under Patroni, set up as docs/howto/scale-out.md
says.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connections

import support  # noqa: F401 - sets Django up
from opla.db import keyring
from opla.db.embedded import Server
from opla.db.instance import STATE
from opla.db.queries.call import select
from opla.db.reached import reached
from opla.operations import catalogue
from opla.proving import ground
from opla.proving.bench import reselling
from opla.proving.chaos import evidence, street
from opla.proving.chaos.judge import Finding, Ours, Theirs, judge
from scale import hosts
from scale.cluster import Cluster, cluster
from scale.hosts import Host, Wire, wire
from scale.reseller import order
from scale.shops import HERE, Shop, Shoppers, Told, outside

_CALM_S = 8
_BACK_WITHIN_S = 30
#: There the shop has to give up connections that somebody still holds open at the other end.
_OTHER_HALF_WITHIN_S = 45
_PATIENCE_S = 120
#: An answer may be on its way when the cable is pulled; it had been written down on a second machine before.
_ON_ITS_WAY_S = 0.5


@pytest.fixture
def home() -> Iterator[Path]:
    """Where PostgreSQL's user may read, and on a disk: a commit waits for it, as in a shop."""
    if why := hosts.missing():
        pytest.skip(why)
    STATE.mkdir(mode=0o755, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix="scale-", dir=STATE))
    made.chmod(0o755)
    (made / "logs").mkdir()
    yield made
    connections.close_all()
    shutil.rmtree(made)


@pytest.fixture(autouse=True)
def _good_customers(monkeypatch: pytest.MonkeyPatch) -> None:
    """They pay, and their numbers are good: what else can happen is chaos' business."""
    monkeypatch.setattr(street, "_DECISIONS", {"pay": 1})
    monkeypatch.setattr(street, "_ENDINGS", ("123",))


@dataclass
class Storm:
    """What happened when. Times are of the machine's clock that never jumps."""

    cut_off: Shop  # the shop on the side of the primary that was cut off
    back_s: dict[str, float]
    written: Path  # what somebody at that primary was told
    split: float
    healed: float

    def was_away(self, at: float) -> bool:
        return self.split + _ON_ITS_WAY_S < at < self.healed


@pytest.mark.full
def test_a_primary_dies_and_another_is_cut_off_under_load_and_nothing_acknowledged_is_lost_or_twice(
    home: Path, record_property: Callable[[str, object], None]
) -> None:
    with wire(home / "logs") as net, cluster(net, home) as servers:
        shops = [Shop(net.host(name), home) for name in ("shop1", "shop2")]
        with outside(net, home, shops) as theirs:
            keyring.load(settings.VAR)
            for shop in shops:
                shop.open(servers, settings.VAR / "keys.json")
            secrets = _point_at(servers)
            _only_the_primary_is_asked(servers)

            shoppers = Shoppers(shops)
            shoppers.start()
            for shop, secret in zip(shops, secrets, strict=True):
                shop.order_from_now_on([secret])
            time.sleep(_CALM_S)
            storm = _storm(net, servers, shops, home)
            for shop in shops:
                shop.host.end_politely("reseller", _PATIENCE_S)
            shoppers.finish()
            connections.close_all()
            _until_nothing_moves()

            told = [one for shop in shops for one in shop.told()]
            findings = _judged(theirs, told, shoppers)
            rows = [json.loads(line) for line in storm.written.read_text().split("\n")[:-1]]
            late = [row for row in rows if "row" in row and storm.was_away(row["at"])]
            no = [row["at"] - storm.split for row in rows if "refused" in row and storm.was_away(row["at"])]
            record_property("store", servers.store)
            record_property("acknowledged orders of resellers", len(told))
            record_property("acknowledged orders of shoppers", sum(bool(one.links) for one in shoppers.receipts()))
            record_property("asked again, and told that it stood", sum(one.again for one in told))
            for what in ("lost", "twice"):
                record_property(what, sum(one.startswith(what) for one in findings))
            record_property("rows told by the server that was cut off", len(late))
            record_property("its first no, seconds after", round(min(no, default=-1.0), 1))
            for who, seconds in storm.back_s.items():
                record_property(f"seconds until {who} acknowledged again", round(seconds, 1))

            assert findings == []
            # The half that was cut off acknowledged nothing: no order, and no row to who stood at the server itself.
            assert [one for one in storm.cut_off.told() if storm.was_away(one.told)] == []
            assert late == []
            assert no, "the server that was cut off never said no"
            assert {row["row"] for row in rows if "row" in row} <= {
                n for (n,) in _asked(servers, "SELECT n FROM scale_test")
            }
            _the_same_key_is_the_same_order(told, shops)
            away = storm.back_s.pop("the other half")
            assert max(storm.back_s.values()) < _BACK_WITHIN_S
            assert away < _OTHER_HALF_WITHIN_S


def _storm(net: Wire, servers: Cluster, shops: list[Shop], home: Path) -> Storm:
    """The power of the primary's machine is cut; it comes back; then the network is split, and healed."""
    died, dead = _cut_the_power(servers)
    alive = [node for node in servers.nodes if node is not dead]
    back_s = {shop.host.name: _first_told(shop, died) - died for shop in shops}
    _a_standby_is_asked_nothing(servers, alive)
    net.plug(dead)
    servers.start(dead)
    servers.until_whole()
    time.sleep(_CALM_S)

    here, there = shops
    cut_off = servers.primary()
    written = _write_into(cut_off, servers, home)
    net.split(cut_off, here.host)
    split = time.monotonic()
    back_s["the other half"] = _first_told(there, split) - split
    time.sleep(2 * _CALM_S)
    healed = time.monotonic()
    net.heal()
    servers.until_whole()
    _first_told(here, healed)
    time.sleep(_CALM_S)
    assert servers.primary() is not cut_off
    return Storm(here, back_s, written, split, healed)


def _point_at(servers: Cluster) -> list[str]:
    """Django's connections of this test, too, look for the primary. A key for each of two resellers."""
    server = Server(
        reached(servers.url("opla_app")), reached(servers.url("opla_owner")), embedded=False, var=settings.VAR
    )
    ground.point_at(server, "opla")
    catalogue.at_version.cache_clear()
    secrets = reselling.keys(2)
    connections.close_all()  # that server is about to die
    return secrets


def _only_the_primary_is_asked(servers: Cluster) -> None:
    """A copy is passed over wherever it stands in the address, and refuses to be read where it is the only one."""
    primary = servers.primary()
    [copy, other] = [node for node in servers.nodes if node is not primary]
    url = servers.url("opla_app")
    login, name = url.partition("@")[0], url.rpartition("/")[2]
    where = ",".join(node.address for node in (copy, other, primary))
    with psycopg.connect(reached(f"{login}@{where}/{name}")) as connection:
        assert connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)
    with pytest.raises(psycopg.OperationalError, match="read-only"):
        psycopg.connect(reached(f"{login}@{copy.address}/{name}"))
    with pytest.raises(ValueError, match="reads the primary alone"):
        reached(f"{url}?target_session_attrs=any")


def _a_standby_is_asked_nothing(servers: Cluster, among: list[Host]) -> None:
    """Whoever looks for the primary knocks at each door, and asks nothing where it is not."""
    primary = servers.primary(among)
    for node in among:
        with servers.connect(node) as connection:
            found = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE usename LIKE 'opla%' AND query <> ''"
            ).fetchone()
        assert found is not None
        assert (found[0] > 0) == (node is primary)


def _cut_the_power(servers: Cluster) -> tuple[float, Host]:
    """The primary's machine is gone without a word: nobody's connection is closed, it answers nothing any more."""
    primary = servers.primary()
    servers.wire.unplug(primary)
    died = time.monotonic()
    primary.kill()
    return died, primary


def _first_told(shop: Shop, after: float) -> float:
    """When this shop acknowledged an order that was asked for after a moment, for the first time."""
    ends_at = time.monotonic() + _PATIENCE_S
    while time.monotonic() < ends_at:
        if found := [one.told for one in shop.told() if one.last_asked > after]:
            return min(found)
        time.sleep(0.2)
    raise TimeoutError(f"{shop.host.name} acknowledges nothing: {shop.host.said('up')[-3000:]}")


def _write_into(node: Host, servers: Cluster, home: Path) -> Path:
    """Somebody at the server itself, past every address, who writes row after row."""
    with servers.connect(node) as connection:
        connection.execute("CREATE TABLE scale_test (n bigint PRIMARY KEY)")
    path, address = home / "written", servers.address("127.0.0.1")
    with path.open("wb") as file:
        node.start("writer", [sys.executable, str(HERE / "writer.py"), address], {"PATH": "/usr/bin:/bin"}, stdout=file)
    ends_at = time.monotonic() + _PATIENCE_S
    while not path.stat().st_size:
        assert time.monotonic() < ends_at, node.said("writer")
        time.sleep(0.05)
    return path


def _asked(servers: Cluster, sql: str) -> list[tuple[object, ...]]:
    with servers.connect(servers.primary()) as connection:
        return connection.execute(sql).fetchall()  # type: ignore[arg-type]


def _until_nothing_moves() -> None:
    ends_at = time.monotonic() + _PATIENCE_S
    while left := evidence.moving():
        assert time.monotonic() < ends_at, f"{left} things are still under way: {evidence.ends()}"
        time.sleep(0.5)


def _judged(theirs_at: Path, told: list[Told], shoppers: Shoppers) -> list[str]:
    """What the judge of chaos finds, and what resellers hold against our orders."""
    keys = keyring.load(settings.VAR)
    ours, theirs = evidence.ours(datetime.now(UTC)), evidence.theirs(theirs_at, keys)
    findings = judge(ours, theirs, [evidence.held(receipt, keys) for receipt in shoppers.receipts()])
    found = [f"{one.broken}: {one.order_id} {one.sentence}" for one in findings if not _never_paid(one, ours, theirs)]
    orders = {str(id_): one for id_, one in ours.orders.items()}
    found += [f"lost: {one.key} was {one.order}" for one in told if one.order not in orders]
    ended = {one.order for one in told if (here := orders.get(one.order)) and here.state == "delivered"}
    found += [f"lost: {one.order} is not delivered" for one in told if one.order in orders and one.order not in ended]
    by_key = select("SELECT reseller, reseller_key FROM orders WHERE reseller <> '' GROUP BY 1, 2 HAVING count(*) > 1")
    found += [f"twice: {who} {key}" for who, key in by_key]
    shared = Counter(one.order for one in told)
    return [*found, *(f"twice: {id_} was told under {n} keys" for id_, n in shared.items() if n > 1)]


def _never_paid(finding: Finding, ours: Ours, theirs: Theirs) -> bool:
    """Somebody left before paying, and the order has not run out yet: that is no end, and nothing is lost."""
    order = ours.orders.get(finding.order_id) if finding.order_id else None
    if order is None or order.state != "placed" or not finding.sentence.startswith("still"):
        return False
    paid = {id_ for one in theirs.facts.payments.values() if one.kept_minor for id_ in ours.charges[one.reference]}
    return order.id not in paid


def _the_same_key_is_the_same_order(told: list[Told], shops: list[Shop]) -> None:
    """Asked for once more, of the other shop too, whatever was acknowledged is the order it was."""

    def again(one: Told) -> tuple[str, int, str]:
        shop = shops[0] if one.key.startswith("shop2") else shops[1]
        return one.key, *order(shop.host.address, 8001, one.secret, one.key, one.number)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(again, told)) == [(one.key, 200, one.order) for one in told]
