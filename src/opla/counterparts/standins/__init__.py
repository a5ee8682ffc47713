"""Stand-ins for real providers and suppliers: their API as a machine, with its state, its repeats and its refusals.

Each is one module named like its adapter, built from the official document. It has no socket and no clock of its own;
`alone.Alone` gives it an address for tests, `proving` calls it inside the process. What it truly did is asked of it
apart from what it answered.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from opla.core.money import MINOR_DIGITS, Money
from opla.counterparts.web import Request, Response

#: A body of theirs or ours, before or after JSON.
Fields = dict[str, object]


class StandIn(Protocol):
    """Somebody's API: one request in, one answer out, its state behind. `headers` of a request are in lower case."""

    def handle(self, request: Request) -> Response: ...


@dataclass
class Taken:
    """What a payment truly is, whatever was answered. Amounts in minor units of `currency`."""

    id: str
    reference: str
    amount_minor: int
    currency: str
    captured_minor: int = 0
    refunded_minor: int = 0
    charged_back_minor: int = 0
    outside_minor: int = 0  # of what was refunded: by a dashboard, not by us
    fee_minor: int = 0
    why: str = ""  # it failed
    return_url: str = ""  # where people go from there

    @property
    def kept_minor(self) -> int:
        return self.captured_minor - self.refunded_minor - self.charged_back_minor


class Takes(Protocol):
    """Where money is taken: what customers and whoever sits at a dashboard do there, and what truly became of it.

    `opened` is called with each new payment, `changed` with one that its webhook would tell of.
    """

    opened: Callable[[Taken], None]
    changed: Callable[[Taken], None]

    @property
    def taken(self) -> Mapping[str, Taken]:
        """By the provider's id."""
        ...

    @property
    def given_back(self) -> Mapping[str, int]:
        """What each refund of ours truly gave back or will, in minor units, by our reference."""
        ...

    def pay(self, id_: str, amount_minor: int | None = None) -> None:
        """The whole of it when no amount is given. Also of one that failed before: some banks answer late."""
        ...

    def fail(self, id_: str, why: str) -> None:
        """`refused`, `expired` or `abandoned`."""
        ...

    def charge_back(self, id_: str) -> None:
        """All that is still kept of it."""
        ...

    def refund_outside(self, id_: str) -> None: ...

    def settle(self) -> None:
        """Refunds that are under way arrive."""
        ...


class TakesMoney(StandIn, Takes, Protocol):
    """A payment provider. `page` says where people are sent to pay, by the provider's id."""

    page: Callable[[str], str]


@runtime_checkable
class PaysOut(Protocol):
    """One that pays out what it truly moved. Of payments in `forgets` it pays out nothing: a mistake of its own."""

    forgets: set[str]

    @property
    def paid_out(self) -> Mapping[str, int]:
        """What each payout sent to the bank, in minor units, by its id."""
        ...

    def pay_out(self, older: timedelta = ...) -> str:
        """All that was moved so long ago and not paid out yet; the id of the payout, empty without any."""
        ...


@dataclass(frozen=True)
class Again:
    """A charge by `consent`, with nobody there, whether or not it was taken. `id` is of `taken`."""

    id: str
    consent: str
    at: datetime


@runtime_checkable
class KeepsConsent(Takes, Protocol):
    """One that keeps consent, and charges by it. In `failing` is by which word charges by one fail."""

    failing: dict[str, str]
    again: list[Again]

    @property
    def consents(self) -> Mapping[str, tuple[str, bool]]:
        """The payment that left each, and whether it can still be charged by."""
        ...


class Gives(Protocol):
    """Where value is given. What was truly done is kept by our reference."""

    @property
    def given(self) -> Mapping[str, int]:
        """How often value was truly given."""
        ...

    @property
    def taken_back(self) -> Mapping[str, int]: ...

    @property
    def pins(self) -> Mapping[str, str]: ...


class GivesValue(StandIn, Gives, Protocol):
    """A supplier."""

    def settle(self) -> None:
        """Sends that are under way end."""
        ...

    def reverse(self, reference: str) -> None:
        """Take a success back; nothing where they never do."""
        ...


def fields_of(request: Request) -> Fields | None:
    """The JSON object of a request, empty without a body; None when it is no object."""
    try:
        found = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def inner(fields: Fields, name: str) -> Fields:
    """An object within; empty where there is none."""
    found = fields.get(name)
    return found if isinstance(found, dict) else {}


def text_of(fields: Fields, name: str) -> str:
    """A text within; empty where there is none."""
    found = fields.get(name)
    return found if isinstance(found, str) else ""


def cents(amount: object) -> int:
    """An amount written as `{"value": "15.00", "currency": "EUR"}` in minor units; 0 where there is none."""
    fields: Fields = amount if isinstance(amount, dict) else {}
    currency = text_of(fields, "currency")
    found = Money.parse(text_of(fields, "value"), currency) if currency in MINOR_DIGITS else None
    return found.amount_minor if found else 0


def amount_text(minor: int, currency: str) -> Fields:
    """The other way."""
    return {"currency": currency, "value": Money(minor, currency).decimal}
