"""Our own SIM cards as a supplier: pending until a clerk has handed one over, and never two for one reference."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.worlds import TwinStock
from opla import suppliers
from opla.core.money import Money
from opla.core.ports import Answer, CardStock, Finds, Kind, SendRequest, StockedCard
from opla.counterparts.endings import Fault
from opla.suppliers.card_stock.provider import OwnCards

REF, REF2 = "a" * 32, "b" * 32
CARD = SendRequest(REF, "PX-SIM", "proximus", Kind.SIM, Money(1500, "EUR"))


class TwinCards(TwinStock):
    """An in-memory `CardStock`, and one that fails before or after it acted."""

    def __init__(self) -> None:
        super().__init__(codes=0)
        self.cards = [StockedCard(f"card-{n}", 700, given=False) for n in range(2)]
        self.kept: dict[str, StockedCard] = {}

    def reserve_card(self, reference: str, sku: str) -> StockedCard | None:
        fault, self.fault = self.fault, Fault.NONE
        if not fault.acts:
            raise ConnectionError("before")
        if reference not in self.kept and self.cards:
            self.kept[reference] = self.cards.pop()
        if fault is not Fault.NONE:
            raise ConnectionError("after")
        return self.kept.get(reference)

    def card_of(self, reference: str) -> StockedCard | None:
        return self.kept.get(reference)

    def hand_over(self, reference: str) -> None:
        self.kept[reference] = replace(self.kept[reference], given=True)


def test_it_is_built_on_a_stock_that_keeps_cards_and_has_no_settings() -> None:
    stock = TwinCards()
    assert isinstance(stock, CardStock)
    assert isinstance(suppliers.build("card_stock", {}, stock), Finds)
    with pytest.raises(LookupError, match="no SIM cards"):
        suppliers.build("card_stock", {}, TwinStock())
    with pytest.raises(ValueError, match="secret"):
        suppliers.build("card_stock", {"secret": "x"}, stock)


def test_a_card_is_pending_until_it_was_handed_over_and_then_says_what_it_cost() -> None:
    stock = TwinCards()
    own = OwnCards(stock)
    assert own.find(REF) is None
    assert [own.send(CARD).answer for _ in range(3)] == [Answer.PENDING] * 3
    assert len(stock.cards) == 1
    stock.hand_over(REF)
    for told in (own.send(CARD), own.find(REF)):
        assert told is not None
        assert (told.answer, told.cost_minor, told.supplier_id) == (Answer.SUCCEEDED, 700, REF)


def test_it_waits_for_days_before_a_person_hears_of_it() -> None:
    promises = OwnCards.promises
    assert (promises.refuses_repeat, promises.find_by_reference, promises.may_reverse) == (True, True, False)
    assert promises.park_after_s == 5 * 24 * 3600


@pytest.mark.parametrize(("fault", "left"), [(Fault.DROP_BEFORE, 2), (Fault.DROP_AFTER, 1)])
def test_a_stock_that_does_not_answer_is_unknown_and_asked_again_it_gives_one(fault: Fault, left: int) -> None:
    stock = TwinCards()
    stock.fault = fault
    own = OwnCards(stock)
    report = own.send(CARD)
    assert (report.answer, report.why, len(stock.cards)) == (Answer.UNKNOWN, "stock_silent", left)
    assert own.send(CARD).answer is Answer.PENDING
    assert len(stock.cards) == 1


def test_an_empty_stock_and_another_kind_are_declined_by_name() -> None:
    own = OwnCards(TwinCards())
    assert [own.send(replace(CARD, reference=r)).answer for r in (REF, REF2)] == [Answer.PENDING] * 2
    declined = own.send(replace(CARD, reference="c" * 32))
    assert (declined.answer, declined.why) == (Answer.DECLINED, "out_of_stock")
    assert own.send(replace(CARD, kind=Kind.ESIM)).why == "kind_not_sold"
