"""The API's first version: its document, its rules for all, its resources."""

from __future__ import annotations

from opla.api import problems
from opla.api.document import Api
from opla.api.resources import (
    bulk,
    catalogue,
    codes,
    floats,
    lines,
    me,
    numbers,
    orders,
    plans,
    promotions,
    quotes,
    refunds,
    sources,
    webhooks,
)  # fmt: skip

api = Api(
    title="Opla for resellers",
    version="1.0.0",
    description="Sell prepaid mobile top-ups from a float. Guide: docs/howto/sell-with-the-api.md",
    urls_namespace="api-v1",
    docs_url=None,
    openapi_url="openapi.json",
)
problems.install(api)
api.add_router("", me.router)
api.add_router("", catalogue.router)
for resource in (promotions, numbers, lines, plans, quotes, orders, codes, refunds, floats, bulk, sources, webhooks):
    api.add_router("", resource.router)
