"""The addresses of resellers' people, below /reseller/."""

from __future__ import annotations

from django.urls import path

from opla.portal import home, passport

urlpatterns = [
    path("", home.choose, name="reseller-home"),
    path("<slug:reseller>/", home.home, name="reseller"),
    path("<slug:reseller>/passport/", passport.page, name="reseller-passport"),
    path("<slug:reseller>/passport/<str:number>/<str:name>", passport.file, name="reseller-passport-file"),
]
