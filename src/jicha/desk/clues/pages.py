"""Pages of the pool, quick however many clues there are: nothing is counted that the tally knows, and only shown rows are read."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Concat

from jicha.desk.clues.filters import ClueFilter
from jicha.desk.clues.models import ORDERS, Clue
from jicha.desk.clues.tally import sums
from jicha.desk.ui.lists import MOST_DEEP, ON_A_PAGE

# Filters that the tally does not know are counted only so far as pages are shown.
MOST_PAGES = MOST_DEEP // ON_A_PAGE


class PoolPaginator(Paginator[Clue]):
    """Pages of a filter whose count is known; `is_capped` says that there are more rows than it tells."""

    def __init__(self, ids: QuerySet[Any], count: int, size: int, *, is_capped: bool) -> None:
        super().__init__(ids, size)
        self._known = count
        self.is_capped = is_capped

    @property
    def count(self) -> int:
        """How many rows there are, as far as they were counted."""
        return self._known

    @property
    def num_pages(self) -> int:
        """How many pages are shown."""
        return max(1, min(MOST_PAGES, -(-self._known // self.per_page)))


def pool_page(told: ClueFilter, sort: str, number: str | int | None, size: int = ON_A_PAGE) -> Page[Clue]:
    """Return a page of the filter in one of the orders of the pool."""
    order = ORDERS.get(sort, ORDERS["expected"])
    ids, count, is_capped = _numbers(told, order)
    paginator = PoolPaginator(ids, count, size, is_capped=is_capped)
    page = paginator.get_page(number)
    page.object_list = rows_of(list(page.object_list))
    return page


def best(told: ClueFilter, count: int) -> list[Clue]:
    """Return the clues of the filter that wait and are worth most."""
    ids, _count, _is_capped = _numbers(told, ORDERS["expected"])
    return [row for row in rows_of(list(ids[: 3 * count])) if row.state == Clue.State.OPEN][:count]


def rows_of(ids: Sequence[Any]) -> list[Clue]:
    """Read the rows with these numbers, in their order."""
    rows = Clue.objects.select_related("organisation", "holder").in_bulk(list(ids))
    return [rows[pk] for pk in ids if pk in rows]


def _numbers(told: ClueFilter, order: tuple[str, ...]) -> tuple[QuerySet[Any], int, bool]:
    """Return the numbers of the clues of a filter in order, how many there are, and whether there are more than that."""
    if not told.is_plain:
        ids = told.qs.select_related(None).order_by(*order).values_list("pk", flat=True)
        count = ids.order_by()[: MOST_DEEP + 1].count()
        return ids, min(count, MOST_DEEP), count > MOST_DEEP
    units, state, band = told.units_wanted, told.data.get("state", ""), told.data.get("band", "")
    count = sums(units, [state] if state else [], band).clues
    everything = sums(None).clues
    # Of many, the first of an order are soon met on the way through it; few are soon found by unit and state and then ordered.
    if count > isqrt(ON_A_PAGE * max(1, everything)):
        return on_the_way(units, state, band).order_by(*order).values_list("pk", flat=True), count, False
    return told.qs.select_related(None).order_by(*order).values_list("pk", flat=True), count, False


def on_the_way(units: Sequence[int] | None, state: str, band: str) -> QuerySet[Clue]:
    """Return the clues of some units, a state and a band, said so that the database walks the index of an order.

    Said plainly it might take the index of units, and sort hundreds of thousands of rows to show twenty.
    """
    rows: QuerySet[Clue] = Clue.objects.all()
    if units is not None:
        rows = rows.alias(unit_met=F("organisation_id") + Value(0)).filter(unit_met__in=units)
    if state:
        rows = rows.alias(state_met=Concat(F("state"), Value(""))).filter(state_met=state)
    if band:
        rows = rows.alias(band_met=Concat(F("band"), Value(""))).filter(band_met=band)
    return rows
