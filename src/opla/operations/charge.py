"""Asking a provider for a payment, and asking what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from opla.core import fee, gone, order, payment
from opla.core.attempt import Step
from opla.core.change import Change, ConsentKept
from opla.core.money import Money
from opla.core.order import Order
from opla.core.ports import Answer, ChargeReport, ChargeRequest, Promises
from opla.core.ways import Means, means
from opla.db.queries import cases as loading
from opla.db.queries import renewals, terminals
from opla.db.queries.attempts import Claimed
from opla.db.queries.cases import PaymentCase
from opla.db.queries.renewals import Consent
from opla.operations import mandates, routes
from opla.operations.links import write_link
from opla.operations.outside import Outside
from opla.operations.routes import Routes
from opla.operations.settle import Belongs, state_now
from opla.operations.shop import Shop

#: A charge by consent that was ended, paused or capped lower before anything left.
_WITHDRAWN = ChargeReport(Answer.DECLINED, why=mandates.WITHDRAWN)


@dataclass(frozen=True)
class ChargeDesk:
    shop: Shop
    outside: Outside
    _known: dict[str, Routes] = field(default_factory=dict)  # by product, once one is paid
    _consents: dict[UUID, Consent] = field(default_factory=dict)  # by payment, of the few that have to do with any
    _machines: dict[UUID, str] = field(default_factory=dict)  # by payment, of those made on a card machine
    _decided: set[UUID] = field(default_factory=set)  # whose report was judged once: since then it may have grown old

    def load(self, claimed: Sequence[Claimed]) -> dict[UUID, PaymentCase]:
        payments = [c.payment_id for c in claimed if c.payment_id]
        cases = loading.payment_cases(payments)
        self._consents.update(renewals.consents(payments))
        on_machines = [c.payment_id for c in claimed if c.payment_id and means(c.adapter) is Means.TERMINAL]
        if on_machines:
            self._machines.update(terminals.rung(on_machines))
        return {c.id: cases[c.payment_id] for c in claimed if c.payment_id in cases}

    def promises(self, claimed: Claimed) -> Promises:
        return self.outside.payment(claimed.adapter).promises

    def waits(self, _claimed: Claimed, _case: PaymentCase, _at: datetime) -> datetime | None:
        return None

    def unwanted(self, case: PaymentCase) -> ChargeReport | None:
        consent = self._consents.get(case.payment.id)
        if consent and not consent.wanted:
            return _WITHDRAWN
        if case.payment.float_of:
            return None  # nothing waits for it, so it is never too late
        if any(o.state is order.State.PLACED and o.id not in case.bought for o in case.orders.values()):
            return None
        return ChargeReport(Answer.DECLINED, why="expired")

    def call(self, claimed: Claimed, case: PaymentCase, step: Step) -> ChargeReport:
        provider = self.outside.payment(claimed.adapter)
        if step is Step.ASK:
            found = provider.fetch(claimed.reference, claimed.provider_id)
            return found if found is not None else self.unknown(payment.NOT_FOUND)
        consent = self._consents.get(case.payment.id)
        if consent and step is Step.SEND and not consent.keep:
            # Whoever ended it since the attempt was taken up is heard until the last moment: nothing has left yet.
            consent = renewals.consents([case.payment.id]).get(case.payment.id, consent)
            if not consent.wanted:
                return _WITHDRAWN
        by = ""
        if consent and not consent.keep:
            by = mandates.opened(consent, self.shop)
            if not by:  # sent without it, it would be somebody's payment page that nobody opens
                return ChargeReport(Answer.NOT_SENT, why="consent_unopenable")
        return provider.charge(self._request(claimed, case, keep=consent is not None and consent.keep, mandate=by))

    def _request(self, claimed: Claimed, case: PaymentCase, *, keep: bool, mandate: str) -> ChargeRequest:
        if case.payment.float_of:
            back = f"deposit/{case.payment.id}"
        else:
            first = next(iter(case.orders))
            back = write_link(self.shop.keyring.open(case.links[0], first.bytes))
        return ChargeRequest(
            claimed.reference,
            case.payment.amount,
            f"Opla {case.receipt}",
            case.language,
            f"{self.shop.base_url}/pay/return/{back}/",
            f"{self.shop.base_url}/hooks/payments/{claimed.adapter}/",
            keep=keep,
            mandate=mandate,
            terminal=self._machines.get(case.payment.id, ""),
        )

    def unknown(self, why: str) -> ChargeReport:
        return ChargeReport(Answer.UNKNOWN, why=why)

    def decide(self, claimed: Claimed, case: PaymentCase, report: ChargeReport, at: datetime) -> Change:
        change = payment.settle(
            payment.Charge(claimed.id, state_now(claimed), claimed.tries, claimed.made_at),
            case.payment,
            case.orders,
            report,
            route=lambda sold: self._routes(case, sold, at).first(sold, in_stock=sold.id in case.in_stock),
            at=at,
            chance=self.shop.chance,
            bought=case.bought,
        )
        fresh = claimed.id not in self._decided
        self._decided.add(claimed.id)
        told = gone.news(case.payment, report)
        change = gone.record(change, case.payment, case.standings, told, fresh=fresh, at=at, chance=self.shop.chance)
        if report.mandate and report.captured_minor:
            kept = ConsentKept(case.payment.id, claimed.id, case.payment.provider, report.mandate)
            change = replace(change, consents=(kept,))
        return fee.of_payment(change, case.payment, claimed.id, report)

    def _routes(self, case: PaymentCase, sold: Order, at: datetime) -> Routes:
        if sold.sku not in self._known:
            skus = {one.sku for one in case.orders.values()}
            self._known.update(dict.fromkeys(skus, routes.load(skus, shop=self.shop, at=at)))
        return self._known[sold.sku]

    def at_risk(self, case: PaymentCase) -> Money:
        return case.payment.amount

    def belongs(self, case: PaymentCase) -> Belongs:
        return Belongs(payment_id=case.payment.id)
