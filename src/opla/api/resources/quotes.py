"""What something would cost, before it is ordered."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema

from opla.api.auth import Key, access
from opla.api.problems import Refused
from opla.api.resources.lines import Effects, looked_at
from opla.api.schemas import Body, Money, Problem
from opla.core import quote
from opla.core.api_access import Access, Scope
from opla.core.refusal import Refusal
from opla.operations import catalogue, look_ahead, reselling, shop
from opla.operations.quote_topup import Wanted
from opla.operations.shop import Shop

router = Router(tags=["orders"])


class Wish(Body):
    """One product for one recipient: `sku`, or `operator` and `amount`, as somebody would type them.

    Without `email` the reseller's own address stands on the order. `device`: what was said of the phone that an eSIM is
    for.
    """

    sku: str = ""
    operator: str = ""
    amount: str = Field("", description="Of the face value, such as 15 or 12.50; of a fixed product it may be left out")
    number: str = Field("", description="Whom it is for; a code needs none")
    plan: str = ""
    email: str = ""
    language: str = ""
    device: str = ""

    def wanted(self, who: Access) -> Wanted:
        return Wanted(
            sku=self.sku,
            operator=self.operator,
            amount=self.amount,
            number=self.number,
            plan=self.plan,
            email=self.email or who.email,
            language=self.language or "en",
            device=self.device,
        )


class Quote(Schema):
    """`total` = `face` + `fee`. After `expires_at` it may cost something else.

    `effects` is what `/lines/effects` says of it then, of a SIM that nothing is known of; null where it refuses.
    """

    sku: str
    operator: str
    name: str
    kind: str
    number: str
    plan: str
    face: Money
    fee: Money
    total: Money
    sample: bool
    expires_at: datetime
    effects: Effects | None
    sandbox: bool

    @staticmethod
    def of(found: quote.Quote, effects: Effects | None, who: Access) -> Quote:
        return Quote(
            sku=found.sku,
            operator=found.operator,
            name=found.product_name,
            kind=str(found.kind),
            number=found.number,
            plan=found.plan,
            face=Money.of(found.price.face),
            fee=Money.of(found.price.fee),
            total=Money.of(found.price.total),
            sample=found.sample,
            expires_at=found.expires_at,
            effects=effects,
            sandbox=who.sandbox,
        )


@router.post(
    "/quotes",
    auth=Key(Scope.ORDERS_WRITE, cost=2),
    response={200: Quote, 400: Problem, 401: Problem, 403: Problem, 422: Problem, 429: Problem},
)
def price(request: HttpRequest, payload: Wish) -> Quote:
    """What it would cost now, and do. Nothing is bought, kept or held. Counts as two calls."""
    who, here = access(request), shop.current()
    found = reselling.preview(payload.wanted(who), shop=here, at=timezone.now())
    if isinstance(found, list):
        raise Refused(*found)
    return Quote.of(found, _effects(found, here), who)


def _effects(found: quote.Quote, here: Shop) -> Effects | None:
    catalog = catalogue.at_version(found.catalog_version)
    wish = look_ahead.Wish(found.sku, found.price.face.amount_minor, found.plan)
    effect = look_ahead.effect_wished(wish, None, catalog, shop=here)
    if isinstance(effect, Refusal):
        return None
    try:
        return looked_at(effect, None, found.made_at.astimezone(UTC), found.plan, catalog, here)
    except Refused:
        return None
