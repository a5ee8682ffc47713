"""What a person may say of an item, and what it moves: once, with evidence, and never against a late answer."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial
from uuid import UUID

import pytest

from fakes import ANOTHER_WORKER, CODE, DIRECT, WORKER, Supplier, World
from opla.core.actor import Actor, Role
from opla.core.attempt import Kind as Tries
from opla.core.item import Resolution, Step
from opla.core.money import Money
from opla.core.ports import Answer, ChargeReport, Kind, Promises, RefundReport, RefundRequest, SendReport, SendRequest
from opla.core.refusal import Code, Refusal
from opla.db.queries import attempts, items
from opla.db.queries.books import books
from opla.db.queries.call import select
from opla.operations.resolve_item import MAX_FILE, Wanted, offers, resolve_item
from support import at_once

ANA, BO = Actor(Role.OWNER, "ana"), Actor(Role.OWNER, "bo")
FINDS_ONLY = Promises(refuses_repeat=False, find_by_reference=True, max_seconds=10)
GIVEN = Wanted("delivered", "their portal says so", amount="14.40", supplier_id="sup_77")


def only(world: World) -> int:
    """The id of the one open item."""
    [found] = items.open_items()
    return found.id


def say(world: World, wanted: Wanted, actor: Actor = ANA, item_id: int | None = None) -> Step | Refusal:
    return resolve_item(actor, item_id or only(world), wanted, shop=world.shop, at=world.clock())


def refused(code: Code) -> object:
    """Equal to any refusal with this code."""

    class Any:
        def __eq__(self, other: object) -> bool:
            return isinstance(other, Refusal) and other.code is code

        def __hash__(self) -> int:
            return hash(code)

        def __repr__(self) -> str:
            return f"refused: {code}"

    return Any()


def unknown_send(world: World, sku: str = DIRECT) -> UUID:
    """An order that was sent, whose supplier is silent and cannot be asked, on a person's list."""
    world.supplier.promises = FINDS_ONLY
    world.supplier.finds = False
    order_id = world.paid(sku)
    world.supplier.script = [world.supplier.is_silent]
    world.work_through(20 * 60, step_s=30)
    assert world.items() == ["unknown_send"]
    return order_id


def declined(world: World) -> UUID:
    """An order whose money goes back, and has not yet."""
    world.supplier.script = [world.supplier.refuses]
    order_id = world.paid()
    world.work()
    return order_id


def unknown_refund(world: World) -> list[str]:
    """A refund nobody answers for; the references under which it was asked."""
    world.provider.promises = FINDS_ONLY
    declined(world)
    asked: list[str] = []

    def loses(request: RefundRequest) -> RefundReport:
        asked.append(request.reference)
        return RefundReport(Answer.UNKNOWN)

    world.provider.on_refund = loses
    world.work_through(20 * 60, step_s=30)
    assert (world.items(), len(asked)) == (["unknown_refund"], 1)
    return asked


def unknown_charge(world: World) -> UUID:
    """A payment whose provider never says anything."""
    world.provider.promises = FINDS_ONLY
    order_id = world.order()
    world.provider.on_charge = lambda _r: ChargeReport(Answer.UNKNOWN)
    world.work_through(16 * 60, step_s=30)
    [(reference,)] = select("SELECT reference FROM attempt WHERE state = 'unknown'")
    attempts.wake([Tries.CHARGE], "sandbox", [str(reference)], at=world.clock())
    world.work()
    assert world.items() == ["unknown_charge"]
    return order_id


# ── a send ──


def test_their_number_is_asked_for_only_where_it_is_not_known(world: World) -> None:
    world.supplier.promises = FINDS_ONLY
    world.paid(DIRECT)
    world.supplier.script = [lambda _r: SendReport(Answer.PENDING, supplier_id="sup_1")]
    world.supplier.finds = False
    world.work_through(20 * 60, step_s=30)
    [delivered, *_] = offers(items.open_items()[0], shop=world.shop)
    assert delivered.asks == ("amount",)
    assert say(world, GIVEN) is Step.RESOLVED
    assert select("SELECT supplier_id FROM delivery") == [("sup_1",)]


