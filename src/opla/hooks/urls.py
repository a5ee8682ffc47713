from __future__ import annotations

from django.urls import path

from opla.hooks import views

urlpatterns = [
    path("pay/return/<str:link>/", views.returned, name="payment-return"),
    path("pay/return/deposit/<uuid:deposit_id>/", views.deposit_returned, name="deposit-return"),
    path("hooks/payments/<str:provider>/", views.payment_webhook, name="payment-webhook"),
]
