"""Events as plain fields, for programs: what is not said is left out, and every amount has its unit beside it."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime

from opla.core.drawing import Demand
from opla.core.effects import Happened, What
from opla.core.line import Kind
from opla.core.timeline.event import Event, Sign

_UNITS = {Kind.DATA: "kB", Kind.VOICE: "s", Kind.SMS: "sms"}
#: What has an amount of money: all without a kind, but not those that say nothing of amounts.
_OF_MONEY = frozenset({
    Sign.BOUGHT, Sign.TOPPED_UP, Sign.RENEWED, Sign.CREDIT_LOST,
    What.CREDIT_TAKEN, What.CREDIT_ADDED, What.CREDIT_EXTENDED, What.CREDIT_LOST,
})  # fmt: skip
_OF_A_KIND = frozenset({
    Sign.BENEFIT_LOST, Sign.BUCKET_EXPIRES, What.BUCKET_ADDED, What.BUCKET_LOST, What.BUCKET_EXTENDED,
})  # fmt: skip


def event_fields(event: Event) -> dict[str, object]:
    """`{"event": "bucket_expires", "at": …, "sku": …, "kind": "data", "amount": 1200000, "unit": "kB"}`."""
    told = {"event": str(event.sign)} | _said(event, event.sign)
    if event.happened:
        told["happened"] = [happened_fields(fact) for fact in event.happened]
    return told


def happened_fields(fact: Happened) -> dict[str, object]:
    """The same of one thing that a purchase did, by its `what`."""
    return {"what": str(fact.what)} | _said(fact, fact.what)


def demand_fields(demand: Demand) -> dict[str, object]:
    """`{"data_kb": 500000, "voice_s": 0, "sms": 0}`."""
    return {"data_kb": demand.data_kb, "voice_s": demand.voice_s, "sms": demand.sms}


def _said(thing: Event | Happened, of: Sign | What) -> dict[str, object]:
    told: dict[str, object] = {}
    for name in (one.name for one in fields(thing)):
        value = getattr(thing, name)
        if isinstance(value, datetime):
            told[name] = value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        elif name not in ("sign", "what", "amount", "happened") and value not in (None, ""):
            told[name] = value
    if of in _OF_MONEY or of in _OF_A_KIND:
        told["amount"] = "unlimited" if thing.amount is None else thing.amount
        told["unit"] = "minor" if of in _OF_MONEY or thing.kind is None else _UNITS[thing.kind]
    return told
