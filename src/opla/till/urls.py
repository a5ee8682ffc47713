"""The addresses of tablets: pairing, and the till."""

from __future__ import annotations

from django.urls import path

from opla.till import pairing, signing

urlpatterns = [
    path("station/", pairing.page, name="station"),
    path("till/", signing.home, name="till"),
    path("till/sign-in/", signing.page, name="till-sign-in"),
    path("till/sign-out/", signing.out, name="till-sign-out"),
]
