"""`opla books`: each of its checks, broken once by raw SQL, says so by name; an honest shop breaks none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import pytest

from fakes import CODE, CUSTOMER, DEVICE, DIRECT, START, World
from opla.core import card
from opla.core.actor import SYSTEM, Actor, Role
from opla.core.address import Address
from opla.core.fx import Rate
from opla.core.money import Money
from opla.core.own_account import OwnAccount
from opla.core.ports import (
    Answer,
    Movement,
    Payout,
    PayoutLine,
    Promises,
    RefundReport,
    SendReport,
    SendRequest,
)
from opla.core.quote import Terms
from opla.core.refusal import Refusal
from opla.core.stock import BatchEvent
from opla.db.queries import cards, codes, rates
from opla.db.queries.books import books
from opla.db.queries.call import select
from opla.db.queries.cards import Shelves
from opla.db.queries.codes import NewCode, Stock
from opla.db.queries.refunds import Chosen
from opla.operations import cards as clerk
from opla.operations import resellers, stock
from opla.operations.card_files import import_cards
from opla.operations.card_to import Going
from opla.operations.pay_into_float import pay_into_float
from opla.operations.payouts import keep
from opla.operations.place_from_float import Asked, Reserved, place_from_float
from opla.operations.place_orders import Placed, Placement, place_orders
from opla.operations.quote_topup import Wanted
from opla.operations.rates import fill_float
from opla.operations.refund_by_choice import refund_by_choice
from opla.operations.statements import import_statement
from opla.operations.stock_codes import Stocked, stock_codes
from opla.suppliers.card_stock.provider import OwnCards
from opla.suppliers.code_stock.provider import OwnStock
from statements import OUR_IBAN, camt, entry
from support import as_owner

AT = START + timedelta(minutes=30)
ICCIDS = ["8900000000000000003", "8900000000000000011", "8900000000000000029"]


@dataclass(frozen=True)
class Break:
    """SQL of the owner, past every guard, and exactly the checks that must notice. `{name}` is an order's id."""

    sql: str
    noticed: str