def test_delivered_by_a_persons_word_is_delivered_and_told(world: World) -> None:
    order_id = unknown_send(world)
    assert say(world, GIVEN) is Step.RESOLVED
    world.work()
    assert (world.state(order_id), world.items(), len(world.mailbox.sent)) == ("delivered", [], 1)
    assert world.balance("supplier_float:sandbox:EUR") == -1440
    assert select("SELECT supplier_id FROM delivery") == [("sup_77",)]
    assert select("SELECT actor FROM event WHERE name = 'delivered'") == [("owner:ana",)]


def test_a_code_given_by_a_person_is_sealed_and_stands_nowhere_in_the_clear(world: World) -> None:
    order_id = unknown_send(world, CODE)
    wanted = replace(GIVEN, code="0000 8888 99999", serial="S-9", valid_until="2027-12-31")
    assert say(world, replace(wanted, code="4444 8888 99999")) == refused(Code.CODE_UNREADABLE)  # no sandbox code
    assert say(world, replace(wanted, code="")) == refused(Code.CODE_UNREADABLE)
    assert say(world, wanted) is Step.RESOLVED
    assert world.state(order_id) == "delivered"
    assert select("SELECT serial, state, valid_until::text FROM code") == [("S-9", "sold", "2027-12-31")]
    for table in ("item_evidence", "attempt_evidence", "event", "item"):
        [(text,)] = select(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")
        assert "8888" not in str(text).replace(" ", ""), table


def test_not_delivered_asks_the_next_supplier(world: World) -> None:
    second = Supplier(prefix="00007")
    world.others["second"] = second
    world.shop = replace(world.shop, routes=("sandbox", "second"))
    order_id = unknown_send(world)
    assert say(world, Wanted("not_delivered", "they told us on the phone")) is Step.RESOLVED
    world.work(2)
    assert (world.state(order_id), second.gave, world.items()) == ("delivered", 1, [])


def test_not_delivered_with_nobody_left_gives_the_money_back(world: World) -> None:
    order_id = unknown_send(world)
    assert say(world, Wanted("not_delivered", "they told us on the phone")) is Step.RESOLVED
    world.work(2)
    assert (world.state(order_id), world.refunds()) == ("refunded", [("declined", 1500, "done")])


def test_asking_again_leaves_the_item_open_and_asks_now(world: World) -> None:
    order_id = unknown_send(world)
    world.supplier.finds = True
    [reference] = world.supplier.asked
    assert say(world, Wanted("ask_again", "they say they repaired it")) is Step.ASKED
    assert world.items() == ["unknown_send"]
    world.supplier.given[reference] = world.supplier.give(_request(reference))
    world.work()
    assert (world.state(order_id), world.items()) == ("delivered", [])


def _request(reference: str) -> SendRequest:
    return SendRequest(reference, DIRECT, "mobile-vikings", Kind.DIRECT, Money(1500, "EUR"))


def test_a_supplier_that_says_otherwise_later_moves_nothing_and_is_a_contradiction(world: World) -> None:
    order_id = unknown_send(world)
    [reference] = world.supplier.asked
    assert say(world, GIVEN) is Step.RESOLVED
    world.supplier.finds = True
    world.supplier.given[reference] = SendReport(Answer.DECLINED, why="declined")
    world.work_through(26 * 3600, step_s=1200)
    assert (world.state(order_id), world.items()) == ("delivered", ["contradiction"])
    assert say(world, Wanted("seen", "their portal shows it as delivered")) is Step.RESOLVED
    assert world.items() == []


# ── a refund ──


def test_paid_back_by_a_persons_word_ends_the_refund(world: World) -> None:
    unknown_refund(world)
    assert say(world, Wanted("paid_back", "the dashboard lists it")) is Step.RESOLVED
    assert (world.refunds(), world.items()) == ([("declined", 1500, "done")], [])
    assert world.balance("refunds_due:EUR") == 0


def test_not_paid_back_is_tried_again_under_a_new_reference_once(world: World) -> None:
    asked = unknown_refund(world)
    world.provider.on_refund = None
    assert say(world, Wanted("not_paid_back", "the dashboard does not know it")) is Step.RESOLVED
    world.work(2)
    assert (world.refunds(), world.items()) == ([("declined", 1500, "done")], [])
    assert len(world.provider.refunds) == 1
    assert asked[0] not in world.provider.refunds


def test_the_first_try_of_a_refund_decides_nothing_once_a_person_gave_it_up(world: World) -> None:
    asked = unknown_refund(world)
    world.provider.on_refund = lambda _r: RefundReport(Answer.PENDING)
    assert say(world, Wanted("not_paid_back", "the dashboard does not know it")) is Step.RESOLVED
    world.work()
    world.provider.refunds[asked[0]] = RefundReport(Answer.DECLINED, why="too_old")
    attempts.wake([Tries.REFUND], "sandbox", asked, at=world.clock())
    world.work()
    assert (world.refunds(), world.items()) == ([("declined", 1500, "due")], [])
    world.provider.refunds[asked[0]] = RefundReport(Answer.SUCCEEDED)
    attempts.wake([Tries.REFUND], "sandbox", asked, at=world.clock())
    world.work()
    assert (world.refunds(), world.items()) == ([("declined", 1500, "due")], ["contradiction"])


def test_a_refused_refund_is_paid_from_the_bank_and_the_order_ends_refunded(world: World) -> None:
    order_id = declined(world)
    world.provider.on_refund = lambda _r: RefundReport(Answer.DECLINED, why="too_old")
    world.work(2)
    assert world.items() == ["refund_refused"]
    assert say(world, Wanted("paid_back_otherwise", "transfer 2026-11-22/7")) is Step.RESOLVED
    world.work()
    assert (world.state(order_id), world.refunds()) == ("refunded", [("declined", 1500, "otherwise")])
    assert (world.balance("refunds_due:EUR"), world.balance("bank:EUR")) == (0, -1500)
    assert [m.subject for m in world.mailbox.sent] == ["refunding", "refunded"]


def test_a_refund_made_in_the_dashboard_besides_the_bank_transfer_is_still_noticed(world: World) -> None:
    declined(world)
    world.provider.on_refund = lambda _r: RefundReport(Answer.DECLINED, why="too_old")
    world.work(2)
    assert say(world, Wanted("paid_back_otherwise", "by transfer")) is Step.RESOLVED
    [(reference, before)] = world.provider.charges.items()
    world.provider.charges[reference] = replace(before, refunded_minor=1500)
    world.wake()
    world.work()
    assert world.items() == ["outside_refund"]


@pytest.mark.parametrize("captured_minor", [1700, 1000], ids=["too much", "too little"])
def test_what_was_paid_beside_the_price_can_be_paid_back_otherwise_too(world: World, captured_minor: int) -> None:
    world.order()
    world.work()
    world.provider.decide(Answer.SUCCEEDED, captured_minor)
    world.provider.on_refund = lambda _r: RefundReport(Answer.DECLINED, why="too_old")
    world.wake()
    world.work(3)
    [found] = [i for i in items.open_items() if i.kind == "refund_refused"]
    assert say(world, Wanted("paid_back_otherwise", "by transfer"), item_id=found.id) is Step.RESOLVED
    assert [state for _, _, state in world.refunds()] == ["otherwise"]
    assert world.balance("refunds_due:EUR") == 0


def test_what_nobody_answers_for_is_paid_back_otherwise_and_never_asked_for_again(world: World) -> None:
    asked = unknown_refund(world)
    assert say(world, Wanted("paid_back_otherwise", "they are bankrupt; by our own bank")) is Step.RESOLVED
    world.work_through(3600, step_s=600)
    assert [(reason, state) for reason, _, state in world.refunds()] == [("declined", "otherwise")]
    assert (len(asked), world.items()) == (1, [])
    assert (world.balance("bank:EUR"), world.balance("refunds_due:EUR")) == (-1500, 0)
    assert select("SELECT refunded_minor, refunding_minor FROM payment") == [(1500, 0)]
    assert all(check.holds for check in books(world.clock()))


def test_what_waits_for_the_days_cap_goes_out_today_when_a_person_allows_it(world: World) -> None:
    world.shop = replace(world.shop, refund_cap_minor=0)
    declined(world)
    world.work(2)
    assert (world.items(), world.provider.refunded_minor) == (["refund_cap"], {})
    assert say(world, Wanted("allow_today", "a bad afternoon at the supplier")) is Step.RESOLVED
    world.work()
    assert (world.refunds(), world.items()) == ([("declined", 1500, "done")], [])


# ── a charge ──


def test_their_number_of_a_payment_is_noted_with_a_persons_word_for_a_refund_asks_for_it(world: World) -> None:
    unknown_charge(world)
    [offer] = [o for o in offers(items.open_items()[0], shop=world.shop) if o.resolution == "paid"]
    assert offer.asks == ("amount", "supplier_id")
    assert say(world, Wanted("paid", "in their list", amount="15", supplier_id="pay_77")) is Step.RESOLVED
    assert select("SELECT provider_id FROM attempt WHERE kind = 'charge'") == [("pay_77",)]
    assert items.evidence(1)[0].facts["supplier_id"] == "pay_77"


def test_paid_by_a_persons_word_is_delivered(world: World) -> None:
    order_id = unknown_charge(world)
    assert say(world, Wanted("paid", "it stands in the statement", amount="nothing")) == refused(Code.AMOUNT_UNREADABLE)
    assert say(world, Wanted("paid", "it stands in the statement", amount="15")) is Step.RESOLVED
    world.work(2)
    assert (world.state(order_id), world.items()) == ("delivered", [])


def test_paid_by_a_persons_word_after_the_time_was_over_goes_back(world: World) -> None:
    order_id = unknown_charge(world)
    world.work_through(300, step_s=30)
    assert world.state(order_id) == "cancelled"
    assert say(world, Wanted("paid", "it stands in the statement", amount="15")) is Step.RESOLVED
    world.work(2)
    assert (world.state(order_id), world.refunds()) == ("refunded", [("late", 1500, "done")])


def test_not_paid_by_a_persons_word_lets_the_order_expire(world: World) -> None:
    order_id = unknown_charge(world)
    assert say(world, Wanted("not_paid", "not in the statement")) is Step.RESOLVED
    world.work_through(300, step_s=30)
    assert (world.state(order_id), world.items()) == ("cancelled", [])


# ── what cannot be ──


def test_a_contradiction_about_an_open_attempt_cannot_be_seen_away(world: World) -> None:
    order_id = world.paid()
    world.work()
    second = world.paid()
    world.supplier.script = [lambda _r: replace(world.supplier.given[world.supplier.asked[0]])]  # the same code again
    world.work(2)
    assert world.items() == ["contradiction"]
    [found] = items.open_items()
    assert [o.resolution for o in offers(found, shop=world.shop)] == ["delivered", "not_delivered", "ask_again"]
    assert say(world, Wanted("seen", "hm")) == refused(Code.RESOLUTION_UNKNOWN)
    assert say(world, Wanted("not_delivered", "they will credit us")) is Step.RESOLVED
    world.work(2)
    assert (world.state(order_id), world.state(second), world.items()) == ("delivered", "refunded", [])


def test_a_contradiction_about_a_refund_names_its_order_and_is_never_forgotten(world: World) -> None:
    order_id = declined(world)
    world.provider.on_refund = lambda _r: RefundReport(Answer.PENDING)
    world.work()
    asked = select("SELECT reference FROM attempt WHERE kind = 'refund'")
    world.provider.refunds[str(asked[0][0])] = RefundReport(Answer.SUCCEEDED, "re_x")
    other = declined(world)
    world.provider.on_refund = lambda _r: RefundReport(Answer.SUCCEEDED, "re_x")  # the same answer for another refund
    world.work_through(30)
    assert {world.state(order_id), world.state(other)} == {"refunded", "refunding"}
    [found] = items.open_items()
    assert (found.kind, world.state(found.order_id or order_id)) == ("contradiction", "refunding")


# ── who may, and what must be said ──


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.CUSTOMER, Role.SYSTEM])
def test_only_the_owner_decides(world: World, role: Role) -> None:
    unknown_send(world)
    assert say(world, GIVEN, Actor(role, "eve")) == refused(Code.NOT_ALLOWED)
    assert world.items() == ["unknown_send"]


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (replace(GIVEN, note=" "), Code.REASON_MISSING),
        (replace(GIVEN, resolution="paid"), Code.RESOLUTION_UNKNOWN),
        (replace(GIVEN, resolution="drop_it"), Code.RESOLUTION_UNKNOWN),
        (replace(GIVEN, amount="-1"), Code.AMOUNT_UNREADABLE),
        (replace(GIVEN, file=b"x" * (MAX_FILE + 1)), Code.FILE_TOO_LARGE),
    ],
)
def test_what_is_unclear_is_refused_and_nothing_is_kept(world: World, wanted: Wanted, code: Code) -> None:
    unknown_send(world)
    assert say(world, wanted) == refused(code)
    assert (world.items(), items.evidence(only(world))) == (["unknown_send"], [])


