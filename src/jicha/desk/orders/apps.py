"""The application `orders` of the desk."""

from __future__ import annotations

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Tells Django where the application is."""

    name = "jicha.desk.orders"
    label = "orders"
