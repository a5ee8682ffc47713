"""Standing renewals as they are kept: whose they are opens here, and what comes next is reckoned from what is known.

Address, number and link are sealed; what was agreed to is not, and stays. A link is the only secret of a renewal: it
shows it, skips, changes and ends it. Whoever signed in sees those of their address besides.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from opla.core import renewal
from opla.core.actor import Actor
from opla.core.calendar import day_of
from opla.core.day import ZONE
from opla.core.effects import Effect, effect_of
from opla.core.quote import price
from opla.core.renewal import Event, Every, Phase, Planned, Rule, Safe, State
from opla.db.keyring import Keyring, Unopenable
from opla.db.queries import renewals
from opla.db.queries.renewals import Kept, Stepped
from opla.operations import catalogue, letters, prices
from opla.operations.letters import Posted
from opla.operations.links import hash_link
from opla.operations.shop import Shop

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Whose:
    """What is sealed of one. `link` opens its page; `number` is E.164."""

    email: str = field(repr=False)
    number: str = field(repr=False)
    link: str = field(repr=False)

    @property
    def path(self) -> str:
        return f"/renewals/{self.link}/"


@dataclass(frozen=True)
class Standing:
    """One renewal, opened."""

    kept: Kept
    whose: Whose

    @property
    def rule(self) -> Rule:
        found = renewal.read_rule(self.kept.rule)
        if found is None:
            raise ValueError(f"renewal {self.kept.id}: no rule is {self.kept.rule!r}")
        return found


def hash_of(email: str, keyring: Keyring) -> bytes:
    """How the database knows an address as one with renewals."""
    return hmac.new(keyring.fingerprint_key, b"renewal:" + email.lower().encode(), hashlib.sha256).digest()


def seal(whose: Whose, renewal_id: UUID, keyring: Keyring) -> bytes:
    plain = json.dumps([whose.email, whose.number, whose.link]).encode()
    return keyring.seal(plain, b"renewal " + renewal_id.bytes)


def opened(kept: Kept, *, shop: Shop) -> Standing | None:
    """None where it was forgotten, or does not open, which is logged."""
    if kept.sealed is None:
        return None
    try:
        email, number, link = json.loads(shop.keyring.open(kept.sealed, b"renewal " + kept.id.bytes))
    except Unopenable:
        _log.exception("renewal %s: it does not open", kept.id)
        return None
    return Standing(kept, Whose(email, number, link))


def find(link: str, *, shop: Shop) -> Standing | None:
    """The one that this link opens; None for a guess."""
    link_hash = hash_link(link)
    kept = renewals.by_link(link_hash) if link_hash else None
    return opened(kept, shop=shop) if kept else None


def of_address(email: str, *, shop: Shop) -> list[Standing]:
    """All of an address that was proven to be theirs, the newest first."""
    return _all(renewals.of_address(hash_of(email, shop.keyring)), shop)


def of_order(order_id: UUID, *, shop: Shop) -> Standing | None:
    """The one that began with this order, or that charged it."""
    kept = renewals.of_order(order_id)
    return opened(kept, shop=shop) if kept else None


def standing(*, shop: Shop, limit: int = 200) -> list[Standing]:
    """The newest of the shop that are not over."""
    return _all(renewals.newest(limit), shop)


def _all(kept: Sequence[Kept], shop: Shop) -> list[Standing]:
    return [found for one in kept if (found := opened(one, shop=shop)) is not None]


# ── what comes next ───────────────────────────────────────────────────────


def effect_now(sku: str, face_minor: int) -> Effect | None:
    """What the product does as the catalogue has it today; None where its figures are not known."""
    _, catalog = catalogue.active()
    product = catalog.product(sku)
    found = effect_of(product, face_minor) if product else None
    return found if isinstance(found, Effect) else None


def safe_now(kept: Kept, delivered_at: datetime, *, shop: Shop) -> Safe | None:
    """The safe moments after what reached the line then; None: nobody knows."""
    effect = effect_now(kept.sku, kept.face.amount_minor)
    cost_minor = price(kept.face, prices.terms(shop)).total.amount_minor
    return renewal.safe(effect, delivered_at, cost_minor, kept.plan) if effect else None


def following(standing: Standing, phase: Phase | None, *, shop: Shop, at: datetime) -> Planned:
    """The period after the newest one, which stands (or is about to stand) at `phase`; None: there is none yet."""
    kept, last = standing.kept, standing.kept.last
    known = safe_now(kept, kept.delivered_at, shop=shop) if kept.delivered_at else None
    if last is None:
        return renewal.plan(standing.rule, day_of(kept.first_placed_at, ZONE), known, at, ZONE)
    if phase is Phase.SKIPPED:
        again_days = renewal.AGAIN_DAYS
        if known and known.due and kept.delivered_at:
            again_days = max((known.due - kept.delivered_at) // timedelta(days=1), 1)
        skipped = Planned(last.key, last.due_at)
        return renewal.after_skip(standing.rule, skipped, known, at, ZONE, again_days=again_days)
    if standing.rule.every is Every.ENDS and phase is not Phase.DELIVERED:
        # Nothing reached the line in that period: its end by the plan is behind us, and the next is a guess.
        known = Safe(known.free, None) if known else None
    return renewal.plan(standing.rule, last.key, known, at, ZONE)


# ── one step, written ─────────────────────────────────────────────────────


def write(
    standing: Standing,
    stepped: Stepped,
    *,
    actor: Actor,
    shop: Shop,
    at: datetime,
    topic: str = "",
    about: Mapping[str, str] | None = None,
) -> bool:
    """Write a step, with a letter of this topic where one says so. False when somebody was first."""
    if topic:
        posted = letter(standing, topic, about or {})
        letter_id, sealed = letters.seal(posted, shop=shop, at=at)
        reference = shop.chance.reference()
        stepped = replace(stepped, letter=(letter_id, sealed, topic, reference))
    return renewals.step(standing.kept, stepped, actor=actor, at=at)


def letter(standing: Standing, topic: str, about: Mapping[str, str]) -> Posted:
    """A letter about it, with what every one of them says."""
    kept, whose = standing.kept, standing.whose
    facts = {
        "path": whose.path,
        "product": kept.product_name,
        "number": whose.number,
        "rule": kept.rule,
        "cap_minor": str(kept.cap.amount_minor),
        "month_cap_minor": str(kept.month_cap.amount_minor) if kept.month_cap else "",
        "currency": kept.cap.currency,
    }
    return Posted(topic, whose.email, kept.language, {**facts, **about})


def moved(state: State, event: Event) -> State | None:
    """Where the event leads, or None where that cannot be."""
    return renewal.ARROWS.get((state, event))
