"""The addresses of TMF654, below its base path."""

from __future__ import annotations

from typing import Final

from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from opla.api.tmf654 import views

#: What their document has and we do not.
_ELSE: Final = ("adjustBalance", "transferBalance", "reserveBalance", "hub")

urlpatterns = [
    path("topupBalance", views.topups),
    path("topupBalance/<str:name>", views.topup),
    path("bucket", views.buckets),
    path("bucket/<str:name>", views.bucket),
    path("accumulatedBalance", views.balances),
    path("accumulatedBalance/<str:name>", views.balance),
    path("balanceActionHistory", views.history),
    path("balanceActionHistory/<str:name>", views.action),
    *(path(name, views.not_offered) for name in _ELSE),
    *(path(f"{name}/<str:name>", views.not_offered) for name in _ELSE),
    path("<path:rest>", csrf_exempt(views.nowhere)),
]
