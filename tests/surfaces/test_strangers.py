"""Every address of the shop that a stranger may post to: what is counted there, or why nothing has to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.urls import URLPattern, reverse

import support  # noqa: F401 - sets Django up, which the imports below need
from operations.test_renewing import agreed
from opla.core.card_testing import Seen
from opla.core.kept_line import Choice, KeptLine
from opla.core.line import Line
from opla.core.ports import Answer, Text
from opla.core.usage import Usage
from opla.db.queries import card_testing, limits
from opla.db.queries.call import select
from opla.operations.answer_texts import answer
from opla.operations.rescue import Offer
from opla.storefront import asking, sim_forms
from surfaces.conftest import Door, Visitor
from surfaces.test_reminders import confirmed

ADDRESS = "198.51.100.7"
FORWARDED = {"x-forwarded-for": ADDRESS}

#: Nothing that others wait for or pay: read, answered, and kept in the visitor's own browser if anywhere.
OWN = "keeps nothing of it here"
#: Refused to everybody but the ordering device, or whoever proved the order's e-mail.
DEVICE_ONLY = "for a device that may see the order's code"
MEMBER = "for whoever signed in"
#: 128 random bits are guessed by nobody, and whoever has them may do this.
LINK = "for whoever has the link"

#: What is counted there: a limit of `operations.limits` by its word, or "card" (`operations.card_testing`).
COUNTED = {
    "recipient": "quote", "renew": "quote", "coupon": "coupon", "quote-day": "quote", "basket-renew": "quote",
    "my-sims-renew": "quote", "quote": "card", "basket": "card", "pay-again": "card", "follow": "wish",
    "have-remind": "wish", "withdrawal": "wish", "reminder-push": "wish", "order-push": "wish", "ask": "question",
    "asked": "message", "order-thread": "message", "proof": "sign_in", "sign-in": "sign_in",
    "sign-in-passkey": "sign_in", "my-sims-bring": "file", "starter": "quote", "home": "look_up",
    "rescue": "quote", "renewal-now": "quote", "verify-number": "passport", "verify-report": "report",
    "redeem": "voucher", "verify-photo": "passport",
}  # fmt: skip
#: Counted where it is guessed, and tried there.
ELSEWHERE = {
    "prove": "five tries of each six digits, and few of these a day: tests/db/test_codes.py, tests/operations",
    "sign-in-link": "its bits, and few tries an hour of the second step: tests/surfaces/test_second_step.py",
}
NOT_COUNTED = {
    "quote-counter": "one row for each price, and prices are counted",
    **dict.fromkeys(
        (
            "quote-line", "basket-add", "basket-remove", "have-which", "have-operator", "have-line",
            "have-file", "have-keep", "language", "order-answer", "sign-out", "places", "checklist", "esim-check",
        ),
        OWN,
    ),
    **dict.fromkeys(
        ("call-off", "order-remind", "order-said", "share", "share-end", "order-back", "code"), DEVICE_ONLY
    ),
    **dict.fromkeys(
        (
            "shared-code", "gift-code", "ask-confirm", "ask-forget", "reminder-confirm", "reminder-answer",
            "reminder-line", "reminder-stop", "renewal-by-text", "renewal-ceiling", "renewal-end", "renewal-pause",
            "renewal-resume", "renewal-skip",
        ),
        LINK,
    ),
    **dict.fromkeys(
        (
            "order-keep", "my-sims-add", "my-sims-file", "my-sim", "my-sim-renew", "my-sim-answer", "my-sim-line",
            "my-sim-forget", "my-language", "passkey-add", "passkey-remove", "step-on", "step-off",
            "recovery-codes", "sessions-end", "session-end", "my-data-export", "my-data-delete",
        ),
        MEMBER,
    ),
}  # fmt: skip


def patterns() -> dict[str, URLPattern]:
    from opla.storefront.urls import urlpatterns

    return {str(one.name): one for one in urlpatterns}


@dataclass
class House:
    """A shop where something of everything exists, none of it the stranger's."""

    door: Door
    order: str
    failed: str
    reminder: str
    quote: UUID
    stranger: Visitor = field(default_factory=Visitor)
    asked: str = "a" * 26
    rescue: str = "a" * 26

    def post(self, name: str) -> None:
        """As whoever may, with something that is no mistake."""
        owner, world = self.door.owner, self.door.world
        usage = Usage(Line("base"))
        sim = KeptLine(UUID(int=7), "Ben", Usage(Line("proximus")), choice=Choice("PX-15", 1500))
        typed = {
            "email": "ana@example.org", "number": "0470123456", "coupon": "GUESS", "deliver_on": "",
            "total": "1500", "method": "sandbox",
            "at_once": "on", "operator": "", "every": "7", "usage": asking.carry(usage), "name": "Ana",
            "ticket": "K7M3-9QX2-TB", "confirm": "1", "message": "Does it work in Spain?", "act": "say",
            "where": "Rue Neuve 12",
            "endpoint": "https://push.example/x", "sim": sim_forms.carry(sim), "shown": f"{self.quote.hex} 1500",
        }  # fmt: skip
        if name == "basket-renew":
            owner.post(f"/quote/{self.quote}/basket/")
            world.clock.tick(1000)
        if name == "quote":
            self.quote = world.quote().id
        if name == "basket":
            self.quote = world.quote().id
            typed["shown"] = f"{self.quote.hex} 1500"
        if name == "pay-again":
            self.order, before = self.failed, self.order
            owner.post(self.path(name), typed, **FORWARDED)
            self.order = before
            return
        if name == "asked":
            self.asked = self._asked()
        if name == "rescue":
            offered = answer(Text("+32470000001", "TOPUP 15 Proximus"), shop=world.shop, at=world.clock())
            assert isinstance(offered, Offer)
            self.rescue = offered.link.split("/")[-2]
        if name == "renewal-now":
            world.shop = replace(world.shop, keeping=frozenset({"sandbox"}))
            self.asked = agreed(world)[1].whose.link
        owner.post(self.path(name), typed, **FORWARDED)

    def _asked(self) -> str:
        """The link of a question that is confirmed."""
        world, owner = self.door.world, self.door.owner
        owner.post("/ask/", {"email": "bo@example.org", "message": "And in France?"})
        world.work()
        [mail] = [sent for sent in world.mailbox.sent if sent.to == "bo@example.org"]
        path = next(urlsplit(word).path for word in mail.text.split() if "/ask/" in word)
        owner.post(f"{path}confirm/")
        return path.split("/")[2]

    def path(self, name: str) -> str:
        given: dict[str, object] = {
            "operator": "base", "sku": "BA-20", "quote_id": self.quote, "line_id": UUID(int=1), "kind": "iccid",
            "language": "en", "slug": "x", "number": "K7M39QXY", "passkey_id": 1, "session": "x", "link": self.order,
        }  # fmt: skip
        if name == "rescue":
            given["link"] = self.rescue
        if name == "starter":
            given["sku"] = "PX-ESIM"
        if name.startswith("reminder"):
            given["link"] = self.reminder
        if name in ("ask-confirm", "ask-forget", "asked", "shared-code", "sign-in-link", "renewal-now"):
            given["link"] = self.asked
        route = patterns()[name].pattern
        return reverse(name, kwargs={key: given[key] for key in route.converters})


