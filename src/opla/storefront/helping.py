"""What an order's page offers when something is wrong: what to try, the thread with the shop, giving the code back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from opla.core import order
from opla.core.catalog import Product
from opla.core.take_back import MARGIN
from opla.db.queries.pages import OrderPage
from opla.operations import take_back, threads
from opla.operations.threads import Thread
from opla.presenting import facts
from opla.storefront.visit import Visit


@dataclass(frozen=True)
class Help:
    """`thread` is for who may see the code alone. `when` is what was said before paying of when it can be used."""

    thread: Thread | None
    back: bool  # the code may be given back here
    back_until: date | None
    when: list[facts.Line]
    delivered: bool


def help_of(page: OrderPage, product: Product | None, here: Visit) -> Help:
    thread = (
        threads.of_order(here.actor, page.id, device=here.device, shop=here.shop, customer=here.customer_id)
        if page.proven
        else None
    )
    until = page.code_valid_until
    return Help(
        thread if isinstance(thread, Thread) else None,
        take_back.may(page, here.at),
        until - MARGIN if isinstance(until, date) else None,
        facts.when(product) if product and not product.is_starter else [],
        page.state is order.State.DELIVERED,
    )
