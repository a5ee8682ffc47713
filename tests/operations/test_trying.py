"""Trying real adapters without keys: a counterparts process stands in, a live shop does not let it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from fakes import CODE, CUSTOMER, DEVICE, WORKER, World
from opla import payments, suppliers
from opla.commands import Stop, doctor, runtime, up
from opla.core.actor import Actor, Role
from opla.core.attempt import Kind
from opla.core.supply import State
from opla.counterparts import place, trying
from opla.db.queries import attempts
from opla.db.queries.call import select
from opla.db.queries.cards import Shelves
from opla.db.queries.suppliers import Synced
from opla.operations.outside import Adapters, SandboxBesideLive
from opla.operations.place_orders import Placed, Placement, place_orders
from opla.operations.suppliers import decide, sync
from opla.operations.wake import wake_order
from opla.operations.work import LEASE_MARGIN_S, settle_claims

SOURCE = Path(__file__).resolve().parents[2] / "src"
OWNER = Actor(Role.OWNER, "owner")
EVERYBODY = trying.PAYMENTS + trying.SUPPLIERS
#: Which of theirs is the Proximus PIN of €15.
PIN = {"reloadly": "901:15.00", "ding": "PXBE15", "dtone": "101"}

Start = Callable[[], str]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts the counterparts of this test's shop; again after killing them, where they run. Returns their address."""
    monkeypatch.setenv(trying.SETTING, " ".join(EVERYBODY))
    running: list[subprocess.Popen[bytes]] = []

    def end() -> None:
        for process in running:
            process.kill()
            process.wait(5)
        running.clear()

    def begin() -> str:
        end()
        address = tmp_path / "sandbox" / "address.json"
        address.unlink(missing_ok=True)
        command = [sys.executable, "-m", "opla.counterparts", str(tmp_path)]
        running.append(subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(SOURCE)}))
        for _ in range(500):
            if url := place.address(tmp_path):
                return url
            time.sleep(0.01)
        raise TimeoutError("the counterparts did not start")

    yield begin
    end()


class Trying:
    """A shop that is set up with one way of paying and one supplier, both only tried."""

    def __init__(self, world: World, way: str, supplier: str) -> None:
        self.way, self.supplier, self.world = way, supplier, world
        self.shop = world.shop = replace(
            world.shop, payment_methods=(way,), routes=(supplier,), mapped=frozenset({supplier})
        )
        self.outside = Adapters(self.shop, Shelves(world.clock))

    def approves(self) -> None:
        """What it lists is a proposal, until a person says that it is the same."""
        synced = sync(OWNER, self.supplier, shop=self.shop, outside=self.outside, at=self.world.clock())
        assert isinstance(synced, Synced)
        assert synced.fresh > 0
        proposed = select("SELECT state FROM supply WHERE sku = %s AND their_sku = %s", [CODE, PIN[self.supplier]])
        assert proposed == [("proposed",)]
        no = decide(
            OWNER, self.supplier, CODE, PIN[self.supplier], State.APPROVED, shop=self.shop, at=self.world.clock()
        )
        assert no is None

    def orders(self) -> str:
        """The address of the page where it is to be paid."""
        quote = self.world.quote()
        [placed] = place_orders(
            CUSTOMER, [Placement(quote.id, quote.price.total.amount_minor, self.way)], device=DEVICE, shop=self.shop,
            at=self.world.clock(),
        )  # fmt: skip
        assert isinstance(placed, Placed)
        self.order_id = placed.order_id
        self.work()
        [(url,)] = select("SELECT redirect_url FROM attempt WHERE redirect_url <> ''")
        return str(url)

    def comes_back(self) -> str:
        """What the return page does; what became of the order."""
        wake_order(self.order_id, at=self.world.clock())
        for _ in range(4):
            self.work()
            self.world.clock.tick(5)
        return self.world.state(self.order_id)

    def work(self) -> None:
        """As a worker does: for as long as the slowest of them may take."""
        at, lease_s = self.world.clock(), self.outside.longest_call_s() + LEASE_MARGIN_S
        claimed = attempts.claim(WORKER, list(Kind), at=at, limit=50, lease_s=lease_s)
        settle_claims(
            claimed, worker=WORKER, shop=self.shop, outside=self.outside, at=at, clock=self.world.clock, width=50
        )


