"""The tag that puts the visits of an order on its page."""

from __future__ import annotations

from typing import Any

from django import template

from jicha.desk.orders.models import Order
from jicha.desk.visits.side_by_side import may_give_up, shown_visits

register = template.Library()


@register.inclusion_tag("visits/of_order.html", takes_context=True)
def visits_of(context: dict[str, Any], order: Order) -> dict[str, Any]:
    """Show the visits of an order, or nothing where it has none."""
    request = context["request"]
    return {
        "order": order, "visits": shown_visits(order, request.standing), "may_give_up": may_give_up(order, request.standing), "user": request.user,
        "csrf_token": context.get("csrf_token"), "request": request,
    }  # fmt: skip
