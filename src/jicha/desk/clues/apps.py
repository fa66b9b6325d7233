"""The application `clues` of the desk."""

from __future__ import annotations

from django.apps import AppConfig


class CluesConfig(AppConfig):
    """Tells Django where the application is."""

    name = "jicha.desk.clues"
    label = "clues"

    def ready(self) -> None:
        """Have the log guard what may not change behind its back, the tally kept, jobs and steps known."""
        from django.db.models.signals import post_migrate

        from jicha.desk.clues import bulk, snooze  # noqa: F401
        from jicha.desk.clues.tally import put_up
        from jicha.desk.journal.guards import guard_state

        guard_state("clues.clue")
        post_migrate.connect(put_up, sender=self)
