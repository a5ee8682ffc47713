"""Limits against abuse: coupons are not guessed by the thousand, and nobody fills somebody else's mailbox."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from fakes import CODE, CUSTOMER, DEVICE, START, World
from opla.core.line import Line
from opla.core.quote import Quote
from opla.core.refusal import Code, Refusal
from opla.core.usage import Usage
from opla.db.queries.call import select
from opla.operations import follow, limits, remind
from opla.operations.limits import COUPONS, WISHES, by_address, by_email
from opla.operations.offers import Claim
from opla.operations.quote_topup import Wanted, quote_topup
from opla.operations.reveal_code import ask_proof
from support import as_owner, at_once

HOME, NEXT_DOOR, FAR = "198.51.100.7", "198.51.100.8", "203.0.113.9"


def tries(world: World, address: str, n: int, limit: limits.Limit = COUPONS) -> int:
    """How many of so many tries at this moment are let through."""
    made = [by_address(limit, address, shop=world.shop, at=world.clock()) for _ in range(n)]
    assert {one.code for one in made if one} <= {Code.TOO_MANY_TRIES}
    return made.count(None)


def test_so_many_at_once_and_then_one_after_the_other(world: World) -> None:
    assert tries(world, HOME, 30) == COUPONS.most
    again = by_address(COUPONS, HOME, shop=world.shop, at=START)
    assert again == Refusal(Code.TOO_MANY_TRIES, "", {"minutes": "3"})
    world.clock.tick(179)
    assert tries(world, HOME, 3) == 0
    world.clock.tick(1)
    assert tries(world, HOME, 3) == 1
    world.clock.tick(3600)
    assert tries(world, HOME, 30) == COUPONS.most


def test_one_visitor_and_one_limit_take_nothing_from_another(world: World) -> None:
    assert tries(world, HOME, 30) == COUPONS.most
    assert tries(world, NEXT_DOOR, 1) == 1
    assert tries(world, HOME, 1, WISHES) == 1


SAME = [
    ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),  # one home
    ("198.51.100.7", "::ffff:198.51.100.7"),
    ("198.51.100.7", "198.51.100.7:4711"),
    ("2001:db8::1", "[2001:db8::2]:4711"),
    ("not an address", "nor is this"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_one_visitor_is_one_visitor_however_written(world: World, one: str, other: str) -> None:
    assert tries(world, one, COUPONS.most) == COUPONS.most
    assert tries(world, other, 1) == 0


def test_a_rented_network_counts_as_ten_visitors(world: World) -> None:
    for addresses in ([f"198.51.100.{n}" for n in range(15)], [f"2001:db8:5:{n:x}::1" for n in range(15)]):
        assert sum(tries(world, address, COUPONS.most) for address in addresses) == 10 * COUPONS.most
    assert tries(world, FAR, 1) == 1


def test_many_at_once_are_counted_one_by_one(world: World) -> None:
    made = at_once(*[lambda: tries(world, HOME, 8)] * 4)
    assert sum(made) == COUPONS.most


def test_a_terminal_has_no_address_and_no_limit(world: World) -> None:
    assert tries(world, "", 100) == 100


def test_no_address_is_kept_and_a_digest_no_longer_than_its_limit(world: World) -> None:
    tries(world, HOME, 1)
    by_email(limits.CONFIRMS, "Ana@example.org", shop=world.shop, at=START)
    with as_owner() as cursor:
        cursor.execute("SELECT t::text FROM tried t")
        kept = " ".join(str(row) for row in cursor.fetchall())
    for secret in (HOME, HOME.encode().hex(), "ana", b"ana@example.org".hex()):
        assert secret not in kept
    assert select("SELECT count(*) FROM tried") == [(3,)]
    world.clock.tick(timedelta(days=1).total_seconds())
    tries(world, FAR, 1)
    assert select("SELECT count(*) FROM tried") == [(2,)]


def test_coupons_are_not_guessed_by_the_thousand(world: World) -> None:
    def guess(n: int, address: str = HOME) -> Quote | list[Refusal]:
        wanted = Wanted("", "", "ana@example.org", "en", sku=CODE, claim=Claim(coupon=f"GUESS{n}", address=address))
        return quote_topup(CUSTOMER, wanted, device=DEVICE, shop=world.shop, at=world.clock())

    answers = [guess(n) for n in range(30)]
    codes = [answer[0].code for answer in answers if not isinstance(answer, Quote)]
    assert codes == [Code.COUPON_UNKNOWN] * COUPONS.most + [Code.TOO_MANY_TRIES] * (30 - COUPONS.most)
    assert isinstance(world.quote(), Quote)  # a price without a coupon is never refused for it
    day = 0
    for n in range(24 * 12):
        world.clock.tick(300)
        day += sum(answer[0].code is Code.COUPON_UNKNOWN for answer in (guess(n), guess(n)) if isinstance(answer, list))
    assert day <= 24 * COUPONS.most


def test_who_asks_for_e_mails_too_often_is_refused_and_nothing_is_kept(world: World) -> None:
    usage = Usage(Line("base"))
    for n in range(WISHES.most):
        one = remind.Wanted(f"p{n}@example.org", "7", "en", HOME)
        assert remind.ask(CUSTOMER, one, usage, shop=world.shop, at=START) == []
    more = follow.Wanted("q@example.org", "", "en", HOME)
    [no] = follow.follow(CUSTOMER, more, shop=world.shop, at=START)
    assert no.code is Code.TOO_MANY_TRIES
    [no] = remind.ask(CUSTOMER, replace(one, email="q@example.org"), usage, shop=world.shop, at=START)
    assert no.code is Code.TOO_MANY_TRIES
    assert select("SELECT count(*) FROM reminder") == [(WISHES.most,)]


def test_nobody_fills_a_mailbox_from_many_addresses_and_with_both_forms(world: World) -> None:
    usage = Usage(Line("base"))
    for n in range(48):
        address = f"203.0.{n}.1"
        told = remind.ask(
            CUSTOMER, remind.Wanted("ana@example.org", "7", "en", address), usage, shop=world.shop, at=world.clock()
        )
        wanted = follow.Wanted("ANA@example.org", "", "en", address)
        told += follow.follow(CUSTOMER, wanted, shop=world.shop, at=world.clock())
        assert told == []  # and nobody learns that others asked
        world.clock.tick(1800)
    world.work(3)
    assert 0 < len(world.mailbox.sent) <= 2 * limits.CONFIRMS.most  # five at once, and five in the day they come back


def test_orders_in_somebodys_name_do_not_fill_their_mailbox_with_proofs(world: World) -> None:
    first, second = world.order(), world.order()
    made = []
    for n in range(40):
        made += [ask_proof(CUSTOMER, id_, shop=world.shop, at=world.clock()) for id_ in (first, second)]
        world.clock.tick(61)
        assert n < 10 or made[-1] is not None
    assert made.count(None) == limits.PROOFS.most


def test_two_processes_together_send_an_address_no_more_links_than_one(world: World) -> None:
    """Limits are rows, so that they hold however many processes there are: two of them, asking as fast as they can."""
    from django.db import connection

    database = connection.settings_dict
    asks = f"""
import os, sys
sys.path[:0] = {[str(Path(__file__).resolve().parents[2] / "src")]!r}
import django; django.setup()
from datetime import datetime
from django.db import connections
connections["default"].settings_dict.update({ {k: database[k] for k in ("NAME", "USER", "HOST", "PORT")}!r})
from opla.operations import limits, shop
at = datetime.fromisoformat({START.isoformat()!r})
print(sum(limits.by_email(limits.LINKS, "ana@example.org", shop=shop.current(), at=at) is None for _ in range(9)))
"""
    environment = {**os.environ, "OPLA_VAR": str(world.shop.var), "DJANGO_SETTINGS_MODULE": "opla.site.settings"}
    running = [
        subprocess.Popen([sys.executable, "-c", asks], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert sum(int(process.communicate(timeout=60)[0]) for process in running) == limits.LINKS.most
