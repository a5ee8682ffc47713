"""What callers send, read strictly: a wrong type, a missing field or nonsense is a 422 with its name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from opla.core.ports import Kind
from opla.counterparts.entries import Refused
from opla.counterparts.mailbox import Mail, Pushed
from opla.counterparts.operator import Ask
from opla.counterparts.payment import Order

_CURRENCY = re.compile(r"[A-Z]{3}")
_NUMBER = re.compile(r"(\+[1-9][0-9]{5,14})?")
#: JSON can smuggle one in; no log and no page can hold it.
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_MAX_MINOR = 10**12
_MAX_TEXT = 20_000


class _NoError(Exception):
    def __init__(self, word: str) -> None:
        self.refused = Refused(422, word)


def fields(body: bytes) -> dict[str, object] | Refused:
    """A JSON object, or 400."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return Refused(400, "unreadable")
    return found if isinstance(found, dict) else Refused(400, "unreadable")


def order(given: Mapping[str, object]) -> Order | Refused:
    try:
        return Order(
            reference=_text(given, "reference", needed=True),
            amount_minor=_amount(given, "amount_minor"),
            currency=_like(_CURRENCY, given, "currency"),
            description=_text(given, "description"),
            language=_text(given, "language"),
            return_url="" if given.get("mandate") else _address(given, "return_url"),
            webhook_url=_address(given, "webhook_url") if given.get("webhook_url") else "",
            keep=_truth(given, "keep"),
            mandate=_text(given, "mandate"),
        )
    except _NoError as no:
        return no.refused


def refund(given: Mapping[str, object]) -> tuple[str, int, str] | Refused:
    """Reference, amount in minor units, currency."""
    try:
        reference = _text(given, "reference", needed=True)
        return reference, _amount(given, "amount_minor"), _like(_CURRENCY, given, "currency")
    except _NoError as no:
        return no.refused


def send(given: Mapping[str, object]) -> Ask | Refused:
    try:
        kind = _text(given, "kind", needed=True)
        if kind not in set(Kind):
            return Refused(422, "kind_not_sold")
        return Ask(
            reference=_text(given, "reference", needed=True),
            sku=_text(given, "sku", needed=True),
            operator=_text(given, "operator", needed=True),
            kind=Kind(kind),
            face_minor=_amount(given, "face_minor"),
            currency=_like(_CURRENCY, given, "currency"),
            number=_like(_NUMBER, given, "number"),
            plan=_text(given, "plan"),
        )
    except _NoError as no:
        return no.refused


def mail(given: Mapping[str, object]) -> Mail | Refused:
    try:
        return Mail(
            reference=_text(given, "reference", needed=True),
            to=_text(given, "to", needed=True),
            subject=_text(given, "subject"),
            text=_text(given, "text"),
            language=_text(given, "language"),
            unsubscribe_url=_text(given, "unsubscribe_url"),
        )
    except _NoError as no:
        return no.refused


def push(given: Mapping[str, object]) -> Pushed | Refused:
    try:
        return Pushed(
            reference=_text(given, "reference", needed=True),
            endpoint=_address(given, "endpoint"),
            text=_text(given, "text", needed=True),
            ttl_s=_amount(given, "ttl_s"),
        )
    except _NoError as no:
        return no.refused


def _text(given: Mapping[str, object], name: str, *, needed: bool = False) -> str:
    value = given.get(name, "")
    if not isinstance(value, str) or len(value) > _MAX_TEXT or _LONE_SURROGATE.search(value):
        raise _NoError(f"{name}_invalid")
    if needed and not value:
        raise _NoError(f"{name}_missing")
    return value


def _amount(given: Mapping[str, object], name: str) -> int:
    value = given.get(name)
    if type(value) is not int or not 0 < value <= _MAX_MINOR:
        raise _NoError("amount_invalid")
    return value


def _truth(given: Mapping[str, object], name: str) -> bool:
    value = given.get(name, False)
    if not isinstance(value, bool):
        raise _NoError(f"{name}_invalid")
    return value


def _like(pattern: re.Pattern[str], given: Mapping[str, object], name: str) -> str:
    value = _text(given, name)
    if not pattern.fullmatch(value):
        raise _NoError(f"{name}_invalid")
    return value


def _address(given: Mapping[str, object], name: str) -> str:
    value = _text(given, name, needed=True)
    try:
        parts = urlsplit(value)
    except ValueError:
        raise _NoError(f"{name}_invalid") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not value.isascii():
        raise _NoError(f"{name}_invalid")
    return value
