"""Money by bank transfer, from the reference to the line of a statement, played through with books that hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from fakes import CODE, CUSTOMER, DEVICE, Playing, World, compose, pushing
from opla.core.actor import Actor, Role
from opla.core.item import Step
from opla.core.own_account import OwnAccount
from opla.core.ports import Answer, Charges
from opla.core.refusal import Code, Refusal
from opla.core.structured import belgian, number
from opla.db.queries import bank, pages
from opla.db.queries.bank import Book
from opla.db.queries.call import select
from opla.db.queries.forget import forget
from opla.operations.pay_again import pay_again
from opla.operations.place_orders import Placed, Placement, place_orders
from opla.operations.resolve_item import Wanted, resolve_item
from opla.operations.statements import Imported, import_statement
from opla.operations.work import work_once
from opla.payments.bank_transfer.provider import OwnAccountTransfers
from opla.presenting.notices import notice
from statements import OUR_IBAN, PAYER, Coda, camt, entry
from support import as_owner, at_once

OWNER, ANOTHER = Actor(Role.OWNER, "ana"), Actor(Role.OWNER, "ben")
ACCOUNT = OwnAccount(OUR_IBAN, "The Shop")


class Banking(Playing):
    """The outside as it is, with our own account beside the test's provider."""

    def payment(self, name: str) -> Charges:  # type: ignore[override]  # any provider, not the test's alone
        if name == "bank_transfer":
            return OwnAccountTransfers(Book(self.world.clock, self.world.shop.chance))
        return self.world.provider

    def refunds(self, name: str) -> OwnAccountTransfers:  # type: ignore[override]
        found = self.payment(name)
        assert isinstance(found, OwnAccountTransfers)
        return found


@pytest.fixture
def bank_world(world: World) -> World:
    world.shop = replace(world.shop, payment_methods=("sandbox", "bank_transfer"), account=ACCOUNT)
    return world


def work(world: World, rounds: int = 3) -> None:
    for _ in range(rounds):
        work_once(
            worker=UUID(int=1), shop=world.shop, outside=Banking(world), compose=compose, clock=world.clock, width=50,
            words=pushing,
        )  # fmt: skip


def ordered(world: World, sku: str = CODE) -> tuple[UUID, str]:
    """An order that waits for a transfer, and the reference it is to be made under."""
    quote = world.quote(sku)
    [placed] = place_orders(
        CUSTOMER, [Placement(quote.id, quote.price.total.amount_minor, "bank_transfer")], device=DEVICE,
        shop=world.shop, at=world.clock(),
    )  # fmt: skip
    assert isinstance(placed, Placed), placed
    work(world)
    [(payment_id,)] = select("SELECT payment_id FROM allocation WHERE order_id = %s", [placed.order_id])
    return placed.order_id, bank.number_of(UUID(str(payment_id)))


def bring(world: World, data: bytes) -> Imported:
    found = import_statement(OWNER, data, shop=world.shop, at=world.clock())
    assert isinstance(found, Imported), found
    work(world)
    return found


def decide(world: World, resolution: str, *, actor: Actor = OWNER, ticket: str = "") -> Step | Refusal:
    [(item_id,)] = select("SELECT id FROM item WHERE closed_at IS NULL ORDER BY id LIMIT 1")
    wanted = Wanted(resolution, "their letter", ticket=ticket)
    found = resolve_item(actor, int(str(item_id)), wanted, shop=world.shop, at=world.clock())
    work(world)
    return found


def ticket(order_id: UUID) -> str:
    [(found,)] = select("SELECT ticket FROM orders WHERE id = %s", [order_id])
    return str(found)


def test_a_transfer_is_captured_when_a_statement_shows_it_and_not_before(bank_world: World) -> None:
    order_id, reference = ordered(bank_world)
    bank_world.clock.tick(2 * 24 * 3600)
    work(bank_world)
    assert bank_world.state(order_id) == "placed"  # a day and a half later it still waits, at its price
    assert bring(bank_world, camt(entry(1500, structured=reference, iban=PAYER))).matched == 1
    assert bank_world.state(order_id) == "delivered"
    assert (bank_world.balance("bank:EUR"), bank_world.balance("psp_clearing:bank_transfer:EUR")) == (1500, 0)
    assert bank_world.items() == []


