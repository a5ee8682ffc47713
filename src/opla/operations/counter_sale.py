"""A sale at a till: one press places the order, takes its money and numbers it; and its way back.

Whoever presses has the coins in the hand, so nothing is left for later: the order, the code that its money is taken
for, the drawer's line and the sale's number are one commit, or nothing is. What comes after is everybody's: a worker
captures the charge and delivers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from django.db import transaction

from opla.core import cash as core
from opla.core.actor import Act, Actor
from opla.core.day import day_of
from opla.core.ledger import CASH
from opla.core.money import Money
from opla.core.ports import Kind
from opla.core.promotion import Channel
from opla.core.quote import Quote
from opla.core.refund import State
from opla.core.refusal import Code, Refusal
from opla.core.station import Kind as Till
from opla.core.station import State as Paired
from opla.db.queries import cash as drawers
from opla.db.queries import counter as queries
from opla.db.queries import offline, stations
from opla.db.queries.cash import Drawers
from opla.db.queries.counter import Sale
from opla.db.queries.stations import Clerk, Station
from opla.operations import cash
from opla.operations.offers import Claim
from opla.operations.pay_again import pay_again
from opla.operations.place_orders import Placed, Placement, place_orders
from opla.operations.quote_topup import Wanted, quote_topup
from opla.operations.refund_by_choice import Evidence, refund_by_choice
from opla.operations.shop import Shop
from opla.operations.terminal import Wish, start, terminals_at

_DRAWS: Final = 20
#: How a sale is paid that no coins were taken for.
CARD: Final = "card"


# ── a price ───────────────────────────────────────────────────────────────


def tills(shop: Shop) -> list[cash.Counter]:
    """Where somebody sells at a till: counters with a paired tablet."""
    standing = {one.drawer for one in stations.stations() if one.kind is Till.TILL and one.state is Paired.PAIRED}
    return [one for one in cash.counters(shop) if one.drawer in standing]


def good_until(quote: Quote, shop: Shop) -> datetime:
    """A quote is found at a counter for as long as an order waits for cash: somebody has to get there."""
    return quote.made_at + shop.terms.cash_valid


def bring(quote: Quote, *, shop: Shop) -> str:
    """The digits that find a quote at a counter. Asked again: the same.

    They pay for nothing and open nothing: a till reads what was chosen, and makes its own price of it.
    """
    for _ in range(_DRAWS):
        drawn = core.quote_code(int(shop.chance.reference(), 16))
        if code := queries.keep_quote(drawn, quote.id, until=good_until(quote, shop)):
            return code
    raise LookupError(f"no digits were found for quote {quote.id}")


def priced_again(
    actor: Actor, old: Quote, *, device: bytes, shop: Shop, at: datetime, language: str = ""
) -> Quote | list[Refusal]:
    """The same, at this till and at this hour: tills have promotions of their own, and a price is good for minutes.
    A `language` is the customer's, where it is another one than was said before."""
    if old.kind is Kind.SIM:
        return [Refusal(Code.NOT_AT_TILLS, "quote")]
    opened = old.promotions.opened if old.promotions else frozenset()
    wanted = Wanted(
        old.operator, old.price.face.decimal, old.email, language or old.language, sku=old.sku, number=old.number,
        plan=old.plan, claim=Claim(Channel.TILL, opened=opened), device=old.device,
        deliver_on=day_of(old.deliver_at).isoformat() if old.deliver_at else "",
    )  # fmt: skip
    return quote_topup(actor, wanted, device=device, shop=shop, at=at)


# ── a sale ────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Sold:
    """It is in the drawer. `again`: it was before, by this press or by one of the same price."""

    sale: Sale
    again: bool


@dataclass(frozen=True)
class Press:
    """What the clerk saw and pressed. `given` as it was typed: empty is just what is due in coins."""

    key: UUID
    quote_id: UUID
    total_minor: int
    given: str


def sell(
    actor: Actor, press: Press, clerk: Clerk, station: Station, *, device: bytes, shop: Shop, at: datetime
) -> Sold | Refusal:
    """Sell a quote for cash. The key, or the quote, said twice is sold once."""
    if refused := actor.refused(Act.TAKE_CASH):
        return refused
    if (before := _before(press, station)) is not None:
        return before
    with transaction.atomic():
        found = _sold(actor, press, clerk, station, device=device, shop=shop, at=at)
        if isinstance(found, Refusal):
            transaction.set_rollback(True)
    return found


def _before(press: Press, station: Station) -> Sold | Refusal | None:
    """What this very press became before."""
    known = queries.sale(press.key)
    if known is None:
        return None
    same = (known.station_id, known.quote_id) == (station.id, press.quote_id)
    return Sold(known, again=True) if same else Refusal(Code.KEY_REUSED, "quote", {"field": "quote"})


