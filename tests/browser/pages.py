"""Which test walks which page, by the names of their addresses, with axe, and with `--full` by keyboard.

The pages of the house and of resellers' people are walked by their links (`test_all_pages.py`) and are not listed here.
"""

from __future__ import annotations

from typing import Final

#: Of each test the pages that it judges; it fails when it has not (`conftest.py`).
WALKS: Final[dict[str, tuple[str, ...]]] = {
    "test_every_page_passes_axe_and_fits": (
        "home", "sim", "amounts", "help", "promotions", "kept", "inside", "look", "places", "plan", "operators",
        "operator", "guide", "guide-page", "checklist", "about", "terms", "withdrawal", "verify", "redeem", "new",
        "starter", "have", "have-which", "have-operator", "have-line", "recipient", "follow", "ask", "my-sims", "alive",
        "leaving", "number", "rescue", "quote", "basket", "order", "order-answer", "order-trouble", "order-thread",
        "receipt", "shared", "code", "shared-code",
    ),
    "test_what_to_know_before_a_new_sim_passes_axe_and_fits_a_small_phone": (
        "esim", "esim-install", "esim-check", "identify", "guide-page",
    ),
    "test_the_pages_of_a_card_pass_axe_and_fit_a_small_phone": ("starter", "quote", "order"),
    "test_the_pages_of_a_renewal_pass_axe_and_fit_a_small_phone": ("quote", "renewal", "renewal-skip", "renewal-end"),
    "test_every_page_of_an_account_passes_axe_and_fits_a_small_phone": (
        "me", "sign-in", "sign-in-link", "security", "step-on", "my-data", "my-data-delete",
    ),
    "test_somebody_of_the_house_makes_a_passkey_and_is_in_by_it_alone": ("owner-factor",),
    "test_the_owners_pages_pass_axe_and_fit_a_small_phone": ("owner-enter",),
    "test_where_the_browser_reads_no_qr_the_photo_is_sent_and_leads_there_too": ("verify-photo",),
    "test_the_pages_of_passports_pass_axe_and_fit_a_small_phone": ("verify-report",),
    "test_every_page_of_a_till_passes_axe_and_fits": (
        "till", "till-cash", "till-close", "till-find", "till-operator", "till-price", "till-quote",
        "till-quote-turned", "till-report", "till-sale", "till-sales", "till-shift", "till-turn", "till-turned",
    ),
    "test_a_till_sells_what_it_holds_while_the_line_is_down_and_tells_it_after": ("till-offline-stock",),
    "test_a_purchase_by_touch_in_chinese_on_every_screen": (
        "kiosk", "kiosk-not-here", "kiosk-number", "kiosk-operator", "kiosk-quote",
    ),
    "test_pages_that_few_come_to_are_walked": (
        "kept-in", "guide-language", "verify-in", "verify-number", "reminder", "reminder-stop", "reminder-answer",
        "reminder-line", "my-sim", "my-sim-answer", "my-sim-line", "my-sims-add", "my-sim-alive", "station",
    ),
}  # fmt: skip
#: What is asked for by its address and is no page, or a part of one.
NO_PAGE: Final = (
    "receipt-pdf", "order-state", "passport-keys", "robots", "sitemap", "service-worker", "manifest", "look-schemes",
    "till-offline-worker", "till-machine", "till-sale-state", "kiosk-order-state", "kiosk-over", "kiosk-touch",
    "my-data-export", "reminder-top-up", "language", "till-offline-sales",
)  # fmt: skip
#: Pages that are walked by no test of this folder yet; none may be added.
NOT_YET: Final = (
    "asked", "gift", "gift-code", "kiosk-leave", "kiosk-order", "kiosk-voucher", "till-offline", "till-sign-in",
    "till-voucher",
)  # fmt: skip
