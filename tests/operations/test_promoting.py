"""Promotions from a file to the books: who gets which price, what a use is, what the shop pays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from fakes import CODE, CUSTOMER, DEVICE, DIRECT, NUMBER, START, World
from opla.core.actor import Actor, Role
from opla.core.money import Money
from opla.core.ports import Answer
from opla.core.promotion import Channel, Kept, Lack
from opla.core.quote import Quote, Terms
from opla.core.refusal import Code, Refusal
from opla.db.queries.books import books
from opla.db.queries.call import select
from opla.db.queries.codes import NewCode, Stock, stock
from opla.operations.expire import expire
from opla.operations.offers import Claim
from opla.operations.place_orders import Placed
from opla.operations.promotions import active, at_version, import_promotions, seed
from opla.operations.quote_topup import Wanted, quote_topup
from opla.operations.refund_by_choice import refund_by_choice
from opla.suppliers.code_stock.provider import OwnStock
from support import as_owner

ANNA, SAM = Actor(Role.OWNER, "anna"), Actor(Role.SUPPORT, "sam")
HEAD = "promotions: 1\nsample: true\ncurrency: EUR\ntime_zone: Europe/Brussels\nlanguages: [en, zh-Hans]\n"


def lines(name: str, gives: str, *more: str) -> str:
    title = f'{{en: "{name}", zh-Hans: "{name}"}}'
    told = [f"- id: {name}", f"  title: {title}", '  from: "2026-11-01 00:00"', f"  gives: {{{gives}}}"]
    return "".join(f"  {line}\n" for line in [*told, *(f"  {line}" for line in more)])


WINTER = lines("winter", 'amount: "2.00"', "most_uses: 2")


@dataclass
class Promoting:
    """A world and the file its owner edits."""

    world: World
    path: Path

    def run(self, *ours: str) -> None:
        self.path.write_text(HEAD + "ours:\n" + "".join(ours), "utf-8")
        shop = self.world.shop
        made = import_promotions(ANNA, self.path, keyring=shop.keyring, sandbox=True, at=self.world.clock())
        assert not isinstance(made, Refusal)

    def ask(
        self, sku: str = CODE, *, email: str = "ana@example.org", number: str = "", claim: Claim | None = None
    ) -> Quote | list[Refusal]:
        wanted = Wanted("", "", email, "en", sku=sku, number=number, claim=claim or Claim())
        return quote_topup(CUSTOMER, wanted, device=DEVICE, shop=self.world.shop, at=self.world.clock())

    def quote(self, sku: str = CODE, *, email: str = "ana@example.org", claim: Claim | None = None) -> Quote:
        found = self.ask(sku, email=email, number=NUMBER if sku == DIRECT else "", claim=claim)
        assert isinstance(found, Quote), found
        return found

    def order(self, sku: str = CODE, email: str = "ana@example.org") -> UUID:
        [placed] = self.world.place(self.quote(sku, email=email))
        assert isinstance(placed, Placed), placed
        return placed.order_id

    def paid(self, order_id: UUID) -> UUID:
        """The customer pays what was asked."""
        self.world.work()
        [(reference, minor)] = select(
            """SELECT a.reference, p.amount_minor::int FROM allocation l JOIN attempt a USING (payment_id)
               JOIN payment p ON p.id = l.payment_id WHERE l.order_id = %s""",
            [order_id],
        )
        n = list(self.world.provider.charges).index(str(reference))
        self.world.provider.session(n, Answer.SUCCEEDED, int(str(minor)))
        self.world.wake()
        self.world.work()
        return order_id

    def uses(self, promotion: str = "winter") -> int:
        rows = select("SELECT uses FROM promotion_count WHERE promotion = %s AND customer = ''", [promotion])
        return int(str(rows[0][0])) if rows else 0


@pytest.fixture
def shop(world: World, tmp_path: Path) -> Promoting:
    at_version.cache_clear()  # versions of another database
    return Promoting(world, tmp_path / "mine.yaml")


def refused(answer: Quote | list[Refusal]) -> list[tuple[Code, str]]:
    assert not isinstance(answer, Quote)
    return [(refusal.code, refusal.about) for refusal in answer]


# ── a price ──


def test_without_promotions_nothing_is_kept_and_nothing_changes(shop: Promoting) -> None:
    found = shop.quote()
    assert (found.price.discount_minor, found.promotions) == (0, None)


def test_a_quote_keeps_what_was_shown_word_for_word(shop: Promoting) -> None:
    shop.run(WINTER, lines("later", "percent: 10", 'minimum: "20.00"'))
    found = shop.quote()
    assert found.price.total == Money(1300, "EUR")
    assert isinstance(found.promotions, Kept)
    assert [(n.id, n.lack, n.more_minor) for n in found.promotions.nearly] == [("later", Lack.AMOUNT, 1000)]
    from opla.db.queries import pages
    from opla.operations.links import device_hash

    assert pages.quote(found.id, device_hash(DEVICE)) == found


def test_the_price_is_good_no_longer_than_its_promotion(shop: Promoting) -> None:
    shop.run(lines("winter", "percent: 10", 'until: "2026-11-22 13:05"'))  # 12:05 UTC
    assert shop.quote().expires_at == START + timedelta(minutes=5)
    shop.world.clock.tick(300)
    assert shop.quote().price.discount_minor == 0


def test_importing_again_ends_what_is_not_there_any_more_and_old_quotes_keep_their_price(shop: Promoting) -> None:
    shop.run(WINTER)
    old = shop.quote()
    shop.run(lines("spring", "percent: 20"))
    assert shop.quote().price.total.amount_minor == 1200
    [placed] = shop.world.place(old)
    assert isinstance(placed, Placed)
    assert select("SELECT discount_minor FROM orders") == [(200,)]


def test_only_the_owner_imports_and_inventions_stay_in_the_sandbox(shop: Promoting) -> None:
    shop.path.write_text(HEAD + "ours:\n" + WINTER, "utf-8")
    keyring, at = shop.world.shop.keyring, START
    assert import_promotions(SAM, shop.path, keyring=keyring, sandbox=True, at=at) == Refusal(
        Code.NOT_ALLOWED, params={"act": "change_catalogue", "role": "support"}
    )
    assert import_promotions(ANNA, shop.path, keyring=keyring, sandbox=False, at=at) == Refusal(
        Code.PROMOTION_SAMPLE_ONLY, "file"
    )
    assert active()[0] == 0
    assert seed(keyring=keyring, at=at)
    assert not seed(keyring=keyring, at=at)
    assert active()[1].sample


# ── coupons ──


def test_a_coupon_is_read_however_it_was_typed_and_never_kept(shop: Promoting) -> None:
    shop.run(lines("winter", 'amount: "2.00"', "coupons: [WINTER26]"))
    assert shop.quote().price.discount_minor == 0
    assert shop.quote(claim=Claim(coupon=" winter-26 ")).price.discount_minor == 200
    assert shop.quote(claim=Claim(opened=frozenset({"winter"}))).price.discount_minor == 200
    [(documents, quotes)] = select(
        """SELECT (SELECT string_agg(document::text, '') FROM promotions_version),
                  (SELECT string_agg(offer::text, '') FROM quote)"""
    )
    assert "WINTER26" not in str(documents) + str(quotes)


@pytest.mark.parametrize(
    ("more", "typed", "code"),
    [
        ([], "WINTER27", Code.COUPON_UNKNOWN),
        ([], "?!", Code.COUPON_UNKNOWN),
        (['until: "2026-11-02 00:00"'], "WINTER26", Code.COUPON_NOT_NOW),
        (['minimum: "20.00"'], "WINTER26", Code.COUPON_NOT_HERE),
        (["operators: [orange]"], "WINTER26", Code.COUPON_NOT_HERE),
    ],
)
def test_a_coupon_that_does_nothing_says_why(shop: Promoting, more: list[str], typed: str, code: Code) -> None:
    shop.run(lines("winter", 'amount: "2.00"', "coupons: [WINTER26]", *more))
    assert refused(shop.ask(claim=Claim(coupon=typed))) == [(code, "coupon")]
    assert select("SELECT count(*) FROM quote") == [(0,)]


def test_a_coupon_where_there_is_no_promotion_at_all_is_unknown(shop: Promoting) -> None:
    assert refused(shop.ask(claim=Claim(coupon="WINTER26"))) == [(Code.COUPON_UNKNOWN, "coupon")]


def test_a_coupon_that_is_used_up_says_so_to_whom_it_is(shop: Promoting) -> None:
    shop.run(lines("winter", 'amount: "2.00"', "coupons: [WINTER26]", "most_each: 1"))
    typed = Claim(coupon="WINTER26")
    shop.world.place(shop.quote(claim=typed))
    assert refused(shop.ask(claim=typed)) == [(Code.COUPON_USED_UP, "coupon")]
    assert shop.quote(email="ben@example.org", claim=typed).price.discount_minor == 200


# ── uses ──


def test_a_cap_counts_orders_and_the_last_quote_is_refused_by_name(shop: Promoting) -> None:
    shop.run(WINTER)
    quotes = [shop.quote(email=f"{name}@example.org") for name in "abc"]
    answers = shop.world.place(*quotes)
    assert [isinstance(a, Placed) for a in answers] == [True, True, False]
    assert answers[2] == Refusal(Code.PROMOTION_USED_UP, "quote")
    assert shop.uses() == 2
    assert shop.quote(email="d@example.org").price.discount_minor == 0
    again = shop.world.place(quotes[0])
    assert isinstance(again[0], Placed)
    assert (again[0].again, shop.uses()) == (True, 2)


def test_a_customer_is_known_by_the_address_and_by_the_number(shop: Promoting) -> None:
    shop.run(lines("winter", 'amount: "2.00"', "most_each: 1"))
    shop.order(DIRECT, "ana@example.org")
    for email, number, off in (
        ("ANA@example.org", "0471 23 45 67", 0),
        ("ben@example.org", NUMBER, 0),
        ("ben@example.org", "0471 23 45 67", 200),
    ):
        found = shop.ask(DIRECT, email=email, number=number)
        assert isinstance(found, Quote)
        assert found.price.discount_minor == off, (email, number)
    assert select("SELECT count(*) FROM promotion_use WHERE encode(customer, 'escape') LIKE '%%ana%%'") == [(0,)]


def test_a_first_purchase_is_the_first_that_was_paid(shop: Promoting) -> None:
    shop.run(lines("hello", 'amount: "2.00"', "first_purchase: true"))
    order_id = shop.order()
    assert shop.quote(email="ben@example.org").price.discount_minor == 200
    assert shop.quote().price.discount_minor == 0, "one waits to be paid, and holds the only use"
    shop.world.clock.tick(3600)
    expire(shop=shop.world.shop, at=shop.world.clock())
    assert shop.world.state(order_id) == "cancelled"
    assert shop.quote().price.discount_minor == 200
    shop.run(lines("other", 'amount: "1.00"'))
    shop.paid(shop.order())
    shop.run(lines("hello", 'amount: "2.00"', "first_purchase: true"))
    assert shop.quote().price.discount_minor == 0


def test_the_channel_is_asked(shop: Promoting) -> None:
    shop.run(lines("winter", 'amount: "2.00"', "channels: [till]"))
    assert shop.quote().price.discount_minor == 0
    assert shop.quote(claim=Claim(Channel.TILL)).price.discount_minor == 200


def test_an_order_nobody_paid_gives_its_use_back(shop: Promoting) -> None:
    shop.run(WINTER)
    shop.order()
    assert shop.uses() == 1
    shop.world.clock.tick(3600)
    expire(shop=shop.world.shop, at=shop.world.clock())
    assert shop.uses() == 0
    assert select("SELECT count(*) FROM promotion_use WHERE given_back_at IS NULL") == [(0,)]


# ── money ──


def test_the_shop_pays_what_the_customer_does_not_and_the_face_value_is_delivered_whole(shop: Promoting) -> None:
    shop.run(WINTER)
    order_id = shop.paid(shop.order())
    shop.world.work(2)
    assert shop.world.state(order_id) == "delivered"
    assert shop.world.balance("promotions:EUR") == 200
    assert shop.world.balance("margin:EUR") == -60, "of the whole face value: 15.00 less its cost of 14.40"
    assert shop.world.balance("psp_clearing:sandbox:EUR") == 1300
    assert shop.world.balance("customer_held:EUR") == 0


@pytest.mark.parametrize("fee_minor", [0, 50, 500])
def test_the_books_hold_at_every_step_however_much_is_taken_off(shop: Promoting, fee_minor: int) -> None:
    shop.world.shop = replace(shop.world.shop, terms=Terms(fee_minor=fee_minor))
    shop.run(lines("winter", 'amount: "99.00"'), lines("free", "fee: waived"))
    order_id = shop.order()
    assert select("SELECT amount_minor::int FROM payment") == [(1,)]
    shop.paid(order_id)
    assert [c.name for c in books(shop.world.clock()) if not c.holds] == []
    shop.world.work(2)
    assert shop.world.state(order_id) == "delivered"
    assert shop.world.balance("promotions:EUR") == 1499 + fee_minor


def test_a_declined_order_gives_back_what_was_paid_and_its_use(shop: Promoting) -> None:
    shop.run(WINTER)
    shop.world.supplier.script = [shop.world.supplier.refuses]
    order_id = shop.paid(shop.order())
    shop.world.work(4)
    assert shop.world.state(order_id) == "refunded"
    assert shop.world.refunds() == [("declined", 1300, "done")]
    assert (shop.world.balance("promotions:EUR"), shop.uses()) == (0, 0)


def test_a_late_payment_goes_back_whole_and_the_use_stays_free(shop: Promoting) -> None:
    shop.run(WINTER)
    order_id = shop.order()
    shop.world.work()
    shop.world.clock.tick(3600)
    expire(shop=shop.world.shop, at=shop.world.clock())
    shop.paid(order_id)
    shop.world.work(3)
    assert shop.world.refunds() == [("late", 1300, "done")]
    assert shop.uses() == 0


def chosen(shop: Promoting, order_id: UUID, cents: int | None) -> None:
    amount = None if cents is None else Money(cents, "EUR")
    found = refund_by_choice(
        SAM, order_id, refund_id=uuid4(), amount=amount, why="a reason", shop=shop.world.shop, at=shop.world.clock()
    )
    assert not isinstance(found, Refusal), found
    shop.world.work(3)


def test_value_that_stays_given_keeps_its_use_and_costs_the_shop_both(shop: Promoting) -> None:
    shop.run(WINTER)
    order_id = shop.paid(shop.order(DIRECT))
    shop.world.work(2)
    chosen(shop, order_id, 300)
    assert (shop.world.balance("promotions:EUR"), shop.uses()) == (200, 1)
    chosen(shop, order_id, None)
    assert shop.world.state(order_id) == "refunded"
    assert [amount for _, amount, _ in shop.world.refunds()] == [1000, 300]
    assert (shop.world.balance("promotions:EUR"), shop.uses()) == (200, 1)


def test_an_unseen_code_of_ours_that_comes_back_brings_the_use_back(shop: Promoting) -> None:
    world = shop.world
    world.shop = replace(world.shop, routes=("code_stock",))
    world.others["code_stock"] = OwnStock(Stock(lambda: world.clock().date()))
    at = world.clock()
    one = NewCode(world.shop.chance.uuid(at), CODE, "4455667788", "S", 1400, "EUR", None)
    stock([one], batch=world.shop.chance.uuid(at), actor=ANNA, at=at, keyring=world.shop.keyring)
    shop.run(WINTER)
    order_id = shop.paid(shop.order())
    world.work(2)
    assert (world.state(order_id), shop.uses(), world.balance("promotions:EUR")) == ("delivered", 1, 200)
    chosen(shop, order_id, None)
    assert (world.state(order_id), shop.uses(), world.balance("promotions:EUR")) == ("refunded", 0, 0)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE promotion_count SET uses = uses + 1",
        "DELETE FROM promotion_use",
        """DELETE FROM promotion_use; DELETE FROM promotion_count""",
        "UPDATE transfer SET amount_minor = amount_minor - 1 WHERE reason = 'promotion'",
    ],
)
def test_the_books_notice_a_promotion_that_is_not_as_it_was(shop: Promoting, sql: str) -> None:
    shop.run(WINTER)
    shop.paid(shop.order())
    shop.world.work(2)
    with as_owner() as cursor:
        cursor.execute(sql)
        cursor.execute("SELECT name FROM opla_books(%s) WHERE wrong > 0", [shop.world.clock()])
        assert ("promotions",) in cursor.fetchall()
