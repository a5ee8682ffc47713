"""Slips from the asking to the paper: a code is looked at once and lies once on an unmarked slip, whatever breaks."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from uuid import UUID, uuid4

import pytest

from fakes import ANOTHER_DEVICE, CODE, CUSTOMER, DEVICE, DIRECT, World
from opla import printing as printers
from opla.core.actor import Actor, Role
from opla.core.paper import Line, Paper, Strip
from opla.core.ports import Answer
from opla.core.print_job import BELIEVED, TAKES, WAITS, Event, Sight, State
from opla.core.refusal import Code, Refusal
from opla.db.queries import codes, pages, print_jobs
from opla.db.queries.call import select
from opla.operations import catalogue
from opla.operations.print_jobs import Opens, Printing, again, ask, hand_over, print_next, say, sight
from opla.operations.take_back import take_code_back
from opla.presenting import slips
from opla.presenting.receipts import Seller
from opla.printing import escpos
from printer import FakePrinter
from support import at_once

CLERK = Actor(Role.SUPPORT, "eve")
TILL = "main-till"
PIN = "0000 0000 0000 1"
SELLER = Seller("Phone Shop", "help@shop.test", "BE 0123.456.749")


@dataclass
class Printer:
    """Says what it is told to say; `breaks` once, after that much of a slip."""

    sight: Sight = Sight.READY
    breaks: list[int] = field(default_factory=list)
    slips: list[Sequence[Strip]] = field(default_factory=list)

    def look(self) -> Sight:
        return self.sight

    def put(self, strips: Sequence[Strip]) -> Answer:
        after = self.breaks.pop(0) if self.breaks else None
        self.slips.append(strips[:after])
        return Answer.SUCCEEDED if after is None else Answer.UNKNOWN

    def texts(self) -> list[list[str]]:
        return [[one.text for one in slip if isinstance(one, Line)] for slip in self.slips]


@pytest.fixture
def printer() -> Printer:
    return Printer()


def delivered(world: World, sku: str = CODE, language: str = "en") -> UUID:
    order_id = world.paid(sku, language=language)
    world.work(3)
    assert world.state(order_id) == "delivered"
    return order_id


def asked(world: World, order_id: UUID, *, why: str = "", device: bytes = DEVICE, key: UUID | None = None) -> UUID:
    found = ask(CLERK, key or uuid4(), order_id, station=TILL, device=device, why=why, at=world.clock())
    assert isinstance(found, UUID), found
    return found


def refused(found: object) -> str:
    assert isinstance(found, Refusal), found
    return str(found.code)


def slip(about: Printing) -> slips.Slip:
    operator = catalogue.at_version(about.page.catalog_version).operator(about.page.operator)
    return slips.slip(about, operator, SELLER, sandbox=True)


def turn(world: World, printer: Printer | Opens) -> tuple[Sight, Event | None]:
    return print_next(
        TILL,
        (lambda: nullcontext(printer)) if isinstance(printer, Printer) else printer,
        lambda about: slips.rolled(slip(about), Paper.WIDE),
        shop=world.shop,
        clock=world.clock,
    )


def state(world: World, order_id: UUID) -> list[tuple[State, bool]]:
    return [(job.state, job.copy) for job in print_jobs.of_order(order_id, at=world.clock())]


def looks(order_id: UUID) -> list[str]:
    return [str(actor) for (actor,) in select("SELECT actor FROM reveal WHERE order_id = %s ORDER BY id", [order_id])]


def test_a_slip_is_printed_once_with_its_code_and_the_look_at_it_is_the_clerks(world: World, printer: Printer) -> None:
    order_id = delivered(world)
    asked(world, order_id)
    assert turn(world, printer) == (Sight.READY, Event.CAME_OUT)
    assert turn(world, printer) == (Sight.READY, None)
    [texts] = printer.texts()
    assert PIN in texts
    assert "COPY" not in texts
    assert state(world, order_id) == [(State.PRINTED, False)]
    assert looks(order_id) == ["support:eve"]
    rows = select("SELECT name, actor, why FROM event WHERE subject = 'print_job' ORDER BY id")
    assert rows == [
        ("asked", "support:eve", TILL),
        ("claimed", "system:print", TILL),
        ("came_out", "system:print", ""),
    ]


def test_nothing_of_a_job_holds_what_it_prints(world: World, printer: Printer) -> None:
    order_id = delivered(world)
    asked(world, order_id)
    assert turn(world, printer)[1] is Event.CAME_OUT
    for table in ("print_job", "printer", "event", "outbox"):
        for (row,) in select(f"SELECT t::text FROM {table} t"):
            assert "000000000" not in str(row).replace("-", ""), table
    about = Printing(None, False, world.clock(), None)  # type: ignore[arg-type]  # its repr alone
    assert "revealed" not in repr(about)


def test_a_second_slip_is_a_copy_with_a_reason_and_says_so(world: World, printer: Printer) -> None:
    order_id = delivered(world, language="fr")
    asked(world, order_id)
    turn(world, printer)
    no = ask(CLERK, uuid4(), order_id, station=TILL, device=DEVICE, at=world.clock())
    assert refused(no) == Code.PRINTED_ALREADY
    world.clock.tick(60)
    asked(world, order_id, why="the customer lost it")
    turn(world, printer)
    assert [texts.count("COPIE") for texts in printer.texts()] == [0, 2]
    assert looks(order_id) == ["support:eve", "support:eve"]
    [first, copy] = print_jobs.of_order(order_id, at=world.clock())
    assert (first.copy, copy.copy, copy.why, copy.asked_by) == (False, True, "the customer lost it", "support:eve")


def test_asking_again_while_it_waits_or_under_the_same_key_is_one_slip(world: World, printer: Printer) -> None:
    order_id, other, key = delivered(world), delivered(world), uuid4()
    job = asked(world, order_id, key=key)
    assert asked(world, order_id) == asked(world, order_id, key=key) == job
    turn(world, printer)
    assert asked(world, order_id, key=key) == job
    reused = ask(CLERK, key, other, station=TILL, device=DEVICE, at=world.clock())
    assert refused(reused) == Code.KEY_REUSED
    assert turn(world, printer)[1] is None
    assert len(printer.slips) == 1


def test_two_tablets_that_ask_at_once_get_one_slip(world: World, printer: Printer) -> None:
    order_id = delivered(world)
    found = at_once(*[lambda: asked(world, order_id)] * 4)
    assert len(set(found)) == 1
    assert state(world, order_id) == [(State.NEW, False)]


def test_two_bridges_of_one_station_print_a_slip_once(world: World) -> None:
    order_id, printers = delivered(world), [Printer() for _ in range(4)]
    asked(world, order_id)
    at_once(*[lambda printer=one: turn(world, printer) for one in printers])  # type: ignore[misc]
    assert sum(len(one.slips) for one in printers) == 1
    assert len(looks(order_id)) == 1


@pytest.mark.parametrize("lacks", [Sight.PAPER_OUT, Sight.STOPPED, Sight.SILENT])
def test_while_the_printer_is_not_ready_nothing_is_looked_at_and_the_slip_waits(
    world: World, printer: Printer, lacks: Sight
) -> None:
    order_id = delivered(world)
    asked(world, order_id)
    printer.sight = lacks
    assert turn(world, printer) == (lacks, None)
    assert (looks(order_id), printer.slips) == ([], [])
    assert print_jobs.printer(TILL) == (lacks, world.clock())
    printer.sight = Sight.READY
    assert turn(world, printer)[1] is Event.CAME_OUT


def test_whoever_sells_beside_a_printer_knows_whether_it_prints_and_when_nobody_looks_it_does_not(
    world: World, printer: Printer
) -> None:
    assert sight(TILL, at=world.clock()) is Sight.SILENT
    printer.sight = Sight.PAPER_LOW
    turn(world, printer)
    assert sight(TILL, at=world.clock()) is Sight.PAPER_LOW
    assert sight("another-till", at=world.clock()) is Sight.SILENT
    world.clock.tick(BELIEVED.total_seconds() + 1)
    assert sight(TILL, at=world.clock()) is Sight.SILENT


def test_a_slip_that_is_cut_off_is_unknown_until_somebody_looks_and_never_printed_by_itself(
    world: World, printer: Printer
) -> None:
    order_id = delivered(world)
    job = asked(world, order_id)
    printer.breaks = [7]
    assert turn(world, printer)[1] is Event.CUT_OFF
    world.clock.tick(3600)
    assert turn(world, printer)[1] is None
    assert state(world, order_id) == [(State.UNKNOWN, False)]
    for why in ("", "please"):
        no = ask(CLERK, uuid4(), order_id, station=TILL, device=DEVICE, why=why, at=world.clock())
        assert refused(no) == Code.PRINT_UNKNOWN
    assert say(CLERK, job, Event.CAME_OUT, station=TILL, at=world.clock()) is None
    assert state(world, order_id) == [(State.PRINTED, False)]


def test_what_did_not_come_out_is_printed_again_as_a_copy_with_the_reason(world: World, printer: Printer) -> None:
    order_id, key = delivered(world), uuid4()
    job = asked(world, order_id)
    printer.breaks = [7]
    turn(world, printer)
    no = again(CLERK, job, key, order_id, station=TILL, device=DEVICE, why=" ", at=world.clock())
    assert refused(no) == Code.REASON_MISSING
    world.clock.tick(1)
    for _ in range(2):  # the button pressed twice
        made = again(CLERK, job, key, order_id, station=TILL, device=DEVICE, why="torn", at=world.clock())
        assert made == key
    turn(world, printer)
    assert state(world, order_id) == [(State.SPOILT, False), (State.PRINTED, True)]
    whole = printer.texts()[1]
    assert PIN in whole
    assert whole.count("COPY") == 2
    rows = select("SELECT name, why FROM event WHERE subject_id = %s ORDER BY id DESC LIMIT 1", [job])
    assert rows == [("spoilt", "torn")]


def test_a_bridge_that_died_leaves_a_slip_unknown_and_holds_up_no_other(world: World, printer: Printer) -> None:
    first, second = delivered(world), delivered(world)
    asked(world, first)

    def dies(_about: Printing) -> Sequence[Strip]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        print_next(TILL, lambda: nullcontext(printer), dies, shop=world.shop, clock=world.clock)
    assert state(world, first) == [(State.SENDING, False)]
    world.clock.tick(TAKES.total_seconds() + 1)
    assert state(world, first) == [(State.UNKNOWN, False)]  # also before anybody writes it down
    asked(world, second)
    assert turn(world, printer)[1] is Event.CAME_OUT
    assert (state(world, first), state(world, second)) == ([(State.UNKNOWN, False)], [(State.PRINTED, False)])


def test_a_bridge_that_comes_back_late_is_believed(world: World, printer: Printer) -> None:
    order_id = delivered(world)
    asked(world, order_id)

    def slow(about: Printing) -> Sequence[Strip]:
        world.clock.tick(TAKES.total_seconds() + 1)
        asked(world, delivered(world))  # somebody's asking writes down that its time is over
        return slips.rolled(slip(about), Paper.WIDE)

    print_next(TILL, lambda: nullcontext(printer), slow, shop=world.shop, clock=world.clock)
    assert state(world, order_id) == [(State.PRINTED, False)]


def test_what_waited_too_long_or_is_not_wanted_leaves_nothing_and_may_be_asked_for_again(
    world: World, printer: Printer
) -> None:
    order_id = delivered(world)
    asked(world, order_id)
    world.clock.tick(WAITS.total_seconds() + 1)
    assert turn(world, printer)[1] is None
    job = asked(world, order_id)
    assert say(CLERK, job, Event.CALLED_OFF, station=TILL, at=world.clock()) is None
    assert looks(order_id) == []
    world.clock.tick(1)
    asked(world, order_id)
    turn(world, printer)
    assert state(world, order_id) == [(State.REFUSED, False), (State.REFUSED, False), (State.PRINTED, False)]


def test_a_code_that_went_back_meanwhile_is_not_printed_and_a_printed_one_does_not_go_back(
    world: World, printer: Printer
) -> None:
    gone, seen = delivered(world), delivered(world)
    asked(world, gone)
    assert not isinstance(take_code_back(CUSTOMER, gone, device=DEVICE, shop=world.shop, at=world.clock()), Refusal)
    world.clock.tick(1)
    asked(world, seen)
    assert turn(world, printer)[1] is Event.CAME_OUT
    assert state(world, gone) == [(State.REFUSED, False)]
    assert (looks(gone), len(looks(seen))) == ([], 1)
    no = take_code_back(CUSTOMER, seen, device=DEVICE, shop=world.shop, at=world.clock())
    assert refused(no) == Code.CODE_SEEN


def test_only_the_device_that_ordered_only_what_is_delivered_and_only_who_may(world: World) -> None:
    order_id, waiting = delivered(world), world.order()
    for order, device, actor, code in (
        (order_id, ANOTHER_DEVICE, CLERK, Code.PROOF_NEEDED),
        (waiting, DEVICE, CLERK, Code.NOT_DELIVERED_YET),
        (uuid4(), DEVICE, CLERK, Code.NOT_FOUND),
        (order_id, DEVICE, CUSTOMER, Code.NOT_ALLOWED),
        (order_id, DEVICE, Actor(Role.RESELLER, "acme"), Code.NOT_ALLOWED),
    ):
        assert refused(ask(actor, uuid4(), order, station=TILL, device=device, at=world.clock())) == code
    job = asked(world, order_id)
    for station, event, code in (
        ("another-till", Event.CALLED_OFF, Code.NOT_FOUND),
        (TILL, Event.CAME_OUT, Code.PRINT_NOT_NOW),
        (TILL, Event.CLAIMED, Code.NOT_ALLOWED),
    ):
        assert refused(say(CLERK, job, event, station=station, at=world.clock())) == code


def test_a_file_is_handed_over_once_and_a_person_says_what_came_out(world: World, printer: Printer) -> None:
    order_id = delivered(world)
    job = asked(world, order_id)
    about = hand_over(CLERK, job, station=TILL, shop=world.shop, at=world.clock())
    assert isinstance(about, Printing)
    assert slips.pdf(slip(about)).startswith(b"%PDF")
    assert looks(order_id) == ["support:eve"]
    once_more = hand_over(CLERK, job, station=TILL, shop=world.shop, at=world.clock())
    assert refused(once_more) == Code.PRINT_NOT_NOW
    assert turn(world, printer)[1] is None
    assert [one.state for one in print_jobs.open_at(TILL, at=world.clock())] == [State.UNKNOWN]


def test_credit_that_was_sent_to_a_number_has_a_slip_without_a_code(world: World, printer: Printer) -> None:
    order_id = delivered(world, DIRECT)
    asked(world, order_id)
    turn(world, printer)
    [texts] = printer.texts()
    assert any("0470 12 34 56" in text for text in texts)
    assert looks(order_id) == []
    assert state(world, order_id) == [(State.PRINTED, False)]


def test_a_slip_says_how_to_enter_the_code_and_what_was_paid_in_the_orders_language(
    world: World, printer: Printer
) -> None:
    for language in ("en", "fr", "nl", "de", "zh-Hans"):
        asked(world, delivered(world, language=language))
        turn(world, printer)
    totals = [
        [text for text in texts if text.startswith(("Total", "Totaal", "Gesamt", "Summe"))] for texts in printer.texts()
    ]
    assert [len(found) for found in totals] == [1, 1, 1, 1, 0]
    for texts in printer.texts():
        assert any("0000 0000" in text for text in texts)  # also on a Chinese slip: digits are no picture


def test_wherever_a_slip_is_cut_off_the_code_is_once_unmarked_and_in_the_end_on_paper(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over a real line: it dies, or the paper ends, after so many bytes. The clerk looks, and does as the page says."""
    monkeypatch.setattr(escpos, "_ANSWERS_S", 0.1)
    monkeypatch.setattr(escpos, "_PRINTS_S", 0.3)
    for share in (0, 10, 40, 70, 99):
        for ends in ("dies_after", "paper_left"):
            order_id = delivered(world)
            asked(world, order_id)
            with FakePrinter() as fake:
                whole = len(escpos.written(slips.rolled(slip(printing(world, order_id)), Paper.WIDE), Paper.WIDE))
                setattr(fake, ends, whole * share // 100)
                opens = partial(printers.at, fake.address, Paper.WIDE)
                _, event = turn(world, opens)
                assert event is Event.CUT_OFF
                assert turn(world, opens)[1] is None  # it has no paper, or nothing waits
                fake.paper, fake.dies_after, fake.paper_left = 0x12, None, None
                assert turn(world, opens)[1] is None  # never by itself
                [job] = print_jobs.open_at(TILL, at=world.clock())
                key = uuid4()
                made = again(CLERK, job.id, key, order_id, station=TILL, device=DEVICE, why="torn", at=world.clock())
                assert made == key
                assert turn(world, opens)[1] is Event.CAME_OUT
            papers = [data for data in fake.slips if b"0000 0000 000" in data]
            assert len([data for data in papers if b"COPY" not in data]) <= 1
            assert len([data for data in papers if b"COPY" in data]) == 1


def printing(world: World, order_id: UUID) -> Printing:
    page = pages.order_by_id(order_id)
    assert page is not None
    return Printing(page, False, world.clock(), codes.Revealed("0000000000001", "S1", None))


def test_for_an_ordinary_printer_a_slip_is_one_tagged_page_in_every_language(world: World) -> None:
    for language in ("en", "fr", "nl", "de", "zh-Hans"):
        about = printing(world, delivered(world, language=language))
        pdf = slips.pdf(slip(replace(about, copy=True)))
        assert b"/Type/Pages/Count 1/" in pdf, language
        assert b"/StructTreeRoot" in pdf
        assert pdf.count(b"/Alt") >= 1  # the QR says what it is for
