"""A passport from the application to its end: who may decide, what is signed, what a look-up says at each moment."""

from __future__ import annotations

import base64
import dataclasses
import json
from datetime import date, timedelta
from threading import Event as Signal

import jwt
import pytest
from django.db import transaction

from fakes import START, World
from opla.core.actor import Actor, Role
from opla.core.api_access import MEMBER_MAY, Access, Member
from opla.core.passport import Event, Here, State, Verdict, grouped
from opla.core.refusal import Code, Refusal
from opla.db.models import Reseller
from opla.db.queries import passports as queries
from opla.db.queries.call import select
from opla.operations import passport_reports, passports, resellers
from opla.operations.passport_reports import Report, Reported
from opla.operations.passports import Application, Looked
from support import at_once, until_somebody_waits

OWNER = Actor(Role.OWNER, "ana")
ACME = Access("acme", "kim@acme.example", MEMBER_MAY[Member.OWNER])
CLERK = Access("acme", "ben@acme.example", MEMBER_MAY[Member.SELLER])
BOLT = Access("bolt", "eve@bolt.example", MEMBER_MAY[Member.OWNER])
WANTED = Application(
    "Acme Phones", "Acme NV", "", "be", "BE 0403.170.701", "street", "Rue Neuve 12, 1000 Bruxelles", "zh-Hans"
)
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 40


@pytest.fixture
def sellers(world: World) -> World:
    for name in ("acme", "bolt"):
        assert resellers.add(OWNER, name, title=name.title(), email=f"orders@{name}.example", at=START) is None
    return world


def applied(world: World, **other: str) -> str:
    found = passports.apply(ACME, dataclasses.replace(WANTED, **other), shop=world.shop, at=world.clock())
    assert isinstance(found, str), found
    return found


def approved(world: World, **other: str) -> str:
    number = applied(world, **other)
    assert decided(world, number, Event.APPROVED) is None
    return number


def decided(world: World, number: str, event: Event, reason: str = "seen", until: date | None = None) -> Refusal | None:
    return passports.decide(OWNER, number, event, until=until, reason=reason, shop=world.shop, at=world.clock())


def looked(world: World, number: str, here: Here = Here.YES, proof: str = "", address: str = "") -> Looked:
    found = passports.look(number, proof, here, address=address, shop=world.shop, at=world.clock())
    assert isinstance(found, Looked), found
    return found


def verdict(world: World, number: str, here: Here = Here.YES) -> Verdict:
    return looked(world, number, here).verdict


def proof_of(number: str) -> str:
    found = queries.by_number(number)
    assert found is not None
    return found.jws


def mails(world: World) -> list[tuple[str, str]]:
    world.work()
    return [(sent.to, sent.subject) for sent in world.mailbox.sent]


def test_an_application_proves_nothing_until_the_house_has_approved_it(sellers: World) -> None:
    number = applied(sellers)
    assert (verdict(sellers, number), looked(sellers, number).passport) == (Verdict.RED, None)
    assert sellers.items() == ["passport"]
    assert decided(sellers, number, Event.APPROVED) is None
    assert sellers.items() == []
    for here, expected in (
        (Here.YES, Verdict.GREEN), (Here.NO, Verdict.OTHER_SHOP), (Here.UNSAID, Verdict.AMBER),
    ):  # fmt: skip
        assert verdict(sellers, number, here) is expected
    found = looked(sellers, number).passport
    assert found is not None
    assert found.until == sellers.clock() + timedelta(days=365)
    assert {to for to, _ in mails(sellers)} == {"kim@acme.example", "orders@acme.example"}
    events = select("SELECT name, source, target, actor FROM event WHERE subject = 'passport' ORDER BY id")
    assert events == [
        ("applied", "", "applied", "reseller:acme"), ("approved", "applied", "approved", "owner:ana"),
    ]  # fmt: skip


