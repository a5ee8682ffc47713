"""What each adapter brings so that the one contract suite can run over it: its other side, and ways to break it."""

from __future__ import annotations

import secrets
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, Self

import httpx

from opla import payments, suppliers
from opla.core.money import Money
from opla.core.ports import Charges, CodeStock, Kind, Refunds, SendRequest, Sends, StockedCode
from opla.counterparts import place
from opla.counterparts.endings import Fault
from opla.counterparts.log import Facts, Log, facts
from opla.counterparts.server import HOST, Handler, Listener, Running
from opla.counterparts.service import Service

T0_MS = 1_795_000_000_000
#: Silence is waited for this long: long enough that a busy machine is not taken for one.
PATIENCE_S = "0.7"


class TwinStock:
    """An in-memory `CodeStock`, and one that fails before or after it acted."""

    def __init__(self, codes: int = 3) -> None:
        self.free = [StockedCode(f"stock-{n}", f"S{n}", 1440, None) for n in range(codes)]
        self.held: dict[str, StockedCode] = {}
        self.fault = Fault.NONE

    def claim(self, reference: str, sku: str) -> StockedCode | None:
        fault, self.fault = self.fault, Fault.NONE
        if not fault.acts:
            raise ConnectionError("before")
        if reference not in self.held and self.free and sku != "nothing":
            self.held[reference] = self.free.pop(0)
        if fault is not Fault.NONE:
            raise ConnectionError("after")
        return self.held.get(reference)

    def claimed(self, reference: str) -> StockedCode | None:
        return self.held.get(reference)


class Counterparts:
    """A running sandbox with a clock of its own, on a free port."""

    def __init__(self, var: Path) -> None:
        self.now_ms = T0_MS
        self.secret = place.secret(var)
        self.log_path = place.log_path(var)
        self.log = Log(self.log_path)
        self.service = Service(self.log, self.secret, lambda: self.now_ms, lambda: secrets.token_hex(16))
        self.running = Running(self.service, Listener((HOST, 0), Handler), self.secret, self.log)
        self.url = self.running.url
        self.http = httpx.Client(base_url=self.url, trust_env=False, verify=False)  # noqa: S501 - plain HTTP
        self._ending: list[Callable[[], None]] = []

    def on_exit(self, end: Callable[[], None]) -> None:
        """Another server beside this one, which ends with it."""
        self._ending.append(end)

    def __enter__(self) -> Self:
        self.running.start()
        return self

    def __exit__(self, *_: object) -> None:
        for end in self._ending:
            end()
        self.http.close()
        self.running.stop()
        self.log.close()

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}

    def config(self, url: str = "") -> dict[str, str]:
        return {"base_url": url or self.url, "secret": self.secret, "timeout_s": PATIENCE_S}

    def order_fault(self, method: str, path: str, fault: Fault) -> None:
        body: dict[str, str | int] = {"method": method, "path": path, "fault": fault, "times": 1}
        self.http.post("/faults", json=body, headers=self.bearer).raise_for_status()

    def webhooks(self, manner: str) -> None:
        self.http.post("/faults", json={"webhooks": manner}, headers=self.bearer).raise_for_status()

    def pass_s(self, seconds: float) -> None:
        self.now_ms += int(seconds * 1000)

    @property
    def facts(self) -> Facts:
        return facts(self.log_path)


class PaymentWorld(Protocol):
    """What the contract asks of every payment provider's other side."""

    pays_twice: bool  # whether one session can be captured twice
    finds_by_reference: bool  # also where no answer ever told us their id; a repeat finds it everywhere
    adapter: Charges

    def at(self, url: str) -> Charges: ...

    def wrong_key(self) -> Charges: ...

    def refunds(self) -> Refunds: ...

    def break_charge(self, fault: Fault) -> None: ...

    def pay(self, provider_id: str, times: int = 1) -> None: ...

    def named_in_list(self, provider_id: str) -> str:
        """By which id their list of payments has this one; empty where it is not in it."""
        ...

    def settle_refunds(self) -> None:
        """Whatever they take their time for is done."""

    def webhook(self, provider_id: str) -> tuple[Mapping[str, str], bytes]:
        """Headers and body with which they would say that something happened to this payment."""
        ...

    def forged(self, provider_id: str) -> Sequence[tuple[Mapping[str, str], bytes]]:
        """Others that a stranger could post, and that name nobody."""
        ...

    def created(self, reference: str) -> int: ...

    def refunded_minor(self, reference: str) -> int: ...

    def told(self, reference: str, /, **change: object) -> dict[str, object]:
        """A captured payment of 15 euros, as they tell it; with their own words changed."""
        ...

    #: What of `told` may not be otherwise, in their own words.
    misfits: Sequence[Mapping[str, object]]


