from __future__ import annotations

from django.urls import path

from opla.backoffice import views

urlpatterns = [
    path("enter/<str:token>/", views.enter, name="owner-enter"),
    path("items/", views.items, name="owner-items"),
]
