"""With what and whom a customer hangs together, as far as the person may see it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jicha.audit.customer_story import Link, Point
from jicha.contract import contract
from jicha.desk.clues.models import Clue
from jicha.desk.people.models import Organisation
from jicha.desk.people.standing import Standing
from jicha.desk.ui.home import home
from jicha.desk.ui.values import shown

WAYS: dict[str, str | Promise] = {
    "phone": _("the same phone"),
    "address": _("the same address"),
    "employee": _("the same employee"),
    "meter": _("a meter that hung at both"),
    "above": _("supplied through"),
    "below": _("supplies"),
    "transfer": _("prepayment transferred"),
}
SHOWN = 12


@dataclass
class Way:
    """Customers that are linked in one way: those that the person sees, and how many there are in all."""

    title: str | Promise
    in_all: int = 0
    seen: list[tuple[str, int]] = field(default_factory=list)


def links_shown(standing: Standing, number: str, unit: Organisation) -> dict[str, Any]:
    """Return what the template shows: points, readers, and linked customers with how many open clues each has."""
    told = home().customer_links(number)
    return {
        "number": number, "points": [_point(one) for one in told.points], "readers": told.readers,
        "ways": _ways(standing, told.customers), "unit": unit,
    }  # fmt: skip


def _point(one: Point) -> dict[str, Any]:
    usage = contract().table("metering_point").field("usage")
    return {"point": one, "usage": shown(usage, one.usage, "metering_point")}


def _ways(standing: Standing, customers: Iterable[Link]) -> list[Way]:
    found = list(customers)
    paths = dict(
        Organisation.objects.filter(number__in={one.org_no for one in found}).values_list("number", "path")
    )
    ways: dict[str, Way] = {}
    for one in found:
        way = ways.setdefault(one.way, Way(WAYS[one.way], one.in_all))
        path = paths.get(one.org_no)
        if path is not None and len(way.seen) < SHOWN and standing.may("customer.see", path):
            way.seen.append((one.customer_no, 0))
    return [_counted(standing, way) for way in ways.values()]


def _counted(standing: Standing, way: Way) -> Way:
    """Say of each customer how many clues the person sees there."""
    numbers = [number for number, _count in way.seen]
    clues = Clue.objects.seen_by(standing, "clue.see").filter(customer_no__in=numbers)
    with_clues = list(clues.values_list("customer_no", flat=True))
    way.seen = [(number, with_clues.count(number)) for number in numbers]
    return way
