"""A reseller pays into its float at a payment provider: once, late or twice; and the float bears what leaves again.

The books hold after each (the `world` fixture).
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from fakes import DIRECT, NUMBER, World
from operations.test_webhooks import made, said
from opla.core.actor import Actor, Role
from opla.core.api_access import Access, Scope
from opla.core.day import day_of
from opla.core.item import Step
from opla.core.money import Money
from opla.core.ports import Answer, ChargeReport, ChargeRequest, Promises, RefundReport
from opla.core.refusal import Code, Refusal
from opla.db.queries import deposits, floats, items
from opla.db.queries.call import select
from opla.db.queries.deposits import Deposit
from opla.operations import float_statement, pay_into_float, resellers
from opla.operations.place_from_float import Asked, Reserved, place_from_float
from opla.operations.quote_topup import Wanted
from opla.operations.reselling import Selling
from opla.operations.resolve_item import Wanted as Said
from opla.operations.resolve_item import resolve_item
from support import as_owner, at_once

OWNER = Actor(Role.OWNER, "ana")
ACME = Actor(Role.RESELLER, "acme/o@acme.example")
SIMPLE = Wanted("", "", "o@acme.example", "en", sku=DIRECT, number=NUMBER)


@pytest.fixture
def acme(world: World) -> World:
    for name in ("acme", "bolt"):
        assert resellers.add(OWNER, name, title=name.title(), email=f"o@{name}.example", at=world.clock()) is None
    return world


def asked(world: World, minor: int = 10_000, key: str = "d1", actor: Actor = ACME, **other: str) -> Deposit | Refusal:
    terms = {"reseller": "acme", "method": "sandbox", "language": "nl", **other}
    return pay_into_float.pay_into_float(
        actor, terms["reseller"], Money(minor, "EUR"), terms["method"], key,
        language=terms["language"], shop=world.shop, at=world.clock(),
    )  # fmt: skip


def opened(world: World, minor: int = 10_000, key: str = "d1") -> UUID:
    found = asked(world, minor, key)
    assert isinstance(found, Deposit), found
    world.work()
    return found.id


def told(world: World, answer: Answer, captured_minor: int = 0, n: int = -1, why: str = "", **sums: int) -> None:
    """The provider says this of its newest session, twice."""
    reference = list(world.provider.charges)[n]
    before = world.provider.charges[reference]
    world.provider.charges[reference] = replace(
        before, answer=answer, captured_minor=captured_minor, currency="EUR", why=why, **sums
    )
    for _ in range(2):
        world.wake()
        world.work()


def paid_in(world: World, minor: int = 10_000, key: str = "d1") -> UUID:
    deposit_id = opened(world, minor, key)
    told(world, Answer.SUCCEEDED, minor)
    assert status(deposit_id) == "paid_in"
    return deposit_id


def status(deposit_id: UUID) -> str:
    found = deposits.one("acme", deposit_id)
    assert found is not None
    return found.status


def free(reseller: str = "acme") -> int:
    return floats.balance(reseller, "EUR").free_minor


def bought(world: World, count: int = 1, key: str = "o") -> list[object]:
    orders = [Asked("acme", f"{key}{n}", SIMPLE) for n in range(count)]
    return list(place_from_float(ACME, orders, shop=world.shop, at=world.clock()))


def refused(answer: object) -> str:
    [refusal] = answer if isinstance(answer, list) else [answer]
    assert isinstance(refusal, Refusal), answer
    return str(refusal.code)


# ── in ────────────────────────────────────────────────────────────────────


def test_what_is_captured_is_on_the_float_in_the_same_commit_and_once(acme: World) -> None:
    made(acme)
    deposit_id = opened(acme)
    waiting = deposits.one("acme", deposit_id)
    assert waiting is not None
    assert (waiting.status, waiting.page, free()) == ("open", "http://sandbox.test/pay", 0)
    told(acme, Answer.SUCCEEDED, 10_000)
    assert (status(deposit_id), free(), free("bolt")) == ("paid_in", 10_000, 0)
    assert (acme.balance("psp_clearing:sandbox:EUR"), acme.balance("customer_held:EUR")) == (10_000, 0)
    [news] = said(acme)
    assert (news["type"], news["data"]) == (
        "float.paid_in",
        {
            "key": "d1",
            "amount": {"amount_minor": 10_000, "currency": "EUR"},
            "free": {"amount_minor": 10_000, "currency": "EUR"},
        },
    )
    assert (acme.items(), acme.refunds()) == ([], [])


def test_the_statement_has_it_under_the_key_it_was_asked_by(acme: World) -> None:
    paid_in(acme)
    selling = Selling(Access("acme", "o@acme.example", frozenset(Scope)), acme.shop, acme.clock())
    found = float_statement.month(selling, day_of(acme.clock()).replace(day=1))
    assert [(one.name, one.key, one.moved.amount_minor) for one in found.lines] == [("paid_in", "d1", 10_000)]


def test_the_payment_page_speaks_the_reseller_s_language_and_leads_back(acme: World) -> None:
    seen: list[ChargeRequest] = []

    def charge(request: ChargeRequest) -> ChargeReport:
        seen.append(request)
        return ChargeReport(Answer.PENDING, "pay_1", "http://sandbox.test/pay", currency="EUR")

    acme.provider.on_charge = charge
    deposit_id = opened(acme)
    [request] = seen
    assert (request.language, request.amount) == ("nl", Money(10_000, "EUR"))
    assert request.return_url == f"http://shop.test/pay/return/deposit/{deposit_id}/"
    assert pay_into_float.came_back(deposit_id, at=acme.clock()) == "acme"
    assert pay_into_float.came_back(UUID(int=9), at=acme.clock()) == ""


def test_one_key_is_one_payment_and_another_amount_under_it_is_refused(acme: World) -> None:
    first, again = asked(acme), asked(acme)
    assert isinstance(first, Deposit)
    assert first == again
    assert refused(asked(acme, 20_000)) == Code.KEY_REUSED
    assert select("SELECT count(*) FROM payment") == [(1,)]
    twice = at_once(lambda: asked(acme, key="race"), lambda: asked(acme, key="race"))
    assert len({one.id for one in twice if isinstance(one, Deposit)}) == 1


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({"minor": 999}, Code.AMOUNT_BELOW_MIN),
        ({"minor": 1_000_001}, Code.AMOUNT_ABOVE_MAX),
        ({"minor": -5}, Code.AMOUNT_UNREADABLE),
        ({"method": "bank_transfer"}, Code.PAYMENT_METHOD_UNKNOWN),
        ({"method": "cash"}, Code.PAYMENT_METHOD_UNKNOWN),
        ({"key": ""}, Code.KEY_MISSING),
        ({"reseller": "bolt"}, Code.NOT_FOUND),
        ({"actor": OWNER}, Code.NOT_ALLOWED),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_asked_of_anybody(
    acme: World, typed: dict[str, object], code: Code
) -> None:
    acme.shop = replace(acme.shop, payment_methods=("sandbox", "bank_transfer", "cash"))
    assert refused(asked(acme, **typed)) == code  # type: ignore[arg-type]  # by name
    assert select("SELECT count(*) FROM payment") == [(0,)]


def test_whoever_asks_for_many_payments_and_pays_none_waits_an_hour(acme: World) -> None:
    first = [asked(acme, key=f"k{n}") for n in range(10)]
    assert all(isinstance(one, Deposit) for one in first)
    assert refused(asked(acme, key="one more")) == Code.PAYMENTS_PAUSED
    assert asked(acme, key="k0") == first[0]
    assert isinstance(asked(acme, key="x", actor=Actor(Role.RESELLER, "bolt/o"), reseller="bolt"), Deposit)
    acme.clock.tick(3601)
    assert isinstance(asked(acme, key="one more"), Deposit)


@pytest.mark.parametrize(("why", "ends"), [("refused", "failed"), ("expired", "expired")])
def test_what_failed_or_expired_moves_nothing_and_paid_late_it_is_on_the_float_all_the_same(
    acme: World, why: str, ends: str
) -> None:
    deposit_id = opened(acme)
    told(acme, Answer.DECLINED, why=why)
    assert (status(deposit_id), free(), acme.items()) == (ends, 0, [])
    acme.clock.tick(3600)
    told(acme, Answer.SUCCEEDED, 10_000)
    assert (status(deposit_id), free(), acme.refunds()) == ("paid_in", 10_000, [])


def test_two_payments_are_two_deposits_and_what_one_captured_twice_goes_back(acme: World) -> None:
    paid_in(acme)
    paid_in(acme, 5_000, key="d2")
    assert free() == 15_000
    told(acme, Answer.SUCCEEDED, 10_000)  # the second one's session, captured again
    acme.work(2)
    assert (free(), acme.refunds()) == (15_000, [("overpaid", 5_000, "done")])
    assert acme.balance("psp_clearing:sandbox:EUR") == 15_000


def test_less_than_was_asked_goes_back_and_a_person_hears_of_it(acme: World) -> None:
    deposit_id = opened(acme)
    told(acme, Answer.SUCCEEDED, 9_000)
    acme.work(2)
    assert (status(deposit_id), free(), acme.items()) == ("returned", 0, ["wrong_amount"])
    assert acme.refunds() == [("underpaid", 9_000, "done")]


def test_the_provider_s_fee_is_ours_and_not_the_float_s(acme: World) -> None:
    deposit_id = opened(acme)
    told(acme, Answer.SUCCEEDED, 10_000, fee=Money(170, "EUR"))  # type: ignore[arg-type]  # a field of the report
    assert (status(deposit_id), free(), acme.balance("psp_fees:sandbox:EUR")) == ("paid_in", 10_000, 170)


def test_a_person_may_say_that_it_was_paid_where_the_provider_says_nothing(acme: World) -> None:
    acme.provider.promises = Promises(refuses_repeat=False, find_by_reference=True, max_seconds=10)
    acme.provider.on_charge = lambda _request: ChargeReport(Answer.UNKNOWN)
    deposit_id = opened(acme)
    acme.clock.tick(16 * 60)
    pay_into_float.came_back(deposit_id, at=acme.clock())
    acme.work()
    assert acme.items() == ["unknown_charge"]
    [item] = items.open_items()
    assert item.reseller == "acme"
    wanted = Said("paid", "their portal says so", amount="100.00")
    assert resolve_item(OWNER, item.id, wanted, shop=acme.shop, at=acme.clock()) == Step.RESOLVED
    assert (status(deposit_id), free()) == ("paid_in", 10_000)


# ── out again ─────────────────────────────────────────────────────────────


def test_a_charge_back_is_taken_from_what_the_float_holds_and_comes_back_when_it_is_won(acme: World) -> None:
    paid_in(acme)
    told(acme, Answer.SUCCEEDED, 10_000, charged_back_minor=10_000)
    assert (free(), acme.balance("chargebacks:EUR"), acme.balance("psp_clearing:sandbox:EUR")) == (0, 0, 0)
    assert (acme.items(), deposits.owes_minor("acme", "EUR")) == (["outside_refund"], 0)
    told(acme, Answer.SUCCEEDED, 10_000, charged_back_minor=0)
    assert (free(), acme.balance("chargebacks:EUR"), acme.balance("psp_clearing:sandbox:EUR")) == (10_000, 0, 10_000)
    names = select("SELECT name FROM event WHERE subject = 'payment' ORDER BY id")
    assert [str(name) for (name,) in names] == [
        "opened", "paid_in", "charged_back", "recovered", "charge_back_won", "restored",
    ]  # fmt: skip


def test_what_the_float_has_spent_is_a_loss_that_pauses_its_orders_until_it_is_paid_in(acme: World) -> None:
    deposit_id = paid_in(acme)
    orders = bought(acme, 4)
    assert all(isinstance(one, Reserved) for one in orders)  # 60.00 is held
    told(acme, Answer.SUCCEEDED, 10_000, charged_back_minor=10_000)
    acme.work(2)
    assert (free(), acme.balance("chargebacks:EUR"), deposits.owes_minor("acme", "EUR")) == (0, 6_000, 6_000)
    assert acme.balance("reseller_float:acme:EUR") == 0  # never below nothing: what was held was delivered
    assert refused(bought(acme, key="x")[0]) == Code.FLOAT_OWES
    [same] = bought(acme)
    assert isinstance(same, Reserved)
    assert same.again  # what stands, stands
    resellers.pay_in(OWNER, "acme", "40", "part", shop=acme.shop, at=acme.clock())
    acme.work()
    assert (free(), deposits.owes_minor("acme", "EUR")) == (0, 2_000)
    resellers.pay_in(OWNER, "acme", "50", "rest", shop=acme.shop, at=acme.clock())
    assert refused(bought(acme, key="x")[0]) == Code.FLOAT_OWES  # before anybody has taken it, too
    acme.work()
    assert (free(), acme.balance("chargebacks:EUR")) == (3_000, 0)
    [after] = bought(acme, key="x")
    assert isinstance(after, Reserved)
    assert status(deposit_id) == "paid_in"


def test_another_reseller_s_orders_go_on_in_the_same_batch(acme: World) -> None:
    paid_in(acme)
    bought(acme, 6)
    resellers.pay_in(OWNER, "bolt", "50", "b", shop=acme.shop, at=acme.clock())
    told(acme, Answer.SUCCEEDED, 10_000, charged_back_minor=10_000)
    both = [Asked("acme", "x", SIMPLE), Asked("bolt", "x", SIMPLE)]
    mine, theirs = place_from_float(Actor(Role.RESELLER, "x"), both, shop=acme.shop, at=acme.clock())
    assert (refused(mine), isinstance(theirs, Reserved)) == (Code.FLOAT_OWES, True)


def test_a_refund_made_in_the_provider_s_dashboard_is_the_float_s_too(acme: World) -> None:
    paid_in(acme)
    told(acme, Answer.SUCCEEDED, 10_000, refunded_minor=2_500)
    assert (free(), acme.balance("suspense:EUR"), acme.items()) == (7_500, 0, ["outside_refund"])
    told(acme, Answer.SUCCEEDED, 10_000, refunded_minor=2_500, charged_back_minor=7_500)
    assert (free(), acme.balance("suspense:EUR"), acme.balance("chargebacks:EUR")) == (0, 0, 0)


# ── given back ────────────────────────────────────────────────────────────


def back(
    world: World, deposit_id: UUID, minor: int | None = None, *, n: int = 1, actor: Actor = OWNER, why: str = "asked"
) -> Money | Refusal:
    amount = None if minor is None else Money(minor, "EUR")
    return pay_into_float.give_back(
        actor, deposit_id, refund_id=UUID(int=n), amount=amount, why=why, shop=world.shop, at=world.clock()
    )


def test_the_owner_gives_back_what_the_float_still_holds_and_no_more_than_came(acme: World) -> None:
    deposit_id = paid_in(acme)
    bought(acme, 4)
    assert refused(back(acme, deposit_id)) == Code.FLOAT_SPENT
    assert back(acme, deposit_id, 3_000) == Money(3_000, "EUR") == back(acme, deposit_id, 3_000)
    assert (free(), acme.balance("refunds_due:EUR")) == (1_000, -3_000)
    acme.work(2)
    assert (acme.refunds(), acme.balance("refunds_due:EUR")) == ([("choice", 3_000, "done")], 0)
    assert acme.balance("psp_clearing:sandbox:EUR") == 7_000
    resellers.pay_in(OWNER, "acme", "500", "more", shop=acme.shop, at=acme.clock())
    assert refused(back(acme, deposit_id, 7_001, n=2)) == Code.REFUND_TOO_MUCH
    assert back(acme, deposit_id, n=2) == Money(7_000, "EUR")
    assert refused(back(acme, deposit_id, n=3)) == Code.NOTHING_TO_REFUND


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"actor": ACME}, Code.NOT_ALLOWED),
        ({"actor": Actor(Role.SUPPORT, "bo")}, Code.NOT_ALLOWED),
        ({"why": " "}, Code.REASON_MISSING),
        ({"minor": 0}, Code.AMOUNT_UNREADABLE),
    ],
)
def test_only_the_owner_gives_back_and_says_why(acme: World, how: dict[str, object], code: Code) -> None:
    deposit_id = paid_in(acme)
    assert refused(back(acme, deposit_id, **how)) == code  # type: ignore[arg-type]  # by name
    assert refused(back(acme, UUID(int=5))) == Code.NOT_FOUND


def test_what_its_provider_will_not_give_back_is_paid_from_the_bank(acme: World) -> None:
    deposit_id = paid_in(acme)
    acme.provider.on_refund = lambda _request: RefundReport(Answer.DECLINED, why="too_old")
    assert back(acme, deposit_id, 4_000) == Money(4_000, "EUR")
    acme.work(2)
    [item] = items.open_items()
    assert (item.kind, item.reseller, acme.balance("refunds_due:EUR")) == ("refund_refused", "acme", -4_000)
    said = Said("paid_back_otherwise", "by transfer of today")
    assert resolve_item(OWNER, item.id, said, shop=acme.shop, at=acme.clock()) == Step.RESOLVED
    assert (acme.balance("refunds_due:EUR"), acme.balance("bank:EUR"), free()) == (0, -4_000, 6_000)


def test_what_goes_back_while_its_bank_takes_it_is_lost_once(acme: World) -> None:
    deposit_id = paid_in(acme)
    acme.provider.on_refund = lambda _request: RefundReport(Answer.NOT_SENT)
    assert back(acme, deposit_id) == Money(10_000, "EUR")
    acme.work()  # and again in a while
    resellers.pay_in(OWNER, "acme", "50", "more", shop=acme.shop, at=acme.clock())
    told(acme, Answer.SUCCEEDED, 10_000, charged_back_minor=10_000)
    assert free() == 5_000  # it gave that money already
    acme.clock.tick(3600)
    acme.work(3)
    assert (free(), acme.refunds()) == (5_000, [("choice", 10_000, "outside")])
    assert (acme.balance("chargebacks:EUR"), acme.balance("refunds_due:EUR")) == (0, 0)
    assert deposits.owes_minor("acme", "EUR") == 0


def test_an_order_and_a_refund_race_for_the_last_of_it_and_one_wins(acme: World) -> None:
    deposit_id = paid_in(acme, 1_500)
    answers = at_once(lambda: bought(acme)[0], lambda: back(acme, deposit_id))
    assert sum(isinstance(one, Reserved | Money) for one in answers) == 1
    assert free() == 0


def test_the_books_find_a_deposit_that_is_on_no_float(acme: World) -> None:
    paid_in(acme)
    for broken in ("paid_in_at = NULL", "charged_back_minor = 1", "lost_minor = 1"):
        with as_owner() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(f"UPDATE deposit SET {broken}")
            cursor.execute("SELECT name FROM opla_books(now()) WHERE wrong > 0")
            assert cursor.fetchall() == [("deposits",)], broken
            cursor.execute("ROLLBACK")
