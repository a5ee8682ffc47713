"""What a till sells without a line: bounded, sealed, signed, booked once; and two tablets where there should be one."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fakes import CODE, World
from operations.test_cash import OWNER, TILL, counter, in_drawer, work
from operations.test_stations import PIN, broken, named, opened, paired
from opla.core import offline
from opla.core.offline import FIRST, Result
from opla.core.refusal import Code, Refusal
from opla.core.station import Kind
from opla.db.queries import cash as drawers
from opla.db.queries import stations as tablets
from opla.db.queries.call import select
from opla.db.queries.codes import NewCode, stock
from opla.db.queries.stations import Clerk, Station
from opla.operations import offline as selling
from opla.operations import shifts, stations
from opla.operations.clerks import actor_of
from opla.operations.drawers import keep_drawer
from opla.operations.offline import Given, Keys, Said, Sealed
from support import as_owner, at_once

__all__ = ["counter"]

_POINT = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint


@dataclass
class Tablet:
    """What the page's script does, in Python: the judge of the same steps in the browser is tests/browser."""

    wrapping: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    signing: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    given: Given | None = None
    said: list[Said] = field(default_factory=list)
    before: str = FIRST

    @property
    def keys(self) -> Keys:
        return Keys(*(key.public_key().public_bytes(*_POINT) for key in (self.wrapping, self.signing)))

    def copy(self) -> Tablet:
        return Tablet(self.wrapping, self.signing, self.given, list(self.said), self.before)

    def opened(self, code: Sealed, pin: str) -> str:
        assert self.given is not None
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self.given.point)
        shared = self.wrapping.exchange(ec.ECDH(), theirs)
        stretched = hashlib.pbkdf2_hmac("sha256", pin.encode(), self.given.salt, self.given.rounds)
        secret = HKDF(hashes.SHA256(), 32, self.given.salt, selling.INFO).derive(shared + stretched)
        return AESGCM(secret).decrypt(code.box[:12], code.box[12:], str(code.code_id).encode()).decode()

    def sell(self, which: int, at: datetime) -> Said:
        assert self.given is not None
        code = self.given.codes[which]
        return self.write(code.code_id, code.price.amount_minor, at)

    def write(self, code_id: UUID, price_minor: int, at: datetime) -> Said:
        assert self.given is not None
        text = offline.write(
            self.given.key_id, len(self.said) + 1, code_id, price_minor, "EUR", at, self.given.clerk, self.before
        )
        r, s = decode_dss_signature(self.signing.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        both = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        self.said.append(Said(text, base64.urlsafe_b64encode(both).decode().rstrip("=")))
        self.before = hashlib.sha256(text.encode()).hexdigest()
        return self.said[-1]


@dataclass
class Till:
    world: World
    station: Station
    clerk: Clerk

    def give(self, tablet: Tablet, times: int = 3, pin: str = PIN) -> Given | Refusal:
        found = selling.give(
            self.clerk, pin, self.station, tablet.keys, {CODE: times}, shop=self.world.shop, at=self.world.clock()
        )
        if isinstance(found, Given):
            tablet.given = found
        return found

    def say(self, tablet: Tablet) -> list[Result] | Code:
        told = selling.say(tablet.said, at=self.world.clock())
        return told.code if isinstance(told, Refusal) else [result for _, result in told]

    def book(self) -> None:
        selling.book(shop=self.world.shop, at=self.world.clock())
        work(self.world)

    def states(self) -> dict[str, int]:
        return {str(state): int(str(n)) for state, n in select("SELECT state, count(*) FROM offline_code GROUP BY 1")}


@pytest.fixture
def till(counter: World) -> Till:
    """An open till that may hold €50 of codes, of which there are ten of €15."""
    codes = [NewCode(uuid4(), CODE, f"4821903477{n:03d}", f"S-{n}", 1400, "EUR", None) for n in range(10)]
    assert all(stock(codes, batch=uuid4(), actor=OWNER, at=counter.clock(), keyring=counter.shop.keyring))
    station, clerk = paired(counter), named(counter)
    assert selling.set_limit(OWNER, station.name, "50", at=counter.clock()) is None
    opened(counter, clerk, station)
    return Till(counter, station, clerk)


def test_a_till_holds_codes_up_to_its_limit_and_the_books_know_them(till: Till) -> None:
    tablet = Tablet()
    given = till.give(tablet, times=9)
    assert isinstance(given, Given)
    assert [one.price.amount_minor for one in given.codes] == [1500] * 3
    again = till.give(Tablet(), times=9)
    assert isinstance(again, Given)
    assert {one.code_id for one in again.codes} == {one.code_id for one in given.codes}
    assert (till.states(), broken(till.world)) == ({"held": 3}, [])
    [(left,)] = select("SELECT count(*) FROM code WHERE state = 'stock'")
    assert left == 7


def test_a_code_opens_with_the_tablets_own_key_and_the_clerks_pin_and_with_nothing_else(till: Till) -> None:
    tablet = Tablet()
    given = till.give(tablet)
    assert isinstance(given, Given)
    assert tablet.opened(given.codes[0], PIN).startswith("4821903477")
    with pytest.raises(InvalidTag):
        tablet.opened(given.codes[0], "9051")
    thief = Tablet(given=given)
    with pytest.raises(InvalidTag):
        thief.opened(given.codes[0], PIN)


def test_nothing_is_given_without_the_pin_or_a_shift_or_real_keys(till: Till) -> None:
    for pin, keys, code in (
        ("9051", Tablet().keys, Code.PIN_WRONG),
        (PIN, Keys(b"\4" * 65, b""), Code.OFFLINE_KEY_INVALID),
    ):
        no = selling.give(till.clerk, pin, till.station, keys, {CODE: 1}, shop=till.world.shop, at=till.world.clock())
        assert isinstance(no, Refusal)
        assert no.code is code
    shift = shifts.current(till.station)
    assert shift is not None
    shifts.close_shift(
        actor_of(till.clerk, till.station), shift.id, till.clerk, {5000: "1"}, why="", at=till.world.clock()
    )
    no = till.give(Tablet())
    assert isinstance(no, Refusal)
    assert no.code is Code.SHIFT_CLOSED


def test_what_was_sold_is_booked_once_delivered_by_that_code_and_its_money_is_in_the_drawer(till: Till) -> None:
    tablet = Tablet()
    till.give(tablet)
    assert tablet.given is not None
    tablet.sell(1, till.world.clock())
    tablet.sell(0, till.world.clock())
    assert till.say(tablet) == till.say(tablet) == [Result.BOOKED, Result.BOOKED]
    till.book()
    till.book()
    sold = {one.code_id for one in tablet.given.codes[:2]}
    rows = select("SELECT o.state, d.code_id FROM orders o JOIN delivery d ON d.order_id = o.id")
    assert {code for _, code in rows} == sold
    assert {state for state, _ in rows} == {"delivered"}
    assert (in_drawer(till.world), broken(till.world)) == (5000 + 3000, [])
    assert till.states() == {"held": 1, "sold": 2}
    [(seen,)] = select("SELECT count(DISTINCT order_id) FROM reveal")
    assert seen == 2


def test_two_workers_book_it_once(till: Till) -> None:
    tablet = Tablet()
    till.give(tablet)
    tablet.sell(0, till.world.clock())
    till.say(tablet)
    at_once(*[lambda: selling.book(shop=till.world.shop, at=till.world.clock())] * 2)
    till.book()
    assert select("SELECT count(*) FROM orders") == [(1,)]
    assert (in_drawer(till.world), broken(till.world)) == (6500, [])


def test_a_copy_of_a_tablet_is_found_locked_and_its_loss_posted(till: Till) -> None:
    tablet = Tablet()
    till.give(tablet)
    copy = tablet.copy()
    tablet.sell(0, till.world.clock())
    copy.sell(0, till.world.clock().replace(microsecond=5000))
    copy.sell(1, till.world.clock())
    assert till.say(tablet) == [Result.BOOKED]
    assert till.say(copy) == [Result.TWICE, Result.BOOKED]
    station = tablets.named(till.station.name)
    assert station is not None
    assert (str(station.state), station.why) == ("locked", "offline_twice")
    assert till.world.items() == ["tablet"]
    [(lost,)] = select("SELECT debits_posted FROM account WHERE kind = 'offline_losses'")
    assert lost == 1500
    till.book()
    assert broken(till.world) == []


def test_two_tablets_that_sold_different_codes_under_one_number_are_found_too(till: Till) -> None:
    tablet = Tablet()
    till.give(tablet)
    copy = tablet.copy()
    tablet.sell(0, till.world.clock())
    copy.sell(1, till.world.clock())
    assert (till.say(tablet), till.say(copy)) == ([Result.BOOKED], [Result.FORKED])
    till.book()
    assert (till.states(), broken(till.world)) == ({"held": 1, "lost": 1, "sold": 1}, [])


def test_who_unpairs_a_tablet_posts_what_it_holds_as_lost_and_a_late_sale_goes_to_a_person(till: Till) -> None:
    tablet = Tablet()
    till.give(tablet)
    assert stations.unpair(OWNER, till.station.name, why="stolen", at=till.world.clock()) is None
    assert (till.states(), broken(till.world)) == ({"lost": 3}, [])
    [(cost,)] = select("SELECT debits_posted FROM account WHERE code = 'code_losses:EUR'")
    assert cost == 3 * 1400
    tablet.sell(0, till.world.clock())
    assert till.say(tablet) == [Result.LATE]
    assert till.world.items() == ["tablet"]
    assert broken(till.world) == []


def test_a_tablet_that_is_paired_anew_gives_up_what_it_held(till: Till) -> None:
    till.give(Tablet())
    code = stations.keep(OWNER, till.station.name, Kind.TILL, drawer=TILL, shop=till.world.shop, at=till.world.clock())
    assert not isinstance(code, Refusal)
    assert (till.states(), broken(till.world)) == ({"lost": 3}, [])


def test_a_shift_is_not_closed_and_a_drawer_not_taken_away_before_what_was_sold_is_booked(till: Till) -> None:
    tablet = Tablet()
    till.give(tablet)
    tablet.sell(0, till.world.clock())
    till.say(tablet)
    shift = shifts.current(till.station)
    assert shift is not None
    actor, at = actor_of(till.clerk, till.station), till.world.clock()
    no = shifts.close_shift(actor, shift.id, till.clerk, {5000: "1"}, why="", at=at)
    assert isinstance(no, Refusal)
    assert no.code is Code.OFFLINE_UNBOOKED
    closed = keep_drawer(OWNER, TILL, till.station.place_id, is_open=False, sandbox=True, at=at)
    assert closed is not None
    assert closed.code is Code.DRAWER_HOLDS_CODES
    till.book()
    done = shifts.close_shift(actor, shift.id, till.clerk, {5000: "1", 1000: "1", 500: "1"}, why="", at=at)
    assert not isinstance(done, Refusal)


def test_a_sale_that_cannot_be_booked_is_a_persons_until_it_can(till: Till) -> None:
    tablet = Tablet()
    till.give(tablet)
    tablet.sell(0, till.world.clock())
    till.say(tablet)
    drawers.keep_drawer(TILL, 0, is_open=True, actor=OWNER, at=till.world.clock())  # nobody finds it: no cash there
    till.book()
    assert till.world.items() == ["tablet"]
    till.world.clock.tick(7200)
    assert broken(till.world) == []
    keep_drawer(OWNER, TILL, till.station.place_id, is_open=True, sandbox=True, at=till.world.clock())
    till.book()
    assert till.world.items() == []
    assert in_drawer(till.world) == 6500


def test_a_code_that_a_tablet_never_held_locks_it(till: Till) -> None:
    tablet = Tablet()
    till.give(tablet)
    tablet.write(uuid4(), 1500, till.world.clock())
    assert till.say(tablet) == [Result.UNKNOWN]
    station = tablets.named(till.station.name)
    assert station is not None
    assert station.why == "offline_unknown"


def test_sales_that_were_changed_left_out_or_signed_by_another_are_refused(till: Till) -> None:
    tablet = Tablet()
    till.give(tablet)
    tablet.sell(0, till.world.clock())
    tablet.sell(1, till.world.clock())
    first, second = tablet.said
    assert selling.say([], at=till.world.clock()) == Refusal(Code.OFFLINE_SALES_WRONG, "sales")
    changed = Said(first.text.replace("1500", "1000"), first.signature)
    for wrong in ([changed], [Said(first.text, second.signature)], [Said("", "")], [Said(first.text, "é")]):
        no = selling.say(wrong, at=till.world.clock())
        assert isinstance(no, Refusal)
        assert no.code is Code.OFFLINE_SALES_WRONG
    gap = selling.say([second], at=till.world.clock())
    assert isinstance(gap, Refusal)
    assert (gap.code, gap.params["next"]) == (Code.OFFLINE_GAP, "1")
    assert till.states() == {"held": 3}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE code SET state = 'stock', claimed_by = NULL WHERE claimed_by LIKE 'offline %'",
        "UPDATE offline_code SET state = 'sold'",
        "DELETE FROM offline_code",
    ],
)
def test_the_books_see_a_tablet_that_does_not_hold_what_it_was_given(till: Till, change: str) -> None:
    till.give(Tablet())
    with as_owner() as cursor:
        cursor.execute(change)
        cursor.execute("SELECT name FROM opla_books(%s) WHERE wrong > 0", [till.world.clock()])
        assert "tablets" in {name for (name,) in cursor.fetchall()}
