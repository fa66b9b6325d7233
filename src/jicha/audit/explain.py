"""The source rows behind a finding: from its links back to batch, file and line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from jicha.contract import contract
from jicha.mart import Mart, Snapshot

MOST_ROWS = 40


@dataclass(frozen=True, slots=True)
class SourceRows:
    """The rows of one table that a finding rests on; `places` says for each where it was delivered."""

    table: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    places: list[tuple[int | None, int | None]]
    more: int


def source_rows(snapshot: Snapshot, finding: Mapping[str, Any]) -> list[SourceRows]:
    """Return the rows that the finding's links name, in the snapshot that it was found in."""
    links = json.loads(finding["evidence"])["sources"]
    with duckdb.connect() as connection:
        snapshot.create_views(connection)
        return [_rows(connection, link, finding) for link in links]


def file_names(mart: Mart, sources: Iterable[SourceRows]) -> dict[int, str]:
    """Return the names of the delivered files that the source rows came in, by their number."""
    numbers = {number for source in sources for number, _ in source.places if number is not None}
    known = {number: mart.source(number) for number in numbers}
    return {number: Path(source.path).name for number, source in known.items() if source is not None}


def _rows(
    connection: duckdb.DuckDBPyConnection, link: Mapping[str, Any], finding: Mapping[str, Any]
) -> SourceRows:
    table = contract().table(link["table"])
    query = exp.select(*table.field_names, "_file", "_line").from_(table.name)
    for name, value in link["key"].items():
        query = query.where(
            exp.column(name).eq(exp.cast(exp.Literal.string(value), table.field(name).sql_type))
        )
    if table.month_field and "bill_month" in table.field_names and "bill_month" not in link["key"]:
        month = exp.cast(exp.Literal.string(finding["bill_month"].isoformat()), "DATE")
        query = query.where(exp.column("bill_month") <= month)
    if table.month_field:
        query = query.order_by(exp.column(table.month_field).desc())
    fetched = connection.execute(query.limit(MOST_ROWS + 1).sql("duckdb", identify=True)).fetchall()
    shown = fetched[:MOST_ROWS]
    filled = [i for i in range(len(table.field_names)) if any(row[i] is not None for row in shown)]
    return SourceRows(
        table=table.name,
        columns=tuple(table.field_names[i] for i in filled),
        rows=[tuple(row[i] for i in filled) for row in shown],
        places=[(row[-2], row[-1]) for row in shown],
        more=len(fetched) - len(shown),
    )