def test_what_is_withdrawn_suspended_or_over_is_red_at_the_next_look(sellers: World) -> None:
    number = approved(sellers)
    assert decided(sellers, number, Event.SUSPENDED) is None
    assert verdict(sellers, number) is Verdict.RED
    assert decided(sellers, number, Event.RESUMED) is None
    assert verdict(sellers, number) is Verdict.GREEN
    sellers.clock.tick(365 * 24 * 3600)
    assert verdict(sellers, number) is Verdict.RED  # before any worker has looked
    assert passports.watch(shop=sellers.shop, at=sellers.clock()) == 1
    another = approved(sellers)
    assert decided(sellers, another, Event.WITHDRAWN) is None
    assert verdict(sellers, another) is Verdict.RED
    assert decided(sellers, another, Event.RESUMED) == Refusal(Code.PASSPORT_NOT_NOW, "number")
    third = approved(sellers)
    Reseller.objects.filter(id="acme").update(active=False)
    seen = looked(sellers, third)
    assert seen.passport is not None
    assert (seen.verdict, seen.passport.state) == (Verdict.RED, State.SUSPENDED)


def test_a_number_that_was_guessed_says_no_more_than_one_that_was_refused(sellers: World) -> None:
    refused = applied(sellers)
    assert decided(sellers, refused, Event.REFUSED) is None
    assert looked(sellers, "K7M39QXY") == looked(sellers, refused) == Looked(Verdict.RED)
    mistyped = passports.look("K7M39QX2", "", Here.YES, address="", shop=sellers.shop, at=sellers.clock())
    assert mistyped == Refusal(Code.PASSPORT_NUMBER_WRONG, "number")
    for _ in range(300):
        looked(sellers, "K7M39QXY", address="198.51.100.7")
    more = passports.look("K7M39QXY", "", Here.YES, address="198.51.100.7", shop=sellers.shop, at=sellers.clock())
    assert isinstance(more, Refusal)
    assert more.code is Code.TOO_MANY_TRIES


def test_a_copied_number_with_another_proof_is_not_ours(sellers: World) -> None:
    number, other = approved(sellers), approved(sellers, place="Rue Haute 3, 1000 Bruxelles")
    good = proof_of(number)
    head, body, signature = good.split(".")
    assert looked(sellers, number, proof=good).verdict is Verdict.GREEN
    forged = json.loads(base64.urlsafe_b64decode(body + "=="))
    forged["street"] = "Elsewhere 1, 9000 Gent"
    swapped = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode().rstrip("=")
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    for proof in (
        proof_of(other), f"{head}.{swapped}.{signature}", f"{none}.{body}.", f"{head}.{body}.", "x", "a.b.c", "é" * 9,
    ):  # fmt: skip
        assert looked(sellers, number, proof=proof) == Looked(Verdict.RED), proof


def test_a_row_that_nobody_signed_is_never_green(sellers: World) -> None:
    """Whoever can write into the database and has not the keys makes no passport."""
    from django.db import connections

    number = approved(sellers)
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT set_config('opla.writes', 'function', false)")
        cursor.execute("UPDATE passport SET place = 'Elsewhere 1, 9000 Gent'")
        cursor.execute("SELECT set_config('opla.writes', '', false)")
    assert verdict(sellers, number) is Verdict.RED


def test_an_independent_library_verifies_our_proof_with_our_published_keys(sellers: World) -> None:
    number = approved(sellers)
    published = passports.keys(shop=sellers.shop, at=sellers.clock())
    assert "d" not in published["keys"][0]
    proof = proof_of(number)
    key = jwt.PyJWKSet.from_dict(published)[jwt.get_unverified_header(proof)["kid"]]
    said = jwt.decode(
        proof, key, algorithms=["EdDSA"], issuer="http://shop.test", subject=number,
        options={"verify_exp": False, "verify_iat": False},
    )  # fmt: skip
    assert (said["name"], said["street"], said["reg"]) == ("Acme Phones", WANTED.place, "BE 0403.170.701")
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(proof[:-4] + "AAAA", key, algorithms=["EdDSA"])


