"""Every page of the house, by each role that signs in there: whose it is, by which verb, and nobody else's."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import pytest
from django.http import Http404, HttpRequest
from django.test import RequestFactory
from django.urls import resolve, reverse

import support  # noqa: F401 - sets Django up, which the imports below need
from opla.backoffice import views
from opla.backoffice.urls import urlpatterns
from opla.backoffice.views import NotYours
from opla.core.actor import HOUSE, Actor, Role
from surfaces.conftest import Door, Visitor
from surfaces.test_owner_pages import signed_in

#: A row per page and verb: who may. A verb without a row is nobody's.
TABLE: Final = """
owner                 GET   owner accountant support shop_manager
owner-underway        GET   owner support
owner-books           GET   owner accountant
owner-books           POST  owner accountant
owner-figures         GET   owner accountant
owner-find            GET   owner support
owner-order           GET   owner support
owner-order           POST  owner support
owner-months          GET   owner accountant
owner-months          POST  owner accountant
owner-month           GET   owner accountant
owner-month-file      GET   owner accountant
owner-reconciliation  GET   owner accountant
owner-catalogue       GET   owner
owner-catalogue       POST  owner
owner-cell            GET   owner
owner-cell            POST  owner
owner-promotions      GET   owner
owner-promotions      POST  owner
owner-promotion       GET   owner
owner-promotion       POST  owner
owner-promotions-file GET   owner
owner-promotions-version GET  owner
owner-promotions-version POST owner
owner-prices          GET   owner
owner-prices          POST  owner
owner-items           GET   owner support
owner-item            GET   owner support
owner-item            POST  owner
owner-evidence        GET   owner support
owner-threads         GET   owner support
owner-thread          GET   owner support
owner-thread          POST  owner support
owner-days            GET   owner accountant
owner-days            POST  owner accountant
owner-day             GET   owner accountant
owner-journal         GET   owner accountant
owner-bank            GET   owner accountant
owner-bank            POST  owner accountant
owner-transfers-out   GET   owner
owner-transfers-out   POST  owner
owner-transfer-file   GET   owner
owner-payouts         GET   owner accountant
owner-payout          GET   owner accountant
owner-cash            GET   owner accountant support shop_manager
owner-cash            POST  owner support shop_manager
owner-partners        GET   owner accountant shop_manager
owner-partners        POST  owner
owner-partner         GET   owner accountant shop_manager
owner-stations        GET   owner shop_manager
owner-stations        POST  owner shop_manager
owner-station         GET   owner shop_manager
owner-station         POST  owner shop_manager
owner-cards           GET   owner support
owner-cards           POST  owner support
owner-card            GET   owner support
owner-card            POST  owner support
owner-post            GET   owner support
owner-post            POST  owner support
owner-letter          GET   owner support
owner-letter          POST  owner support
owner-slip            GET   owner support
owner-slip            POST  owner support
owner-stock           GET   owner shop_manager
owner-stock           POST  owner
owner-batch           GET   owner
owner-batch           POST  owner
owner-vouchers        GET   owner shop_manager
owner-vouchers        POST  owner shop_manager
owner-suppliers       GET   owner
owner-suppliers       POST  owner
owner-quarantine      GET   owner
owner-quarantine      POST  owner
owner-people          GET   owner
owner-people          POST  owner
owner-trail           GET   owner
owner-sellers         GET   owner
owner-sellers         POST  owner
owner-seller-picture  GET   owner
owner-places          GET   owner
owner-places          POST  owner
owner-places-export   GET   owner
owner-place           GET   owner
owner-place           POST  owner
"""
ROWS = {(name, verb): set(roles) for name, verb, *roles in map(str.split, TABLE.strip().splitlines())}
#: The door is everybody's; where one shows who one is, that of people of the house (test_people_of_the_house.py).
DOORS: Final = {"owner-enter", "owner-factor"}
VALUES: Final = {"int": 1, "uuid": "00000000-0000-0000-0000-000000000001", "slug": "some", "string": "2026-11-22"}


def address(name: str) -> str:
    [pattern] = [one for one in urlpatterns if one.name == name]
    kinds = {key: type(converter).__name__ for key, converter in pattern.pattern.converters.items()}
    return reverse(name, kwargs={key: VALUES[kind.removesuffix("Converter").lower()] for key, kind in kinds.items()})


def test_every_page_of_the_house_has_its_rows_and_every_row_names_a_role() -> None:
    assert {name for name, _ in ROWS} == {one.name for one in urlpatterns} - DOORS
    assert {role for roles in ROWS.values() for role in roles} <= set(HOUSE)


@pytest.mark.parametrize("role", HOUSE)
def test_what_is_not_theirs_is_not_there(door: Door, role: Role) -> None:
    who = signed_in(door.world, role, "eve")
    for name in {name for name, _ in ROWS}:
        for verb, ask in (("GET", who.get), ("POST", who.post)):
            if role not in ROWS.get((name, verb), ()):
                assert ask(address(name)).status in (404, 405), (name, verb)


def test_to_strangers_none_of_it_is_there(door: Door) -> None:
    for who in (Visitor(), door.owner):
        for name in {name for name, _ in ROWS}:
            assert who.get(address(name)).status in (404, 405), name
            assert who.post(address(name)).status in (404, 405), name


@pytest.mark.parametrize("role", [role for role in Role if role != Role.SYSTEM])
def test_the_pages_ask_for_what_the_table_says(door: Door, role: Role, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told apart from an object that is not there, which is a 404 as well. A role that has no business here is refused
    even with a session of the house."""

    from django.contrib.auth.models import AnonymousUser

    def who(_request: HttpRequest, _at: datetime) -> Actor:
        return Actor(role, "eve")

    monkeypatch.setattr(views, "owner_of", who)
    for (name, verb), may in ROWS.items():
        asked = RequestFactory(SERVER_NAME="localhost").generic(verb, address(name))
        asked.user = AnonymousUser()
        asked.session = {}  # type: ignore[assignment]  # a page remembers a till there
        view, args, kwargs = resolve(asked.path)
        try:
            answer = view(asked, *args, **kwargs)
        except NotYours:
            assert role not in may, (name, verb)
        except Http404:
            assert role in may, (name, verb)
        else:
            assert (role in may, answer.status_code != 405) == (True, True), (name, verb)
