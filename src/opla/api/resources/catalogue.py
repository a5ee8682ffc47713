"""What can be bought, at today's price."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Schema

from opla.api.auth import Key
from opla.api.schemas import Money, Problem
from opla.core import money
from opla.core.api_access import Scope
from opla.core.catalog import sellable
from opla.operations import catalogue, shop

router = Router(tags=["catalogue"])


class Product(Schema):
    """`from` and `to` are the face values there are; of a fixed one both are the same."""

    sku: str
    operator: str
    name: str
    kind: str
    least: Money
    most: Money
    sample: bool


class Products(Schema):
    version: int
    products: list[Product]


@router.get("/products", auth=Key(Scope.CATALOGUE), response={200: Products, 401: Problem, 403: Problem, 429: Problem})
def products(request: HttpRequest) -> Products:
    """Every product that is sold now."""
    version, catalog = catalogue.active()
    sandbox = shop.current().sandbox
    return Products(
        version=version,
        products=[
            Product(
                sku=one.sku,
                operator=one.operator,
                name=one.name,
                kind=str(one.delivery.value),
                least=Money.of(money.Money(one.min_minor, catalog.currency)),
                most=Money.of(money.Money(one.max_minor, catalog.currency)),
                sample=one.sample,
            )
            for one in catalog.products
            if sellable(one, sandbox=sandbox) is None
        ],
    )
