"""The owner's pages: the owner decides, support looks, and for everybody else they do not exist."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from fakes import CODE, DIRECT, World
from operations.test_floats import asked, standing
from operations.test_items_of_money_back import large
from opla.core.actor import Actor, Role
from opla.core.item import Kind as ItemKind
from opla.core.item import Resolution, Why
from opla.core.ledger import Account, Reason
from opla.core.money import Money
from opla.core.ports import Answer, Promises, RefundReport
from opla.db.queries import items
from opla.operations import resellers
from opla.operations.owner import make_link
from opla.presenting import items as words
from opla.presenting import languages, ledger
from surfaces.conftest import Door, Seen, Visitor

NOTE = "Rang them at 14:10"


def signed_in(world: World, role: Role = Role.OWNER, name: str = "ana", language: str = "en", **how: bool) -> Visitor:
    visitor = Visitor(language=language, **how)
    link = make_link(Actor(role, name), at=world.clock())
    visitor.post(f"/owner/enter/{link}/")
    return visitor


def parked(door: Door, sku: str = DIRECT) -> str:
    """An unknown send on the list; its page."""
    world = door.world
    world.supplier.promises = Promises(refuses_repeat=False, find_by_reference=False, max_seconds=10)
    world.paid(sku)
    world.supplier.script = [world.supplier.is_silent]
    world.work_through(17 * 60, step_s=60)
    [found] = items.open_items()
    return f"/owner/items/{found.id}/"


def say(who: Visitor, page: str, resolution: str, **typed: str) -> Seen:
    return who.post(page, {"resolution": resolution, "note": NOTE, "sure": "yes", **typed})


PAGES = [
    "/owner/",
    "/owner/people/",
    "/owner/trail/",
    "/owner/items/",
    "/owner/items/{id}/",
    "/owner/days/",
    "/owner/places/",
    "/owner/places/places.csv",
    "/owner/bank/",
    "/owner/months/",
    "/owner/months/2026-11/",
    "/owner/months/2026-11/journal.hledger",
    "/owner/reconciliation/",
    "/owner/reconciliation/?as=open",
    "/owner/payouts/",
    "/owner/payouts/00000000-0000-0000-0000-000000000001/",
]


@pytest.mark.parametrize(
    "path", [*PAGES, "/owner/items/999/", "/owner/days/2026-11-22/", "/owner/items/1/evidence/1/", "/owner/places/1/"]
)
def test_to_customers_and_strangers_they_do_not_exist(door: Door, path: str) -> None:
    page = parked(door)
    path = path.format(id=page.split("/")[-2])
    for visitor in (door.owner, door.colleague, door.stranger):  # of an order: none of them is of the house
        assert visitor.get(path).status == 404
        assert visitor.post(path, {"resolution": "seen", "note": NOTE, "sure": "yes"}).status in (404, 405)
    assert door.world.items() == ["unknown_send"]


def test_the_list_says_what_happened_how_old_it_is_and_leads_on(door: Door) -> None:
    page = parked(door)
    listed = signed_in(door.world).get("/owner/items/")
    assert page in listed.html
    assert "Nobody can say whether it was delivered" in listed.text
    assert "The supplier gives no clear answer" in listed.text
    assert re.search(r"Money at risk €15.00 Age [12] minutes?", listed.text)


def test_the_page_shows_what_was_asked_and_answered(door: Door) -> None:
    page = signed_in(door.world).get(parked(door))
    [reference] = door.world.supplier.asked
    for text in (reference, "Paid", "no clear answer", "no answer in time", "ana@example.org"):
        assert text in page.text, text


def test_the_owner_decides_and_it_is_kept(door: Door) -> None:
    page = parked(door)
    owner = signed_in(door.world)
    done = say(owner, page, "delivered", amount="14.40", supplier_id="sup_9")
    assert (done.status, done.where) == (200, page)
    assert "Settled on" in done.text
    assert "ana (owner)" in done.text
    assert NOTE in done.text
    assert "€14.40" in done.text
    assert "<form method" not in done.html.split("<main")[1]
    assert "Nothing waits for a person" in owner.get("/owner/items/").text


def test_the_page_says_what_is_left_of_the_order_after_the_providers_fee(door: Door) -> None:
    page, world = parked(door), door.world
    [(reference, session)] = world.provider.charges.items()
    world.provider.charges[reference] = replace(session, fee=Money(43, "EUR"))
    world.wake()
    world.work()
    owner = signed_in(world)
    assert "Left for us -€0.43 after €0.43 kept by the payment provider" in owner.get(page).text
    done = say(owner, page, "delivered", amount="14.40")
    assert "Left for us €0.17 after €0.43 kept by the payment provider" in done.text


def test_an_order_from_a_float_has_its_page_and_is_decided_like_any_other(door: Door) -> None:
    world = door.world
    owner = Actor(Role.OWNER, "ana")
    resellers.add(owner, "acme", title="Acme", email="orders@acme.example", at=world.clock())
    resellers.pay_in(owner, "acme", "100", "first", shop=world.shop, at=world.clock())
    world.supplier.promises = Promises(refuses_repeat=False, find_by_reference=False, max_seconds=10)
    world.supplier.script = [world.supplier.is_silent]
    [order] = standing(world, asked("a"))
    world.work_through(17 * 60, step_s=60)
    [found] = items.open_items()
    page = f"/owner/items/{found.id}/"
    ana = signed_in(world)
    seen = ana.get(page)
    for text in ("Reseller acme", "acme (reseller)", "+32470123456", "Paid from the float"):
        assert text in seen.text, text
    assert say(ana, page, "not_delivered").status == 200
    assert (world.state(order), world.items()) == ("refunded", [])


def test_a_large_refund_by_choice_is_approved_by_somebody_else(door: Door) -> None:
    world = door.world
    order = large(world)
    [found] = items.open_items()
    page = f"/owner/items/{found.id}/"
    asked_for, second = signed_in(world, name="anna"), signed_in(world, name="ben")
    assert "Asked for by anna (owner): it did not arrive" in asked_for.get(page).text
    refused = say(asked_for, page, "approve")
    assert (refused.status, "A second person must agree." in refused.text) == (400, True)
    assert "Settled on" in say(second, page, "approve").text
    assert world.state(order) == "refunding"


def test_support_looks_and_decides_nothing(door: Door) -> None:
    page = parked(door)
    support = signed_in(door.world, Role.SUPPORT, "eve")
    seen = support.get(page)
    assert "The owner decides about it." in seen.text
    assert "What do you know?" not in seen.text
    assert say(support, page, "delivered", amount="14.40").status == 404
    assert support.get("/owner/days/").status == 404
    assert "/owner/days/" not in support.get("/owner/items/").html
    assert door.world.items() == ["unknown_send"]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"note": ""}, "Write down the reason."),
        ({"sure": ""}, "Tick the box when you have checked it."),
        ({"amount": "a lot"}, "Enter the amount with digits"),
        ({"resolution": "seen"}, "This is no choice here"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_is_kept(door: Door, typed: dict[str, str], sentence: str) -> None:
    page = parked(door)
    refused = say(
        signed_in(door.world), page, **{"resolution": "delivered", "supplier_id": "sup_9", "amount": "1", **typed}
    )
    assert refused.status == 400
    assert sentence in refused.text
    if "resolution" not in typed:
        assert 'value="sup_9"' in refused.html
        assert '<details class="sheet choice" open>' in refused.html
    assert door.world.items() == ["unknown_send"]


def test_a_code_typed_wrongly_is_not_shown_again(door: Door) -> None:
    page = parked(door, CODE)
    refused = say(signed_in(door.world), page, "delivered", amount="x", code="0000 1234 5678")
    assert refused.status == 400
    assert "1234 5678" not in refused.html


def test_whoever_comes_second_is_told_that_it_is_settled(door: Door) -> None:
    page = parked(door)
    ana, bo = signed_in(door.world), signed_in(door.world, name="bo")
    say(ana, page, "delivered", amount="14.40")
    late = say(bo, page, "not_delivered")
    assert late.status == 400
    assert "This is settled already. Nothing was changed now." in late.text
    assert "Settled on" in late.text


def test_above_the_limit_two_people_are_needed(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    door.world.shop = replace(door.world.shop, second_person_minor=1000)
    page = parked(door)
    ana, bo = signed_in(door.world), signed_in(door.world, name="bo")
    assert "This needs two persons." in ana.get(page).text
    assert "Proposed; a second person must agree" in say(ana, page, "not_delivered").text
    assert "A second person must agree" in bo.get("/owner/items/").text
    assert "You proposed this yourself." in say(ana, page, "not_delivered").text
    assert "Settled on" in say(bo, page, "not_delivered").text


def test_a_file_is_kept_with_its_hash_and_always_downloaded(door: Door) -> None:
    page = parked(door)
    owner = signed_in(door.world)
    letter = SimpleUploadedFile("letter.html", b"<script>alert(1)</script>", "text/html")
    typed = {"resolution": "not_delivered", "note": NOTE, "sure": "yes", "file": letter}
    owner.client.post(page, typed)
    shown = owner.get(page)
    assert re.search(r"letter\.html SHA-256 [0-9a-f]{64}", shown.text)
    [link] = re.findall(rf'href="({page}evidence/\d+/)"', shown.html)
    kept = owner.client.get(link)
    assert (kept.content, kept["Content-Type"]) == (b"<script>alert(1)</script>", "application/octet-stream")
    assert kept["Content-Disposition"] == 'attachment; filename="letter.html"'
    assert kept["X-Content-Type-Options"] == "nosniff"
    for other in (door.owner, door.stranger):
        assert other.get(link).status == 404


def test_a_form_from_elsewhere_decides_nothing(door: Door) -> None:
    page = parked(door)
    owner = signed_in(door.world)
    owner.client.handler.enforce_csrf_checks = True
    assert say(owner, page, "not_delivered").status == 403
    assert door.world.items() == ["unknown_send"]


def test_a_link_works_once_and_carries_who_it_was_made_for(door: Door) -> None:
    link = f"/owner/enter/{make_link(Actor(Role.SUPPORT, 'eve'), at=door.world.clock())}/"
    assert door.stranger.get(link).status == 200
    assert door.stranger.post(link).where == "/owner/"
    assert Visitor().post(link).status == 404
    with pytest.raises(ValueError, match="nobody signs in as customer"):
        make_link(Actor(Role.CUSTOMER), at=door.world.clock())


def test_signed_in_for_a_working_day(door: Door) -> None:
    owner = signed_in(door.world)
    door.world.clock.now += timedelta(hours=11, minutes=59)
    assert owner.get("/owner/items/").status == 200
    door.world.clock.now += timedelta(minutes=2)
    assert owner.get("/owner/items/").status == 404


# ── days ──


def test_days_are_closed_with_a_button_and_shown_with_their_journal(door: Door) -> None:
    door.delivered()
    owner = signed_in(door.world)
    assert "No day is left to close." in owner.get("/owner/days/").text
    door.world.clock.now += timedelta(days=1)
    door.world.work(3)
    owner = signed_in(door.world)
    assert "To be closed: 22 Nov 2026 to 22 Nov 2026." in owner.get("/owner/days/").text
    assert "No day is left to close." in owner.post("/owner/days/").text
    day = owner.get("/owner/days/2026-11-22/")
    assert "Ordered 1 Delivered 1 Refunded 0" in day.text
    assert "Prepaid at the supplier · sandbox" in day.text
    journal = owner.get("/owner/days/2026-11-22/journal.csv")
    assert journal.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert len(journal.html.strip().splitlines()) == 4
    assert door.stranger.get("/owner/days/2026-11-22/journal.csv").status == 404
    for nowhere in ("2026-11-23", "yesterday", "2026-99-99"):
        assert owner.get(f"/owner/days/{nowhere}/").status == 404


# ── words ──


@pytest.mark.parametrize("language", [tag for tag in languages.NAMES if tag != "en"])
def test_every_kind_reason_and_choice_has_words_in_every_language(language: str) -> None:
    spoken = []
    for tag in ("en", language):
        with languages.speaking(tag):
            spoken.append(
                [
                    *map(words.kind, ItemKind), *(words._(words._WHY[why]) for why in Why),
                    *(text for of in Resolution for text in words.choice(of)),
                    *(ledger.account(f"{of}:EUR") for of in Account), *map(ledger.reason, Reason),
                ]
            )  # fmt: skip
    assert [e for e, z in zip(*spoken, strict=True) if e == z and not e.startswith("Bank")] == []


def test_no_english_is_left_on_the_owners_chinese_pages(door: Door) -> None:
    page = parked(door)
    world = door.world
    world.provider.on_refund = lambda _r: RefundReport(Answer.DECLINED, why="")
    owner = signed_in(world, language="zh-CN")
    asked = say(owner, page, "ask_again", note="打过电话")
    assert asked.status == 200
    for path in ("/owner/", "/owner/people/", "/owner/trail/", "/owner/items/", page, "/owner/days/"):
        text = re.sub(
            r"English|SANDBOX|sandbox|Mobile Vikings|ana@example.org|SHA-256|opla books", "", owner.get(path).text
        )
        assert re.findall(r"[a-z]{2,}(?: [a-z]{2,})+", text) == [], path
