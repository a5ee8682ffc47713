"""Posting to whoever a reseller named: a real receiver that fails, hangs, redirects, recovers; names that lie."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from opla.core.ports import PostsWebhooks, Webhook
from opla.core.webhook import Outcome
from opla.notices import endpoints
from opla.notices.endpoints import Endpoints

BODY = '{"type":"order.delivered","data":{"名":"字"}}'.encode()
Answer = Callable[[BaseHTTPRequestHandler], None]


def says(status: int, text: bytes = b"", **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(text)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(text)

    return answer


class Receiver:
    """A server that answers what it is told, and keeps what came."""

    def __init__(self, answer: Answer, context: ssl.SSLContext | None = None) -> None:
        self.answer = answer
        self.came: list[tuple[str, dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.came.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                receiver.answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - theirs
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/opla?x=1"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver(says(204))
    yield found
    found.close()


def post(url: str, *, sandbox: bool = True) -> Outcome:
    headers = {"webhook-id": "a" * 32, "Content-Type": "application/json"}
    return Endpoints(sandbox=sandbox).post(Webhook(url, BODY, headers))


def test_the_body_arrives_byte_for_byte_with_its_headers(receiver: Receiver) -> None:
    assert post(receiver.url) == Outcome(204)
    [(path, headers, body)] = receiver.came
    assert (path, body) == ("/opla?x=1", BODY)
    assert headers["host"] == f"127.0.0.1:{receiver.port}"
    assert headers["webhook-id"] == "a" * 32
    assert headers["content-type"] == "application/json"
    assert isinstance(Endpoints(sandbox=True), PostsWebhooks)


def test_what_failed_and_recovered_is_told_as_it_was(receiver: Receiver) -> None:
    receiver.answer = says(503, b"later", Retry_After="120")
    assert post(receiver.url) == Outcome(503, said="later", wait_s=120)
    receiver.answer = says(200, b"ok", Retry_After="Wed, 21 Oct 2026 07:28:00 GMT")
    assert post(receiver.url) == Outcome(200, said="ok")


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    other = Receiver(says(200))
    receiver.answer = says(307, Location=other.url)
    assert post(receiver.url) == Outcome(307)
    assert other.came == []
    other.close()


def test_whoever_hangs_is_left_after_the_time_there_is(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "_TIMEOUT_S", 0.3)
    let_go = threading.Event()
    receiver.answer = lambda _: let_go.wait(5) and None
    began = time.monotonic()
    assert post(receiver.url) == Outcome(why="timed_out")
    assert time.monotonic() - began < 2
    let_go.set()


def drips(handler: BaseHTTPRequestHandler) -> None:
    """Less than two seconds of a status line, a sign each tenth of a second, and then of one header for a while."""
    for sign in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"9" * 40:
        handler.wfile.write(bytes([sign]))
        handler.wfile.flush()
        time.sleep(0.1)


def test_whoever_drips_is_left_too(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "_TIMEOUT_S", 0.3)
    receiver.answer = drips
    began = time.monotonic()
    assert post(receiver.url) == Outcome(why="timed_out")
    assert time.monotonic() - began < 2


def test_of_a_long_answer_little_is_read_and_two_hundred_signs_are_kept(receiver: Receiver) -> None:
    sent = []

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(1000):
                handler.wfile.write(b"<b>\x00\xff " + b"x" * 100_000)
                sent.append(1)
        except OSError:
            pass

    receiver.answer = endless
    outcome = post(receiver.url)
    assert outcome.status == 200
    assert len(outcome.said) == 200
    assert outcome.said.isprintable()
    time.sleep(0.1)
    assert len(sent) < 100


def test_nobody_there_is_a_failure_and_nothing_left() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert post(f"http://127.0.0.1:{port}/") == Outcome(why="no_connection")


def test_a_live_shop_never_posts_to_this_machine_whatever_was_kept(receiver: Receiver) -> None:
    assert post(receiver.url, sandbox=False) == Outcome(why="address_refused")
    assert receiver.came == []


class Names:
    """A resolver that is asked, and says whatever it likes, another thing every time."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers.pop(0)


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["9.9.9.9", "169.254.169.254"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["fd00::1"],
    ],
)
def test_a_name_that_leads_behind_the_walls_is_not_called(
    addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[object] = []
    monkeypatch.setattr(endpoints, "post_to", lambda *a, **_: called.append(a))
    found = Endpoints(sandbox=True, resolve=Names(addresses)).post(Webhook("https://evil.example.com/", BODY, {}))
    assert found == Outcome(why="address_refused")
    assert called == []


def test_a_name_without_an_address_is_a_failure() -> None:
    found = Endpoints(sandbox=False, resolve=Names([])).post(Webhook("https://gone.example.com/", BODY, {}))
    assert found == Outcome(why="no_address")


@pytest.fixture
def secure(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver with TLS on this machine, which a test may call public for once."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    found = Receiver(says(200), context)
    monkeypatch.setattr("opla.core.endpoint.PORTS", {found.port})
    monkeypatch.setattr(endpoints, "callable_at", lambda _url, addresses: bool(addresses))
    yield found
    found.close()


def test_the_very_address_that_was_judged_is_called_and_the_certificate_is_the_names(
    secure: Receiver, certificate: Path
) -> None:
    """The name is asked once: a second answer, which rebinding lives on, is never heard."""
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    trusted = ssl.create_default_context(cafile=str(certificate))
    ours = Endpoints(sandbox=False, resolve=names, trusted=trusted)
    assert ours.post(Webhook(f"https://hooks.example.com:{secure.port}/x", BODY, {})) == Outcome(200)
    assert names.asked == 1
    [(path, headers, _)] = secure.came
    assert (path, headers["host"]) == ("/x", f"hooks.example.com:{secure.port}")
    other = Endpoints(sandbox=False, resolve=Names(["127.0.0.1"]), trusted=trusted)
    assert other.post(Webhook(f"https://other.example.com:{secure.port}/x", BODY, {})).status == 0
    assert len(secure.came) == 1


def test_a_certificate_that_nobody_signed_is_refused(secure: Receiver) -> None:
    ours = Endpoints(sandbox=False, resolve=Names(["127.0.0.1"]))
    found = ours.post(Webhook(f"https://hooks.example.com:{secure.port}/x", BODY, {}))
    assert found == Outcome(why="certificate")
    assert secure.came == []


def test_where_the_first_address_does_not_even_connect_the_next_one_is_tried(
    secure: Receiver, certificate: Path
) -> None:
    trusted = ssl.create_default_context(cafile=str(certificate))
    ours = Endpoints(sandbox=False, resolve=Names(["127.0.0.2", "127.0.0.1"]), trusted=trusted)
    assert ours.post(Webhook(f"https://hooks.example.com:{secure.port}/x", BODY, {})) == Outcome(200)


def test_whoever_drips_over_tls_is_left_too(
    secure: Receiver, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "_TIMEOUT_S", 0.5)
    secure.answer = drips
    trusted = ssl.create_default_context(cafile=str(certificate))
    ours = Endpoints(sandbox=False, resolve=Names(["127.0.0.1"]), trusted=trusted)
    began = time.monotonic()
    assert ours.post(Webhook(f"https://hooks.example.com:{secure.port}/x", BODY, {})) == Outcome(why="timed_out")
    assert time.monotonic() - began < 2


def test_the_time_that_a_name_took_is_part_of_the_time_there_is(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "_TIMEOUT_S", 0.1)

    def slowly(_host: str, _port: int) -> Sequence[str]:
        time.sleep(0.2)
        return ["127.0.0.1"]

    found = Endpoints(sandbox=True, resolve=slowly).post(Webhook(receiver.url, BODY, {}))
    assert found == Outcome(why="timed_out")
    assert receiver.came == []


def test_the_machines_own_proxy_is_not_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert post(receiver.url) == Outcome(204)
