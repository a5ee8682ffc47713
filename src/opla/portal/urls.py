"""The addresses of resellers' people, below /reseller/."""

from __future__ import annotations

from django.urls import path

from opla.portal import home, webhooks

urlpatterns = [
    path("", home.choose, name="reseller-home"),
    path("<slug:reseller>/", home.home, name="reseller"),
    path("<slug:reseller>/webhooks/", webhooks.webhooks, name="reseller-webhooks"),
    path("<slug:reseller>/webhooks/<uuid:endpoint_id>/", webhooks.webhook, name="reseller-webhook"),
    path("<slug:reseller>/webhooks/<uuid:endpoint_id>/secret/", webhooks.secret, name="reseller-webhook-secret"),
    path("<slug:reseller>/webhooks/<uuid:endpoint_id>/test/", webhooks.test, name="reseller-webhook-test"),
    path("<slug:reseller>/webhooks/<uuid:endpoint_id>/again/", webhooks.again, name="reseller-webhook-again"),
    path("<slug:reseller>/webhooks/<uuid:endpoint_id>/switch/", webhooks.switch, name="reseller-webhook-switch"),
    path("<slug:reseller>/webhooks/<uuid:endpoint_id>/remove/", webhooks.remove, name="reseller-webhook-remove"),
]
