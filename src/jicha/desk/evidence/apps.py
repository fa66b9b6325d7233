"""The application `evidence` of the desk."""

from __future__ import annotations

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """Tells Django where the application is."""

    name = "jicha.desk.evidence"
    label = "evidence"

    def ready(self) -> None:
        """Have the log guard what may not change behind its back."""
        from jicha.desk.journal.guards import guard_row

        guard_row("evidence.evidencefile")
