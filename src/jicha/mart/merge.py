"""Merges the staged rows of one table into its files, month by month, in DuckDB."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal

from jicha.contract import Table
from jicha.errors import JichaError
from jicha.mart.catalogue import MartFile
from jicha.mart.columns import column_types, quoted, view_statement
from jicha.mart.delivery import Delivery, Month, stored_columns
from jicha.mart.engine import Engine, month_number, table_parts
from jicha.mart.storage import link_or_copy
from jicha.mart.summary import TableSummary

Mode = Literal["upsert", "replace"]

# Above this a sort spills to disk and costs more than the locality is worth; rows then keep the order of delivery.
SORT_LIMIT_ROWS: Final = 4_000_000
# A month that was loaded in more pieces than this is written as one file again.
MOST_PIECES_A_MONTH: Final = 16


@dataclass(frozen=True, slots=True)
class Piece:
    """A file of one month: stored already, or made by this load and not yet published (`stored` is none)."""

    path: Path
    rows: int
    columns: Mapping[str, str]
    stored: MartFile | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Delivered rows whose key was there already: how many, how many differ, where and by how much."""

    matched: int
    corrected: int
    changed_columns: Mapping[str, int]
    deltas: Mapping[str, Decimal]


@dataclass(slots=True)
class Figures:
    """Counts that grow month by month."""

    added: int = 0
    repeated: int = 0
    corrected: int = 0
    removed: int = 0
    changed_columns: Counter[str] = field(default_factory=Counter)
    deltas: dict[str, Decimal] = field(default_factory=dict)

    def count(self, delivered: int, found: Comparison) -> None:
        """Add the figures of one month."""
        self.added += delivered - found.matched
        self.repeated += found.matched - found.corrected
        self.corrected += found.corrected
        self.changed_columns.update({name: count for name, count in found.changed_columns.items() if count})
        if found.corrected:
            for name, delta in found.deltas.items():
                self.deltas[name] = self.deltas.get(name, Decimal(0)) + delta


