"""The application `webhooks` of the desk."""

from __future__ import annotations

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Tells Django where the application is."""

    name = "jicha.desk.webhooks"
    label = "webhooks"
