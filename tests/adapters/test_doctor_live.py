"""`./opla doctor --live`: what it says of keys, floats, the public address, clocks, and of what is missing."""

from __future__ import annotations

import argparse
import http.server
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db import connection
from django.test import Client
from psycopg import conninfo

from adapters import paypal_world, reloadly_world
from adapters.ding_world import DingSupplier
from adapters.mollie_world import KEY, MolliePayments
from adapters.paypal_world import PayPalPayments
from adapters.reloadly_world import ReloadlySupplier
from adapters.stripe_world import StripePayments
from adapters.worlds import Counterparts, answering, nobody
from fakes import World
from opla.calling import Heard, listening
from opla.commands import _live, doctor
from opla.core.money import Money
from opla.operations import try_adapters, try_clock
from opla.operations.try_adapters import Tried
from opla.operations.try_address import Address, public_address
from opla.storefront import patience
from opla.storefront import visit as visits

GOOD = "answers, and the key is right"
Set = Callable[..., None]


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Set:
    """The owner's settings of one adapter, and nobody else's."""

    def set_(prefix: str, **fields: str) -> None:
        for name, value in fields.items():
            monkeypatch.setenv(f"OPLA_{prefix}_{name}".upper(), value)

    return set_


def said() -> list[tuple[bool, str]]:
    return [finding for ask in _live._adapters() for finding in ask().findings]


# ── keys ──


def test_one_key_is_asked_about_once_for_all_its_ways_of_paying(
    other: Counterparts, settings: Set, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = MolliePayments(other)
    monkeypatch.setenv("OPLA_PAYMENT_METHODS", "mollie_card mollie_bancontact")
    settings("payments_mollie", key=KEY, base_url=world.alone.url)
    assert said() == [(True, f"mollie_card, mollie_bancontact: {GOOD}")]
    assert [request.method for request, _ in world.alone.calls] == ["GET"]
    settings("payments_mollie", key="test_" + "x" * 32)
    [(fine, sentence)] = said()
    assert (fine, "turns the key away (status 401)" in sentence, "x" * 8 in sentence) == (False, True, False)


def test_stripe_and_paypal_say_whether_their_key_works(
    other: Counterparts, settings: Set, monkeypatch: pytest.MonkeyPatch
) -> None:
    stripe, paypal = StripePayments(other), PayPalPayments(other)
    monkeypatch.setenv("OPLA_PAYMENT_METHODS", "stripe_card paypal")
    settings("payments_stripe", **stripe.config())
    settings("payments_paypal", client=paypal_world.CLIENT, secret=paypal_world.SECRET, mode="sandbox")
    settings("payments_paypal", base_url=paypal.alone.url)
    assert said() == [(True, f"stripe_card: {GOOD}"), (True, f"paypal: {GOOD}")]
    assert stripe.alone.calls
    assert paypal.alone.calls
    settings("payments_stripe", key="sk_test_" + "x" * 32)
    settings("payments_paypal", secret="x" * 40)
    assert [(fine, "turns the key away" in sentence) for fine, sentence in said()] == [(False, True), (False, True)]
    assert {request.method for request, _ in stripe.alone.calls} == {"GET"}
    assert {request.path for request, _ in paypal.alone.calls if request.method == "POST"} == {"/v1/oauth2/token"}


def test_a_supplier_says_how_much_lies_with_it(other: Counterparts, settings: Set) -> None:
    reloadly, ding = ReloadlySupplier(other), DingSupplier(other)
    keys = {"client_id": reloadly_world.CLIENT_ID, "client_secret": reloadly_world.CLIENT_SECRET, "sandbox": "1"}
    settings("suppliers_reloadly", **keys, base_url=reloadly.alone.url, auth_url=reloadly.alone.url)
    settings("suppliers_ding", key=ding.adapter._config.key, uat="1", base_url=ding.alone.url)
    ding_left, left = ding.adapter.float_left(), reloadly.adapter.float_left()
    assert ding_left
    assert left
    assert said() == [
        (True, f"ding: {GOOD}"),
        (True, f"ding: {ding_left.decimal} {ding_left.currency} of your money lies with it"),
        (True, f"reloadly: {GOOD}"),
        (True, f"reloadly: {left.decimal} {left.currency} of your money lies with it"),
    ]
    reloadly.machine.balance -= reloadly.machine.balance
    assert said()[3] == (False, "reloadly: 0.00 EUR of your money lies with it: nothing can be sent")
    settings("suppliers_reloadly", client_secret="x" * 30)
    settings("suppliers_ding", key="x" * 30)
    assert [(fine, "turns the key away (status 401)" in sentence) for fine, sentence in said()] == [(False, True)] * 2
    assert not reloadly.posted()


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"HTTP/1.1 502 No\r\n\r\n<h1>no</h1>", "has trouble of its own: try again later (their_error, status 502)"),
        (b"HTTP/1.1 200 OK\r\n\r\n<h1>hello</h1>", "answered with something that is not its API"),
        (b'HTTP/1.1 418 No\r\n\r\n{"error":"key test_secret"}', "answered in a way that nobody here knows"),
        (b"", "answered in a way that nobody here knows (RemoteProtocolError)"),
    ],
)
def test_what_is_no_answer_is_said_in_words_and_never_with_theirs(raw: bytes, sentence: str) -> None:
    with answering(raw) as url:
        [(fine, words)] = try_adapters.payment(["mollie"], {"key": KEY, "base_url": url, "timeout_s": "2"}).findings
    assert (fine, words.startswith(f"mollie: {sentence}"), "secret" in words) == (False, True, False)