def _sold(
    actor: Actor, press: Press, clerk: Clerk, station: Station, *, device: bytes, shop: Shop, at: datetime
) -> Sold | Refusal:
    wish = Placement(press.quote_id, press.total_minor, CASH)
    [placed] = place_orders(actor, [wish], device=device, shop=shop, at=at)
    if not isinstance(placed, Placed):
        return placed
    if placed.again:
        before = queries.of_order(placed.order_id)
        mine = before is not None and before.station_id == station.id
        return Sold(before, again=True) if before and mine else Refusal(Code.QUOTE_TAKEN, "quote")
    payment_id, reference = queries.charge_of(placed.order_id)
    code = Drawers(lambda: at, shop.chance).expect(reference)
    taken = cash.take(actor, press.key, drawer=station.drawer, code=code, given=press.given, at=at)
    if isinstance(taken, Refusal):
        return taken
    if queries.record(press.key, station.id, clerk.id, payment_id, CASH, at=at) is None:
        return Refusal(Code.SHIFT_CLOSED, "shift")
    sale = queries.sale(press.key)
    return Sold(sale, again=False) if sale is not None else Refusal(Code.STILL_RUNNING, "quote")


def sell_on_machine(
    actor: Actor,
    press: Press,
    clerk: Clerk,
    station: Station,
    *,
    terminal: str,
    device: bytes,
    shop: Shop,
    at: datetime,
) -> Sold | Refusal:
    """Sell a quote by card, on a machine that stands at this drawer: the order and the sale's number are one commit.

    Then the machine is asked. The key, or the quote, said twice is sold once.
    """
    if refused := actor.refused(Act.TAKE_CASH):
        return refused
    if (before := _before(press, station)) is not None:
        return before
    if terminal not in {one.name for one in terminals_at(shop, drawer=station.drawer)}:
        return Refusal(Code.TERMINAL_UNKNOWN, "terminal", {"name": terminal})
    with transaction.atomic():
        wish = Wish(press.quote_id, press.total_minor)
        [placed] = start(actor, [wish], device=device, terminal=terminal, shop=shop, at=at)
        found: Sold | Refusal = placed if isinstance(placed, Refusal) else Refusal(Code.QUOTE_TAKEN, "quote")
        if isinstance(placed, Placed) and not placed.again:
            payment_id, _ = queries.charge_of(placed.order_id)
            numbered = queries.record(press.key, station.id, clerk.id, payment_id, CARD, at=at)
            sale = queries.sale(press.key) if numbered is not None else None
            found = Sold(sale, again=False) if sale is not None else Refusal(Code.SHIFT_CLOSED, "shift")
        if isinstance(found, Refusal):
            transaction.set_rollback(True)
    return found


def cash_instead(actor: Actor, order_id: UUID, *, shop: Shop, at: datetime) -> str | Refusal:
    """After a card that did not go through: the digits that this order's cash is taken for."""
    if refused := actor.refused(Act.TAKE_CASH) or pay_again(actor, order_id, shop=shop, method=CASH, at=at):
        return refused
    reference = offline.charge_reference(order_id)
    return Drawers(lambda: at, shop.chance).expect(reference) if reference else Refusal(Code.STILL_RUNNING, "order")


def change_of(sale: Sale) -> Money | None:
    """What goes back of what was handed over; None where no coins moved, or they have left again."""
    line = drawers.line(sale.id)
    if line is None or line.given_minor is None or line.left:
        return None
    return Money(line.given_minor, line.amount.currency) - line.amount


# ── and back ──────────────────────────────────────────────────────────────


def found(station: Station, n: int, clerk: Clerk) -> Sale | Refusal:
    """A sale of this till that this clerk may undo: their own, or anybody's where they manage."""
    sale = queries.numbered(station.id, n)
    if sale is None:
        return Refusal(Code.NOT_FOUND, "sale")
    if sale.clerk != clerk.name and not clerk.manages:
        return Refusal(Code.SALE_NOT_YOURS, "sale")
    return sale


def undo(
    actor: Actor, line_id: UUID, station: Station, clerk: Clerk, *, why: str, shop: Shop, at: datetime
) -> Refusal | None:
    """A taking of this till was a mistake, a moment ago, and nobody has had anything for it: a sale's, or one for an
    order of the web. Who took it undoes it, or a manager."""
    line = drawers.line(line_id)
    if line is None or line.drawer != station.drawer:
        return Refusal(Code.NOT_FOUND, "line")
    if line.actor != str(actor) and not clerk.manages:
        return Refusal(Code.SALE_NOT_YOURS, "line")
    return cash.void(actor, line_id, why=why, shop=shop, at=at)


@dataclass(frozen=True)
class GivenBack:
    """`paid_out` None: a second person must agree first; its code is paid out afterwards."""

    amount: Money
    paid_out: Money | None


def give_back(
    actor: Actor, key: UUID, sale: Sale, station: Station, *, why: str, evidence: str, shop: Shop, at: datetime
) -> GivenBack | Refusal:
    """The whole price of a sale, by the rules of every refund by choice, out of this till's drawer.

    What breaks between the refund and the coins leaves a refund that waits for its code: saying it again goes on there.
    """
    given = refund_by_choice(
        actor, sale.order_id, refund_id=key, amount=None, why=why, shop=shop, at=at, evidence=Evidence(evidence)
    )
    if isinstance(given, Refusal):
        return given
    if given.state is State.ASKED:
        return GivenBack(given.amount, None)
    paid = Money(0, given.amount.currency)
    for one in drawers.back_in_cash(sale.payment_id):
        if one.coins is not None:
            paid += one.coins
            continue
        code = Drawers(lambda: at, shop.chance).owe(one.reference)
        coins = cash.pay_out(actor, uuid5(key, one.reference), drawer=station.drawer, code=code, why=why, at=at)
        if isinstance(coins, Refusal):
            return coins
        paid += coins
    return GivenBack(given.amount, paid)
