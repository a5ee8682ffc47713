"""What to know before buying a new SIM: the comparison, the device check, the identification rule, installing."""

from __future__ import annotations

import re

import support  # noqa: F401 - sets Django up
from opla.core.device_check import Answers, Says, Typed
from opla.core.devices import Region
from opla.core.refusal import Code, Refusal
from opla.operations.devices import families
from opla.presenting import languages
from opla.storefront import device_form
from surfaces.conftest import Door, Visitor

EID = "89049032123451234512345678901235"
ANSWERED = {"device_eid_shown": "yes", "device_locked": "no", "device_region": "else", "device_family": "pixel_4"}
PAGES = ["/esim/", "/esim/check/", "/esim/install/", "/identify/"]


def test_every_page_is_there_for_a_stranger_in_every_language(door: Door) -> None:
    for language in languages.NAMES:
        for path in PAGES:
            page = Visitor(language=language).get(path)
            assert (page.status, page.html.count("<h1>")) == (200, 1), path
            assert f'<html lang="{language}">' in page.html
            assert len(page.html) < 60_000


def test_pages_that_say_the_same_to_everybody_may_be_found(door: Door) -> None:
    said = {path: door.stranger.get(path).headers["X-Robots-Tag"] for path in PAGES}
    assert said == dict.fromkeys(PAGES, "all") | {"/esim/check/": "noindex"}


CHECKED = [
    ({}, "Yes: this phone takes an eSIM"),
    ({"device_locked": "unknown"}, "Probably yes"),
    ({"device_eid_shown": "unknown"}, "Probably yes"),
    ({"device_eid_shown": "unknown", "device_family": ""}, "the money may be lost"),
    (
        {"device_eid_shown": "unknown", "device_family": "iphone_14", "device_region": "cn"},
        "No: no eSIM for this phone",
    ),
    ({"device_eid_shown": "unknown", "device_eid": EID}, "Yes: this phone takes an eSIM"),
    ({"device_locked": "yes"}, "No: no eSIM for this phone"),
    ({"device_eid_shown": "no"}, "The phone shows no EID"),
    ({"device_region": "us", "device_family": "iphone_14"}, "no slot for a SIM card"),
    ({"device_family": "drop table"}, "Yes: this phone takes an eSIM"),
]


def test_a_phone_is_checked_without_javascript(door: Door) -> None:
    for changed, said in CHECKED:
        page = door.stranger.post("/esim/check/", ANSWERED | changed)
        assert (page.status, page.where) == (200, "/esim/check/"), changed
        assert said in page.text, changed


def test_the_answer_has_an_address_that_holds_no_digit_of_the_eid(door: Door) -> None:
    sent = door.stranger.post("/esim/check/", ANSWERED | {"device_eid": EID}, follow=False)
    assert sent.status == 302
    assert sent.headers["Location"] == "/esim/check/?device=1:yes:no:else:pixel_4:right#answer"
    page = door.stranger.get(sent.headers["Location"].partition("#")[0])
    assert "Yes: this phone takes an eSIM" in page.text
    assert EID not in page.html


def test_a_question_left_out_is_named_and_the_other_answers_stay(door: Door) -> None:
    for missing in ("device_eid_shown", "device_locked", "device_region"):
        page = door.stranger.post("/esim/check/", {k: v for k, v in ANSWERED.items() if k != missing})
        assert page.status == 422
        assert page.title.startswith("Please check")
        [wrong] = [part for part in page.html.split("<fieldset") if "asks wrong" in part]
        assert f'id="{missing}"' in wrong
        assert page.html.count(" checked>") == 2
        assert '<option value="pixel_4" selected>' in page.html


def test_a_mistyped_eid_stays_to_be_corrected(door: Door) -> None:
    page = door.stranger.post("/esim/check/", ANSWERED | {"device_eid": EID[:-1] + "4"})
    assert (page.status, page.error("device_eid")) == (
        422,
        "This is no EID: it has 32 digits, mostly from 89 on. Check it, or leave it empty.",
    )
    assert EID[:-1] + "4" in page.html


def test_an_address_that_holds_no_answers_shows_the_questions(door: Door) -> None:
    for nonsense in ("", "1:yes", "<script>alert(1)</script>", "9" * 900, "1:yes:no:else:../../x:none"):
        page = door.stranger.get(f"/esim/check/?device={nonsense}")
        assert page.status == 422
        assert "<script>alert" not in page.html
        assert 'name="device_eid_shown"' in page.html