def test_the_same_file_twice_and_the_same_line_in_three_kinds_of_file_count_once(bank_world: World) -> None:
    order_id, reference = ordered(bank_world)
    line = entry(1500, structured=reference, iban=PAYER, ref="A1")
    first = bring(bank_world, camt(line, message="054"))
    assert (first.matched, first.known) == (1, 0)
    for again in (
        camt(line, message="054"),
        camt(line),
        camt(line),
        Coda().move(1500, reference=reference, iban=PAYER, ref="B1").file(),
    ):
        found = bring(bank_world, again)
        assert (found.lines, found.known, found.matched) == (1, 1, 0)
    assert (bank_world.state(order_id), bank_world.balance("bank:EUR"), bank_world.refunds()) == ("delivered", 1500, [])


@pytest.mark.parametrize(
    ("came", "ends", "refunds"),
    [
        ([1500], "delivered", []),
        ([1499], "placed", [("underpaid", 1499, "due")]),
        ([1501], "delivered", [("overpaid", 1, "due")]),
        ([1500, 1500], "delivered", [("overpaid", 1500, "due")]),
        ([1000, 500], "placed", [("overpaid", 500, "due"), ("underpaid", 1000, "due")]),
    ],
)
def test_short_over_and_second_transfers_follow_the_rules_there_are(
    bank_world: World, came: list[int], ends: str, refunds: list[tuple[object, ...]]
) -> None:
    order_id, reference = ordered(bank_world)
    opening = 0
    for n, minor in enumerate(came, start=1):
        bring(bank_world, camt(entry(minor, text=belgian(reference), iban=PAYER), number=n, opening=opening))
        opening += minor
    assert (bank_world.state(order_id), bank_world.refunds()) == (ends, refunds)
    assert bank_world.items().count("transfer_due") == len(refunds)


def test_two_transfers_in_one_statement_are_two(bank_world: World) -> None:
    order_id, reference = ordered(bank_world)
    line = entry(1500, structured=reference, iban=PAYER)
    assert bring(bank_world, camt(line, line)).matched == 2
    assert bank_world.state(order_id) == "delivered"
    # … how much of it came beyond the price is one refund or two, by whether it was seen at once
    assert sum(int(str(amount)) for _, amount, _ in bank_world.refunds()) == 1500


def test_money_that_comes_late_goes_back_and_the_line_that_sends_it_proves_it(bank_world: World) -> None:
    order_id, reference = ordered(bank_world)
    bank_world.clock.tick(7 * 24 * 3600 + 1)
    work(bank_world)
    bank_world.clock.tick(3600)
    work(bank_world)
    assert bank_world.state(order_id) == "cancelled"
    bring(bank_world, camt(entry(1500, structured=reference, iban=PAYER, name="Zoë Payer")))
    assert (bank_world.state(order_id), bank_world.items()) == ("refunding", ["transfer_due"])
    [(attempt_id, why)] = select("SELECT attempt_id, why ->> 'reference' FROM item")
    [payer] = bank.payers(UUID(str(attempt_id)), bank_world.shop.keyring)
    assert (payer.party.iban, payer.party.name) == (PAYER, "Zoë Payer")

    back = entry(-1500, text=belgian(str(why)), iban=PAYER)
    assert bring(bank_world, camt(back, number=2, opening=11500)).matched == 1
    assert (bank_world.state(order_id), bank_world.items()) == ("refunded", [])
    assert bank_world.balance("bank:EUR") == 0


