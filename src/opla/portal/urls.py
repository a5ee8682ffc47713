"""The addresses of resellers' people, below /reseller/."""

from __future__ import annotations

from django.urls import path

from opla.portal import bulk, home

urlpatterns = [
    path("", home.choose, name="reseller-home"),
    path("<slug:reseller>/", home.home, name="reseller"),
    path("<slug:reseller>/files/", bulk.all_files, name="reseller-files"),
    path("<slug:reseller>/files/sources/", bulk.sources, name="reseller-sources"),
    path("<slug:reseller>/files/<uuid:file_id>/", bulk.one_file, name="reseller-file"),
    path("<slug:reseller>/files/<uuid:file_id>/state/", bulk.state, name="reseller-file-state"),
    path("<slug:reseller>/files/<uuid:file_id>/confirm/", bulk.confirm, name="reseller-file-confirm"),
    path("<slug:reseller>/files/<uuid:file_id>/result/", bulk.result, name="reseller-file-result"),
    path("<slug:reseller>/files/<uuid:file_id>/<slug:what>/", bulk.act, name="reseller-file-act"),
]
