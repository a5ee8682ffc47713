"""Web push against the examples of its own standards, and that a worker cannot be led to any other address by it."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Mapping, Sequence

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.worlds import Counterparts
from opla import notices
from opla.calling import Reply
from opla.core.ports import Answer, Push, PushReport
from opla.core.push import Subscription
from opla.notices.web_push.client import Client
from opla.notices.web_push.config import Config
from opla.notices.web_push.encryption import _derived, encrypt, point
from opla.notices.web_push.provider import WebPush
from opla.notices.web_push.vapid import header, unsigned, written


def bare(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def private(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(bare(text), "big"), ec.SECP256R1())


# RFC 8291 §5 and appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
THEIR_KEY = private("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")
THEIRS = bare("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4")
AUTH = bare("BTBZMqHH6r4Tts7J_aSIgg")
OURS = private("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")
SALT = bare("DGv6ra1nlYgDCS1FRnbzlw")
BODY = bare(
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
    "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)

# RFC 8292 §2.4.
TOKEN = (
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9."
    "eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0."
    "i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA"
)
TOKEN_KEY = "BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs"

ENDPOINT = "https://fcm.googleapis.com/fcm/send/abc"
TO = Subscription(ENDPOINT, THEIRS, AUTH)


def signed_by(token: str, key: bytes) -> None:
    """Raises unless this key signed it."""
    text, _, signature = token.rpartition(".")
    r, s = (int.from_bytes(half, "big") for half in (bare(signature)[:32], bare(signature)[32:]))
    known = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
    known.verify(encode_dss_signature(r, s), text.encode(), ec.ECDSA(hashes.SHA256()))


def opened(body: bytes) -> bytes:
    """What the browser of the standard's example reads."""
    salt, length = body[:16], body[20]
    ours = body[21 : 21 + length]
    shared = THEIR_KEY.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), ours))
    secret = _derived(AUTH, shared, b"WebPush: info\0" + THEIRS + ours, 32)
    key = _derived(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(salt, secret, b"Content-Encoding: nonce\0", 12)
    return AESGCM(key).decrypt(nonce, body[21 + length :], None).rstrip(b"\0")[:-1]


def test_the_example_of_rfc_8291_comes_out_byte_for_byte() -> None:
    assert encrypt(PLAIN, THEIRS, AUTH, salt=SALT, key=OURS, pad=0) == BODY
    assert opened(BODY) == PLAIN


def test_messages_of_any_length_have_one_size_and_say_how_they_are_sealed() -> None:
    short, longer = (encrypt(text, THEIRS, AUTH, salt=SALT, key=OURS, pad=512) for text in (b"a", b"b" * 300))
    assert len(short) == len(longer)
    assert struct.unpack(">I", short[16:20]) == (4096,)
    assert (opened(short), opened(longer)) == (b"a", b"b" * 300)


def test_the_example_of_rfc_8292_is_signed_as_we_sign() -> None:
    signed_by(TOKEN, bare(TOKEN_KEY))
    assert TOKEN.startswith(unsigned("https://push.example.net", "mailto:push@example.com", 1453523768) + ".")
    value = header(OURS, origin="https://push.example.net", subject="mailto:push@example.com", expires=1453523768)
    scheme, _, parts = value.partition(" ")
    told = dict(part.strip().split("=", 1) for part in parts.split(","))
    assert (scheme, told["k"]) == ("vapid", written(point(OURS)))
    signed_by(told["t"], point(OURS))


class Line:
    """The network: what was posted where, and what came back."""

    def __init__(self, status: int, *, addresses: Sequence[str] = ("142.250.1.1",)) -> None:
        self.status, self.addresses = status, addresses
        self.posted: list[tuple[str, str, bytes, dict[str, str]]] = []
        self._origin = ""

    def resolve(self, _host: str) -> Sequence[str]:
        return self.addresses

    def call(self, origin: str, _timeout_s: float) -> Line:
        self._origin = origin
        return self

    def post_bytes(self, path: str, content: bytes, headers: Mapping[str, str]) -> Reply:
        self.posted.append((self._origin, path, content, dict(headers)))
        trouble = Answer.UNKNOWN if self.status >= 500 or self.status == 0 else None
        return Reply(self.status, trouble=trouble)

    def push(self, to: Subscription = TO) -> PushReport:
        config = Config.from_mapping({"subject": "mailto:shop@example.org", "key": "0a" * 32})
        client = Client(config.hosts, 1.0, resolve=self.resolve, call=self.call)  # type: ignore[arg-type]  # a stand-in
        return WebPush(config, client).push(Push("0a" * 16, to, json.dumps({"title": "Opla"})))


@pytest.mark.parametrize(
    ("status", "report"),
    [
        (201, PushReport(Answer.SUCCEEDED)),
        (404, PushReport(Answer.DECLINED, gone=True)),
        (410, PushReport(Answer.DECLINED, gone=True)),
        (413, PushReport(Answer.DECLINED)),
        (429, PushReport(Answer.NOT_SENT)),
        (500, PushReport(Answer.UNKNOWN)),
        (302, PushReport(Answer.UNKNOWN)),
        (0, PushReport(Answer.UNKNOWN)),
    ],
)
def test_a_push_services_status_is_one_of_our_answers(status: int, report: PushReport) -> None:
    assert Line(status).push() == report


def test_what_is_posted_is_sealed_signed_and_short_lived() -> None:
    line = Line(201)
    line.push()
    [(origin, path, body, headers)] = line.posted
    assert (origin, path) == ("https://fcm.googleapis.com", "/fcm/send/abc")
    assert opened(body) == b'{"title": "Opla"}'
    assert (headers["Content-Encoding"], headers["TTL"], headers["Topic"]) == ("aes128gcm", "86400", "0a" * 16)
    token, _, key = headers["Authorization"].removeprefix("vapid t=").partition(", k=")
    signed_by(token, bare(key))
    assert json.loads(bare(token.split(".")[1]))["aud"] == "https://fcm.googleapis.com"


@pytest.mark.parametrize(
    "addresses",
    [
        (),
        ("127.0.0.1",),
        ("10.0.0.7",),
        ("169.254.169.254",),
        ("::1",),
        ("fe80::1%eth0",),
        ("142.250.1.1", "192.168.1.1"),
    ],
)
def test_a_name_that_leads_into_our_own_network_is_not_called(addresses: Sequence[str]) -> None:
    line = Line(201, addresses=addresses)
    assert line.push() == PushReport(Answer.NOT_SENT)
    assert line.posted == []


def test_an_address_that_is_no_push_service_is_not_called() -> None:
    line = Line(201)
    assert line.push(Subscription("https://shop.example.org/x", THEIRS, AUTH)).answer is Answer.NOT_SENT
    assert line.posted == []


def test_a_key_nobody_has_is_given_up_at_once() -> None:
    line = Line(201)
    assert line.push(Subscription(ENDPOINT, b"\x04" + b"\xff" * 64, AUTH)) == PushReport(Answer.DECLINED, gone=True)
    assert line.posted == []


@pytest.mark.parametrize("missing", [{}, {"subject": "me", "key": "aa"}, {"subject": "mailto:a@b", "key": "xyz"}])
def test_missing_settings_are_named(missing: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"^(subject|key): "):
        notices.build("web_push", missing)


def test_the_sandbox_records_what_would_be_sent_once_and_knows_who_has_gone(other: Counterparts) -> None:
    sandbox = notices.build("sandbox", other.config())
    push = Push("0b" * 16, TO, '{"title": "Opla"}')
    assert [sandbox.push(push) for _ in range(2)] == [PushReport(Answer.SUCCEEDED)] * 2  # type: ignore[union-attr]  # it does both
    away = Push("0c" * 16, Subscription("https://fcm.googleapis.com/gone", THEIRS, AUTH), "x")
    assert sandbox.push(away) == PushReport(Answer.DECLINED, gone=True)  # type: ignore[union-attr]  # it does both
    assert [one.text for one in other.service.push_service.pushed.values()] == [push.text]
