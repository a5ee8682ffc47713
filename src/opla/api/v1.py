"""The API's first version: its document, its rules for all, its resources."""

from __future__ import annotations

from ninja import NinjaAPI

from opla.api import problems
from opla.api.resources import bulk, catalogue, me

api = NinjaAPI(
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
api.add_router("", bulk.router)
