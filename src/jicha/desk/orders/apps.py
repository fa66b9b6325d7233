"""The application `orders` of the desk."""

from __future__ import annotations

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Tells Django where the application is."""

    name = "jicha.desk.orders"
    label = "orders"

    def ready(self) -> None:
        """Have the log guard what may not change behind its back."""
        from jicha.desk.journal.guards import guard_row, guard_state

        guard_state("orders.order")
        guard_row("orders.comment")
