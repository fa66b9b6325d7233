"""The pool by customer, district or unit: where many clues lie on one, one visit does for all."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

# What the clues are grouped by: the title, and the columns that name a group.
GROUPS = {
    "customer": (_("customer"), ("customer_no",)),
    "district": (_("district"), ("district_id",)),
    "unit": (_("unit"), ("organisation__number", "organisation__name")),
}
SORTS = {
    "expected": ("-expected", "-clues"),
    "yuan": ("-yuan", "-clues"),
    "clues": ("-clues", "-expected"),
}
SORT_TITLES = {
    "expected": _("expected recovery"),
    "yuan": _("charged too little"),
    "clues": _("number of clues"),
}


def grouped(rows: QuerySet[Any], by: str) -> QuerySet[Any]:
    """Return a row a group: its names, clues, expected and company's yuan, worst severity; clues without one are left out."""
    columns = GROUPS[by][1]
    kept = rows.select_related(None).order_by().exclude(**{columns[0]: ""})
    groups: QuerySet[Any] = kept.values(*columns).annotate(
        clues=Count("id"), expected=Sum("expected_yuan"), yuan=Sum("company_yuan"), worst=Max("severity")
    )
    return groups
