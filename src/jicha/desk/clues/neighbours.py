"""The clue before and the clue after one, in the order of a list: what J and K on the page of a clue go to."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from jicha.desk.clues.models import Clue


def neighbour(rows: QuerySet[Clue], clue: Clue, order: tuple[str, ...], *, after: bool) -> int | None:
    """Return the number of the next row (or the one before) of an order such as ("-score", "-id"); None at the end.

    The row is found by its values, not by counting: the clue itself need not be among the rows any more.
    """
    turned = order if after else tuple(_turned(one) for one in order)
    found: int | None = (
        rows.filter(_behind(clue, turned)).order_by(*turned).values_list("pk", flat=True).first()
    )
    return found


def _turned(name: str) -> str:
    return name.removeprefix("-") if name.startswith("-") else f"-{name}"


def _behind(clue: Clue, order: tuple[str, ...]) -> Q:
    """Return the condition that a row comes later in the order than the clue."""
    later, same = Q(pk__in=()), Q()
    for one in order:
        name = one.removeprefix("-")
        value: Any = getattr(clue, name)
        later |= same & Q(**{f"{name}__{'lt' if one.startswith('-') else 'gt'}": value})
        same &= Q(**{name: value})
    # Said once more of the first column alone: so the database begins at the clue and not at the beginning of the order.
    first = order[0].removeprefix("-")
    bound = Q(**{f"{first}__{'lte' if order[0].startswith('-') else 'gte'}": getattr(clue, first)})
    return bound & later
