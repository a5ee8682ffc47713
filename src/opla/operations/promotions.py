"""Which promotions run: whole documents in the database, imported from a file by the owner. The newest one counts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.db import IntegrityError, transaction

from opla.core.actor import Act, Actor
from opla.core.promotion import Promotions, Side, entries, parse_promotions, read_coupon
from opla.core.refusal import Code, Refusal
from opla.db.keyring import Keyring
from opla.db.models import PromotionsVersion
from opla.db.queries.promotions import active_promotions, lock, uses
from opla.operations import catalogue
from opla.operations.read_promotions import SAMPLE, read_promotions, write_promotions

_NONE: Final = Promotions("EUR")


def active() -> tuple[int, Promotions]:
    """The version that counts, and its promotions; 0 and none where nobody ever imported any."""
    version = active_promotions()
    return (version, at_version(version)) if version is not None else (0, _NONE)


def to_be_had() -> tuple[int, Promotions]:
    """The same, without those of ours of which the last use is taken."""
    version, known = active()
    capped = [p.id for p in known.ours if p.most_uses is not None]
    used = uses(capped, []) if capped else {}
    left = tuple(p for p in known.ours if p.most_uses is None or used.get((p.id, b""), 0) < p.most_uses)
    return version, replace(known, ours=left)


@lru_cache(maxsize=16)
def at_version(version: int) -> Promotions:
    """Promotions as they were: versions never change, so each is parsed once."""
    return parse_promotions(PromotionsVersion.objects.values_list("document", flat=True).get(id=version))


def import_promotions(
    actor: Actor, path: Path, *, keyring: Keyring, sandbox: bool, at: datetime
) -> tuple[int, Promotions] | Refusal:
    """Read a file and let it count from now on, whole: what is not in it any more has ended.

    Quotes that were made keep their price. Raises `CatalogFileError` with every mistake; `OSError` when unreadable.
    """
    if refused := actor.refused(Act.CHANGE_CATALOGUE):
        return refused
    _, catalog = catalogue.active()
    document = read_promotions(path, catalog)
    if document.get("sample") is True and not sandbox:
        return Refusal(Code.PROMOTION_SAMPLE_ONLY, "file")
    version = _keep(document, made_by=str(actor), note=path.name, keyring=keyring, at=at)
    return version, at_version(version)


def seed(*, keyring: Keyring, at: datetime) -> bool:
    """The invented ones, for a sandbox that has none yet; False where there are some."""
    if PromotionsVersion.objects.exists():
        return False
    _, catalog = catalogue.active()
    try:
        _keep(read_promotions(SAMPLE, catalog), made_by="system", note="first start", keyring=keyring, at=at)
    except IntegrityError:
        return False  # another process was first
    return True


def coupon_digest(text: str, keyring: Keyring) -> str:
    """How a coupon is kept: as good as money to whoever reads it, so nobody can read it here. Empty when it is none."""
    plain = read_coupon(text)
    if plain is None:
        return ""
    return hashlib.blake2b(plain.encode(), key=keyring.fingerprint_key, person=b"coupon", digest_size=16).hexdigest()


def _keep(document: dict[str, object], *, made_by: str, note: str, keyring: Keyring, at: datetime) -> int:
    with transaction.atomic():
        lock()
        PromotionsVersion.objects.filter(active=True).update(active=False)
        made = PromotionsVersion.objects.create(
            made_at=at, made_by=made_by, active=True, note=note, document=sealed(document, keyring)
        )
    return made.pk


def sealed(document: Mapping[str, object], keyring: Keyring) -> dict[str, object]:
    """As the database keeps it: of coupons nothing but keyed digests, whether they are typed or sealed already."""
    return {**document, Side.OURS: [_sealed(one, keyring) for one in entries(document, Side.OURS)]}


def _sealed(promotion: Mapping[str, object], keyring: Keyring) -> dict[str, object]:
    typed, known = promotion.get("coupons"), promotion.get("sealed_coupons")
    digests = {coupon_digest(str(text), keyring) for text in typed} if isinstance(typed, list) else set()
    digests |= {str(digest) for digest in known} if isinstance(known, list) else set()
    rest = {key: value for key, value in promotion.items() if key not in ("coupons", "sealed_coupons")}
    return {**rest, "coupons": sorted(digests)} if digests else rest


def written(document: Mapping[str, object]) -> dict[str, object]:
    """What the database keeps as a file says it: whoever brings it back has the same again."""
    return {**document, Side.OURS: [_written(one) for one in entries(document, Side.OURS)]}


def _written(promotion: Mapping[str, object]) -> dict[str, object]:
    return {("sealed_coupons" if key == "coupons" else key): value for key, value in promotion.items()}


def export(actor: Actor) -> str | Refusal:
    """The promotions that count, as a file to keep, to change and to import. Empty where there never were any."""
    if refused := actor.refused(Act.CHANGE_CATALOGUE):
        return refused
    version = active_promotions()
    if version is None:
        return ""
    return write_promotions(written(PromotionsVersion.objects.values_list("document", flat=True).get(id=version)))
