"""Several suppliers at work: who is asked, who is skipped, what waits, and what is kept of why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes import CODE, CUSTOMER, DEVICE, DIRECT, Playing, World
from operations.selling import OWNER, Seller, later, listed, selling
from opla.core.fx import Rate
from opla.core.money import Money
from opla.core.ports import Answer, Promises, SendReport, SendRequest
from opla.core.quote import Quote
from opla.core.refusal import Code, Refusal
from opla.core.routing import OPENS_AFTER
from opla.core.supply import State
from opla.db.queries import suppliers as queries
from opla.db.queries.call import select
from opla.operations.quote_topup import Wanted, quote_topup
from opla.operations.rates import tell_rate
from opla.operations.stock_codes import Stocked, stock_codes
from opla.operations.suppliers import decide, sync
from opla.presenting import suppliers as words


def asked(sellers: dict[str, Seller]) -> dict[str, int]:
    return {name: len(seller.asked) for name, seller in sellers.items() if seller.asked}


def why(name: str) -> list[tuple[str, str]]:
    """The list of the newest send to this supplier, in words."""
    [(attempt_id,)] = select("SELECT id FROM attempt WHERE adapter = %s ORDER BY made_at DESC LIMIT 1", [name])
    return words.why(queries.routes_of([attempt_id])[attempt_id], name)  # type: ignore[index,list-item]  # a UUID


def short(_request: SendRequest) -> SendReport:
    return SendReport(Answer.DECLINED, why="insufficient_float")


def test_the_cheapest_is_asked_under_its_own_name_and_the_list_is_kept_in_words(world: World) -> None:
    sellers = selling(world, {"dear": 1450, "cheap": 1390, "unsaid": None})
    order_id = world.paid()
    world.work()
    assert (world.state(order_id), asked(sellers), sellers["cheap"].skus) == ("delivered", {"cheap": 1}, ["17-PX"])
    sellers["dear"].sells = [listed(cost_minor=1)]
    sync(OWNER, "dear", shop=world.shop, outside=Playing(world), at=world.clock())
    assert why("cheap") == [
        ("cheap", "asked: the cheapest that could deliver (€13.90)"),
        ("dear", "not cheaper (€14.50)"),
        ("unsaid", "nobody has said what it costs there"),
    ]


def test_costs_in_another_currency_are_compared_at_the_kept_rate_and_unknown_without_one(world: World) -> None:
    sellers = selling(world, {"euros": 1450, "dollars": 1500})
    sellers["dollars"].sells = [listed(cost_minor=1500, cost_currency="USD")]
    sync(OWNER, "dollars", shop=world.shop, outside=Playing(world), at=world.clock(), even_if_short=True)
    assert decide(OWNER, "dollars", CODE, "17-PX", State.APPROVED, shop=world.shop, at=world.clock()) is None
    world.paid()
    world.work()
    assert asked(sellers) == {"euros": 1}
    told = tell_rate(OWNER, "EUR", "USD", "1.0867", source="ECB", as_of=world.clock(), at=world.clock())
    assert isinstance(told, Rate)
    world.paid()
    world.work()
    assert asked(sellers) == {"euros": 1, "dollars": 1}  # 13.80
    assert world.balance("supplier_float:dollars:EUR") == -1440  # what it took is what counts in the books


def test_what_nobody_has_approved_is_never_sent_there_and_its_money_goes_back(world: World) -> None:
    sellers = selling(world, {"one": 1400, "two": 1300})
    quote = world.quote()
    for name in sellers:
        assert decide(OWNER, name, CODE, "17-PX", State.GONE, shop=world.shop, at=world.clock()) is None
    order_id = world.paid(quote=quote)
    world.work_through(10)
    assert (world.state(order_id), asked(sellers)) == ("refunded", {})
    assert decide(OWNER, "one", CODE, "17-PX", State.APPROVED, shop=world.shop, at=world.clock()) is None
    order_id = world.paid()
    world.work_through(3)
    assert (world.state(order_id), asked(sellers)) == ("delivered", {"one": 1})


def test_what_neither_shelf_nor_supplier_has_is_refused_before_anybody_pays(world: World) -> None:
    selling(world, {"one": 1400}, approved=False)
    wanted = Wanted("", "", "ana@example.org", "en", sku=CODE)

    def asked_for() -> Quote | list[Refusal]:
        return quote_topup(CUSTOMER, wanted, device=DEVICE, shop=world.shop, at=world.clock())

    refused = asked_for()
    assert isinstance(refused, list)
    assert [(no.code, no.about) for no in refused] == [(Code.SOLD_OUT, "product")]
    stock = b"sku,code,serial,cost\nPX-15,0000000000001,S1,14.00\n"
    assert isinstance(stock_codes(OWNER, stock, shop=world.shop, at=world.clock()), Stocked)
    assert isinstance(asked_for(), list)  # no shelf of its own is among this shop's routes
    world.shop = replace(world.shop, routes=("code_stock", "one"))
    assert isinstance(asked_for(), Quote)
    world.shop = replace(world.shop, routes=("one",))
    assert decide(OWNER, "one", CODE, "17-PX", State.APPROVED, shop=world.shop, at=world.clock()) is None
    assert isinstance(asked_for(), Quote)


def test_what_is_dropped_between_payment_and_send_goes_to_the_next(world: World) -> None:
    sellers = selling(world, {"one": 1300, "two": 1400})
    order_id = world.paid()
    assert decide(OWNER, "one", CODE, "17-PX", State.GONE, shop=world.shop, at=world.clock()) is None
    world.work_through(3)
    assert (world.state(order_id), asked(sellers)) == ("delivered", {"two": 1})
    assert world.events(order_id) == ["placed", "paid", "rerouted", "delivered"]


def test_a_repeat_is_sent_under_the_name_of_the_first_one_whatever_was_approved_since(world: World) -> None:
    sellers = selling(world, {"one": 1300})
    one = sellers["one"]
    one.sells = [listed(), listed("18-PX", 1200), *(one.sells or [])[1:]]
    sync(OWNER, "one", shop=world.shop, outside=Playing(world), at=world.clock())
    one.script = [one.is_silent]
    order_id = world.paid()
    world.work()
    assert decide(OWNER, "one", CODE, "18-PX", State.APPROVED, shop=world.shop, at=world.clock()) is None
    world.work_through(5)
    assert (world.state(order_id), one.skus) == ("delivered", ["17-PX", "17-PX"])
    world.paid()
    world.work()
    assert one.skus[-1] == "18-PX"


def test_a_final_refusal_goes_to_the_next_by_cost_and_the_list_says_who_refused(world: World) -> None:
    sellers = selling(world, {"dear": 1450, "cheap": 1390})
    sellers["cheap"].script = [lambda _: SendReport(Answer.DECLINED, why="number_refused")]
    world.paid()
    world.work_through(3)
    assert asked(sellers) == {"cheap": 1, "dear": 1}
    assert why("dear") == [
        ("dear", "asked: the cheapest that could deliver (€14.50)"),
        ("cheap", "it had refused the order: number_refused (€13.90)"),
    ]


# ── floats ──


def test_who_has_too_little_of_our_money_is_skipped_and_not_once_it_is_filled(world: World) -> None:
    sellers = selling(world, {"cheap": 1390, "dear": 1450})
    sellers["cheap"].left = Money(1389, "EUR")
    world.work()
    world.paid()
    world.work()
    assert asked(sellers) == {"dear": 1}
    assert why("dear")[1] == ("cheap", "skipped: too little of our money lay there (€13.90)")
    sellers["cheap"].left = Money(1390, "EUR")
    later(world, minutes=4)
    world.work()
    world.paid()
    world.work()
    assert asked(sellers) == {"dear": 1, "cheap": 1}


def test_an_order_waits_for_the_float_of_the_only_one_with_an_alarm_and_goes_out_when_it_is_filled(
    world: World,
) -> None:
    sellers = selling(world, {"only": 1390})
    sellers["only"].left = Money(100, "EUR")
    world.work()
    order_id = world.paid()
    world.work_through(20 * 60, step_s=20)
    assert (world.state(order_id), asked(sellers), world.items()) == ("paid", {}, ["float_low"])
    sellers["only"].left = Money(5000, "EUR")
    world.work_through(10 * 60, step_s=20)
    assert (world.state(order_id), asked(sellers), world.items()) == ("delivered", {"only": 1}, [])


def test_after_an_hour_without_float_the_money_goes_back(world: World) -> None:
    sellers = selling(world, {"only": 1390})
    sellers["only"].left = Money(100, "EUR")
    world.work()
    order_id = world.paid()
    world.work_through(59 * 60, step_s=30)
    assert world.state(order_id) == "paid"
    world.work_through(3 * 60, step_s=30)
    assert (world.state(order_id), world.refunds(), asked(sellers)) == ("refunded", [("declined", 1500, "done")], {})


def test_a_refusal_for_want_of_float_goes_to_the_next_and_is_held_where_there_is_none(world: World) -> None:
    sellers = selling(world, {"cheap": 1390, "dear": 1450})
    for seller in sellers.values():
        seller.script = [short] * 2
    order_id = world.paid()
    world.work_through(30)
    assert (world.state(order_id), asked(sellers)) == ("paid", {"cheap": 1, "dear": 1})
    assert world.items() == ["float_low", "float_low"]
    for seller in sellers.values():
        seller.script, seller.left = [], Money(10_000, "EUR")  # the owner has filled it
    world.work_through(15 * 60, step_s=15)
    assert world.state(order_id) == "delivered"
    assert sum(seller.gave for seller in sellers.values()) == 1
    assert world.items() == []


def test_a_supplier_without_a_list_that_lacks_the_float_is_asked_a_few_times_and_no_more(world: World) -> None:
    order_id = world.paid(DIRECT)
    world.supplier.script = [short] * 100
    world.work_through(70 * 60, step_s=20)
    assert (world.state(order_id), world.supplier.gave) == ("refunded", 0)
    assert 4 <= len(world.supplier.asked) <= 7
    assert len(set(world.supplier.asked)) == len(world.supplier.asked)  # each a send of its own: the last one had ended


def test_who_refuses_for_want_of_float_and_says_that_there_is_enough_is_still_told_of(world: World) -> None:
    sellers = selling(world, {"only": 1390})
    sellers["only"].left = Money(10_000, "EUR")
    sellers["only"].script = [short] * 100
    order_id = world.paid()
    world.work_through(5 * 60, step_s=10)
    assert (world.state(order_id), world.items()) == ("paid", ["float_low"])
    world.work_through(60 * 60, step_s=30)
    assert world.state(order_id) == "refunded"


# ── health ──


def test_a_run_without_answers_opens_the_circuit_and_one_send_closes_it_again(world: World) -> None:
    sellers = selling(world, {"cheap": 1390, "dear": 1450})
    cheap = sellers["cheap"]
    cheap.promises = Promises(refuses_repeat=False, find_by_reference=True, max_seconds=10)
    cheap.script = [cheap.is_silent] * OPENS_AFTER
    for _ in range(OPENS_AFTER):
        world.paid()
    world.work()
    assert asked(sellers) == {"cheap": OPENS_AFTER}
    world.paid()
    world.work()
    assert asked(sellers) == {"cheap": OPENS_AFTER, "dear": 1}
    assert why("dear")[1] == ("cheap", "skipped: it did not answer lately (€13.90)")
    later(world, seconds=20)
    cheap.script = [cheap.is_silent]
    for _ in range(3):
        world.paid()
    world.work()
    assert asked(sellers) == {"cheap": OPENS_AFTER + 1, "dear": 3}  # one tries it; the others do not wait for that
    later(world, seconds=40)
    for _ in range(3):
        world.paid()
    world.work()
    assert asked(sellers) == {"cheap": OPENS_AFTER + 4, "dear": 3}  # it answered, so it is asked again


def test_what_has_begun_is_asked_about_where_it_was_sent_though_the_circuit_is_open(world: World) -> None:
    sellers = selling(world, {"cheap": 1390, "dear": 1450})
    cheap = sellers["cheap"]
    cheap.script = [cheap.gives_silently] * OPENS_AFTER
    orders = [world.paid() for _ in range(OPENS_AFTER)]
    world.work()
    [(state,)] = select("SELECT count(*) FROM supplier_state WHERE supplier = 'cheap' AND open_until IS NOT NULL")
    assert state == 1
    world.work_through(5)
    assert {world.state(one) for one in orders} == {"delivered"}
    assert (cheap.gave, sellers["dear"].asked) == (OPENS_AFTER, [])


def test_a_try_that_fails_opens_it_for_longer(world: World) -> None:
    world.supplier.script = [world.supplier.is_unreachable] * 1000
    world.paid()
    world.work_through(14 * 60, step_s=1)
    tried = len(world.supplier.asked)
    assert 8 <= tried <= 20  # without it, forty and more
    [(openings,)] = select("SELECT openings FROM supplier_state WHERE supplier = 'sandbox'")
    assert isinstance(openings, int)
    assert openings >= 4


def test_who_does_not_answer_and_is_the_only_one_is_waited_for_and_then_the_money_goes_back(world: World) -> None:
    order_id = world.paid()
    world.supplier.script = [world.supplier.is_unreachable] * 1000
    world.work_through(14 * 60, step_s=10)
    assert world.state(order_id) == "paid"
    world.work_through(4 * 60, step_s=10)
    assert (world.state(order_id), world.supplier.gave) == ("refunded", 0)


def test_out_of_reach_an_order_moves_on_before_its_quarter_of_an_hour_is_over(world: World) -> None:
    sellers = selling(world, {"cheap": 1390, "dear": 1450})
    sellers["cheap"].script = [sellers["cheap"].is_unreachable] * 100
    order_id = world.paid()
    world.work_through(60)
    assert (world.state(order_id), sellers["dear"].gave) == ("delivered", 1)


def test_a_try_whose_sender_never_came_back_is_made_again(world: World) -> None:
    sellers = selling(world, {"only": 1390})
    only = sellers["only"]
    queries.heard({"only": queries.Heard(bad=OPENS_AFTER)}, at=world.clock())
    later(world, seconds=16)
    assert queries.try_open("only", at=world.clock())
    assert not queries.try_open("only", at=world.clock())
    order_id = world.paid()
    world.work()
    assert (world.state(order_id), only.asked) == ("paid", [])
    world.work_through(150, step_s=5)
    assert world.state(order_id) == "delivered"


@pytest.mark.parametrize("answer", [Answer.SUCCEEDED, Answer.DECLINED, Answer.PENDING])
def test_whoever_answers_is_well(world: World, answer: Answer) -> None:
    queries.heard({"sandbox": queries.Heard(bad=OPENS_AFTER - 1)}, at=world.clock())
    world.supplier.script = [lambda request: replace(world.supplier.give(request), answer=answer)]
    world.paid()
    world.work()
    [(failures,)] = select("SELECT failures FROM supplier_state WHERE supplier = 'sandbox'")
    assert failures == 0
