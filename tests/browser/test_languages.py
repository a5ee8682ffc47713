"""The menu of languages in the page's head: with the keyboard alone, with and without a script, on a small phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.conftest import Screens


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_language_is_chosen_with_the_keyboard_and_the_page_stays(screens: Screens, javascript: bool) -> None:
    screen = screens.open(language="nl-BE", width=320, javascript=javascript)
    page = screen.page
    screen.go("/top-up/proximus/")
    expect(page.locator("html")).to_have_attribute("lang", "nl")
    menu = page.locator(".languages summary")
    expect(menu).to_have_text("Taal: Nederlands")
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Nederlands")).to_have_attribute("aria-current", "true")
    for _ in range(4):  # English, Français, Nederlands, Deutsch
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Deutsch")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    assert page.url.endswith("/top-up/proximus/")
    expect(menu).to_have_text("Sprache: Deutsch")
    small = page.evaluate(
        "[...document.querySelectorAll('.languages summary, .languages[open] button')]"
        ".filter(e => e.getBoundingClientRect().height < 44).length"
    )
    assert small == 0
