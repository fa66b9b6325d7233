"""Types rows that come as columns: a sheet, a Parquet file, a database table, or the result of a mapping."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from jicha.contract import Table
from jicha.errors import ExplainedError
from jicha.intake.batches import (
    ArrowTable,
    TextRow,
    TypedRows,
    arrow_schema,
    arrow_type,
    as_raw,
    read_carefully,
)
from jicha.intake.cells import plain_condition, value_list
from jicha.intake.queries import named_queries, quoted

# Tells the raw text of some rows, given their lines.
RawOf: TypeAlias = Callable[[list[int]], Mapping[int, str]]


class ColumnReader:
    """Reads Arrow tables whose columns are named like the fields, plus `_line`; not for two threads at once."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, table: Table, place: str, raw_of: RawOf | None = None
    ) -> None:
        self._connection = connection
        self._table = table
        self._place = place
        self._raw_of = raw_of
        self._schema = arrow_schema(table)
        self._sql = named_queries("intake.sql")

    def read(self, rows: ArrowTable) -> TypedRows:
        """Return the rows typed; what is not plain is read with care, value by value."""
        typed = [
            one.name
            for one in self._table.fields
            if _has(rows, one.name) and rows.schema.field(one.name).type == arrow_type(one)
        ]
        texts = {
            name: quoted(name) if name in typed else _as_text(name)
            for name in self._table.field_names
            if _has(rows, name)
        }
        self._connection.register("rows_read", rows)
        statement = self._sql["type_rows"].format(
            values=value_list(self._table, texts, typed), plain=plain_condition(self._table, texts, typed)
        )
        found = self._connection.sql(statement).to_arrow_table()
        self._connection.unregister("rows_read")
        return self._sorted_out(rows, found)

    def _sorted_out(self, rows: ArrowTable, found: ArrowTable) -> TypedRows:
        plain = found.column("_plain")
        good = found.drop_columns(["_plain"]).filter(plain).cast(self._schema)
        result = TypedRows(good=[good] if good.num_rows else [], rows_read=rows.num_rows)
        if good.num_rows < rows.num_rows:
            read_carefully(self._table, self._texts(rows.filter(pc.invert(plain))), result)
        if result.good_rows + len(result.bad) != rows.num_rows:
            raise ExplainedError(
                where=self._place,
                found=f"{rows.num_rows} rows, of which {result.good_rows + len(result.bad)} were placed",
                expected="every row taken or in quarantine",
                remedy="Nothing was loaded. This is a fault of jicha: please report it with these figures.",
            )
        return result

    def _texts(self, rows: ArrowTable) -> Iterator[TextRow]:
        """Yield doubtful rows as texts."""
        names = [name for name in self._table.field_names if _has(rows, name)]
        shown = ", ".join(f"{_as_text(name)} AS {quoted(name)}" for name in names)
        self._connection.register("rows_read", rows)
        texts = self._connection.sql(self._sql["as_texts"].format(columns=shown)).to_arrow_table().to_pylist()
        self._connection.unregister("rows_read")
        raws = self._raw_of([row["_line"] for row in texts]) if self._raw_of else {}
        for row in texts:
            line = row.pop("_line")
            yield TextRow(line, row, raws.get(line) or as_raw(row.values()))


def with_lines(rows: ArrowTable, first: int) -> ArrowTable:
    """Return the rows with their numbers as `_line`."""
    numbers = pa.array(range(first, first + rows.num_rows), pa.int64())
    return rows.append_column(pa.field("_line", pa.int64()), numbers)


def _has(rows: ArrowTable, name: str) -> bool:
    return bool(rows.schema.get_field_index(name) >= 0)


def _as_text(name: str) -> str:
    return f"CAST({quoted(name)} AS VARCHAR)"


def text_table(columns: Mapping[str, list[Any]], lines: list[int]) -> ArrowTable:
    """Return texts by column as an Arrow table with `_line`."""
    arrays = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    return pa.table(arrays | {"_line": pa.array(lines, pa.int64())})
