"""A kiosk as whoever comes to it sees it, and as the next one does not."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from django.urls import reverse

from fakes import CODE, DIRECT
from operations import test_vouchers as papers
from operations.test_cash import OWNER
from operations.test_order_texts import Line
from operations.test_stations import broken
from operations.test_terminals import counter, stocked, work
from opla.core.actor import Actor, Role
from opla.core.money import Money
from opla.core.order import State
from opla.core.ports import Answer
from opla.core.print_job import Event, Sight
from opla.core.refusal import Refusal
from opla.core.station import Kind
from opla.db.models import Place
from opla.db.queries import pages, print_jobs
from opla.db.queries.call import select
from opla.kiosk.urls import urlpatterns
from opla.operations import order_texts, stations, terminal
from opla.operations.kiosk import watch
from opla.presenting import orders, texting
from support import at_once, by_owner
from surfaces.conftest import Door, Seen, Visitor
from surfaces.test_tablets import signed_in
from surfaces.test_till import opened
from surfaces.test_till import tablet as till_of

__all__ = ["counter"]

MACHINE = "kiosk-mollie"


@pytest.fixture
def shop(door: Door, request: pytest.FixtureRequest) -> Door:
    request.getfixturevalue("counter")
    return door


def machine(shop: Door, *, is_open: bool = True) -> None:
    no = terminal.keep_terminal(
        OWNER, MACHINE, "mollie_terminal", their_id="term_000009", station="main-kiosk", is_open=is_open,
        shop=shop.world.shop, at=shop.world.clock(),
    )  # fmt: skip
    assert no is None


def tablet(shop: Door, *, language: str = "en") -> Visitor:
    """Paired as a kiosk, with a card machine beside it."""
    place = Place.objects.get(source="own", ref="1").id
    made = stations.keep(OWNER, "main-kiosk", Kind.KIOSK, place_id=place, shop=shop.world.shop, at=shop.world.clock())
    assert not isinstance(made, Refusal)
    found = Visitor(language=language)
    found.post("/station/", {"code": made.code})
    machine(shop)
    return found


@pytest.fixture
def kiosk(shop: Door) -> Visitor:
    return tablet(shop)


def priced(kiosk: Visitor, sku: str = CODE, **more: str) -> Seen:
    kiosk.get("/kiosk/")
    operator = "mobile-vikings" if sku == DIRECT else "proximus"
    return kiosk.post("/kiosk/price/", {"operator": operator, "sku": sku, **more})


def by_card(kiosk: Visitor, page: Seen) -> Seen:
    return kiosk.post(f"{page.where}card/", {"machine": MACHINE})


def paid(shop: Door, n: int = 0) -> None:
    """The n-th card is held to the machine, and says yes."""
    work(shop.world)
    shop.world.provider.session(n, Answer.SUCCEEDED, 1500)
    shop.world.clock.tick(10)
    work(shop.world)


def press(kiosk: Visitor, page: Seen, digits: str, action: str = "/kiosk/number/", **more: str) -> Seen:
    """A finger on the keypad, without a script: every press is a page."""
    for digit in digits:
        page = kiosk.post(action, {"digits": page.value("digits"), "press": digit, **more})
    return kiosk.post(action, {"digits": page.value("digits"), "press": "done", **more})


def reads(kiosk: Visitor) -> str:
    """Everything that whoever stands there now can open."""
    pages = ("/kiosk/", "/kiosk/number/", "/kiosk/order/", "/kiosk/order/state/", "/kiosk/order/code/")
    seen = " ".join(kiosk.get(path).text for path in pages[:-1])
    return seen + kiosk.post(pages[-1]).text + kiosk.post("/kiosk/order/phone/").text


def test_an_amount_is_paid_by_card_and_its_code_is_shown_for_a_minute(shop: Door, kiosk: Visitor) -> None:
    assert "Proximus" in kiosk.get("/kiosk/").text
    assert "€15" in kiosk.get("/kiosk/operator/proximus/").text
    page = priced(kiosk)
    assert "What changes on the SIM" in page.text
    assert "Pay €15.00 by card" in page.text
    waits = by_card(kiosk, page)
    assert waits.where == "/kiosk/order/"
    assert kiosk.get("/kiosk/").where == "/kiosk/order/"
    paid(shop)
    done = kiosk.get("/kiosk/order/state/")
    assert "Show the code" in done.text
    shop.world.clock.tick(70)  # the page came by itself: a minute for whoever held a card just now
    code = kiosk.post("/kiosk/order/code/")
    [(serial,)] = select("SELECT serial FROM code WHERE order_id IS NOT NULL")
    assert str(serial) in code.text
    assert "main-kiosk" in str(select("SELECT actor FROM reveal"))
    shop.world.clock.tick(70)
    assert str(serial) in kiosk.post("/kiosk/order/code/").text  # kept longer
    shop.world.clock.tick(76)
    assert str(serial) not in reads(kiosk)
    assert not broken(shop.world)


def test_a_number_is_pressed_digit_by_digit_and_is_gone_with_whoever_pressed_it(shop: Door, kiosk: Visitor) -> None:
    page = kiosk.get("/kiosk/number/")
    wrong = press(kiosk, page, "025111111")
    assert (wrong.status, 'role="alert"' in wrong.html) == (422, True)
    assert press(kiosk, page, "0470123456").where in ("/kiosk/operator/proximus/", "/kiosk/")
    assert "0470 12 34 56" in kiosk.get("/kiosk/").text
    plans = priced(kiosk, DIRECT)
    price = kiosk.post("/kiosk/price/", {"operator": "mobile-vikings", "sku": DIRECT, "plan": ""})
    assert "Keep the plan" in plans.text
    assert "0470 12 34 56" in price.text
    waits = by_card(kiosk, price)
    assert "0470" not in waits.text  # whoever passes by reads its end alone
    kiosk.get("/kiosk/over/")
    assert "0470" not in reads(kiosk)
    assert "456" not in reads(kiosk)


def test_direct_credit_asks_for_the_number_on_the_keypad_and_goes_on_from_there(shop: Door, kiosk: Visitor) -> None:
    asks = priced(kiosk, DIRECT)
    assert "Mobile number to top up" in asks.text
    carried = {"operator": "mobile-vikings", "sku": DIRECT, "amount": asks.value("amount"), "plan": ""}
    page = press(kiosk, asks, "0470123456", "/kiosk/price/", **carried)
    assert page.where.startswith("/kiosk/quote/")
    by_card(kiosk, page)
    paid(shop)
    assert "Delivered" in kiosk.get("/kiosk/order/").text


@pytest.mark.parametrize("leaves", ["over", "idle"])
def test_the_next_customer_reaches_nothing_of_the_last_one(shop: Door, kiosk: Visitor, leaves: str) -> None:
    page = priced(kiosk)
    by_card(kiosk, page)
    paid(shop)
    kiosk.get("/kiosk/order/")
    kept = kiosk.client.cookies["opla_kiosk"].value
    if leaves == "over":
        kiosk.get("/kiosk/over/")
    else:
        shop.world.clock.tick(76)
    assert kiosk.get(page.where).where == "/kiosk/"  # by address, or by Back
    assert kiosk.post("/kiosk/order/code/").where == "/kiosk/"
    seen = reads(kiosk)
    [(ticket, serial)] = select("SELECT o.ticket, c.serial FROM orders o JOIN code c ON c.order_id = o.id")
    assert str(ticket) not in seen
    assert str(serial) not in seen
    priced(kiosk)  # with a visit of their own
    assert kiosk.get(page.where).where == "/kiosk/"
    assert str(ticket) not in reads(kiosk)
    kiosk.client.cookies["opla_kiosk"] = kept
    shop.world.clock.tick(76)
    assert str(ticket) not in reads(kiosk)  # what stayed behind is over too
    assert select("SELECT count(*) FROM reveal") == [(0,)]


def test_what_was_typed_and_the_language_are_wiped_when_nobody_touches_it(shop: Door, kiosk: Visitor) -> None:
    press(kiosk, kiosk.get("/kiosk/number/"), "0470123456")
    kiosk.post("/language/", {"language": "fr", "next": "/kiosk/"})
    assert "Recharger" in kiosk.get("/kiosk/").text or 'lang="fr"' in kiosk.get("/kiosk/").html
    shop.world.clock.tick(44)
    kiosk.post("/kiosk/touch/")
    shop.world.clock.tick(44)
    assert "0470 12 34 56" in kiosk.get("/kiosk/").text
    shop.world.clock.tick(46)
    assert "0470" not in kiosk.get("/kiosk/").text
    kiosk.get("/kiosk/over/")
    assert '<html lang="en">' in kiosk.get("/kiosk/").html


def test_a_page_without_a_script_ends_by_itself_and_the_one_that_waits_looks_again(shop: Door, kiosk: Visitor) -> None:
    assert "url=/kiosk/over/" in priced(kiosk).html
    assert "url=/kiosk/order/state/" in by_card(kiosk, priced(kiosk)).html
    shop.world.clock.tick(200)
    assert "url=/kiosk/order/state/" in kiosk.get("/kiosk/order/state/").html
    shop.world.clock.tick(200)  # the machine may take longer than anybody touches a screen
    paid(shop)
    assert "Show the code" in kiosk.get("/kiosk/order/state/").text


def test_a_card_that_is_declined_is_tried_again_on_the_same_order(shop: Door, kiosk: Visitor) -> None:
    by_card(kiosk, priced(kiosk))
    work(shop.world)
    shop.world.provider.session(0, Answer.DECLINED, why="terminal_cancelled")
    shop.world.clock.tick(10)
    work(shop.world)
    page = kiosk.get("/kiosk/order/state/")
    assert "It was cancelled on the card machine." in page.text
    again = kiosk.post("/kiosk/order/again/", {"machine": MACHINE})
    assert again.where == "/kiosk/order/"
    paid(shop, 1)
    assert "Show the code" in kiosk.get("/kiosk/order/state/").text
    assert select("SELECT count(*) FROM orders") == [(1,)]


def test_no_payment_begins_while_the_machine_waits_for_somebody_elses_card(shop: Door, kiosk: Visitor) -> None:
    by_card(kiosk, priced(kiosk))
    kiosk.get("/kiosk/over/")  # and walked away
    page = priced(kiosk)
    refused = by_card(kiosk, page)
    assert (refused.status, "still waits for somebody else" in refused.text) == (409, True)
    assert select("SELECT count(*) FROM orders") == [(1,)]


def test_pay_pressed_twice_at_once_is_one_order_and_one_payment(shop: Door, kiosk: Visitor) -> None:
    page = priced(kiosk)
    cookies = dict(kiosk.client.cookies)

    def presses() -> Seen:
        finger = Visitor()
        finger.client.cookies.update(cookies)
        return by_card(finger, page)

    seen = at_once(*[presses] * 4)
    assert {one.where for one in seen} == {"/kiosk/order/"}
    [(ticket,)] = select("SELECT ticket FROM orders")
    assert all(str(ticket) in one.text for one in seen)
    assert select("SELECT count(*) FROM payment") == [(1,)]


def test_digits_for_the_counter_are_sold_there_and_order_nothing_here(shop: Door, kiosk: Visitor) -> None:
    page = priced(kiosk)
    assert "Pay at the counter" not in page.text  # nobody sells at a till
    till = opened(shop, till_of(shop))
    page = priced(kiosk)
    shown = kiosk.post(f"{page.where}counter/")
    code = re.search(r"\b9\d{3} \d{3} \d{4}\b|\b9\d{2} \d{3} \d{3} \d{2}\b", shown.text)
    assert code, shown.text
    assert ('class="qr"' in shown.html, "Kerkstraat 1" in shown.text) == (True, True)
    assert kiosk.post(f"{page.where}counter/").text.count(code[0]) == 1  # pressed again: the same
    assert select("SELECT count(*) FROM orders") == [(0,)]
    kiosk.get("/kiosk/over/")
    assert "Exactly €15.00" in till.post("/till/find/", {"typed": code[0]}).text


def test_an_order_goes_along_on_a_phone_whose_code_six_digits_open(shop: Door, kiosk: Visitor) -> None:
    by_card(kiosk, priced(kiosk))
    paid(shop)
    kiosk.get("/kiosk/order/state/")
    shown = kiosk.post("/kiosk/order/phone/")
    digits = re.search(r"\b\d{6}\b", shown.text)
    assert digits
    path = re.search(r"/o/[a-z2-7]+/", shown.text)
    assert path
    assert digits[0] in kiosk.post("/kiosk/order/phone/").text  # asked again: the same
    [(serial,)] = select("SELECT serial FROM code WHERE order_id IS NOT NULL")
    phone = Visitor()
    page = phone.get(path[0])
    assert "six digits" in page.text
    assert str(serial) not in phone.post(f"{path[0]}code/").text
    shop.world.clock.tick(120)
    phone.post(f"{path[0]}proof/")  # asks for new ones by a mail that nobody gets: the old ones stay good
    wrong = "111111" if digits[0] != "111111" else "222222"
    assert phone.post(f"{path[0]}prove/", {"proof": wrong}).status == 422
    phone.post(f"{path[0]}prove/", {"proof": digits[0]})
    assert str(serial) in phone.post(f"{path[0]}code/").text
    assert select("SELECT count(*) FROM outbox WHERE topic = 'proof'") == [(0,)]


def test_the_link_goes_by_sms_where_somebody_wants_it_and_never_the_code(shop: Door, kiosk: Visitor) -> None:
    by_card(kiosk, priced(kiosk))
    paid(shop)
    page = kiosk.post("/kiosk/order/phone/")
    assert "Send the link by SMS" in page.text
    page = press(kiosk, kiosk.post("/kiosk/order/text/"), "0470123456", "/kiosk/order/text/")
    assert "on its way by SMS to …456" in page.text
    line = Line()
    words = partial(texting.all_words, sandbox=False)
    order_texts.text_out(words, line=line, shop=shop.world.shop, at=shop.world.clock())
    [text] = line.told
    assert (text.to, "/o/" in text.text) == ("+32470123456", True)
    [(serial,)] = select("SELECT serial FROM code WHERE order_id IS NOT NULL")
    assert str(serial) not in text.text
    assert "Another number" in page.text
    kiosk.post("/kiosk/order/text/", {"digits": "0470123457", "press": "done"})
    assert kiosk.post("/kiosk/order/text/", {"digits": "0470123458", "press": "done"}).status == 409
    assert select("SELECT count(*) FROM text_out") == [(2,)]


def test_a_slip_is_printed_once_beside_it_and_without_paper_it_says_so(shop: Door, kiosk: Visitor) -> None:
    by_card(kiosk, priced(kiosk))
    paid(shop)
    assert "Print it" not in kiosk.get("/kiosk/order/").text  # no printer says anything
    print_jobs.seen("main-kiosk", Sight.READY, at=shop.world.clock())
    assert "Print it" in kiosk.get("/kiosk/order/").text
    for _ in range(2):
        assert "The slip waits for the printer" in kiosk.post("/kiosk/order/slip/").text
    assert select("SELECT count(*) FROM print_job") == [(1,)]
    kiosk.get("/kiosk/over/")
    print_jobs.seen("main-kiosk", Sight.PAPER_OUT, at=shop.world.clock())
    assert "No paper" in kiosk.get("/kiosk/").text
    kiosk.post("/kiosk/order/slip/")
    assert select("SELECT count(*) FROM print_job") == [(1,)]


def test_it_says_that_it_is_closed_and_why(shop: Door, kiosk: Visitor) -> None:
    machine(shop, is_open=False)
    page = kiosk.get("/kiosk/")
    assert "no card machine, and no counter" in page.text
    assert "Proximus" not in page.text
    assert priced(kiosk).where == kiosk.get("/kiosk/operator/proximus/").where == "/kiosk/"
    machine(shop)
    shop.world.shop = replace(shop.world.shop, routes=("code_stock",))
    assert "sold out" in kiosk.get("/kiosk/").text
    stocked(shop.world)
    assert "Which operator?" in kiosk.get("/kiosk/").text  # a code lies on the shelf
    page = kiosk.get("/kiosk/operator/mobile-vikings/")
    assert "Nothing of this operator is sold here." in page.text
    shop.world.shop = replace(shop.world.shop, routes=("sandbox",))
    by_owner(
        "INSERT INTO supplier_state (supplier, open_until, failures) VALUES ('sandbox', %s, 9)",
        [shop.world.clock() + timedelta(hours=1)],
    )
    assert "cannot be reached just now" in kiosk.get("/kiosk/").text


def test_what_is_not_sold_here_is_named_with_its_address(shop: Door, kiosk: Visitor) -> None:
    page = kiosk.get("/kiosk/not-here/")
    assert "SIM cards by post, and eSIMs" in page.text
    assert page.html.count('class="qr"') == 2


def test_nobody_without_a_kiosk_of_ours_sees_one_of_its_pages(shop: Door, kiosk: Visitor) -> None:
    quote = priced(kiosk).where
    names = {str(one.name) for one in urlpatterns}
    till = opened(shop, till_of(shop))
    for name in sorted(names):
        given = {"kiosk-operator": ["proximus"]}.get(name) or (
            [quote.split("/")[3]] if name in ("kiosk-quote", "kiosk-card", "kiosk-counter") else []
        )
        path = reverse(name, args=given)
        for who in (Visitor(), till):
            assert {who.get(path).status, who.post(path).status} <= {404, 405}, name
            assert 404 in (who.get(path).status, who.post(path).status), name


def test_a_form_of_another_site_presses_nothing(shop: Door) -> None:
    kiosk = tablet(shop)
    kiosk.client.handler.enforce_csrf_checks = True
    assert kiosk.post("/kiosk/price/", {"operator": "proximus", "sku": CODE}).status == 403


def keyed(kiosk: Visitor, code: str) -> Seen:
    """A voucher's code, letter by letter."""
    page = kiosk.get("/kiosk/voucher/")
    for letter in code:
        page = kiosk.post("/kiosk/voucher/", {"code": page.value("code"), "press": letter})
    return kiosk.post("/kiosk/voucher/", {"code": page.value("code"), "press": "done"})


