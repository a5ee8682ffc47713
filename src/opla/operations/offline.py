"""Codes for the hours without a line: given to a till, sealed for it and for one clerk's PIN; and what it sold, booked.

What is given is sealed for a key that the tablet made and cannot show, together with the PIN of the clerk who asked:

    stretched = PBKDF2-HMAC-SHA256(PIN, salt, 600,000 rounds)
    secret = HKDF-SHA256(ECDH(ours, the tablet's) ‖ stretched, salt, "opla offline 1")
    each code = AES-256-GCM(secret, 96 random bits, the code's id)

(NIST SP 800-56A, RFC 5869, RFC 8018, NIST SP 800-38D; the rounds are OWASP's of 2023.) A stolen tablet shows no code
without the PIN; whoever takes its disk apart can try all PINs. So what a tablet holds is bounded by its limit, and is
posted as lost when it is unpaired.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from django.db import transaction

from opla.core import offline
from opla.core.actor import Act, Actor, Role
from opla.core.catalog import Product, sellable
from opla.core.ledger import CASH
from opla.core.money import Money
from opla.core.offline import FIRST, Result, Sale
from opla.core.order import Price
from opla.core.ports import Kind
from opla.core.quote import Quote, price
from opla.core.refusal import Code, Refusal
from opla.db.queries import cash as tills
from opla.db.queries import offline as queries
from opla.db.queries import orders
from opla.db.queries.cash import Drawers
from opla.db.queries.offline import Due, Wanted
from opla.db.queries.stations import Clerk, Station
from opla.operations import cash, catalogue, clerks, prices, shifts
from opla.operations.cash import CURRENCY
from opla.operations.clerks import actor_of
from opla.operations.links import device_hash
from opla.operations.place_orders import Placed, Placement, place_orders
from opla.operations.shop import Shop

ROUNDS: Final = 600_000
INFO: Final = b"opla offline 1"
_SALT_BYTES, _NONCE_BYTES, _SIGNATURE_BYTES, _POINT_BYTES = 16, 12, 64, 65
#: Of one product nobody asks for more at once.
_MOST_OF_ONE: Final = 50
_BATCH: Final = 100


def set_limit(actor: Actor, name: str, amount: str, *, at: datetime) -> Refusal | None:
    """How much a till may hold; 0: nothing is sold on it without a line."""
    if refused := actor.refused(Act.MANAGE_STATIONS):
        return refused
    money = Money.parse(amount, CURRENCY)
    if money is None or money.amount_minor < 0:
        return Refusal(Code.AMOUNT_UNREADABLE, "amount", {"amount": amount})
    kept = queries.limit(name, money.amount_minor, actor=actor, at=at)
    return None if kept else Refusal(Code.STATION_UNKNOWN, "name", {"name": name})


# ── what is given ─────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Sealed:
    """A code that this tablet holds. `box`: nonce, ciphertext and tag."""

    code_id: UUID
    sku: str
    operator: str
    product: str
    price: Money
    serial: str
    valid_until: date | None
    box: bytes = field(repr=False)


@dataclass(frozen=True)
class Given:
    """All that a tablet holds now. `point` is our half of the agreement, of this one time."""

    key_id: UUID
    clerk: str
    salt: bytes
    point: bytes
    rounds: int
    codes: tuple[Sealed, ...]


@dataclass(frozen=True)
class Keys:
    """The public halves of what the tablet made: uncompressed points of P-256."""

    wrapping: bytes
    signing: bytes


def may_hold(*, sandbox: bool) -> list[tuple[Product, int]]:
    """Products whose codes lie on our shelf and are sold now, and how many."""
    _, catalog = catalogue.active()
    found = [(catalog.product(sku), count) for sku, count in sorted(queries.on_shelf().items())]
    return [(one, count) for one, count in found if one is not None and sellable(one, sandbox=sandbox) is None]


def give(
    clerk: Clerk, pin: str, station: Station, keys: Keys, wanted: Mapping[str, int], *, shop: Shop, at: datetime
) -> Given | Refusal:
    """What the tablet holds, and more up to its limit, sealed for it and this PIN. Committed before it is returned."""
    actor = actor_of(clerk, station)
    if refused := actor.refused(Act.WORK_SHIFT):
        return refused
    if shifts.current(station) is None:
        return Refusal(Code.SHIFT_CLOSED, "shift")
    if not all(_point(one) for one in (keys.wrapping, keys.signing)):
        return Refusal(Code.OFFLINE_KEY_INVALID, "keys")
    proven = clerks.sign_in(clerk.name, pin, station, shop=shop, at=at)
    if isinstance(proven, Refusal):
        return proven
    version, catalog = catalogue.active()
    asked, terms = [], prices.terms(shop)
    for sku, times in sorted(wanted.items()):
        product = catalog.product(sku)
        if product is None or product.min_minor != product.max_minor or sellable(product, sandbox=shop.sandbox):
            continue
        face = Money(product.min_minor, CURRENCY)
        asked.append(Wanted(sku, min(times, _MOST_OF_ONE), price(face, terms)))
    key_id = shop.chance.uuid(at)
    held = queries.hold(
        station.id, key_id, clerk.name, keys.wrapping, keys.signing, asked, today=at.date(), catalog_version=version,
        actor=actor, at=at,
    )  # fmt: skip
    salt = os.urandom(_SALT_BYTES)
    point, secret = _agreed(keys.wrapping, pin, salt)
    codes = []
    for one in held:
        product = catalogue.at_version(one.catalog_version).product(one.sku)
        plain = shop.keyring.open(one.sealed, one.code_id.bytes)
        codes.append(
            Sealed(
                one.code_id,
                one.sku,
                product.operator if product else "",
                product.name if product else one.sku,
                Money(one.price_minor, one.currency),
                one.serial,
                one.valid_until,
                _boxed(secret, plain, one.code_id),
            )
        )
    return Given(key_id, clerk.name, salt, point, ROUNDS, tuple(codes))


def _point(point: bytes) -> bool:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

    if len(point) != _POINT_BYTES:
        return False
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    except ValueError:
        return False
    return True


def _agreed(wrapping: bytes, pin: str, salt: bytes) -> tuple[bytes, bytes]:
    """Our point of this one time, and the secret that the tablet finds with it and the PIN."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    ours = ec.generate_private_key(ec.SECP256R1())
    shared = ours.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), wrapping))
    stretched = hashlib.pbkdf2_hmac("sha256", pin.encode(), salt, ROUNDS)
    secret = HKDF(hashes.SHA256(), 32, salt, INFO).derive(shared + stretched)
    encoding = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    return ours.public_key().public_bytes(*encoding), secret


