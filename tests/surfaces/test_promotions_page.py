"""Promotions in their owner's hands: what runs and costs, one made by a form, seen before it runs, every version."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from fakes import CODE
from opla.core.actor import Act, Actor, Role
from opla.core.refusal import Refusal
from opla.db.models import PromotionsVersion
from opla.db.queries import people
from opla.db.queries.call import select
from opla.db.queries.people import Person
from opla.operations import four_eyes
from opla.operations.promotions import active, at_version, import_promotions
from surfaces.conftest import Door, Seen, Visitor
from surfaces.test_owner_pages import signed_in
from surfaces.test_promotions import FILE

HERE = "/owner/promotions/"
ONE = f"{HERE}one/"
ANA = Actor(Role.OWNER, "ana")


@pytest.fixture(autouse=True)
def fresh() -> None:
    at_version.cache_clear()  # versions of another database


def newest() -> int:
    [(id_,)] = select("SELECT coalesce(max(id), 0) FROM promotions_version WHERE active OR proposed")
    return int(str(id_))


def form(**fields: str) -> dict[str, str]:
    shown = {
        "id": "spring", "title_en": "Spring", "title_fr": "Printemps", "title_nl": "Lente", "title_de": "Frühling",
        "title_zh-Hans": "春天优惠", "from": "2026-11-01T00:00", "kind": "percent", "much": "10",
        "why": "Sales are slow", "seen": str(newest()),
    }  # fmt: skip
    return {**shown, **fields}


def proposed(owner: Visitor, **fields: str) -> Seen:
    return owner.post(ONE, form(**fields))


def approved(owner: Visitor) -> Seen:
    return owner.post(HERE, {"act": "approve", "seen": str(newest())})


def imported(door: Door, tmp_path: Path, text: str = FILE) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(text, "utf-8")
    shop = door.world.shop
    made = import_promotions(ANA, path, keyring=shop.keyring, sandbox=True, at=door.world.clock())
    assert not isinstance(made, Refusal)
    return path


def test_only_the_owner_has_it(door: Door, tmp_path: Path) -> None:
    imported(door, tmp_path)
    version = f"{HERE}versions/{newest()}/"
    for visitor in (door.owner, door.stranger, signed_in(door.world, Role.SUPPORT, "sam"),
                    signed_in(door.world, Role.ACCOUNTANT, "acc")):  # fmt: skip
        for path in (HERE, ONE, version, f"{HERE}promotions.yaml"):
            assert visitor.get(path).status == 404
            assert visitor.post(path, form()).status in (404, 405)
    assert select("SELECT count(*)::int FROM promotions_version") == [(1,)]


def test_one_is_made_by_the_form_seen_and_nothing_of_it_runs(door: Door) -> None:
    door.delivered(CODE)
    page = proposed(signed_in(door.world))
    assert (page.status, page.where) == (200, HERE)
    assert "nothing of it runs yet" in page.text
    assert "Sales are slow ana (owner)" in page.text
    assert "10% off the face value" in page.text
    assert "€1.50 less, in 1 order of 1" in page.text
    assert "€15.00 €13.50" in page.text
    assert active()[0] == 0
    assert "Spring" not in door.stranger.get("/promotions/").text


def test_the_preview_speaks_the_language_that_is_asked_for(door: Door) -> None:
    owner = signed_in(door.world)
    proposed(owner)
    page = owner.get(f"{HERE}?language=zh-Hans")
    seen = page.html.split('class="seen" lang="zh-Hans"')[1]
    assert "春天优惠" in seen
    assert "Promotions" in page.title  # the page itself stays in the reader's
    assert owner.get(f"{HERE}?language=xx&days=x").status == 200


def test_what_is_approved_is_what_customers_pay(door: Door) -> None:
    owner = signed_in(door.world)
    proposed(owner, operators="proximus", most_uses="3")
    done = approved(owner)
    assert "nothing of it runs yet" not in done.text
    assert "Uses 0 / 3" in done.text
    assert "Spring" in door.stranger.get("/promotions/").text
    [(by, approved_by, note)] = select("SELECT made_by, approved_by, note FROM promotions_version WHERE active")
    assert (by, approved_by, note) == ("owner:ana", "owner:ana", "Sales are slow")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"id": ""}, "id"),
        ({"id": "With Spaces"}, "ours.With Spaces.id"),
        ({"title_en": ""}, "title"),
        ({"title_fr": ""}, "is missing in fr"),
        ({"from": ""}, "from"),
        ({"from": "2026-03-29T02:30"}, "skipped in spring"),
        ({"from": "2026-10-25T02:30"}, "repeated in autumn"),
        ({"until": "2026-10-01T00:00"}, "must be later than 'from'"),
        ({"much": "0"}, "must be one of {percent: 1 to 100}"),
        ({"much": "a lot"}, "must be one of {percent: 1 to 100}"),
        ({"kind": "amount", "much": "0.00"}, "must be more than nothing"),
        ({"kind": "gift"}, "must be one of {percent: 1 to 100}"),
        ({"operators": "nobody"}, "no 'nobody' is in the catalogue"),
        ({"products": "PX-999"}, "no 'PX-999' is in the catalogue"),
        ({"minimum": "fifteen"}, "minimum"),
        ({"most_uses": "0"}, "most_uses"),
        ({"most_each": "x" * 3000}, "most_each"),
        ({"coupons": "abc"}, "4 to 40 letters or digits"),
        ({"groups": "nobody"}, "no 'nobody' is listed"),
        ({"group_name": "vip", "group_domains": "not a domain"}, "email_domains"),
        ({"group": "season"}, "is for promotions that stack"),
        ({"channels": "carrier-pigeon"}, "channels"),
        ({"why": " "}, "Write down the reason."),
        ({"seen": "9"}, "Somebody has changed the promotions meanwhile"),
        ({"seen": "x" * 30}, "Somebody has changed the promotions meanwhile"),
    ],
)
def test_what_would_be_wrong_is_said_and_nothing_is_kept(door: Door, fields: dict[str, str], said: str) -> None:
    page = proposed(signed_in(door.world), **fields)
    assert page.status == 422
    assert said in page.text
    assert not PromotionsVersion.objects.exists()
    assert 'value="Printemps"' in page.html or "title_fr" in fields  # what was typed stays


def test_every_field_of_the_form_becomes_the_field_of_the_file(door: Door) -> None:
    owner = signed_in(door.world)
    proposed(
        owner, id="all", until="2027-01-01T00:00", kind="amount", much="2.00", operators="proximus", products="PX-15",
        minimum="15.00", channels="web", first_purchase="on", group_name="students",
        group_domains="student.example.org", coupons="WINTER26 Friends26", most_uses="500", most_each="2", stacks="on",
        group="season",
    )  # fmt: skip
    approved(owner)
    _, found = active()
    [one] = found.ours
    assert (one.operators, one.products, one.minimum_minor, one.first_purchase) == ({"proximus"}, {"PX-15"}, 1500, True)
    assert (one.most_uses, one.most_each, one.stacks, one.group, one.groups) == (500, 2, True, "season", {"students"})
    assert one.channels == {"web"}
    assert found.groups_of("ana@student.example.org") == {"students"}
    assert len(one.coupons) == 2
    page = owner.get(f"{ONE}?of=ours&id=all")
    assert "Keep the 2 that there are" in page.text
    for text in ("WINTER26", "winter26", "FRIENDS26", *one.coupons):
        assert text not in page.html
        assert text not in owner.get(HERE).html
    [(kept,)] = select("SELECT string_agg(document::text, '') FROM promotions_version")
    assert "FRIENDS26" not in str(kept).upper()


def test_a_change_keeps_the_coupons_unless_told_otherwise(door: Door) -> None:
    owner = signed_in(door.world)
    proposed(owner, coupons="WINTER26")
    approved(owner)
    change = f"{ONE}?of=ours&id=spring"
    owner.post(change, form(much="20", keep_coupons="on", coupons="SUMMER26"))
    approved(owner)
    assert len(active()[1].ours[0].coupons) == 2
    owner.post(change, form(much="20"))
    approved(owner)
    assert active()[1].ours[0].coupons == frozenset()


def test_a_name_is_given_once(door: Door, tmp_path: Path) -> None:
    imported(door, tmp_path)
    owner = signed_in(door.world)
    for name in ("winter", "gift"):
        page = proposed(owner, id=name)
        assert "Another promotion has or had this name" in page.text
    imported(door, tmp_path, FILE.replace("id: winter", "id: winter-2"))
    assert "Another promotion has or had this name" in proposed(owner, id="winter").text


def test_a_running_one_is_ended_and_one_to_come_is_taken_out(door: Door, tmp_path: Path) -> None:
    imported(door, tmp_path)
    owner = signed_in(door.world)
    for name in ("winter", "soon", "gift"):
        assert owner.post(HERE, {"act": "end", "id": name, "why": "Enough", "seen": str(newest())}).status == 200
    approved(owner)
    _, found = active()
    winter = found.find("winter")
    assert winter is not None
    assert winter.window.over(door.world.clock())
    assert (found.find("soon"), found.theirs) == (None, ())
    assert "Winter" not in door.stranger.get("/promotions/").text
    no = owner.post(HERE, {"act": "end", "id": "nobody", "why": "Enough", "seen": str(newest())})
    assert no.status == 422


def test_an_operators_is_told_with_how_sure_and_who_says_so(door: Door) -> None:
    owner = signed_in(door.world)
    page = owner.post(
        f"{ONE}?of=theirs",
        form(
            id="gift", operator="proximus", where="proximus.be/promo", dated="2026-11-20", from_sure="A",
            from_source="+", from_verified_on="2026-11-21", until_sure="unknown", minimum="15.00", minimum_sure="B",
            minimum_source="+", gives_sure="A", gives_source="+", gives_data_mb="2000", gives_days="31",
        ),
    )  # fmt: skip
    assert page.status == 200, page.text
    approved(owner)
    [gift] = active()[1].theirs
    assert gift.gives.value is not None
    assert (gift.gives.value.data_mb, gift.minimum_minor, gift.until.known) == (2000, 1500, False)
    assert (gift.start.source, str(gift.start.verified_on)) == ("proximus.be/promo", "2026-11-21")
    assert "Spring" in door.stranger.get("/promotions/").text
    changed = owner.get(f"{ONE}?of=theirs&id=gift")
    assert 'value="2000"' in changed.html


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"operator": "nobody"}, "no 'nobody' is in the catalogue"),
        ({"from_sure": "A", "from_source": ""}, "source"),
        ({"from_sure": "Z"}, "sure"),
        ({"from_sure": "A", "from": ""}, "from"),
        ({"gives_sure": "A", "gives_source": "+"}, "must give credit, data_mb, voice_min or sms"),
        ({"gives_sure": "A", "gives_source": "+", "gives_data_mb": "2", "gives_days": "soon"}, "lasts"),
    ],
)
def test_what_is_wrong_with_an_operators_is_said(door: Door, fields: dict[str, str], said: str) -> None:
    typed = form(id="gift", operator="proximus", where="proximus.be", from_sure="A", from_source="+")
    page = signed_in(door.world).post(f"{ONE}?of=theirs", {**typed, **fields})
    assert page.status == 422
    assert said in page.text
    assert not PromotionsVersion.objects.exists()


def test_the_page_and_the_file_are_one_thing(door: Door, tmp_path: Path) -> None:
    imported(door, tmp_path)
    before = PromotionsVersion.objects.get(active=True).document
    owner = signed_in(door.world)
    text = owner.get(f"{HERE}promotions.yaml").html
    assert "sealed_coupons" in text
    imported(door, tmp_path, text)
    assert PromotionsVersion.objects.get(active=True).document == before
    proposed(owner, coupons="SPRING26", groups="", title_en='He said: "50% #1"')
    approved(owner)
    by_page = PromotionsVersion.objects.get(active=True).document
    imported(door, tmp_path, owner.get(f"{HERE}promotions.yaml").html)
    assert PromotionsVersion.objects.get(active=True).document == by_page


def test_a_version_says_what_it_changed_and_is_the_way_back(door: Door, tmp_path: Path) -> None:
    imported(door, tmp_path)
    first, owner = newest(), signed_in(door.world)
    proposed(owner)
    approved(owner)
    page = owner.get(f"{HERE}versions/{newest()}/")
    assert "spring" in page.text
    assert f"What it changed in version {first}" in page.text
    back = owner.post(f"{HERE}versions/{first}/", {"why": "It was better", "seen": str(newest())})
    assert "It was better" in back.text
    approved(owner)
    documents = dict(PromotionsVersion.objects.values_list("id", "document"))
    assert documents[newest()] == documents[first]
    assert newest() > first
    assert owner.get(f"{HERE}versions/999/").status == 404
    assert owner.post(f"{HERE}versions/{first}/", {"why": "", "seen": str(newest())}).status == 422


def test_what_was_dropped_is_no_version(door: Door) -> None:
    owner = signed_in(door.world)
    proposed(owner)
    dropped = newest()
    owner.post(HERE, {"act": "discard", "seen": str(dropped)})
    assert "nothing of it runs yet" not in owner.get(HERE).text
    assert owner.get(f"{HERE}versions/{dropped}/").status == 404
    assert active()[0] == 0
    assert proposed(owner).status == 200  # its name was never used


def test_two_owners_do_not_undo_each_other(door: Door, tmp_path: Path) -> None:
    ana, bo = signed_in(door.world), signed_in(door.world, name="bo")
    seen = str(newest())
    proposed(ana)
    late = proposed(bo, id="other", seen=seen)
    assert late.status == 422
    assert "Somebody has changed the promotions meanwhile" in late.text
    draft = str(newest())
    imported(door, tmp_path)
    assert bo.post(HERE, {"act": "approve", "seen": draft}).status == 422
    assert active()[1].find("winter") is not None


def second(monkeypatch: pytest.MonkeyPatch, door: Door, *, shows: bool = True) -> None:
    """Another owner is of the house, and (`shows`) can sign in."""
    at = door.world.clock()
    bo = Person(UUID(int=7), "bo@shop.example", "bo", Role.OWNER, "en", at, None, int(shows), False, at)
    monkeypatch.setattr(people, "everybody", lambda: [bo])


def test_where_there_are_two_the_other_one_approves(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, bo = signed_in(door.world), signed_in(door.world, name="bo")
    second(monkeypatch, door)
    proposed(ana)
    no = approved(ana)
    assert no.status == 422
    assert "A second person must agree." in no.text
    assert active()[0] == 0
    assert approved(bo).status == 200
    assert active()[0] == newest()
    [(by, other)] = select("SELECT made_by, approved_by FROM promotions_version WHERE active")
    assert (by, other) == ("owner:ana", "owner:bo")


def test_what_only_ends_needs_nobody_else_and_nobody_waits_for_who_cannot_come(
    door: Door, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    imported(door, tmp_path)
    ana = signed_in(door.world)
    second(monkeypatch, door)
    ana.post(HERE, {"act": "end", "id": "winter", "why": "Too dear", "seen": str(newest())})
    assert approved(ana).status == 200
    second(monkeypatch, door, shows=False)
    assert four_eyes.alone(ANA, Act.CHANGE_CATALOGUE, str(ANA)) is None


def test_a_stale_or_unknown_post_does_nothing(door: Door) -> None:
    owner = signed_in(door.world)
    assert owner.post(HERE, {"act": "approve", "seen": "0"}).status == 422
    assert owner.post(HERE, {"act": "fly"}).status == 404
    assert owner.get(f"{ONE}?id=nobody").status == 404
    assert owner.get(f"{HERE}promotions.yaml").status == 404
