"""A sale from the first page to the last, with trouble on its way, logged as much as can be: and no secret among it."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from io import StringIO

import pytest

import support  # noqa: F401 - sets Django up, which the imports below need
from fakes import CODE, DEVICE, DIRECT
from opla.core.money import Money
from opla.core.ports import Kind, SendReport, SendRequest
from opla.db.queries.call import select
from opla.operations.links import link_of
from opla.site import logs
from surfaces.conftest import Door

NAME = "Ana Peeters"
#: Columns that hold words of ours, or of the catalogue, which a log may say.
_WORDS = re.compile(r"^[a-z][a-z_.\-]*$|^[A-Z0-9\-]{2,8}$")


@pytest.fixture
def written() -> Iterator[StringIO]:
    """All that any logger says, down to what only those who mend a library read, as it would be written."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.Record())
    root, before = logging.getLogger(), logging.getLogger().level
    loggers = [logging.getLogger(name) for name in ("opla", "django", "django.request", "httpx", "asyncio")]
    levels = [one.level for one in loggers]
    root.addHandler(handler)
    for one in (root, *loggers):
        one.setLevel(logging.INFO)
    logging.getLogger("opla").addHandler(handler)
    yield stream
    logging.getLogger("opla").removeHandler(handler)
    root.removeHandler(handler)
    for kept in (*logging.getLogger("opla").handlers, *logging.getLogger("django").handlers):
        kept.close()  # what wrote into the file of these tests
    root.setLevel(before)
    for one, level in zip(loggers, levels, strict=True):
        one.setLevel(level)


def secrets_of(door: Door) -> dict[str, str]:
    """What opens something, is worth money or names somebody, by where it was found."""
    shop = door.world.shop
    found: dict[str, str] = {}
    for order_id, number, email in select("SELECT id, number, email FROM orders"):
        found[f"link of {order_id}"] = link_of(order_id, shop.keyring)  # type: ignore[arg-type]  # a uuid
        found[f"number of {order_id}"] = str(number)
        found[f"national number of {order_id}"] = str(number).replace("+32", "")
        found[f"e-mail of {order_id}"] = str(email)
    for code_id, sealed, _serial in select("SELECT id, sealed, serial FROM code WHERE order_id IS NOT NULL"):
        pin = shop.keyring.open(bytes(sealed), code_id.bytes)  # type: ignore[call-overload,attr-defined]  # bytea, uuid
        found[f"code {code_id}"] = json.loads(pin)["pin"] if pin[:1] == b"{" else pin.decode()
    for (reference,) in select("SELECT reference FROM attempt"):
        found[f"reference {reference}"] = str(reference)
    for cookies in (door.owner.client.cookies, door.stranger.client.cookies):
        for name, morsel in cookies.items():
            if name != "opla_language":
                found[f"cookie {name}"] = morsel.value
    return {where: value for where, value in found.items() if len(value) >= 6}


def broken(request: SendRequest) -> SendReport:
    """As a bug in an adapter is: it says all it knows."""
    raise ValueError(
        f"cannot send {request} by https://api.example.org/send?key=sk_live_0123456789abcdef&to={request.number}"
    )


def test_a_sale_with_trouble_leaves_no_secret_in_the_log(
    door: Door, written: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "QUIET_S", 0)
    world = door.world
    asked = SendRequest("r" * 26, "", "", Kind.DIRECT, Money(1500, "EUR"), number="+32470123456")
    door.owner.get("/")
    door.owner.post("/top-up/proximus/PX-15/", {"email": "ana@example.org"})
    link = door.link(world.paid(CODE))
    world.supplier.script = [broken, world.supplier.is_silent, world.supplier.is_unreachable]
    world.work_through(120, 5)
    page = door.owner.get(link)
    assert "Delivered" in page.title
    code = door.owner.post(f"{link}code/")
    assert code.status == 200
    door.stranger.post(f"{link}proof/")
    world.work(2)
    direct = world.paid(DIRECT)
    world.supplier.script = [world.supplier.refuses] * 3
    world.work_through(60, 5)
    assert world.state(direct) in ("refunded", "refunding", "delivered")
    door.stranger.get(f"{link[:-3]}xx/")
    door.stranger.post("/sign-in/", {"email": "ana@example.org"})
    monkeypatch.setattr("opla.storefront.views.errors.not_found", broken)
    door.stranger.client.raise_request_exception = False
    monkeypatch.setattr("opla.db.queries.pages.order_by_link", lambda *_: broken(asked))
    door.stranger.get(link)

    log = written.getvalue()
    lines = [json.loads(line) for line in log.splitlines()]
    secrets = secrets_of(door)
    assert len(secrets) > 10
    assert {where: value for where, value in secrets.items() if value in log} == {}
    assert "sk_live_0123456789abcdef" not in log
    # and yet it says what is needed to mend it
    assert [line for line in lines if line["message"] == "the adapter broke" and line["attempt"] and line["order"]]
    assert [line for line in lines if line["message"] == "send: declined" and line["adapter"] == "sandbox"]
    answered = [line for line in lines if line["logger"] == "opla.request"]
    assert all(line["request"] and "took_s" in line for line in answered)
    assert any(line.get("status") == 500 for line in lines)
    assert any(line["route"] == "o/<str:link>/" for line in answered)
    assert DEVICE.decode() not in log


def test_the_secrets_among_the_settings_are_struck_out_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPLA_PAYMENTS_MOLLIE_KEY", "plain words of a key")
    monkeypatch.setenv("DATABASE_PASSWORD", "hunter22")
    logs._settings.cache_clear()
    try:
        assert logs.struck("refused: plain words of a key, hunter22") == "refused: ***, ***"
    finally:
        logs._settings.cache_clear()


@pytest.mark.parametrize(
    "secret",
    ["Authorization: Bearer abc.def-123", "https://u:hunter2@db.example.org/opla", "https://x.example/p?token=abc&x=1",
     "eyJhbGciOiJIUzI1NiJ9eyJzdWIiOiIxMjM0NTY3ODkwIn0"],
)  # fmt: skip
def test_what_addresses_and_headers_carry_is_struck_out(secret: str) -> None:
    struck = logs.struck(f"said {secret} and more")
    assert "***" in struck
    assert not [word for word in ("abc", "hunter2", "eyJ") if word in struck]
