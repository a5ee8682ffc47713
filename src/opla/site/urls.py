"""Every address of this installation: the shop, the owner's pages, and the doors others knock on."""

from __future__ import annotations

from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from opla.api import problems, v1

urlpatterns = [
    path("", include("opla.storefront.urls")),
    path("", include("opla.hooks.urls")),
    path("", include("opla.till.urls")),
    path("", include("opla.kiosk.urls")),
    path("owner/", include("opla.backoffice.urls")),
    path("reseller/", include("opla.portal.urls")),
    path("api/v1/", v1.api.urls),
    path("api/v1/<path:rest>", csrf_exempt(problems.nowhere)),
    path("tmf-api/prepayBalanceManagement/v4/", include("opla.api.tmf654.urls")),
]
handler404 = "opla.storefront.views.errors.not_found"
handler500 = "opla.storefront.views.errors.broken"