def _boxed(secret: bytes, plain: bytes, code_id: UUID) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(secret).encrypt(nonce, plain, str(code_id).encode())


# ── what is said ──────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Said:
    """What a tablet sends of one sale. The signature is r and s, 32 bytes each, in base64url."""

    text: str
    signature: str


def say(said: Sequence[Said], *, at: datetime) -> list[tuple[int, Result]] | Refusal:
    """Sales of one tablet, in the order of their numbers. Who holds the tablet's key says them, paired or not: what was
    sold was sold. The same again changes nothing."""
    sales = [(offline.read(one.text), _signature(one.signature)) for one in said[: offline.MOST]]
    first = sales[0][0] if sales else None
    known = queries.key(first.key_id) if first else None
    if first is None or known is None:
        return Refusal(Code.OFFLINE_SALES_WRONG, "sales")
    read: list[tuple[Sale, bytes]] = []
    for sale, signature in sales:
        if (
            sale is None
            or sale.key_id != known.id
            or signature is None
            or not _signed(known.signing, sale.text, signature)
        ):
            return Refusal(Code.OFFLINE_SALES_WRONG, "sales")
        read.append((sale, signature))
    before = [FIRST] if first.n == 1 else queries.digest_of(known.id, first.n - 1)
    if not any(offline.chained([sale for sale, _ in read], digest, first.n - 1) for digest in before):
        return Refusal(Code.OFFLINE_GAP, "sales", {"next": str(queries.last(known.id)[0] + 1)})
    return queries.say(known.id, read, at=at)


def _signature(text: str) -> bytes | None:
    try:
        found = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return found if len(found) == _SIGNATURE_BYTES else None


def _signed(point: bytes, text: str, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    r, s = (int.from_bytes(signature[n : n + 32], "big") for n in (0, 32))
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        public.verify(encode_dss_signature(r, s), text.encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


# ── what is booked ────────────────────────────────────────────────────────


def book(*, shop: Shop, at: datetime) -> int:
    """Make orders of what tills sold without a line, paid in cash, delivered by the codes they gave. For workers.

    Each step is one commit, found again by the code's own id: a worker that dies half-way is followed by the next.
    """
    found = queries.due(_BATCH)
    for one in found:
        _book(one, shop=shop, at=at)
    return len(found)


def _book(one: Due, *, shop: Shop, at: datetime) -> None:
    actor = Actor(Role.SYSTEM, f"{one.clerk}@{one.station}, without a line")
    order_id = one.order_id or _ordered(one, actor, shop=shop, at=at)
    if order_id is None:
        return
    reference = queries.charge_reference(order_id)
    code = Drawers(lambda: at, shop.chance).expect(reference)
    line_id = uuid5(one.code_id, "taken")
    done = cash.take(actor, line_id, drawer=one.drawer, code=code, given="", at=at)
    if not isinstance(done, Refusal) or tills.line(line_id) is not None:
        queries.taken(one.code_id, at=at)
    else:
        queries.stuck(one.code_id, str(done.code), at=at)


def _ordered(one: Due, actor: Actor, *, shop: Shop, at: datetime) -> UUID | None:
    product = catalogue.at_version(one.catalog_version).product(one.sku)
    if product is None:
        raise LookupError(f"version {one.catalog_version} of the catalogue has no {one.sku}")
    face, fee, vat = (Money(minor, one.currency) for minor in (one.face_minor, one.fee_minor, one.fee_vat_minor))
    quote = Quote(
        id=shop.chance.uuid(at), sku=one.sku, operator=product.operator, product_name=product.name, kind=Kind.CODE,
        price=Price(face, fee, vat), number="", plan="", email="", language="en", catalog_version=one.catalog_version,
        sample=product.sample, made_at=at, expires_at=at + timedelta(minutes=1),
    )  # fmt: skip
    device = shop.chance.secret()
    with transaction.atomic():
        orders.save_quotes([(quote, device_hash(device))])
        total = quote.price.total.amount_minor
        [placed] = place_orders(actor, [Placement(quote.id, total, CASH)], device=device, shop=shop, at=at)
        mine = isinstance(placed, Placed) and queries.booked(
            one.code_id, placed.order_id, one.sold_at, actor=actor, at=at
        )
        if not mine:
            transaction.set_rollback(True)  # refused, or another worker was first
    if isinstance(placed, Refusal):
        queries.stuck(one.code_id, str(placed.code), at=at)
        return None
    return placed.order_id if mine else None
