"""What payment providers paid out: read by a worker once a day, kept, held against the books, and shown by our bank.

Nothing here is believed of an order: a payout names sums, and what it says of a payment that is news makes us ask about
that payment. Each look may be repeated as often as one likes.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from opla import payments
from opla.core import fee, payout
from opla.core.actor import SYSTEM, Act, Actor
from opla.core.change import Change, Note
from opla.core.item import Kind, Why
from opla.core.money import Money
from opla.core.payout import ARRIVES_WITHIN, MISSING_AFTER, State, Verdict
from opla.core.ports import Answer, ChargeReport, Payout, PayoutLine, PaysOut, RefundReport
from opla.core.refusal import Code, Refusal
from opla.db.queries import cases
from opla.db.queries import payouts as queries
from opla.db.queries.apply import apply
from opla.db.queries.payouts import Parked
from opla.operations.outside import Outside
from opla.operations.payout_lines import show_open
from opla.operations.shop import Shop
from opla.operations.statements import CURRENCY
from opla.operations.wake import wake_payment

_log = logging.getLogger(__name__)

#: How often a provider is asked.
LOOK_EVERY_S: Final = 24 * 3600
#: And again when it gave no readable answer.
_AGAIN_S: Final = 3600
#: How far back each look goes: what was not readable for weeks is not lost.
_BACK: Final = timedelta(days=60)


@dataclass(frozen=True)
class Looked:
    """What one look at a provider brought: new payouts, and how many lines do not agree by now."""

    new: int
    lines: int
    differing: int


def providers(shop: Shop) -> dict[str, list[str]]:
    """The adapters of this shop's ways of paying, each with all ways it could ever have been paid by."""
    found: dict[str, list[str]] = {}
    for way in shop.every_method:
        try:
            name = payments.adapter_of(way)
        except LookupError:
            continue  # not installed any more: `opla doctor` says so
        found.setdefault(name, payments.ways(name))
    return found


def watch_payouts(*, shop: Shop, outside: Outside, at: datetime) -> int:
    """Look at the providers whose time has come; how many. For workers: calls the outside."""
    names = sorted(providers(shop))
    if not names or not queries.anything_due(names, at=at):
        return 0
    looks = 0
    for name in queries.due(names, at=at, again_s=LOOK_EVERY_S):
        if _built(name, shop, outside) is None:
            continue  # it does not tell, or is not set up to; tomorrow it may be
        looks += 1
        if isinstance(told := look(SYSTEM, name, shop=shop, outside=outside, at=at), Refusal):
            _log.warning("the payouts of %s were not read: %s", name, told.code)
    return looks


def look(actor: Actor, provider: str, *, shop: Shop, outside: Outside, at: datetime) -> Looked | Refusal:
    """Read what a provider paid out, keep what is new, and hold all of it against the books. Calls the outside."""
    if refused := actor.refused(Act.READ_PAYOUTS):
        return refused
    if provider not in providers(shop):
        return Refusal(Code.NOT_FOUND, "provider", {"name": provider})
    adapter = _built(provider, shop, outside)
    if adapter is None:
        return Refusal(Code.PAYOUTS_NOT_TOLD, "provider", {"provider": provider})
    told = _told(provider, adapter, (at - _BACK).date())
    if told is None:
        queries.looked(provider, "unreadable", at=at, again_s=_AGAIN_S)
        return Refusal(Code.PAYOUTS_UNREADABLE, "provider", {"provider": provider})
    found = keep(actor, provider, told, shop=shop, at=at)
    queries.looked(provider, "done", at=at, again_s=LOOK_EVERY_S)
    return found


def known(provider: str, their_id: str) -> bool:
    """Whether this payout is kept."""
    return bool(queries.known(provider, [their_id]))


def keep(
    actor: Actor, provider: str, told: Sequence[tuple[Payout, Sequence[PayoutLine]]], *, shop: Shop, at: datetime
) -> Looked:
    """Keep what is new of these, and judge the rest again."""
    ways = providers(shop).get(provider) or payments.ways(provider)
    new = lines = 0
    with transaction.atomic():
        queries.lock(provider)
        for one, its_lines in told:
            if one.failed:
                queries.failed(provider, [one.id], actor=actor, at=at)
            judged = payout.judge(provider, one, its_lines, queries.ours(ways, its_lines))
            journal = payout.journal(provider, one.amount.currency, judged)
            if its_lines and queries.keep(shop.chance.uuid(at), provider, one, judged, journal, actor=actor, at=at):
                new, lines = new + 1, lines + len(its_lines)
        show_open(actor, CURRENCY, shop=shop, at=at)
    _post_fees(actor, ways, shop, at)
    differing = judge_again(provider, ways, shop=shop, at=at)
    return Looked(new, lines, differing)