BREAKS = [
    Break("UPDATE deposit SET paid_in_at = NULL, lost_minor = 0, charged_back_minor = 0", "deposits"),
    Break("UPDATE deposit SET lost_minor = lost_minor + 1", "deposits"),
    Break("UPDATE deposit SET outside_minor = charged_back_minor, charged_back_minor = 0", "deposits"),
    Break(
        """ALTER TABLE deposit DROP CONSTRAINT deposit_reseller_id_fkey;
           UPDATE deposit SET reseller_id = 'bolt'""",
        "deposits",
    ),
    Break(
        """INSERT INTO deposit (payment_id, reseller_id, key, actor, language)
           SELECT payment_id, (SELECT id FROM reseller LIMIT 1), 'x', 'x', 'en' FROM allocation
           WHERE order_id = '{delivered}'""",
        "allocations",
    ),
    Break(
        "UPDATE account SET debits_posted = debits_posted + 1 WHERE kind = 'psp_clearing'", "balances provider_accounts"
    ),
    Break("UPDATE account SET credits_pending = credits_pending + 1 WHERE kind = 'customer_held'", "balances"),
    Break("UPDATE account SET side = 'either' WHERE kind = 'customer_held'", "sides"),
    Break(
        """ALTER TABLE account DROP CONSTRAINT account_side, DROP CONSTRAINT account_held;
           UPDATE account SET debits_posted = credits_posted + 1 WHERE kind = 'vat_due'""",
        "balances sides",
    ),
    Break(
        """ALTER TABLE account DROP CONSTRAINT account_held;
           UPDATE account SET debits_pending = credits_posted - debits_posted + 1 WHERE kind = 'customer_held'""",
        "balances sides",
    ),
    Break("UPDATE account SET currency = 'USD' WHERE code = 'margin:EUR'", "currencies"),
    Break("UPDATE transfer SET currency = 'USD' WHERE order_id = '{delivered}' AND reason = 'fee'", "currencies"),
    Break(
        "UPDATE transfer SET amount_minor = amount_minor + 1 WHERE order_id = '{delivered}' AND reason = 'fee'",
        "balances ended_orders earned",
    ),
    Break(
        "UPDATE transfer SET amount_minor = amount_minor - 1 WHERE order_id = '{refunded}' AND reason = 'refund_paid'",
        "balances ended_orders payments",
    ),
    Break("UPDATE orders SET face_minor = face_minor + 1 WHERE id = '{delivered}'", "earned allocations"),
    Break("INSERT INTO promotion_count VALUES ('winter', '', 1)", "promotions"),
    Break("UPDATE payment SET captured_minor = captured_minor + 1", "payments provider_accounts"),
    Break("UPDATE payment SET refunding_minor = refunding_minor + 1", "payments"),
    Break(
        "UPDATE refund SET amount_minor = amount_minor - 1 WHERE order_id = '{refunded}'", "payments provider_accounts"
    ),
    Break("UPDATE payment SET charged_back_minor = charged_back_minor + 1", "deposits payments provider_accounts"),
    Break("UPDATE payment SET outside_minor = outside_minor + 1", "deposits payments provider_accounts"),
    Break("UPDATE refund SET state = 'due' WHERE state = 'outside'", "payments states"),
    Break("UPDATE transfer SET reason = 'outside_refund' WHERE reason = 'charged_back'", "payments arrows postings"),
    Break(
        "UPDATE transfer SET amount_minor = amount_minor - 1 WHERE order_id = '{met}' AND reason = 'met_outside'",
        "balances ended_orders payments",
    ),
    Break(
        "UPDATE transfer SET amount_minor = amount_minor - 1 WHERE order_id = '{forfeited}' AND reason = 'taken_back'",
        "balances ended_orders",
    ),
    Break("DELETE FROM transfer WHERE order_id = '{part}' AND reason = 'goodwill'", "balances ended_orders arrows"),
    Break(
        "UPDATE transfer SET amount_minor = amount_minor - 1 WHERE order_id = '{withdrawn}' AND reason = 'goodwill'",
        "balances ended_orders earned",
    ),
    Break("UPDATE attempt SET fee_minor = fee_minor + 1 WHERE fee_on = '1550/1000'", "provider_fees provider_accounts"),
    Break("UPDATE attempt SET fee_minor = NULL WHERE refund_id IS NOT NULL", "provider_fees provider_accounts"),
    Break("UPDATE attempt SET fee_minor = 0 WHERE state = 'pending'", "provider_fees"),
    Break(
        "UPDATE transfer SET amount_minor = amount_minor - 1 WHERE reason = 'psp_fee_back'", "balances provider_fees"
    ),
    Break("UPDATE transfer SET reason = 'psp_fee' WHERE reason = 'psp_fee_back'", "provider_fees arrows postings"),
    Break("UPDATE conversion SET foreign_minor = foreign_minor + 1 WHERE order_id = '{abroad}'", "conversions"),
    Break("UPDATE conversion SET home_minor = home_minor + 1, told = '?' WHERE order_id IS NULL", "conversions"),
    Break("DELETE FROM conversion WHERE order_id = '{abroad}'", "conversions"),
    Break("UPDATE conversion SET numerator = numerator + 100000000 WHERE order_id = '{abroad}'", "conversions"),
    Break(
        "UPDATE transfer SET amount_minor = amount_minor - 1 WHERE order_id = '{abroad}' AND reason = 'cost_abroad'",
        "balances conversions",
    ),
    Break(
        """UPDATE transfer SET credit = (SELECT id FROM account WHERE code = 'supplier_float:sandbox:EUR')
           WHERE order_id = '{abroad}' AND reason = 'cost'""",
        "balances",
    ),
    Break("UPDATE account SET debits_posted = debits_posted + 1 WHERE code = 'fx:EUR/USD:USD'", "balances conversions"),
    Break("UPDATE refund SET amount_minor = amount_minor - 1 WHERE order_id = '{credited}'", "given_back"),
    Break("UPDATE refund SET reason = 'choice' WHERE order_id = '{credited}'", "given_back"),
    Break("UPDATE refund SET order_id = '{delivered}' WHERE order_id = '{credited}'", "given_back"),
    Break(
        "UPDATE transfer SET amount_minor = amount_minor - 1 WHERE order_id = '{credited}' AND reason = 'goodwill'",
        "balances given_back",
    ),
    Break("DELETE FROM refund WHERE order_id = '{given}'", "given_back"),
    Break("UPDATE refund SET amount_minor = amount_minor + 1 WHERE order_id = '{shelved}'", "given_back"),
    Break("UPDATE payment SET amount_minor = amount_minor + 1", "allocations deposits"),
    Break("UPDATE allocation SET amount_minor = amount_minor - 1", "allocations"),
    Break(
        "DELETE FROM transfer WHERE order_id = '{twice}' AND reason = 'refund_due'",
        "balances ended_orders payments one_payment_kept arrows",
    ),
    Break("UPDATE code SET cost_minor = cost_minor + 1 WHERE state = 'stock'", "code_stock"),
    Break("UPDATE code SET state = 'sold' WHERE state = 'stock'", "code_stock"),
    Break("UPDATE card SET cost_minor = cost_minor + 1 WHERE state = 'in_stock'", "cards"),
    Break("UPDATE card SET cost_minor = cost_minor + 1 WHERE state = 'lost'", "cards"),
    Break("UPDATE card SET state = 'in_stock', order_id = NULL WHERE state = 'sent'", "cards"),
    Break("UPDATE card SET state = 'collected' WHERE state = 'sent'", "cards"),
    Break("UPDATE card SET order_id = '{delivered}' WHERE state = 'sent'", "cards"),
    Break("UPDATE card SET sku = 'OR-SIM' WHERE state = 'sent'", "cards"),
    Break("DELETE FROM card WHERE state = 'in_stock'", "cards"),
    Break("UPDATE transfer SET reason = 'cost_back' WHERE reason = 'written_off'", "cards arrows postings"),
    Break(
        "UPDATE transfer SET amount_minor = amount_minor - 1 WHERE order_id = '{paid}' AND reason = 'held'",
        "balances holds",
    ),
    Break("UPDATE event SET name = 'rerouted' WHERE subject_id = '{delivered}' AND name = 'delivered'", "arrows"),
    Break("UPDATE event SET target = 'paid' WHERE subject_id = '{delivered}' AND name = 'delivered'", "arrows states"),
    Break(
        """INSERT INTO transfer (at, event_id, debit, credit, amount_minor, currency, reason, phase)
           SELECT at, event_id, debit, credit, 7, currency, reason, phase FROM transfer WHERE reason = 'fee' LIMIT 1;
           UPDATE account SET debits_posted = debits_posted + 7 WHERE kind = 'customer_held';
           UPDATE account SET credits_posted = credits_posted + 7 WHERE kind = 'service_fee'""",
        "arrows",
    ),
    Break(
        """UPDATE transfer SET payment_id = '{delivered}' WHERE order_id IS NULL AND reason = 'refund_paid'""",
        "arrows payments",
    ),
    Break("UPDATE transfer SET reason = 'loss_back' WHERE order_id = '{delivered}' AND reason = 'margin'", "arrows"),
    Break("UPDATE transfer SET reason = 'margin' WHERE order_id = '{twice}' AND reason = 'fee'", "arrows postings"),
    Break(
        "UPDATE transfer SET phase = 'held' WHERE order_id = '{paid}' AND reason = 'captured'",
        "balances postings holds",
    ),
    Break(
        """UPDATE transfer SET credit = (SELECT id FROM account WHERE code = 'service_fee:EUR')
           WHERE order_id = '{delivered}' AND reason = 'fee_vat';
           UPDATE account SET credits_posted = credits_posted - 9 WHERE kind = 'vat_due';
           UPDATE account SET credits_posted = credits_posted + 9 WHERE kind = 'service_fee'""",
        "postings",
    ),
    Break("UPDATE transfer SET event_id = 999999 WHERE order_id = '{delivered}' AND reason = 'margin'", "orphans"),
    Break("UPDATE orders SET state = 'placed' WHERE id = '{cancelled}'", "states"),
    Break("UPDATE payment SET state = 'expired' WHERE state = 'captured'", "states"),
    Break("UPDATE refund SET state = 'refused' WHERE state = 'due'", "payments states"),
    Break("UPDATE refund SET state = 'denied' WHERE state = 'asked'", "states"),
    Break("UPDATE item SET closed_at = opened_at WHERE kind = 'refund_approval'", "forgotten"),
    Break("UPDATE code SET order_id = '{returned}' WHERE state = 'stock'", "deliveries"),
    Break("UPDATE code SET state = 'stock' WHERE state = 'blocked'", "deliveries"),
    Break("UPDATE orders SET state = 'delivered' WHERE id = '{paid}'", "ended_orders earned holds states deliveries"),
    Break("UPDATE attempt SET state = 'unknown' WHERE order_id = '{delivered}'", "deliveries"),
    Break("DELETE FROM delivery WHERE order_id = '{delivered}'", "deliveries"),
    Break("UPDATE code SET order_id = NULL WHERE order_id = '{delivered}'", "deliveries"),
    Break(
        """UPDATE attempt SET state = 'declined' WHERE order_id = '{paid}';
           UPDATE code SET state = 'claimed', claimed_by = (SELECT reference FROM attempt WHERE order_id = '{paid}')
           WHERE id = (SELECT id FROM code WHERE state = 'stock' LIMIT 1)""",
        "reservations",
    ),
    Break(
        """UPDATE orders SET deliver_at = '2027-01-31 05:00+00' WHERE id = '{paid}';
           UPDATE code SET state = 'claimed', valid_until = '2027-01-30',
               claimed_by = (SELECT reference FROM attempt WHERE order_id = '{paid}' AND stands)
           WHERE id = (SELECT id FROM code WHERE state = 'stock' LIMIT 1)""",
        "reservations",
    ),
    # a line of our bank account that waits for a person, and lies on nobody's list
    # our own stock: what is owed for it, what was lost of it
    Break("UPDATE purchase SET paid_minor = paid_minor + 1", "purchases"),
    Break("UPDATE purchase SET state = 'called_off'", "purchases"),
    Break("UPDATE batch SET state = 'blocked' WHERE number = 1", "purchases"),
    Break("UPDATE code SET batch_id = NULL WHERE serial = 'gone'", "purchases"),
    Break("UPDATE code SET state = 'sent_back' WHERE state = 'written_off'", "purchases"),
    Break("UPDATE code SET state = 'stock' WHERE state = 'written_off'", "code_stock purchases"),
    Break("DELETE FROM transfer WHERE reason = 'codes_lost'", "balances"),
    Break("UPDATE transfer SET amount_minor = amount_minor + 1 WHERE reason = 'purchase_paid'", "balances purchases"),
    Break("UPDATE transfer SET reason = 'stock_bought' WHERE reason = 'stock_received'", "postings"),
    Break("UPDATE event SET name = 'recalled' WHERE subject = 'batch' AND name = 'blocked'", "arrows"),
    Break(
        """INSERT INTO bank_statement VALUES ('{paid}', 'BE68', 'coda', '1', 1, '2026-11-23', '2026-11-23', 0, 5, 'EUR',
                                              1, '', '2026-11-24 08:00Z', 'owner:ana');
           INSERT INTO bank_line VALUES ('{paid}', '{paid}', 'BE68', '2026-11-23', 5, 'EUR', '', '', '', false, 'open',
                                         '', NULL, '2026-11-24 08:00Z')""",
        "bank_lines",
    ),
    # what was paid out: a line, a sum, an arrival that never was, a line of our account that shows nothing
    Break("UPDATE payout_line SET gross_minor = gross_minor - 1 WHERE kind = 'payment'", "payouts provider_accounts"),
    Break("UPDATE payout_line SET fee_minor = fee_minor + 1 WHERE kind = 'fee'", "payouts"),
    Break("UPDATE payout_line SET account = 'suspense:EUR' WHERE kind = 'payment'", "provider_accounts"),
    Break("UPDATE payout SET amount_minor = amount_minor + 1 WHERE state = 'sent'", "payouts"),
    Break("UPDATE payout SET state = 'sent', bank_line_id = NULL WHERE state = 'arrived'", "payouts"),
    Break("UPDATE bank_line SET state = 'not_ours' WHERE state = 'payout'", "payouts"),
    Break("UPDATE transfer SET amount_minor = amount_minor + 1 WHERE reason = 'payout_arrived'", "balances"),
    # a drawer is said to hold what no line of the journal put there, and a card's payment to be one in cash
    Break(
        """INSERT INTO drawer VALUES ('one', 1, 'open', '2026-11-24 08:00Z', 'owner:ana');
           INSERT INTO drawer_line (id, drawer, kind, minor, currency, at, actor)
           VALUES ('{paid}', 'one', 'put_in', 5, 'EUR', '2026-11-24 08:00Z', 'owner:ana')""",
        "drawers",
    ),
    Break(
        "UPDATE payment SET provider = 'cash' WHERE id = (SELECT payment_id FROM allocation WHERE order_id = '{paid}')",
        "drawers provider_accounts",
    ),
    # a partner shop is owed something that no day came to
    Break(
        """INSERT INTO partner (name, title, enterprise, permille, email, language, agreed_on, paper, changed_at,
                                changed_by)
           VALUES ('corner', 'Corner', '', 45, 'a@example.org', 'en', '2026-01-01', '', now(), 'x');
           INSERT INTO partner_paid VALUES (gen_random_uuid(), 'corner', 100, 'EUR', 'x', now(), 'x')""",
        "partners",
    ),
    # one place's day is counted for two partner shops
    Break(
        """ALTER TABLE partner_place DROP CONSTRAINT partner_place_one;
           INSERT INTO partner (name, title, enterprise, permille, email, language, agreed_on, paper, changed_at,
                                changed_by)
           SELECT name, name, '', 45, 'a@example.org', 'en', '2026-01-01', '', now(), 'x'
           FROM unnest(ARRAY['corner', 'other']) AS n (name);
           INSERT INTO partner_place VALUES (1, 'corner', '2026-01-01'), (1, 'other', '2026-01-02');
           INSERT INTO partner_day SELECT name, '2026-01-02', 'EUR', 0, 0, 0, 45, 0, now() FROM partner""",
        "partners",
    ),
    # a code is claimed by a tablet that was given none (more of these: tests/operations/test_offline.py)
    Break("UPDATE code SET state = 'claimed', claimed_by = 'offline ' || id WHERE state = 'stock'", "tablets"),
    # a payment is said to be one on a machine that clerks read, and no slip shows it
    Break(
        "UPDATE payment SET provider = 'terminal' WHERE id = "
        "(SELECT payment_id FROM allocation WHERE order_id = '{paid}')",
        "provider_accounts slips",
    ),
    # a card's payment is said to be one by a voucher (more of these: tests/operations/test_vouchers.py)
    Break(
        """UPDATE payment SET provider = 'voucher'
           WHERE id = (SELECT payment_id FROM allocation WHERE order_id = '{paid}')""",
        "provider_accounts vouchers",
    ),
    Break("UPDATE attempt SET due_at = NULL WHERE order_id = '{paid}'", "forgotten"),
    Break("UPDATE attempt SET due_at = NULL WHERE refund_id IS NOT NULL", "forgotten"),
    Break(
        """UPDATE attempt SET due_at = NULL
           WHERE payment_id IN (SELECT payment_id FROM allocation WHERE order_id = '{placed}')""",
        "forgotten",
    ),
    Break("UPDATE orders SET expires_at = expires_at - interval '1 day' WHERE id = '{placed}'", "forgotten"),
    # a day is called closed, with figures that its lines do not have
    Break(
        """INSERT INTO day_close VALUES ('2026-11-20', '2026-11-19 23:00Z', '2026-11-20 23:00Z', 0, 0, 0, 0, 0, 0, 0,
                                         '2026-11-21 08:00Z', 'owner:ana');
           INSERT INTO day_account VALUES ('2026-11-20', 'bank:EUR', 'EUR', 0, 5, 0, 5, 0)""",
        "closed_days",
    ),
    # a month is called closed, and its seal is not that of what it says
    Break(
        """INSERT INTO day_close VALUES ('2026-10-31', '2026-10-30 23:00Z', '2026-10-31 23:00Z', 0, 0, 0, 0, 0, 0, 0,
                                         '2026-11-01 08:00Z', 'owner:ana');
           INSERT INTO month_close VALUES ('2026-10-01', '2026-10-31', '2026-10-31', '2026-11-01 08:00Z', 'ana', '')""",
        "closed_months",
    ),
]


