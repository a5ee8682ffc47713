"""The owner's pages of payouts: what was sent to the bank, what was kept, what does not agree."""

from __future__ import annotations

import json

import pytest

from fakes import DIRECT
from opla.commands import payouts as command
from opla.core.actor import SYSTEM, Role
from opla.core.money import Money
from opla.core.ports import Movement, Payout, PayoutLine
from opla.db.queries.call import select
from opla.operations.payouts import keep
from surfaces.conftest import Door
from surfaces.test_owner_pages import signed_in

PAGE = "/owner/payouts/"


def paid_out(door: Door) -> str:
    """A payout of two lines, one of which is nobody's; its page."""
    world = door.world
    world.paid(DIRECT)
    lines = [
        PayoutLine("l1", Movement.PAYMENT, 1500, 43, "pay_1"),
        PayoutLine("l2", Movement.PAYMENT, 900, 30, "pay_99"),
    ]
    told = Payout("po_1", Money(2327, "EUR"), world.clock().date(), "PAY1234567")
    keep(SYSTEM, "sandbox", [(told, lines)], shop=world.shop, at=world.clock())
    [(id_,)] = select("SELECT id FROM payout")
    return f"{PAGE}{id_}/"


def test_they_are_the_owners_alone(door: Door) -> None:
    page = paid_out(door)
    support = signed_in(door.world, Role.SUPPORT, "ben")
    for visitor in (door.owner, door.colleague, door.stranger, support):  # of an order; and who helps customers
        assert visitor.get(PAGE).status == 404
        assert visitor.get(page).status == 404
    assert signed_in(door.world).get(page).status == 200


def test_the_list_leads_to_one_whose_lines_say_what_does_not_agree(door: Door) -> None:
    owner = signed_in(door.world)
    assert "There are none yet." in owner.get(PAGE).text
    page = paid_out(door)
    listed = owner.get(PAGE)
    assert page in listed.html
    assert "€23.27 sandbox · 22 Nov 2026 · on its way to the bank" in listed.text
    assert "1 line does not agree with the books." in listed.text
    seen = owner.get(page).text
    assert "Kept by the provider €0.73" in seen
    assert "PAY1234567" in seen
    [(ticket,)] = select("SELECT ticket FROM orders")
    assert str(ticket) in seen
    assert seen.index("of no payment of this shop") < seen.index("agrees with the books")


def test_an_item_leads_a_person_to_it_in_words(door: Door) -> None:
    paid_out(door)
    owner = signed_in(door.world)
    assert "A payout of a payment provider is not as expected" in owner.get("/owner/items/").text


@pytest.mark.usefixtures("door")
def test_the_command_says_the_same_as_one_object(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    paid_out(door)
    answer, told = command._show()
    assert "1 of 2 lines do not agree" in told
    assert json.loads(json.dumps(answer))["payouts"][0]["fees_minor"] == 73
    answer, told = command._lines("po_1")
    assert [line["verdict"] for line in json.loads(json.dumps(answer))["lines"]] == ["unknown", "agrees"]
    with pytest.raises(command.Stop, match="no such thing"):
        command._lines("po_2")
    assert capsys.readouterr().out == ""
