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

    def __init__(self, ids: Any, count: int, size: int, *, is_capped: bool) -> None:
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
    rows = placed_rows(told).filter(state=Clue.State.OPEN).order_by(*ORDERS["expected"])
    return rows_of(list(rows.values_list("pk", flat=True)[:count]))


def rows_of(ids: Sequence[Any]) -> list[Clue]:
    """Read the rows with these numbers, in their order."""
    rows = Clue.objects.select_related("organisation", "holder").in_bulk(list(ids))
    return [rows[pk] for pk in ids if pk in rows]


def _numbers(told: ClueFilter, order: tuple[str, ...]) -> tuple[Any, int, bool]:
    """Return the numbers of the clues of a filter in order, how many there are, and whether there are more than that.

    Where the tally does not know how many, they are looked for without an order, as many as can be paged: few are then put in order
    by themselves, of many the first are soon met in order.
    """
    ids = placed_rows(told).order_by(*order).values_list("pk", flat=True)
    if told.is_plain:
        state = told.data.get("state", "")
        return ids, sums(told.units_wanted, [state] if state else [], told.data.get("band", "")).clues, False
    found = list(ids.order_by()[: MOST_DEEP + 1])
    if len(found) > MOST_DEEP:
        return ids, MOST_DEEP, True
    return Clue.objects.filter(pk__in=found).order_by(*order).values_list("pk", flat=True), len(found), False


def placed_rows(told: ClueFilter) -> QuerySet[Clue]:
    """Return the rows of a filter, said so that any order of the pool is found quickly."""
    if not told.is_plain:
        rows: QuerySet[Clue] = told.qs.select_related(None)
        return rows
    return placed(told.units_wanted, told.data.get("state", ""), told.data.get("band", ""))


def placed(units: Sequence[int] | None, state: str = "", band: str = "") -> QuerySet[Clue]:
    """Return the clues of some units (None: of all), a state and a band (empty: of all), to be ordered and cut.

    Of many, the first of an order are soon met on the way through its index; few are soon found by unit and state, and then ordered.
    """
    many = sums(units, [state] if state else [], band).clues > isqrt(ON_A_PAGE * max(1, sums(None).clues))
    return _on_the_way(units, state, band) if many else _by_place(units, state, band)


def _by_place(units: Sequence[int] | None, state: str, band: str) -> QuerySet[Clue]:
    rows: QuerySet[Clue] = (
        Clue.objects.all() if units is None else Clue.objects.filter(organisation_id__in=units)
    )
    rows = rows.filter(state=state) if state else rows
    return rows.filter(band=band) if band else rows


def _on_the_way(units: Sequence[int] | None, state: str, band: str) -> QuerySet[Clue]:
    """Say it so that no index of places can be taken: it might find and sort hundreds of thousands of rows to show twenty."""
    rows: QuerySet[Clue] = Clue.objects.all()
    if units is not None:
        rows = rows.alias(unit_met=F("organisation_id") + Value(0)).filter(unit_met__in=units)
    if state:
        rows = rows.alias(state_met=Concat(F("state"), Value(""))).filter(state_met=state)
    if band:
        rows = rows.alias(band_met=Concat(F("band"), Value(""))).filter(band_met=band)
    return rows
