"""The service fee in its owner's hands: proposed, seen, charged from then on, and never on a price that was shown."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from fakes import CODE, CUSTOMER, DEVICE
from opla.core.actor import Actor, Role
from opla.core.money import Money
from opla.core.quote import Quote
from opla.core.refusal import Refusal
from opla.db.models import FeeVersion
from opla.db.queries import people
from opla.db.queries.books import books
from opla.db.queries.call import select
from opla.db.queries.people import Person
from opla.operations import prices, reselling
from opla.operations.place_orders import Placed
from opla.operations.quote_topup import Wanted, quote_topup
from surfaces.conftest import Door, Seen, Visitor
from surfaces.test_owner_pages import signed_in

HERE = "/owner/prices/"
ANA = Actor(Role.OWNER, "ana")


def seen(door: Door) -> str:
    found = prices.draft(ANA, shop=door.world.shop)
    assert not isinstance(found, Refusal)
    return str(found.version)


def proposed(door: Door, owner: Visitor, fee: str = "0.50", **fields: str) -> Seen:
    return owner.post(HERE, {"act": "propose", "fee": fee, "why": "Costs rose", "seen": seen(door), **fields})


def approved(door: Door, owner: Visitor) -> Seen:
    return owner.post(HERE, {"act": "approve", "seen": seen(door)})


def quoted(door: Door) -> Quote:
    wanted = Wanted("", "", "ana@example.org", "en", sku=CODE)
    found = quote_topup(CUSTOMER, wanted, device=DEVICE, shop=door.world.shop, at=door.world.clock())
    assert isinstance(found, Quote)
    return found


def test_only_the_owner_has_it(door: Door) -> None:
    for visitor in (door.owner, door.stranger, signed_in(door.world, Role.SUPPORT, "sam"),
                    signed_in(door.world, Role.ACCOUNTANT, "acc")):  # fmt: skip
        assert visitor.get(HERE).status == 404
        assert proposed(door, visitor).status == 404
    assert not FeeVersion.objects.exists()


def test_until_one_is_approved_the_settings_say(door: Door) -> None:
    door.world.shop = replace(door.world.shop, terms=replace(door.world.shop.terms, fee_minor=25))
    page = signed_in(door.world).get(HERE)
    assert "€0.25" in page.text
    assert "by OPLA_SERVICE_FEE, until one is approved here" in page.text
    assert quoted(door).price.fee == Money(25, "EUR")


def test_a_proposal_shows_what_people_and_what_orders_would_pay_and_nobody_pays_it(door: Door) -> None:
    door.delivered(CODE)
    page = proposed(door, signed_in(door.world))
    assert (page.status, page.where) == (200, HERE)
    assert "nobody pays it yet" in page.text
    assert "€15.00 €15.50" in page.text
    assert "€0.09 VAT in it" in page.text
    assert "+€0.50 in 1 order" in page.text
    assert quoted(door).price.fee == Money(0, "EUR")


def test_an_approved_fee_is_charged_with_its_vat_and_what_was_shown_stays(door: Door) -> None:
    owner, old = signed_in(door.world), quoted(door)
    proposed(door, owner)
    page = approved(door, owner)
    assert "It is set here" in page.text
    new = quoted(door)
    assert (new.price.fee, new.price.fee_vat) == (Money(50, "EUR"), Money(9, "EUR"))
    placed = door.world.place(old)
    assert isinstance(placed[0], Placed)
    assert select("SELECT fee_minor, fee_vat_minor FROM orders") == [(0, 0)]
    assert "€0.50" in door.stranger.get("/terms/").text
    order = door.world.place(new)[0]
    assert isinstance(order, Placed)
    assert [c.name for c in books(door.world.clock()) if not c.holds] == []


def test_resellers_pay_it_too(door: Door) -> None:
    owner = signed_in(door.world)
    proposed(door, owner)
    approved(door, owner)
    wanted = Wanted("", "", "shop@acme.example", "en", sku=CODE)
    found = reselling.preview(wanted, shop=door.world.shop, at=door.world.clock())
    assert isinstance(found, Quote)
    assert found.price.total == Money(1550, "EUR")
    assert "They pay the same from their float" in owner.get(HERE).text


def test_a_cheaper_one_says_what_is_lost(door: Door) -> None:
    owner = signed_in(door.world)
    proposed(door, owner)
    approved(door, owner)
    door.world.paid(CODE, captured_minor=1550)
    door.world.work(3)
    assert "-€0.30 in 1 order" in proposed(door, owner, "0.20").text.replace("−", "-")
    owner.post(HERE, {"act": "discard", "seen": seen(door)})
    assert "nobody pays it yet" not in owner.get(HERE).text
    assert quoted(door).price.fee == Money(50, "EUR")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"fee": "much"}, "amount"),
        ({"fee": "-1.00"}, "amount"),
        ({"fee": "150.00"}, "amount"),
        ({"fee": ""}, "amount"),
        ({"why": " "}, "Write down the reason."),
        ({"seen": "9"}, "Somebody has changed the service fee meanwhile"),
        ({"seen": "x"}, "Somebody has changed the service fee meanwhile"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(door: Door, fields: dict[str, str], said: str) -> None:
    page = proposed(door, signed_in(door.world), **fields)
    assert page.status == 422
    assert said in page.text
    assert not FeeVersion.objects.exists()


def test_where_there_are_two_the_other_one_approves(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, bo, at = signed_in(door.world), signed_in(door.world, name="bo"), door.world.clock()
    other = Person(UUID(int=7), "bo@shop.example", "bo", Role.OWNER, "en", at, None, 1, False, at)
    monkeypatch.setattr(people, "everybody", lambda: [other])
    proposed(door, ana)
    no = approved(door, ana)
    assert no.status == 422
    assert "A second person must agree." in no.text
    assert "bo (owner)" in approved(door, bo).text
    assert quoted(door).price.fee == Money(50, "EUR")


def test_nothing_is_approved_twice_or_by_an_unknown_act(door: Door) -> None:
    owner = signed_in(door.world)
    assert approved(door, owner).status == 422
    assert owner.post(HERE, {"act": "fly"}).status == 404
