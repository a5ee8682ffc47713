"""The addresses of the house, below /owner/."""

from __future__ import annotations

from django.urls import path

from opla.backoffice import (
    bank,
    cards,
    cash,
    days,
    items,
    payouts,
    places,
    post,
    sellers,
    stations,
    stock,
    suppliers,
    threads,
    transfers_out,
    views,
    vouchers,
)

urlpatterns = [
    path("enter/<str:token>/", views.enter, name="owner-enter"),
    path("items/", items.listed, name="owner-items"),
    path("items/<int:item_id>/", items.one, name="owner-item"),
    path("items/<int:item_id>/evidence/<int:evidence_id>/", items.kept_file, name="owner-evidence"),
    path("threads/", threads.listed, name="owner-threads"),
    path("threads/<uuid:thread_id>/", threads.one, name="owner-thread"),
    path("days/", days.listed, name="owner-days"),
    path("days/<str:day>/", days.one, name="owner-day"),
    path("days/<str:day>/journal.csv", days.journal, name="owner-journal"),
    path("bank/", bank.page, name="owner-bank"),
    path("bank/out/", transfers_out.page, name="owner-transfers-out"),
    path("bank/out/<uuid:file_id>.xml", transfers_out.download, name="owner-transfer-file"),
    path("payouts/", payouts.listed, name="owner-payouts"),
    path("payouts/<uuid:payout_id>/", payouts.one, name="owner-payout"),
    path("cash/", cash.page, name="owner-cash"),
    path("stations/", stations.page, name="owner-stations"),
    path("cards/", cards.listed, name="owner-cards"),
    path("cards/<uuid:order_id>/", cards.one, name="owner-card"),
    path("post/", post.listed, name="owner-post"),
    path("post/letters/<uuid:letter_id>/", post.one, name="owner-letter"),
    path("post/slips/<str:number>/", post.slip, name="owner-slip"),
    path("stock/", stock.listed, name="owner-stock"),
    path("stock/<int:number>/", stock.batch, name="owner-batch"),
    path("vouchers/", vouchers.page, name="owner-vouchers"),
    path("suppliers/", suppliers.listed, name="owner-suppliers"),
    path("sellers/", sellers.listed, name="owner-sellers"),
    path("sellers/reports/<uuid:report_id>/picture", sellers.picture, name="owner-seller-picture"),
    path("places/", places.listed, name="owner-places"),
    path("places/places.csv", places.export, name="owner-places-export"),
    path("places/<int:place_id>/", places.change, name="owner-place"),
]
