"""The application `api` of the desk."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Tells Django where the application is."""

    name = "jicha.desk.api"
    label = "api"
