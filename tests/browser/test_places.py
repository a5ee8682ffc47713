"""Where somebody is leaves the browser after a click only, and never into an address."""

from __future__ import annotations

from playwright.sync_api import expect

from browser.conftest import Screens

MIDI = {"latitude": 50.8355, "longitude": 4.3364}


def test_who_lets_the_browser_say_where_finds_the_nearest_first(screens: Screens) -> None:
    screen = screens.open()
    screen.context.grant_permissions(["geolocation"])
    screen.context.set_geolocation(MIDI)
    asked: list[str] = []
    screen.page.on("request", lambda request: asked.append(f"{request.url} {request.post_data or ''}"))
    screen.go("/places/")
    assert not [one for one in asked if "4.33" in one]
    screen.page.select_option("#places-operator", "base")
    with screen.page.expect_navigation():
        screen.page.click("#near button")
    assert screen.page.url.endswith("/places/#found")
    expect(screen.page.locator(".place h3").first).to_contain_text("Example Night Shop")
    expect(screen.page.locator("#places-operator")).to_have_value("base")
    [posted] = [one for one in asked if "4.33" in one]
    assert "latitude=50.8355&longitude=4.3364" in posted.partition(" ")[2]


def test_who_does_not_is_asked_to_type_and_loses_nothing(screens: Screens) -> None:
    screen = screens.open()
    screen.go("/places/")
    screen.page.fill("#where", "9000")
    screen.page.click("#near button")
    expect(screen.page.locator("#near [role=status]")).to_contain_text("Type a place or a postcode instead.")
    expect(screen.page.locator("#where")).to_have_value("9000")
    expect(screen.page.locator("#near button")).to_be_enabled()


def test_without_javascript_there_is_no_button_that_does_nothing(screens: Screens) -> None:
    screen = screens.open(javascript=False)
    screen.go("/places/")
    expect(screen.page.locator("#near")).to_be_hidden()
    screen.page.fill("#where", "gent")
    with screen.page.expect_navigation():
        screen.page.click("main button.main")
    expect(screen.page.locator(".place")).to_have_count(1)