@pytest.fixture(scope="module")
def lives(shared: World) -> dict[str, UUID]:
    """One shop with every kind of order in it, by what became of each."""
    world = shared
    world.shop = replace(world.shop, terms=Terms(fee_minor=50), routes=("code_stock", "sandbox"))
    world.others["code_stock"] = OwnStock(Stock(lambda: world.clock().date()))
    shelf = [
        NewCode(world.shop.chance.uuid(START), "OR-15", f"44556677{n}", f"O{n}", 1400, "EUR", None) for n in range(2)
    ]
    codes.stock(
        shelf, batch=world.shop.chance.uuid(START), actor=Actor(Role.OWNER), at=START, keyring=world.shop.keyring
    )
    a_purchase(world)
    orders = {"cancelled": world.order()}
    world.work()
    world.clock.now = START + timedelta(minutes=21)
    world.work()
    orders["delivered"] = world.paid(CODE, captured_minor=1550)
    orders["own stock"] = world.paid("OR-15", captured_minor=1550)
    world.work(2)
    orders["twice"] = world.order()
    world.work()
    world.provider.session(-1, Answer.DECLINED, why="refused")
    world.wake()
    world.work()
    world.pay_again(orders["twice"])
    world.work()
    world.provider.session(-2, Answer.SUCCEEDED, 1550)
    world.provider.session(-1, Answer.SUCCEEDED, 1700)  # a second payment, and too much of it
    world.wake()
    world.work(3)
    orders["refunded"] = world.paid(DIRECT, captured_minor=1550)
    world.supplier.script = [world.supplier.refuses]
    world.work(2)
    orders |= money_that_went_back(world)
    orders["card"] = a_card(world)
    world.provider.on_refund = lambda _r: RefundReport(Answer.PENDING)
    orders["refunding"] = world.paid(captured_minor=1550)
    world.supplier.script = [world.supplier.refuses]
    world.work(2)
    world.supplier.script = [world.supplier.accepts]
    orders["paid"] = world.paid(captured_minor=1550)
    world.work()
    orders["placed"] = world.order()
    world.work()
    a_deposit(world)
    paid_out(world, orders["delivered"])
    states = {name: world.state(order_id) for name, order_id in orders.items()}
    ends = dict.fromkeys(("own stock", "twice", "charged", "outside", "part", "asked", "abroad"), "delivered")
    ends |= dict.fromkeys(("withdrawn", "returned", "forfeited", "met", "reversed", "given", "shelved"), "refunded")
    ends |= {"credited": "delivered", "card": "delivered"}
    assert states == {name: name for name in orders} | ends
    return orders


