"""How a value of the company's records is shown: words for codes, no digits of a telephone or identity number too many."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from jicha.contract import Field, Table

# Personal data are masked wherever rows are shown; the records themselves stay in the company's own system.
MASKED = frozenset({"phone", "id_no", "bank_account", "contact_phone"})


def title_of(field: Field) -> str:
    """Return the title of a column in the reader's language."""
    return field.title_en if (get_language() or "").startswith("en") else field.title_zh


def shown(field: Field, value: Any) -> str:
    """Return the value as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Decimal):
        text = f"{value:,f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if field.name in MASKED:
        return masked(str(value))
    return _label(field, str(value))


def masked(text: str) -> str:
    """Return the first three and the last two characters, stars between."""
    return f"{text[:3]}{'*' * max(len(text) - 5, 3)}{text[-2:]}" if len(text) > 5 else "***"


def _label(field: Field, code: str) -> str:
    labels = field.labels_en if (get_language() or "").startswith("en") else field.labels_zh
    return labels[field.enum.index(code)] if labels and code in field.enum else code


def shown_rows(table: Table, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[list[str]]:
    """Return all values of some rows of a table as a person reads them."""
    fields = [table.field(column) for column in columns]
    return [[shown(field, value) for field, value in zip(fields, row, strict=True)] for row in rows]
