"""Reads one chunk of a text file: at full speed where rows are plain, with care where they are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jicha.contract import Table
from jicha.errors import ExplainedError
from jicha.intake.batches import ArrowTable, BadRow, TextRow, TypedRows, arrow_schema, read_carefully
from jicha.intake.careful import Problem
from jicha.intake.cells import plain_condition, value_list
from jicha.intake.csv_chunks import Chunk, Lines, Numbers, has_odd_blanks, slow_lines
from jicha.intake.engine import as_file
from jicha.intake.queries import literal, named_queries
from jicha.intake.rows import Layout, RawRow, find_spans, lines_of_spans, read_slowly

# Where the engine's count of rows differs from the count of lines, the lines are halved down to this many.
_FEW_LINES: Final = 256
_NOTHING: Final = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Target:
    """The table that a file is read for, and the column (from 0) that holds each field."""

    table: Table
    positions: Mapping[str, int]
    layout: Layout
    spare_encoding: str | None = None


@dataclass(frozen=True, slots=True)
class _Fast:
    """What the engine made of some lines: typed rows with their lines, and the lines that need a closer look."""

    rows: list[ArrowTable]
    doubtful: Numbers


class ChunkReader:
    """Reads the chunks of one file in one engine; not for two threads at once."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, target: Target, folder: Path) -> None:
        self._connection = connection
        self._target = target
        self._folder = folder
        self._sql = named_queries("intake.sql")
        self._schema = arrow_schema(target.table)
        width = len(target.layout.header)
        self._columns = "{" + ", ".join(f"'c{place}': 'VARCHAR'" for place in range(width)) + "}"
        self._texts = {name: f"c{place}" for name, place in target.positions.items()}

    def read(self, chunk: Chunk) -> TypedRows:
        """Return the rows of a chunk; every physical line is accounted for."""
        lines = Lines(chunk.data)
        odd = lines.odd_quotes()
        spans = find_spans(lines, odd, self._target.layout)
        in_spans = lines_of_spans(spans)
        blank = np.setdiff1d(np.flatnonzero(lines.ends == lines.starts), in_spans)
        slow = np.setdiff1d(slow_lines(lines, odd), in_spans)
        rest = _without(len(lines), in_spans, blank, slow)
        fast = self._fast(lines, rest, has_odd_blanks(chunk.data, self._target.layout.delimiter))
        single = np.union1d(slow, fast.doubtful)
        good = [pa.concat_tables(fast.rows)] if fast.rows else []
        result = TypedRows(good=[self._numbered(rows, chunk.first_line) for rows in good])
        self._read_slowly(
            read_slowly(lines, single, spans, self._target.layout, self._target.spare_encoding), chunk, result
        )
        result.rows_read = len(rest) + len(slow) + len(spans)
        result.lines_read, result.blank_lines = len(lines), len(blank)
        self._reconcile(result, len(in_spans) - len(spans), chunk)
        return result

    def _fast(self, lines: Lines, numbers: Numbers, odd_blanks: bool) -> _Fast:
        """Read lines in the engine; where its count does not add up, halve them until the fault is isolated."""
        if not len(numbers):
            return _Fast([], _NOTHING)
        data = lines.join(numbers)
        table, positions = self._run(data, odd_blanks)
        # Where every line was handed over, the lines of the chunk are the lines of the text.
        given = lines if data is lines.data else Lines(data)
        rejected = np.unique(given.of(positions)) if positions else _NOTHING
        if table.num_rows + len(rejected) == len(numbers):
            return self._sorted_out(table, numbers, rejected)
        if len(numbers) <= _FEW_LINES:
            return _Fast([], numbers)
        halves = [self._fast(lines, part, odd_blanks) for part in np.array_split(numbers, 2)]
        return _Fast(halves[0].rows + halves[1].rows, np.concatenate([half.doubtful for half in halves]))

    def _run(self, data: bytes, odd_blanks: bool) -> tuple[ArrowTable, list[int]]:
        """Return the rows that the engine could read, and where the lines begin that it refused."""
        with as_file(data, self._folder) as path:
            statement = self._statement(path, b'"' in data, odd_blanks)
            table = self._connection.sql(statement).to_arrow_table()
        positions = [row[0] for row in self._connection.execute(self._sql["rejected_positions"]).fetchall()]
        self._connection.execute(self._sql["forget_rejects"])
        self._connection.execute(self._sql["forget_scans"])
        return table, positions

    def _statement(self, path: str, has_quotes: bool, odd_blanks: bool) -> str:
        table = self._target.table
        return self._sql["read_lines"].format(
            values=value_list(table, self._texts),
            plain=plain_condition(table, self._texts, odd_blanks=odd_blanks),
            path=literal(path),
            columns=self._columns,
            delimiter=literal(self._target.layout.delimiter),
            # Without a quote in the chunk none can be left open: a row is a line.
            quote=literal('"' if has_quotes else ""),
        )

    def _sorted_out(self, table: ArrowTable, numbers: Numbers, rejected: Numbers) -> _Fast:
        """Give each row its line and set the doubtful ones aside."""
        taken = np.delete(numbers, rejected) if len(rejected) else numbers
        plain = table.column("_plain").combine_chunks().to_numpy(zero_copy_only=False)
        doubtful = np.flatnonzero(~plain)
        numbered = table.drop_columns(["_plain"]).append_column("_line", pa.array(taken))
        return _Fast(list(_between(numbered, doubtful)), np.union1d(numbers[rejected], taken[doubtful]))

    def _numbered(self, table: ArrowTable, first_line: int) -> ArrowTable:
        """Turn lines of the chunk into lines of the file."""
        place = table.schema.get_field_index("_line")
        shifted = pc.add(table.column("_line"), first_line)
        return table.set_column(place, "_line", shifted).cast(self._schema)

    def _read_slowly(self, rows: Iterator[RawRow], chunk: Chunk, result: TypedRows) -> None:
        read_carefully(self._target.table, self._text_rows(rows, chunk, result), result)

    def _text_rows(self, rows: Iterator[RawRow], chunk: Chunk, result: TypedRows) -> Iterator[TextRow]:
        """Yield the rows of the right shape; the others go to the quarantine at once."""
        for row in rows:
            texts = self._by_field(row.cells)
            line = chunk.first_line + row.line
            if row.fault is None:
                yield TextRow(line, texts, row.raw)
            else:
                problem = Problem(None, None, row.fault.reason, row.fault.expected)
                result.bad.append(BadRow(line, (problem,), row.raw, texts))

    def _by_field(self, cells: tuple[str, ...]) -> dict[str, str | None]:
        return {name: cells[place] for name, place in self._target.positions.items() if place < len(cells)}

    def _reconcile(self, result: TypedRows, inner_lines: int, chunk: Chunk) -> None:
        """Hold the promise: every physical line is in a row or blank, every row is good or bad."""
        lines = result.rows_read + inner_lines + result.blank_lines
        rows = result.good_rows + len(result.bad)
        if lines == result.lines_read and rows == result.rows_read:
            return
        raise ExplainedError(
            where=f"{self._target.layout.path}, lines from {chunk.first_line}",
            found=f"{result.lines_read} lines, {result.rows_read} rows, of which {rows} were placed",
            expected="every line in a row or blank, every row taken or in quarantine",
            remedy="Nothing was loaded. This is a fault of jicha: please report it with these figures.",
        )


def _between(table: ArrowTable, gaps: Numbers) -> Iterator[ArrowTable]:
    """Yield what lies between some rows, without copying it unless the gaps are many."""
    if len(gaps) > table.num_rows // 100:
        keep = np.ones(table.num_rows, dtype=bool)
        keep[gaps] = False
        yield table.filter(pa.array(keep))
        return
    start = 0
    for gap in [*gaps.tolist(), table.num_rows]:
        if gap > start:
            yield table.slice(start, gap - start)
        start = gap + 1


def _without(count: int, *parts: Numbers) -> Numbers:
    """Return the line numbers below `count` that are in none of the parts."""
    if not any(len(part) for part in parts):
        return np.arange(count, dtype=np.int64)
    keep = np.ones(count, dtype=bool)
    for part in parts:
        keep[part] = False
    return np.flatnonzero(keep)
