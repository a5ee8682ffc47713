"""What something would cost, before it is ordered."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema

from opla.api.auth import Key, access
from opla.api.problems import Refused
from opla.api.schemas import Body, Money, Problem
from opla.core import quote
from opla.core.api_access import Access, Scope
from opla.operations import reselling, shop
from opla.operations.quote_topup import Wanted

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
    """`total` = `face` + `fee`. After `expires_at` it may cost something else."""

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
    sandbox: bool

    @staticmethod
    def of(found: quote.Quote, who: Access) -> Quote:
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
            sandbox=who.sandbox,
        )


@router.post(
    "/quotes",
    auth=Key(Scope.ORDERS_WRITE),
    response={200: Quote, 400: Problem, 401: Problem, 403: Problem, 422: Problem, 429: Problem},
)
def price(request: HttpRequest, payload: Wish) -> Quote:
    """What it would cost now. Nothing is bought, kept or held."""
    who = access(request)
    found = reselling.preview(payload.wanted(who), shop=shop.current(), at=timezone.now())
    if isinstance(found, list):
        raise Refused(*found)
    return Quote.of(found, who)
