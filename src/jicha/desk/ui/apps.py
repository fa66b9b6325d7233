"""The application `ui` of the desk."""

from __future__ import annotations

from django.apps import AppConfig


class UiConfig(AppConfig):
    """Tells Django where the shared screens are, and has every route checked for its right."""

    name = "jicha.desk.ui"
    label = "ui"

    def ready(self) -> None:
        """Register the check that every route declares a right."""
        from jicha.desk.ui import checks  # noqa: F401
