"""The application `exports` of the desk."""

from __future__ import annotations

from django.apps import AppConfig


class ExportsConfig(AppConfig):
    """Tells Django where the application is, and registers its kind of job and its step."""

    name = "jicha.desk.exports"
    label = "exports"

    def ready(self) -> None:
        """Let a worker make large exports and delete old ones; have the log guard their states."""
        from jicha.desk.exports import jobs  # noqa: F401
        from jicha.desk.journal.guards import guard_state

        guard_state("exports.exportrequest")
