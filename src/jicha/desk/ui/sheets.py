"""What the template of a calculation sheet (算费过程) shows: the bill as issued beside the bill worked out again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import get_language

from jicha.desk.ui.chart import BAR_ROW, waterfall
from jicha.desk.ui.home import home
from jicha.desk.ui.personal import hidden


def sheet_of(bill_id: str, snapshot_id: int | None = None) -> dict[str, Any]:
    """Return the sheet of a bill with the parts of its difference as a picture; personal data in its rows are masked."""
    language = "en" if (get_language() or "").startswith("en") else "zh"
    document = home().bill_sheet(bill_id, language, snapshot_id)
    for source in document["sources"]:
        source["rows"] = [_masked(source["table"], source["columns"], row) for row in source["rows"]]
    parts = [(one["part"], one["title"], Decimal(one["yuan"])) for one in document["attribution"]]
    segments = waterfall(parts)
    differing = [one for one in document["lines"] if one["difference_yuan"] != "0.00"]
    groups = [("differ", differing), ("all", document["lines"])]
    return {"sheet": document, "segments": segments, "bar_height": BAR_ROW * len(segments), "groups": groups}


def _masked(table: str, columns: list[str], row: list[str]) -> list[Any]:
    return [hidden(table, column, value) for column, value in zip(columns, row, strict=True)]