def test_a_voucher_is_redeemed_with_one_finger_and_its_code_is_the_customers_alone(shop: Door, kiosk: Visitor) -> None:
    _, code = papers.sold(shop.world)
    stocked(shop.world)
    page = keyed(kiosk, code)
    assert "nothing: the voucher is paid" in page.text
    done = kiosk.post("/kiosk/voucher/", {"code": page.value("code"), "press": "redeem"})
    assert done.where == "/kiosk/order/"
    papers.work(shop.world)
    assert "Show the code" in kiosk.get("/kiosk/order/").text
    kiosk.post("/kiosk/over/")
    again = keyed(kiosk, code)
    assert (again.status, "does not work" in again.text) == (422, True)
    assert broken(shop.world) == []


def test_a_voucher_for_a_number_asks_for_it_first(shop: Door, kiosk: Visitor) -> None:
    _, code = papers.sold(shop.world, DIRECT)
    page = keyed(kiosk, code)
    assert "Read it twice" in page.text
    for digit in "0470123456":
        page = kiosk.post("/kiosk/voucher/", {"code": code, "digits": page.value("digits"), "press": digit})
    page = kiosk.post("/kiosk/voucher/", {"code": code, "digits": page.value("digits"), "press": "done"})
    assert "0470 12 34 56" in page.text
    assert kiosk.post("/kiosk/voucher/", {"code": code, "press": "redeem"}).where == "/kiosk/order/"


