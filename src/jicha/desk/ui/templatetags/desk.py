"""How the desk writes money, energy and states."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import template
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jicha.desk.ui.bars import Bar, laid_out

register = template.Library()


@register.filter
def yuan(value: Decimal | None) -> str:
    """Return an amount with two decimals and thousands; a dot where there is none."""
    return "·" if value is None else f"{value:,.2f}"


@register.filter
def signed(value: Decimal | None) -> str:
    """Return an amount with its sign, for what was added or taken off."""
    return "·" if value is None else f"{value:+,.2f}"


@register.filter
def kwh(value: Decimal | None) -> str:
    """Return energy without needless decimals."""
    return "·" if value is None else f"{value:,.4f}".rstrip("0").rstrip(".")


_TONES = {
    "urgent": "red", "soon": "orange", "ordinary": "secondary", "open": "blue", "taken": "azure", "ordered": "indigo", "proposed": "yellow",
    "dispatched": "blue", "accepted": "azure", "verifying": "cyan", "reported": "purple", "reviewed": "indigo", "confirmed": "orange",
    "rectifying": "orange", "rectified": "lime", "rechecked": "green", "recurred": "red", "new": "blue", "continuing": "orange", "cleared": "green",
    "queued": "secondary", "running": "blue", "stopping": "orange", "done": "green", "failed": "red", "snoozed": "secondary", "need_data": "yellow",
    "draft": "secondary", "submitted": "purple", "approved": "indigo", "served": "orange", "agreed": "lime", "withdrawn": "secondary",
}  # fmt: skip


@register.filter
def tone(code: str) -> str:
    """Return the colour that goes with a state; the state is always written out beside it."""
    return _TONES.get(code, "secondary")


@register.simple_tag
def severity(level: int) -> SafeString:
    """Return the severity as one to three bars with its number: colour is not the only signal."""
    return format_html('<span class="severity s{}" title="{}">{}</span>', level, level, "▮" * level)


@register.simple_tag(takes_context=True)
def with_query(context: dict[str, Any], **changes: Any) -> str:
    """Return the query of the page with some values changed; an empty one is left out."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value not in (None, ""):
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.inclusion_tag("ui/bars.html")
def month_bars(rows: Sequence[tuple[str, Decimal]], title: str) -> dict[str, Any]:
    """Draw one bar a month."""
    bars: list[Bar] = laid_out(rows)
    return {"bars": bars, "title": title, "width": 40 * len(bars) + 10}
