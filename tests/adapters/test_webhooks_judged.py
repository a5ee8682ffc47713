"""What we sign, verified by the Standard Webhooks library of another language (`--full`: npm's `standardwebhooks`)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import fakes
from opla.core.webhook import Outcome
from opla.db.queries.webhooks import Due
from opla.notices.endpoints import Endpoints
from opla.operations import post_webhooks, webhooks
from opla.operations.shop import Shop

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(not os.environ.get("OPLA_JUDGES"), reason="the judges are not here"),
]
SCRIPT = Path(__file__).with_name("receiver.js")
ENDPOINT = UUID(int=7)
DATA = {
    "order": "01a2",
    "key": "bestelling é 订单 😀 </script>\u2028",
    "price": {"amount_minor": 1500, "currency": "EUR"},
}


@contextmanager
def program(secret: str) -> Iterator[Any]:
    """Whoever has this secret; what it says, line by line, and first its port."""
    home = {"NODE_PATH": str(Path(os.environ["OPLA_JUDGES"], "node_modules"))}
    node = shutil.which("node") or "node"
    with subprocess.Popen([node, str(SCRIPT), secret], stdout=subprocess.PIPE, text=True, env=home) as process:
        assert process.stdout
        yield map(json.loads, process.stdout)
        process.terminate()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return fakes.shop(tmp_path)


def sealed(shop: Shop, plain: bytes) -> bytes:
    return shop.keyring.seal(plain, b"webhook " + ENDPOINT.bytes)


def post(shop: Shop, due: Due, at: datetime) -> Outcome:
    return post_webhooks.post(due, Endpoints(sandbox=True), shop=shop, at=at).outcome


def due(shop: Shop, port: int, *plains: bytes) -> Due:
    new, old = sealed(shop, plains[0]), sealed(shop, plains[1]) if len(plains) > 1 else None
    url, at = f"http://127.0.0.1:{port}/opla", datetime(2026, 11, 22, 12, tzinfo=UTC)
    return Due("0a" * 16, ENDPOINT, 0, "acme", "order.delivered", DATA, at, url, new, old)


def test_their_library_verifies_ours_and_reads_what_we_said(shop: Shop) -> None:
    plain, now = b"k" * 32, datetime.now(UTC)
    with program(webhooks.opened(sealed(shop, plain), ENDPOINT, shop)) as said:
        ours = due(shop, next(said)["port"], plain)
        assert post(shop, ours, now) == Outcome(204)
        told = {"type": "order.delivered", "timestamp": "2026-11-22T12:00:00Z", "data": DATA}
        assert next(said) == {"id": "0a" * 16, "told": told}
        assert post(shop, replace(ours, tries=3), now + timedelta(minutes=1)) == Outcome(204)
        assert next(said)["id"] == "0a" * 16


def test_it_verifies_by_either_secret_while_both_sign_and_refuses_another_and_an_old_time(shop: Shop) -> None:
    old, new, now = b"o" * 32, b"n" * 32, datetime.now(UTC)
    for plain in (old, new):
        with program(webhooks.opened(sealed(shop, plain), ENDPOINT, shop)) as said:
            assert post(shop, due(shop, next(said)["port"], new, old), now) == Outcome(204)
    with program(webhooks.opened(sealed(shop, old), ENDPOINT, shop)) as said:
        port = next(said)["port"]
        assert post(shop, due(shop, port, new), now) == Outcome(400, said="not ours")
        assert post(shop, due(shop, port, old), now - timedelta(hours=1)) == Outcome(400, said="not ours")
        assert [line["refused"] for line in (next(said), next(said))] == ["WebhookVerificationError"] * 2