def press(url: str, button: str) -> httpx.Response:
    return httpx.post(url, data={"outcome": button}, trust_env=False)


@pytest.mark.parametrize(("way", "supplier"), [("mollie", "reloadly"), ("stripe", "dtone"), ("paypal", "ding")])
def test_the_whole_way_is_gone_with_the_true_adapters_and_nobody_has_a_key(
    way: str, supplier: str, world: World, start: Start
) -> None:
    base = start()
    trial = Trying(world, way, supplier)
    trial.approves()
    url = trial.orders()
    assert url.startswith(f"{base}/try/{way}/pay/")
    shown = httpx.get(url, trust_env=False)
    assert "SANDBOX" in shown.text
    assert "€15.00" in shown.text
    assert "stands in" in shown.text
    back = press(url, "pay")
    assert (back.status_code, urlsplit(back.headers["location"]).netloc) == (303, "shop.test")
    assert trial.comes_back() == "delivered"
    assert world.items() == []
    assert select("SELECT supplier, state FROM code WHERE order_id = %s", [trial.order_id]) == [(supplier, "sold")]


@pytest.mark.parametrize("way", trying.PAYMENTS)
def test_whoever_is_refused_there_gets_nothing_and_pays_nothing(way: str, world: World, start: Start) -> None:
    start()
    trial = Trying(world, way, "reloadly")
    trial.approves()
    url = trial.orders()
    press(url, "refuse")
    assert press(url, "pay").status_code == 303  # another tab: it was decided
    assert "was refused" in httpx.get(url, trust_env=False).text
    assert trial.comes_back() == "placed"
    assert select("SELECT kind, state FROM attempt") == [("charge", "declined")]
    assert world.items() == []


@pytest.mark.parametrize(("way", "shown"), [("mollie", "was left"), ("stripe", "was left"), ("paypal", "<button")])
def test_whoever_walks_away_may_come_back_where_the_true_page_lets_them(
    way: str, shown: str, world: World, start: Start
) -> None:
    start()
    trial = Trying(world, way, "reloadly")
    trial.approves()
    url = trial.orders()
    press(url, "abandon")
    assert shown in httpx.get(url, trust_env=False).text
    assert trial.comes_back() == "placed"
    press(url, "pay")
    assert trial.comes_back() == ("delivered" if way == "paypal" else "placed")


@pytest.mark.parametrize("way", trying.PAYMENTS)
def test_what_was_paid_there_survives_a_kill(way: str, world: World, start: Start) -> None:
    start()
    trial = Trying(world, way, "reloadly")
    trial.approves()
    press(trial.orders(), "pay")
    start()
    assert trial.comes_back() == "delivered"
    assert world.items() == []


def test_the_page_of_a_payment_is_found_by_its_address_alone(world: World, start: Start) -> None:
    start()
    trial = Trying(world, "mollie", "reloadly")
    trial.approves()
    url = trial.orders()
    whole, _, _ = url.rpartition(".")
    guesses = [whole, f"{whole}.{'0' * 32}", f"{whole}.é", url.replace("/mollie/", "/stripe/"), f"{url}0"]
    for guess in guesses:
        assert httpx.get(guess, trust_env=False).status_code == 404
        assert press(guess, "pay").status_code == 404
    assert press(url, "steal").status_code == 404
    assert httpx.get(url, headers={"Host": "evil.example"}, trust_env=False).status_code == 421
    assert httpx.get(url.partition("/try/")[0] + "/try/nobody/v1", trust_env=False).status_code == 404