def test_codes_that_are_none_are_one_sentence_and_few_tries(shop: Door, kiosk: Visitor) -> None:
    assert shop
    said = [keyed(kiosk, f"2222222222{n}{n}22") for n in range(2, 9)]
    assert {one.status for one in said} == {422}
    assert "does not work" in said[0].text
    for _ in range(6):
        last = kiosk.post("/kiosk/voucher/", {"code": "22222222222222", "press": "done"})
    assert "too often" in last.text


def test_a_page_that_waits_asks_too_and_ends_ten_minutes_after_the_last_touch(shop: Door, kiosk: Visitor) -> None:
    page = by_card(kiosk, priced(kiosk))
    assert 'data-idle="90"' in page.html
    for _ in range(5):
        shop.world.clock.tick(115)
        assert kiosk.get("/kiosk/order/state/").where == "/kiosk/order/state/"
    shop.world.clock.tick(30)
    assert kiosk.get("/kiosk/order/state/").where == "/kiosk/"  # the page looked again, and nobody touched it


def test_a_code_that_is_kept_longer_by_a_touch_stays_as_long_as_it_says(shop: Door, kiosk: Visitor) -> None:
    by_card(kiosk, priced(kiosk))
    paid(shop)
    kiosk.post("/kiosk/order/code/")
    shop.world.clock.tick(70)
    assert kiosk.post("/kiosk/touch/").status == 204
    shop.world.clock.tick(74)
    assert kiosk.post("/kiosk/touch/").status == 204
    shop.world.clock.tick(76)
    assert kiosk.post("/kiosk/touch/").where == "/kiosk/"