def test_another_key_signs_on_and_the_old_one_is_believed_as_long_as_a_proof_of_it_lives(sellers: World) -> None:
    number, shop = approved(sellers), sellers.shop
    old = proof_of(number)
    [before] = passports.keys(shop=shop, at=sellers.clock())["keys"]
    sellers.clock.tick(1)
    assert passports.turn_key(OWNER, leaked=False, shop=shop, at=sellers.clock()) == 1
    newest, kept = passports.keys(shop=shop, at=sellers.clock())["keys"]
    assert (kept, newest["kid"] != before["kid"]) == (before, True)
    assert looked(sellers, number, proof=old).verdict is Verdict.GREEN
    assert len(passports.keys(shop=shop, at=sellers.clock() + timedelta(days=366))["keys"]) == 1
    sellers.clock.tick(1)
    assert passports.turn_key(OWNER, leaked=True, shop=shop, at=sellers.clock()) == 1
    assert len(passports.keys(shop=shop, at=sellers.clock())["keys"]) == 1
    assert looked(sellers, number, proof=old).verdict is Verdict.RED
    assert looked(sellers, number, proof=proof_of(number)).verdict is Verdict.GREEN
    assert verdict(sellers, number) is Verdict.GREEN


def test_after_a_change_of_address_the_log_says_what_to_do_and_turning_the_key_does_it(
    sellers: World, caplog: pytest.LogCaptureFixture
) -> None:
    number = approved(sellers)
    assert verdict(sellers, number) is Verdict.GREEN
    assert caplog.records == []
    sellers.shop = dataclasses.replace(sellers.shop, base_url="https://new.example")
    assert verdict(sellers, number) is Verdict.RED
    [said] = caplog.records
    assert number in said.getMessage()
    assert "turn-key" in said.getMessage()
    sellers.clock.tick(1)
    assert passports.turn_key(OWNER, leaked=False, shop=sellers.shop, at=sellers.clock()) == 1
    assert verdict(sellers, number) is Verdict.GREEN


def test_an_approval_beside_a_turn_of_the_key_is_signed_by_a_key_that_is_believed(sellers: World) -> None:
    number, shop, at = applied(sellers), sellers.shop, sellers.clock()
    signed = Signal()

    def approves() -> object:
        with transaction.atomic():
            found = passports.decide(OWNER, number, Event.APPROVED, shop=shop, at=at)
            signed.set()
            until_somebody_waits(or_else=turned.is_set)
            return found

    def turns() -> object:
        assert signed.wait(20)
        found = passports.turn_key(OWNER, leaked=True, shop=shop, at=at + timedelta(seconds=1))
        turned.set()
        return found

    turned = Signal()
    assert at_once(approves, turns) == [None, 1]
    assert verdict(sellers, number) is Verdict.GREEN


def test_thirty_days_before_its_end_it_is_due_once_and_a_review_makes_it_good_for_another_year(sellers: World) -> None:
    number = approved(sellers)
    old = proof_of(number)
    sellers.clock.tick(334 * 24 * 3600)
    assert passports.watch(shop=sellers.shop, at=sellers.clock()) == 0
    sellers.clock.tick(2 * 24 * 3600)
    assert [passports.watch(shop=sellers.shop, at=sellers.clock()) for _ in range(2)] == [1, 0]
    assert (sellers.items(), verdict(sellers, number)) == (["passport"], Verdict.GREEN)
    assert {to for to, _ in mails(sellers)} == {"kim@acme.example", "orders@acme.example"}
    end = (sellers.clock() + timedelta(days=300)).date()
    assert decided(sellers, number, Event.REVIEWED, until=end) is None
    assert sellers.items() == []
    sellers.clock.tick(60 * 24 * 3600)
    assert looked(sellers, number, proof=old).verdict is Verdict.GREEN  # the QR that hangs there leads to the newer one
    assert passports.watch(shop=sellers.shop, at=sellers.clock()) == 0


