"""The addresses of tablets: pairing, and the till."""

from __future__ import annotations

from django.urls import path

from opla.till import codes, machine, offline, pairing, paper, sales, selling, shift, signing, turning

urlpatterns = [
    path("station/", pairing.page, name="station"),
    path("till/", selling.home, name="till"),
    path("till/sign-in/", signing.page, name="till-sign-in"),
    path("till/offline/", offline.page, name="till-offline"),
    path("till/offline/worker.js", offline.worker, name="till-offline-worker"),
    path("till/offline/stock/", offline.stock, name="till-offline-stock"),
    path("till/offline/codes/", offline.codes, name="till-offline-codes"),
    path("till/offline/sales/", offline.sales, name="till-offline-sales"),
    path("till/sign-out/", signing.out, name="till-sign-out"),
    path("till/find/", selling.find, name="till-find"),
    path("till/next/", selling.forget, name="till-forget"),
    path("till/operator/<slug:operator_id>/", selling.operator, name="till-operator"),
    path("till/price/", selling.price, name="till-price"),
    path("till/quote/<uuid:quote_id>/", selling.quote, name="till-quote"),
    path("till/quote/<uuid:quote_id>/again/", selling.again, name="till-quote-again"),
    path("till/quote/<uuid:quote_id>/turned/", selling.turned, name="till-quote-turned"),
    path("till/quote/<uuid:quote_id>/card/", machine.pay, name="till-card"),
    path("till/sales/<int:n>/machine/", machine.told, name="till-machine"),
    path("till/sales/<int:n>/slip/", paper.slip, name="till-slip"),
    path("till/voucher/", paper.voucher, name="till-voucher"),
    path("till/turn/", turning.languages_page, name="till-turn"),
    path("till/turn/<str:language>/", turning.page, name="till-turned"),
    path("till/cash/", codes.page, name="till-cash"),
    path("till/sales/", sales.listed, name="till-sales"),
    path("till/sales/<int:n>/", sales.sale, name="till-sale"),
    path("till/sales/<int:n>/state/", sales.state, name="till-sale-state"),
    path("till/sales/<int:n>/code/", sales.code, name="till-code"),
    path("till/sales/<int:n>/undo/", sales.undo, name="till-undo"),
    path("till/sales/<int:n>/back/", sales.give_back, name="till-back"),
    path("till/shift/", shift.page, name="till-shift"),
    path("till/shift/close/", shift.close, name="till-close"),
    path("till/shift/<int:n>/", shift.report, name="till-report"),
]