class TableMerge:
    """One table of one load."""

    def __init__(
        self, engine: Engine, delivery: Delivery, stored: Sequence[tuple[Path, MartFile]], folder: Path
    ) -> None:
        self._engine = engine
        self._delivery = delivery
        self._table: Table = delivery.table
        self._folder = folder
        self._parts = table_parts(delivery.table)
        self._values = [name for name in self._table.field_names if name not in self._table.primary_key]
        self._summed = [f.name for f in self._table.fields if f.kind in ("energy", "money")]
        self._figures = Figures()
        self._months: dict[Month, list[Piece]] = {}
        self._before = {file.path for _, file in stored}
        for path, file in stored:
            self._months.setdefault(file.ym, []).append(Piece(path, file.rows, file.columns, file))

    def run(self, mode: Mode, progress: Callable[[int, int], None]) -> TableSummary:
        """Merge every month of the delivery and return what changed."""
        self._delivery.open()
        months = self._delivery.months()
        has_moved = self._take_moved_rows_out()
        for done, (month, rows) in enumerate(months):
            progress(done, len(months))
            self._merge_month(month, rows, mode, has_moved)
        progress(len(months), len(months))
        return self._summary()

    def made(self) -> list[tuple[Month, Piece]]:
        """Return the files that this load made, with their month."""
        return [
            (month, piece)
            for month, pieces in self._months.items()
            for piece in pieces
            if piece.stored is None
        ]

    def removed(self) -> list[str]:
        """Return the paths of the stored files that are no longer part of the table."""
        pieces = [piece.stored for month in self._months.values() for piece in month]
        return sorted(self._before - {file.path for file in pieces if file is not None})

    def _summary(self) -> TableSummary:
        figures, delivery = self._figures, self._delivery
        return TableSummary(
            table=self._table.name,
            delivered=delivery.rows,
            added=figures.added,
            repeated=figures.repeated + delivery.repeated,
            corrected=figures.corrected,
            conflict_rows=delivery.conflicts.num_rows if delivery.conflicts is not None else 0,
            removed=figures.removed,
            changed_columns=dict(figures.changed_columns),
            deltas=figures.deltas,
            conflicts=delivery.conflicts,
        )

    # ── rows that come back in another month ─────────────────────────────────────────────────────────────────

    def _take_moved_rows_out(self) -> bool:
        """Take rows out of their month whose key now comes in another one; they count as corrected there."""
        if (
            self._table.month_field is None
            or self._table.month_field in self._table.primary_key
            or not self._months
        ):
            return False
        self._view("current_rows", [piece for pieces in self._months.values() for piece in pieces])
        self._engine.run("moved", ym_c=month_number(self._table, "c."), **self._parts)
        old_months = [month for (month,) in self._engine.all("moved_months")]
        for month in old_months:
            self._view("stored_part", self._months[month])
            self._rewrite(month, "rows_left", expected=None)
        return bool(old_months)

    # ── one month ────────────────────────────────────────────────────────────────────────────────────────────

    def _merge_month(self, month: Month, rows: int, mode: Mode, has_moved: bool) -> None:
        """Choose the cheapest way that is right: most months are new, or come again unchanged."""
        whole = self._delivery.show_part(month, rows)
        if not self._months.get(month) and not has_moved:
            self._figures.added += rows
            self._append(month, rows, whole)
            return
        self._show_current(month, has_moved)
        pairs, found = self._compare(rows, self._is_aligned(month, rows, whole, has_moved))
        self._figures.count(rows, found)
        if mode == "replace":
            self._replace(month, rows, found, pairs)
        elif found.corrected:
            self._upsert(month, rows, found, pairs)
        elif found.matched < rows:
            self._add(month, rows, found, whole, pairs)

    def _show_current(self, month: Month, has_moved: bool) -> None:
        self._view("stored_part", self._months.get(month, []))
        text = "CAST(NULL AS INTEGER)" if month is None else str(month)
        self._engine.run("current_with_moved" if has_moved else "current_plain", month=text)

    def _is_aligned(self, month: Month, rows: int, whole: Sequence[Path], has_moved: bool) -> bool:
        """Tell whether delivered and stored rows seem to be in the same order, from the first few."""
        pieces = self._months.get(month, [])
        if not whole or has_moved or sum(piece.rows for piece in pieces) != rows:
            return False
        if any(piece.columns != column_types(self._table) for piece in pieces):
            return False
        return int(self._engine.one("probe", **self._parts)) == 0

    def _compare(self, rows: int, is_aligned: bool) -> tuple[str, Comparison]:
        """Pair delivered and stored rows, by place if that pairs them all, else by key; return how, and what differs."""
        if is_aligned:
            pairs = self._engine.text("pairs_by_place", self._parts)
            found = self._compare_pairs(pairs)
            if found.matched == rows:
                return pairs, found
        pairs = self._engine.text("pairs_by_key", self._parts)
        return pairs, self._compare_pairs(pairs)

    def _compare_pairs(self, pairs: str) -> Comparison:
        """Count everything that the summary tells in one pass over the pairs."""
        changed = [f"count(*) FILTER (WHERE s.{c} IS DISTINCT FROM c.{c})" for c in map(quoted, self._values)]
        deltas = [
            f"coalesce(sum(coalesce(s.{c}, 0) - coalesce(c.{c}, 0)), 0)" for c in map(quoted, self._summed)
        ]
        counts = "".join(f", {text}" for text in changed + deltas)
        row = self._engine.all("compare", counts=counts, pairs=pairs, **self._parts)[0]
        split = 2 + len(self._values)
        return Comparison(
            matched=row[0],
            corrected=row[1],
            changed_columns=dict(zip(self._values, row[2:split], strict=True)),
            deltas={name: Decimal(value) for name, value in zip(self._summed, row[split:], strict=True)},
        )

    def _add(self, month: Month, rows: int, found: Comparison, whole: Sequence[Path], pairs: str) -> None:
        """Add the new rows beside the files that are there; nothing stored is rewritten."""
        pieces = self._months.get(month, [])
        if len(pieces) >= MOST_PIECES_A_MONTH:
            self._upsert(month, rows, found, pairs)
        elif found.matched == 0:
            self._append(month, rows, whole)
        else:
            self._months[month] = [*pieces, self._write("rows_added", rows - found.matched)]

    def _append(self, month: Month, rows: int, whole: Sequence[Path]) -> None:
        """Take the delivered rows of a month as they are: by a second name if their files are fit, else written."""
        pieces = self._months.get(month, [])
        if whole and len(pieces) + len(whole) <= MOST_PIECES_A_MONTH and self._are_fit(whole, rows):
            made = [self._take_over(path) for path in whole]
        else:
            made = [self._write("rows_all", rows)]
        self._months[month] = [*pieces, *made]

    def _are_fit(self, files: Sequence[Path], rows: int) -> bool:
        """Tell whether writing the files again would gain nothing."""
        return rows > SORT_LIMIT_ROWS or all(self._delivery.is_clustered(path) for path in files)

    def _upsert(self, month: Month, rows: int, found: Comparison, pairs: str) -> None:
        if pairs == self._engine.text("pairs_by_place", self._parts):
            self._rewrite(month, "rows_by_place", expected=rows)
            return
        stored = int(self._engine.one("current_rows_of_month"))
        self._collect_changed_keys(found, pairs)
        name = "rows_upserted" if found.matched < rows else "rows_corrected"
        self._rewrite(month, name, expected=stored + rows - found.matched)

    def _replace(self, month: Month, rows: int, found: Comparison, pairs: str) -> None:
        """Make the month what the delivery says; do nothing if it says what is there."""
        stored = int(self._engine.one("current_rows_of_month"))
        if found.matched == rows == stored:
            if found.corrected:
                self._upsert(month, rows, found, pairs)
            return
        self._collect_changed_keys(found, pairs)
        self._engine.run("kept_key", **self._parts)
        kept = int(self._engine.one("kept_rows", **self._parts))
        self._figures.removed += stored - kept - found.corrected
        if kept < stored or found.matched < rows:
            self._rewrite(month, "rows_replaced", expected=kept + found.corrected + rows - found.matched)

    def _collect_changed_keys(self, found: Comparison, pairs: str) -> None:
        self._engine.run("changed_key", pairs=pairs, **self._parts)
        self._check_count("changed keys", int(self._engine.one("changed_count")), found.corrected)

    # ── files ────────────────────────────────────────────────────────────────────────────────────────────────

    def _view(self, name: str, pieces: Sequence[Piece]) -> None:
        files = [(piece.path, piece.columns) for piece in pieces]
        self._engine.execute(view_statement(name, self._table, files))

    def _rewrite(self, month: Month, rows: str, expected: int | None) -> None:
        """Put one new file in the place of all files of a month."""
        piece = self._write(rows, expected)
        for old in self._months.get(month, []):
            if old.stored is None:
                old.path.unlink()
        self._months[month] = [piece] if piece.rows else []

    def _write(self, rows: str, expected: int | None) -> Piece:
        """Write rows, sorted where that is cheap, and check their number against the one worked out before."""
        path = self._new_path()
        is_sorted = expected is None or expected <= SORT_LIMIT_ROWS
        order = f"ORDER BY {quoted(self._table.primary_key[0])}" if is_sorted else ""
        written = self._engine.write(self._engine.text(rows, self._parts), path, order)
        if expected is not None:
            self._check_count("rows written", written, expected)
        return Piece(path, written, column_types(self._table))

    def _check_count(self, what: str, found: int, expected: int) -> None:
        """Stop the load if two ways of counting differ: better no snapshot than a wrong one."""
        if found != expected:
            raise JichaError(
                f"table {self._table.name}: {found} {what} where {expected} were expected. "
                "Nothing was changed. This is a fault of jicha: report it with the delivery."
            )

    def _take_over(self, staged: Path) -> Piece:
        path = self._new_path()
        link_or_copy(staged, path)
        rows = int(self._engine.one("row_count", paths=f"'{path}'"))
        return Piece(path, rows, stored_columns(self._engine, path))

    def _new_path(self) -> Path:
        return self._folder / f"{uuid.uuid4().hex}.parquet"