def paid_out(world: World, order_id: UUID) -> None:
    """Two payouts, of which our bank shows one."""
    world.shop = replace(world.shop, account=OwnAccount(OUR_IBAN, "The Shop"))
    [(paid,)] = select(
        "SELECT a.provider_id FROM allocation l JOIN attempt a USING (payment_id) WHERE l.order_id = %s", [order_id]
    )
    lines = (
        PayoutLine("1", Movement.PAYMENT, 1550, 40, str(paid)),
        PayoutLine("2", Movement.PAYMENT, 900, 30, "nobody's"),
        PayoutLine("3", Movement.FEE, 0, 300),
    )
    told = [
        (Payout("po_1", Money(2080, "EUR"), START.date(), "PAYOUT-1"), lines),
        (Payout("po_2", Money(100, "EUR"), START.date(), "PAYOUT-2"), [PayoutLine("1", Movement.OTHER, 100)]),
    ]
    keep(SYSTEM, "sandbox", told, shop=world.shop, at=world.clock())
    statement = camt(entry(2080, text="PAYOUT-1"))
    found = import_statement(Actor(Role.OWNER), statement, shop=world.shop, at=world.clock())
    assert not isinstance(found, Refusal), found


def a_deposit(world: World) -> None:
    """Paid in at a provider, half of it charged back since."""
    paid = pay_into_float(
        Actor(Role.RESELLER, "acme/o@acme.example"), "acme", Money(2000, "EUR"), "sandbox", "d",
        language="en", shop=world.shop, at=world.clock(),
    )  # fmt: skip
    assert not isinstance(paid, Refusal), paid
    world.work()
    world.provider.session(-1, Answer.SUCCEEDED, 2000)
    world.wake()
    world.work()
    reference = list(world.provider.charges)[-1]
    world.provider.charges[reference] = replace(world.provider.charges[reference], charged_back_minor=1000)
    world.wake()
    world.work(2)


