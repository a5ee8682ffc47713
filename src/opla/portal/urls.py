"""The addresses of resellers' people, below /reseller/."""

from __future__ import annotations

from django.urls import path

from opla.portal import home

urlpatterns = [
    path("", home.choose, name="reseller-home"),
    path("<slug:reseller>/", home.home, name="reseller"),
]
