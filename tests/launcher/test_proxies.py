"""The proxies of deploy/, run as they are written: TLS, what they pass on and what they keep to themselves."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from opla.commands.up import free_port

ROOT = Path(__file__).resolve().parents[2]
HOST = "shop.example.org"


class Echo(BaseHTTPRequestHandler):
    """In the place of the shop: says what reached it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        port = self.server.server_address[1]
        said = json.dumps({"port": port, "path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}})
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said.encode())

    def parse_request(self) -> bool:
        self.server.heard.append(self.raw_requestline)  # type: ignore[attr-defined]
        return super().parse_request()

    do_POST = do_GET  # noqa: N815 - their name for it

    def log_message(self, *_: object) -> None: ...


def echo() -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.daemon_threads = True
    server.heard = []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture
def upstreams() -> Iterator[tuple[ThreadingHTTPServer, ThreadingHTTPServer]]:
    servers = echo(), echo()
    yield servers
    for one in servers:
        one.shutdown()
        one.server_close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate that only these tests trust, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "privkey.pem").write_bytes(private)
    return folder


class Proxy:
    """One of deploy/'s, in front of `web` and `orders`, on ports of its own. Nothing else of its file is changed."""

    def __init__(self, kind: str, folder: Path, certificate: Path, web: int, orders: int) -> None:
        self._trust = ssl.create_default_context(cafile=str(certificate / "fullchain.pem"))
        self.tls = free_port("127.0.0.1", 20_400 + os.getpid() % 1000)
        self.plain = free_port("127.0.0.1", 21_400 + os.getpid() % 1000)
        upstreams = {"127.0.0.1:8000": f"127.0.0.1:{web}", "127.0.0.1:8001": f"127.0.0.1:{orders}"}
        self.process = {"nginx": self._nginx, "caddy": self._caddy}[kind](folder, certificate, upstreams)
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.tls), 1).close()
            except OSError:
                assert self.process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.05)
            else:
                return

    def _nginx(self, folder: Path, certificate: Path, upstreams: dict[str, str]) -> subprocess.Popen[bytes]:
        text = written("nginx/opla.conf", {
            **upstreams, "listen 443 ssl http2;": f"listen 127.0.0.1:{self.tls} ssl http2;",
            "    listen [::]:443 ssl http2;\n": "", "listen 80;": f"listen 127.0.0.1:{self.plain};",
            "    listen [::]:80;\n": "", "/etc/ssl/opla/": f"{certificate}/", "/var/log/nginx/": f"{folder}/",
        })  # fmt: skip
        (folder / "opla.conf").write_text(text)
        temporary = "".join(
            f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(
            f"{user} daemon off; pid {folder}/pid; error_log {folder}/log; worker_processes 1;\n"
            f"events {{}} http {{ {temporary} include {folder}/opla.conf; }}"
        )
        return start([program("nginx"), "-e", str(folder / "log"), "-c", str(folder / "nginx.conf")], folder)

    def _caddy(self, folder: Path, certificate: Path, upstreams: dict[str, str]) -> subprocess.Popen[bytes]:
        # The certificate is ours, and so nobody is asked for one.
        text = written("caddy/Caddyfile", {
            **upstreams, "{\n\tservers {": f"{{\n\tadmin off\n\thttp_port {self.plain}\n\tservers {{",
            f"\n{HOST} {{": f"\n{HOST}:{self.tls} {{\n\ttls {certificate}/fullchain.pem {certificate}/privkey.pem",
        })  # fmt: skip
        (folder / "Caddyfile").write_text(text)
        words = [program("caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
        return start(words, folder)

    def ask(self, method: str, path: str, **headers: str) -> Answer:
        connection = http.client.HTTPSConnection(HOST, self.tls, timeout=20, context=self._trust)
        connection.sock = self.reach()
        return _answer(connection, method, path, headers)

    def reach(self) -> ssl.SSLSocket:
        return self._trust.wrap_socket(socket.create_connection(("127.0.0.1", self.tls), 20), server_hostname=HOST)

    def asked_plainly(self, path: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.plain, timeout=20)
        return _answer(connection, "GET", path, {"Host": HOST})


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes


def _answer(connection: http.client.HTTPConnection, method: str, path: str, headers: dict[str, str]) -> Answer:
    try:
        connection.request(method, path, body=b"x" * 10 if method == "POST" else None, headers=headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def written(name: str, changes: dict[str, str]) -> str:
    text = (ROOT / "deploy" / name).read_text("utf-8")
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        pytest.skip(f"no {name} here: apt-get install {name}")
    return found


def start(words: list[str], folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "log").open("wb") as log:
        home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        return subprocess.Popen(words, stdout=log, stderr=log, env={**os.environ, **home})


@pytest.fixture
def stand(tmp_path: Path, certificate: Path) -> Iterator[Callable[[str, int, int], Proxy]]:
    started: list[Proxy] = []

    def make(kind: str, web: int, orders: int) -> Proxy:
        started.append(Proxy(kind, tmp_path, certificate, web, orders))
        return started[-1]

    yield make
    for one in started:
        one.process.terminate()
        one.process.wait(20)


BOTH = pytest.mark.parametrize("kind", ["nginx", "caddy"])


@BOTH
def test_a_proxy_passes_on_whom_it_heard_and_nothing_they_say_of_it(
    kind: str, stand: Callable[[str, int, int], Proxy], upstreams: tuple[ThreadingHTTPServer, ThreadingHTTPServer]
) -> None:
    web, orders = upstreams
    proxy = stand(kind, web.server_port, orders.server_port)
    lies = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9"}
    said = json.loads(proxy.ask("GET", "/help/", **lies).body)
    assert (said["port"], said["path"]) == (web.server_port, "/help/")
    assert said["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert said["headers"]["host"].partition(":")[0] == HOST
    assert json.loads(proxy.ask("POST", "/api/v1/orders").body)["port"] == orders.server_port
    assert json.loads(proxy.ask("GET", "/api/v1/products").body)["port"] == web.server_port

    heard = len(web.heard)  # type: ignore[attr-defined]
    for path in ("/metrics", "/readyz"):
        assert proxy.ask("GET", path).status in {403, 404}
    sent = proxy.reach()
    sent.sendall(f"POST /cart/ HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 100\r\n\r\nhalf of".encode())
    time.sleep(0.5)
    assert len(web.heard) == heard, "half a request reached the shop"  # type: ignore[attr-defined]
    sent.close()

    answer = proxy.asked_plainly("/help/?a=b")
    assert answer.status in {301, 308}
    assert re.fullmatch(rf"https://{HOST}(:\d+)?/help/\?a=b", answer.headers["Location"])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """A shop as it stands behind TLS, and the ports of its web and its order intake."""
    program("nginx")
    program("caddy")
    var = tmp_path_factory.mktemp("behind") / "var"
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OPLA_VAR": str(var), "OPLA_URL": f"https://{HOST}"}
    env |= {"OPLA_HOSTS": f"{HOST},127.0.0.1", "OPLA_PROXIES": "1"}
    port = free_port("127.0.0.1", 22_400 + os.getpid() % 1000)
    log = var.parent / "log"
    with log.open("wb") as file:
        words = [sys.executable, "-P", "-m", "opla", "up", "--port", str(port)]
        process = subprocess.Popen(words, env=env, stdout=file, stderr=file, start_new_session=True)
    try:
        deadline = time.monotonic() + 120
        while "Opla is open" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        [orders] = re.findall(r"order at http://127.0.0.1:(\d+)/", log.read_text())
        yield port, int(orders)
    finally:
        process.terminate()
        process.wait(60)
        from opla.commands.purge import remove
        from opla.db.instance import locate

        remove(locate(var))


@BOTH
def test_a_shop_behind_a_proxy_is_safe_and_cannot_be_held_up_by_whoever_sends_slowly(
    kind: str, shop: tuple[int, int], stand: Callable[[str, int, int], Proxy]
) -> None:
    proxy = stand(kind, *shop)
    page = proxy.ask("GET", "/")
    assert page.status == 200
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "default-src" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Request-ID"]
    cookies = page.headers.get_all("Set-Cookie") or []
    assert all("; Secure" in cookie for cookie in cookies)
    assert proxy.ask("GET", "/healthz").status == 200
    # There is nothing here to stay connected to.
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    assert proxy.ask("GET", "/", **upgrade, **{"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}).status == 200
    order = proxy.ask("POST", "/api/v1/orders")
    assert (order.status, json.loads(order.body)["type"]) == (401, "urn:opla:refusal:api_key_wrong")
    assert order.headers["X-Request-ID"]

    slow = [proxy.reach() for _ in range(12)]
    for one in slow:
        one.sendall(f"POST /have/ HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 100\r\n\r\nhalf of".encode())
    time.sleep(0.5)
    for _ in range(6):
        began = time.monotonic()
        assert proxy.ask("GET", "/help/").status == 200
        assert time.monotonic() - began < 5
    for one in slow:
        one.close()