def a_purchase(world: World) -> None:
    """Two codes of a vendor who is paid for one of them; one is over already, and the other is recalled."""
    number = stock.order(Actor(Role.OWNER), "Vendor", "PX-25", 2, "24.00", shop=world.shop, at=START)
    assert isinstance(number, int)
    lines = f"sku,code,serial,valid_until\nPX-25,0000555566661,gone,{START:%Y-%m-%d}\nPX-25,0000555566662,bad,\n"
    came = stock_codes(Actor(Role.OWNER), lines.encode(), shop=world.shop, at=START, purchase=number)
    assert isinstance(came, Stocked), came
    stock.pay(Actor(Role.OWNER), number, "24.00", at=START)
    [batch] = [one for one in stock.queries.batches() if one.purchase == number]
    stock.look_over(at=START + timedelta(days=1))
    for event in (BatchEvent.BLOCKED, BatchEvent.RECALLED):
        assert stock.move_batch(Actor(Role.OWNER), batch.number, event, why="bad", at=START) == 1


def money_that_went_back(world: World) -> dict[str, UUID]:
    """An order for each way in which money goes back by choice, or without us."""

    def says(fee: int | None = None, **minor: int) -> None:
        reference, kept = list(world.provider.charges)[-1], None if fee is None else Money(fee, "EUR")
        said = replace(world.provider.charges[reference], fee=kept, **minor)  # type: ignore[arg-type]  # by name
        world.provider.charges[reference] = said
        world.wake()
        world.work(2)

    def chosen(name: str, cents: int | None) -> None:
        found = refund_by_choice(
            Actor(Role.SUPPORT, "sam"),
            orders[name],
            refund_id=world.shop.chance.uuid(world.clock()),
            amount=Money(cents, "EUR") if cents else None,
            why=name,
            shop=world.shop,
            at=world.clock(),
        )
        assert isinstance(found, Chosen), found
        world.work(2)

    def delivered(name: str, sku: str = DIRECT) -> None:
        orders[name] = world.paid(sku, captured_minor=1550)
        world.work(2)

    orders: dict[str, UUID] = {}
    delivered("charged")
    for minor, fee in ((1550, 1544), (1000, 1044)):  # and some of it won, with what it had cost
        says(fee, charged_back_minor=minor)
    delivered("outside")
    for minor in (1000, 800):
        says(refunded_minor=minor)
    delivered("part")
    world.provider.refund_fee = Money(10, "EUR")
    chosen("part", 500)
    world.provider.refund_fee = None
    delivered("withdrawn")
    chosen("withdrawn", None)
    delivered("returned", "OR-15")
    chosen("returned", None)
    delivered("forfeited", CODE)
    says(refunded_minor=1550)
    tell_rate(world)
    before, world.supplier.promises = world.supplier.promises, Promises(True, True, 10, may_reverse=True)
    for name in ("abroad", "reversed"):
        world.supplier.script = [takes_dollars]
        delivered(name)
    reference = world.supplier.asked[-1]
    world.supplier.given[reference] = SendReport(Answer.DECLINED, f"usd_{reference}", reversed=True)
    world.clock.tick(5)
    world.work(3)
    world.supplier.promises = before
    buy_dollars(world)
    for name, cents, sku in (("credited", 500, DIRECT), ("given", None, DIRECT), ("shelved", None, "OR-15")):
        orders[name] = from_float(world, name, sku)
        chosen(name, cents)
    world.supplier.script = [world.supplier.refuses]
    world.provider.on_refund = lambda _r: RefundReport(Answer.NOT_SENT)
    delivered("met")
    says(refunded_minor=1550)
    world.clock.tick(5)
    world.work(2)
    world.shop = replace(world.shop, refund_alone_minor=100)
    delivered("asked")
    chosen("asked", 500)
    return orders


