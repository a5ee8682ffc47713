"""Passkeys (W3C Web Authentication): a key on the customer's device that signs in by itself, unlocked by its owner.

Nothing is kept while one is asked for: the challenge goes to the browser signed and comes back with the answer, within
five minutes and once. None is asked of anybody by name, so a stranger learns of nobody whether they have one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from django.core import signing
from django.db import IntegrityError, transaction
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from opla.core.refusal import Code, Refusal
from opla.db.models import Customer, Passkey
from opla.operations import limits
from opla.operations.shop import Shop

#: How long somebody may look for their finger.
VALID: Final = timedelta(minutes=5)
#: What one customer may have: a phone, a tablet, keys of metal.
MOST: Final = 20
_NAME_MAX: Final = 60
_SALT: Final = "opla.passkey"
_WRONG: Final = Refusal(Code.PASSKEY_WRONG)


@dataclass(frozen=True)
class Question:
    """What the browser is asked: `options` is JSON for its credential functions, `state` comes back with the answer."""

    options: str = field(repr=False)
    state: str = field(repr=False)
    host: str  # passkeys are made for one name of a shop, and a browser gives them to no other


def ask_new(customer: Customer, *, shop: Shop, at: datetime) -> Question:
    """For making one, on this device or another."""
    known = [AttestedCredentialData(bytes(key.public)) for key in Passkey.objects.filter(customer=customer)]
    options, state = _server(shop).register_begin(
        PublicKeyCredentialUserEntity(id=customer.pk.bytes, name=customer.email, display_name=customer.email),
        credentials=known,
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _question(dict(options), state, str(customer.pk), shop, at)


def add(customer: Customer, state: str, answer: str, name: str, *, shop: Shop, at: datetime) -> Refusal | None:
    """Keep the key that was made."""
    expected = _read(state, str(customer.pk), shop, at)
    if expected is None or Passkey.objects.filter(customer=customer).count() >= MOST:
        return _WRONG
    try:
        made = _server(shop).register_complete(expected, RegistrationResponse.from_dict(json.loads(answer)))
    except Exception:  # noqa: BLE001 - a stranger's bytes: the library raises whatever it meets in them
        return _WRONG
    key = made.credential_data
    if key is None:
        return _WRONG
    try:
        with transaction.atomic():
            Passkey.objects.create(
                credential_id=key.credential_id, customer=customer, public=bytes(key), name=name.strip()[:_NAME_MAX],
                made_at=at,
            )  # fmt: skip
    except IntegrityError:
        return _WRONG
    return None


def ask(*, shop: Shop, at: datetime) -> Question:
    """For signing in: whichever passkey of this shop the browser has."""
    options, state = _server(shop).authenticate_begin(user_verification=UserVerificationRequirement.REQUIRED)
    return _question(dict(options), state, "", shop, at)


def enter(state: str, answer: str, *, shop: Shop, at: datetime) -> Customer | Refusal:
    """Whose key answered. Else PASSKEY_WRONG: a key of nobody, another question's answer, the same again."""
    expected = _read(state, "", shop, at)
    if expected is None:
        return _WRONG
    try:
        said = AuthenticationResponse.from_dict(json.loads(answer))
        key, whose = said.raw_id, said.response.user_handle
    except Exception:  # noqa: BLE001 - as above
        return _WRONG
    found = Passkey.objects.select_related("customer").filter(credential_id=key).first()
    if found is None or whose not in (None, found.customer.pk.bytes):
        return _WRONG
    try:
        _server(shop).authenticate_complete(expected, [AttestedCredentialData(bytes(found.public))], said)
    except Exception:  # noqa: BLE001 - as above
        return _WRONG
    if not limits.once(limits.ANSWERS, state, shop=shop, at=at) or not found.customer.is_active:
        return _WRONG
    Passkey.objects.filter(pk=found.pk).update(used_at=at)
    return found.customer


def remove(customer: Customer, passkey_id: int) -> bool:
    """False where it is not theirs."""
    gone, _ = Passkey.objects.filter(customer=customer, pk=passkey_id).delete()
    return bool(gone)


def _party(shop: Shop) -> tuple[str, str]:
    """The name passkeys are made for, and the origin they must come from. An IP address has none (WebAuthn §5.1.3):
    a shop on one's own machine is `localhost`."""
    where = urlsplit(shop.base_url)
    host = where.hostname or ""
    if host in ("127.0.0.1", "::1"):
        host = "localhost"
    return host, f"{where.scheme}://{host}" + (f":{where.port}" if where.port else "")


def _server(shop: Shop) -> Fido2Server:
    host, origin = _party(shop)
    return Fido2Server(PublicKeyCredentialRpEntity(id=host, name="Opla"), verify_origin=lambda said: said == origin)


def _question(options: Mapping[str, object], state: Mapping[str, str], who: str, shop: Shop, at: datetime) -> Question:
    kept = {"challenge": state["challenge"], "who": who, "at": int(at.timestamp())}
    signed = signing.dumps(kept, key=shop.keyring.signing_key, salt=_SALT)
    return Question(json.dumps(options["publicKey"]), signed, _party(shop)[0])


def _read(state: str, who: str, shop: Shop, at: datetime) -> dict[str, str] | None:
    """What was asked of them, where that was us, of them, and a moment ago."""
    try:
        kept = signing.loads(state, key=shop.keyring.signing_key, salt=_SALT)
    except signing.BadSignature:
        return None
    if kept["who"] != who or not 0 <= at.timestamp() - kept["at"] < VALID.total_seconds():
        return None
    return {"challenge": kept["challenge"], "user_verification": UserVerificationRequirement.REQUIRED}
