from __future__ import annotations

from django.apps import AppConfig


class DbConfig(AppConfig):
    name = "opla.db"
    label = "opla_db"