def a_card(world: World) -> UUID:
    """An order whose SIM card is in the post; of two more one lies on the shelf, and one is lost."""
    world.others["card_stock"] = OwnCards(Shelves(world.clock))
    world.shop, before = replace(world.shop, routes=("card_stock",)), world.shop
    owner = Actor(Role.OWNER)
    text = "sku,iccid,cost\n" + "".join(f"PX-SIM,{iccid},7.00\n" for iccid in ICCIDS)
    import_cards(owner, text.encode(), shop=world.shop, at=world.clock())
    lost = cards.by_iccid(ICCIDS[2])
    assert lost is not None
    assert clerk.write_off(owner, lost.id, card.Event.LOST, shop=world.shop, at=world.clock()) is None
    quote, to = world.quote("PX-SIM"), Going(Address("A", "B", "1", "", "1000", "Brussel"))
    one = Placement(quote.id, quote.price.total.amount_minor, "sandbox", to)
    [placed] = place_orders(CUSTOMER, [one], device=DEVICE, shop=world.shop, at=world.clock())
    assert isinstance(placed, Placed)
    world.work()
    world.provider.session(-1, Answer.SUCCEEDED, quote.price.total.amount_minor)
    world.wake()
    world.work(2)
    [reserved] = cards.of_order(placed.order_id)
    assert clerk.pack(owner, placed.order_id, reserved.card.iccid, shop=world.shop, at=world.clock()) is None
    assert clerk.hand_over(owner, placed.order_id, shop=world.shop, at=world.clock()) is None
    world.shop = before
    return placed.order_id


