"""The application `operation` of the desk."""

from __future__ import annotations

from django.apps import AppConfig


class OperationConfig(AppConfig):
    """Tells Django where the application is, and registers what workers do for the operator."""

    name = "jicha.desk.operation"
    label = "operation"

    def ready(self) -> None:
        """Know the regular steps."""
        from jicha.desk.operation import steps  # noqa: F401
