"""Who of the house did and saw what: written before it is shown, found again by person, order and sort."""

from __future__ import annotations

import csv
import io

import pytest

import support  # noqa: F401 - sets Django up, which the imports below need
from fakes import CODE
from opla.core.actor import Actor, Role
from opla.db.queries import audit
from opla.db.queries.audit import Asked, Sort
from opla.db.queries.call import select
from surfaces.conftest import Door, Visitor
from surfaces.test_owner_pages import parked, say, signed_in

EVE = Actor(Role.SUPPORT, "eve")


def looks() -> list[tuple[object, ...]]:
    return select("SELECT actor, page, subject FROM look ORDER BY id")


def test_whoever_opens_somebodys_page_leaves_a_line_first(door: Door) -> None:
    page = parked(door)
    signed_in(door.world, Role.SUPPORT, "eve").get(page)
    assert looks() == [("support:eve", "item", page.split("/")[-2])]
    [(order,)] = select("SELECT order_id FROM look")
    assert order is not None


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/owner/threads/", "threads"), ("/owner/cards/", "cards"), ("/owner/post/", "letters"),
        ("/owner/sellers/", "sellers"), ("/owner/bank/out/", "transfers"),
    ],
)  # fmt: skip
def test_a_list_with_people_on_it_is_a_look_as_well(door: Door, path: str, page: str) -> None:
    signed_in(door.world).get(path)
    assert looks() == [("owner:ana", page, "")]


def test_what_cannot_be_written_is_not_shown(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    page, eve = parked(door), signed_in(door.world, Role.SUPPORT, "eve")

    def full(*_: object, **__: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr(audit, "look", full)
    with pytest.raises(OSError, match="no space"):
        eve.get(page)


def test_pages_without_anybodys_data_leave_none(door: Door) -> None:
    owner = signed_in(door.world)
    for path in ("/owner/", "/owner/days/", "/owner/payouts/", "/owner/stock/", "/owner/trail/", "/owner/people/"):
        assert owner.get(path).status == 200
    assert looks() == []


def test_the_trail_says_who_did_and_saw_what_and_is_asked_by_person_order_and_sort(door: Door) -> None:
    page = parked(door)
    eve, owner = signed_in(door.world, Role.SUPPORT, "eve"), signed_in(door.world)
    eve.get(page)
    say(owner, page, "delivered", amount="14.40", supplier_id="sup_9")
    [(ticket,)] = select("SELECT ticket FROM orders")
    everything = owner.get("/owner/trail/").text
    for part in ("eve (support)", "ana (owner)", "It was delivered", "Something that waited for a person"):
        assert part in everything, part
    assert "system" not in {step.actor.split(":")[0] for step in audit.trail(Asked(), limit=99)}
    hers = audit.trail(Asked(who="eve"), limit=99)
    assert {step.actor for step in hers} == {"support:eve"}
    assert [step.sort for step in audit.trail(Asked(sort=Sort.DECIDED), limit=99)] == [Sort.DECIDED]
    whole = audit.trail(Asked(ticket=str(ticket)), limit=99)
    assert {"system", "support", "owner"} <= {step.actor.split(":")[0] for step in whole}
    assert audit.trail(Asked(ticket="nobody's"), limit=99) == []
    assert audit.trail(Asked(before=hers[-1].at), limit=99) == []


def test_who_looked_at_a_code_is_in_it(door: Door) -> None:
    link = door.delivered(CODE)
    door.owner.post(f"{link}code/")
    [(ticket,)] = select("SELECT ticket FROM orders")
    seen = [step for step in audit.trail(Asked(ticket=str(ticket)), limit=99) if step.sort is Sort.CODE]
    assert [step.actor.split(":")[0] for step in seen] == ["customer"]


def test_a_name_that_looks_like_a_pattern_is_only_a_name(door: Door) -> None:
    audit.look(EVE, "cards", [("", None)], at=door.world.clock())
    assert audit.trail(Asked(who="%"), limit=9) == []
    assert len(audit.trail(Asked(who="eve"), limit=9)) == 1


def test_an_owner_takes_it_as_a_file_that_no_spreadsheet_reckons(door: Door) -> None:
    page = parked(door)
    owner = signed_in(door.world)
    owner.post(page, {"resolution": "delivered", "note": "=1+1", "sure": "yes", "amount": "14.40", "supplier_id": "s"})
    sent = owner.get("/owner/trail/?as=csv")
    assert sent.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(sent.html.removeprefix("\ufeff"))))
    assert "'=1+1" in {row["why"] for row in rows}
    assert {row["who"] for row in rows} == {"owner:ana"}


def test_it_is_the_owners_alone(door: Door) -> None:
    for who in (Visitor(), door.owner, signed_in(door.world, Role.SUPPORT, "eve")):
        assert who.get("/owner/trail/?as=csv").status == 404
