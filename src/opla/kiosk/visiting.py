"""Whoever stands in front of a kiosk now, and nobody else: a secret of their own, wiped with everything they typed.

    touched ──▶ lives ──45 s without a touch──▶ over: another secret, so that nothing of the last one can be asked for
                  │ ▲
                  └─┴── while a machine takes their card or a top-up is on its way, the page looks again by itself:
                        it asks after 90 s whether somebody is there, and lives for 10 minutes after a touch at most

The tablet's own secret is shared by all who come, so it opens no order: prices and orders are those of this visit's
secret, exactly as a phone on the web has its own. It lies in a signed cookie of this tablet with what was typed, and
nowhere else; the cookie says until when it counts, so that one that stayed behind opens nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, Final, ParamSpec
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from opla.accounts.device import read_secret, write_secret
from opla.accounts.station import kiosk, station_of
from opla.core.actor import Actor
from opla.core.station import Kind
from opla.db.queries.stations import Station
from opla.operations import print_jobs
from opla.operations import shop as shops
from opla.operations.links import device_hash
from opla.operations.shop import Shop

COOKIE: Final = "opla_kiosk"
_SALT: Final = "opla.kiosk"
_PATH: Final = "/kiosk/"
#: The page asks "still there?" after 30 seconds and begins again after 10 more; the rest is for the way here, and is
#: more than the 3 seconds between two touches that the page tells of.
IDLE_S: Final = 30
_LIVES_S: Final = 45
#: A code stays for a minute, and asks as long as every page.
CODE_S: Final = 60
_LIVES_WITH_CODE_S: Final = 75
#: While a machine takes the card or a top-up is on its way nobody has to touch the page; it asks later.
WAITING_S: Final = 90
#: Since such a page was last looked at again: a line may drop meanwhile.
_LIVES_ON: Final = timedelta(minutes=5)
#: Since anybody last touched it: from then on nobody knows who reads it.
_WAITS_AT_MOST: Final = timedelta(minutes=10)

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, "Here", P], HttpResponse]
View = Callable[..., HttpResponse]


@dataclass
class Here:
    """One customer at a kiosk. `number` is what they typed, `order` what they ordered, `seen` how that stood
    when it was last looked at; `since` is their last touch, and `lives_s` for how long the page lives after one."""

    station: Station
    shop: Shop
    at: datetime
    secret: bytes = field(repr=False)
    until: datetime
    since: datetime
    lives_s: int = _LIVES_S
    number: str = field(default="", repr=False)
    order: UUID | None = None
    seen: str = ""

    @property
    def actor(self) -> Actor:
        return kiosk(self.station)

    @property
    def device_hash(self) -> bytes:
        return device_hash(self.secret)

    def touched(self) -> None:
        """It never ends sooner by it: what waits for a card waits on."""
        self.since = self.at
        self.until = max(self.until, self.at + timedelta(seconds=self.lives_s))

    def shows_code(self) -> None:
        self.lives_s = _LIVES_WITH_CODE_S
        self.until = self.at + timedelta(seconds=self.lives_s)

    def waits(self) -> None:
        """The page looks again by itself, which is nobody's touch."""
        if self.until < self.at + _LIVES_ON / 2:
            self.until = max(self.until, min(self.at + _LIVES_ON, self.since + _WAITS_AT_MOST))

    def waits_no_more(self) -> None:
        self.until = self.at + timedelta(seconds=_LIVES_WITH_CODE_S)


def _held(here: Here) -> dict[str, str | int]:
    return {
        "s": write_secret(here.secret), "u": int(here.until.timestamp()), "n": here.number,
        "o": here.order.hex if here.order else "", "seen": here.seen,
        "since": int(here.since.timestamp()), "lives": here.lives_s,
    }  # fmt: skip


def _read(request: HttpRequest, station: Station, shop: Shop, at: datetime) -> Here | None:
    """The visit of this tablet's cookie, while it lives."""
    try:
        held = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT)
    except signing.BadSignature:
        return None
    secret = read_secret(held["s"])
    if secret is None or at.timestamp() >= held["u"]:
        return None
    until, since = (datetime.fromtimestamp(held[one], at.tzinfo) for one in ("u", "since"))
    return Here(
        station, shop, at, secret, until, since, held["lives"], held["n"], UUID(held["o"]) if held["o"] else None,
        held["seen"],
    )  # fmt: skip


def _station(request: HttpRequest, at: datetime) -> Station:
    """The kiosk this tablet is; there is nothing here for any other."""
    found = station_of(request, at)
    if found is None or found.kind is not Kind.KIOSK:
        raise Http404
    return found


def begins(page: Page[P]) -> View:
    """For whoever comes: a visit begins here where none lives."""
    return _visited(page, anew=True, moves=True)


def goes_on(page: Page[P]) -> View:
    """For whoever has begun; a visit that is over begins again at the first page."""
    return _visited(page, anew=False, moves=True)


def stays(page: Page[P]) -> View:
    """The same, and the page that is shown stays, for as long as it is good for."""
    return _visited(page, anew=False, moves=False)


def looks_again(page: Page[P]) -> View:
    """The same, asked for by the page itself: nobody has touched it."""
    return _visited(page, anew=False, moves=False, touch=False)


def _visited(page: Page[P], *, anew: bool, moves: bool, touch: bool = True) -> View:
    @wraps(page)
    def view(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        at, shop = timezone.now(), shops.current()
        station = _station(request, at)
        here = _read(request, station, shop, at)
        if here is None and not anew:
            return ended(request)
        here = here or Here(station, shop, at, shop.chance.secret(), at, at)
        before = _held(here)
        if moves:
            here.lives_s = _LIVES_S
        if touch:
            here.touched()
        try:
            answer = page(request, here, *args, **kwargs)
        except Http404:  # an address of somebody who has left: there is nothing to read about that here
            answer = redirect("kiosk")
        if touch or _held(here) != before:
            answer.set_cookie(
                COOKIE, signing.dumps(_held(here), salt=_SALT, compress=True), path=_PATH, httponly=True,
                samesite="Strict", secure=settings.SESSION_COOKIE_SECURE,
            )  # fmt: skip
        return answer

    return view


def ended(request: HttpRequest) -> HttpResponse:
    """The first page, as nobody left it. What htmx asked for is answered by leaving the page."""
    if request.headers.get("HX-Request"):
        answer = HttpResponse(status=200)
        answer["HX-Redirect"] = _PATH
        return wiped(answer)
    return wiped(redirect("kiosk"))


def wiped(answer: HttpResponse) -> HttpResponse:
    """Nothing of a visit is left on the tablet: not what was typed, nor the language."""
    answer.delete_cookie(COOKIE, path=_PATH, samesite="Strict")
    answer.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
    return answer


def over(request: HttpRequest) -> HttpResponse:
    """Whoever was here has gone, or wants to begin again."""
    at, shop = timezone.now(), shops.current()
    here = _read(request, _station(request, at), shop, at)
    if here is not None and here.order is not None:
        print_jobs.call_off(here.actor, here.order, station=here.station.name, at=at)
    return ended(request)
