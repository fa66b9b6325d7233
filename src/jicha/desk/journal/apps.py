"""The application `journal` of the desk."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class JournalConfig(AppConfig):
    """Tells Django where the application is, and puts the guards up after each migration."""

    name = "jicha.desk.journal"
    label = "journal"

    def ready(self) -> None:
        """Guard the events, and have the guards down while tables are changed."""
        from jicha.desk.journal.guards import guard_row, put_up, take_down

        guard_row("journal.event")
        pre_migrate.connect(take_down, sender=self)
        post_migrate.connect(put_up, sender=self)
