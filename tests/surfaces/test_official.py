"""Operators' own ways, customer care beside every order and every end, the list before paying, and rights."""

from __future__ import annotations

import re

import pytest

from opla.core.catalog import parse
from opla.operations.read_catalog import read_country
from opla.presenting import languages
from surfaces.conftest import Door, Visitor

CARE = "Customer care of"


def test_every_operator_has_an_honest_page(door: Door) -> None:
    catalog = parse(read_country("belgium", sandbox=True))
    for operator in catalog.operators:
        page = door.stranger.get(f"/operators/{operator.id}/")
        assert page.status == 200
        assert f"{CARE} {operator.name}" in page.text
        assert "Its rules" in page.text


@pytest.mark.parametrize("language", languages.NAMES)
def test_an_operators_page_speaks_every_language(door: Door, language: str) -> None:
    assert f'<html lang="{language}">' in Visitor(language=language).get("/operators/base/").html


def test_known_numbers_can_be_tapped_and_unknown_ones_are_named_unknown(door: Door) -> None:
    base = door.stranger.get("/operators/base/")
    assert 'href="tel:1999"' in base.html
    assert 'href="tel:+32486191999"' in base.html
    proximus = door.stranger.get("/operators/proximus/")
    assert "Not known to us: a number from its own SIM, a number from other phones and from abroad" in proximus.text
    assert 'href="tel:%23120%23"' in proximus.html
    assert "Who publishes it in the stores is not verified" in proximus.text


def test_a_reported_contact_is_marked(door: Door) -> None:
    lyca = door.stranger.get("/operators/lycamobile/").text
    assert re.search(r"Hours 09:00-18:00 reported", lyca)


def test_what_to_say_stands_in_a_language_spoken_there_beside_the_readers(door: Door) -> None:
    page = Visitor(language="zh-CN").get("/operators/base/")
    said = re.findall(r'<dt lang="(\w+)">([^<]+)</dt><dd>([^<]+)</dd>', page.html)
    assert {tag for tag, _said, _means in said} >= {"nl", "fr"}
    assert not [means for tag, _said, means in said if tag in ("nl", "fr") and not re.search(r"[\u4e00-\u9fff]", means)]
    assert "What to say" not in door.stranger.get("/operators/base/", **{"Accept-Language": "nl"}).text


def test_the_operators_own_words_are_in_its_language_with_their_meaning(door: Door) -> None:
    page = door.stranger.get("/operators/base/")
    assert '<dt lang="fr">code de recharge</dt><dd>top-up code' in page.html
    assert "Words you will see" not in door.stranger.get("/operators/youfone/").text
    assert ">belminuten</dt>" not in Visitor(language="nl").get("/operators/base/").html


def test_what_it_costs_here_is_said_beside_the_operators_own_ways(door: Door) -> None:
    page = door.stranger.get("/operators/proximus/").text
    assert re.search(r"An amount of €15.00 costs €15.00 here: our service fee is €0.00", page)
    assert "We sell nothing for it" in door.stranger.get("/operators/voo/").text


def test_customer_care_stands_on_every_order_page(door: Door) -> None:
    link = door.delivered("BA-10")
    page = door.owner.get(link)
    assert f"{CARE} BASE" in page.text
    assert 'href="tel:1999"' in page.html
    assert '<dt lang="fr">code de recharge</dt>' in page.html


def test_customer_care_stands_beside_every_refusal_that_ends_a_purchase(door: Door) -> None:
    assert f"{CARE} Ortel Mobile" in door.stranger.get("/top-up/ortel/").text
    quote = door.owner.post("/top-up/proximus/PX-15/", {"email": "ana@example.org"})
    assert CARE not in quote.text
    refused = door.owner.post(quote.where, {"total": "1", "method": "sandbox", "at_once": "on"})
    assert refused.status == 409
    assert f"{CARE} Proximus" in refused.text


# ── before paying ─────────────────────────────────────────────────────────


def test_the_list_is_reached_from_the_price_skipped_and_led_back_from(door: Door) -> None:
    quote = door.owner.post("/top-up/proximus/PX-15/", {"email": "ana@example.org"})
    [address] = re.findall(r'href="(/checklist/\?quote=[^"]+)"', quote.html)
    page = door.owner.get(address)
    assert page.html.count(f'href="{quote.where}"') == 2
    assert page.html.count('type="checkbox"') == 5


def test_ticks_are_remembered_in_the_visitors_own_browser_and_nowhere_else(door: Door) -> None:
    kept = door.owner.post("/checklist/", {"number": "on", "wifi": "on", "nonsense": "on"})
    assert kept.html.count(" checked>") == 2
    assert "Your ticks are kept" in kept.text
    assert " checked>" not in door.stranger.get("/checklist/").html
    everything = dict.fromkeys(("number", "plan", "payment", "wifi", "backup"), "on")
    assert "All ready." in door.owner.post("/checklist/", everything).text
    assert " checked>" not in door.owner.post("/checklist/", {}).html


@pytest.mark.parametrize("quote", ["https://evil.example/", "//x", "javascript:alert(1)", "1"])
def test_the_list_leads_back_to_a_price_or_to_the_first_page_only(door: Door, quote: str) -> None:
    page = door.stranger.get(f"/checklist/?quote={quote}")
    assert "evil" not in page.html.replace("next", "").split("<main")[1]
    assert page.html.count('<a class="button main" href="/"') == 1


# ── rights ────────────────────────────────────────────────────────────────


def test_who_we_are_says_plainly_what_the_owner_has_not_said(door: Door) -> None:
    assert door.stranger.get("/about/").text.count("not stated yet") == 4


@pytest.fixture
def stated(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings

    monkeypatch.setattr(settings, "SHOP_COMPANY", "Exemple SRL")
    monkeypatch.setattr(settings, "ENTERPRISE_NUMBER", "BE 0123.456.749")
    monkeypatch.setattr(settings, "SHOP_ADDRESS", "Rue de la Loi 1, 1000 Bruxelles")
    monkeypatch.setattr(settings, "CONTACT", "shop@example.org")
    monkeypatch.setattr(settings, "SHOP_DOMAINS", ["example.be"])
    monkeypatch.setattr(settings, "TERMS_CONFIRMED", "2026-11-02")


@pytest.mark.usefixtures("stated")
def test_who_we_are_is_what_the_settings_say(door: Door) -> None:
    page = door.stranger.get("/about/").text
    assert "not stated yet" not in page
    for said in (
        "Exemple SRL",
        "BE 0123.456.749",
        "Rue de la Loi 1",
        "127.0.0.1",
        "example.be",
        "never sell through a chat",
    ):
        assert said in page
    assert "Confirmed by the owner of this shop on 2 Nov 2026" in door.stranger.get("/terms/").text


def test_texts_that_need_a_lawyer_say_whose_they_are_to_confirm(door: Door) -> None:
    for path in ("/terms/", "/withdrawal/"):
        assert "has not confirmed this text with a lawyer" in door.stranger.get(path).text


def test_the_ombudsman_is_named_with_an_address_that_can_be_opened(door: Door) -> None:
    for path in ("/about/", "/terms/", "/operators/"):
        page = door.stranger.get(path)
        assert "Ombudsman for Telecommunications" in page.text
        assert 'href="https://ombudsmantelecom.be"' in page.html


def test_every_page_leads_to_the_guide_and_to_ones_rights(door: Door) -> None:
    page = door.stranger.get("/").html
    for path in ("/guide/", "/operators/", "/about/", "/terms/", "/withdrawal/", "/help/", "/promotions/"):
        assert f'<a href="{path}">' in page.split("<footer>")[1]
