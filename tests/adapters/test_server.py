"""The process itself: its pages, its doors, its webhooks, and what `kill -9` leaves."""

from __future__ import annotations

import os
import queue
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from adapters.worlds import Counterparts, SandboxPayments, SandboxSupplier, TwinStock
from opla import notices, payments, suppliers
from opla.core.money import Money
from opla.core.ports import (
    Answer,
    ChargeRequest,
    Finds,
    Floats,
    Kind,
    LookedUp,
    LooksUp,
    Message,
    SendReport,
    SendRequest,
)
from opla.counterparts import address, secret
from opla.counterparts.log import facts
from opla.counterparts.place import log_path
from opla.counterparts.texts import TEXTS

SOURCES = Path(__file__).parents[2] / "src"


@contextmanager
def process(var: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The counterparts as `opla up` runs them; ready when their address is there and answers."""
    env = {**os.environ, "PYTHONPATH": str(SOURCES)}
    with subprocess.Popen([sys.executable, "-W", "error", "-m", "opla.counterparts", str(var)], env=env) as child:
        try:
            ready = False
            while not ready and child.poll() is None:
                time.sleep(0.01)
                port = urlsplit(address(var) or "").port
                with suppress(OSError), socket.create_connection(("127.0.0.1", port or 1), 1):
                    ready = True
            yield child
        finally:
            child.kill()


def config(var: Path) -> dict[str, str]:
    return {"base_url": str(address(var)), "secret": secret(var), "timeout_s": "5"}


def charge(webhook_url: str = "", language: str = "en", description: str = "Proximus €15") -> ChargeRequest:
    shop = "http://127.0.0.1:9/order/1"
    return ChargeRequest("c1", Money(1500, "EUR"), description, language, shop, webhook_url)


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    acknowledged: dict[str, str] = {}
    with process(tmp_path) as child:
        before = address(tmp_path)
        supplier = suppliers.build("sandbox", config(tmp_path), TwinStock())

        def buy(worker: int) -> None:
            for turn in range(10_000):
                reference = f"r{worker}-{turn}"
                ask = SendRequest(reference, "s", "proximus", Kind.CODE, Money(1500, "EUR"))
                report: SendReport = supplier.send(ask)
                if report.answer is not Answer.SUCCEEDED or report.pin is None:
                    return
                acknowledged[reference] = report.pin.secret

        buyers = [threading.Thread(target=buy, args=(n,)) for n in range(3)]
        for buyer in buyers:
            buyer.start()
        while len(acknowledged) < 30 and any(buyer.is_alive() for buyer in buyers):
            time.sleep(0.01)
        child.kill()
        for buyer in buyers:
            buyer.join()
    assert len(acknowledged) >= 30
    with process(tmp_path):
        assert address(tmp_path) == before
        supplier = suppliers.build("sandbox", config(tmp_path), TwinStock())
        assert isinstance(supplier, Finds)
        for reference, pin in acknowledged.items():
            found = supplier.find(reference)
            assert found
            assert found.pin
            assert found.pin.secret == pin
    given = {reference: sent.given for reference, sent in facts(log_path(tmp_path)).sends.items()}
    assert set(acknowledged) <= set(given)
    assert set(given.values()) == {1}
    assert len(set(acknowledged.values())) == len(acknowledged)


def test_its_float_and_its_numbers_are_asked_for_like_any_suppliers(tmp_path: Path) -> None:
    with process(tmp_path):
        supplier = suppliers.build("sandbox", config(tmp_path), TwinStock())
        assert isinstance(supplier, Floats)
        assert isinstance(supplier, LooksUp)
        assert (supplier.float_left(), supplier.look_up("+32470123456")) == (Money(1_000_000, "EUR"), None)
        supplier.send(SendRequest("r1", "MV-15", "mobile-vikings", Kind.DIRECT, Money(1500, "EUR"), "+32470123456"))
        assert supplier.float_left() == Money(998_560, "EUR")
        assert supplier.look_up("+32470123456") == LookedUp("mobile-vikings", "BE")
        wrong = suppliers.build("sandbox", {**config(tmp_path), "secret": "wrong"}, TwinStock())
        assert isinstance(wrong, Floats)
        assert wrong.float_left() is None
    assert supplier.float_left() is None  # nobody is there: nothing is known


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_fast_alone_and_stops_cleanly(tmp_path: Path, sign: signal.Signals) -> None:
    with process(tmp_path) as child:
        again = subprocess.run(
            [sys.executable, "-m", "opla.counterparts", str(tmp_path)],
            env={**os.environ, "PYTHONPATH": str(SOURCES)},
            capture_output=True,
            check=False,
        )
        assert again.returncode == 1
        assert b"already" in again.stderr
        child.send_signal(sign)
        assert child.wait(5) == 0
    assert stat.S_IMODE((tmp_path / "sandbox" / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "sandbox").stat().st_mode) == 0o700


def test_everything_the_shop_calls_needs_the_secret(other: Counterparts) -> None:
    for method, path in [
        ("POST", "/payments"),
        ("GET", "/payments"),
        ("GET", "/payments/sp_1"),
        ("POST", "/payments/sp_1/decide"),
        ("POST", "/payments/sp_1/refunds"),
        ("GET", "/refunds"),
        ("POST", "/sends"),
        ("GET", "/sends"),
        ("POST", "/mail"),
        ("GET", "/mail.json"),
        ("POST", "/faults"),
    ]:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Bearer {other.secret}x"}):
            assert other.http.request(method, path, headers=headers, json={}).status_code == 401, path


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/payments", b"{"),
        ("/payments", b"[]"),
        ("/payments", b'{"reference":"r","amount_minor":1.5,"currency":"EUR","return_url":"http://a/"}'),
        ("/payments", b'{"reference":"r","amount_minor":15,"currency":"EUR","return_url":"javascript:1"}'),
        ("/payments", b'{"reference":"\\ud800","amount_minor":15,"currency":"EUR","return_url":"http://a/"}'),
        ("/sends", b'{"reference":"r","sku":"s","operator":"o","kind":"gift","face_minor":1,"currency":"EUR"}'),
        ("/sends", b'{"reference":"r","sku":"s","operator":"o","kind":"code","face_minor":true,"currency":"EUR"}'),
        ("/mail", b'{"reference":"m"}'),
    ],
)
def test_nonsense_is_refused_by_name_and_leaves_no_trace(other: Counterparts, path: str, body: bytes) -> None:
    answer = other.http.post(path, content=body, headers=other.bearer)
    assert 400 <= answer.status_code < 500
    assert answer.json()["error"]
    assert other.log_path.read_bytes() == b""


def test_a_page_reached_under_another_name_is_not_shown(other: Counterparts) -> None:
    assert other.http.get("/mail", headers={"Host": "evil.example"}).status_code == 421


def test_a_body_too_long_is_refused(other: Counterparts) -> None:
    assert other.http.post("/mail", content=b"x" * 70_000, headers=other.bearer).status_code == 413


@pytest.mark.parametrize("language", TEXTS)
def test_the_checkout_says_sandbox_in_the_language_of_the_payment_and_escapes_what_is_foreign(
    other: Counterparts, language: str
) -> None:
    made = SandboxPayments(other).adapter.charge(charge(language=language, description="<script>alert(1)</script>"))
    answer = other.http.get(made.redirect_url)
    html, words = answer.text, TEXTS[language]
    assert f'lang="{language}"' in html
    assert words["no_money"] in html
    assert "€15.00" in html
    assert html.count('name="outcome"') == 5
    assert "<script" not in html
    assert re.findall(r"\son\w+=|style=", html) == []
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    asked = replace(charge(language=language), reference="0b" * 16, keep=True)
    keeping = other.http.get(SandboxPayments(other).adapter.charge(asked).redirect_url).text
    assert (words["keeps"] in keeping, words["keeps"] in html) == (True, False)
    assert keeping.count('name="outcome"') == 10
    # Browsers hold the redirect after a form against this list: without the shop nobody could come back.
    assert policy.endswith("form-action 'self' http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("outcome", "answer", "captured_minor"),
    [
        ("pay", Answer.SUCCEEDED, 1500),
        ("refuse", Answer.DECLINED, 0),
        ("abandon", Answer.PENDING, 0),
        ("late", Answer.DECLINED, 0),
        ("twice", Answer.SUCCEEDED, 3000),
    ],
)
def test_a_button_goes_back_to_the_shop_and_pressing_again_changes_nothing(
    other: Counterparts, outcome: str, answer: Answer, captured_minor: int
) -> None:
    adapter = SandboxPayments(other).adapter
    made = adapter.charge(charge())
    for pressed in (outcome, "refuse" if outcome != "abandon" else outcome):
        went = other.http.post(made.redirect_url, data={"outcome": pressed})
        assert (went.status_code, went.headers["location"]) == (303, "http://127.0.0.1:9/order/1")
    found = adapter.fetch("c1", made.provider_id)
    assert found
    assert (found.answer, found.captured_minor) == (answer, captured_minor)
    if outcome != "abandon":
        assert "outcome" not in other.http.get(made.redirect_url).text
    other.pass_s(6)
    late = adapter.fetch("c1", made.provider_id)
    assert late
    assert late.captured_minor == (1500 if outcome == "late" else captured_minor)


def test_a_charge_back_has_no_button(other: Counterparts) -> None:
    made = SandboxPayments(other).adapter.charge(charge())
    went = other.http.post(made.redirect_url, data={"outcome": "charge_back"})
    assert went.status_code == 404


def test_a_person_redeems_a_code_on_the_operator_page_once(other: Counterparts) -> None:
    adapter = SandboxSupplier(other).adapter
    report = adapter.send(SendRequest("r1", "s", "base", Kind.CODE, Money(1000, "EUR")))
    assert report.pin
    typed = {"number": "0470 12 34 56", "code": " ".join(re.findall("....?", report.pin.secret))}
    said = [other.http.post("/operator/redeem?lang=zh-Hans", data=typed).headers["location"] for _ in range(2)]
    assert said == [f"/operator?said={word}&lang=zh-Hans" for word in ("redeemed", "code_used")]
    page = other.http.get(said[0]).text
    assert "+32470123456" in page
    assert "€10.00" in page
    assert TEXTS["zh-Hans"]["said_redeemed"] in page
    assert report.pin.secret not in other.log_path.read_text()
    wrong = other.http.post("/operator/redeem", data={**typed, "number": "12"}).headers["location"]
    assert "number_invalid" in wrong


def test_the_mailbox_shows_messages_newest_first_with_links_and_without_markup(other: Counterparts) -> None:
    post = notices.build("sandbox", other.config())
    for reference, text in [("m1", "first"), ("m2", "see http://127.0.0.1:9/o/x?a=1&b=2. <b>"), ("m2", "again")]:
        assert post.tell(Message(reference, "a@example.org", f"about {reference}", text, "en")) is Answer.SUCCEEDED
    html = other.http.get("/mail").text
    assert html.index("about m2") < html.index("about m1")
    assert '<a href="http://127.0.0.1:9/o/x?a=1&amp;b=2" rel="noreferrer">' in html
    assert "&lt;b&gt;" in html
    assert "again" not in html
    found = other.http.get("/mail.json", params={"to": "a@example.org"}, headers=other.bearer).json()["mails"]
    assert [mail["reference"] for mail in found] == ["m2", "m1"]
    assert other.http.get("/mail.json?to=b@example.org", headers=other.bearer).json() == {"mails": []}


def test_every_page_is_labelled_in_every_language_and_unknown_ones_are_404(other: Counterparts) -> None:
    assert list(TEXTS) == ["en", "fr", "nl", "de", "zh-Hans"]
    assert len({frozenset(words) for words in TEXTS.values()}) == 1
    for path, status in [("/", 200), ("/operator", 200), ("/mail", 200), ("/nothing", 404), ("/pay/0", 404)]:
        for language, words in TEXTS.items():
            answer = other.http.get(path, headers={"Accept-Language": language})
            assert answer.status_code == status
            assert words["no_money"] in answer.text
    assert other.http.get("/style.css").headers["content-type"].startswith("text/css")
    assert other.http.head("/").content == b""


@contextmanager
def shop_door(refuse_first: int = 0) -> Iterator[tuple[str, queue.Queue[str]]]:
    """A shop's webhook address, and what came through it."""
    came: queue.Queue[str] = queue.Queue()
    refusals = [500] * refuse_first

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.put(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(refusals.pop() if refusals else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", came
        server.shutdown()
        thread.join()


def test_a_webhook_names_the_payment_and_is_tried_again_when_the_shop_stumbles(other: Counterparts) -> None:
    world = SandboxPayments(other)
    with shop_door(refuse_first=1) as (url, came):
        made = world.adapter.charge(charge(url))
        world.pay(made.provider_id)
        assert [came.get(timeout=3) for _ in range(2)] == [f"id={made.provider_id}"] * 2


def test_webhooks_are_lost_or_repeated_when_a_test_says_so(other: Counterparts) -> None:
    world = SandboxPayments(other)
    with shop_door() as (url, came):
        made = world.adapter.charge(charge(url))
        other.webhooks("lose")
        world.pay(made.provider_id)
        other.webhooks("repeat")
        other.http.post(
            f"/payments/{made.provider_id}/decide", json={"outcome": "charge_back"}, headers=other.bearer
        ).raise_for_status()
        assert [came.get(timeout=3) for _ in range(3)] == [f"id={made.provider_id}"] * 3
        assert came.empty()


def test_the_secret_is_made_once_even_by_many_at_once(tmp_path: Path) -> None:
    found: list[str] = []
    makers = [threading.Thread(target=lambda: found.append(secret(tmp_path))) for _ in range(8)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert len(set(found)) == 1
    assert len(found[0]) == 64
    assert [path.name for path in (tmp_path / "sandbox").iterdir()] == ["secret"]


def test_a_secret_made_by_somebody_else_meanwhile_is_the_one_that_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def beaten(_draft: Path, path: Path) -> None:
        path.write_text("theirs")
        raise FileExistsError

    monkeypatch.setattr("os.link", beaten)
    assert secret(tmp_path) == "theirs"


def test_the_registry_says_what_is_there() -> None:
    assert {"mollie", "sandbox"} <= set(payments.names())
    assert {"card_stock", "code_stock", "sandbox"} <= set(suppliers.names())
    assert {"sandbox", "web_push"} <= set(notices.names())