def test_an_item_nobody_knows_is_not_found(world: World) -> None:
    assert say(world, GIVEN, item_id=12345) == refused(Code.NOT_FOUND)


def test_the_note_the_figures_and_the_file_are_kept_for_ever(world: World) -> None:
    unknown_send(world)
    item_id = only(world)
    letter = b"%PDF a letter"
    say(world, replace(GIVEN, file=letter, file_name="letter.pdf"))
    [kept] = items.evidence(item_id)
    assert (kept.actor, kept.resolution, kept.note) == ("owner:ana", Resolution.DELIVERED, "their portal says so")
    assert (kept.facts, kept.sha256) == (
        {"amount_minor": "1440", "supplier_id": "sup_77"},
        hashlib.sha256(letter).hexdigest(),
    )
    assert items.evidence_file(item_id, kept.id) == ("letter.pdf", letter)


def test_above_the_limit_a_second_person_must_say_the_same(world: World) -> None:
    order_id = unknown_send(world)
    world.shop = replace(world.shop, second_person_minor=1000)
    no = Wanted("not_delivered", "they told us on the phone")
    assert say(world, no) is Step.PROPOSED
    assert say(world, no) == refused(Code.SAME_PERSON)
    assert say(world, no, Actor(Role.OWNER, "ana")) == refused(Code.SAME_PERSON)
    assert (world.state(order_id), world.items()) == ("paid", ["unknown_send"])
    item_id = only(world)
    assert say(world, no, BO) is Step.RESOLVED
    assert world.state(order_id) == "refunding"
    assert [(e.step, e.actor, e.answers) for e in items.evidence(item_id)] == [
        ("proposed", "owner:ana", None),
        ("resolved", "owner:bo", items.evidence(item_id)[0].id),
    ]