def test_sent_back_with_another_amount_or_twice_proves_nothing(bank_world: World) -> None:
    _, reference = ordered(bank_world)
    bring(bank_world, camt(entry(1600, structured=reference)))
    [(why,)] = select("SELECT why ->> 'reference' FROM item WHERE kind = 'transfer_due'")
    back = belgian(str(why))
    bring(bank_world, camt(entry(-99, text=back), number=2, opening=11600))
    assert bank_world.items() == ["transfer_due", "bank_out"]
    twice = bring(bank_world, camt(entry(-100, text=back), entry(-100, text=back), number=3, opening=11501))
    assert (twice.matched, twice.open) == (1, 1)
    assert bank_world.items() == ["bank_out", "bank_out"]
    assert bank_world.refunds() == [("overpaid", 100, "done")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("thank you", "no_reference"),
        ("", "no_reference"),
        (belgian(number(77)), "reference_unknown"),
    ],
)
def test_without_a_usable_reference_it_is_a_persons_who_can_say_which_order(
    bank_world: World, text: str, why: str
) -> None:
    order_id, _ = ordered(bank_world)
    assert bring(bank_world, camt(entry(1500, text=text, iban=PAYER))).open == 1
    assert bank_world.items() == ["bank_line"]
    [(said,)] = select("SELECT why ->> 'why' FROM item")
    assert said == why
    assert decide(bank_world, "matched", ticket="XXXX-XXXX-XX") == Refusal(
        Code.TRANSFER_NOT_ASKED, "ticket", {"ticket": "XXXX-XXXX-XX"}
    )
    assert decide(bank_world, "matched", ticket=ticket(order_id).lower()) is Step.RESOLVED
    assert (bank_world.state(order_id), bank_world.items()) == ("delivered", [])


def test_one_wrong_digit_is_never_guessed(bank_world: World) -> None:
    order_id, reference = ordered(bank_world)
    wrong = reference[:5] + str((int(reference[5]) + 1) % 10) + reference[6:]
    assert bring(bank_world, camt(entry(1500, structured=wrong))).open == 1
    assert (bank_world.state(order_id), bank_world.items()) == ("placed", ["bank_line"])


def test_two_references_in_one_transfer_are_a_persons(bank_world: World) -> None:
    first, one = ordered(bank_world)
    second, two = ordered(bank_world)
    assert bring(bank_world, camt(entry(3000, text=f"{belgian(one)} {belgian(two)}"))).open == 1
    assert (bank_world.state(first), bank_world.state(second)) == ("placed", "placed")


def test_what_belongs_to_no_order_goes_back_and_the_line_proves_it(bank_world: World) -> None:
    bring(bank_world, camt(entry(900, text="oops", iban=PAYER)))
    assert decide(bank_world, "send_back") is Step.RESOLVED
    assert bank_world.items() == ["line_back"]
    [(reference,)] = select("SELECT why ->> 'reference' FROM item WHERE kind = 'line_back'")
    bring(bank_world, camt(entry(-900, text=belgian(str(reference))), number=2, opening=10900))
    assert (bank_world.items(), bank_world.balance("bank:EUR")) == ([], 0)


def test_a_payout_of_a_provider_is_no_customers_money(bank_world: World) -> None:
    bring(bank_world, camt(entry(98765, text="PAYOUT 2026-11")))
    assert decide(bank_world, "not_ours") is Step.RESOLVED
    assert (bank_world.items(), bank_world.balance("bank:EUR")) == ([], 0)


def test_a_line_that_moves_nothing_is_nobodys(bank_world: World) -> None:
    assert bring(bank_world, Coda().move(0, text="your new conditions").file()).ignored == 1


def test_a_large_line_needs_a_second_person(bank_world: World) -> None:
    order_id, _ = ordered(bank_world)
    bring(bank_world, camt(entry(200_00, text="?")))
    assert decide(bank_world, "matched", ticket=ticket(order_id)) is Step.PROPOSED
    assert bank_world.state(order_id) == "placed"
    assert decide(bank_world, "matched", ticket=ticket(order_id)) == Refusal(Code.SAME_PERSON)
    assert decide(bank_world, "matched", ticket=ticket(order_id), actor=ANOTHER) is Step.RESOLVED
    assert bank_world.state(order_id) == "delivered"


