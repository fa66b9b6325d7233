"""What changed between two months, in words: only what differs."""

from __future__ import annotations

from datetime import date
from typing import Any

from jicha.audit.customer_story import KEYS, Change, Entry
from jicha.contract import Field, Table, contract
from jicha.desk.clues.models import in_english
from jicha.desk.ui.home import home
from jicha.desk.ui.personal import hidden
from jicha.desk.ui.values import shown, title_of


def changes_shown(number: str, earlier: date, later: date) -> dict[str, Any]:
    """Return what the template shows: values that differ by table, and what was changed in the archive between the months."""
    found, entries = home().customer_changes(number, earlier, later)
    groups: dict[str, list[dict[str, Any]]] = {}
    for one in found:
        groups.setdefault(_title(contract().table(one.table)), []).append(_change(one))
    return {
        "earlier": earlier, "later": later, "groups": list(groups.items()), "entries": [_entry(one) for one in entries],
    }  # fmt: skip


def _change(one: Change) -> dict[str, Any]:
    table = contract().table(one.table)
    field = table.field(one.column)
    return {
        "subject": " · ".join(_subject(table, one)),
        "column": title_of(field),
        "before": shown(field, one.before, table.name),
        "after": shown(field, one.after, table.name),
        "difference": one.difference,
    }


def _subject(table: Table, one: Change) -> list[str]:
    """Return of which thing of a table the value is: its keys in words, without those that say nothing."""
    keys = zip(KEYS[one.table], one.subject, strict=True)
    return [shown(table.field(key), value, table.name) for key, value in keys if value and value != "any"]


def _entry(one: Entry) -> dict[str, Any]:
    """Return an entry of the company's own log of changes; what it holds of a person is masked like the column itself."""
    table = contract().tables.get(one.table)
    field = _field(table, one.column)
    values = [hidden(one.table, one.column or "", value) for value in (one.before, one.after)]
    return {
        "at": one.at, "who": one.account_id, "table": _title(table) if table else one.table, "record": one.record_key,
        "column": title_of(field) if field else one.column or "", "before": values[0] or "", "after": values[1] or "",
    }  # fmt: skip


def _field(table: Table | None, column: str | None) -> Field | None:
    return table.field(column) if table is not None and column in table.field_names else None


def _title(table: Table) -> str:
    return table.title_en if in_english() else table.title_zh