def test_what_gives_nothing_away_needs_one_person(world: World) -> None:
    unknown_send(world)
    world.shop = replace(world.shop, second_person_minor=0)
    assert say(world, GIVEN) is Step.RESOLVED


def test_other_figures_are_another_proposal(world: World) -> None:
    unknown_charge(world)
    world.shop = replace(world.shop, second_person_minor=0)
    paid = Wanted("paid", "the statement", amount="15")
    assert say(world, paid) is Step.PROPOSED
    assert say(world, replace(paid, amount="16"), BO) is Step.PROPOSED
    assert say(world, paid, BO) is Step.PROPOSED
    assert say(world, replace(paid, amount="15.00")) is Step.RESOLVED


# ── two at once ──


def test_two_people_at_once_and_one_of_them_is_told_that_it_is_settled(world: World) -> None:
    order_id = unknown_send(world)
    item_id = only(world)
    no = Wanted("not_delivered", "they told us on the phone")
    said = at_once(partial(say, world, GIVEN, ANA, item_id), partial(say, world, no, BO, item_id))
    assert sorted(map(str, said)) == sorted(["resolved", str(Refusal(Code.ITEM_CLOSED))])
    winner = said.index(Step.RESOLVED)
    assert world.state(order_id) == ("delivered", "refunding")[winner]
    assert len(items.evidence(item_id)) == 1


