"""How a value of the company's records is shown: words for codes, no digits of a telephone or identity number too many."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from jicha.contract import Field, Table
from jicha.desk.ui.personal import hidden, kind_of
from jicha.reports.words import WORDS, word

# Columns whose codes differ from book to book, so that the contract lists none.
_CODES = frozenset({"component", "register"})


def title_of(field: Field) -> str:
    """Return the title of a column in the reader's language."""
    return field.title_en if (get_language() or "").startswith("en") else field.title_zh


def shown(field: Field, value: Any, table: str = "", *, is_masked: bool = True) -> str:
    """Return the value as a person reads it; personal data masked wherever rows are shown, unless they were asked for."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Decimal):
        text = f"{value:,f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if is_masked and kind_of(table, field.name) is not None:
        return str(hidden(table, field.name, value))
    return _label(field, str(value))


def _label(field: Field, code: str) -> str:
    """Return a code in words: by the contract's own list, else by the words that bills are explained with."""
    english = (get_language() or "").startswith("en")
    labels = field.labels_en if english else field.labels_zh
    if labels and code in field.enum:
        return labels[field.enum.index(code)]
    key = f"{field.name}.{code}"
    return word(key, "en" if english else "zh") if field.name in _CODES and key in WORDS else code


def shown_rows(table: Table, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[list[str]]:
    """Return all values of some rows of a table as a person reads them."""
    fields = [table.field(column) for column in columns]
    return [
        [shown(field, value, table.name) for field, value in zip(fields, row, strict=True)] for row in rows
    ]