def from_float(world: World, key: str, sku: str) -> UUID:
    """A delivered order of a reseller."""
    owner, acme = Actor(Role.OWNER), Actor(Role.RESELLER, "acme")
    resellers.add(owner, "acme", title="Acme", email="orders@acme.example", at=START)
    resellers.pay_in(owner, "acme", "100", "first", shop=world.shop, at=START)
    wanted = Wanted("", "15", "a@example.org", "en", sku=sku, number="0470123456" if sku == DIRECT else "")
    [placed] = place_from_float(acme, [Asked("acme", key, wanted)], shop=world.shop, at=world.clock())
    assert isinstance(placed, Reserved), placed
    world.work(2)
    return placed.order_id


def tell_rate(world: World) -> None:
    dollars = Rate("EUR", "USD", 1_086_700, "ECB", START)
    assert rates.tell(dollars, actor=Actor(Role.OWNER), at=world.clock())


def buy_dollars(world: World) -> None:
    filled = fill_float(
        Actor(Role.OWNER),
        "sandbox",
        paid=Money(1300, "EUR"),
        arrived=Money(1400, "USD"),
        key="k",
        shop=world.shop,
        at=world.clock(),
    )
    assert filled is True


def takes_dollars(request: SendRequest) -> SendReport:
    return SendReport(Answer.SUCCEEDED, f"usd_{request.reference}", 1565, currency="USD")


