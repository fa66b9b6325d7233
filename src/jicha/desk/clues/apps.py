"""The application `clues` of the desk."""

from __future__ import annotations

from django.apps import AppConfig


class CluesConfig(AppConfig):
    """Tells Django where the application is."""

    name = "jicha.desk.clues"
    label = "clues"

    def ready(self) -> None:
        """Have the log guard what may not change behind its back."""
        from jicha.desk.journal.guards import guard_state

        guard_state("clues.clue")