def test_the_form_is_read_alone_or_from_one_hidden_field() -> None:
    said = Answers(Says.YES, Says.NO, Region.ELSEWHERE, "pixel_4", Typed.RIGHT)
    assert device_form.read({**ANSWERED, "device_eid": EID}) == said
    assert device_form.read({"device": said.encode()}) == said
    assert device_form.read({"device": "1:no:no:cn::none", **ANSWERED}) == device_form.read(ANSWERED)
    for nothing in ({}, {"device": ""}, {"device": "x"}):
        found = device_form.read(nothing)
        assert isinstance(found, Refusal)
        assert found.code is Code.DEVICE_NOT_CHECKED


def test_the_form_shows_again_what_was_answered_before() -> None:
    shown = device_form.context(Answers(Says.UNKNOWN, Says.NO, Region.CHINA, "iphone_air"))["device"]
    assert isinstance(shown, dict)
    chosen = [value for question in shown["questions"] for value, _label, chosen in question.options if chosen]
    models = [id_ for _brand, models in shown["families"] for id_, _name, chosen in models if chosen]
    assert (chosen, models) == (["unknown", "no", "cn"], ["iphone_air"])


def test_every_family_stands_in_the_list_with_what_is_known_of_it(door: Door) -> None:
    page = door.stranger.get("/esim/check/")
    for family in families().all:
        assert re.search(rf'<option value="{family.id}">[^<]+</option>', page.html), family.id
    for said in ("Apple iPhone 14, 15, 16", "Google Pixel 2 and older", "Huawei other models"):
        assert f"<strong>{said}</strong>" in page.html
    assert "Mainland China reported yes, perhaps for Chinese operators only" in page.text


def test_the_comparison_says_of_each_operator_what_is_known_and_what_is_not(door: Door) -> None:
    page = door.stranger.get("/esim/")
    assert "Proximus eSIM at all yes eSIM for prepaid not verified not known" in page.text
    assert "A new SIM without credit example €5.00" in page.text
    assert "fr.itdaily.be, esim-belgie (2025)" in page.text
    assert page.html.count('class="topic"') == 12


def test_the_identification_rule_comes_from_the_catalogue_with_its_sources(door: Door) -> None:
    page = door.stranger.get("/identify/")
    for said in (
        "Belgium: the operator must know who uses a prepaid SIM or eSIM, before it works.",
        "The operator, and not this shop.",
        "with an original, valid document",
        "An operator must offer at least one of these",
        "Until then it is not sold, or does not work",
        "We ask for no document, and keep no copy of any.",
        "Mobile Vikings asked again after 18 months",
        "Orange identity card of the country",
        "bipt.be, consumers, prepaid cards (undated)",
        "13.6.2005, art. 127",
    ):
        assert said in page.text, said


def test_a_country_whose_rule_nobody_told_us_is_said_to_be_unknown() -> None:
    from django.utils import translation

    from opla.core.catalog import parse
    from opla.operations.read_catalog import read_country
    from opla.presenting import identifying

    with translation.override("en"):
        rule = identifying.rule(parse(read_country("united-kingdom", sandbox=False)))
    assert rule.required == (
        "United Kingdom: whether somebody must be identified for a prepaid SIM is not known to us."
    )
    assert (rule.methods, rule.again, rule.documents, rule.unidentified, rule.copies, rule.law) == (
        [],
        [],
        [],
        "",
        "",
        "",
    )


def test_installing_is_told_for_each_phone_and_each_way(door: Door) -> None:
    page = door.stranger.get("/esim/install/")
    for said in (
        "Most eSIMs can be installed once only",
        "Open Settings › Mobile Data › Add eSIM › Use QR Code.",
        "The link works from iOS 17.4 on.",
        "Open Settings › Connections › SIM manager › Add eSIM.",
        "Tap the sign beside SIM 2.",
        "Switching the line off is not deleting it",
        "Never delete the eSIM to repair something.",
    ):
        assert said in page.text, said
    assert "LPA:" not in page.html
    assert page.html.count("<summary>") >= 9


def test_menus_are_named_as_the_phone_names_them(door: Door) -> None:
    page = Visitor(language="zh-CN").get("/esim/install/")
    assert "设置 › 蜂窝网络 › 添加 eSIM › 使用二维码" in page.text


def test_the_guide_answers_who_has_no_sim_yet(door: Door) -> None:
    for address, said in (
        ("can-my-phone-use-an-esim", "iPhones bought in mainland China have no eSIM"),
        ("get-a-number-as-a-visitor", "the operator identifies you, this shop does not"),
    ):
        page = door.stranger.get(f"/guide/en/{address}/")
        assert page.status == 200
        assert said in page.text
        assert "How we know" in page.text
