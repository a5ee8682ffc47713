"""The addresses of the kiosk."""

from __future__ import annotations

from django.urls import path

from opla.kiosk import home

urlpatterns = [path("kiosk/", home.page, name="kiosk")]
