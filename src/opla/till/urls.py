"""The addresses of tablets: pairing, and the till."""

from __future__ import annotations

from django.urls import path

from opla.till import offline, pairing, signing

urlpatterns = [
    path("station/", pairing.page, name="station"),
    path("till/", signing.home, name="till"),
    path("till/sign-in/", signing.page, name="till-sign-in"),
    path("till/offline/", offline.page, name="till-offline"),
    path("till/offline/worker.js", offline.worker, name="till-offline-worker"),
    path("till/offline/stock/", offline.stock, name="till-offline-stock"),
    path("till/offline/codes/", offline.codes, name="till-offline-codes"),
    path("till/offline/sales/", offline.sales, name="till-offline-sales"),
    path("till/sign-out/", signing.out, name="till-sign-out"),
]