def test_a_transfer_the_bank_takes_back_is_recorded_as_such(bank_world: World) -> None:
    order_id, reference = ordered(bank_world)
    bring(bank_world, camt(entry(1500, structured=reference)))
    bring(bank_world, camt(entry(-1500, structured=reference, reversal=True), number=2, opening=11500))
    assert select("SELECT charged_back_minor FROM payment") == [(1500,)]
    # … and the rules there are take the code back that nobody has looked at.
    assert (bank_world.state(order_id), bank_world.balance("bank:EUR")) == ("refunded", 0)


def test_what_we_sent_and_came_back_is_a_persons(bank_world: World) -> None:
    _, reference = ordered(bank_world)
    bring(bank_world, camt(entry(1600, structured=reference)))
    [(why,)] = select("SELECT why ->> 'reference' FROM item WHERE kind = 'transfer_due'")
    bring(bank_world, camt(entry(-100, text=belgian(str(why))), number=2, opening=11600))
    bring(bank_world, camt(entry(100, text=belgian(str(why)), reversal=True), number=3, opening=11500))
    assert bank_world.items() == ["bank_line"]


def test_a_missing_statement_is_noticed_once_and_over_when_it_has_come(bank_world: World) -> None:
    bring(bank_world, camt(entry(100, text="a"), number=1, opening=0))
    assert bring(bank_world, camt(entry(-5), number=3, opening=150)).gaps == 1
    assert bank_world.items() == ["bank_line", "bank_gap"]
    assert bring(bank_world, camt(entry(-5), number=3, opening=150)).gaps == 1  # told once
    assert bank_world.items() == ["bank_line", "bank_gap"]
    assert bring(bank_world, camt(entry(50, text="b"), number=2, opening=100)).gaps == 0
    assert bank_world.items() == ["bank_line", "bank_line"]


def test_a_bad_file_moves_nothing_and_a_stranger_imports_none(bank_world: World) -> None:
    _, reference = ordered(bank_world)
    good = camt(entry(1500, structured=reference))
    shop, at = bank_world.shop, bank_world.clock()
    refused = import_statement(OWNER, good[:-40], shop=shop, at=at)
    assert isinstance(refused, Refusal)
    assert refused.code is Code.STATEMENT_BROKEN
    assert import_statement(OWNER, good, shop=replace(shop, account=None), at=at) == Refusal(Code.BANK_ACCOUNT_MISSING)
    for stranger in (CUSTOMER, Actor(Role.SUPPORT, "s"), Actor(Role.RESELLER, "r")):
        found = import_statement(stranger, good, shop=shop, at=at)
        assert isinstance(found, Refusal)
        assert found.code is Code.NOT_ALLOWED
    assert select("SELECT FROM bank_statement") == []
    assert select("SELECT FROM bank_line") == []


def test_of_the_owners_own_business_nothing_is_kept_and_of_payers_nothing_in_the_clear(bank_world: World) -> None:
    _, reference = ordered(bank_world)
    rent = entry(-70000, text="rent of the shop", name="The Landlord", iban=PAYER)
    paid = entry(1500, structured=reference, name="Zoë Payer", iban=PAYER)
    bring(bank_world, camt(rent, paid))
    rows = select("SELECT bank_line::text FROM bank_line") + select("SELECT item::text FROM item")
    for word in ("Landlord", "rent", "Payer", PAYER, PAYER.encode().hex(), "Zo"):
        assert word not in str(rows)
    assert select("SELECT sealed IS NULL, length(other) FROM bank_line ORDER BY amount_minor")[0] == (True, 0)


def test_whose_money_it_was_is_forgotten_when_it_is_needed_no_more(bank_world: World) -> None:
    _, reference = ordered(bank_world)
    bring(bank_world, camt(entry(1500, structured=reference, iban=PAYER), entry(7, text="?", iban=PAYER)))
    bank_world.clock.tick(timedelta(days=401).total_seconds())
    work(bank_world, 1)
    kept = select("SELECT state, sealed IS NOT NULL, length(other) > 0 FROM bank_line ORDER BY amount_minor")
    assert kept == [("open", True, True), ("matched", False, False)]  # the open one still waits for a person