def test_starting_again_while_a_card_may_be_charged_asks_first_and_gives_the_link(shop: Door, kiosk: Visitor) -> None:
    assert shop
    page = by_card(kiosk, priced(kiosk))
    assert 'class="button over" href="/kiosk/order/leave/"' in page.html
    leave = kiosk.get("/kiosk/order/leave/")
    assert "Your card may still be charged" in leave.text
    assert "/o/" in kiosk.post("/kiosk/order/phone/").text
    paid(shop)
    kiosk.get("/kiosk/order/state/")
    assert kiosk.get("/kiosk/order/leave/").where == "/kiosk/"  # there is nothing to be asked any more


@pytest.mark.parametrize("takes", ["nothing", "code", "link"])
def test_a_code_that_nobody_can_get_at_any_more_is_told_to_a_person(shop: Door, kiosk: Visitor, takes: str) -> None:
    by_card(kiosk, priced(kiosk))
    if takes == "link":
        kiosk.post("/kiosk/order/phone/")
    paid(shop)
    kiosk.get("/kiosk/order/state/")
    if takes == "code":
        kiosk.post("/kiosk/order/code/")
    kiosk.get("/kiosk/over/")
    found = "SELECT kind, why ->> 'why', why ->> 'station', amount_minor FROM item"
    assert watch(at=shop.world.clock()) == 0  # they may still stand there
    shop.world.clock.tick(16 * 60)
    assert watch(at=shop.world.clock()) == (takes == "nothing")
    assert select(found) == ([("left_behind", "left_at_kiosk", "main-kiosk", 1500)] if takes == "nothing" else [])
    by_owner("UPDATE item SET closed_at = opened_at, closed_by = 'owner'")
    assert watch(at=shop.world.clock()) == 0  # told once


