"""What every adapter's caller costs, and what it does not."""

from __future__ import annotations

import ssl
import time
from pathlib import Path

import httpx
import pytest

from adapters.worlds import answering
from opla import calling
from opla.core.ports import Answer


def test_certificates_are_read_once_however_many_callers_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    read, real = [], httpx.create_ssl_context
    monkeypatch.setattr(httpx, "create_ssl_context", lambda **how: read.append(how) or real(**how))
    calling._trusted.cache_clear()
    for base_url in ("https://a.example", "https://b.example", "http://127.0.0.1:1"):
        calling.Caller(base_url, {}, 1.0, through_proxy=True)
    assert read == [{"trust_env": True}]
    calling.Caller("https://a.example", {}, 1.0, through_proxy=False)
    assert read == [{"trust_env": True}, {"trust_env": False}]


@pytest.mark.parametrize(
    ("url", "base_url", "shown"),
    [
        ("https://pay.example/1", "https://api.example", True),
        ("https://pay.example/1", "http://127.0.0.1:9", True),
        ("http://127.0.0.1:9/pay", "http://127.0.0.1:9", True),
        ("http://127.0.0.1:9/pay", "https://api.example", False),
        ("http://127.0.0.1.evil.example/pay", "http://127.0.0.1:9", False),
        ("http://pay.example/1", "http://127.0.0.1:9", False),
        ("javascript:alert(1)", "http://127.0.0.1:9", False),
        ("", "http://127.0.0.1:9", False),
    ],
)
def test_people_are_sent_to_pages_with_tls_or_to_a_stand_in_on_this_machine(
    url: str, base_url: str, shown: bool
) -> None:
    assert calling.page_of(url, base_url) == (url if shown else "")


#: what is answered → (what it means where nothing is the answer that says "done", where an object is)
NOTHING = {
    b"HTTP/1.1 204 No Content\r\n\r\n": (None, Answer.UNKNOWN),
    b"HTTP/1.1 200 OK\r\n\r\n": (Answer.UNKNOWN, Answer.UNKNOWN),
    b"HTTP/1.1 500 No\r\n\r\n": (Answer.UNKNOWN, Answer.UNKNOWN),
    b'HTTP/1.1 404 No\r\n\r\n{"status":404}': (None, None),
}


@pytest.mark.parametrize("raw", NOTHING)
def test_nothing_at_all_is_an_answer_only_with_204_and_where_something_is_taken_away(raw: bytes) -> None:
    with answering(raw) as url:
        caller = calling.Caller(url, {}, 2.0, through_proxy=False)
        assert (caller.delete("/x").trouble, caller.get("/x").trouble) == NOTHING[raw]


def test_a_slow_drip_over_tls_does_not_outlast_the_time_out(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(calling, "_trusted", lambda **_: ours)
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(certificate)
    with answering(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"9" * 200, drip_s=0.02, tls=theirs) as url:
        caller = calling.Caller(url, {}, 0.4, through_proxy=False)
        began = time.monotonic()
        found = caller.get("/x")
        assert (found.trouble, found.evidence) == (Answer.UNKNOWN, {"error": "timed_out"})
        assert time.monotonic() - began < 2  # of the four that all of it takes


def test_a_handshake_that_drips_does_not_outlast_the_time_out_and_nothing_has_left() -> None:
    with answering(b"\x16\x03\x03\x40\x00" + b"\x02" * 200, drip_s=0.02) as url:
        caller = calling.Caller(url.replace("http://", "https://"), {}, 0.4, through_proxy=False)
        began = time.monotonic()
        assert caller.get("/x").trouble is Answer.NOT_SENT
        assert time.monotonic() - began < 2
