"""What a storm leaves on people's lists, two persons clear away by the pages alone, and everything comes to its end."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

import support
from opla.core.actor import Actor, Role
from opla.core.money import Money
from opla.db.queries import items
from opla.db.queries.books import books
from opla.db.queries.call import expect, select
from opla.db.queries.items import Item
from opla.operations import shop as shops
from opla.operations.owner import make_link
from opla.proving.bank import Bank
from opla.proving.faults import RULES, Fault
from opla.proving.shard import Plan, Simulation
from surfaces.conftest import Seen, Visitor

#: What usually strikes so seldom that a few hundred orders would leave nothing for a person, in a million.
_STORM = {
    Fault.TIMEOUT_AFTER_ACTING: 40_000,
    Fault.CONTRADICTS: 10_000,
    Fault.DUPLICATE_PIN: 20_000,
    Fault.REFUND_REFUSED: 200_000,
    Fault.PAYS_WRONG_AMOUNT: 30_000,
    Fault.CHARGES_BACK_LATER: 15_000,
    Fault.REFUNDED_OUTSIDE: 15_000,
    Fault.FORGETS_REFERENCE: 300_000,
}
_LIMIT_MINOR = 1_200  # so that a second person is asked for now and then
_ROUNDS = 8
_LEFT = """SELECT kind, state FROM attempt WHERE kind <> 'charge' AND state NOT IN ('succeeded', 'declined')
           UNION ALL SELECT 'decided', state FROM refund WHERE state IN ('asked', 'due', 'refused')"""


@dataclass
class House:
    """Ana and Bo at their browsers, with a telephone: whom they ring tells them what truly happened."""

    world: Simulation
    ana: Visitor = field(default_factory=Visitor)
    bo: Visitor = field(default_factory=Visitor)
    told_twice: int = 0  # how often the second one was needed

    def come_in(self) -> None:
        for who, name in ((self.ana, "ana"), (self.bo, "bo")):
            who.post(f"/owner/enter/{make_link(Actor(Role.OWNER, name), at=self.world.now())}/")

    def waiting(self) -> list[str]:
        """The page of each item: by a link of the first page, or by one of the list which that leads to."""
        first = self.ana.get("/owner/")
        assert first.status == 200
        pages = re.findall(r'href="(/owner/items/\d+/)"', first.html)
        for address in re.findall(r'href="(/owner/items/\?kind=\w+)"', first.html):
            pages += re.findall(r'href="(/owner/items/\d+/)"', self.ana.get(address).html)
        return pages

    def decide(self, address: str) -> None:
        """One press opens it, one says what is known; the second person does the same where one is needed."""
        item = items.item(int(address.split("/")[-2]))
        assert item is not None
        if not item.open:
            return  # by what was said of another one
        page = self.ana.get(address)
        assert page.status == 200
        if item.reference:
            assert item.reference in page.text, "nobody could ask about it"
        offered = re.findall(r'name="resolution" value="(\w+)"', page.html)
        assert offered, f"{item.kind} has no way out: {page.text}"
        said = self.truth(item, offered)
        if said is None:
            return  # the bank has not sent it yet: the next round finds it
        done = self.ana.post(address, filled(page, said, "they told us on the phone"))
        if "approve" in offered:  # she asked for it herself
            assert (done.status, "A second person must agree." in done.text) == (400, True)
            done = self.bo.post(address, filled(self.bo.get(address), said, "the customer rang me too"))
        assert done.status == 200, f"{item.kind} {said}: {done.text}"
        if "Proposed; a second person must agree" in done.text and "Settled on" not in done.text:
            self.told_twice += 1
            done = self.bo.post(address, filled(self.bo.get(address), said, "I asked them too"))
            assert done.status == 200, f"{item.kind} {said}: {done.text}"

    def gives_back(self) -> None:
        """Ana gives the price of some delivered orders back, of her own choice: those who bought them rang her."""
        for order_id, ticket in select(
            """SELECT id, ticket FROM orders WHERE state = 'delivered' AND reseller = '' AND face_minor > %s
               AND NOT EXISTS (SELECT FROM item i JOIN allocation l USING (payment_id) WHERE l.order_id = orders.id)
               ORDER BY id LIMIT 3""",
            [_LIMIT_MINOR],
        ):
            address = f"/owner/orders/{order_id}/"
            page = self.ana.get(address)
            assert expect(ticket, str) in page.text
            done = self.ana.post(address, {"key": page.value("key"), "why": "it never arrived", "sure": "yes"})
            assert "waits for a second person" in done.text

    # ── on the telephone ──

    def truth(self, item: Item, offered: list[str]) -> dict[str, str] | None:
        if "matched" in offered:
            return {"resolution": "matched", "ticket": self.asked_customer(item)}
        if "not_delivered" in offered:
            return self.asked_supplier(item)
        if "not_paid" in offered:
            return self.asked_provider(item)
        if "not_paid_back" in offered:
            return {"resolution": "paid_back" if self.gone_back(item) else "not_paid_back"}
        if offered == ["paid_back"]:
            return {"resolution": "paid_back"} if self.gone_back(item) else None
        return {"resolution": offered[0]}

    def gone_back(self, item: Item) -> bool:
        return item.reference in self.world.tills[item.adapter].given_back

    def asked_supplier(self, item: Item) -> dict[str, str]:
        supplier = self.world.suppliers[item.adapter]
        if not supplier.given.get(item.reference) or supplier.taken_back.get(item.reference):
            return {"resolution": "not_delivered"}
        cost = Money(item.at_risk.amount_minor * 96 // 100, item.at_risk.currency).decimal
        said = {"resolution": "delivered", "amount": cost, "supplier_id": f"said_{item.reference}"}
        if pin := supplier.pins.get(item.reference):
            if item.why == "code_known":  # it was another customer's: they give a new one
                pin = f"9{item.id:012d}"
                assert isinstance(supplier.pins, dict)
                supplier.pins[item.reference] = pin
            said |= {"code": pin, "serial": f"said-{item.id}"}
        return said

    def asked_provider(self, item: Item) -> dict[str, str]:
        for one in self.world.tills[item.adapter].taken.values():
            if one.reference == item.reference and one.captured_minor:
                amount = Money(one.captured_minor, one.currency).decimal
                return {"resolution": "paid", "amount": amount, "supplier_id": one.id}
        return {"resolution": "not_paid"}

    def asked_customer(self, item: Item) -> str:
        [(ref,)] = select("SELECT bank_ref FROM bank_line WHERE id = %s", [item.subject])
        number = self.world.bank.unsaid[expect(ref, str)]
        [(ticket,)] = select(
            """SELECT min(o.ticket) FROM bank_reference b JOIN attempt a ON a.reference = b.attempt
               JOIN allocation s ON s.payment_id = a.payment_id JOIN orders o ON o.id = s.order_id
               WHERE b.number = %s""",
            [number],
        )
        return expect(ticket, str)


def filled(page: Seen, said: dict[str, str], note: str) -> dict[str, str]:
    """The form of what is said, with what it asks for and nothing else."""
    [form] = [one for one in page.html.split("<form ") if f'name="resolution" value="{said["resolution"]}"' in one]
    names = set(re.findall(r'name="(\w+)"', form))
    assert {"resolution", "note", "sure"} <= names
    return {name: text for name, text in {**said, "note": note, "sure": "yes"}.items() if name in names}


def storm(patch: pytest.MonkeyPatch, var: Path, *, orders: int, seed: int) -> Simulation:
    for fault, per_million in _STORM.items():
        patch.setitem(RULES, fault, RULES[fault]._replace(per_million=per_million))
    patch.setattr(Bank, "_decide", lambda _self: None)  # it is ana's to decide
    return Simulation(Plan(orders, seed, seed, frozenset(Fault)), var)


@pytest.mark.parametrize(
    ("seed", "orders"), [(3, 120), *(pytest.param(seed, 400, marks=pytest.mark.full) for seed in (0, 1, 2, 4, 5))]
)
def test_two_persons_clear_what_a_storm_left_by_the_pages_alone(
    seed: int, orders: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with support.fresh_database():
        world = storm(monkeypatch, tmp_path, orders=orders, seed=seed)
        left = world.run().verdict
        kinds = set(left.items)
        here = replace(world.shop, sandbox=False, second_person_minor=_LIMIT_MINOR, refund_alone_minor=_LIMIT_MINOR)
        monkeypatch.setattr(shops, "current", lambda: here)
        monkeypatch.setattr("django.utils.timezone.now", world.now)
        house = House(world)
        house.come_in()
        house.gives_back()
        verdict = left
        for _ in range(_ROUNDS):
            pages = house.waiting()
            if not pages:
                break
            for address in pages:
                house.decide(address)
            verdict = world.go_on(timedelta(hours=13)).verdict
            house.come_in()
        assert items.open_items() == []
        assert "Nothing waits for a person" in house.ana.get("/owner/").text
        assert set(verdict.states) <= {"delivered", "refunded", "cancelled"}
        assert verdict.clean, verdict.examples
        assert [check for check in books(world.now()) if not check.holds] == []
        assert select(_LEFT) == []
        assert len(kinds) >= 3, kinds  # it was no quiet day
        assert house.told_twice > 0, "a second person was never needed"
