"""The application `deliveries` of the desk; it has no rows of its own."""

from __future__ import annotations

from django.apps import AppConfig


class DeliveriesConfig(AppConfig):
    """Tells Django where the application is, and registers its kinds of jobs."""

    name = "jicha.desk.deliveries"
    label = "deliveries"

    def ready(self) -> None:
        """Let a worker audit a month and bring in a run."""
        from jicha.desk.deliveries import jobs  # noqa: F401
