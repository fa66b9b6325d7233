"""The application `visits` of the desk."""

from __future__ import annotations

from django.apps import AppConfig


class VisitsConfig(AppConfig):
    """Tells Django where the application is, and has orders ask it before they go on."""

    name = "jicha.desk.visits"
    label = "visits"

    def ready(self) -> None:
        """Have the moves of orders ask what is missing, and the log guard what was recorded on site."""
        from jicha.desk.journal.guards import guard_row, guard_state
        from jicha.desk.visits import bundle, hindrances  # noqa: F401

        guard_state("visits.visit")
        for kind in ("reading", "seal", "load", "expectedfile", "givenup"):
            guard_row(f"visits.{kind}")
