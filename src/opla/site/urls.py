"""Every address of this installation: the shop, the owner's pages, and the doors others knock on."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("opla.storefront.urls")),
    path("", include("opla.hooks.urls")),
    path("owner/", include("opla.backoffice.urls")),
]
handler404 = "opla.storefront.views.errors.not_found"
handler500 = "opla.storefront.views.errors.broken"
