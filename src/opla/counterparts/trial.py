"""Stand-ins of real providers and suppliers within the process of the counterparts, for who tries the true adapters.

Each is made when it is first called. It is a machine that answers the same to the same, so what is kept is what came
in, with its time: played again at the next start, everything is as it was.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Final

from opla.counterparts import pages
from opla.counterparts.entries import Entry
from opla.counterparts.log import Log
from opla.counterparts.standins import GivesValue, TakesMoney
from opla.counterparts.standins.ding import Ding
from opla.counterparts.standins.dtone import DTOne
from opla.counterparts.standins.mollie import Mollie
from opla.counterparts.standins.paypal import PayPal
from opla.counterparts.standins.reloadly import Reloadly
from opla.counterparts.standins.stripe import Stripe
from opla.counterparts.texts import words
from opla.counterparts.trying import PAYMENTS, PREFIX, SUPPLIERS, settings
from opla.counterparts.web import Request, Response, go, page

#: The button → how a payment that is not paid ends.
_ENDS: Final = {"refuse": "refused", "abandon": "abandoned"}
#: There, whoever leaves the page may come back to it.
_REOPENS: Final = frozenset({("paypal", "abandon")})
#: What they say of who may not call, or of an address that is none; nothing was done.
_NOBODY: Final = frozenset({401, 403, 404})
#: What no stand-in reads.
_OF_THE_WIRE: Final = frozenset({"host", "connection", "accept-encoding", "user-agent", "content-length"})
_NAMES: Final[Mapping[str, str]] = {"mollie": "Mollie", "stripe": "Stripe", "paypal": "PayPal"}

Machine = TakesMoney | GivesValue


class Trial:
    """`log` is the file of what came in; `base` the address of this process; `clock` gives milliseconds since 1970."""

    def __init__(self, log: Path, secret: str, base: str, clock: Callable[[], int]) -> None:
        self._secret, self._base, self._clock = secret, base, clock
        self._log = Log(log)
        self._at_ms = 0
        self._machines: dict[str, Machine] = {}
        self._decided: dict[str, str] = {}  # by the name in the address of its page
        self._lock = Lock()

    def handle(self, request: Request) -> Response:
        """`request` came to an address that begins with `PREFIX`."""
        name, _, path = request.path.removeprefix(PREFIX).partition("/")
        with self._lock:
            machine = self._machine(name)
            if machine is None:
                return _lost(request)
            self._at_ms = self._clock()
            if path.startswith("pay/") and name in PAYMENTS:
                return self._page(name, machine, path.removeprefix("pay/"), request)
            response = _called(machine, name, request, f"/{path}")
            if request.method != "GET" and response.status not in _NOBODY:
                self._log.append([_kept(name, request, f"/{path}", self._at_ms)])
            return response

    # ── the page where a person "pays" ──

    def _page(self, name: str, machine: Machine, token: str, request: Request) -> Response:
        id_ = token.partition(".")[0]
        taken = machine.taken.get(id_) if isinstance(machine, Mollie | Stripe | PayPal) else None
        if taken is None or not hmac.compare_digest(token.encode(), self._token(name, id_).encode()):
            return _lost(request)
        if request.method == "GET":
            texts = words(request.query.get("lang", request.headers.get("accept-language", "")))
            whole = pages.stand_in(_NAMES[name], taken, self._decided.get(token, ""), texts, request.path)
            return page(whole, form_to=pages.origin(taken.return_url))
        outcome = request.form.get("outcome", "")
        if outcome != "pay" and outcome not in _ENDS:
            return _lost(request)
        if token not in self._decided:  # or it was decided in another tab: the shop knows
            self._decide(name, machine, id_, outcome)
            self._log.append([{"what": "decided", "name": name, "at_ms": self._at_ms, "id": id_, "outcome": outcome}])
        return go(taken.return_url)

    def _decide(self, name: str, machine: Machine, id_: str, outcome: str) -> None:
        if not isinstance(machine, Mollie | Stripe | PayPal):
            return
        if outcome == "pay":
            machine.pay(id_)
        else:
            machine.fail(id_, _ENDS[outcome])
        if (name, outcome) not in _REOPENS:
            self._decided[self._token(name, id_)] = outcome

    def _token(self, name: str, id_: str) -> str:
        """Their ids are counted here, so nobody must come to somebody else's page by counting."""
        return f"{id_}.{hmac.new(self._secret.encode(), f'page {name} {id_}'.encode(), sha256).hexdigest()[:32]}"

    # ── the machines ──

    def _machine(self, name: str) -> Machine | None:
        if name not in PAYMENTS + SUPPLIERS:
            return None
        if name not in self._machines:
            self._machines[name] = machine = self._new(name)
            for entry in self._log.entries:
                if entry["name"] == name:
                    self._again(machine, name, entry)
        return self._machines[name]

    def _again(self, machine: Machine, name: str, entry: Entry) -> None:
        self._at_ms = int(entry["at_ms"])
        if entry["what"] == "decided":
            self._decide(name, machine, str(entry["id"]), str(entry["outcome"]))
        else:
            _called(machine, name, _request(entry), str(entry["path"]))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._at_ms / 1000, UTC)

    def _new(self, name: str) -> Machine:
        keys = settings(name, self._base, self._secret)
        match name:
            case "reloadly":
                return Reloadly(keys["client_id"], keys["client_secret"], clock=self._now)
            case "ding":
                return Ding(keys["key"], clock=self._now)
            case "dtone":
                return DTOne(self._now, keys["key"], keys["secret"])
            case "mollie":
                machine: TakesMoney = Mollie(keys["key"], self._now)
            case "stripe":
                machine = Stripe(keys["key"], self._now)
            case _:
                machine = PayPal(keys["client"], keys["secret"], self._now)
        machine.page = lambda id_: f"{self._base}{PREFIX}{name}/pay/{self._token(name, id_)}"
        return machine


def _called(machine: Machine, name: str, request: Request, path: str) -> Response:
    if name != "dtone":  # whose clock ends things by itself; elsewhere what was under way is done when they are asked
        machine.settle()
    return machine.handle(Request(request.method, path, request.query, request.headers, request.body))


def _kept(name: str, request: Request, path: str, at_ms: int) -> Entry:
    headers = {word: value for word, value in request.headers.items() if word not in _OF_THE_WIRE}
    return {
        "what": "called",
        "name": name,
        "at_ms": at_ms,
        "method": request.method,
        "path": path,
        "headers": json.dumps(headers),
        "body": base64.b64encode(request.body).decode(),
    }


def _request(entry: Entry) -> Request:
    body = base64.b64decode(str(entry["body"]))
    return Request(str(entry["method"]), str(entry["path"]), {}, json.loads(str(entry["headers"])), body)


def _lost(request: Request) -> Response:
    return page(pages.lost(words(request.headers.get("accept-language", ""))), 404)