class ConsentWorld(PaymentWorld, Protocol):
    """What it asks besides, of one that keeps consent for later charges."""

    def pay_then(self, provider_id: str, why: str = "") -> None:
        """Pay. Later charges by the consent that is kept are paid, or refused for `why`, a word of ours."""
        ...

    def break_again(self, fault: Fault) -> None:
        """The next charge by a mandate."""
        ...

    def settle_charges(self) -> None:
        """Direct debits that are under way are paid."""
        ...

    def captured_minor(self, reference: str) -> int:
        """What was truly taken under our reference."""
        ...

    def told_again(self, reference: str, mandate: str, /, **change: object) -> dict[str, object]:
        """Fifteen euros captured by this mandate, as they tell it; with their own words changed."""
        ...

    ends_with_nothing: bool  # an ended mandate is answered with 204 and no body
    #: One that may be charged by, as the adapter writes it, and what of `told_again` may not be otherwise.
    mandate: str
    misfits_again: Sequence[Mapping[str, object]]


class NamesItsPayment:
    """An unsigned webhook: a form with the payment's id, as Mollie's and the sandbox's are."""

    def named_in_list(self, provider_id: str) -> str:
        return provider_id

    def webhook(self, provider_id: str) -> tuple[Mapping[str, str], bytes]:
        return {}, f"id={provider_id}&status=paid".encode()

    def forged(self, provider_id: str) -> Sequence[tuple[Mapping[str, str], bytes]]:
        twice = f"id={provider_id}&id={provider_id}".encode()
        return [({}, body) for body in (b"id=sp_1&id=sp_2", b"id=../x", twice)]


class SandboxPayments(NamesItsPayment):
    """The world of `payments/sandbox`."""

    pays_twice = True
    finds_by_reference = True
    misfits: Sequence[Mapping[str, object]] = (
        {"reference": "0b" * 16},
        {"status": "settled"},
        {"status": None},
        {"captured_minor": -1},
        {"captured_minor": True},
        {"captured_minor": 15.0},
        {"refunded_minor": "0"},
        {"currency": 978},
        {"id": ""},
        {"id": "sp_\ud800"},
        {"id": "sp_\x00"},
        {"id": "s" * 5000},
    )

    def __init__(self, other: Counterparts) -> None:
        self.other = other
        self.adapter = self.at(other.url)

    def at(self, url: str) -> Charges:
        return payments.build("sandbox", self.other.config(url))

    def refunds(self) -> Refunds:
        assert isinstance(self.adapter, Refunds)
        return self.adapter

    def break_charge(self, fault: Fault) -> None:
        self.other.order_fault("POST", "/payments", fault)

    def pay(self, provider_id: str, times: int = 1) -> None:
        self.decide(provider_id, "pay" if times == 1 else "twice")

    def wrong_key(self) -> Charges:
        return payments.build("sandbox", {**self.other.config(), "secret": "wrong"})

    def settle_refunds(self) -> None:
        """The sandbox refunds at once."""

    def told(self, reference: str, /, **change: object) -> dict[str, object]:
        whole: dict[str, object] = {"id": "sp_1", "reference": reference, "status": "paid", "currency": "EUR"}
        whole |= {"captured_minor": 1500, "refunded_minor": 0, "charged_back_minor": 0}
        return {**whole, "checkout_url": "http://127.0.0.1/", **change}

    def created(self, reference: str) -> int:
        return sum(found.reference == reference for found in self.other.facts.payments.values())

    def refunded_minor(self, reference: str) -> int:
        return self.other.facts.refunds.get(reference, 0)

    ends_with_nothing = False
    mandate = "sm_1"
    misfits_again: Sequence[Mapping[str, object]] = ({"charged_by": "sm_2"}, {"charged_by": ""}, {"charged_by": None})

    def pay_then(self, provider_id: str, why: str = "") -> None:
        outcome = {"": "pay", "authentication": "then_authenticate", "refused": "then_refuse"}[why]
        self.decide(provider_id, outcome)

    def decide(self, provider_id: str, outcome: str) -> None:
        path = f"/payments/{provider_id}/decide"
        self.other.http.post(path, json={"outcome": outcome}, headers=self.other.bearer).raise_for_status()

    def break_again(self, fault: Fault) -> None:
        self.break_charge(fault)

    def settle_charges(self) -> None:
        self.other.pass_s(5)

    def captured_minor(self, reference: str) -> int:
        every = self.other.facts.payments.values()
        return sum(found.captured_minor for found in every if found.reference == reference)

    def told_again(self, reference: str, mandate: str, /, **change: object) -> dict[str, object]:
        return self.told(reference, **{"charged_by": mandate, "checkout_url": "", **change})


class SupplierWorld(Protocol):
    """What the contract asks of every supplier's other side. The first of `kinds` is what most tests ask for."""

    kinds: tuple[Kind, ...]
    cost: tuple[int, str]  # of what `ask` asks for: minor units and their currency
    adapter: Sends

    def ask(self, reference: str, kind: Kind) -> SendRequest:
        """Something they sell, of 15 euros."""
        ...

    def break_send(self, fault: Fault) -> None: ...

    def settle(self) -> None:
        """Whatever is under way ends."""

    def given(self, reference: str) -> int: ...


