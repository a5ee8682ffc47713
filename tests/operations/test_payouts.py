"""What a payment provider paid out, played through from the payment to the bank. The books hold after each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

import pytest

from fakes import CUSTOMER, DIRECT, Playing, Provider, World
from opla.core.actor import Actor, Role
from opla.core.money import Money
from opla.core.own_account import OwnAccount
from opla.core.ports import Movement, Payout, PayoutLine
from opla.core.refusal import Code, Refusal
from opla.db.queries import items as queries
from opla.db.queries.call import select
from opla.operations.payouts import Looked, look, watch_payouts
from opla.operations.resolve_item import Wanted, resolve_item
from opla.operations.statements import import_statement
from opla.presenting import items as words
from statements import OUR_IBAN, camt, entry

OWNER = Actor(Role.OWNER, "ana")
CLEARING, FEES, OWN_FEES = "psp_clearing:sandbox:EUR", "psp_fees:sandbox:EUR", "payout_fees:sandbox:EUR"
TRANSIT, SUSPENSE, BANK = "in_transit:sandbox:EUR", "suspense:EUR", "bank:EUR"
REFERENCE = "PAY1234567"


@dataclass
class Paying(Provider):
    """A provider that pays out what the test says."""

    sent: list[tuple[Payout, Sequence[PayoutLine]]] = field(default_factory=list)
    asked: list[date] = field(default_factory=list)
    silent: bool = False

    def payouts(self, since: date) -> Sequence[Payout] | None:
        self.asked.append(since)
        return None if self.silent else [one for one, _ in self.sent]

    def payout_lines(self, payout: Payout) -> Sequence[PayoutLine] | None:
        return next(lines for one, lines in self.sent if one.id == payout.id)

    def pay_out(self, *lines: PayoutLine, id_: str = "po_1", reference: str = REFERENCE, failed: bool = False) -> None:
        amount = Money(sum(line.net_minor for line in lines), "EUR")
        self.sent.append((Payout(id_, amount, date(2026, 11, 23), reference, failed), lines))


def paid(gross: int = 1500, fee: int = 43, of: str = "pay_1", id_: str = "l1") -> PayoutLine:
    return PayoutLine(id_, Movement.PAYMENT, gross, fee, of)


@pytest.fixture
def paying(world: World) -> tuple[World, Paying]:
    provider = Paying()
    world.provider = provider
    world.shop = replace(world.shop, account=OwnAccount(OUR_IBAN, "The Shop"))
    return world, provider


def looked(world: World) -> Looked:
    found = look(OWNER, "sandbox", shop=world.shop, outside=Playing(world), at=world.clock())
    assert isinstance(found, Looked), found
    return found


def shown(world: World, minor: int, text: str = "", name: str = "", number: int = 1) -> None:
    found = import_statement(
        OWNER, camt(entry(minor, text=text, name=name), number=number), shop=world.shop, at=world.clock()
    )
    assert not isinstance(found, Refusal), found


def sold(world: World) -> UUID:
    order_id = world.paid(DIRECT)
    world.work(2)
    return order_id


def test_a_payment_is_paid_out_with_its_fee_and_arrives_at_the_bank(paying: tuple[World, Paying]) -> None:
    world, provider = paying
    sold(world)
    assert (world.balance(CLEARING), world.balance(FEES)) == (1500, 0)
    provider.pay_out(paid())
    assert looked(world) == Looked(1, 1, 0)
    assert (world.balance(CLEARING), world.balance(FEES), world.balance(TRANSIT)) == (0, 43, 1457)
    for _ in range(3):  # told as often as one likes
        assert looked(world) == Looked(0, 0, 0)
    shown(world, 1457, f"Payout {REFERENCE}")
    assert (world.balance(TRANSIT), world.balance(BANK), world.balance(CLEARING)) == (0, 1457, 0)
    assert world.items() == []
    shown(world, 1457, f"Payout {REFERENCE}")  # the same statement again
    assert world.balance(BANK) == 1457


def test_a_line_of_the_bank_that_came_first_leaves_the_list_when_its_payout_is_known(
    paying: tuple[World, Paying],
) -> None:
    world, provider = paying
    sold(world)
    shown(world, 1457, f"Payout {REFERENCE}")
    assert (world.items(), world.balance(BANK)) == (["bank_line"], 0)
    provider.pay_out(paid())
    looked(world)
    assert (world.items(), world.balance(BANK), world.balance(TRANSIT)) == ([], 1457, 0)


def test_what_a_provider_took_from_the_bank_is_known_again_when_its_payout_is(paying: tuple[World, Paying]) -> None:
    world, provider = paying
    sold(world)
    shown(world, -2000, name="Sandbox Payments")  # it does not tell of payouts, as far as anybody knows
    assert world.items() == []
    provider.pay_out(paid())
    looked(world)
    taken, rent = entry(-2000, name="Sandbox Payments"), entry(-90000, text="Rent", name="A Landlord")
    data = camt(entry(1457, text=REFERENCE), taken, rent, number=2, opening=8000)
    assert not isinstance(import_statement(OWNER, data, shop=world.shop, at=world.clock()), Refusal)
    assert (world.items(), world.balance(BANK)) == (["bank_out"], 1457)
    [found] = queries.open_items()
    assert words.why(found).startswith("It went out, and shows the name of a payment provider.")
    provider.pay_out(PayoutLine("l2", Movement.CHARGE_BACK, -1500, 500, "pay_1"), id_="po_2", reference="")
    looked(world)
    assert "bank_out" not in world.items()
    assert (world.balance(TRANSIT), world.balance(BANK)) == (0, 1457 - 2000)
    sealed = select("SELECT state, sealed IS NULL FROM bank_line WHERE amount_minor < 0 ORDER BY state")
    assert sealed == [("ignored", True), ("ignored", True), ("payout", True)]


def test_a_line_of_the_bank_with_another_sum_is_never_guessed_to_be_a_payout(paying: tuple[World, Paying]) -> None:
    world, provider = paying
    sold(world)
    provider.pay_out(paid())
    looked(world)
    shown(world, 1456, f"Payout {REFERENCE}", "Sandbox Payments")
    assert (world.items(), world.balance(TRANSIT), world.balance(BANK)) == (["bank_line"], 1457, 0)


def test_a_fee_that_the_provider_had_told_is_not_posted_twice(paying: tuple[World, Paying]) -> None:
    world, provider = paying
    sold(world)
    reference = list(provider.charges)[-1]
    provider.charges[reference] = replace(provider.charges[reference], fee=Money(43, "EUR"))
    world.wake()
    world.work()
    provider.pay_out(paid())
    looked(world)
    world.wake()
    world.work()
    assert (world.balance(FEES), world.balance(CLEARING)) == (43, 0)
    assert select("SELECT count(*) FROM transfer WHERE reason = 'psp_fee'") == [(1,)]


def test_a_fee_that_the_payout_told_first_is_not_posted_again_when_the_provider_tells_it(
    paying: tuple[World, Paying],
) -> None:
    world, provider = paying
    sold(world)
    provider.pay_out(paid())
    looked(world)
    reference = list(provider.charges)[-1]
    provider.charges[reference] = replace(provider.charges[reference], fee=Money(43, "EUR"))
    world.wake()
    world.work()
    assert (world.balance(FEES), world.items()) == (43, [])


def test_a_charge_back_with_its_fee_comes_in_a_later_payout(paying: tuple[World, Paying]) -> None:
    world, provider = paying
    sold(world)
    provider.pay_out(paid())
    looked(world)
    reference = list(provider.charges)[-1]
    provider.charges[reference] = replace(provider.charges[reference], charged_back_minor=1500)
    provider.pay_out(PayoutLine("l2", Movement.CHARGE_BACK, -1500, 1500, "pay_1"), id_="po_2", reference="PAY7654321")
    assert looked(world).differing == 1  # we do not know of it yet: so we ask
    assert "payout_differs" in world.items()
    world.work()
    assert looked(world).differing == 0
    assert "payout_differs" not in world.items()
    assert (world.balance(FEES), world.balance(CLEARING), world.balance(TRANSIT)) == (1543, 0, 1457 - 3000)


def test_a_fee_waits_until_payouts_have_brought_all_that_happened(paying: tuple[World, Paying]) -> None:
    world, provider = paying
    sold(world)
    reference = list(provider.charges)[-1]
    provider.charges[reference] = replace(provider.charges[reference], charged_back_minor=1500)
    world.wake()
    world.work()
    provider.pay_out(paid())
    assert looked(world).differing == 0
    assert world.balance(FEES) == 0  # what they keep for the charge-back comes with it
    provider.pay_out(PayoutLine("l2", Movement.CHARGE_BACK, -1500, 1500, "pay_1"), id_="po_2", reference="PAY7654321")
    assert looked(world).differing == 0
    assert (world.balance(FEES), world.balance(CLEARING)) == (1543, 0)


def test_a_refund_is_known_by_its_id_and_bears_its_fee(paying: tuple[World, Paying]) -> None:
    world, provider = paying
    world.supplier.script = [world.supplier.refuses] * 2
    world.paid(DIRECT)
    world.work(3)
    provider.pay_out(paid(), PayoutLine("l2", Movement.REFUND, -1500, 25, "pay_1", "re_1"))
    assert looked(world) == Looked(1, 2, 0)
    assert (world.balance(CLEARING), world.balance(FEES), world.balance(TRANSIT)) == (0, 68, -68)
    assert world.items() == []


def test_the_fee_of_a_refund_that_was_made_at_the_provider_is_a_persons(paying: tuple[World, Paying]) -> None:
    world, provider = paying
    sold(world)
    reference = list(provider.charges)[-1]
    provider.charges[reference] = replace(provider.charges[reference], refunded_minor=1500)
    world.wake()
    world.work()
    provider.pay_out(paid(), PayoutLine("l2", Movement.REFUND, -1500, 25, "pay_1", "re_by_hand"))
    assert looked(world).differing == 1
    assert "payout_differs" in world.items()
    assert world.balance(CLEARING) == 25  # by the books they owe it; they kept it


def test_what_is_none_of_ours_goes_to_suspense_and_to_a_person_once(paying: tuple[World, Paying]) -> None:
    world, provider = paying
    sold(world)
    provider.pay_out(paid(), paid(900, 30, "pay_99", "l2"), PayoutLine("l3", Movement.FEE, 0, 1000))
    assert looked(world).differing == 1
    assert (world.balance(SUSPENSE), world.balance(OWN_FEES), world.balance(CLEARING)) == (-870, 1000, 0)
    assert world.balance(TRANSIT) == 1457 + 870 - 1000
    [found] = queries.open_items()
    assert words.why(found).startswith("sandbox, payout PAY1234567. Lines of no payment of this shop: 1.")
    wanted = Wanted("seen", "our other shop")
    assert not isinstance(resolve_item(OWNER, found.id, wanted, shop=world.shop, at=world.clock()), Refusal)
    looked(world)
    assert world.items() == []


def test_another_sum_than_ours_leaves_the_rest_where_it_is_and_tells_a_person(paying: tuple[World, Paying]) -> None:
    world, provider = paying
    sold(world)
    provider.pay_out(paid(1000, 43))
    assert looked(world).differing == 1
    assert (world.balance(CLEARING), world.items()) == (500 + 43, ["payout_differs"])


def test_a_payment_that_no_payout_brings_is_found(paying: tuple[World, Paying]) -> None:
    world, provider = paying
    sold(world)
    for n in (2, 3):
        world.clock.tick(20 * 24 * 3600)
        sold(world)
        if n == 2:
            continue
        provider.pay_out(paid(), id_="po_1")
        provider.pay_out(paid(of="pay_3"), id_="po_3", reference="PAY0000003")
    looked(world)
    assert world.items().count("payout_missing") == 1
    provider.pay_out(paid(of="pay_2"), id_="po_2", reference="PAY0000002")
    looked(world)
    assert "payout_missing" not in world.items()


def test_a_payout_that_fails_comes_with_the_next_one(paying: tuple[World, Paying]) -> None:
    world, provider = paying
    sold(world)
    provider.pay_out(paid())
    looked(world)
    provider.sent[0] = (replace(provider.sent[0][0], failed=True), provider.sent[0][1])
    looked(world)
    assert world.items() == ["payout_late"]
    provider.pay_out(PayoutLine("l2", Movement.RETURNED, 1457), id_="po_2", reference="PAY7654321")
    looked(world)
    shown(world, 1457, "PAY7654321")
    assert (world.balance(TRANSIT), world.balance(BANK), world.balance(CLEARING)) == (0, 1457, 0)


def test_a_payout_that_no_statement_shows_is_asked_after(paying: tuple[World, Paying]) -> None:
    world, provider = paying
    sold(world)
    provider.pay_out(paid())
    looked(world)
    assert world.items() == []
    world.clock.tick(13 * 24 * 3600)
    looked(world)
    assert world.items() == ["payout_late"]
    shown(world, 1457, REFERENCE)
    assert world.items() == []


def test_a_part_of_an_answer_changes_nothing(paying: tuple[World, Paying]) -> None:
    world, provider = paying
    sold(world)
    provider.pay_out(paid())
    [(head, lines)] = provider.sent
    provider.sent = [(replace(head, amount=Money(1458, "EUR")), lines)]
    found = look(OWNER, "sandbox", shop=world.shop, outside=Playing(world), at=world.clock())
    assert isinstance(found, Refusal)
    assert found.code is Code.PAYOUTS_UNREADABLE
    provider.sent, provider.silent = [(head, lines)], True
    assert isinstance(look(OWNER, "sandbox", shop=world.shop, outside=Playing(world), at=world.clock()), Refusal)
    assert (world.balance(CLEARING), select("SELECT count(*) FROM payout")) == (1500, [(0,)])


def test_a_worker_looks_once_a_day_and_sooner_after_no_answer(paying: tuple[World, Paying]) -> None:
    world, provider = paying

    def works() -> int:
        return watch_payouts(shop=world.shop, outside=Playing(world), at=world.clock())

    assert (works(), works()) == (1, 0)
    world.clock.tick(24 * 3600)
    provider.silent = True
    assert (works(), works()) == (1, 0)
    world.clock.tick(3600)
    assert (works(), len(provider.asked)) == (1, 3)


def test_a_provider_that_does_not_tell_is_not_asked_all_the_time(world: World) -> None:
    """Whether it tells is looked at once a day too: building an adapter reads files."""
    built: list[str] = []

    class Counting(Playing):
        def payment(self, name: str) -> Provider:
            built.append(name)
            return super().payment(name)

    for _ in range(3):
        assert watch_payouts(shop=world.shop, outside=Counting(world), at=world.clock()) == 0
    assert built == ["sandbox"]


def test_nobody_but_the_owner_and_the_worker_reads_payouts(paying: tuple[World, Paying]) -> None:
    world, _ = paying
    for actor in (CUSTOMER, Actor(Role.SUPPORT, "ben"), Actor(Role.RESELLER, "simdu")):
        found = look(actor, "sandbox", shop=world.shop, outside=Playing(world), at=world.clock())
        assert isinstance(found, Refusal)
        assert found.code is Code.NOT_ALLOWED
