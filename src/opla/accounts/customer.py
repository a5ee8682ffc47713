"""Who signed in, where somebody did: a customer, who is never needed for buying."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from django.contrib import auth
from django.http import HttpRequest, HttpResponse

from opla.accounts.sessions import AGENT, hash_of
from opla.core.actor import Actor, Role
from opla.db.models import Customer, Session

#: The cookie of a tablet of ours (`accounts.station`).
STATION: Final = "opla_station"
#: How long a browser stays signed in.
SIGNED_IN: Final = timedelta(days=30)
#: What changes how one signs in, or ends the account, wants a sign-in that is no older.
RECENT: Final = timedelta(minutes=30)
_AT: Final = "signed_in_at"
#: What they showed besides the link: `passkey` or `step`; nothing where the link was all.
PROVED: Final = "proved"
_AGENT_MAX: Final = 200


def customer_of(request: HttpRequest) -> Customer | None:
    """The customer behind this request; None for everybody who did not sign in."""
    user = request.user
    return user if isinstance(user, Customer) and user.is_active else None


def account(customer: Customer) -> Actor:
    """Who acts, as events and reveals name them: the beginning of the account's random id."""
    return Actor(Role.CUSTOMER, f"account {customer.pk.hex[-12:]}")


def sign_in(request: HttpRequest, customer: Customer, at: datetime, *, proved: str = "") -> None:
    """This browser is theirs from now on. Whatever its session held before is forgotten."""
    request.session.flush()
    auth.login(request, customer, backend="django.contrib.auth.backends.ModelBackend")
    request.session[_AT] = int(at.timestamp())
    request.session[AGENT] = request.headers.get("User-Agent", "")[:_AGENT_MAX]
    request.session[PROVED] = proved
    request.session.set_expiry(SIGNED_IN)


def since(request: HttpRequest, at: datetime) -> timedelta:
    """How long ago they signed in here."""
    signed_in_at = request.session.get(_AT)
    return at - datetime.fromtimestamp(signed_in_at if isinstance(signed_in_at, int) else 0, UTC)


def is_recent(request: HttpRequest, at: datetime) -> bool:
    """Whether they signed in just now: a phone left on a table is not enough for everything."""
    return since(request, at) < RECENT


def sign_out(request: HttpRequest, response: HttpResponse) -> None:
    """End this session, and have the browser empty what pages kept on the device (W3C Clear Site Data).

    Cookies stay: the one of the device lets its owner look at codes they bought without an account.
    """
    auth.logout(request)
    cleared(request, response)


def cleared(request: HttpRequest, response: HttpResponse) -> None:
    """Nothing that a page of ours stored stays in this browser: its storage, its offline pages, its service worker.

    But not on a tablet of ours: there it is what was sold without a line, and the keys for it.
    """
    if STATION not in request.COOKIES:
        response["Clear-Site-Data"] = '"storage"'


def sessions(customer: Customer, at: datetime) -> list[Session]:
    """Where they are signed in, the newest first."""
    return list(Session.objects.filter(customer=customer, expires_at__gt=at).order_by("-seen_at"))


def current(request: HttpRequest) -> bytes:
    """The hash of this browser's session."""
    return hash_of(request.session.session_key or "")


def end_session(customer: Customer, session: bytes) -> bool:
    """False where it is not theirs."""
    gone, _ = Session.objects.filter(customer=customer, hash=session).delete()
    return bool(gone)


def end_others(request: HttpRequest, customer: Customer) -> None:
    Session.objects.filter(customer=customer).exclude(hash=current(request)).delete()


def end_all(customer: Customer) -> None:
    Session.objects.filter(customer=customer).delete()