def test_two_people_who_see_the_same_at_once_leave_one_line(world: World) -> None:
    world.order()
    world.work()
    world.provider.decide(Answer.SUCCEEDED, 1000)
    world.wake()
    world.work(2)
    item_id = only(world)
    seen = Wanted("seen", "rang the bank")
    said = at_once(*(partial(say, world, seen, who, item_id) for who in (ANA, BO)))
    assert (said.count(Step.RESOLVED), said.count(Refusal(Code.ITEM_CLOSED))) == (1, 1)


def test_a_late_answer_and_a_person_at_once_move_it_once(world: World) -> None:
    for n in range(6):
        world.supplier.finds = False
        order_id = unknown_send(world)
        item_id = only(world)
        reference = world.supplier.asked[-1]
        world.supplier.finds = True
        world.supplier.give(_request(reference))
        attempts.wake([Tries.SEND], "sandbox", [reference], at=world.clock())
        say_so = partial(say, world, Wanted("not_delivered", "they said no"), (ANA, BO)[n % 2], item_id)
        said, _ = at_once(say_so, partial(world.work, 1, ANOTHER_WORKER))
        events = world.events(order_id)
        if said is Step.RESOLVED:
            world.work(2)
            assert events.count("declined") == 1
            assert world.state(order_id) == "refunded"
        else:
            assert said in (Refusal(Code.ITEM_CLOSED), Refusal(Code.STILL_RUNNING))
            world.work()
            assert world.state(order_id) == "delivered"
        world.clock.tick(3600)
        for found in items.open_items():
            say(world, Wanted("seen", "an answer after all"), item_id=found.id)


def test_while_somebody_is_being_asked_a_person_waits_a_moment(world: World) -> None:
    unknown_send(world)
    [reference] = world.supplier.asked
    attempts.wake([Tries.SEND], "sandbox", [reference], at=world.clock())
    assert len(attempts.claim(WORKER, [Tries.SEND], at=world.clock(), limit=5, lease_s=30)) == 1
    assert say(world, Wanted("not_delivered", "they said no")) == refused(Code.STILL_RUNNING)
    assert world.items() == ["unknown_send"]


def test_after_a_late_answer_the_person_is_told_that_it_is_settled(world: World) -> None:
    order_id = unknown_send(world)
    item_id = only(world)
    [reference] = world.supplier.asked
    world.supplier.finds = True
    world.supplier.give(_request(reference))
    world.work_through(2 * 3600, step_s=600)
    assert world.state(order_id) == "delivered"
    assert say(world, Wanted("not_delivered", "they said no"), item_id=item_id) == refused(Code.ITEM_CLOSED)
    assert world.state(order_id) == "delivered"
