"""No data: a text from the very SIM asks, a friend pays by a link, and the code goes to that SIM and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from fakes import ANOTHER_WORKER, CUSTOMER, START, WORKER, Playing, World
from operations.test_order_texts import Line, leave, receipt
from opla.core import sms
from opla.core.attempt import Kind
from opla.core.money import Money
from opla.core.ports import Answer, Text
from opla.core.quote import Quote
from opla.core.refusal import Code, Refusal
from opla.db.queries.attempts import claim
from opla.db.queries.call import select
from opla.db.queries.forget import forget
from opla.operations import limits, rescue
from opla.operations.answer_texts import answer
from opla.operations.place_orders import Placed
from opla.operations.work import settle_claims
from opla.presenting import texting
from support import at_once, by_owner

ANA, BEN, CAS = "+32470000001", "+32470000002", "+32470000003"
FRIEND = b"a friend's phone"
PIN = "0000000000001"


def ask(world: World, text: str, number: str = ANA) -> str | None:
    found = answer(Text(number, text), shop=world.shop, at=world.clock())
    return None if found is None else texting.words(found)


def link_in(text: str | None) -> str:
    found = re.search(r"http://shop\.test/t/([a-z2-7]{26})/", text or "")
    assert found, text
    return found[1]


def quoted(world: World, link: str, email: str = "ben@example.org") -> Quote:
    found = rescue.find(link, shop=world.shop, at=world.clock())
    assert found is not None
    made = rescue.quote_for(CUSTOMER, found, email, "en", device=FRIEND, address="", shop=world.shop, at=world.clock())
    assert isinstance(made, Quote), made
    return made


def paid(world: World, quote: Quote) -> None:
    [placed] = world.place(quote, device=FRIEND)
    world.work()
    world.provider.decide(Answer.SUCCEEDED, quote.price.total.amount_minor)
    world.wake()
    world.work(4)
    assert world.state(placed.order_id) == "delivered"  # type: ignore[union-attr]  # else the state is not this


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("TOPUP 15 Proximus", "Proximus 15"),
        ("topup15 proximus", "Proximus 15"),
        ("Top up 20 lycamobile", "Lycamobile 20"),
        ("TOPUP 20 LYCA", "Lycamobile 20"),
    ],
)
def test_a_text_is_answered_with_what_that_sim_would_get_and_its_price(world: World, text: str, says: str) -> None:
    told = ask(world, text)
    assert told is not None
    assert says in told
    assert "€" in told
    assert len(sms.written(told).parts) <= 2
    assert link_in(told)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("TOPUP 15 Proximus", "en"),
        ("recharge 15 Proximus", "fr"),
        ("herladen 15 Proximus", "nl"),
        ("aufladen 15 Proximus", "de"),
        ("充值 15 Proximus", "zh-Hans"),
        ("充流量 Proximus", "zh-Hans"),
    ],
)
def test_the_answer_is_in_the_language_of_the_word(world: World, text: str, language: str) -> None:
    found = answer(Text(ANA, text), shop=world.shop, at=START)
    assert isinstance(found, rescue.Offer)
    assert found.language == language
    assert len(sms.written(texting.words(found)).parts) <= 4


def test_an_operator_is_asked_for_guessed_or_known(world: World) -> None:
    assert "Not a SIM of" in (ask(world, "TOPUP 15") or "")  # its block was Proximus's first
    assert "Of which operator" in (ask(world, "TOPUP 15 Nosuchcom") or "")
    paid(world, quoted(world, link_in(ask(world, "TOPUP 20 Lycamobile"))))
    known = ask(world, "TOPUP 20") or ""
    assert "Lycamobile 20" in known
    assert "Not a SIM of" not in known


def test_what_is_not_sold_is_answered_with_what_is(world: World) -> None:
    told = ask(world, "TOPUP 17 Scarlet") or ""
    assert "Scarlet: €8" in told
    assert "/t/" not in told
    guessed = ask(world, "TOPUP") or ""
    assert "Proximus: €15.00, €25.00, €50.00" in guessed
    assert "Not a SIM of Proximus" in guessed


def test_data_is_what_gives_data_and_costs_least(world: World) -> None:
    found = answer(Text(ANA, "DATA Proximus"), shop=world.shop, at=START)
    assert isinstance(found, rescue.Offer)
    assert found.product.rules.data_mb.known
    assert found.total == Money(1500, "EUR")


def test_yes_without_an_offer_is_not_answered(world: World) -> None:
    assert ask(world, "YES +32470000002") is None
    assert ask(world, "ja") is None
    ask(world, "TOPUP 15 Proximus")
    assert ask(world, "YES +32470000002", CAS) is None
    world.clock.tick(timedelta(hours=25).total_seconds())
    assert ask(world, "YES +32470000002") is None


def test_a_friend_is_texted_the_link_and_pays_and_the_code_goes_to_the_sim_that_asked(world: World) -> None:
    link = link_in(ask(world, "TOPUP 15 Proximus"))
    assert link_in(ask(world, "YES 0470 00 00 02")) == link
    line = Line()
    leave(world, line)
    [told] = line.told
    assert told.to == BEN
    assert link_in(told.text) == link
    assert "0470" not in told.text.replace(told.to, "")
    assert ANA not in told.text
    assert "+32 ... 01" in told.text
    assert len(sms.written(told.text).parts) <= 2
    quote = quoted(world, link)
    assert quote.number == ""  # a code's: who pays does not learn whose number it is
    paid(world, quote)
    leave(world, line)
    assert line.told[1].to == ANA
    assert f"*121*{PIN}#" in line.told[1].text
    assert len(line.told) == 2
    assert select("SELECT actor FROM reveal") == [("system:text",)]
    found = rescue.find(link, shop=world.shop, at=world.clock())
    assert found is not None
    assert found.paid
    assert ask(world, "YES") is None  # it is over


def test_the_friend_sees_the_number_where_the_asker_says_so(world: World) -> None:
    link = link_in(ask(world, "TOPUP 15 Proximus"))
    assert rescue.find(link, shop=world.shop, at=START).who == "+32 … 01"  # type: ignore[union-attr]  # it is there
    ask(world, "YES +32470000002 SHOW")
    leave(world, line := Line())
    assert "0470 00 00 01" in line.told[0].text
    assert rescue.find(link, shop=world.shop, at=START).who == ANA  # type: ignore[union-attr]  # it is there


def test_nobody_is_asked_twice_a_day_whoever_asks(world: World) -> None:
    for number in (ANA, CAS):
        ask(world, "TOPUP 15 Proximus", number)
        told = ask(world, "YES 0470000002", number) or ""
        assert "We ask 0470 00 00 02" in told  # the answer says nothing of what became of it
    leave(world, line := Line())
    assert [told.to for told in line.told] == [BEN]
    world.clock.tick(timedelta(days=1).total_seconds() + 1)
    ask(world, "TOPUP 15 Proximus", CAS)
    ask(world, "YES 0470000002", CAS)
    leave(world, line)
    assert len(line.told) == 2


def test_one_number_asks_few_friends(world: World) -> None:
    ask(world, "TOPUP 15 Proximus")
    for n in range(8):
        ask(world, f"YES 04710000{n:02d}")
    leave(world, line := Line())
    assert len(line.told) == limits.FRIENDS_OF_ONE.most


def test_a_friend_who_said_stop_is_never_texted_and_nobody_learns_that(world: World) -> None:
    assert ask(world, "STOP", BEN) is None
    ask(world, "TOPUP 15 Proximus")
    told = ask(world, "YES 0470000002") or ""
    assert "We ask 0470 00 00 02" in told
    leave(world, line := Line())
    assert line.told == []


def test_an_asker_who_said_stop_is_not_sent_the_code_and_the_payer_hears_of_it(world: World) -> None:
    link = link_in(ask(world, "TOPUP 15 Proximus"))
    assert ask(world, "STOP") is None
    paid(world, quoted(world, link))
    leave(world, line := Line())
    world.work()
    assert line.told == []
    assert [mail.subject for mail in world.mailbox.sent] == ["delivered", "text_failed"]
    assert select("SELECT count(*) FROM reveal") == [(0,)]


@pytest.mark.parametrize("typed", ["+33612345678", "0900 12 345", "112", "12", "+1 900 555 0100"])
def test_nobody_abroad_and_no_dear_number_is_texted_at_somebody_s_wish(world: World, typed: str) -> None:
    ask(world, "TOPUP 15 Proximus")
    told = ask(world, f"YES {typed}") or ""
    assert link_in(told)
    leave(world, line := Line())
    assert line.told == []


def test_a_number_abroad_is_offered_nothing(world: World) -> None:
    assert ask(world, "TOPUP 15 Proximus", "+33612345678") is None


def test_a_forged_sender_gets_nothing_and_the_owner_of_the_number_gets_it(world: World) -> None:
    """Whoever writes in Ana's name: the offer, the link's news and the code all go to Ana."""
    found = answer(Text(ANA, "TOPUP 15 Proximus"), shop=world.shop, at=START)
    assert isinstance(found, rescue.Offer)
    rows = select("SELECT row_to_json(a)::text FROM text_ask a")
    assert "470000001" not in str(rows)
    assert found.link.rsplit("/", 2)[1] not in str(rows)


def test_a_price_that_has_risen_buys_nothing_by_the_link_and_both_hear_of_it(world: World) -> None:
    from dataclasses import replace

    link = link_in(ask(world, "TOPUP 15 Proximus"))
    world.shop = replace(world.shop, terms=replace(world.shop.terms, fee_minor=100))
    for _ in range(2):
        found = rescue.find(link, shop=world.shop, at=world.clock())
        assert found is not None
        assert (found.dearer, found.total) == (True, Money(1600, "EUR"))
    leave(world, line := Line())
    [told] = line.told
    assert told.to == ANA
    assert "€16.00 now" in told.text


def test_a_price_that_has_fallen_is_paid_as_it_is(world: World) -> None:
    from dataclasses import replace

    cheap = world.shop
    world.shop = replace(world.shop, terms=replace(world.shop.terms, fee_minor=100))
    link = link_in(ask(world, "TOPUP 15 Proximus"))
    world.shop = cheap
    assert quoted(world, link).price.total == Money(1500, "EUR")


def test_a_guessed_link_is_none(world: World) -> None:
    ask(world, "TOPUP 15 Proximus")
    for guess in ("a" * 26, "", "x", "a" * 25, "é" * 26):
        assert rescue.find(guess, shop=world.shop, at=START) is None


def test_a_direct_top_up_says_beforehand_that_the_friend_sees_the_number(world: World) -> None:
    told = ask(world, "TOPUP 15 Mobile Vikings") or ""
    assert "They see your number" in told
    quote = quoted(world, link_in(told))
    assert quote.number == ANA
    paid(world, quote)
    leave(world, line := Line())
    assert [(one.to, "ends in 01" in one.text) for one in line.told] == [(ANA, True)]


def test_a_lost_code_is_told_to_whoever_paid(world: World) -> None:
    paid(world, quoted(world, link_in(ask(world, "TOPUP 15 Proximus"))))
    leave(world, Line())
    receipt(world, "m1-0", "UNDELIV")
    world.work()
    assert [mail.subject for mail in world.mailbox.sent] == ["delivered", "text_failed"]


def waits(world: World, quote: Quote, device: bytes = FRIEND) -> UUID:
    """Its order, whose payment is open and unpaid."""
    [placed] = world.place(quote, device=device)
    assert isinstance(placed, Placed), placed
    world.work()
    return placed.order_id


def pays(world: World, *sessions: int, rounds: int = 4) -> None:
    """Money comes for these sessions, counted from 0."""
    for n in sessions:
        world.provider.session(n, Answer.SUCCEEDED, 1500)
    world.wake()
    world.work(rounds)


@pytest.mark.parametrize("sku", ["Proximus", "Mobile Vikings"])
def test_of_two_friends_who_pay_the_first_buys_it_and_the_other_is_refunded_and_told(world: World, sku: str) -> None:
    """A transfer takes days: the money of whoever ordered first may come last."""
    link = link_in(ask(world, f"TOPUP 15 {sku}"))
    slow, quick = (waits(world, quoted(world, link, f"{name}@example.org")) for name in ("ben", "cas"))
    pays(world, 1)
    assert (world.state(quick), world.state(slow)) == ("delivered", "placed")
    world.clock.tick(timedelta(days=3).total_seconds())
    pays(world, 0)
    assert (world.state(slow), world.refunds()) == ("refunded", [("late", 1500, "done")])
    assert world.supplier.gave == 1
    told = [(mail.to, mail.subject) for mail in world.mailbox.sent]
    assert ("ben@example.org", "refunding") in told
    assert [to for to, subject in told if subject == "delivered"] == ["cas@example.org"]
    assert world.events(slow) == ["placed", "paid_after", "refunded"]


def test_two_payments_in_one_breath_buy_it_once(world: World) -> None:
    link = link_in(ask(world, "TOPUP 15 Proximus"))
    both = [waits(world, quoted(world, link, f"{name}@example.org")) for name in ("ben", "cas")]
    pays(world, 0, 1)
    assert sorted(map(world.state, both)) == ["delivered", "refunded"]
    assert world.supplier.gave == 1


def charges(world: World, worker: UUID) -> Callable[[], object]:
    """One of the charges that are due, taken up now and settled later."""
    mine = claim(worker, [Kind.CHARGE], at=world.clock(), limit=1, lease_s=30)
    return lambda: settle_claims(
        mine, worker=worker, shop=world.shop, outside=Playing(world), at=world.clock(), clock=world.clock
    )


def test_two_workers_who_take_money_for_it_at_once_buy_it_once(world: World) -> None:
    for _ in range(3):
        link = link_in(ask(world, "TOPUP 15 Proximus"))
        both = [waits(world, quoted(world, link, f"{name}@example.org")) for name in ("ben", "cas")]
        for n in (-2, -1):
            world.provider.session(n, Answer.SUCCEEDED, 1500)
        world.wake()
        at_once(charges(world, WORKER), charges(world, ANOTHER_WORKER))
        world.work(4)
        assert sorted(map(world.state, both)) == ["delivered", "refunded"]
        world.clock.tick(61)


def test_twice_in_one_basket_it_is_bought_once(world: World) -> None:
    link = link_in(ask(world, "TOPUP 15 Proximus"))
    quotes = [quoted(world, link), quoted(world, link)]
    placed = world.place(*quotes, device=FRIEND, together=True)
    world.work()
    world.provider.decide(Answer.SUCCEEDED, 3000)
    world.wake()
    world.work(4)
    assert sorted(world.state(one.order_id) for one in placed if isinstance(one, Placed)) == ["delivered", "refunded"]


def test_what_nobody_could_deliver_is_bought_by_the_next_who_pays(world: World) -> None:
    link = link_in(ask(world, "TOPUP 15 Proximus"))
    first, second = (waits(world, quoted(world, link, f"{name}@example.org")) for name in ("ben", "cas"))
    world.supplier.script = [world.supplier.refuses]
    pays(world, 0)
    assert world.state(first) == "refunded"
    pays(world, 1)
    assert world.state(second) == "delivered"


def test_once_somebody_has_paid_no_price_that_is_open_still_buys_it(world: World) -> None:
    link = link_in(ask(world, "TOPUP 15 Proximus"))
    open_still = quoted(world, link, "cas@example.org")
    unpaid = waits(world, quoted(world, link, "dee@example.org"))
    world.provider.session(0, Answer.DECLINED)
    world.wake()
    world.work()
    waits(world, quoted(world, link))
    pays(world, 1)
    assert world.place(open_still, device=FRIEND) == [Refusal(Code.BOUGHT_ALREADY, "quote")]
    assert world.pay_again(unpaid) == Refusal(Code.ORDER_NOT_PAYABLE)


def test_a_charge_that_has_not_left_when_somebody_else_pays_is_not_sent(world: World) -> None:
    link = link_in(ask(world, "TOPUP 15 Proximus"))
    first = waits(world, quoted(world, link))
    [placed] = world.place(quoted(world, link, "cas@example.org"), device=FRIEND)
    assert isinstance(placed, Placed)
    by_owner("UPDATE attempt SET due_at = due_at + interval '1 minute' WHERE state = 'new'")
    pays(world, 0)
    assert world.state(first) == "delivered"
    world.clock.tick(61)
    world.work(2)
    assert len(world.provider.charges) == 1


def test_who_has_paid_and_is_forgotten_has_paid_still(world: World) -> None:
    link = link_in(ask(world, "TOPUP 15 Proximus"))
    slow = waits(world, quoted(world, link, "cas@example.org"))
    quick = waits(world, quoted(world, link))
    pays(world, 1)
    leave(world, Line())
    assert world.state(quick) == "delivered"
    assert forget(CUSTOMER, "ben@example.org", [], b"", at=world.clock()) == 0
    kept = select("SELECT o.id FROM text_wish w JOIN orders o USING (quote_id) WHERE w.sealed <> '' OR w.who <> ''")
    pays(world, 0)
    assert (world.state(slow), world.supplier.gave) == ("refunded", 1)
    assert kept == [(slow,)]
