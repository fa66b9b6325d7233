"""The application `clues` of the desk."""

from __future__ import annotations

from django.apps import AppConfig


class CluesConfig(AppConfig):
    """Tells Django where the application is."""

    name = "jicha.desk.clues"
    label = "clues"
