"""The life of an order as a table an accountant can read, and what must be true of every life."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opla.core import ledger, order
from opla.core.attempt import Contradiction
from opla.core.ledger import Parties, Phase, Reason
from opla.core.money import Money
from opla.core.order import ARROWS, ENDED, Event, Order, Price, State
from opla.core.ports import Kind

#: state + event → state: postings as debit>credit of 15.00 face, 0.50 fee (0.09 of it VAT), 14.40 cost.
TABLE = """
placed    paid            → paid       psp_clearing>customer_held 1550, hold customer_held>supplier_float 1500
placed    expired         → cancelled
cancelled paid_late       → refunding  psp_clearing>customer_held 1550, customer_held>refunds_due 1550
placed    paid_after      → refunding  psp_clearing>customer_held 1550, customer_held>refunds_due 1550
paid      delivered       → delivered  release customer_held>supplier_float 1500, customer_held>supplier_float 1440, \
customer_held>margin 60, customer_held>service_fee 41, customer_held>vat_due 9
paid      rerouted        → paid       release customer_held>supplier_float 1500, hold customer_held>supplier_float 1500
paid      declined        → refunding  release customer_held>supplier_float 1500, customer_held>refunds_due 1550
paid      called_off      → refunding  release customer_held>supplier_float 1500, customer_held>refunds_due 1550
delivered reversed        → refunding  supplier_float>customer_held 1440, margin>customer_held 60, \
service_fee>customer_held 41, vat_due>customer_held 9, customer_held>refunds_due 1550
refunding refunded        → refunded   refunds_due>psp_clearing 1550
paid      paid_twice      → paid       psp_clearing>customer_held 1550, customer_held>refunds_due 1550
delivered paid_twice      → delivered  psp_clearing>customer_held 1550, customer_held>refunds_due 1550
refunding paid_twice      → refunding  psp_clearing>customer_held 1550, customer_held>refunds_due 1550
refunded  paid_twice      → refunded   psp_clearing>customer_held 1550, customer_held>refunds_due 1550
paid      second_refunded → paid       refunds_due>psp_clearing 1550
delivered second_refunded → delivered  refunds_due>psp_clearing 1550
refunding second_refunded → refunding  refunds_due>psp_clearing 1550
refunded  second_refunded → refunded   refunds_due>psp_clearing 1550
refunding refunded_otherwise → refunded   refunds_due>bank 1550
paid      second_refunded_otherwise → paid       refunds_due>bank 1550
delivered second_refunded_otherwise → delivered  refunds_due>bank 1550
refunding second_refunded_otherwise → refunding  refunds_due>bank 1550
refunded  second_refunded_otherwise → refunded   refunds_due>bank 1550
delivered part_refunded_otherwise → delivered  refunds_due>bank 1550
refunding part_refunded_otherwise → refunding  refunds_due>bank 1550
refunded  part_refunded_otherwise → refunded   refunds_due>bank 1550
placed    paid_from_float → paid
placed    freed           → cancelled  release customer_held>supplier_float 1500
paid      freed           → refunded   release customer_held>supplier_float 1500
delivered freed_again     → refunded   supplier_float>customer_held 1440, margin>customer_held 60, \
service_fee>customer_held 41, vat_due>customer_held 9
delivered credited        → delivered  margin>customer_held 1550
delivered credited_whole  → refunded   margin>customer_held 1550
delivered returned_to_float → refunded   supplier_float>customer_held 1440, margin>customer_held 60, \
service_fee>customer_held 41, vat_due>customer_held 9
delivered goodwill        → delivered  margin>customer_held 1550, customer_held>refunds_due 1550
delivered withdrawn       → refunding  margin>customer_held 1550, customer_held>refunds_due 1550
delivered returned        → refunding  supplier_float>customer_held 1440, margin>customer_held 60, \
service_fee>customer_held 41, vat_due>customer_held 9, customer_held>refunds_due 1550
delivered card_lost       → refunding  supplier_float>customer_held 1440, margin>customer_held 60, \
service_fee>customer_held 41, vat_due>customer_held 9, customer_held>refunds_due 1550
delivered part_refunded   → delivered  refunds_due>psp_clearing 1550
refunding part_refunded   → refunding  refunds_due>psp_clearing 1550
refunded  part_refunded   → refunded   refunds_due>psp_clearing 1550
paid      went_back       → refunded   release customer_held>supplier_float 1500, customer_held>suspense 1550
delivered went_back       → refunded   supplier_float>customer_held 1440, margin>customer_held 60, \
service_fee>customer_held 41, vat_due>customer_held 9, customer_held>suspense 1550
delivered forfeited       → refunded   margin>customer_held 1550, customer_held>suspense 1550
refunding went_back       → refunded   refunds_due>suspense 1550
paid      settled_outside → paid       refunds_due>suspense 1550
delivered settled_outside → delivered  refunds_due>suspense 1550
refunding settled_outside → refunding  refunds_due>suspense 1550
refunded  settled_outside → refunded   refunds_due>suspense 1550
placed    told            → placed
paid      told            → paid
delivered told            → delivered
refunding told            → refunding
refunded  told            → refunded
cancelled told            → cancelled
"""
ROWS = {
    (State(line.split()[0]), Event(line.split()[1])): line.partition("→")[2].split(maxsplit=1)
    for line in TABLE.strip().splitlines()
}
PRICE = Price(Money(1500, "EUR"), Money(50, "EUR"), Money(9, "EUR"))
ORDER = Order(UUID(int=1), State.PLACED, "PX-15", "proximus", Kind.CODE, PRICE, "", "", "en")
HERE = Parties("EUR", provider="p", source="s")
#: Of a reseller's life, which has no payment.
FLOAT = {Event.PAID_FROM_FLOAT, Event.FREED, Event.FREED_AGAIN} | {
    Event.CREDITED,
    Event.CREDITED_WHOLE,
    Event.RETURNED_TO_FLOAT,
}


def amounts(price: Price, cost_minor: int, event: Event = Event.PAID, back_minor: int = 0) -> dict[Reason, int]:
    """The lines of one arrow; `back_minor` of the price was given back by choice before."""
    face, total = price.face.amount_minor, price.total.amount_minor
    gone = total - back_minor if event in (Event.WENT_BACK, Event.FORFEITED) else 0
    return {
        Reason.CAPTURED: total,
        Reason.HELD: face,
        Reason.RELEASED: face,
        Reason.REFUND_PAID: total,
        Reason.REFUND_PAID_OTHERWISE: total,
        **order.earned(price, cost_minor),
        **order.undone(price, cost_minor, goodwill_minor=back_minor, refund_minor=total - back_minor - gone),
        Reason.GOODWILL: total - back_minor,
        Reason.MET_OUTSIDE: total,
        Reason.REFUND_DUE: total - back_minor,
    }


def written(state: State, event: Event) -> str:
    words = {Phase.POSTED: "", Phase.HELD: "hold ", Phase.RELEASED: "release "}
    lines = order.journal(ORDER, ARROWS[state, event], amounts(PRICE, 1440, event), HERE)
    return ", ".join(
        f"{words[t.phase]}{t.debit.split(':')[0]}>{t.credit.split(':')[0]} {t.amount_minor}" for t in lines
    )


@pytest.mark.parametrize("event", list(Event))
@pytest.mark.parametrize("state", list(State))
def test_an_arrow_is_as_the_table_says_and_what_is_not_there_is_a_contradiction(state: State, event: Event) -> None:
    if (state, event) not in ROWS:
        with pytest.raises(Contradiction):
            order.arrow(state, event)
        return
    target, *postings = ROWS[state, event]
    assert order.arrow(state, event).target == target
    assert written(state, event) == "".join(postings)


def test_nothing_is_sent_for_an_order_that_ended() -> None:
    sent = {state for (state, _), arrow in ARROWS.items() if ledger.HOLD in arrow.postings}
    assert sent == {State.PLACED, State.PAID}
    assert {State.DELIVERED, State.REFUNDED, State.CANCELLED} == ENDED


def test_a_resellers_order_is_held_and_earned_on_its_float_alone() -> None:
    sold, here = replace(ORDER, reseller="acme"), Parties("EUR", source="s", reseller="acme")
    held = order.journal(sold, order.PLACING[Event.RESERVED], {Reason.HELD: sold.held_minor}, here)
    assert [(t.debit, t.credit, t.amount_minor, t.phase) for t in held] == [
        ("reseller_float:acme:EUR", "supplier_float:s:EUR", 1550, Phase.HELD)
    ]
    amounts_ = {Reason.RELEASED: sold.held_minor, **order.earned(PRICE, 1440)}
    earned = order.journal(sold, ARROWS[State.PAID, Event.DELIVERED], amounts_, here)
    assert sum(t.amount_minor for t in earned if t.phase is Phase.POSTED) == 1550
    assert {t.debit for t in earned} == {"reseller_float:acme:EUR"}


prices = st.builds(
    lambda face, fee: Price(Money(face, "EUR"), Money(fee, "EUR"), Money(fee * 21 // 121, "EUR")),
    st.integers(1, 10**6),
    st.integers(0, 10**4),
)


@settings(max_examples=60, deadline=None)
@given(prices, st.integers(0, 2 * 10**6), st.data())
def test_whatever_happens_in_whatever_order_no_cent_is_lost(price: Price, cost_minor: int, data: st.DataObject) -> None:
    """Any legal life: what came in was earned, is due or held; holds return to zero; nobody's balance turns over."""
    state, sums, held, seconds, back, parts = State.PLACED, Counter[str](), 0, 0, 0, list[int]()
    moved = Counter[Reason]()
    total = price.total.amount_minor
    for _ in range(data.draw(st.integers(0, 12))):
        beside = {Event.TOLD}
        beside |= set() if seconds else {Event.SECOND_REFUNDED, Event.SECOND_REFUNDED_OTHERWISE, Event.SETTLED_OUTSIDE}
        beside |= set() if parts else {Event.PART_REFUNDED, Event.PART_REFUNDED_OTHERWISE}
        beside |= set() if total - back > 1 else {Event.GOODWILL}
        legal = [e for s, e in ARROWS if s is state and e not in beside | FLOAT]
        if not legal:
            break
        event = data.draw(st.sampled_from(legal))
        ended = {Event.SECOND_REFUNDED, Event.SECOND_REFUNDED_OTHERWISE, Event.SETTLED_OUTSIDE}
        seconds += 1 if event is Event.PAID_TWICE else -1 if event in ended else 0
        arrow = order.arrow(state, event)
        figures = amounts(price, cost_minor, event, back)
        if event is Event.PAID_TWICE:
            figures[Reason.REFUND_DUE] = total
        if event is Event.GOODWILL:  # a part, never the whole
            figures[Reason.GOODWILL] = figures[Reason.REFUND_DUE] = data.draw(st.integers(1, total - back - 1))
            parts.append(figures[Reason.GOODWILL])
        if event in (Event.PART_REFUNDED, Event.PART_REFUNDED_OTHERWISE):
            figures[Reason.REFUND_PAID] = figures[Reason.REFUND_PAID_OTHERWISE] = parts.pop()
        if state is State.REFUNDING and arrow.target is State.REFUNDED:
            owed = sums["refunds_due:EUR"] - seconds * total - sum(parts)
            figures |= dict.fromkeys((Reason.REFUND_PAID, Reason.REFUND_PAID_OTHERWISE, Reason.MET_OUTSIDE), owed)
        if ledger.GOODWILL in arrow.postings:
            back += figures[Reason.GOODWILL]
        elif ledger.GOODWILL_BACK in arrow.postings:
            back = 0
        for line in order.journal(ORDER, arrow, figures, HERE):
            if line.phase is Phase.POSTED:
                sums[line.debit] -= line.amount_minor
                sums[line.credit] += line.amount_minor
                moved[line.reason] += line.amount_minor
            else:
                held += line.amount_minor if line.phase is Phase.HELD else -line.amount_minor
        state = arrow.target
        assert sum(sums.values()) == 0
        assert sums["customer_held:EUR"] == (price.total.amount_minor if state is State.PAID else 0)
        assert held == (price.face.amount_minor if state is State.PAID else 0)
        assert min(sums["refunds_due:EUR"], sums["service_fee:EUR"], sums["vat_due:EUR"]) >= 0
    earned = sum(sums[a] for a in ("supplier_float:s:EUR", "margin:EUR", "service_fee:EUR", "vat_due:EUR"))
    assert earned == (total - back if state is State.DELIVERED else 0)
    if state is not State.PAID:
        assert moved[Reason.CAPTURED] == earned + moved[Reason.REFUND_DUE] + moved[Reason.TAKEN_BACK]
    if state is State.REFUNDED and not seconds and not parts:
        paid = moved[Reason.REFUND_PAID] + moved[Reason.REFUND_PAID_OTHERWISE]
        assert moved[Reason.REFUND_DUE] == paid + moved[Reason.MET_OUTSIDE]


