"""The application `jobs` of the desk."""

from __future__ import annotations

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Tells Django where the application is."""

    name = "jicha.desk.jobs"
    label = "jobs"
