"""The application `evidence` of the desk."""

from __future__ import annotations

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """Tells Django where the application is."""

    name = "jicha.desk.evidence"
    label = "evidence"
