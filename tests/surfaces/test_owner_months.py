"""The pages of closed months, and of reconciliation: the owner's alone, and what they show is what is exported."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import support  # noqa: F401 - sets Django up, which the imports below need
from operations.test_bank_transfers import ACCOUNT, bring, ordered, ticket
from opla.core.actor import Role
from opla.core.money import Money
from opla.db.queries import suppliers
from opla.presenting import figures, months
from statements import camt, entry
from surfaces.conftest import Door
from surfaces.test_owner_pages import signed_in

OVER = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def over(door: Door) -> Door:
    """November is over, and one order was delivered in it."""
    door.delivered()
    door.world.clock.now = OVER
    door.world.work(3)
    return door


def test_a_month_is_closed_with_a_button_when_its_days_are(over: Door) -> None:
    owner = signed_in(over.world)
    assert "The first that is not: 2026-11-22." in owner.get("/owner/months/").text
    owner.post("/owner/days/")
    listed = owner.get("/owner/months/")
    assert "All its days are closed, and the books balance." in listed.text
    assert owner.get("/owner/months/2026-11/").status == 404
    assert owner.post("/owner/months/", {"month": "2026-12"}).status == 422
    assert owner.post("/owner/months/", {"month": "soon"}).status == 404
    done = owner.post("/owner/months/", {"month": "2026-11"})
    assert (done.status, done.where) == (200, "/owner/months/2026-11/")
    assert "22 Nov 2026 – 30 Nov 2026" in done.text
    assert "A month can be closed an hour after it ends." in owner.get("/owner/months/").text


def test_its_page_shows_what_its_files_say(over: Door) -> None:
    owner = signed_in(over.world)
    owner.post("/owner/days/")
    page = owner.post("/owner/months/", {"month": "2026-11"})
    for name in months.FILES:
        assert f'href="/owner/months/2026-11/{name}"' in page.html
        file = owner.get(f"/owner/months/2026-11/{name}")
        assert file.status == 200
        assert file.headers["Content-Disposition"] == f'attachment; filename="2026-11-{name}"'
    balance = owner.get("/owner/months/2026-11/trial-balance.csv").html.removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(balance)))
    assert {row["account"] for row in rows} >= {"psp_clearing:sandbox:EUR", "margin:EUR", "supplier_float:sandbox:EUR"}
    for row in rows:
        for column in ("opening", "debits", "credits", "closing"):
            amount = Money.parse(row[column], row["currency"])
            assert amount is not None
            assert f"<td>{figures.money(amount)}</td>" in page.html
        assert f"{row['number']} {row['name']}" in page.text
    assert owner.get("/owner/months/2026-11/passwords.csv").status == 404
    assert owner.get("/owner/months/2026-12/journal.csv").status == 404


def test_whoever_only_answers_customers_sees_neither(over: Door) -> None:
    sam = signed_in(over.world, Role.SUPPORT, "sam")
    for path in ("/owner/months/", "/owner/months/2026-11/", "/owner/reconciliation/"):
        assert sam.get(path).status == 404
    assert sam.post("/owner/months/", {"month": "2026-11"}).status == 404


def test_reconciliation_shows_theirs_beside_ours_and_leads_to_what_is_open(over: Door) -> None:
    suppliers.float_told("sandbox", Money(-1400, "EUR"), at=over.world.clock() - timedelta(hours=1))
    page = signed_in(over.world).get("/owner/reconciliation/")
    assert "Prepaid at the supplier sandbox -€0.40 since 1 Dec 2026 -€14.40 -€14.00 1 Dec 2026" in page.text
    assert "Payment provider sandbox – €15.00 not told" in page.text
    assert "Nothing of it waits for a person: what differs stands above." in page.text
    file = signed_in(over.world).get("/owner/reconciliation/?as=standings")
    assert "supplier,sandbox,-14.40,-14.00,-0.40,EUR" in file.html


def test_what_is_suggested_is_one_press_and_its_order_filled_in(door: Door) -> None:
    world = door.world
    world.shop = replace(world.shop, payment_methods=("sandbox", "bank_transfer"), account=ACCOUNT)
    order_id, reference = ordered(world)
    swapped = reference[:4] + reference[5] + reference[4] + reference[6:]
    assert swapped != reference
    bring(world, camt(entry(1500, text=f"+++{swapped}+++")))
    owner = signed_in(world)
    page = owner.get("/owner/reconciliation/")
    said = ticket(order_id)
    assert f"Probably for order {said}: its reference was written with one slip." in page.text
    found = re.search(r'href="(/owner/items/\d+/\?ticket=[^"]+)"', page.html)
    assert found
    assert owner.get(found[1]).value("ticket") == said