def sent(shop: Door) -> print_jobs.Claimed | None:
    """What the printer beside the kiosk is given next."""
    at = shop.world.clock()
    bridge, until = Actor(Role.SYSTEM, "print"), at + timedelta(minutes=2)
    return print_jobs.claim("main-kiosk", actor=bridge, at=at, until=until, keyring=shop.world.shop.keyring)


@pytest.mark.parametrize("leaves", ["over", "idle"])
def test_no_code_comes_out_of_the_printer_after_its_customer_left(shop: Door, kiosk: Visitor, leaves: str) -> None:
    by_card(kiosk, priced(kiosk))
    paid(shop)
    print_jobs.seen("main-kiosk", Sight.READY, at=shop.world.clock())
    kiosk.post("/kiosk/order/slip/")
    if leaves == "over":
        kiosk.get("/kiosk/over/")
    else:
        shop.world.clock.tick(76)
    assert sent(shop) is None
    assert select("SELECT count(*) FROM reveal") == [(0,)]


def test_what_became_of_a_slip_is_said_and_one_that_never_left_is_asked_for_anew(shop: Door, kiosk: Visitor) -> None:
    by_card(kiosk, priced(kiosk))
    paid(shop)
    print_jobs.seen("main-kiosk", Sight.READY, at=shop.world.clock())
    kiosk.post("/kiosk/order/slip/")
    shop.world.clock.tick(60)
    kiosk.post("/kiosk/touch/")
    shop.world.clock.tick(20)
    print_jobs.seen("main-kiosk", Sight.READY, at=shop.world.clock())
    page = kiosk.get("/kiosk/order/")
    assert ("It was not printed" in page.text, "Print it" in page.text) == (True, True)
    waits = kiosk.post("/kiosk/order/slip/")
    assert ("waits for the printer" in waits.text, "/kiosk/order/state/" in waits.html) == (True, True)
    job = sent(shop)
    assert job
    assert "It is being printed" in kiosk.get("/kiosk/order/state/").text
    bridge, at = Actor(Role.SYSTEM, "print"), shop.world.clock()
    print_jobs.say(job.id, Event.CAME_OUT, station="main-kiosk", why="", actor=bridge, at=at)
    page = kiosk.get("/kiosk/order/state/")
    assert ("It was printed" in page.text, "Print it" in page.text) == (True, False)


