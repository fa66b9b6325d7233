"""The application `settlements` of the desk."""

from __future__ import annotations

from django.apps import AppConfig


class SettlementsConfig(AppConfig):
    """Tells Django where the application is."""

    name = "jicha.desk.settlements"
    label = "settlements"

    def ready(self) -> None:
        """Have the log guard what may not change behind its back: states, and every line of the ledger."""
        from jicha.desk.journal.guards import guard_row, guard_state

        guard_state("settlements.settlement")
        guard_row("settlements.entry")
        guard_row("settlements.instalment")