def test_whoever_cannot_be_reached_or_is_silent_is_told_apart() -> None:
    [(fine, words)] = try_adapters.payment(["mollie"], {"key": KEY, "base_url": nobody()}).findings
    assert (fine, words.startswith("mollie: cannot be reached")) == (False, True)
    with answering(b"HTTP/1.1 200 OK\r\n\r\n{", drip_s=0.2) as url:
        config = {"key": KEY, "base_url": url, "timeout_s": "0.3"}
        [(fine, words)] = try_adapters.payment(["mollie"], config).findings
    assert (fine, words.startswith("mollie: did not answer in time")) == (False, True)


def test_an_adapter_that_breaks_says_so_and_hides_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def find(self, reference: str) -> None:
            raise RuntimeError(f"the key is hunter2 {reference}")

    class Silent:
        def find(self, reference: str) -> None:
            assert reference

        def float_left(self) -> Money | None:
            return Money(1, "EUR")

    monkeypatch.setattr("opla.suppliers.build", lambda *_: Broken())
    assert try_adapters.supplier("x", {}).findings == [(False, "x: its adapter broke (RuntimeError)")]
    monkeypatch.setattr("opla.suppliers.build", lambda *_: Silent())
    assert try_adapters.supplier("x", {}).findings == [(True, "x: there is nobody to call for it")]


# ── the public address ──


