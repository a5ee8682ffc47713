"""The addresses of resellers' people, below /reseller/."""

from __future__ import annotations

from django.urls import path, re_path

from opla.portal import bulk, floats, home, keys, passport, people, trying, webhooks

urlpatterns = [
    path("", home.choose, name="reseller-home"),
    path("<slug:reseller>/", home.home, name="reseller"),
    path("<slug:reseller>/float/", floats.page, name="reseller-float"),
    path("<slug:reseller>/float/in/", floats.pay_in, name="reseller-pay-in"),
    path("<slug:reseller>/float/in/<uuid:deposit_id>/", floats.deposit, name="reseller-deposit"),
    path("<slug:reseller>/float/in/<uuid:deposit_id>/state/", floats.deposit_state, name="reseller-deposit-state"),
    re_path(
        r"^(?P<reseller>[-a-z0-9]+)/float/(?P<month>\d{4}-\d{2})\.(?P<kind>csv|pdf)$",
        floats.statement,
        name="reseller-statement",
    ),
    path("<slug:reseller>/keys/", keys.page, name="reseller-keys"),
    path("<slug:reseller>/people/", people.page, name="reseller-people"),
    path("<slug:reseller>/try/", trying.try_it, name="reseller-try"),
    path("<slug:reseller>/passport/", passport.page, name="reseller-passport"),
    path("<slug:reseller>/passport/<str:number>/<str:name>", passport.file, name="reseller-passport-file"),
    path("<slug:reseller>/webhooks/", webhooks.webhooks, name="reseller-webhooks"),
    path("<slug:reseller>/webhooks/<uuid:endpoint_id>/", webhooks.webhook, name="reseller-webhook"),
    path("<slug:reseller>/webhooks/<uuid:endpoint_id>/secret/", webhooks.secret, name="reseller-webhook-secret"),
    path("<slug:reseller>/webhooks/<uuid:endpoint_id>/test/", webhooks.test, name="reseller-webhook-test"),
    path("<slug:reseller>/webhooks/<uuid:endpoint_id>/again/", webhooks.again, name="reseller-webhook-again"),
    path("<slug:reseller>/webhooks/<uuid:endpoint_id>/switch/", webhooks.switch, name="reseller-webhook-switch"),
    path("<slug:reseller>/webhooks/<uuid:endpoint_id>/remove/", webhooks.remove, name="reseller-webhook-remove"),
    path("<slug:reseller>/files/", bulk.all_files, name="reseller-files"),
    path("<slug:reseller>/files/sources/", bulk.sources, name="reseller-sources"),
    path("<slug:reseller>/files/<uuid:file_id>/", bulk.one_file, name="reseller-file"),
    path("<slug:reseller>/files/<uuid:file_id>/state/", bulk.state, name="reseller-file-state"),
    path("<slug:reseller>/files/<uuid:file_id>/confirm/", bulk.confirm, name="reseller-file-confirm"),
    path("<slug:reseller>/files/<uuid:file_id>/result/", bulk.result, name="reseller-file-result"),
    path("<slug:reseller>/files/<uuid:file_id>/link/", bulk.new_link, name="reseller-file-link"),
    path("<slug:reseller>/files/<uuid:file_id>/<slug:what>/", bulk.act, name="reseller-file-act"),
]
