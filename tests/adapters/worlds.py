"""What each adapter brings so that the one contract suite can run over it: its other side, and ways to break it."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, Self

import httpx

from opla import payments, suppliers
from opla.core.ports import Charges, CodeStock, Refunds, Sends, StockedCode
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
    adapter: Charges

    def at(self, url: str) -> Charges: ...

    def wrong_key(self) -> Charges: ...

    def refunds(self) -> Refunds: ...

    def break_charge(self, fault: Fault) -> None: ...

    def pay(self, provider_id: str, times: int = 1) -> None: ...

    def settle_refunds(self) -> None:
        """Whatever they take their time for is done."""

    def created(self, reference: str) -> int: ...

    def refunded_minor(self, reference: str) -> int: ...

    def told(self, reference: str, /, **change: object) -> dict[str, object]:
        """A captured payment of 15 euros, as they tell it; with their own words changed."""
        ...

    #: What of `told` may not be otherwise, in their own words.
    misfits: Sequence[Mapping[str, object]]


class SandboxPayments:
    """The world of `payments/sandbox`."""

    pays_twice = True
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
        body = {"outcome": "pay" if times == 1 else "twice"}
        self.other.http.post(f"/payments/{provider_id}/decide", json=body, headers=self.other.bearer).raise_for_status()

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


class SandboxSupplier:
    """The world of `suppliers/sandbox`."""

    http = True
    kinds = ("code", "direct")

    def __init__(self, other: Counterparts) -> None:
        self.other = other
        self.adapter = self.at(other.url)

    def at(self, url: str) -> Sends:
        return suppliers.build("sandbox", self.other.config(url), TwinStock())

    def break_send(self, fault: Fault) -> None:
        self.other.order_fault("POST", "/sends", fault)

    def given(self, reference: str) -> int:
        found = self.other.facts.sends.get(reference)
        return found.given if found else 0

    def run_dry(self) -> None:
        """This supplier never runs out."""


class OwnStock:
    """The world of `suppliers/code_stock`."""

    http = False
    kinds = ("code",)

    def __init__(self, _other: Counterparts) -> None:
        self.stock = TwinStock()
        stock: CodeStock = self.stock
        self.adapter = suppliers.build("code_stock", {}, stock)

    def break_send(self, fault: Fault) -> None:
        self.stock.fault = fault

    def given(self, reference: str) -> int:
        return int(reference in self.stock.held)


#: A new adapter adds its line here (or a payment provider in its own file), or the suite says so by name.
SUPPLIERS: Mapping[str, Callable[[Counterparts], SandboxSupplier | OwnStock]] = {
    "sandbox": SandboxSupplier,
    "code_stock": OwnStock,
}

#: Whose goods a person hands over: a send of theirs is pending until then, and has a suite of its own.
BY_HAND = frozenset({"card_stock"})
#: A payment adapter over our own account calls nobody, so nobody can answer it badly (test_own_account).
OWN_BOOK = frozenset({"bank_transfer"})


@contextmanager
def answering(raw: bytes, drip_s: float = 0.0) -> Iterator[str]:
    """An address where everybody is answered with these bytes, one at a time when they drip, and then hung up on."""
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
                    caller.recv(65536)
                    for part in [raw] if not drip_s else [raw[at : at + 1] for at in range(len(raw))]:
                        caller.sendall(part)
                        if drip_s and stop.wait(drip_s):
                            return
                    caller.shutdown(socket.SHUT_WR)
                    while caller.recv(65536):
                        pass
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{listener.getsockname()[1]}"
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
