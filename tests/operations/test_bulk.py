"""A reseller's file: checked whole, confirmed by its sum, bought once whatever happens on the way."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4
from xml.sax.saxutils import escape

import pytest

from fakes import CODE, DIRECT, START, World
from opla.core.actor import Actor, Role
from opla.core.api_access import MEMBER_MAY, Access, Member
from opla.core.bulk import MAX_ROWS, RowState, Source, State, heading
from opla.core.bulk.reading import MAX_COLUMNS
from opla.core.refusal import Code, Refusal
from opla.db.queries import bulk as rows_of
from opla.db.queries import floats
from opla.db.queries.bulk import File
from opla.db.queries.call import select
from opla.operations import bulk, resellers, share
from opla.operations.bulk_sheet import read_sheet
from opla.operations.place_from_float import Reserved, place_from_float
from support import at_once

OWNER = Actor(Role.OWNER, "test")
ACME = Access("acme", "orders@acme.example", MEMBER_MAY[Member.OWNER])
BOLT = replace(ACME, reseller="bolt")


@pytest.fixture
def acme(world: World) -> World:
    """A shop with two resellers, each with a hundred euros."""
    for name in ("acme", "bolt"):
        assert resellers.add(OWNER, name, title=name.title(), email=f"orders@{name}.example", at=START) is None
        assert resellers.pay_in(OWNER, name, "100", "first", shop=world.shop, at=START) is True
    return world


def csv(*keys: str, sku: str = DIRECT) -> bytes:
    return "\n".join(["key,sku,number", *(f"{key},{sku},0470123456" for key in keys)]).encode()


def up(world: World, data: bytes, *, key: str = "", who: Access = ACME, platform: str = "") -> UUID:
    made = bulk.upload(who, data, key=key or uuid4().hex, platform=platform, shop=world.shop, at=world.clock())
    assert isinstance(made, bulk.Uploaded), made
    return made.file_id


def seen(file_id: UUID, who: Access = ACME) -> File:
    found = bulk.find(who, file_id)
    assert isinstance(found, File), found
    return found


def work(world: World) -> int:
    """Everything that a worker finds to do; how many batches that was."""
    count = 0
    while bulk.step(shop=world.shop, at=world.clock()):
        count += 1
    return count


def checked(world: World, data: bytes, **other: str) -> UUID:
    file_id = up(world, data, **other)
    work(world)
    return file_id


def confirmed(world: World, file_id: UUID, **other: object) -> Refusal | None:
    total = seen(file_id).total_minor
    return bulk.confirm(ACME, file_id, total, key="yes", at=world.clock(), **other)  # type: ignore[arg-type]


def bought(world: World, data: bytes, **other: str) -> UUID:
    file_id = checked(world, data, **other)
    assert confirmed(world, file_id) is None
    work(world)
    return file_id


def counts(file_id: UUID) -> tuple[str, int, int, int, int]:
    found = seen(file_id)
    return found.state, found.placed, found.again, found.bad, found.refused


def free(reseller: str = "acme") -> tuple[int, int]:
    found = floats.balance(reseller, "EUR")
    return found.free_minor, found.held_minor


def orders() -> int:
    [(count,)] = select("SELECT count(*) FROM orders")
    return int(str(count))


def test_a_file_is_checked_whole_and_every_bad_row_is_named_before_anything_is_bought(acme: World) -> None:
    data = b"key,sku,number\na,MV-15,0470123456\nb,MV-15,04701\nc,MV-99,0470123456\n,MV-15,1\na,MV-15,0470123456\n"
    found = seen(checked(acme, data))
    assert (found.state, found.rows, found.good, found.bad, found.total_minor) == ("checked", 5, 1, 4, 1500)
    told = [(row.line, [(r.code, r.about) for r in row.refusals]) for row in rows_of.wrong(found.id, limit=10)]
    assert told == [
        (3, [(Code.NUMBER_TOO_SHORT, "number")]),
        (4, [(Code.PRODUCT_UNKNOWN, "product")]),
        (5, [(Code.KEY_MISSING, "key"), (Code.NUMBER_TOO_SHORT, "number")]),
        (6, [(Code.ROW_TWICE, "key")]),
    ]
    assert (orders(), free()) == (0, (10000, 0))


def test_a_confirmed_file_is_bought_and_delivered_and_the_books_hold(acme: World) -> None:
    file_id = bought(acme, csv("a", "b", "c"))
    assert (counts(file_id), free()) == (("done", 3, 0, 0, 0), (5500, 4500))
    acme.work(2)
    assert rows_of.order_states(file_id) == {"delivered": 3}
    assert [row.order_state for row in rows_of.rows(file_id, limit=9)] == ["delivered"] * 3


def test_the_same_file_twice_buys_once_and_says_so_before(acme: World) -> None:
    bought(acme, csv("a", "b"))
    again = seen(checked(acme, csv("a", "b", "c")))
    assert (again.again, again.good, again.total_minor) == (2, 1, 1500)
    assert confirmed(acme, again.id) is None
    work(acme)
    assert (counts(again.id), orders()) == (("done", 1, 2, 0, 0), 3)


def test_a_key_that_was_bought_with_another_number_is_bad(acme: World) -> None:
    bought(acme, csv("a"))
    found = seen(checked(acme, b"key,sku,number\na,MV-15,0470123457\n"))
    [row] = rows_of.wrong(found.id, limit=9)
    assert [(r.code, r.about) for r in row.refusals] == [(Code.KEY_REUSED, "number")]


def test_the_same_upload_is_the_same_file_and_another_under_its_key_is_refused(acme: World) -> None:
    first = up(acme, csv("a"), key="k")
    assert up(acme, csv("a"), key="k") == first
    refused = bulk.upload(ACME, csv("b"), key="k", shop=acme.shop, at=START)
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.about) == (Code.KEY_REUSED, "file")


def test_another_sum_than_was_shown_is_not_confirmed_and_no_file_is_confirmed_twice(acme: World) -> None:
    file_id = checked(acme, csv("a"))
    refused = bulk.confirm(ACME, file_id, 1499, key="yes", at=START)
    assert refused is not None
    assert (refused.code, seen(file_id).state) == (Code.QUOTE_CHANGED, State.CHECKED)
    assert confirmed(acme, file_id) is None
    assert confirmed(acme, file_id) is None  # the same again, by its key
    other = bulk.confirm(ACME, file_id, 1500, key="another", at=START)
    assert other is not None
    assert other.code is Code.FILE_NOT_NOW


def test_nothing_is_bought_before_its_time_and_until_then_it_may_be_cancelled(acme: World) -> None:
    one, two = checked(acme, csv("a")), checked(acme, csv("b"))
    tomorrow = START + timedelta(days=1)
    assert confirmed(acme, one, begins_at=tomorrow) is None
    assert confirmed(acme, two, begins_at=tomorrow) is None
    acme.clock.now = tomorrow - timedelta(seconds=1)
    assert work(acme) == 0
    assert bulk.cancel(ACME, two, at=acme.clock()) is None
    acme.clock.now = tomorrow
    work(acme)
    assert (counts(one)[:2], counts(two)[:2], orders()) == (("done", 1), ("cancelled", 0), 1)


@pytest.mark.parametrize("hours", [-1, 24 * 91])
def test_no_file_is_confirmed_for_a_time_that_is_over_or_too_far(acme: World, hours: int) -> None:
    file_id = checked(acme, csv("a"))
    refused = confirmed(acme, file_id, begins_at=START + timedelta(hours=hours))
    assert refused is not None
    assert (refused.code, refused.about) == (Code.TIME_NOT_POSSIBLE, "begins_at")


def test_where_the_float_is_too_low_it_pauses_says_what_is_missing_and_goes_on_later(acme: World) -> None:
    file_id = bought(acme, csv(*"abcdefgh"))
    found = seen(file_id)
    assert (found.state, found.placed, found.left_minor, found.missing_minor) == ("paused", 6, 3000, 2000)
    assert free() == (1000, 9000)
    resellers.pay_in(OWNER, "acme", "20", "second", shop=acme.shop, at=START)
    assert bulk.resume(ACME, file_id, key="go", at=START) is None
    work(acme)
    assert (counts(file_id), free()) == (("done", 8, 0, 0, 0), (0, 12000))
    assert seen(file_id).missing_minor == 0


def test_a_person_pauses_and_goes_on_and_what_is_cancelled_stays_bought_so_far(
    acme: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "BUY", 2)
    file_id = checked(acme, csv(*"abcdef"))
    assert confirmed(acme, file_id) is None
    for _ in range(2):  # begun, and the first batch
        bulk.step(shop=acme.shop, at=START)
    assert bulk.pause(ACME, file_id, at=START) is None
    assert (work(acme), counts(file_id)[:2]) == (0, ("paused", 2))
    assert bulk.resume(ACME, file_id, key="go", at=START) is None
    bulk.step(shop=acme.shop, at=START)
    assert bulk.cancel(ACME, file_id, at=START) is None
    assert (work(acme), counts(file_id)[:2], orders()) == (0, ("cancelled", 4), 4)
    again = bulk.resume(ACME, file_id, key="again", at=START)
    assert again is not None
    assert again.code is Code.FILE_NOT_NOW


def test_a_worker_that_dies_anywhere_loses_and_doubles_nothing(acme: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed before and after every commit of every step, in turn: the next worker goes on where it was."""

    class Killed(BaseException):
        pass

    from opla.db.queries import call

    class Killer:
        def __init__(self) -> None:
            self.left = 0

        def _hit(self) -> None:
            self.left -= 1
            if self.left == 0:
                raise Killed

        def before(self, function: str) -> None:
            self._hit()

        def after(self, function: str) -> None:
            self._hit()

    for name, size in (("KEEP", 2), ("CHECK", 2), ("BUY", 2)):
        monkeypatch.setattr(bulk, name, size)
    file_id = up(acme, csv(*"abcde") + b"\nx,MV-15,1")
    killer = Killer()
    monkeypatch.setattr(call, "observer", killer)
    deaths, hit = 0, 1
    while seen(file_id).state is not State.DONE:
        killer.left = hit
        try:
            going = bulk.step(shop=acme.shop, at=acme.clock())
        except Killed:
            deaths, hit = deaths + 1, hit + 1
            acme.clock.now += bulk.LEASE + timedelta(seconds=1)
            continue
        killer.left, hit = 0, 1
        if not going and seen(file_id).state is State.CHECKED:
            assert confirmed(acme, file_id) is None
    monkeypatch.setattr(call, "observer", None)
    assert deaths > 20
    assert (counts(file_id), orders(), free()) == (("done", 5, 0, 1, 0), 5, (2500, 7500))


