"""The quarantine as a work list: filtered, sorted, a page or a stream at a time, never all of it in memory."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jicha.errors import ExplainedError
from jicha.intake.batches import ArrowTable
from jicha.intake.quarantine import Entry, folder_of
from jicha.intake.reasons import REASONS
from jicha.mart import Mart

# By what the rows are grouped; inside a group they stand as in their files. So nothing is ever sorted in memory.
SORTS: Final[dict[str, tuple[str, ...]]] = {
    "place": (),
    "newest": (),
    "reason": ("reason",),
    "column": ("table", "column"),
}
_BATCH_ROWS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows in quarantine, in which order, and which part of them."""

    batch: str | None = None
    table: str | None = None
    reason: str | None = None
    sort: str = "place"
    limit: int | None = None
    offset: int = 0


class WorkList:
    """The rows in quarantine of all committed deliveries, those that a replay has brought in left out."""

    def __init__(self, mart: Mart, selection: Selection | None = None) -> None:
        self._selection = selection or Selection()
        _refuse_unknown(mart, self._selection)
        self._mart = mart
        self._files = _committed_files(mart, self._selection.batch)
        if self._selection.sort == "newest":
            self._files.reverse()
        self._fixed = pa.array(sorted(fixed_ids(mart)), pa.string())

    def count(self) -> int:
        """Return how many rows are selected, whatever part of them is asked for."""
        return sum(rows.num_rows for _, rows in self._parts({}, ["id"]))

    def tables(self) -> list[str]:
        """Return the tables that have selected rows, in the order of the contract."""
        found = {name for (name,) in self._groups(("table",))}
        return [name for name in self._mart.contract.tables if name in found]

    def table_of(self) -> dict[str, str]:
        """Return the table of each selected row by its id."""
        parts = (rows for _, rows in self._parts({}, ["id", "table"]))
        return {row["id"]: row["table"] for rows in parts for row in rows.to_pylist()}

    def __iter__(self) -> Iterator[Entry]:
        """Yield the rows of the selected part, a batch in memory at a time."""
        skip, left = self._selection.offset, self._selection.limit
        columns = SORTS[self._selection.sort]
        for group, count in sorted(
            self._groups(columns).items(), key=lambda one: [str(part) for part in one[0]]
        ):
            if skip >= count:
                skip -= count
                continue
            for content, rows in self._parts(dict(zip(columns, group, strict=True)), None):
                part = rows.slice(min(skip, rows.num_rows), left)
                skip = max(0, skip - rows.num_rows)
                yield from (_entry(row, content) for row in part.to_pylist())
                left = None if left is None else left - part.num_rows
                if left == 0:
                    return

    def _groups(self, columns: Sequence[str]) -> Counter[tuple[str | None, ...]]:
        """Count the selected rows by the values of some columns."""
        counts: Counter[tuple[str | None, ...]] = Counter()
        for _, rows in self._parts({}, ["id", *columns]):
            counts.update(
                zip(*(rows[name].to_pylist() for name in columns), strict=True)
                if columns
                else {(): rows.num_rows}
            )
        return counts

    def _parts(
        self, values: dict[str, str | None], columns: Sequence[str] | None
    ) -> Iterator[tuple[str, ArrowTable]]:
        """Yield (delivery, selected rows with these values) in the order in which they stand."""
        one = self._selection
        wanted = {
            name: value for name, value in (("table", one.table), ("reason", one.reason)) if value
        } | values
        needed = None if columns is None else list(dict.fromkeys([*columns, *wanted]))
        for content, path in self._files:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(_BATCH_ROWS, columns=needed):
                    rows = batch.filter(pc.invert(pc.is_in(batch["id"], value_set=self._fixed)))
                    for name, value in wanted.items():
                        rows = rows.filter(pc.is_in(rows[name], value_set=pa.array([value], pa.string())))
                    yield content, rows


def entries(mart: Mart, batch: str | None = None, **more: Any) -> list[Entry]:
    """Return the rows in quarantine as a list; `more` are the other parts of a Selection."""
    return list(WorkList(mart, Selection(batch=batch, **more)))


def fixed_ids(mart: Mart) -> frozenset[str]:
    """Return the rows that a committed replay has brought in."""
    done: set[str] = set()
    committed = {record.content_sha256 for record in mart.batches() if not record.undone}
    for path in folder_of(mart).glob("*.fixed.json"):
        if path.name.split(".")[0] in committed:
            done.update(json.loads(path.read_text(encoding="utf-8")))
    return frozenset(done)


def _committed_files(mart: Mart, batch: str | None) -> list[tuple[str, Path]]:
    """Return the files of deliveries that were committed and not undone, oldest first."""
    files: dict[str, tuple[str, Path]] = {}
    for record in mart.batches():
        path = folder_of(mart) / f"{record.content_sha256}-{record.mode}.parquet"
        if not record.undone and path.exists() and record.content_sha256.startswith(batch or ""):
            files[path.name] = (record.content_sha256, path)
    return list(files.values())


def _entry(row: dict[str, Any], content: str) -> Entry:
    more = tuple(tuple(one) for one in json.loads(row["more"] or "[]"))
    texts = ("id", "table", "file", "line", "column", "value", "reason", "expected", "raw")
    return Entry(
        batch=content[:12], row=json.loads(row["row"]), more=more, **{name: row[name] for name in texts}
    )


def _refuse_unknown(mart: Mart, selection: Selection) -> None:
    """Refuse a selection that can hold nothing because a name in it is misspelt."""
    known = {"table": mart.contract.tables, "reason": REASONS, "sort": SORTS}
    for part, names in known.items():
        value = getattr(selection, part)
        if value is not None and value not in names:
            raise ExplainedError(
                where="quarantine list",
                found=f"{part} {value!r}",
                expected="one of " + " ".join(names),
                remedy=f"Write the {part} as it is listed.",
            )
