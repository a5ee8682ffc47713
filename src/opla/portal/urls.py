"""The addresses of resellers' people, below /reseller/."""

from __future__ import annotations

from django.urls import path

from opla.portal import home, trying

urlpatterns = [
    path("", home.choose, name="reseller-home"),
    path("<slug:reseller>/", home.home, name="reseller"),
    path("<slug:reseller>/try/", trying.try_it, name="reseller-try"),
]
