"""The application `journal` of the desk."""

from __future__ import annotations

from django.apps import AppConfig


class JournalConfig(AppConfig):
    """Tells Django where the application is."""

    name = "jicha.desk.journal"
    label = "journal"
