"""Giving money back, and asking what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from opla.core import fee, item
from opla.core import refund as rules
from opla.core.actor import SYSTEM
from opla.core.attempt import State, Step
from opla.core.change import Change
from opla.core.money import Money
from opla.core.ports import Answer, Promises, RefundReport, RefundRequest
from opla.db.queries import cases as loading
from opla.db.queries.apply import apply
from opla.db.queries.attempts import Claimed
from opla.db.queries.cases import RefundCase
from opla.operations.outside import Outside
from opla.operations.settle import Belongs, state_now, tomorrow
from opla.operations.shop import Shop

#: Our own answer, by its identity: nobody was called.
_NOT_WANTED = RefundReport(Answer.DECLINED, why="not_wanted")


@dataclass(frozen=True)
class RefundDesk:
    shop: Shop
    outside: Outside
    _gone_minor: dict[str, int] = field(default_factory=dict)  # by currency: what left today, this round included

    def load(self, claimed: Sequence[Claimed]) -> dict[UUID, RefundCase]:
        cases = loading.refund_cases([c.refund_id for c in claimed if c.refund_id])
        return {c.id: cases[c.refund_id] for c in claimed if c.refund_id in cases}

    def promises(self, claimed: Claimed) -> Promises:
        return self.outside.refunds(claimed.adapter).promises

    def waits(self, claimed: Claimed, case: RefundCase, at: datetime) -> datetime | None:
        """Refunds by rule stop at the day's cap: then something may be wrong, and a person looks first."""
        if case.refund.reason not in rules.BY_RULE or claimed.tries > 0 or claimed.state is not State.CLAIMED:
            return None
        amount = case.refund.amount
        since = at.replace(hour=0, minute=0, second=0, microsecond=0)
        if amount.currency not in self._gone_minor:
            self._gone_minor[amount.currency] = loading.refunded_by_rule_minor(since, amount.currency)
        if self._gone_minor[amount.currency] + amount.amount_minor <= self.shop.refund_cap_minor:
            self._gone_minor[amount.currency] += amount.amount_minor
            return None
        waiting = item.NewItem(
            item.Kind.REFUND_CAP,
            amount,
            item.Why.CAP_REACHED,
            order_id=case.refund.order_id,
            payment_id=case.refund.payment_id,
            attempt_id=claimed.id,
        )
        apply(
            [Change(moves=(), items=(waiting,))],
            actor=SYSTEM,
            at=at,
            keyring=self.shop.keyring,
            chance=self.shop.chance,
        )
        return tomorrow(at)

    def unwanted(self, case: RefundCase) -> RefundReport | None:
        return _NOT_WANTED if case.refund.unwanted else None

    def call(self, claimed: Claimed, case: RefundCase, step: Step) -> RefundReport:
        provider = self.outside.refunds(claimed.adapter)
        if step is Step.ASK:
            found = provider.fetch_refund(claimed.reference, case.provider_id)
            return found if found is not None else self.unknown("not_found")
        return provider.refund(
            RefundRequest(claimed.reference, case.provider_id, case.refund.amount, f"Opla {case.receipt}")
        )

    def unknown(self, why: str) -> RefundReport:
        return RefundReport(Answer.UNKNOWN, why=why)

    def decide(self, claimed: Claimed, case: RefundCase, report: RefundReport, at: datetime) -> Change:
        tried = rules.Try(claimed.id, state_now(claimed), claimed.tries, claimed.made_at)
        if report is _NOT_WANTED and case.refund.unwanted:
            return rules.went_back(tried, case.refund, chance=self.shop.chance)
        if report is _NOT_WANTED:  # it is wanted again: another refund of this payment was what went back
            report = RefundReport(Answer.NOT_SENT)
        change = rules.settle(tried, case.refund, report, self.promises(claimed), at=at, chance=self.shop.chance)
        return fee.of_refund(change, case.refund, claimed.id, report)

    def at_risk(self, case: RefundCase) -> Money:
        return case.refund.amount

    def belongs(self, case: RefundCase) -> Belongs:
        return Belongs(case.refund.order_id, case.refund.payment_id)
