"""What every adapter's caller costs, and what it does not."""

from __future__ import annotations

import httpx
import pytest

from opla import calling


def test_certificates_are_read_once_however_many_callers_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    read, real = [], httpx.create_ssl_context
    monkeypatch.setattr(httpx, "create_ssl_context", lambda **how: read.append(how) or real(**how))
    calling._trusted.cache_clear()
    for base_url in ("https://a.example", "https://b.example", "http://127.0.0.1:1"):
        calling.Caller(base_url, {}, 1.0, through_proxy=True)
    assert read == [{"trust_env": True}]
    calling.Caller("https://a.example", {}, 1.0, through_proxy=False)
    assert read == [{"trust_env": True}, {"trust_env": False}]
