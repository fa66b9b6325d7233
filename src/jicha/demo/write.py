"""Writing the tables: one file a table and part, CSV or Parquet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from jicha.contract import contract
from jicha.demo.frame import Frame, frame_length, rows_to_frame, to_arrow


class Writer:
    """Collects the frames of each table and writes them at the end of a part; a second part makes split files."""

    def __init__(self, folder: Path, file_format: str, parts: int) -> None:
        self._folder = folder
        self._format = file_format
        self._parts = parts
        self._part = 0
        self._pending: dict[str, list[pa.Table]] = {}
        self.rows: Counter[str] = Counter()
        folder.mkdir(parents=True, exist_ok=True)
        _remove_earlier(folder)

    def add(self, table: str, frame: Frame) -> None:
        """Add the rows of a frame to a table."""
        if not frame or frame_length(frame) == 0:
            return
        arrow = to_arrow(contract().table(table), frame)
        self.rows[table] += arrow.num_rows
        self._pending.setdefault(table, []).append(arrow)

    def add_rows(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows of Python values to a table."""
        if rows:
            self.add(table, rows_to_frame(contract().table(table), rows))

    def flush(self) -> None:
        """Write what the part has collected, in the contract's order of tables."""
        for name in contract().tables:
            tables = self._pending.pop(name, None)
            if tables:
                self._write(name, pa.concat_tables(_same_types(tables)))
        self._part += 1

    def finish(self) -> None:
        """Write the last part, and an empty file for each table that got no row."""
        self.flush()
        for name, table in contract().tables.items():
            if not self.rows[name]:
                empty = rows_to_frame(table, [{}])
                empty = {field.name: _empty(field.kind) for field in table.fields}
                self._write(name, to_arrow(table, empty))

    def _write(self, name: str, data: pa.Table) -> None:
        suffix = f"_{self._part + 1:03d}" if self._parts > 1 else ""
        path = self._folder / f"{name}{suffix}.{self._format}"
        if self._format == "parquet":
            pyarrow.parquet.write_table(
                data, path, compression="zstd", compression_level=1, store_schema=False
            )
        else:
            options = pyarrow.csv.WriteOptions(quoting_style="needed")
            pyarrow.csv.write_csv(_as_text(data), path, options)


def _remove_earlier(folder: Path) -> None:
    """Remove an earlier county's files, so that a smaller one does not lie between its parts."""
    for name in contract().tables:
        for path in [*folder.glob(f"{name}.*"), *folder.glob(f"{name}_[0-9][0-9][0-9].*")]:
            if path.suffix in (".csv", ".parquet"):
                path.unlink()


def write_csv_rows(path: Path, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write plain text rows as a CSV file with a header."""
    arrays = [pa.array([row[index] for row in rows], pa.string()) for index in range(len(columns))]
    pyarrow.csv.write_csv(pa.Table.from_arrays(arrays, names=list(columns)), path)


def _as_text(data: pa.Table) -> pa.Table:
    columns = [
        pc.cast(column, pa.string()) if _needs_text(column.type) else column for column in data.columns
    ]
    return pa.Table.from_arrays(columns, names=data.column_names)


def _needs_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_decimal(kind) or pa.types.is_dictionary(kind))


def _same_types(tables: list[pa.Table]) -> list[pa.Table]:
    """Return the tables with columns as plain text wherever one of them has plain text."""
    schemas = [table.schema for table in tables]
    common = []
    for place, field in enumerate(schemas[0]):
        kinds = {schema.field(place).type for schema in schemas}
        common.append(pa.field(field.name, field.type if len(kinds) == 1 else pa.string()))
    return [table.cast(pa.schema(common)) for table in tables]


def _empty(kind: str) -> Any:
    import numpy as np

    from jicha.demo.frame import Pick

    nothing = np.zeros(0, dtype=np.int64)
    return Pick(nothing, []) if kind == "text" else nothing