def test_the_stand_ins_are_not_there_before_somebody_calls_one(start: Start, tmp_path: Path) -> None:
    base = start()
    assert httpx.get(base, trust_env=False).status_code == 200
    assert not place.trial_path(tmp_path).exists()
    assert httpx.get(f"{base}/try/mollie/v2/payments", trust_env=False).status_code == 401
    assert httpx.post(f"{base}/try/mollie/v2/payments", trust_env=False).status_code == 401
    assert place.trial_path(tmp_path).read_bytes() == b""  # a stranger fills no disk


def test_nothing_answers_in_its_place_unless_the_owner_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(trying.SETTING, raising=False)
    assert (trying.asked(os.environ), trying.methods({}), trying.suppliers({})) == ((), (), ())
    script = "from opla.site import settings as s; print(s.SANDBOX_SUPPLIES, s.PAYMENT_METHODS, s.SUPPLIERS)"
    for asked, said in (("", "True () ()"), ("mollie", "True ('mollie',) ()"), ("ding", "False () ('ding',)")):
        environ = {**os.environ, trying.SETTING: asked, "PYTHONPATH": str(SOURCE)}
        told = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=True)
        assert told.stdout.strip() == said
    there = {trying.SETTING: "mollie stripe ding", "OPLA_PAYMENT_METHODS": "mollie_bancontact", "OPLA_SUPPLIERS": "x"}
    assert trying.methods(there) == ("mollie_bancontact", "stripe")
    assert trying.suppliers(there) == ("x", "ding")


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"OPLA_TRY": "mollie", "OPLA_SANDBOX": "0"}, "live shop"),
        ({"OPLA_TRY": "mollie adyen"}, "nobody stands in for adyen"),
        ({"OPLA_TRY": "mollie", "OPLA_PAYMENTS_MOLLIE_KEY": "live_secret"}, "settings of its own"),
        ({"OPLA_TRY": "ding", "OPLA_SUPPLIERS_DING_KEY": "live_secret"}, "settings of its own"),
        ({"OPLA_TRY": "mollie", "OPLA_PAYMENTS_STRIPE_KEY": "sk_test"}, ""),
        ({"OPLA_SANDBOX": "0"}, ""),
    ],
)
def test_what_cannot_be_tried_is_said_and_nothing_starts(
    environ: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (said in trying.problem(environ)) is True
    assert bool(trying.problem(environ)) is bool(said)
    assert "live_secret" not in trying.problem(environ)
    if not said:
        return
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    for starting in (runtime.running(), runtime.prepared()):
        with pytest.raises(Stop, match=said), starting:
            pass
    assert list(doctor._tried()) == [(False, trying.problem(environ))]
    up._payable()
    settings = subprocess.run(
        [sys.executable, "-c", "import opla.site.settings"], env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "ImproperlyConfigured" in settings.stderr
    assert said in settings.stderr


def test_a_live_shop_calls_no_stand_in_even_if_it_got_that_far(
    world: World, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    start()
    outside = Adapters(replace(world.shop, sandbox=False), Shelves(world.clock))
    for name in trying.PAYMENTS:
        with pytest.raises(SandboxBesideLive):
            outside.payment(name)
    for name in trying.SUPPLIERS:
        with pytest.raises(SandboxBesideLive):
            outside.supplier(name)
    monkeypatch.delenv(trying.SETTING)
    monkeypatch.setenv("OPLA_PAYMENTS_MOLLIE_KEY", f"live_{'a1' * 16}")
    monkeypatch.setenv("OPLA_PAYMENTS_MOLLIE_BASE_URL", "http://127.0.0.1:9/try/mollie")
    with pytest.raises(SandboxBesideLive, match="real money"):
        outside.payment("mollie")


@pytest.mark.parametrize("name", EVERYBODY)
def test_every_key_that_is_made_for_trying_is_one_that_moves_no_money(name: str) -> None:
    config = trying.settings(name, "http://127.0.0.1:9", "secret")
    live = payments.live if name in trying.PAYMENTS else suppliers.live
    assert live(name, config) is False
    assert {url for field, url in config.items() if field.endswith("_url")} == {f"http://127.0.0.1:9/try/{name}"}
