"""The second step of signing in by e-mail: six digits of an app on one's phone, or a recovery code where it is lost.

Whoever signs in with a passkey has shown both already: the device, and a finger or a PIN that unlocks it.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Final

from django.db import transaction

from opla.core import one_time
from opla.core.refusal import Code, Refusal
from opla.db.keyring import digest
from opla.db.models import Customer, RecoveryCode, SecondStep
from opla.operations import limits
from opla.operations.shop import Shop

CODES: Final = 10
_CODE_BYTES: Final = 10


def is_on(customer: Customer) -> bool:
    return SecondStep.objects.filter(customer=customer, confirmed_at__isnull=False).exists()


def begin(customer: Customer, *, shop: Shop, at: datetime) -> bytes:
    """The key for the app; the same one until it is confirmed, so that a page may be loaded twice.

    Raises ValueError where it is confirmed: the key is never shown again.
    """
    key = shop.chance.secret() + shop.chance.secret()[: one_time.KEY_BYTES - 16]
    sealed = shop.keyring.seal(key, customer.pk.bytes)
    found, _ = SecondStep.objects.get_or_create(customer=customer, defaults={"sealed": sealed, "made_at": at})
    if found.confirmed_at is not None:
        raise ValueError("the second step is on already")
    return shop.keyring.open(bytes(found.sealed), customer.pk.bytes)


def confirm(customer: Customer, typed: str, *, shop: Shop, at: datetime) -> Refusal | None:
    """On from now, if these are the app's digits: nobody locks themselves out with an app that never had the key."""
    if refused := limits.by_email(limits.STEPS, customer.email, shop=shop, at=at):
        return refused
    found = SecondStep.objects.filter(customer=customer, confirmed_at__isnull=True).first()
    if found is None or not _use(found, _only_digits(typed), shop, at):
        return Refusal(Code.STEP_WRONG, "digits")
    SecondStep.objects.filter(pk=customer.pk).update(confirmed_at=at)
    return None


def check(customer: Customer, typed: str, *, shop: Shop, at: datetime) -> Refusal | None:
    """None when these are the app's digits now, or a recovery code; either works once. Few tries an hour."""
    if refused := limits.by_email(limits.STEPS, customer.email, shop=shop, at=at):
        return refused
    found = SecondStep.objects.filter(customer=customer, confirmed_at__isnull=False).first()
    numbers = _only_digits(typed)
    if found is not None and len(numbers) == one_time.DIGITS and _use(found, numbers, shop, at):
        return None
    gone, _ = RecoveryCode.objects.filter(customer=customer, hash=_hash(customer, typed)).delete()
    return None if gone else Refusal(Code.STEP_WRONG, "digits")


def end(customer: Customer) -> None:
    """Off, and its recovery codes with it."""
    with transaction.atomic():
        SecondStep.objects.filter(customer=customer).delete()
        RecoveryCode.objects.filter(customer=customer).delete()


def new_codes(customer: Customer, *, shop: Shop) -> list[str]:
    """Ten recovery codes, shown this once; the older ones are worth nothing from now on."""
    made = [base64.b32encode(shop.chance.secret()[:_CODE_BYTES]).decode().lower() for _ in range(CODES)]
    with transaction.atomic():
        RecoveryCode.objects.filter(customer=customer).delete()
        RecoveryCode.objects.bulk_create(RecoveryCode(hash=_hash(customer, code), customer=customer) for code in made)
    return ["-".join(code[n : n + 4] for n in range(0, 16, 4)) for code in made]


def codes_left(customer: Customer) -> int:
    return RecoveryCode.objects.filter(customer=customer).count()


def _use(found: SecondStep, typed: str, shop: Shop, at: datetime) -> bool:
    """True once per half minute: digits that were seen over a shoulder do not work again (RFC 6238 §5.2)."""
    step = one_time.step_of(shop.keyring.open(bytes(found.sealed), found.pk.bytes), typed, at)
    return step is not None and SecondStep.objects.filter(pk=found.pk, step__lt=step).update(step=step) == 1


def _only_digits(typed: str) -> str:
    return "".join(str(int(c)) for c in typed if c.isdecimal())


def _hash(customer: Customer, typed: str) -> bytes:
    return digest(customer.pk.bytes + "".join(c for c in typed.lower() if c.isalnum()).encode())