def certificate(folder: Path, days: int, name: str = "127.0.0.1") -> Path:
    """One that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days, hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@contextmanager
def public(path: Path, page: str, *, status: int = 200, door: int = 405, late_s: float = 0.0) -> Iterator[str]:
    """Somebody who answers over TLS with this page and that status at the door of webhooks."""

    class Shop(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asks = self.path == "/ask/"
            body = page.encode() if asks else b""
            self.send_response_only(status if asks else door)
            self.send_header("Date", format_datetime(datetime.now(UTC) - timedelta(seconds=late_s), usegmt=True))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Silent."""

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Whoever does not trust the certificate hangs up."""

    server = Server(("127.0.0.1", 0), Shop)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(3)


def form(at: datetime | None = None) -> str:
    return f'<input type="hidden" name="shown_at" value="{patience.token(at or visits.now())}">'


def key() -> str:
    from django.conf import settings

    return str(settings.SECRET_KEY)


def looked(url: str, signing_key: str = "") -> Address:
    return public_address(url, signing_key or key(), sandbox=False)


def test_the_address_that_leads_to_this_very_shop_is_known_by_its_keys(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert world
    shop = Client(headers={"host": "127.0.0.1"})
    page, shut = shop.get("/ask/"), shop.get("/hooks/payments/doctor/")
    path = certificate(tmp_path, 90)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with public(path, page.content.decode(), status=page.status_code, door=shut.status_code) as url:
        found = looked(url)
    assert [fine for fine, _ in found.findings] == [True] * 4
    whose, lasts, door, honest = (sentence for _, sentence in found.findings)
    assert whose == f"{url} answers with this shop's own pages"
    assert lasts == f"the certificate of {url} is good for 90 days"
    assert door == f"webhooks find their door below {url}/hooks/"
    assert "proves less than from outside" in honest
    assert "127.0.0.1, which is no public address" in honest
    assert found.heard


@pytest.mark.parametrize(
    ("page", "answers", "sentence"),
    [
        ("<h1>parked</h1>", {}, "answers, but not with a page of this shop"),
        ('<input name="shown_at" value="MTIz:1tz:forged">', {}, "answers with a page of another Opla"),
        ("old", {}, "answers with a page of this shop that is old"),
        ("", {"status": 502}, "answers with status 502: is the shop up"),
        ("", {"status": 400}, "answers with status 400: is its name among OPLA_HOSTS"),
        ("", {"status": 301}, "sends people on to another address"),
        ("new", {"door": 403}, "/hooks/payments/doctor/ answers with status 403, not 405"),
    ],
)
def test_whoever_else_answers_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str, answers: dict[str, int], sentence: str
) -> None:
    shown = {"old": form(visits.now() - timedelta(minutes=6)), "new": form()}
    path = certificate(tmp_path, 90)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with public(path, shown.get(page, page), status=answers.get("status", 200), door=answers.get("door", 405)) as url:
        wrong = [sentence for fine, sentence in looked(url).findings if not fine]
    assert len(wrong) == 1
    assert sentence in wrong[0]


def test_another_shop_with_other_keys_is_not_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = certificate(tmp_path, 90)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with public(path, form()) as url:
        assert looked(url).findings[0][0]
        fine, sentence = looked(url, "other keys").findings[0]
    assert (fine, "another Opla" in sentence) == (False, True)


def test_a_certificate_that_ends_soon_or_is_not_trusted_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = certificate(tmp_path, 13)
    with public(path, form()) as url:
        [(fine, sentence)] = looked(url).findings
        assert (fine, "its certificate is not to be trusted (self-signed certificate)" in sentence) == (False, True)
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        assert (False, f"the certificate of {url} ends in 13 days: whatever renews it has not done so yet") in looked(
            url
        ).findings


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "OPLA_URL is not set"),
        ("http://shop.example.org", "OPLA_URL is no address that begins with https://"),
        ("https://", "OPLA_URL is no address that begins with https://"),
        ("https://[bad", "OPLA_URL is no address that begins with https://"),
        ("https://ana:hunter2@shop.example.org", "OPLA_URL is no address that begins with https://"),
    ],
)
def test_an_address_nobody_can_pay_at_is_wrong_in_a_real_shop_alone(url: str, sentence: str) -> None:
    for sandbox in (True, False):
        [(fine, words)] = public_address(url, "key", sandbox=sandbox).findings
        assert (fine, words.startswith(sentence)) == (sandbox, True)


@pytest.mark.parametrize("url", [f"https://{'a' * 64}.example", "https://shop.example:99999", "https://a b"])
def test_an_address_that_cannot_be_is_said_and_breaks_nothing(url: str) -> None:
    [(fine, sentence)] = looked(url).findings
    assert (fine, "does not answer from here" in sentence) == (False, True)


def test_a_copy_without_keys_says_so_and_makes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_live, "VAR", tmp_path)
    monkeypatch.delenv("OPLA_KEYS", raising=False)
    assert _live._signing_key() == ""
    assert not list(tmp_path.iterdir())
    path = certificate(tmp_path, 90)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with public(path, form()) as url:
        fine, sentence = public_address(url, "", sandbox=False).findings[0]
    assert (fine, sentence.startswith("this shop has no keys here yet")) == (False, True)


def test_an_address_where_nobody_is_says_so() -> None:
    url = nobody().replace("http:", "https:")
    assert looked(url).findings == [(False, f"{url} does not answer from here: no connection (ConnectError)")]


# ── clocks ──

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said_s", "ahead_s"),
    [(0, 0.0), (-1, 0.0), (1, 0.0), (2, 1.0), (10, 9.0), (-2, -1.0), (-10, -9.0)],
)
def test_a_clock_is_only_said_to_be_beside_by_what_is_certain(said_s: int, ahead_s: float) -> None:
    """Their seconds are whole, and they said them at some moment of the second we waited."""
    date = format_datetime(NOON + timedelta(seconds=said_s), usegmt=True)
    assert try_clock.heard_beside_s(Heard(NOON.timestamp(), NOON.timestamp() + 1, date)) == ahead_s


@pytest.mark.parametrize("date", ["", "yesterday", "Sun, 99 Nov 2026 12:00:00 GMT"])
def test_what_is_no_date_says_nothing(date: str) -> None:
    assert try_clock.heard_beside_s(Heard(0, 0, date)) is None


@pytest.mark.parametrize(
    ("ahead_s", "fine", "words"),
    [(2.0, True, "agrees with"), (-2.0, True, "agrees"), (2.6, False, "3 s behind"), (-60, False, "60 s ahead of")],
)
def test_more_than_two_seconds_are_said(ahead_s: float, fine: bool, words: str) -> None:
    told = try_clock.sentence("the database's", ahead_s)
    assert (told[0], words in told[1]) == (fine, True)


def test_the_time_of_whoever_answers_is_overheard(other: Counterparts, settings: Set) -> None:
    world = MolliePayments(other)
    tried = try_adapters.payment(["mollie"], {"key": KEY, "base_url": world.alone.url})
    [heard] = tried.heard
    assert try_clock.heard_beside_s(heard) == 0
    assert abs(heard.heard_s - time.time()) < 60
    with listening() as nothing:
        pass
    assert nothing == []


# ── all of it ──


def dsn() -> str:
    """The database of this test, as the shop reaches it."""
    at = connection.get_connection_params()
    return conninfo.make_conninfo(**{name: at[name] for name in ("dbname", "user", "host", "port") if name in at})


def test_everything_together_names_what_is_missing(
    world: World, settings: Set, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert world
    monkeypatch.setattr(_live, "VAR", tmp_path)
    missing = "missing before this shop can open: a way of being paid with real money, a live supplier or codes of your"
    monkeypatch.setenv("OPLA_SANDBOX", "1")
    fine, sentence = list(_live.findings(dsn()))[-1]
    assert (fine, sentence.startswith(missing), "real e-mail" in sentence) == (True, True, True)
    monkeypatch.setenv("OPLA_SANDBOX", "0")
    monkeypatch.setenv("OPLA_PAYMENT_METHODS", "mollie")
    settings("payments_mollie", key="live_" + "a1B2" * 8, base_url=nobody())
    settings("suppliers_ding", key="x" * 30, base_url=nobody())
    found = list(_live.findings(dsn()))
    assert (False, "missing before this shop can open: real e-mail") in found
    assert [sentence.partition(":")[0] for fine, sentence in found if not fine][:2] == ["mollie", "ding"]
    assert (True, "this machine's clock agrees with the database's") in found
    settings("notices_smtp", host="smtp.example.org", sender="shop@example.org")
    whole = "there is a way of being paid, something to deliver, and real e-mail"
    assert (True, whole) in list(_live.findings(dsn()))


def test_a_card_machine_that_its_provider_does_not_have_is_said(other: Counterparts) -> None:
    shop = MolliePayments(other)
    config = {"key": KEY, "base_url": shop.alone.url, "timeout_s": "2"}
    ids = ["term_000001", "term_000002", "term_3"]
    assert try_adapters.machines("mollie_terminal", ids, config).findings == [
        (True, "mollie_terminal: term_000001 takes payments"),
        (False, "mollie_terminal: term_000002 is switched off"),
        (False, "mollie_terminal: term_3 is none of its card machines"),
    ]
    away = try_adapters.machines("mollie_terminal", ids, {**config, "base_url": nobody()})
    assert away.findings == [(False, "mollie_terminal: does not say which card machines there are")]


def test_everybody_is_asked_at_once(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each waits until all three are asked."""
    assert world
    together = threading.Barrier(3, timeout=5)

    def ask() -> Tried:
        together.wait()
        return Tried([(True, "met the others")])

    def address(*_: object, sandbox: bool) -> Address:
        together.wait()
        return Address([(sandbox, "met them too")])

    monkeypatch.setattr(_live, "VAR", tmp_path)
    monkeypatch.setattr(_live, "_adapters", lambda _: iter([ask, ask]))
    monkeypatch.setattr(_live, "public_address", address)
    found = [sentence for _, sentence in _live.findings(dsn())]
    assert found[:3] == ["met the others", "met the others", "met them too"]


def test_with_json_it_says_one_object_and_ends_with_one_when_something_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("_database", "_disk"):
        monkeypatch.setattr(doctor, name, lambda: iter(()))
    monkeypatch.setattr(doctor, "_outside", lambda: iter([(True, "here"), (False, "the key is wrong")]))
    assert doctor.run(argparse.Namespace(live=False, json=True)) == 0
    assert "the key is wrong" not in capsys.readouterr().out
    assert doctor.run(argparse.Namespace(live=True, json=True)) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["fine"], told["findings"][-1]) == (False, {"fine": False, "sentence": "the key is wrong"})
    assert doctor.run(argparse.Namespace(live=True, json=False)) == 1
    assert capsys.readouterr().out.endswith("ok    here\nWRONG the key is wrong\n")
