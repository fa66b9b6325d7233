"""The application `jobs` of the desk."""

from __future__ import annotations

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Tells Django where the application is, and registers its regular steps."""

    name = "jicha.desk.jobs"
    label = "jobs"

    def ready(self) -> None:
        """Know the steps; have the log guard the states of jobs."""
        from jicha.desk.jobs import reap  # noqa: F401
        from jicha.desk.journal.guards import guard_state

        guard_state("jobs.job")