@pytest.mark.parametrize(("act", "state"), [("came_out", "printed"), ("spoilt", "spoilt")])
def test_of_a_slip_that_no_printer_answers_for_the_owner_says_it(
    shop: Door, kiosk: Visitor, act: str, state: str
) -> None:
    by_card(kiosk, priced(kiosk))
    paid(shop)
    print_jobs.seen("main-kiosk", Sight.READY, at=shop.world.clock())
    kiosk.post("/kiosk/order/slip/")
    job = sent(shop)
    assert job
    shop.world.clock.tick(121)
    owner = signed_in(shop.world, Role.OWNER, "ana")
    [(ticket,)] = select("SELECT ticket FROM orders")
    assert str(ticket) in owner.get("/owner/stations/main-kiosk/").text
    stranger = signed_in(shop.world, Role.SUPPORT, "eve")
    assert stranger.post("/owner/stations/main-kiosk/", {"job": str(job.id), "act": act}).status == 404
    owner.post("/owner/stations/main-kiosk/", {"job": str(job.id), "act": act})
    assert select("SELECT state FROM print_job") == [(state,)]
    assert "Nobody knows" not in owner.get("/owner/stations/main-kiosk/").text


def test_the_number_of_the_top_up_can_be_corrected_before_its_link_goes_there(shop: Door, kiosk: Visitor) -> None:
    press(kiosk, kiosk.get("/kiosk/number/"), "0470123456")
    by_card(kiosk, priced(kiosk))
    paid(shop)
    page = kiosk.post("/kiosk/order/text/")
    assert (page.value("digits"), "Number for the link" in page.text) == ("0470123456", True)
    assert select("SELECT count(*) FROM text_out") == [(0,)]
    page = kiosk.post("/kiosk/order/text/", {"digits": "0470123457", "press": "done"})
    assert "…457" in page.text
    assert "0470 12 34 56" in kiosk.get("/kiosk/operator/proximus/").text  # it is another one's


def test_who_left_no_address_is_promised_no_letter_but_told_to_take_the_link(shop: Door, kiosk: Visitor) -> None:
    by_card(kiosk, priced(kiosk))
    paid(shop)
    [(order_id,)] = select("SELECT id FROM orders")
    page = pages.order_by_id(UUID(str(order_id)))
    assert page is not None
    owed = Money(1500, "EUR")
    for lies in (
        replace(page, state=State.PAID, parked=True),
        replace(page, state=State.REFUNDING, refunding=owed, parked=True),
    ):
        at = shop.world.clock()
        assert "the only way to hear of it" in orders.status(lies, at).text
        assert "we write to you" in orders.status(replace(lies, email="ana@example.be"), at).text.lower()
