"""The application `people` of the desk."""

from __future__ import annotations

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Tells Django where the application is."""

    name = "jicha.desk.people"
    label = "people"

    def ready(self) -> None:
        """Let the twelve hours of a session begin with the sign-in."""
        from django.contrib.auth.signals import user_logged_in

        from jicha.desk.people.middleware import note_start

        user_logged_in.connect(note_start)
