"""A price for one product and one recipient, or every reason why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from opla.core import dated, routing, sim
from opla.core.actor import Act, Actor
from opla.core.catalog import Catalog, Product, check, sellable
from opla.core.ledger import SHELVES
from opla.core.money import Money
from opla.core.phone import Number
from opla.core.ports import Kind
from opla.core.quote import Quote, Terms, price, read_email, read_language
from opla.core.refusal import Code, Refusal
from opla.core.timeline import lapses
from opla.db.queries import codes, orders
from opla.operations import catalogue, devices, limits, prices, routes, starters
from opla.operations.links import device_hash
from opla.operations.offers import NOTHING, Claim, offered
from opla.operations.shop import Shop


@dataclass(frozen=True)
class Wanted:
    """What a person asked for, as they typed it. Either `sku`, or `operator` and `amount`, or all of them."""

    operator: str
    amount: str
    email: str
    language: str
    sku: str = ""
    number: str = ""
    plan: str = ""
    claim: Claim = NOTHING
    deliver_on: str = ""  # a day in Brussels, such as 2026-12-31; empty: at once
    device: str = ""  # what was said of the phone that an eSIM is for, as `core.device_check` writes it
    by_post: bool = False  # by somebody who has no e-mail: all that becomes of it is told by letter


def quote_topup(actor: Actor, wanted: Wanted, *, device: bytes, shop: Shop, at: datetime) -> Quote | list[Refusal]:
    """One of `quote_topups`."""
    [answer] = quote_topups(actor, [wanted], device=device, shop=shop, at=at)
    return answer


def quote_topups(
    actor: Actor, wanted: Sequence[Wanted], *, device: bytes, shop: Shop, at: datetime
) -> list[Quote | list[Refusal]]:
    """Keep quotes for this device, one answer per wish; or all its refusals at once, each saying what it is about."""
    if refused := actor.refused(Act.QUOTE):
        return [[refused] for _ in wanted]
    address = next((one.claim.address for one in wanted if one.claim.address), "")  # wishes come from one visitor
    if tired := limits.by_visitor(limits.QUOTES, address, shop=shop, at=at):
        return [[tired] for _ in wanted]
    version, catalog = catalogue.active()
    terms, counter = prices.terms(shop), actor.at_counter
    answers = [priced(one, version, catalog, terms, shop=shop, at=at, counter=counter) for one in wanted]
    found = {n: quote for n, quote in enumerate(answers) if isinstance(quote, Quote)}
    for n, code in gone(found, catalog, shop=shop, at=at).items():
        answers[n] = [Refusal(code, "product", {"sku": found.pop(n).sku})]
    # Promotions are of top-ups: a starter has its one price.
    promoted = {n: quote for n, quote in found.items() if not quote.kind.is_starter}
    best, uses = offered([(quote, wanted[n].claim) for n, quote in promoted.items()], shop=shop, at=at)
    for n, offer in zip(promoted, best, strict=True):
        answers[n] = [offer] if isinstance(offer, Refusal) else offer
    hashed = device_hash(device)
    orders.save_quotes([(quote, hashed) for quote in answers if isinstance(quote, Quote)], uses)
    return answers


def priced(
    wanted: Wanted, version: int, catalog: Catalog, terms: Terms, *, shop: Shop, at: datetime, counter: bool = False
) -> Quote | list[Refusal]:
    """One wish at these terms without promotions, kept nowhere yet; or everything that is wrong with it.

    At a `counter` nobody needs an e-mail address: what is bought is handed over, with its receipt.
    """
    language = read_language(wanted.language)
    nobodys = wanted.by_post or (counter and not wanted.email.strip())
    email = "" if nobodys else read_email(wanted.email)
    found = _chosen(version, wanted.operator, wanted.amount, wanted.sku, shop.sandbox)
    number: str | Refusal = ""
    plan: Refusal | None = None
    gone: Refusal | None = None
    phone: Refusal | None = None
    lapsed: Refusal | None = None
    due: datetime | Refusal | None = None
    if not isinstance(found, Refusal):
        due = dated.read(wanted.deliver_on, days_to_choose(found[0], shop=shop, at=at)) if wanted.deliver_on else None
        number = _number(wanted.number, found[0], catalog)
        plan = _plan(wanted.plan, found[0], catalog)
        lapsed = lapses(found[0], due if isinstance(due, datetime) else at)
        gone = _nowhere(found[0], shop)
        phone = _phone(wanted.device) if _kind(found[0]) is Kind.ESIM else None
    refusals = [r for r in (found, gone, phone, lapsed, due, number, plan, email, language) if isinstance(r, Refusal)]
    if isinstance(found, Refusal) or refusals:
        return refusals
    product, face = found
    return Quote(
        id=shop.chance.uuid(at),
        sku=product.sku,
        operator=product.operator,
        product_name=product.name,
        kind=_kind(product),
        price=price(face, terms),
        number=str(number),
        plan=wanted.plan,
        email=str(email),
        language=str(language),
        catalog_version=version,
        sample=product.sample,
        made_at=at,
        expires_at=at + terms.quote_valid,
        deliver_at=due if isinstance(due, datetime) else None,
        device=wanted.device if _kind(product) is Kind.ESIM else "",
    )


def gone(quotes: Mapping[int, Quote], catalog: Catalog, *, shop: Shop, at: datetime) -> dict[int, Code]:
    """Those of these that nobody could deliver now, and what is said of each: before the money comes, not after."""
    named = {n: starter for n, quote in quotes.items() if (starter := catalog.starter(quote.sku))}
    there = starters.left(named.values(), shop=shop, at=at) if named else frozenset()
    topups = {n: quote for n, quote in quotes.items() if not quote.kind.is_starter}
    nowhere = routes.nobody_has(list(topups.values()), shop=shop)
    return {
        **{n: Code.STARTER_SOLD_OUT for n, quote in quotes.items() if n not in topups and quote.sku not in there},
        **{n: Code.SOLD_OUT for n, quote in topups.items() if quote.id in nowhere},
    }


def days_to_choose(product: Product, *, shop: Shop, at: datetime) -> tuple[date, date] | None:
    """The first and the last day it can be bought for; None: it can be had at once only.

    Where our own shelf alone delivers it, the codes that lie there say how late that may be. A new SIM card leaves when
    somebody has packed it.
    """
    if _kind(product) is Kind.SIM:
        return None
    if not _kind(product).is_secret or any(name not in SHELVES for name in shop.routes):
        return dated.days(at)
    shelf = codes.good_longest(product.sku)
    return None if shelf is None else dated.days(at, shelf=shelf)


@lru_cache(maxsize=4096)
def _chosen(version: int, operator: str, amount: str, sku: str, sandbox: bool) -> tuple[Product, Money] | Refusal:
    """`choose` in one version, which never changes: a file of ten thousand rows asks for a handful of products."""
    wanted = Wanted(operator, amount, email="", language="", sku=sku)
    return choose(catalogue.at_version(version), wanted, sandbox=sandbox)


def choose(catalog: Catalog, wanted: Wanted, *, sandbox: bool) -> tuple[Product, Money] | Refusal:
    """The product and the exact amount, or why not."""
    amount = Money.parse(wanted.amount, catalog.currency) if wanted.amount else None
    named = catalog.sold(wanted.sku) if wanted.sku else None
    if wanted.sku and named is None:
        return Refusal(Code.PRODUCT_UNKNOWN, "product", {"sku": wanted.sku})
    if named is not None and wanted.operator and (refused := check(named, wanted.operator)):
        return refused
    if named is None and catalog.operator(wanted.operator) is None:
        return Refusal(Code.OPERATOR_UNKNOWN, "operator", {"operator": wanted.operator})
    if named is not None and not wanted.amount:
        amount = Money(named.min_minor, catalog.currency)
    if amount is None or amount.amount_minor <= 0:
        return Refusal(Code.AMOUNT_UNREADABLE, "amount", {"amount": wanted.amount})
    found = named or catalog.find(wanted.operator, amount.amount_minor)
    if isinstance(found, Refusal):
        return found
    return found.accepts(amount.amount_minor) or sellable(found, sandbox=sandbox) or (found, amount)


def _nowhere(product: Product, shop: Shop) -> Refusal | None:
    """A starter that no supplier of this shop could ever deliver is not priced."""
    kind = _kind(product)
    if not kind.is_starter or any(routing.carries(name, kind) for name in shop.routes):
        return None
    return Refusal(Code.STARTER_SOLD_OUT, "product", {"sku": product.sku})


def _phone(device: str) -> Refusal | None:
    """Nobody is sold an eSIM without having said what phone it is for, or for one that takes none."""
    found = devices.checked(device)
    return found if isinstance(found, Refusal) else None


def _kind(product: Product) -> Kind:
    return Kind(str(product.delivery.value))


def _number(text: str, product: Product, catalog: Catalog) -> str | Refusal:
    """The recipient, where one is needed. A code is for whoever holds it: none is asked; one typed must be right. A
    starter has none: its number comes with it."""
    if product.is_starter:
        return ""
    if not text.strip():
        return Refusal(Code.NUMBER_MISSING, "number") if _kind(product) is Kind.DIRECT else ""
    found = sim.identify(text, home=catalog.country, served=frozenset({catalog.country}))
    if isinstance(found, Refusal):
        return found
    if isinstance(found, Number):
        return found.e164
    return sim.why_not(found) or ""


def _plan(plan: str, product: Product, catalog: Catalog) -> Refusal | None:
    """Keep (empty) or one of the plans the operator offers, where the product asks at all."""
    operator = catalog.operator(product.operator)
    known = {p.id for p in operator.plans_offered} if operator and product.asks_plan else set()
    return None if not plan or plan in known else Refusal(Code.PRODUCT_UNKNOWN, "plan", {"plan": plan})
