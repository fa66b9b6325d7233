"""The application `people` of the desk."""

from __future__ import annotations

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Tells Django where the application is."""

    name = "jicha.desk.people"
    label = "people"
