"""E-mail by SMTP: what a mail server's every answer means, what a mail looks like, and who may read it."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from fakes import World
from opla.core.ports import Answer, Message
from opla.notices.smtp.client import Client
from opla.notices.smtp.config import Config
from opla.notices.smtp.mime import as_html, mime
from opla.notices.smtp.provider import Smtp
from opla.operations.outside import Adapters

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
TEXT = "您好！\n\n充值码已准备好：\nhttps://shop.example.org/o/abc/?a=1&b=2.\n\n.点\n."
MAIL = Message("0a" * 16, "ana@example.org", "充值已完成", TEXT, "zh-Hans")


class Server:
    """A mail server with a script: `says` holds its reply to a command; `""` hangs up, None says nothing."""

    def __init__(self, says: Mapping[str, str | None] | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.says: dict[str, str | None] = {
            "hello": "250-mail.test\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN",
            "greeting": "220 mail.test", "STARTTLS": "220 go on", "AUTH": "235 in", "MAIL": "250 ok", "RCPT": "250 ok",
            "DATA": "354 go on", "message": "250 taken",
        }  # fmt: skip
        self.says |= says or {}
        self.heard: list[str] = []
        self.mails: list[bytes] = []
        self._tls, self._stop = tls, threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(3)

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            caller.settimeout(5)
            try:
                self._talk(caller)
            except OSError:
                continue

    def _talk(self, caller: socket.socket) -> None:
        with ExitStack() as open_:
            open_.enter_context(caller)
            stream = open_.enter_context(caller.makefile("rb"))
            if not self._say(caller, "greeting"):
                return
            while line := stream.readline():
                self.heard.append(line.decode("ascii", "replace").strip())
                word = self.heard[-1].split(" ")[0].upper()
                if not self._say(caller, "hello" if word == "EHLO" else word):
                    return
                if word == "STARTTLS" and self._tls:
                    caller = open_.enter_context(self._tls.wrap_socket(caller, server_side=True))
                    stream = open_.enter_context(caller.makefile("rb"))
                if word == "DATA" and (self.says["DATA"] or "").startswith("354"):
                    self.mails.append(b"".join(iter(stream.readline, b".\r\n")))
                    if not self._say(caller, "message"):
                        return

    def _say(self, caller: socket.socket, word: str) -> bool:
        reply = self.says.get(word, "250 ok")
        if reply is None:
            self._stop.wait(5)
        if not reply:
            return False
        caller.sendall(reply.encode() + b"\r\n")
        return True


@contextmanager
def serving(says: Mapping[str, str | None] | None = None, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(says, tls)
    try:
        yield server
    finally:
        server.stop()


def config(server: Server, **other: object) -> Config:
    made = Config("127.0.0.1", server.port, "The shop <shop@example.org>", tls="none", timeout_s=0.8)
    return replace(made, **other)  # type: ignore[arg-type]  # fields of a dataclass


def told(server: Server, message: Message = MAIL, **other: object) -> Answer:
    return Smtp(config(server, **other), clock=lambda: AT).tell(message)


def arrived(server: Server) -> EmailMessage:
    [raw] = server.mails
    found = message_from_bytes(raw.replace(b"\r\n..", b"\r\n."), policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


# ── what its answers mean ──


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        ({}, Answer.SUCCEEDED),
        ({"greeting": "554 not you"}, Answer.NOT_SENT),
        ({"greeting": ""}, Answer.NOT_SENT),
        ({"hello": "421 busy"}, Answer.NOT_SENT),
        ({"MAIL": "550 not from you"}, Answer.NOT_SENT),
        ({"RCPT": "450 later"}, Answer.NOT_SENT),
        ({"RCPT": "550 no such user"}, Answer.DECLINED),
        ({"DATA": "451 later"}, Answer.NOT_SENT),
        ({"DATA": ""}, Answer.NOT_SENT),
        ({"message": "451 later"}, Answer.NOT_SENT),
        ({"message": "554 looks like spam"}, Answer.DECLINED),
        ({"message": ""}, Answer.UNKNOWN),
        ({"message": None}, Answer.UNKNOWN),
        ({"message": "??? what"}, Answer.UNKNOWN),
        ({"message": "999 what"}, Answer.UNKNOWN),
        ({"RCPT": None}, Answer.NOT_SENT),
        ({"RCPT": "9" * 9000}, Answer.NOT_SENT),
    ],
)
def test_each_answer_says_whether_the_message_was_taken(says: Mapping[str, str | None], answer: Answer) -> None:
    with serving(says) as server:
        assert told(server) is answer


def test_nobody_there_is_not_sent() -> None:
    with serving() as server:
        pass
    assert told(server) is Answer.NOT_SENT


def test_a_server_that_drips_is_left_at_the_end_of_our_time() -> None:
    with serving({"message": None}) as server:
        began = datetime.now(UTC)
        assert told(server, timeout_s=0.5) is Answer.UNKNOWN
        assert datetime.now(UTC) - began < timedelta(seconds=3)


# ── who may read it ──


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's certificate for 127.0.0.1, and somebody who trusts it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    at = datetime.now(UTC)
    import ipaddress

    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(at - timedelta(days=1)).not_valid_after(at + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    folder: Path = tmp_path_factory.mktemp("tls")
    pem, secret = made.public_bytes(serialization.Encoding.PEM), serialization.NoEncryption()
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret)
    )
    (folder / "cert.pem").write_bytes(pem)
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return theirs, ssl.create_default_context(cadata=pem.decode())


def test_the_password_is_said_behind_tls_only(trusted: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    theirs, ours = trusted
    with serving(tls=theirs) as server:
        there = config(server, tls="starttls", user="ana", password="secret-of-ana")
        assert Smtp(there, Client(there, ours)).tell(MAIL) is Answer.SUCCEEDED
        words = [line.split(" ")[0].upper() for line in server.heard]
        assert words == ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"]
        server.says["AUTH"] = "535 wrong"
        assert Smtp(there, Client(there, ours)).tell(MAIL) is Answer.NOT_SENT


def test_without_tls_or_with_a_certificate_nobody_trusts_nothing_is_said(
    trusted: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    theirs, _ = trusted
    for says, tls in (({"hello": "250 mail.test"}, None), ({}, theirs), ({"STARTTLS": "454 not now"}, None)):
        with serving(says, tls) as server:
            there = config(server, tls="starttls", user="ana", password="secret-of-ana")
            assert Smtp(there).tell(MAIL) is Answer.NOT_SENT
            assert not any(line.startswith(("AUTH", "MAIL")) for line in server.heard)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"host": ""}, "host"),
        ({"host": "smtp example"}, "host"),
        ({"tls": "none"}, "tls"),
        ({"tls": "ssl"}, "tls"),
        ({"port": "0"}, "port"),
        ({"port": "x"}, "port"),
        ({"sender": "shop"}, "sender"),
        ({"sender": "Shop\n<a@b.c>"}, "sender"),
        ({"user": "ana", "password": ""}, "password"),
    ],
)
def test_settings_that_are_wrong_are_named_and_never_shown(given: dict[str, str], field: str) -> None:
    whole = {"host": "smtp.example.org", "sender": "shop@example.org", "user": "ana", "password": "secret-of-ana"}
    assert "secret-of-ana" not in repr(Config.from_mapping(whole))
    with pytest.raises(ValueError, match=f"^{field}: ") as refused:
        Config.from_mapping(whole | given)
    assert "secret-of-ana" not in str(refused.value)


# ── what arrives ──


def test_it_arrives_as_it_was_written_in_text_and_in_html() -> None:
    with serving() as server:
        assert told(server) is Answer.SUCCEEDED
        found = arrived(server)
    assert (found["Subject"], found["To"], found["From"]) == (
        "充值已完成", "ana@example.org", "The shop <shop@example.org>",
    )  # fmt: skip
    assert (found["Message-ID"], found["Content-Language"]) == (f"<{'0a' * 16}@example.org>", "zh-Hans")
    assert (found["Date"].datetime, found["Auto-Submitted"]) == (AT, "auto-generated")
    assert "List-Unsubscribe" not in found
    plain, page = (found.get_body([kind]) for kind in ("plain", "html"))
    assert plain
    assert page
    assert plain.get_content().replace("\r\n", "\n").strip() == TEXT
    assert '<a href="https://shop.example.org/o/abc/?a=1&amp;b=2">' in page.get_content()
    assert '<html lang="zh-Hans">' in page.get_content()


def test_what_somebody_asked_for_carries_one_button_to_stop_it() -> None:
    with serving() as server:
        told(server, replace(MAIL, unsubscribe_url="https://shop.example.org/r/x/stop/"))
        found = arrived(server)
    assert found["List-Unsubscribe"] == "<https://shop.example.org/r/x/stop/>"
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@given(st.text(max_size=300))
def test_no_text_becomes_markup_or_ends_the_message(text: str) -> None:
    message = replace(MAIL, text=text, subject=text[:60].replace("\r", "").replace("\n", ""))
    page = as_html(message)
    tags = set(re.findall(r"<(/?[a-z]+)", page.lower()))
    ours = ["html", "head", "meta", "title", "body", "p", "a", "br"]
    assert tags <= {*ours, *(f"/{tag}" for tag in ours)}
    try:
        made = mime(message, "shop@example.org", "example.org", AT)
    except (ValueError, UnicodeError):
        return
    assert made["Message-ID"]


@pytest.mark.parametrize(
    ("to", "asked"),
    [
        ("ana@example.org", "ana@example.org"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("ana@example.org\r\nBcc: eve@example.org", ""),
        ("ana@example.org> SIZE=1", ""),
        ("安娜@example.org", ""),
        ("ana", ""),
        ("@example.org", ""),
        ("ana@" + "a" * 300 + ".org", ""),
    ],
)
def test_an_address_is_said_as_every_server_takes_it_or_not_at_all(to: str, asked: str) -> None:
    with serving() as server:
        answer = told(server, replace(MAIL, to=to))
        said = [line.removeprefix("rcpt TO:<").removesuffix(">") for line in server.heard if line.startswith("rcpt")]
    assert said == ([asked] if asked else [])
    assert answer is (Answer.SUCCEEDED if asked else Answer.DECLINED)


# ── in a shop ──


def test_a_real_shop_writes_by_smtp_and_a_sandbox_never_does(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server:
        for name, value in (
            ("HOST", "127.0.0.1"),
            ("PORT", str(server.port)),
            ("TLS", "none"),
            ("SENDER", "a@b.example"),
        ):
            monkeypatch.setenv(f"OPLA_NOTICES_SMTP_{name}", value)
        live = Adapters(replace(world.shop, sandbox=False), None, None)  # type: ignore[arg-type]  # no stock, no book
        assert live.tells().tell(MAIL) is Answer.SUCCEEDED
        assert len(server.mails) == 1
    sandbox = Adapters(world.shop, None, None)  # type: ignore[arg-type]
    with pytest.raises(OSError, match=r"address\.json"):
        sandbox.tells()