@given(prices, st.integers(0, 2 * 10**6))
def test_a_delivered_order_divides_without_remainder_and_a_reversal_undoes_it(price: Price, cost_minor: int) -> None:
    parts = order.earned(price, cost_minor)
    assert min(parts.values()) >= 0
    assert sum(parts.values()) - 2 * parts[Reason.LOSS] == price.total.amount_minor
    assert list(order.unearned(price, cost_minor).values()) == list(parts.values())


def test_our_own_shelf_is_a_source_with_its_own_account() -> None:
    assert Parties("EUR", source="code_stock").account(ledger.Slot.SOURCE) == "code_stock:EUR"
    assert Parties("EUR", source="x").account(ledger.Slot.SOURCE) == "supplier_float:x:EUR"


def test_a_negative_or_missing_amount_is_a_bug_and_nothing_leaves_no_line() -> None:
    with pytest.raises(ValueError, match="other direction"):
        ledger.transfers((ledger.FEE,), {Reason.FEE: -1}, HERE, order_id=None)
    with pytest.raises(KeyError):
        ledger.transfers((ledger.FEE,), {}, HERE, order_id=None)
    assert ledger.transfers((ledger.FEE,), {Reason.FEE: 0}, HERE, order_id=None) == ()


#: From paid on: what happens to a customer's order, and to one that a float paid (docs/decisions/0031).
ALIKE = (
    (State.PAID, Event.DELIVERED, Event.DELIVERED),
    (State.PAID, Event.REROUTED, Event.REROUTED),
    (State.DELIVERED, Event.TOLD, Event.TOLD),
    (State.PAID, Event.DECLINED, Event.FREED),
    (State.DELIVERED, Event.REVERSED, Event.FREED_AGAIN),
    (State.DELIVERED, Event.GOODWILL, Event.CREDITED),
    (State.DELIVERED, Event.WITHDRAWN, Event.CREDITED_WHOLE),
    (State.DELIVERED, Event.RETURNED, Event.RETURNED_TO_FLOAT),
)
#: What only a payment needs: somebody outside gives the money back, or has done so.
_BY_A_PROVIDER = {ledger.REFUND_DUE, ledger.TAKEN_BACK}