@pytest.fixture
def house(door: Door) -> House:
    world = door.world
    reminder = confirmed(door, door.owner).split("/")[2]
    order = door.delivered().split("/")[2]
    failed = world.order()
    world.work()
    world.provider.session(-1, Answer.DECLINED, why="refused")
    world.wake()
    world.work()
    return House(door, order, door.link(failed).split("/")[2], reminder, world.quote().id)


def rows() -> dict[str, object]:
    """How many rows each table has."""
    tables = [
        str(name)
        for (name,) in select("""
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition""")
    ]
    [counts] = select("SELECT " + ", ".join(f'(SELECT count(*) FROM "{name}")' for name in tables))
    return dict(zip(tables, counts, strict=True))


def test_every_address_that_a_stranger_may_post_to_is_in_the_table(house: House) -> None:
    takes = {name for name in patterns() if house.stranger.post(house.path(name), follow=False).status != 405}
    assert takes == {*COUNTED, *ELSEWHERE, *NOT_COUNTED}


def test_where_nothing_is_counted_a_stranger_writes_nothing(house: House) -> None:
    typed = {"number": "0470123456", "answer": "15 EUR", "quote": house.quote.hex, "said": "yes", "sure": "yes"}
    states = "SELECT id, state FROM orders ORDER BY id"
    for name in (name for name, why in NOT_COUNTED.items() if why != LINK):
        before = rows(), select(states)
        house.stranger.post(house.path(name), typed, follow=False)
        assert (rows(), select(states)) == before, name


def test_where_something_is_counted_it_is(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is posted to by whoever may, from an address; what was counted is seen where the database counts it."""
    from django.conf import settings

    counted: list[str] = []
    take, seen = limits.take, card_testing.seen

    def takes(buckets: Sequence[limits.Bucket], *, at: datetime) -> datetime | None:
        counted.extend(what for what, *_ in buckets)
        return take(buckets, at=at)

    def sees(*given: Any, **more: Any) -> list[Seen]:
        counted.append("card")
        return seen(*given, **more)

    monkeypatch.setattr(settings, "PROXIES", 1)
    monkeypatch.setattr(limits, "take", takes)
    monkeypatch.setattr(card_testing, "seen", sees)
    for name, what in COUNTED.items():
        counted.clear()
        house.post(name)
        assert what in counted, name


def test_too_many_prices_from_one_address_are_refused_and_the_one_that_is_shown_stays(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    from opla.operations.limits import QUOTES, by_visitor

    world, owner = house.door.world, house.door.owner
    monkeypatch.setattr(settings, "PROXIES", 1)
    for _ in range(QUOTES.most):
        by_visitor(QUOTES, ADDRESS, shop=world.shop, at=world.clock())
    for name in ("renew", "coupon", "quote-day"):
        page = owner.post(house.path(name), {"coupon": "X", "deliver_on": ""}, **FORWARDED)
        assert (page.status, page.value("total")) == (429, "1500"), name
        assert "too often in a short time" in page.text
    page = owner.post("/top-up/base/BA-20/", {"email": "ana@example.org"}, **FORWARDED)
    assert (page.status, page.value("email")) == (429, "ana@example.org")
    elsewhere = owner.post("/top-up/base/BA-20/", {"email": "ana@example.org"})  # a proxy that nobody named
    assert elsewhere.where.startswith("/quote/")