def test_people_are_told_once_where_to_find_what_to_transfer_and_never_the_account_itself(bank_world: World) -> None:
    order_id, reference = ordered(bank_world)
    work(bank_world, 5)
    [told] = bank_world.mailbox.sent
    assert told.subject == "transfer"
    page = pages.order_by_id(order_id)
    assert page is not None
    said = notice("transfer", page, "http://shop.test/o/x/", sandbox=False)
    assert "€15.00" in said.text
    for secret in (OUR_IBAN, ACCOUNT.shown, belgian(reference)):
        assert secret not in said.text


def test_whoever_asks_to_be_forgotten_is_forgotten_here_too(bank_world: World) -> None:
    order_id, reference = ordered(bank_world)
    bring(bank_world, camt(entry(1500, structured=reference, name="Ana", iban=PAYER)))
    assert bank_world.state(order_id) == "delivered"
    assert forget(OWNER, "ana@example.org", [], b"", at=bank_world.clock()) == 0
    assert select("SELECT sealed, length(other) FROM bank_line") == [(None, 0)]
    # … and the same line of another file is still that line
    again = bring(bank_world, Coda().move(1500, reference=reference, iban=PAYER).file())
    assert (again.known, again.matched) == (1, 0)


def test_a_price_is_kept_for_as_long_as_a_transfer_may_take(bank_world: World) -> None:
    order_id, _ = ordered(bank_world)
    [(placed, expires)] = select("SELECT placed_at, expires_at FROM orders WHERE id = %s", [order_id])
    assert expires - placed == timedelta(days=7)  # type: ignore[operator]  # both are times
    [quick] = bank_world.place(bank_world.quote())
    assert isinstance(quick, Placed)
    [(placed, expires)] = select("SELECT placed_at, expires_at FROM orders WHERE id = %s", [quick.order_id])
    assert expires - placed == timedelta(minutes=20)  # type: ignore[operator]


@pytest.mark.parametrize(
    "broken",
    [
        "UPDATE bank_line SET amount_minor = 1499",
        "UPDATE bank_line SET number = '000000000097'",
        "UPDATE bank_line SET state = 'open', number = ''",
    ],
)
def test_the_books_count_no_more_than_the_lines_of_the_account_do(bank_world: World, broken: str) -> None:
    _, reference = ordered(bank_world)
    bring(bank_world, camt(entry(1500, structured=reference)))
    with as_owner() as cursor:
        cursor.execute(broken)
        cursor.execute("SELECT name FROM opla_books(%s) WHERE wrong > 0", [bank_world.clock()])
        assert cursor.fetchall() == [("bank_lines",)]


def test_an_order_that_was_paid_too_little_may_be_paid_again_in_another_way(bank_world: World) -> None:
    order_id, reference = ordered(bank_world)
    bring(bank_world, camt(entry(100, structured=reference)))
    assert pay_again(CUSTOMER, order_id, shop=bank_world.shop, method="sandbox", at=bank_world.clock()) is None
    work(bank_world)
    bank_world.provider.decide(Answer.SUCCEEDED, 1500)
    bank_world.wake()
    work(bank_world)
    assert bank_world.state(order_id) == "delivered"
    # … and the rest of it, transferred all the same, comes beside the price and goes back
    bring(bank_world, camt(entry(1400, structured=reference), number=2, opening=10100))
    assert {str(reason) for reason, *_ in bank_world.refunds()} == {"underpaid", "overpaid"}


def test_two_shops_threads_that_import_the_same_file_at_once_count_it_once(bank_world: World) -> None:
    order_id, reference = ordered(bank_world)
    data = camt(entry(1500, structured=reference, iban=PAYER))
    at, shop = bank_world.clock(), bank_world.shop
    found = at_once(*[lambda: import_statement(OWNER, data, shop=shop, at=at)] * 3)
    assert sorted(one.matched for one in found if isinstance(one, Imported)) == [0, 0, 1]
    work(bank_world)
    assert (bank_world.state(order_id), bank_world.balance("bank:EUR")) == ("delivered", 1500)