def judge_again(provider: str, ways: Sequence[str], *, shop: Shop, at: datetime) -> int:
    """What does not agree, with what is known by now; and the items there are. How many lines."""
    with transaction.atomic():
        queries.lock(provider)
        verdicts: list[tuple[UUID, str, Verdict]] = []
        asleep: dict[str, list[str]] = {}
        for one in queries.open_lines(provider):
            verdict = payout.judge_line(one.currency, one.line, one.ours)
            if verdict is not one.verdict:
                verdicts.append((one.payout_id, one.line.id, verdict))
            if verdict is Verdict.OTHER_AMOUNT:
                asleep.setdefault(one.ours.provider, []).append(one.line.of)
        queries.judged(verdicts)
        counted = queries.differing(provider)
        items = [
            Parked(
                Kind.PAYOUT_DIFFERS, c.id, None, Money(c.at_risk_minor, c.currency),
                _why(Why.PAYOUT_DIFFERS, provider, payout=c.reference or c.their_id, unknown=c.unknown, other=c.other),
            )
            for c in counted
        ]  # fmt: skip
        items += [
            _late(provider, one) for one in queries.late(provider, (at - ARRIVES_WITHIN).date()) if _told_of(one, shop)
        ]
        items += [
            Parked(
                Kind.PAYOUT_MISSING, m.payment_id, m.payment_id, m.amount,
                _why(Why.PAYOUT_MISSING, provider, day=m.made_at.date()),
            )
            for m in queries.missing(ways, int(MISSING_AFTER.total_seconds()))
        ]  # fmt: skip
        queries.park(provider, items, at=at)
    for way, names in asleep.items():
        wake_payment(way, names, at=at)
    return sum(c.unknown + c.other for c in counted)


def _told_of(one: queries.Late, shop: Shop) -> bool:
    """Without statements of an account nobody could have seen it arrive."""
    return one.failed or shop.account is not None


def _late(provider: str, one: queries.Late) -> Parked:
    name = one.reference or one.their_id
    if one.failed:
        why = _why(Why.PAYOUT_FAILED, provider, payout=name)
    else:
        why = _why(Why.PAYOUT_NOT_SHOWN, provider, payout=name, day=one.paid_on)
    at_risk = Money(abs(one.amount.amount_minor), one.amount.currency)
    return Parked(Kind.PAYOUT_LATE, one.id, None, at_risk, why)


def _why(why: Why, provider: str, **params: object) -> dict[str, str]:
    return {"why": str(why), "provider": provider, **{name: str(value) for name, value in params.items()}}


# ── fees ──


def _post_fees(actor: Actor, ways: Sequence[str], shop: Shop, at: datetime) -> None:
    """What only payouts tell of fees, by the same rule as what a provider's answer tells. One that lost against an
    answer of this moment is due again at the next look."""
    changes = []
    charges = [one for one in queries.fees_due(ways) if payout.fee_due(one.ours)]
    paid = cases.payment_cases([one.ours.payment_id for one in charges])
    for one in charges:
        report = ChargeReport(
            Answer.SUCCEEDED,
            captured_minor=one.ours.captured_minor,
            charged_back_minor=one.ours.charged_back_minor,
            currency=one.ours.currency,
            fee=Money(one.ours.told_fee_minor, one.ours.currency),
        )
        noted = Change((), notes=(_note(one.attempt_id, one.due_at, one.tries),))
        changes.append(fee.of_payment(noted, paid[one.ours.payment_id].payment, one.attempt_id, report))
    refunds = queries.refund_fees_due(ways)
    back = cases.refund_cases([due.refund_id for due in refunds])
    for due in refunds:
        refund = back[due.refund_id].refund
        told = RefundReport(Answer.SUCCEEDED, fee=Money(due.fee_minor, refund.amount.currency))
        noted = Change((), notes=(_note(due.attempt_id, due.due_at, due.tries),))
        changes.append(fee.of_refund(noted, refund, due.attempt_id, told))
    apply(changes, actor=actor, at=at, keyring=shop.keyring, chance=shop.chance)


def _note(attempt_id: UUID, due_at: datetime | None, tries: int) -> Note:
    """Counted as an answer, so that whoever decides on what was known before decides again."""
    return Note(attempt_id, Answer.SUCCEEDED, due_at, tries)


# ── asking ──


def _told(provider: str, adapter: PaysOut, since: date) -> list[tuple[Payout, Sequence[PayoutLine]]] | None:
    """Each payout with its lines; one that is known already without. None when anything of it could not be read."""
    try:
        heads = adapter.payouts(since)
        if heads is None:
            return None
        kept = queries.known(provider, [one.id for one in heads])
        told: list[tuple[Payout, Sequence[PayoutLine]]] = []
        for one in sorted(heads, key=lambda head: (head.paid_on, head.id)):
            if one.id in kept:
                if one.failed and kept[one.id] is State.SENT:
                    told.append((one, ()))
                continue
            lines = adapter.payout_lines(one)
            if lines is None or not payout.adds_up(one, lines) or len({line.id for line in lines}) != len(lines):
                return None
            told.append((one, lines))
    except Exception:  # noqa: BLE001 - a bug in an adapter: nothing is known
        _log.exception("the adapter of %s broke", provider)
        return None
    return told


def _built(provider: str, shop: Shop, outside: Outside) -> PaysOut | None:
    """The adapter by one of its ways of paying; None where it does not tell of payouts, or is not set up to."""
    way = next((way for way in shop.every_method if way == provider or way.startswith(f"{provider}_")), provider)
    try:
        found = outside.payment(way)
    except Exception:  # noqa: BLE001 - not set up, or not up yet: its charges say so too
        _log.warning("provider %s cannot be built", provider, exc_info=True)
        return None
    return found if isinstance(found, PaysOut) else None
