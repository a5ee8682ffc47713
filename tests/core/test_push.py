"""Which addresses of a browser's are called, and which are never."""

from __future__ import annotations

import base64

import pytest

from opla.core.push import HOSTS, Subscription, allowed, read_subscription

KEY = base64.urlsafe_b64encode(b"\x04" + b"k" * 64).decode()
AUTH = base64.urlsafe_b64encode(b"a" * 16).decode().rstrip("=")
CHROME = "https://fcm.googleapis.com/fcm/send/dT3-x:APA91b"


@pytest.mark.parametrize(
    "endpoint",
    [
        CHROME,
        "https://fcm.googleapis.com:443/wp/x",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
        "https://web.push.apple.com/QGuQyavXutnMH",
        "https://wns2-par02p.notify.windows.com/w/?token=BQYAAAD",
    ],
)
def test_the_push_services_of_browsers_are_called(endpoint: str) -> None:
    assert allowed(endpoint)


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "http://fcm.googleapis.com/fcm/send/x",
        "https://fcm.googleapis.com",
        "https://fcm.googleapis.com/",
        "https://fcm.googleapis.com:8443/x",
        "https://fcm.googleapis.com:x/x",
        "https://fcm.googleapis.com@127.0.0.1/x",
        "https://a:b@fcm.googleapis.com/x",
        "https://fcm.googleapis.com.example.org/x",
        "https://evilfcm.googleapis.com/x",
        "https://push.apple.com.evil.org/x",
        "https://evilpush.apple.com/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://[::1/x",
        "https://169.254.169.254/latest/meta-data/",
        "https://localhost/x",
        "https://fcm.googleapis.com\\@127.0.0.1/x",
        "https://fcm.googleapis.com/x\n",
        "https://fcm.googleapis.com/é",
        "file:///etc/passwd",
        CHROME + "x" * 2000,
    ],
)
def test_nothing_else_is(endpoint: str) -> None:
    assert not allowed(endpoint)


def test_an_owner_may_name_other_services() -> None:
    assert allowed("https://push.example.org/x", [*HOSTS, "push.example.org"])
    assert not allowed("https://fcm.googleapis.com/x", ["push.example.org"])


def test_a_subscription_is_read_as_browsers_send_it() -> None:
    assert read_subscription(CHROME, KEY, AUTH) == Subscription(CHROME, b"\x04" + b"k" * 64, b"a" * 16)
    assert "APA91b" not in repr(read_subscription(CHROME, KEY, AUTH))


@pytest.mark.parametrize(
    ("key", "auth"),
    [(KEY[:-4], AUTH), ("", AUTH), (KEY, ""), (KEY, AUTH + "AAAA"), ("é" * 88, AUTH), (KEY, "!" * 22),
     (base64.urlsafe_b64encode(b"\x02" + b"k" * 64).decode(), AUTH)],
)  # fmt: skip
def test_half_a_subscription_is_none(key: str, auth: str) -> None:
    assert read_subscription(CHROME, key, auth) is None