def noticed() -> str:
    return " ".join(check.name for check in books(AT) if not check.holds)


def test_an_honest_shop_breaks_no_check(lives: dict[str, UUID]) -> None:
    assert noticed() == ""
    assert select("SELECT count(DISTINCT reason) FROM transfer") == [(36,)]


@pytest.mark.parametrize("broken", BREAKS, ids=lambda b: b.sql.split(" WHERE ")[-1][:60])
def test_a_break_is_noticed_by_exactly_its_checks(lives: dict[str, UUID], broken: Break) -> None:
    sql = broken.sql.format(**{name.split()[0]: order_id for name, order_id in lives.items()})
    with as_owner() as cursor:
        changed = 0
        for statement in sql.split(";"):
            cursor.execute(statement)
            changed += max(cursor.rowcount, 0)
        assert changed, "this break changed nothing"
        cursor.execute("SELECT name FROM opla_books(%s) WHERE wrong > 0", [AT])
        found = {name for (name,) in cursor.fetchall()}
    assert found == set(broken.noticed.split())


def test_every_check_has_a_break(lives: dict[str, UUID]) -> None:
    noticed_here = {name for b in BREAKS for name in b.noticed.split()}
    assert {check.name for check in books(AT)} == noticed_here | {
        "audit",
        "archived_months",
    }  # test_audit.py, test_archive.py
