"""A text and the word that came back charge a kept consent, once; a text alone charges nothing, whoever wrote it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from fakes import CUSTOMER, START, World
from operations.test_order_texts import Line, leave
from operations.test_renewing import Keeper, begun, change_ceiling, of, until_noticed
from operations.test_rescue import ask, link_in, pays, quoted, waits
from opla.core import sms
from opla.core.actor import Actor, Role
from opla.core.chance import Chance
from opla.core.money import Money
from opla.core.phone import Number
from opla.core.ports import Answer, ChargeReport, Text
from opla.core.refusal import Code, Refusal
from opla.core.renewal import State
from opla.core.texted import Pay, read
from opla.db.queries import renewals as rows
from opla.db.queries import rescue as rescue_rows
from opla.db.queries.call import select
from opla.db.queries.text_pay import Offered
from opla.operations import change_renewal, rescue, text_pay
from opla.operations.answer_texts import answer
from opla.operations.order_texts import read_number
from opla.operations.renew import renew
from opla.operations.text_pay import A_MONTH, TRIES, NoWord, Paying
from opla.presenting import renewing, texting
from support import at_once, by_owner

SIM, STRANGER = "+32470123456", "+32470000009"
OFFER = "TOPUP 15 Mobile Vikings"
DAY = timedelta(days=1)


@pytest.fixture
def keeper(world: World) -> Keeper:
    world.provider = Keeper()
    world.shop = replace(world.shop, keeping=frozenset({"sandbox"}))
    return world.provider


def allowed(world: World, cap: str = "15", month_cap: str = "") -> None:
    begun(world, cap=cap, month_cap=month_cap)
    may(world)


def may(world: World, *, yes: bool = True) -> Refusal | None:
    return change_renewal.allow_by_text(
        CUSTOMER, of(world), renewing.by_text_consent(), may=yes, shop=world.shop, at=world.clock()
    )


def word_in(text: str | None) -> str:
    found = re.search(r"PAY ([2-9A-Z]{6}) ", text or "")
    assert found, text
    return found[1]


def offered(world: World) -> str:
    return word_in(ask(world, OFFER, SIM))


def said(world: World, word: str, number: str = SIM) -> Paying | NoWord | None:
    found = answer(Text(number, f"PAY {word}"), shop=world.shop, at=world.clock())
    assert found is None or isinstance(found, Paying | NoWord)
    return found


def orders(world: World) -> int:
    [(n,)] = select("SELECT count(*) FROM orders")
    assert isinstance(n, int)
    return n


def test_the_word_that_came_back_is_charged_and_delivered_to_that_sim_and_its_owner_is_told(
    world: World, keeper: Keeper
) -> None:
    allowed(world)
    text = ask(world, OFFER, SIM)
    assert len(sms.written(text or "").parts) <= 3
    word = word_in(text)
    assert link_in(text)
    assert isinstance(said(world, word.lower()), Paying)
    world.work(4)
    assert [one.mandate for one in keeper.charged] == ["man_pay_1"]
    assert select("SELECT number, state, email FROM orders ORDER BY placed_at DESC LIMIT 1") == [
        (SIM, "delivered", "ana@example.org")
    ]
    leave(world, line := Line())
    assert [(one.to, "credited" in one.text) for one in line.told] == [(SIM, True)]
    letters = [mail for mail in world.mailbox.sent if mail.subject == "renewal_by_text"]
    assert [mail.to for mail in letters] == ["ana@example.org"]
    assert [mail.subject for mail in world.mailbox.sent].count("delivered") == 2


def test_a_code_goes_to_the_sim_by_text(world: World, keeper: Keeper) -> None:
    allowed(world)
    by_owner("UPDATE renewal SET operator = 'proximus'")
    assert isinstance(said(world, word_in(ask(world, "TOPUP 15 Proximus", SIM))), Paying)
    world.work(4)
    leave(world, line := Line())
    assert [(one.to, "*121*" in one.text) for one in line.told] == [(SIM, True)]
    assert select("SELECT actor FROM reveal") == [("system:text",)]


def test_a_forged_sender_without_the_word_charges_nothing_and_is_out_after_a_few_guesses(
    world: World, keeper: Keeper
) -> None:
    allowed(world)
    word = offered(world)
    for guess in ("K7M39Q", "", "234567")[:TRIES]:
        assert isinstance(said(world, guess), NoWord)
    assert isinstance(said(world, word), NoWord)
    assert orders(world) == 1
    rows_ = str(select("SELECT row_to_json(t)::text FROM text_pay t"))
    assert word not in rows_
    assert SIM not in rows_


def test_a_word_is_of_no_use_from_another_number(world: World, keeper: Keeper) -> None:
    allowed(world)
    word = offered(world)
    assert said(world, word, STRANGER) is None
    ask(world, "TOPUP 15 Proximus", STRANGER)
    assert isinstance(said(world, word, STRANGER), NoWord)
    assert orders(world) == 1
    assert isinstance(said(world, word), Paying)


def test_a_word_is_good_once(world: World, keeper: Keeper) -> None:
    allowed(world)
    word = offered(world)
    assert isinstance(said(world, word), Paying)
    assert isinstance(said(world, word), Paying)  # the text was brought twice: the same is said, and nothing done
    world.work(4)
    assert isinstance(said(world, word), Paying)
    assert orders(world) == 2
    assert len(keeper.charged) == 1


def test_a_word_that_was_charged_is_said_to_be_however_late_its_text_is_brought_again(
    world: World, keeper: Keeper
) -> None:
    """Whoever reads that nothing is charged buys it elsewhere as well."""
    allowed(world)
    keeper.later = [ChargeReport(Answer.UNKNOWN, why="timeout")] * 50
    word = offered(world)
    assert isinstance(said(world, word), Paying)
    world.work()
    world.clock.tick(11 * 60)
    ask(world, OFFER, SIM)
    assert isinstance(said(world, word), Paying)
    assert select("SELECT max(tries) FROM text_pay") == [(0,)]
    assert orders(world) == 2


def test_two_listeners_with_one_text_both_say_that_it_is_charged(
    world: World, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed(world)
    word = offered(world)
    placed, other = text_pay._placed, []

    def after_the_other(*of: object) -> bool:
        monkeypatch.setattr(text_pay, "_placed", placed)
        other.append(said(world, word))
        return placed(*of)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(text_pay, "_placed", after_the_other)
    assert [type(one) for one in (said(world, word), *other)] == [Paying, Paying]
    assert orders(world) == 2


def test_a_word_is_good_for_minutes(world: World, keeper: Keeper) -> None:
    allowed(world)
    word = offered(world)
    world.clock.tick(600)
    found = said(world, word)
    assert isinstance(found, NoWord)
    assert link_in(texting.words(found))  # the friend's way is left
    assert orders(world) == 1


def test_two_texts_at_once_charge_once(world: World, keeper: Keeper) -> None:
    allowed(world)
    first, second = offered(world), offered(world)

    def turn(word: str) -> int:
        said(world, word)
        return 1

    at_once(lambda: turn(first), lambda: turn(second), lambda: turn(first))
    world.work(4)
    assert orders(world) == 2
    assert len(keeper.charged) == 1


@pytest.mark.parametrize("minor", [1, 100])
def test_a_price_that_has_risen_is_not_charged(world: World, keeper: Keeper, minor: int) -> None:
    allowed(world, cap="30")
    word = offered(world)
    world.shop = replace(world.shop, terms=replace(world.shop.terms, fee_minor=minor))
    assert isinstance(said(world, word), NoWord)
    assert orders(world) == 1


@pytest.mark.parametrize(
    "lower", ["UPDATE renewal SET cap_minor = 1499", "UPDATE renewal SET month_cap_minor = 2999, cap_minor = 1500"]
)
def test_above_a_ceiling_the_offer_says_so_and_leaves_the_friends_way(world: World, keeper: Keeper, lower: str) -> None:
    allowed(world)
    word = offered(world)
    by_owner(lower)
    if "month" in lower:
        by_owner("INSERT INTO renewal_period (renewal_id, key, phase, due_at, made_at, closed_at, order_id, payment_id,"
                 " notice_sent_at) SELECT r.id, '2026-11-01', 'delivered', r.made_at, r.made_at, r.made_at, o.id,"
                 " a.payment_id, r.made_at FROM renewal r JOIN orders o ON o.id = r.first_order_id"
                 " JOIN allocation a ON a.order_id = o.id")  # fmt: skip
    text = ask(world, OFFER, SIM) or ""
    assert "limit is reached" in text
    assert "PAY" not in text
    assert link_in(text)
    assert isinstance(said(world, word), NoWord)  # what was offered before it sank
    assert orders(world) == 1


def test_what_is_charged_by_text_counts_for_the_month_of_the_renewal(world: World, keeper: Keeper) -> None:
    allowed(world, month_cap="15")
    assert isinstance(said(world, offered(world)), Paying)
    world.work(4)
    assert rows.spent(of(world).kept.id, START) == 1500


@pytest.mark.parametrize("way", ["pause", "end", "forbid", "consent", "charged_back", "gone", "reseller"])
def test_whatever_ends_in_between_is_not_charged_and_offers_what_a_stranger_is_offered(
    world: World, keeper: Keeper, way: str
) -> None:
    allowed(world)
    word = offered(world)
    match way:
        case "pause":
            assert change_renewal.pause(CUSTOMER, of(world), shop=world.shop, at=world.clock()) is None
        case "end":
            assert change_renewal.end(CUSTOMER, of(world), shop=world.shop, at=world.clock()) is None
        case "forbid":
            assert may(world, yes=False) is None
        case "consent":
            by_owner("UPDATE mandate SET state = 'ending', due_at = made_at")
        case "charged_back":
            [(first, before)] = list(keeper.charges.items())
            keeper.charges[first] = replace(before, charged_back_minor=1500)
            world.wake()
            world.work(2)
        case "gone":
            world.shop = replace(world.shop, keeping=frozenset())
        case _:
            by_owner("UPDATE renewal SET operator = 'proximus'")
    assert isinstance(said(world, word), NoWord)
    assert orders(world) == 1
    told, stranger = ask(world, OFFER, SIM) or "", ask(world, OFFER, STRANGER) or ""
    assert told.replace(link_in(told), "") == stranger.replace(link_in(stranger), "")


def test_ended_after_the_word_and_before_the_socket_nothing_is_charged(world: World, keeper: Keeper) -> None:
    allowed(world)
    assert isinstance(said(world, offered(world)), Paying)
    assert change_renewal.end(CUSTOMER, of(world), shop=world.shop, at=world.clock()) is None
    world.work(4)
    assert keeper.charged == []
    leave(world, line := Line())
    assert ["could not be paid" in one.text for one in line.told] == [True]


@pytest.mark.parametrize(("cap", "charged"), [("14.99", 0), ("15", 1)])
def test_a_ceiling_lowered_after_the_word_and_before_the_socket_holds(
    world: World, keeper: Keeper, cap: str, charged: int
) -> None:
    allowed(world)
    assert isinstance(said(world, offered(world)), Paying)
    assert change_ceiling(world, cap) == []
    world.work(4)
    assert len(keeper.charged) == charged


def test_without_the_owners_leave_nothing_is_offered(world: World, keeper: Keeper) -> None:
    begun(world)
    assert "PAY" not in (ask(world, OFFER, SIM) or "")
    assert may(world) is None
    assert word_in(ask(world, OFFER, SIM))
    assert "PAY" not in (ask(world, OFFER, STRANGER) or "")


def test_an_ended_renewal_allows_nothing_and_nobody_else_allows_for_its_owner(world: World, keeper: Keeper) -> None:
    begun(world)
    for role in (Role.SYSTEM, Role.OWNER):
        refused = change_renewal.allow_by_text(
            Actor(role, "x"), of(world), "Yes.", may=True, shop=world.shop, at=world.clock()
        )
        assert refused is not None
        assert refused.code is Code.NOT_ALLOWED
    assert change_renewal.end(CUSTOMER, of(world), shop=world.shop, at=world.clock()) is None
    assert may(world) == Refusal(Code.RENEWAL_NOT_NOW)


def test_once_a_day_and_a_few_times_a_month(world: World, keeper: Keeper) -> None:
    allowed(world)
    world.clock.now = START.replace(month=12, day=1)
    for n in range(A_MONTH):
        if n:
            world.clock.now += DAY
        assert isinstance(said(world, offered(world)), Paying)
        world.work(4)
        assert "limit is reached" in (ask(world, OFFER, SIM) or "")
    world.clock.now += DAY
    assert "limit is reached" in (ask(world, OFFER, SIM) or "")
    assert len(keeper.charged) == A_MONTH


def test_refused_by_the_bank_the_sim_hears_of_it_once_with_the_friends_way_which_still_works(
    world: World, keeper: Keeper
) -> None:
    allowed(world)
    text = ask(world, OFFER, SIM)
    keeper.later = [ChargeReport(Answer.DECLINED, why="refused")]
    word = word_in(text)
    assert isinstance(said(world, word), Paying)
    world.work(4)
    leave(world, line := Line())
    [told] = line.told
    assert told.to == SIM
    assert "could not be paid" in told.text
    assert link_in(told.text) == link_in(text)
    letters = [mail for mail in world.mailbox.sent if mail.subject.startswith("renewal_by_text")]
    assert [(mail.to, mail.subject) for mail in letters] == [
        ("ana@example.org", "renewal_by_text"),
        ("ana@example.org", "renewal_by_text_refused"),
    ]
    assert isinstance(said(world, word), NoWord)
    world.clock.tick(61)
    world.work(4)
    leave(world, line)
    assert len(line.told) == 1
    assert len([mail for mail in world.mailbox.sent if mail.subject == "renewal_by_text_refused"]) == 1
    assert of(world).kept.state is State.ACTIVE
    quoted(world, link_in(text))


def test_nothing_is_charged_beside_a_charge_that_nobody_can_tell_of(world: World, keeper: Keeper) -> None:
    allowed(world)
    keeper.later = [ChargeReport(Answer.UNKNOWN, why="timeout")] * 50
    text = ask(world, OFFER, SIM)
    assert isinstance(said(world, word_in(text)), Paying)
    world.work(4)
    found = rescue.find(link_in(text), shop=world.shop, at=world.clock())
    assert found is not None
    assert found.paid  # nobody else pays for it meanwhile
    world.clock.now += DAY
    assert "PAY" not in (ask(world, OFFER, SIM) or "")
    world.clock.now = until_noticed(world) + timedelta(minutes=1)
    renew(shop=world.shop, at=world.clock())
    assert orders(world) == 2


def test_what_a_friend_has_paid_or_pays_is_not_charged_too(world: World, keeper: Keeper) -> None:
    allowed(world)
    text = ask(world, OFFER, SIM)
    world.place(quoted(world, link_in(text)), device=b"a friend's phone")
    assert isinstance(said(world, word_in(text)), NoWord)
    assert keeper.charged == []


@pytest.mark.parametrize("late", [False, True])
def test_of_a_charge_by_text_and_a_friend_who_pays_too_the_first_buys_it(
    world: World, keeper: Keeper, *, late: bool
) -> None:
    allowed(world)
    text = ask(world, OFFER, SIM)
    before = quoted(world, link_in(text))
    assert isinstance(said(world, word_in(text)), Paying)
    if late:  # nothing has left for it when the friend's money comes
        by_owner("UPDATE attempt SET due_at = due_at + interval '1 minute' WHERE state = 'new'")
    waits(world, before)
    pays(world, -1)
    world.clock.tick(61)
    world.work(4)
    assert len(keeper.charged) == (0 if late else 1)
    assert world.refunds() == ([] if late else [("late", 1500, "done")])
    assert world.supplier.gave == 2  # of these one, and the first of the renewal
    leave(world, line := Line())
    assert not any("could not be paid" in one.text for one in line.told)


def test_consent_that_takes_days_is_not_offered(world: World, keeper: Keeper) -> None:
    keeper.days = 5
    allowed(world)
    assert "PAY" not in (ask(world, OFFER, SIM) or "")


def test_whoever_said_stop_is_not_answered_and_charges_nothing(world: World, keeper: Keeper) -> None:
    allowed(world)
    word = offered(world)
    assert ask(world, "STOP", SIM) is None
    assert said(world, word) is None
    assert orders(world) == 1


def test_what_the_offer_says_to_text_back_is_what_is_read_in_every_language(world: World, keeper: Keeper) -> None:
    allowed(world)
    for word in ("topup", "recharge", "herladen", "aufladen", "充值"):
        told = ask(world, f"{word} 15 Mobile Vikings", SIM) or ""
        assert len(sms.written(told).parts) <= 5, told
        read_as = [read(found) for found in re.findall(r"(?=\b(\w+ [2-9A-Z]{6})\b)", told)]
        assert len([one for one in read_as if isinstance(one, Pay) and one.word]) == 1, told
    product, total = "Mobile Vikings 15", Money(1500, "EUR")
    for language in ("en", "fr", "nl", "de", "zh-Hans"):
        link = f"{world.shop.base_url}/t/{'a' * 26}/"
        for answered in (Paying(language, product, total), NoWord(language, link), NoWord(language, "")):
            assert len(sms.written(texting.words(answered)).parts) <= 2


#: What is not so at the last moment, and how it is made so again.
LAST_MOMENT = [
    ("UPDATE renewal SET state = 'paused'", "UPDATE renewal SET state = 'active'"),
    ("UPDATE renewal SET cap_minor = 1499", "UPDATE renewal SET cap_minor = 1500"),
    (
        "UPDATE renewal SET month_cap_minor = 1499, cap_minor = 1499",
        "UPDATE renewal SET month_cap_minor = NULL, cap_minor = 1500",
    ),
    ("UPDATE renewal SET operator = 'proximus'", "UPDATE renewal SET operator = 'mobile-vikings'"),
    ("UPDATE mandate SET state = 'ending'", "UPDATE mandate SET state = 'kept'"),
    ("UPDATE mandate SET provider = 'mollie'", "UPDATE mandate SET provider = 'sandbox'"),
    ("UPDATE renewal_by_text SET who = 'x'", "UPDATE renewal_by_text b SET who = t.who FROM text_pay t"),
    ("UPDATE text_ask SET total_minor = 1499", "UPDATE text_ask SET total_minor = 1500"),
    ("UPDATE text_pay SET tries = 3", "UPDATE text_pay SET tries = 0"),
    ("UPDATE text_pay SET ends_at = made_at", "UPDATE text_pay SET ends_at = made_at + interval '10 minutes'"),
    ("UPDATE renewal_period SET phase = 'placed'", "UPDATE renewal_period SET phase = 'planned'"),
]


def test_whatever_was_decided_before_the_database_refuses_what_is_not_so(
    world: World, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if everything before it had looked away."""
    allowed(world)
    offered(world)
    [(id_, asked, renewal_id)] = select("SELECT id, ask, renewal_id FROM text_pay")
    [(operator,)] = select("SELECT operator FROM renewal")
    assert operator == "mobile-vikings"
    assert isinstance(id_, UUID)
    assert isinstance(asked, UUID)
    assert isinstance(renewal_id, UUID)
    found = rescue_rows.by_id(asked)
    assert found is not None
    price = rescue.as_now(found, shop=world.shop, at=world.clock())
    assert price is not None
    for name in ("_may", "_within"):
        monkeypatch.setattr(f"opla.operations.text_pay.{name}", lambda *_: True)
    monkeypatch.setattr("opla.db.queries.text_pay.try_", lambda *_, **__: Offered(id_, asked, renewal_id, ""))
    monkeypatch.setattr("opla.operations.rescue.as_now", lambda *_, **__: price)
    number = read_number(SIM)
    assert isinstance(number, Number)
    for broken, mended in LAST_MOMENT:
        by_owner(broken)
        assert isinstance(text_pay.pay(Pay("234567"), number, shop=world.shop, at=world.clock()), NoWord), broken
        assert orders(world) == 1, broken
        by_owner(mended)
    assert isinstance(said(world, "234567"), Paying)  # nothing else was wrong


@pytest.mark.parametrize(
    "text", ["PAY K7M39Q", "pay k7m-39q", "PAYER K7M39Q", "Betaal K7M39Q.", "支付K7M39Q", "付款 K7M39Q"]
)
def test_the_word_is_read_however_it_is_written(text: str) -> None:
    assert read(text) == Pay("K7M39Q")


def test_every_word_that_is_drawn_is_read(world: World) -> None:
    for _ in range(200):
        word = Chance().word()
        assert read(f"pay {word}") == Pay(word)
    assert read("PAY me later") == Pay("")
