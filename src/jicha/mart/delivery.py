"""The staged rows of one table: checked, freed of duplicate keys, and split by month."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from jicha.contract import Table
from jicha.errors import ExplainedError
from jicha.mart.columns import column_types, literal, path_list
from jicha.mart.engine import Engine, month_filter, month_number, table_parts
from jicha.mart.summary import ConflictTable

Month = int | None


# Rows times months from which it pays to split a delivery whose months are mixed, instead of reading it once a month.
SPLIT_FROM_ROWS_READ: Final = 300_000_000
_NO_MONTH: Final = "__HIVE_DEFAULT_PARTITION__"


class Delivery:
    """Makes the views `delivered`, `unique_rows` and `part` of one table in the engine."""

    def __init__(self, engine: Engine, table: Table, paths: Sequence[Path], folder: Path) -> None:
        self.table = table
        self.paths = list(paths)
        self.rows = 0
        self.repeated = 0
        self.conflicts: ConflictTable = None
        self.has_duplicates = False
        self._engine = engine
        self._split_folder = folder / "split" / table.name
        self._is_split = False
        self._parts = table_parts(table)
        self._file_months: dict[Path, tuple[tuple[Month, bool], int]] | None = None

    def open(self) -> None:
        """Read shape and size, set duplicates aside."""
        self._check_columns()
        paths = path_list(self.paths)
        self.rows = int(self._engine.one("row_count", paths=paths))
        ym = month_number(self.table)
        self._engine.run("delivered", paths=paths, ym=ym, **self._parts)
        self._check_keys()
        self._set_duplicates_aside()

    def months(self) -> list[tuple[Month, int]]:
        """Return each month of the delivery with its rows, duplicates left out."""
        found = [(month, rows) for month, rows in self._engine.all("months")]
        if self.rows * len(found) > SPLIT_FROM_ROWS_READ and not self._is_split_already(found):
            self._split()
        return found

    def _is_split_already(self, months: Sequence[tuple[Month, int]]) -> bool:
        return all(self._whole_files(month, rows) for month, rows in months)

    def _split(self) -> None:
        """Split the delivery by month in one pass, where reading it once a month would cost more."""
        self._split_folder.mkdir(parents=True)
        self._engine.run("split_buffer")
        self._engine.run("split", folder=literal(str(self._split_folder)))
        self._is_split = True

    def show_part(self, month: Month, rows: int) -> list[Path]:
        """Make `part` the rows of one month; return the staged files that are exactly this month, if there are any."""
        files = self._whole_files(month, rows)
        if files:
            self._engine.run("part_of_files", paths=path_list(files), **self._parts)
        else:
            self._engine.run("part", month_filter=month_filter(self.table, month), **self._parts)
        return files

    def _whole_files(self, month: Month, rows: int) -> list[Path]:
        if self._is_split:
            return sorted(self._split_folder.glob(f"ym={_NO_MONTH if month is None else month}/*.parquet"))
        if self.has_duplicates:
            return []
        found = {
            path: count for path, (its_month, count) in self._files().items() if its_month == (month, True)
        }
        return list(found) if sum(found.values()) == rows else []

    def _files(self) -> dict[Path, tuple[tuple[Month, bool], int]]:
        """Return for each staged file its month, whether all its rows are of it, and their number, from the footers."""
        if self._file_months is None:
            column = self.table.month_field or self.table.primary_key[0]
            bounds = self._engine.all("file_bounds", paths=path_list(self.paths), column=literal(column))
            found = {Path(name): (self._month(*rest), int(rows)) for name, *rest, rows in bounds}
            self._file_months = {path: found[path] for path in self.paths if path in found}
        return self._file_months

    def _month(
        self, low: str | None, high: str | None, is_told: bool, nulls: int | None
    ) -> tuple[Month, bool]:
        if self.table.month_field is None:
            return None, True
        return _month_of(low), is_told and nulls == 0 and _month_of(low) == _month_of(high)

    def is_clustered(self, path: Path) -> bool:
        """Tell from the footer whether a file is compressed and its row groups follow the key's first column."""
        column = literal(self.table.primary_key[0])
        groups = self._engine.all("clustering", path=literal(str(path)), column=column)
        if any(low is None or compression == "UNCOMPRESSED" for low, _, compression in groups):
            return False
        return all(before[1] <= after[0] for before, after in itertools.pairwise(groups))

    def _check_columns(self) -> None:
        """Refuse staged files that do not have the contract's columns and types."""
        expected = column_types(self.table)
        for path in self.paths:
            found = stored_columns(self._engine, path)
            if any(found.get(name) != sql_type for name, sql_type in expected.items()):
                raise self._wrong_shape(path, found, expected)

    def _wrong_shape(
        self, path: Path, found: Mapping[str, str], expected: Mapping[str, str]
    ) -> ExplainedError:
        wrong = [name for name, sql_type in expected.items() if found.get(name) != sql_type]
        return ExplainedError(
            where=str(path),
            found=", ".join(f"{name} {found.get(name, 'absent')}" for name in wrong),
            expected=", ".join(f"{name} {expected[name]}" for name in wrong),
            remedy=f"Stage the table {self.table.name} with the contract's columns and types.",
        )

    def _check_keys(self) -> None:
        """Refuse rows without a key: intake sends them to quarantine before."""
        columns = ", ".join(map(literal, self.table.primary_key))
        if not self._engine.one("may_be_keyless", paths=path_list(self.paths), columns=columns):
            return
        keyless = self._engine.all("keyless", **self._parts)
        if keyless:
            raise ExplainedError(
                where=f"table {self.table.name}, source file {keyless[0][0]}, line {keyless[0][1]}",
                found="a row with an empty key field",
                expected="values in " + ", ".join(self.table.primary_key),
                remedy="Put rows with an empty key into quarantine before they are merged.",
            )

    def _set_duplicates_aside(self) -> None:
        """Make `unique_rows`; without duplicates it is the delivery itself and costs nothing more."""
        self._engine.run("repeated_hash", **self._parts)
        if self._engine.one("repeated_hash_count"):
            self._tell_copies_apart()
        else:
            self._engine.run("no_conflict_key", **self._parts)
        name = "unique_rows" if self.has_duplicates else "unique_rows_plain"
        self._engine.run(name, **self._parts)

    def _tell_copies_apart(self) -> None:
        """Look at the rows that share a key: copies that agree are repeated, copies that do not are in conflict."""
        for step in ("suspect", "duplicate_key", "conflict_key"):
            self._engine.run(step, **self._parts)
        self.has_duplicates = bool(self._engine.one("duplicate_count"))
        self.repeated = int(self._engine.one("exact_copies"))
        conflicts = self._engine.connection.sql(self._engine.text("conflicts", self._parts)).to_arrow_table()
        self.conflicts = conflicts if conflicts.num_rows else None


def stored_columns(engine: Engine, path: Path) -> dict[str, str]:
    """Return the columns of a Parquet file and their SQL types."""
    return {row[0]: row[1] for row in engine.all("schema", path=literal(str(path)))}


def _month_of(bound: str | None) -> Month:
    """Return the month of a footer's text for a date or timestamp."""
    return int(bound[:4]) * 100 + int(bound[5:7]) if bound else None
