"""The application `webhooks` of the desk."""

from __future__ import annotations

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Tells Django where the application is; from then on every event is offered to the subscriptions."""

    name = "jicha.desk.webhooks"
    label = "webhooks"

    def ready(self) -> None:
        """Watch the log, and have the worker deliver."""
        from jicha.desk.webhooks import outbox  # noqa: F401