def test_two_workers_at_once_buy_every_row_once(acme: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BUY", 1)
    monkeypatch.setattr(bulk, "LEASE", timedelta(0))  # so that both take the same file at the same time
    file_id = checked(acme, csv(*"abcdef"))
    assert confirmed(acme, file_id) is None

    def all_of_it() -> bool:
        while seen(file_id).state is not State.DONE:
            bulk.step(shop=acme.shop, at=START)
        return True

    assert at_once(all_of_it, all_of_it) == [True, True]
    assert (counts(file_id), orders(), free()) == (("done", 6, 0, 0, 0), 6, (1000, 9000))


def test_a_reseller_that_is_switched_off_buys_no_row_more(acme: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BUY", 2)
    running, waits, read = checked(acme, csv(*"abcde")), checked(acme, csv("z")), up(acme, csv("y"))
    assert confirmed(acme, running) is None
    for _ in range(2):  # begun, and the first batch
        bulk.step(shop=acme.shop, at=START, only=running)
    assert confirmed(acme, waits) is None
    assert resellers.switch(OWNER, "acme", on=False, why="a key was stolen", at=START) == 1
    assert work(acme) == 0
    assert (counts(running)[:2], counts(waits)[:2], seen(read).state) == (("paused", 2), ("confirmed", 0), "uploaded")
    assert resellers.switch(OWNER, "acme", on=True, why="new keys", at=START) == 0
    work(acme)
    assert (counts(running)[:2], counts(waits)[:2], orders()) == (("paused", 2), ("done", 1), 3)
    assert bulk.resume(ACME, running, key="go", at=START) is None
    work(acme)
    assert counts(running)[:2] == ("done", 5)
    told = select("SELECT name, why, actor FROM event WHERE name LIKE 'switched%%' ORDER BY id")
    assert told == [("switched_off", "a key was stolen", str(OWNER)), ("switched_on", "new keys", str(OWNER))]


def test_a_worker_that_has_the_file_already_looks_again_before_it_buys(
    acme: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = checked(acme, csv("a"))
    assert confirmed(acme, file_id) is None
    bulk.step(shop=acme.shop, at=START)
    found = rows_of.file

    def stopped_since(which: UUID) -> File | None:
        one = found(which)
        resellers.switch(OWNER, "acme", on=False, why="a key was stolen", at=START)
        return one

    with monkeypatch.context() as between:
        between.setattr(rows_of, "file", stopped_since)
        bulk.step(shop=acme.shop, at=START)
    assert (orders(), counts(file_id)[:2]) == (0, ("paused", 0))


def test_nobody_is_switched_off_without_a_reason_or_by_somebody_else() -> None:
    for actor, why in ((OWNER, " "), (Actor(Role.RESELLER, "bolt"), "I may not")):
        assert isinstance(resellers.switch(actor, "acme", on=False, why=why, at=START), Refusal)


def test_files_take_turns(acme: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "CHECK", 1)
    one, two = up(acme, csv(*"abcd")), up(acme, csv("z"), who=BOLT)
    for _ in range(6):
        acme.clock.tick(1)
        bulk.step(shop=acme.shop, at=acme.clock())
    assert seen(two, BOLT).state is State.CHECKED
    assert seen(one).state is State.CHECKING


def test_a_price_that_changed_since_it_was_checked_is_not_paid(acme: World) -> None:
    file_id = checked(acme, csv("a", "b"))
    assert confirmed(acme, file_id) is None
    acme.shop = replace(acme.shop, terms=replace(acme.shop.terms, fee_minor=50))
    work(acme)
    assert (counts(file_id), orders()) == (("done", 0, 0, 0, 2), 0)
    assert [r.code for row in rows_of.wrong(file_id, limit=9) for r in row.refusals] == [Code.QUOTE_CHANGED] * 2


def test_a_file_that_cannot_be_read_is_refused_with_its_reason(acme: World) -> None:
    found = seen(checked(acme, b"key,sku\na,\xff"))
    assert found.state is State.BROKEN
    assert [(r.code, r.params["why"], r.params["line"]) for r in found.refusals] == [
        (Code.FILE_BROKEN, "encoding", "2")
    ]
    assert select("SELECT content FROM bulk_file") == [(None,)]


def test_nobody_sees_or_moves_the_file_of_another_reseller_or_of_a_sandbox(acme: World) -> None:
    file_id = checked(acme, csv("a"))
    for who in (BOLT, replace(ACME, sandbox=True)):
        for answer in (
            bulk.find(who, file_id),
            bulk.confirm(who, file_id, 1500, key="k", at=START),
            bulk.cancel(who, file_id, at=START),
        ):
            assert isinstance(answer, Refusal)
            assert answer.code is Code.NOT_FOUND


def test_a_file_of_a_sandboxs_key_is_played_and_moves_nothing(acme: World) -> None:
    who = replace(ACME, sandbox=True)
    file_id = up(acme, csv("a", "b"), who=who)
    work(acme)
    assert bulk.confirm(who, file_id, 3000, key="k", at=START) is None
    work(acme)
    assert (seen(file_id, who).placed, orders(), free()) == (2, 0, (10000, 0))


def test_what_was_paused_long_ago_or_waits_for_a_reseller_that_is_off_ends_and_is_forgotten(acme: World) -> None:
    """Else the numbers in it are kept for ever."""
    short, off = bought(acme, csv(*"abcdefgh")), up(acme, csv("z"), who=BOLT)
    resellers.switch(OWNER, "bolt", on=False, why="gone", at=START)
    acme.clock.now += timedelta(days=90)
    bulk.tidy(at=acme.clock())
    assert (seen(short).state, seen(off, BOLT).state) == ("paused", "uploaded")
    acme.clock.now += timedelta(seconds=1)
    bulk.tidy(at=acme.clock())
    assert (counts(short)[:2], seen(off, BOLT).state) == (("cancelled", 6), "cancelled")
    acme.clock.now += timedelta(days=181)
    for _ in range(3):
        bulk.tidy(at=acme.clock())
    assert select("SELECT count(*) FROM bulk_row") == [(0,)]


def test_a_file_that_is_confirmed_for_a_later_day_waits_for_it(acme: World) -> None:
    file_id = checked(acme, csv("a"))
    assert confirmed(acme, file_id, begins_at=START + timedelta(days=90)) is None
    acme.clock.now += timedelta(days=91)
    bulk.tidy(at=acme.clock())
    work(acme)
    assert counts(file_id)[:2] == ("done", 1)


def test_what_nobody_confirmed_expires_and_what_ended_long_ago_is_forgotten_and_not_bought_again(acme: World) -> None:
    done, waits = bought(acme, csv("a")), checked(acme, csv("b"))
    acme.clock.now += timedelta(days=7, seconds=1)
    bulk.tidy(at=acme.clock())
    assert seen(waits).state is State.EXPIRED
    acme.clock.now += timedelta(days=181)
    for _ in range(3):
        bulk.tidy(at=acme.clock())
    assert isinstance(bulk.find(ACME, done), Refusal)
    assert select("SELECT count(*) FROM bulk_row") == [(0,)]
    assert seen(checked(acme, csv("a"))).again == 1


def dies_before_it_tells(world: World, monkeypatch: pytest.MonkeyPatch, who: Access = ACME) -> None:
    """A worker buys a batch, and is killed between its two commits."""
    with monkeypatch.context() as killed:
        killed.setattr(rows_of, "tell", lambda *_words, **_more: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            bulk.step(shop=world.shop, at=world.clock())


@pytest.mark.parametrize("paused", [False, True])
def test_what_a_dead_worker_bought_of_a_file_that_was_cancelled_since_is_told_with_its_links(
    acme: World, monkeypatch: pytest.MonkeyPatch, paused: bool
) -> None:
    monkeypatch.setattr(bulk, "BUY", 2)
    assert bulk.describe(ACME, EBAY, at=START) == []
    file_id = checked(acme, EXPORT, platform="ebay")
    assert confirmed(acme, file_id) is None
    bulk.step(shop=acme.shop, at=acme.clock())
    dies_before_it_tells(acme, monkeypatch)
    assert (counts(file_id)[:2], orders()) == (("running", 0), 2)
    if paused:
        assert bulk.pause(ACME, file_id, at=acme.clock()) is None
    assert bulk.cancel(ACME, file_id, at=acme.clock()) is None
    acme.clock.now += bulk.LEASE
    assert work(acme) == 1
    assert (counts(file_id), seen(file_id).left_minor, orders()) == (("cancelled", 2, 0, 0, 0), 1500, 2)
    assert select("SELECT count(*) FROM order_share") == [(2,)]
    assert work(acme) == 0


def test_a_buyer_whose_order_stands_without_a_link_gets_one_when_the_export_is_sent_again(
    acme: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it was where a worker died, and its file was forgotten since."""
    assert bulk.describe(ACME, EBAY, at=START) == []
    file_id = checked(acme, EXPORT, platform="ebay")
    assert confirmed(acme, file_id) is None
    bulk.step(shop=acme.shop, at=acme.clock())
    dies_before_it_tells(acme, monkeypatch)
    assert select("SELECT count(*) FROM order_share") == [(0,)]
    again = checked(acme, EXPORT, platform="ebay")
    assert seen(again).again == 3
    assert select("SELECT count(*) FROM order_share WHERE ends_at > %s", [START]) == [(3,)]


# ── marketplaces ──

EBAY = Source("ebay", "Order", "Item", {"Proximus 15": CODE}, "Qty", language="Lang")
EXPORT = b"Order,Item,Qty,Lang\n17-1,Proximus 15,2,nl\n17-2,Proximus 15,1,\n"


def test_a_marketplaces_export_gives_each_buyer_a_link_and_taken_again_buys_nothing(acme: World) -> None:
    assert bulk.describe(ACME, EBAY, at=START) == []
    file_id = bought(acme, EXPORT, platform="ebay")
    assert counts(file_id) == ("done", 3, 0, 0, 0)
    acme.work(2)
    placed = rows_of.rows(file_id, limit=9)
    links = [bulk.link_of(row.order_id, shop=acme.shop) for row in placed if row.order_id]
    assert len(set(links)) == 3
    device = b"the buyer's phon"
    buyer = Actor(Role.CUSTOMER, "a browser")
    link = links[0].rstrip("/").rpartition("/")[2]
    got = share.reveal(buyer, link, device=device, shop=acme.shop, at=acme.clock())
    assert not isinstance(got, Refusal), got
    other = share.reveal(buyer, link, device=b"another phone...", shop=acme.shop, at=acme.clock())
    assert isinstance(other, Refusal)
    assert other.code is Code.SHARE_USED
    assert select("SELECT count(*) FROM reveal") == [(1,)]
    hashes = [bytes(str(h).encode()) for (h,) in select("SELECT encode(link_hash, 'hex') FROM order_share")]
    assert not any(link.encode() in h for h in hashes)
    again = seen(checked(acme, b"Order,Item,Qty,Lang\n17-2,Proximus 15,1,\n17-1,Proximus 15,2,nl\n", platform="ebay"))
    assert (again.again, again.good) == (3, 0)


def test_an_export_taken_again_by_a_colleague_in_another_language_buys_nothing(acme: World) -> None:
    """Who is told, and in which language where the row says none, is no part of what was ordered."""
    assert bulk.describe(ACME, replace(EBAY, speaks="fr"), at=START) == []
    bought(acme, EXPORT, platform="ebay")
    assert select("SELECT DISTINCT language FROM orders ORDER BY 1") == [("fr",), ("nl",)]
    assert bulk.describe(ACME, EBAY, at=START) == []
    colleague = replace(ACME, email="bo@acme.example")
    again = seen(up(acme, EXPORT, who=colleague, platform="ebay"))
    work(acme)
    assert (seen(again.id).again, seen(again.id).bad) == (3, 0)


def test_two_colleagues_files_of_the_same_rows_are_bought_once_and_what_a_row_does_say_must_be_the_same(
    acme: World,
) -> None:
    """Both are checked before either is bought."""
    one, two = up(acme, csv("a")), up(acme, csv("a"), who=replace(ACME, email="bo@acme.example"))
    work(acme)
    assert (confirmed(acme, one), confirmed(acme, two)) == (None, None)
    work(acme)
    assert {counts(one), counts(two)} == {("done", 1, 0, 0, 0), ("done", 0, 1, 0, 0)}
    assert orders() == 1
    other = seen(checked(acme, b"key,sku,number,email\na,MV-15,0470123456,eve@acme.example\n"))
    [row] = rows_of.wrong(other.id, limit=9)
    assert [(r.code, r.about) for r in row.refusals] == [(Code.KEY_REUSED, "email")]


def test_two_resellers_may_have_the_same_number_at_the_same_marketplace(acme: World) -> None:
    for who in (ACME, BOLT):
        assert bulk.describe(who, EBAY, at=START) == []
        file_id = up(acme, EXPORT, who=who, platform="ebay")
        work(acme)
        assert seen(file_id, who).good == 3


def test_a_marketplace_that_nobody_described_or_that_names_what_is_not_sold_is_refused(acme: World) -> None:
    refused = bulk.upload(ACME, EXPORT, key="k", platform="ebay", shop=acme.shop, at=START)
    assert isinstance(refused, Refusal)
    assert refused.code is Code.SOURCE_UNKNOWN
    wrong = bulk.describe(ACME, Source("", "", "Item", {"x": "NO-1"}), at=START)
    assert [r.code for r in wrong] == [Code.NAME_INVALID, Code.COLUMNS_WRONG, Code.PRODUCT_UNKNOWN]


# ── spreadsheets ──


def sheet(*rows: list[str | float], strange: str = "") -> bytes:
    """The least that is an XLSX file. A text that begins with `=` is a formula without a value."""

    def cell(value: str | float) -> str:
        if isinstance(value, float | int):
            return f"<c><v>{value}</v></c>"
        if value.startswith("="):
            return f"<c><f>{escape(value[1:])}</f><v>7</v></c>"
        return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'

    body = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    made = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml", '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{made}"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets>'
            "</workbook>",
        )
        archive.writestr(
            "_rels/.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="r1" Type="{made}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="r1" Type="{made}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/worksheets/sheet1.xml",
            f'<worksheet xmlns="{main}"><sheetData>{strange}{body}</sheetData></worksheet>',
        )
    return out.getvalue()


def test_a_spreadsheet_is_read_as_what_stands_in_it_and_calculates_nothing(acme: World) -> None:
    data = sheet(
        ["key", "sku", "number"], ["a", DIRECT, "0470123456"], [4711, DIRECT, 32470123457.0], ["=1+6", DIRECT, "x"]
    )
    file_id = checked(acme, data)
    rows = rows_of.rows(file_id, limit=9)
    assert [(row.line, row.cells[0], row.state) for row in rows] == [
        (2, "a", RowState.GOOD),
        (3, "4711", RowState.GOOD),
        (4, "7", RowState.BAD),
    ]


def test_two_order_numbers_that_a_spreadsheet_made_one_are_no_orders(acme: World) -> None:
    """Else the second buyer gets the first one's link, and nothing is bought for them."""
    assert bulk.describe(ACME, Source("ebay", "Order", "Item", {"Proximus 15": CODE}), at=START) == []
    numbers = (8123456789012345678, 8123456789012345679, 10**15, 10**15 - 1)
    data = sheet(["Order", "Item"], *([float(n), "Proximus 15"] for n in numbers))
    file_id = checked(acme, data, platform="ebay")
    assert [(r.code, r.about) for row in rows_of.wrong(file_id, limit=9) for r in row.refusals] == [
        (Code.CELL_ROUNDED, "key")
    ] * 3
    [good] = [row for row in rows_of.rows(file_id, limit=9) if row.state is RowState.GOOD]
    assert good.key.startswith("999999999999999#")


@pytest.mark.parametrize(
    "strange",
    [
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        "<row>" + "<c><v>1</v></c>" * 2_000_000 + "</row>",
    ],
    ids=["a sheet as large as they can be", "two million cells in a row"],
)
def test_a_sheet_that_claims_to_be_huge_is_refused_and_takes_no_memory_of_ours(strange: str) -> None:
    rows = read_sheet(sheet(["key"], strange=strange), list)
    assert rows is None or sum(len(cells) for _, cells in rows) <= 2 * (MAX_COLUMNS + 1)
    assert rows is None or isinstance(heading(rows), Refusal)


def test_blank_rows_of_a_sheet_count_as_none_and_one_row_too_many_is_refused() -> None:
    """Else what stands below the blank ones is never bought, and nobody says so."""
    blank = '<row r="{}"><c r="B{}"><v>1</v></c></row>'
    rows = "".join(blank.format(2 * n, 2 * n) for n in range(1, 60_002))
    found = read_sheet(sheet(strange='<row r="1"><c r="B1" t="inlineStr"><is><t>key</t></is></c></row>' + rows), list)
    assert found is not None
    assert (len(found), found[-1][0]) == (60_002, 120_002)
    more = "".join(blank.format(n, n) for n in range(2, MAX_ROWS + 5))
    head = '<row r="1"><c r="A1" t="inlineStr"><is><t>key</t></is></c></row>'
    refused = read_sheet(sheet(strange=head + more.replace("B", "A")), heading)
    assert isinstance(refused, Refusal)
    assert refused.code is Code.ROWS_TOO_MANY


def test_an_archive_that_unpacks_to_more_than_it_says_or_than_there_may_be_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(6):
            archive.writestr(f"xl/{n}", b"\0" * 100_000_000)
    assert len(out.getvalue()) < 1_000_000
    assert read_sheet(out.getvalue(), list) is None
    honest = sheet(["key"], ["a"])
    assert read_sheet(honest, list) is not None
    size = (150).to_bytes(4, "little")
    with zipfile.ZipFile(io.BytesIO(honest)) as archive:
        told = archive.getinfo("xl/worksheets/sheet1.xml").file_size.to_bytes(4, "little")
    assert read_sheet(honest.replace(told, size), list) is None


def test_an_order_in_a_file_and_by_itself_under_one_key_is_one_order(acme: World) -> None:
    file_id = checked(acme, csv("a"))
    assert confirmed(acme, file_id) is None
    from operations.test_floats import asked

    [one] = place_from_float(Actor(Role.RESELLER), [asked("a")], shop=acme.shop, at=START - timedelta(seconds=1))
    assert isinstance(one, Reserved)
    work(acme)
    assert orders() == 1


def test_what_was_bought_before_a_worker_died_stands_though_its_price_has_changed_since(
    acme: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = checked(acme, csv("a"))
    assert confirmed(acme, file_id) is None
    bulk.step(shop=acme.shop, at=START)
    monkeypatch.setattr(rows_of, "tell", lambda *_words, **_more: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        bulk.step(shop=acme.shop, at=START)
    monkeypatch.undo()
    acme.shop = replace(acme.shop, terms=replace(acme.shop.terms, fee_minor=50))
    acme.clock.now += bulk.LEASE
    work(acme)
    assert (counts(file_id), orders()) == (("done", 1, 0, 0, 0), 1)
