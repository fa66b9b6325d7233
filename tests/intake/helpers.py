"""Questions that many tests ask."""

from __future__ import annotations

from typing import Any

import duckdb

from jicha.intake import LoadReport
from jicha.mart import Mart


def rows(mart: Mart, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    """Return the rows of a table of the newest snapshot, in the order of file and line."""
    latest = mart.latest()
    assert latest is not None
    with duckdb.connect(":memory:") as connection:
        latest.create_views(connection, [table])
        return connection.execute(f'SELECT {columns} FROM "{table}" ORDER BY _file, _line').fetchall()


def figures(report: LoadReport, table: str | None = None) -> tuple[int, int, int, int, int]:
    """Return read, added, corrected, repeated, quarantined over all files (of a table)."""
    names = ("rows_read", "added", "corrected", "repeated", "quarantined")
    files = [one for one in report.files if table in (None, one.table)]
    read, added, corrected, repeated, quarantined = (
        sum(getattr(one, name) for one in files) for name in names
    )
    assert read == added + corrected + repeated + quarantined
    return read, added, corrected, repeated, quarantined
