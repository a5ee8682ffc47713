"""Asking a supplier for a delivery, and asking what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from opla.core import delivery, order
from opla.core.attempt import Step
from opla.core.change import Change
from opla.core.fx import Rate
from opla.core.money import Money
from opla.core.order import Order
from opla.core.ports import Answer, Finds, Promises, SendReport, SendRequest
from opla.db.queries import attempts, rates
from opla.db.queries import cases as loading
from opla.db.queries.attempts import Claimed
from opla.db.queries.cases import SendCase
from opla.operations.dispatch import Dispatch, next_supplier
from opla.operations.outside import Outside
from opla.operations.routes import load
from opla.operations.settle import Belongs, state_now
from opla.operations.shop import Shop
from opla.operations.wait_for_date import wait_for_date


@dataclass(frozen=True)
class SendDesk:
    shop: Shop
    outside: Outside
    dispatch: Dispatch
    _going: set[tuple[str, str]] = field(default_factory=set)  # (supplier, number) this round sends to already
    _loaded: set[UUID] = field(default_factory=set)

    def load(self, claimed: Sequence[Claimed]) -> dict[UUID, SendCase]:
        cases = loading.send_cases([c.order_id for c in claimed if c.order_id])
        found = {c.id: cases[c.order_id] for c in claimed if c.order_id in cases}
        if not self._loaded:  # the batch itself; later loads are of single answers that lost
            self.dispatch.prepare(claimed, found)
            self._loaded.update(found)
        return found

    def promises(self, claimed: Claimed) -> Promises:
        return self.outside.supplier(claimed.adapter).promises

    def waits(self, claimed: Claimed, case: SendCase, at: datetime) -> datetime | SendReport | None:
        """What was bought for a date waits for it. Whom nobody can replace and who cannot be asked now is waited for.
        And some suppliers refuse a second top-up of one number within minutes: it waits here instead."""
        if case.order.deliver_at is not None:
            alone = not next_supplier(claimed.adapter, case, load([case.order.sku], shop=self.shop, at=at))
            if (later := wait_for_date(claimed, case.order, alone=alone, shop=self.shop, at=at)) is not None:
                return later
        if (held := self.dispatch.held(claimed, case)) is not None:
            return held
        gap = timedelta(seconds=self.promises(claimed).min_gap_same_number_s)
        if not gap or not case.order.number:
            return None
        if (claimed.adapter, case.order.number) in self._going:
            return at + gap
        last = attempts.last_send(claimed.adapter, case.order.number, besides=claimed.id)
        if last is not None and last + gap > at:
            return last + gap
        self._going.add((claimed.adapter, case.order.number))
        return None

    def unwanted(self, case: SendCase) -> SendReport | None:
        wanted = case.order.state is order.State.PAID and not case.paid.gone
        return None if wanted else SendReport(Answer.DECLINED, why="not_wanted")

    def call(self, claimed: Claimed, case: SendCase, step: Step) -> SendReport:
        supplier = self.outside.supplier(claimed.adapter)
        if step is Step.ASK:
            found = supplier.find(claimed.reference) if isinstance(supplier, Finds) else None
            return found if found is not None else self.unknown("not_found")
        sold = case.order
        report = SendReport(Answer.UNKNOWN)
        try:
            report = supplier.send(
                SendRequest(
                    claimed.reference,
                    self.dispatch.sku(claimed, case),
                    sold.operator,
                    sold.kind,
                    sold.price.face,
                    number=sold.number,
                    plan=sold.plan,
                )
            )
        finally:
            # Of one send that is repeated only what it brings counts: else a single silence would be a run of them.
            if step is Step.SEND or report.answer not in (Answer.NOT_SENT, Answer.UNKNOWN):
                self.dispatch.hear(claimed.adapter, report.answer, report.why)
        return report

    def unknown(self, why: str) -> SendReport:
        return SendReport(Answer.UNKNOWN, why=why)

    def decide(self, claimed: Claimed, case: SendCase, report: SendReport, at: datetime) -> Change:
        following, not_before = self.dispatch.after(claimed, case, report, at)
        return delivery.settle(
            delivery.Send(claimed.id, state_now(claimed), claimed.adapter, claimed.tries, claimed.made_at),
            case.order,
            case.paid,
            report,
            self.promises(claimed),
            next_supplier=following,
            next_at=not_before,
            at=at,
            chance=self.shop.chance,
            rate=_rate(case.order, report, at),
        )

    def at_risk(self, case: SendCase) -> Money:
        return case.order.price.total

    def belongs(self, case: SendCase) -> Belongs:
        return Belongs(case.order.id)


def _rate(sold: Order, report: SendReport, at: datetime) -> Rate | None:
    """What the supplier's currency is worth, where it is not the order's: else nobody asks."""
    home = sold.price.face.currency
    return rates.rate(report.currency, home, at=at) if report.currency not in ("", home) else None
