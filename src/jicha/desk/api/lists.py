"""Lists: the filters, sorts and pages of the desk, with as many rows at a time as a program asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Literal

import django_filters
from django.db.models import QuerySet
from ninja import Schema
from pydantic import Field, StringConstraints, create_model

from jicha.desk.api.errors import Invalid
from jicha.desk.api.operation import refuse_unknown
from jicha.desk.api.values import Words
from jicha.desk.people.standing import DeskRequest
from jicha.desk.ui.lists import MOST_DEEP, ON_A_PAGE, paged

MOST_ON_A_PAGE = 200
Sorts = Mapping[str, tuple[str, ...]]
# A number in a filter: as much as any column of money can hold.
_NUMBER = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,14}(\.[0-9]{1,4})?$")]


class Listed(Schema):
    """How many rows match, and which page of how many this is."""

    count: int
    page: int
    pages: int


class Query(Schema):
    """Which page, with how many rows."""

    page: Annotated[int, Field(ge=1, le=MOST_DEEP)] = 1
    size: Annotated[int, Field(ge=1, le=MOST_ON_A_PAGE)] = ON_A_PAGE


def one_of(values: Iterable[str]) -> Any:
    """Return the kind of a text that is one of the values."""
    return Literal[tuple(values)]


def query(name: str, sorts: Sorts, **filters: Any) -> type[Query]:
    """Return the query of a list: its filters, its sorts (the first is the default), page and size."""
    fields = {key: (kind | None, None) for key, kind in filters.items()}
    return create_model(name, __base__=Query, sort=(one_of(sorts) | None, None), **fields)  # type: ignore[call-overload,no-any-return]


def filters_of(kind: type[django_filters.FilterSet]) -> dict[str, Any]:
    """Return the filters of a page as kinds of values: a new filter of the page is one of the API, too."""
    return {name: _kind(one) for name, one in kind.base_filters.items()}


def _kind(one: django_filters.Filter) -> Any:
    if isinstance(one, django_filters.NumberFilter):
        return _NUMBER
    if choices := one.extra.get("choices"):
        pairs = choices.choices if hasattr(choices, "choices") else choices
        return one_of(str(code) for code, _title in pairs)
    return Words


def checked(told: django_filters.FilterSet) -> QuerySet[Any]:
    """Return the rows of a filter whose values it could read."""
    if not told.form.is_valid():
        raise Invalid({name: [str(text) for text in texts] for name, texts in told.form.errors.items()})
    rows: QuerySet[Any] = told.qs
    return rows


def listed(
    request: DeskRequest, asked: Query, rows: QuerySet[Any], sorts: Sorts, row: Callable[[Any], Any]
) -> dict[str, Any]:
    """Return a page of rows; what lies behind the most that may be carried away at once is not listed, but can be filtered for."""
    refuse_unknown(request, set(type(asked).model_fields))
    if asked.page * asked.size > MOST_DEEP:
        raise Invalid({"page": [f"at most {MOST_DEEP:,} rows deep: narrow the filter"]})
    page = paged(request, rows, sorts, asked.size)
    shown = page.object_list if page.number == asked.page else []
    return {
        "rows": [row(one) for one in shown], "count": page.paginator.count, "page": asked.page, "pages": page.paginator.num_pages,
    }  # fmt: skip
