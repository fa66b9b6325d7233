"""Reads the rows that the engine's reader may not see, one by one, and accounts for every physical line."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from jicha.intake.careful import BadValue
from jicha.intake.csv_chunks import MOST_LINES_A_ROW, Lines, Numbers

# A field may be as long as a row may be; Python's own limit of 128 KiB is lower.
csv.field_size_limit(64 << 20)
_RAW_LIMIT: Final = 4000


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as it stands in the file: its first line (from 0 in its chunk), cells, and what is wrong with its shape."""

    line: int
    cells: tuple[str, ...]
    raw: str
    fault: BadValue | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """How the lines of one file divide into columns."""

    path: str
    delimiter: str
    header: tuple[str, ...]
    header_lines: int


def split(text: str, delimiter: str) -> tuple[str, ...]:
    """Return the cells of one row, or raise csv.Error for quotes that do not close."""
    return tuple(next(csv.reader([text], delimiter=delimiter, strict=True), ()))


def find_spans(lines: Lines, odd: Numbers, layout: Layout) -> list[tuple[int, int]]:
    """Return (first, last) line of the rows that run over several lines by a quoted line end."""
    spans: list[tuple[int, int]] = []
    opening: int | None = None
    for line in odd.tolist():
        if (
            opening is not None
            and line - opening < MOST_LINES_A_ROW
            and _is_row(lines, opening, line, layout)
        ):
            spans.append((opening, line))
            opening = None
        else:
            opening = line
    return spans


def _is_row(lines: Lines, first: int, last: int, layout: Layout) -> bool:
    """Tell whether the lines together are one row, and none of those between would be a row of its own."""
    text = lines.data[lines.starts[first] : lines.ends[last]].decode("utf-8", "replace")
    width = len(layout.header)
    inner = (lines.text(line) for line in range(first + 1, last))
    if any(line.count(layout.delimiter.encode()) >= width - 1 > 0 for line in inner):
        return False
    try:
        return len(split(text, layout.delimiter)) == width
    except csv.Error:
        return False


def lines_of_spans(spans: Iterable[tuple[int, int]]) -> Numbers:
    """Return all lines that belong to the spans."""
    parts = [np.arange(first, last + 1) for first, last in spans]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def read_slowly(
    lines: Lines, single: Numbers, spans: list[tuple[int, int]], layout: Layout, spare: str | None
) -> Iterator[RawRow]:
    """Yield the rows of some single lines and of the spans, in the order of the file."""
    places = [(line, line) for line in single.tolist()] + spans
    for first, last in sorted(places):
        yield _raw_row(first, lines.data[lines.starts[first] : lines.ends[last]], layout, spare)


def _raw_row(line: int, data: bytes, layout: Layout, spare: str | None) -> RawRow:
    text = decoded(data, spare)
    raw = text if len(text) <= _RAW_LIMIT else text[:_RAW_LIMIT] + f"… ({len(text)} characters)"
    if "\0" in text:
        return RawRow(line, (), raw, BadValue("nul_byte", "text without NUL bytes"))
    try:
        cells = split(text, layout.delimiter)
    except csv.Error:
        return RawRow(
            line,
            (),
            raw,
            BadValue("unclosed_quote", 'a closing quote, or quotes written twice ("") inside a value'),
        )
    width = len(layout.header)
    if len(cells) != width:
        return RawRow(
            line, cells, raw, BadValue("ragged_row", f"{width} columns as in the header, not {len(cells)}")
        )
    return RawRow(line, cells, raw)


def decoded(data: bytes, spare: str | None) -> str:
    """Return the text of a row; bytes that are no UTF-8 are tried in the spare encoding, else marked as lost."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if spare is not None:
        try:
            return data.decode(spare)
        except UnicodeDecodeError:
            pass
    return data.decode("utf-8", "replace")
