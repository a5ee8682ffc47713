"""Passports of sellers: applied for by a reseller, decided by the house, looked up by whoever stands before a shop.

A look-up asks the database each time, so what is withdrawn is withdrawn at the next look. Docs:
docs/howto/prove-a-seller.md.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db import transaction

from opla.core import passport
from opla.core.actor import SYSTEM, Act, Actor, Role
from opla.core.api_access import Access, Scope
from opla.core.day import ZONE
from opla.core.passport import (
    AT_MOST,
    DUE_BEFORE,
    ENDED,
    GOOD,
    LASTS,
    SIGNS,
    WITH_REASON,
    Claims,
    Event,
    Here,
    State,
    Verdict,
)
from opla.core.quote import read_language
from opla.core.refusal import Code, Refusal
from opla.db.keyring import turn_passport_key
from opla.db.queries import passports as queries
from opla.db.queries.passports import Move, Passport
from opla.operations import letters, limits, passport_proof
from opla.operations.letters import Posted
from opla.operations.shop import Shop

_log = logging.getLogger(__name__)
#: So many are shown of each kind; the command line names each by its number.
SHOWN: Final = 200


@dataclass(frozen=True)
class Application:
    """As typed: who sells, and one place where."""

    name: str
    legal_name: str
    country: str
    registration_kind: str
    registration: str
    place_kind: str
    place: str
    language: str


def apply(access: Access, wanted: Application, *, shop: Shop, at: datetime) -> str | list[Refusal]:
    """The new passport's number; or everything that is wrong. It proves nothing before the house has approved it."""
    if refused := access.refused(Scope.PASSPORT) or _as_reseller(access).refused(Act.APPLY_PASSPORT):
        return [refused]
    seller = passport.read_seller(
        wanted.name, wanted.legal_name, wanted.country, wanted.registration_kind, wanted.registration
    )
    place, tag = passport.read_place(wanted.place_kind, wanted.place), read_language(wanted.language)
    wrong = seller if isinstance(seller, list) else []
    wrong = [*wrong, *(one for one in (place, tag) if isinstance(one, Refusal))]
    if isinstance(seller, list) or isinstance(place, Refusal) or isinstance(tag, Refusal):
        return wrong
    if refused := limits.by_name(limits.APPLICATIONS, access.reseller, shop=shop, at=at):
        return [refused]
    while True:
        number = passport.draw_number(shop.chance)
        new = Passport(
            shop.chance.uuid(at), number, access.reseller, "", seller, place, State.APPLIED, at, access.email, tag,
            None, "", "", None, True,
        )  # fmt: skip
        said = queries.apply(new, actor=_as_reseller(access), at=at)
        if said != "taken":
            return number if said == "done" else [Refusal(Code.PASSPORT_KNOWN, "place")]


def give_up(access: Access, number: str, *, shop: Shop, at: datetime) -> Refusal | None:
    """A seller ends a passport of its own, for good."""
    if refused := access.refused(Scope.PASSPORT) or _as_reseller(access).refused(Act.APPLY_PASSPORT):
        return refused
    found = queries.by_number(number)
    if found is None or found.reseller != access.reseller:
        return Refusal(Code.NOT_FOUND, "number")
    return _decided(_as_reseller(access), found, Event.WITHDRAWN, None, "", shop, at)


def of_reseller(access: Access) -> list[Passport] | Refusal:
    """All that were ever applied for there, newest first."""
    return access.refused(Scope.PASSPORT) or queries.of_reseller(access.reseller)


def decide(
    actor: Actor, number: str, event: Event, *, until: date | None = None, reason: str = "", shop: Shop, at: datetime
) -> Refusal | None:
    """Approve, refuse, review, suspend, resume or withdraw. `until`: the last day of what is approved; without, a year.

    A refusal, a suspension and a withdrawal have a reason, which the seller reads.
    """
    if refused := actor.refused(Act.CHECK_SELLERS):
        return refused
    found = queries.by_number(number)
    if found is None:
        return Refusal(Code.NOT_FOUND, "number", {"name": number})
    if event in WITH_REASON and not reason.strip():
        return Refusal(Code.REASON_MISSING, "reason")
    end = None
    if event in SIGNS:
        if until is not None and until > (at + AT_MOST).date():  # no calendar goes far beyond the last of these
            return Refusal(Code.PASSPORT_END_INVALID, "until")
        end = datetime.combine(until + timedelta(days=1), time(), ZONE) if until else at + LASTS
        if not at < end <= at + AT_MOST:
            return Refusal(Code.PASSPORT_END_INVALID, "until")
    return _decided(actor, found, event, end, reason.strip()[:500], shop, at)


def _decided(
    actor: Actor, found: Passport, event: Event, until: datetime | None, reason: str, shop: Shop, at: datetime
) -> Refusal | None:
    target = passport.move(found.state, event)
    ended = found.until is not None and found.until <= at
    if target is None or event in (Event.FELL_DUE, Event.EXPIRED) or (event is Event.RESUMED and ended):
        return Refusal(Code.PASSPORT_NOT_NOW, "number")
    kid = proof = ""
    with transaction.atomic():
        if until is not None:
            queries.lock_keys(turning=False)
            kid, proof = passport_proof.sign(_claims(found, until, shop, at), shop)
        step = Move(found.id, event, found.state, target, reason, until, kid, proof)
        if not queries.move([step], actor=actor, at=at):
            return Refusal(Code.PASSPORT_NOT_NOW, "number")  # somebody was first
        letters.post(_news(found, event, until, reason), shop=shop, at=at)
    return None