def test_who_may_apply_decide_and_give_up(sellers: World) -> None:
    shop, at = sellers.shop, sellers.clock()
    missing = passports.apply(CLERK, WANTED, shop=shop, at=at)
    assert isinstance(missing, list)
    assert missing[0].code is Code.SCOPE_MISSING
    number = applied(sellers)
    assert passports.apply(ACME, WANTED, shop=shop, at=at) == [Refusal(Code.PASSPORT_KNOWN, "place")]
    for role in (Role.SUPPORT, Role.RESELLER, Role.CUSTOMER, Role.SYSTEM):
        actor = Actor(role, "x")
        for refused in (
            passports.decide(actor, number, Event.APPROVED, shop=shop, at=at), passports.listed(actor),
            passports.turn_key(actor, leaked=True, shop=shop, at=at), passport_reports.reports(actor, shop=shop),
        ):  # fmt: skip
            assert isinstance(refused, Refusal)
            assert refused.code is Code.NOT_ALLOWED
    assert passports.give_up(BOLT, number, shop=shop, at=at) == Refusal(Code.NOT_FOUND, "number")
    assert passports.of_reseller(BOLT) == []
    assert passports.give_up(ACME, number, shop=shop, at=at) is None
    [mine] = queries.of_reseller("acme")
    assert mine.state is State.WITHDRAWN


def test_a_decision_needs_its_reason_and_an_end_that_can_be(sellers: World) -> None:
    number = applied(sellers)
    assert decided(sellers, number, Event.REFUSED, reason=" ") == Refusal(Code.REASON_MISSING, "reason")
    today = sellers.clock().date()
    for until in (today - timedelta(days=1), today + timedelta(days=800), date.max):
        assert decided(sellers, number, Event.APPROVED, until=until) == Refusal(Code.PASSPORT_END_INVALID, "until")
    for event in (Event.EXPIRED, Event.FELL_DUE, Event.RESUMED):
        assert decided(sellers, number, event) == Refusal(Code.PASSPORT_NOT_NOW, "number")


def test_a_report_of_a_forged_passport_keeps_the_number_that_was_shown(sellers: World) -> None:
    never_approved, visitor = applied(sellers), Actor(Role.CUSTOMER)
    for n, shown in enumerate(("K7M3-9QXY", "  ab 12 / 7 ", grouped(never_approved))):
        wanted = Reported("rue Haute 3, Gent", "They show this.", number=shown, address=f"198.51.100.{n}")
        assert passport_reports.report(visitor, wanted, shop=sellers.shop, at=sellers.clock()) == []
    found = passport_reports.reports(OWNER, shop=sellers.shop)
    assert isinstance(found, list)
    assert {(one.number, *one.claimed) for one in found} == {("K7M3-9QXY",), ("ab 12 / 7",), (grouped(never_approved),)}
    kept = {str(why) for (why,) in select("SELECT why ->> 'number' FROM item WHERE kind = 'seller_reported'")}
    assert kept == {"", "K7M3-9QXY", grouped(never_approved)}  # what is no number at all is sealed and nowhere else


def test_a_report_is_sealed_and_waits_for_the_owner_with_what_was_claimed(sellers: World) -> None:
    number = approved(sellers)
    visitor, at = Actor(Role.CUSTOMER), sellers.clock()
    wanted = Reported("rue Haute 3, Gent", "They show this QR.", "bo@example.org", grouped(number), PNG, "198.51.100.7")
    assert passport_reports.report(visitor, wanted, shop=sellers.shop, at=at) == []
    assert sellers.items() == ["seller_reported"]
    [(sealed, why)] = select("SELECT r.sealed, i.why::text FROM passport_report r JOIN item i ON i.subject = r.id")
    assert isinstance(sealed, bytes)
    assert b"Haute" not in sealed
    assert "Haute" not in str(why)
    [report] = passport_reports.reports(OWNER, shop=sellers.shop) or [None]
    assert isinstance(report, Report)
    assert (report.claimed["place"], report.claimed["state"]) == (WANTED.place, "approved")
    assert passport_reports.picture(OWNER, report.id, shop=sellers.shop) == ("seller-2026-11-22.png", PNG)
    wrong = passport_reports.report(visitor, Reported("", "", "bo@", picture=b"MZ"), shop=sellers.shop, at=at)
    assert [one.about for one in wrong] == ["where", "message", "email", "picture"]
    for _ in range(4):
        passport_reports.report(visitor, wanted, shop=sellers.shop, at=at)
    assert [one.code for one in passport_reports.report(visitor, wanted, shop=sellers.shop, at=at)] == [
        Code.TOO_MANY_TRIES
    ]
    passport_reports.forget(at=at + timedelta(days=366))
    assert select("SELECT count(*)::int FROM passport_report") == [(0,)]
