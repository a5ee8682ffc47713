"""Renewals, looked at when something may be due: planned, noticed, charged, followed, and paused when it does not work.

        kept ──▶ begun, planned ──▶ notice out ──▶ days pass ──▶ an order like any other ──▶ delivered ──▶ planned …
                                                      └ asked instead: too dear, not sold, it would take something away

Each step is one compare-and-set of its renewal, with the letter that says so in the same commit. The charge is placed
in the transaction in which the database says that all of it is so (`opla_renewal_place`), or not at all.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from opla.core import renewal
from opla.core.actor import SYSTEM
from opla.core.day import ZONE
from opla.core.quote import Quote
from opla.core.renewal import Cause, Do, Event, Offer, Period, Phase, Planned, State, Terms
from opla.db.keyring import digest
from opla.db.queries import orders, renewals, rights
from opla.db.queries.orders import NewOrder
from opla.db.queries.renewals import Kept, PeriodRow, Stepped
from opla.operations import catalogue, links, prices, routes
from opla.operations.mandates import WITHDRAWN
from opla.operations.place_orders import new_payment
from opla.operations.quote_topup import Wanted, priced
from opla.operations.renewals import Standing, effect_now, following, opened, safe_now, write
from opla.operations.shop import Shop

_log = logging.getLogger(__name__)
_LEASE: Final = timedelta(minutes=1)
#: How soon a charge just made is looked at again; one that takes days, or that waits to be paid by hand, by the hour.
_SOON: Final = timedelta(minutes=1)

#: The topics of letters, words of `presenting.letters`.
BEGUN, NOT_BEGUN, NOTICE, CHARGED, NOT_CHARGED, ASKED, PAUSED, ENDED = (
    f"renewal_{word}" for word in ("begun", "not_begun", "notice", "charged", "not_charged", "asked", "paused", "ended")
)

#: Why nothing is charged that was noticed: nobody came to it for days, and what was told is old.
LATE: Final = "late"
#: Why it ends at once: the bank took a payment of it back.
CHARGED_BACK: Final = "charged_back"


def renew(*, shop: Shop, at: datetime, limit: int = 20) -> int:
    """Look at what is due; how many were looked at."""
    claimed = renewals.claim(at=at, limit=limit, lease=_LEASE)
    for kept in claimed:
        try:
            found = opened(kept, shop=shop)
            if found is not None:
                _Look(found, shop, at).look()
        except Exception:  # noqa: BLE001 - whatever it was, it is written down, and its neighbours go on
            _log.exception("renewal %s: it could not be looked at", kept.id)
    return len(claimed)


def terms_of(kept: Kept) -> Terms:
    return Terms(kept.state, kept.cap, kept.month_cap, kept.notice_days, kept.mandate_days)


def period_of(last: PeriodRow) -> Period:
    return Period(last.due_at, last.phase, last.notice_made_at, last.notice_sent_at)


@dataclass(frozen=True)
class _Look:
    """One renewal at one instant."""

    standing: Standing
    shop: Shop
    at: datetime

    @property
    def kept(self) -> Kept:
        return self.standing.kept

    def look(self) -> None:
        kept, last = self.kept, self.kept.last
        if kept.state is State.WAITING_CONSENT:
            self._wait_for_consent()
        elif last is not None and last.phase in (Phase.PLACED, Phase.REFUSED):
            self._follow(last)
        elif kept.state is State.ACTIVE and last is None:
            self._begin()
        elif kept.state is State.ACTIVE and last is not None and last.closed_at is not None:
            planned = following(self.standing, last.phase, shop=self.shop, at=self.at)
            self._write(self._stands(planned))
        elif kept.state is State.ACTIVE and last is not None:
            self._next(last)
        else:
            self._write(Stepped(None, kept.state, refused=kept.refused))

    def _write(self, stepped: Stepped, topic: str = "", about: Mapping[str, str] | None = None) -> bool:
        return write(self.standing, stepped, actor=SYSTEM, shop=self.shop, at=self.at, topic=topic, about=about)

    def _stands(self, planned: Planned) -> Stepped:
        return Stepped(self.at, self.kept.state, refused=self.kept.refused, planned=(planned.key, planned.due_at))

    # ── consent ──

    def _wait_for_consent(self) -> None:
        kept = self.kept
        over = kept.first_state in ("cancelled", "refunding", "refunded")
        if not over and self.at < kept.made_at + renewal.CONSENT_WITHIN:
            self._write(Stepped(self.at + renewal.PATIENCE, kept.state))
            return
        # Whoever never paid knows that nothing came of it; who did pay relies on it.
        paid = kept.first_state != "cancelled"
        ended = Stepped(None, State.ENDED, Event.NOT_KEPT, why=kept.first_state)
        self._write(ended, NOT_BEGUN if paid else "", {"cause": "order" if over else "provider"})

    def _begin(self) -> None:
        kept = self.kept
        if kept.first_state in ("cancelled", "refunding", "refunded"):
            self._write(Stepped(None, State.ENDED, Event.ENDED, why=kept.first_state), NOT_BEGUN, {"cause": "order"})
        elif kept.delivered_at is None:
            self._write(Stepped(self.at + _SOON, kept.state))
        else:
            planned = following(self.standing, None, shop=self.shop, at=self.at)
            self._write(
                self._stands(planned), BEGUN, {**_due(planned), "agreed": kept.agreed, "at": _iso(kept.made_at)}
            )

    # ── what is planned ──

    def _next(self, last: PeriodRow) -> None:
        kept = self.kept
        if kept.charged_back:  # whoever has a payment taken back wants none more
            over = Stepped(None, State.ENDED, Event.ENDED, CHARGED_BACK, kept.refused, phase=Phase.DROPPED)
            self._write(over, ENDED, {"cause": CHARGED_BACK})
            return
        spent = renewals.spent(kept.id, renewal.month_start(self.at, ZONE))
        step = renewal.next_step(terms_of(kept), period_of(last), None, spent, self.at, ZONE)
        match step.do:
            case Do.WAIT:
                self._write(Stepped(step.until, kept.state, refused=kept.refused))
            case Do.NOTICE:
                known = safe_now(kept, kept.delivered_at, shop=self.shop) if kept.delivered_at else None
                due_at = renewal.moved(self.standing.rule, last.due_at, known)
                if due_at > last.due_at:
                    self._write(self._stands(Planned(last.key, due_at)))
                else:
                    self._notice(last)
            case Do.MISS:
                self._failed(last, Phase.MISSED, LATE if last.notice_sent_at else Phase.MISSED)
            case Do.CHARGE:
                self._charge(last, spent)

    def _notice(self, last: PeriodRow) -> None:
        quote = self._quote()
        known = effect_now(self.kept.sku, self.kept.face.amount_minor) is not None
        about = {
            "due_at": _iso(last.due_at),
            "charge_at": _iso(renewal.charged_from(terms_of(self.kept), last.due_at, self.at)),
            "price_minor": str(quote.price.total.amount_minor) if quote else "",
            "known": "yes" if known else "",
        }
        wait = Stepped(self.at + renewal.PATIENCE, self.kept.state, refused=self.kept.refused, notice=True)
        self._write(wait, NOTICE, about)

    def _charge(self, last: PeriodRow, spent: int) -> None:
        kept, quote = self.kept, self._quote()
        offer = Offer(quote.price.total if quote else None, takes_away=self._takes_away(last))
        step = renewal.next_step(terms_of(kept), period_of(last), offer, spent, self.at, ZONE)
        if step.cause is not None:
            price = str(quote.price.total.amount_minor) if quote else ""
            self._failed(last, Phase.ASKED, step.cause, price)
        elif step.do is Do.CHARGE and quote is not None:
            self._place(last, quote)

    def _takes_away(self, last: PeriodRow) -> bool:
        """By what this shop has brought to the line; what others did to it nobody knows here."""
        kept = self.kept
        effect = effect_now(kept.sku, kept.face.amount_minor)
        if effect is None or kept.delivered_at is None:
            return False
        reaches_at = max(last.due_at, self.at) if kept.mandate_days else self.at
        return renewal.destroys(effect, kept.delivered_at, reaches_at, kept.plan)

    def _quote(self) -> Quote | None:
        """The same at today's price, without promotions; None where it cannot be had."""
        kept = self.kept
        if kept.method not in self.shop.keeping:
            return None  # the shop does not charge this way any more
        version, catalog = catalogue.active()
        wanted = Wanted(
            kept.operator, kept.face.decimal, self.standing.whose.email, kept.language, sku=kept.sku,
            number=self.standing.whose.number, plan=kept.plan,
        )  # fmt: skip
        found = priced(wanted, version, catalog, prices.terms(self.shop), shop=self.shop, at=self.at)
        if not isinstance(found, Quote) or routes.nobody_has([found], shop=self.shop):
            return None
        return found

    def _place(self, last: PeriodRow, quote: Quote) -> None:
        """An ordinary order, placed without a browser: its customer's own device sees it as the first."""
        kept, shop, at = self.kept, self.shop, self.at
        if kept.mandate_days and last.due_at > at:
            quote = replace(quote, deliver_at=last.due_at)  # its money may be here days before the line may have it
        payment, order_id, secret = (
            new_payment(kept.method, shop=shop, at=at),
            shop.chance.uuid(at),
            shop.chance.secret(),
        )
        sealed = shop.keyring.seal(secret, order_id.bytes)
        new = NewOrder(
            quote.id, kept.device_hash, order_id, shop.chance.order_number(), digest(secret), sealed, payment.payment_id
        )
        expires_at = at + timedelta(days=kept.mandate_days) + renewal.PAY_WITHIN
        month = renewal.month_start(at, ZONE)
        with transaction.atomic():
            orders.save_quotes([(quote, kept.device_hash)])
            rights.consent([(quote.id, kept.agreed, kept.language)], at=at)
            [row] = orders.place([new], [payment], actor=SYSTEM, at=at, expires_at=expires_at)
            placed = row.result == "placed" and renewals.place(
                kept, last.key, order_id, payment.payment_id, at=at, look_at=at + _SOON, month=month
            )
            transaction.set_rollback(not placed)

    # ── what became of it ──

    def _follow(self, last: PeriodRow) -> None:
        kept = self.kept
        phase = renewal.became(last.phase, last.order_state, last.payment_state)
        refused = renewal.refusals(kept.refused, phase, last.phase) if phase is not last.phase else kept.refused
        if phase is last.phase:
            quick = phase is Phase.PLACED and not kept.mandate_days
            self._write(Stepped(self.at + (_SOON if quick else renewal.PATIENCE), kept.state, refused=refused))
        elif phase is Phase.REFUSED and last.payment_why == WITHDRAWN:  # somebody paused or ended it: no refusal
            self._write(Stepped(self.at + renewal.PATIENCE, kept.state, refused=kept.refused, phase=phase))
        elif phase is Phase.REFUSED:
            self._failed(last, Phase.REFUSED, last.payment_why or "refused")
        elif phase is Phase.RETURNED:
            self._failed(last, phase, phase)
        elif kept.state is not State.ACTIVE:
            self._write(Stepped(None, kept.state, phase=phase, refused=refused))
        else:
            planned = following(self.standing, phase, shop=self.shop, at=self.at)
            stands = replace(self._stands(planned), phase=phase, refused=refused)
            charged = phase is Phase.DELIVERED and last.phase is Phase.PLACED
            order = {"order_path": self._order_path(last), "at": _iso(self.at)}
            self._write(stands, CHARGED if charged else "", {**_due(planned), **order})

    def _failed(self, last: PeriodRow, phase: Phase, cause: str | Cause, price_minor: str = "") -> None:
        """Nothing came of it: the person hears why, and what to do; twice in a row it pauses."""
        kept = self.kept
        refused = renewal.refusals(kept.refused, phase, last.phase)
        pauses = kept.state is State.ACTIVE and renewal.gives_up(refused)
        by_hand = phase is Phase.REFUSED and last.order_state == "placed"
        if phase is Phase.REFUSED and not by_hand:  # the provider could not be reached until its order was over
            cause = "expired"
        about = {
            "cause": str(cause),
            "price_minor": price_minor,
            "order_path": self._order_path(last) if by_hand else "",
        }
        look_at = self.at + renewal.PATIENCE if phase is Phase.REFUSED else None
        if pauses:
            gave_up = Stepped(look_at, State.PAUSED, Event.GAVE_UP, str(cause), refused, phase=phase)
            self._write(gave_up, PAUSED, about)
            return
        stands = Stepped(look_at, kept.state, why=str(cause), refused=refused, phase=phase)
        if kept.state is State.ACTIVE and phase is not Phase.REFUSED:
            planned = following(self.standing, phase, shop=self.shop, at=self.at)
            stands = replace(stands, look_at=self.at, planned=(planned.key, planned.due_at))
            about |= _due(planned)
        asked = phase in (Phase.REFUSED, Phase.ASKED) or cause == LATE
        topic = NOT_CHARGED if by_hand else ASKED if asked else ""
        self._write(stands, "" if kept.state is State.ENDED else topic, about)

    def _order_path(self, last: PeriodRow) -> str:
        """Where it is paid by hand; empty where there is no order."""
        link = links.link_of(last.order_id, self.shop.keyring) if last.order_id else None
        return f"/o/{link}/" if link else ""


def _due(planned: Planned) -> dict[str, str]:
    return {"due_at": _iso(planned.due_at)}


def _iso(at: datetime) -> str:
    return at.isoformat()