def listed(actor: Actor) -> dict[str, list[Passport]] | Refusal:
    """What waits for the house, what is good or suspended, and what has ended."""
    if refused := actor.refused(Act.CHECK_SELLERS):
        return refused
    return {
        "waiting": queries.in_states((State.APPLIED, State.DUE_REVIEW), limit=SHOWN),
        "living": queries.in_states((State.APPROVED, State.SUSPENDED), limit=SHOWN),
        "ended": queries.in_states(tuple(ENDED), limit=SHOWN),
    }


def watch(*, shop: Shop, at: datetime) -> int:
    """What falls due or has ended, with a message to the seller; how many. For workers."""
    steps = []
    for one in (due := queries.falling_due(at + DUE_BEFORE, at)):
        event = Event.EXPIRED if one.until is not None and one.until <= at else Event.FELL_DUE
        if (target := passport.move(one.state, event)) is not None:
            steps.append(Move(one.id, event, one.state, target))
    if not steps:
        return 0
    with transaction.atomic():
        moved = queries.move(steps, actor=SYSTEM, at=at)
        events = {step.id: step.event for step in steps}
        told = [letter for one in due if one.id in moved for letter in _news(one, events[one.id], one.until, "")]
        letters.post(told, shop=shop, at=at)
    return len(moved)


def _news(found: Passport, event: Event, until: datetime | None, reason: str) -> list[Posted]:
    """To whoever applied, and to the reseller."""
    end = until or found.until
    about = {
        "became": str(event), "name": found.seller.name, "place": found.place.text, "reason": reason or "–",
        "number": passport.grouped(found.number), "until": end.isoformat() if end else "",
        "path": f"/reseller/{found.reseller}/passport/",
    }  # fmt: skip
    to = dict.fromkeys(email.lower() for email in (found.applied_by, found.reseller_email) if email)
    return [Posted("passport", email, found.language, about) for email in to]


def _claims(found: Passport, until: datetime, shop: Shop, at: datetime) -> Claims:
    return Claims(shop.base_url, found.number, found.seller, found.place, at, until)


def _as_reseller(access: Access) -> Actor:
    return Actor(Role.RESELLER, access.reseller)


# ── whoever stands before a shop ──


@dataclass(frozen=True)
class Looked:
    """What may be concluded. `passport` is None where there is nothing of ours to tell about."""

    verdict: Verdict
    passport: Passport | None = None


def look(typed: str, proof: str, here: Here, *, address: str, shop: Shop, at: datetime) -> Looked | Refusal:
    """What a number, and the proof in the QR beside it, if there was one, say now. `here`: what whoever looks answers.

    Of a number that is nobody's, one that was never approved, and a proof that is not ours the answer is the same.
    """
    number = passport.read_passport_number(typed)
    if isinstance(number, Refusal):
        return number
    if refused := limits.by_visitor(limits.PASSPORTS, address, shop=shop, at=at):
        return refused
    found = queries.by_number(number)
    kept = passport_proof.read(found.jws, shop) if found else None
    shown = passport_proof.read(proof, shop) if proof else kept
    if found is not None and found.state in GOOD and kept is None:
        _log.error(
            "passport %s is good, and its proof is not believed: it was signed for another address than %s, or by a "
            "key that is lost. ./opla passport turn-key signs all of them again: docs/howto/prove-a-seller.md",
            found.number,
            shop.base_url,
        )
    if found is None or kept is None or shown is None:
        return Looked(Verdict.RED)
    said = {(one.passport, one.place) for one in (kept, shown)}
    signed = said == {(found.number, found.place)}
    state = found.state if found.active else State.SUSPENDED
    judged = passport.verdict(signed=signed, in_time=at < kept.until, state=state, online=True, here=here)
    return Looked(judged, replace(found, state=state) if signed else None)


def keys(*, shop: Shop, at: datetime) -> dict[str, list[dict[str, str]]]:
    """The public keys whose proofs are believed, as a JWK set."""
    return passport_proof.published(shop, queries.kids_believed(at))


def turn_key(actor: Actor, *, leaked: bool, shop: Shop, at: datetime) -> int | Refusal:
    """Sign with a new key from now on, and every passport that is not over again; how many. Proofs by the keys before
    stay good until their end, unless those `leaked`: then every QR must be put up anew."""
    if refused := actor.refused(Act.CHECK_SELLERS):
        return refused
    with transaction.atomic():
        queries.lock_keys(turning=True)
        turn_passport_key(shop.var, leaked=leaked)
        living = queries.in_states((*GOOD, State.SUSPENDED), limit=1_000_000)
        signed = [
            (one.id, *passport_proof.sign(_claims(one, one.until, shop, at), shop)) for one in living if one.until
        ]
        return queries.sign(signed, actor=actor, at=at)


def qr_address(found: Passport, shop: Shop) -> str:
    """What its QR holds: the page that looks it up, with the proof for a phone that has no network."""
    return f"{shop.base_url}/verify/{found.number}/?proof={found.jws}"


def page_address(found: Passport, shop: Shop) -> str:
    """The same page without the proof: to link to, and to type."""
    return f"{shop.base_url}/verify/{found.number}/"