@pytest.mark.parametrize(("state", "customers", "resellers"), ALIKE, ids=[str(row[1]) for row in ALIKE])
def test_from_paid_on_a_float_has_the_arrows_that_a_payment_has(
    state: State, customers: Event, resellers: Event
) -> None:
    paid, floated = ARROWS[state, customers], ARROWS[state, resellers]
    assert floated.postings == tuple(line for line in paid.postings if line not in _BY_A_PROVIDER)
    # nobody outside is asked, so what waits for a provider's refund is over at once
    back = ARROWS[State.REFUNDING, Event.REFUNDED].target
    assert floated.target is (
        back if paid.target is State.REFUNDING or resellers is Event.CREDITED_WHOLE else paid.target
    )


def test_nothing_else_happens_to_a_float_after_it_paid() -> None:
    own = {Event.RESERVED, Event.PAID_FROM_FLOAT, Event.FREED, Event.FREED_AGAIN}
    own |= {Event.CREDITED, Event.CREDITED_WHOLE, Event.RETURNED_TO_FLOAT}
    before = {Event.RESERVED, Event.PAID_FROM_FLOAT}
    assert {resellers for _, customers, resellers in ALIKE if resellers is not customers} == own - before
    assert (ARROWS[State.PLACED, Event.PAID_FROM_FLOAT].target, ARROWS[State.PLACED, Event.PAID].target) == (
        State.PAID, State.PAID,
    )  # fmt: skip