class RemoteSupplier(SupplierWorld, Protocol):
    """One that is reached over HTTP."""

    def at(self, url: str) -> Sends:
        """Sends, and asks what became of them, at `url`; everything else is asked where it always is."""
        ...

    def everything_at(self, url: str) -> Sends: ...

    def wrong_key(self) -> Sends: ...

    def reverse(self, reference: str) -> None:
        """Take a success back, where they may."""
        ...

    def told(self, reference: str, /, **change: object) -> Mapping[str, object]:
        """What they answer to a send of the first kind, delivered, with the code 0000123456789; their own words."""
        ...

    #: What of `told` may not be otherwise, in their own words.
    misfits: Sequence[Mapping[str, object]]


class Split(httpx.BaseTransport):
    """A network in which some paths lead elsewhere."""

    def __init__(self, url: str, *paths: str) -> None:
        self._elsewhere, self._paths = httpx.URL(url), paths
        self._network = httpx.HTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith(self._paths):
            request.url = request.url.copy_with(host=self._elsewhere.host, port=self._elsewhere.port)
        return self._network.handle_request(request)


EUR15 = Money(1500, "EUR")
NUMBER = "+32470123456"


class SandboxSupplier:
    """The world of `suppliers/sandbox`."""

    kinds = (Kind.CODE, Kind.DIRECT)
    cost = (1440, "EUR")
    misfits: Sequence[Mapping[str, object]] = (
        {"reference": "0b" * 16},
        {"status": "perhaps"},
        {"status": {"a": 1}},
        {"cost_minor": None},
        {"code": None},
        {"code": "0000123456789"},
        {"code": {"pin": 123456789}},
        {"code": {"pin": "<script>"}},
        {"code": {"pin": "0000123456789", "serial": "\ud800"}},
        {"code": {"pin": "0000123456789", "valid_until": "soon"}},
    )

    def __init__(self, other: Counterparts) -> None:
        self.other = other
        self.adapter = self.at(other.url)

    def ask(self, reference: str, kind: Kind) -> SendRequest:
        number = "+32470123906" if kind is Kind.DIRECT else ""  # it is taken back later
        return SendRequest(reference, "proximus-15", "proximus", kind, EUR15, number)

    def at(self, url: str) -> Sends:
        return suppliers.build("sandbox", self.other.config(url), TwinStock())

    everything_at = at

    def reverse(self, reference: str) -> None:
        self.other.pass_s(60)

    def wrong_key(self) -> Sends:
        return suppliers.build("sandbox", {**self.other.config(), "secret": "wrong"}, TwinStock())

    def told(self, reference: str, /, **change: object) -> Mapping[str, object]:
        sold = {"pin": "0000123456789", "serial": "S1", "valid_until": "2027-01-31"}
        whole = {"id": "so_1", "reference": reference, "status": "completed", "why": "", "cost_minor": 1440}
        return {**whole, "code": sold, **change}

    def break_send(self, fault: Fault) -> None:
        self.other.order_fault("POST", "/sends", fault)

    def settle(self) -> None:
        """The sandbox gives at once."""

    def given(self, reference: str) -> int:
        found = self.other.facts.sends.get(reference)
        return found.given if found else 0


class OwnStock:
    """The world of `suppliers/code_stock`."""

    kinds = (Kind.CODE,)
    cost = (1440, "EUR")

    def __init__(self, _other: Counterparts | None = None) -> None:
        self.stock = TwinStock()
        stock: CodeStock = self.stock
        self.adapter = suppliers.build("code_stock", {}, stock)

    def ask(self, reference: str, kind: Kind) -> SendRequest:
        return SendRequest(reference, "proximus-15", "proximus", kind, EUR15)

    def break_send(self, fault: Fault) -> None:
        self.stock.fault = fault

    def settle(self) -> None:
        """A claim is a claim."""

    def given(self, reference: str) -> int:
        return int(reference in self.stock.held)


#: Whose goods a person hands over: a send of theirs is pending until then, and has a suite of its own.
BY_HAND = frozenset({"card_stock"})
#: Payment adapters over our own account, drawers, slips and vouchers call nobody, so nobody can answer them badly
#: (test_own_account, test_own_drawers, test_own_slips,
#: test_own_vouchers).
OWN_BOOK = frozenset({"bank_transfer", "cash", "terminal", "voucher"})


@contextmanager
def answering(
    raw: bytes, drip_s: float = 0.0, heard: list[bytes] | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """An address where everybody is answered with these bytes, one at a time when they drip, and then hung up on.

    What was asked there is added to `heard`. `tls` is their certificate, where they have one.
    """
    listener = socket.create_server((HOST, 0))
    stop = threading.Event()

    def serve() -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            with caller:
                try:
                    caller.settimeout(2)
                    with tls.wrap_socket(caller, server_side=True) if tls else caller as talk:
                        asked = talk.recv(65536)
                        if heard is not None:
                            heard.append(asked)
                        for part in [raw] if not drip_s else [raw[at : at + 1] for at in range(len(raw))]:
                            talk.sendall(part)
                            if drip_s and stop.wait(drip_s):
                                return
                        talk.shutdown(socket.SHUT_WR)
                        while talk.recv(65536):
                            pass
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://{HOST}:{listener.getsockname()[1]}"
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(3)


def nobody() -> str:
    """An address where nobody listens."""
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
    return f"http://{HOST}:{port}"
