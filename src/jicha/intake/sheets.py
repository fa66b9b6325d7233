"""Reads the sheets of a workbook."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from python_calamine import CalamineError, CalamineWorkbook

from jicha.errors import ExplainedError, Location
from jicha.intake.archives import refuse_bomb
from jicha.intake.batches import BadRow, TypedRows, as_raw
from jicha.intake.careful import Problem
from jicha.intake.columns import ColumnReader, text_table
from jicha.intake.engine import open_engine
from jicha.intake.headers import match_header
from jicha.intake.sources import table_of
from jicha.intake.staging import StagedUnit, write_part
from jicha.intake.text_files import Settings, note_columns

_BATCH_ROWS: Final = 50_000
# From here on a spreadsheet has dropped digits of what was typed.
_EXACT_BELOW: Final = 10**15

Rows = Sequence[Sequence[Any]]


def sheets_of(path: Path, tables: Sequence[str], named: str | None) -> list[tuple[str, str]]:
    """Return (sheet, table) of a workbook: sheets named like a table, else the first sheet for the file's name."""
    workbook = _open(path)
    found = [(name, table) for name in workbook.sheet_names if (table := table_of(Path(name), tables))]
    if found:
        return found
    if named is not None and workbook.sheet_names:
        return [(workbook.sheet_names[0], named)]
    raise ExplainedError(
        where=str(path),
        found=f"the sheets {', '.join(workbook.sheet_names)}",
        expected="a sheet named like a table, or a file named so",
        remedy="Rename the sheet or the file to the table, for example customer.xlsx.",
    )


def _open(path: Path) -> Any:
    if path.suffix.lower() != ".xls":
        refuse_bomb(path)
    try:
        return CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError, ValueError) as error:
        raise ExplainedError(
            where=str(path),
            found=f"a workbook that cannot be read ({error})",
            expected="an .xlsx or .xls workbook without a password",
            remedy="Open and save it again, or deliver CSV.",
        ) from None


def read_rows(path: Path, sheet: str) -> list[list[str | None]]:
    """Return all rows of a sheet as texts; row 1 of the sheet is the first."""
    rows: Rows = _open(path).get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    return [[cell_text(value) for value in row] for row in rows]


def cell_text(value: Any) -> str | None:
    """Return the text of a cell, numbers as a spreadsheet shows them: with fifteen digits."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT_BELOW else f"{value:.15g}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return str(value)


def read_sheet(unit: StagedUnit, path: Path, sheet: str, settings: Settings) -> None:
    """Read one sheet into staged parts."""
    rows = read_rows(path, sheet)
    header_row = next((number for number, row in enumerate(rows) if any(row)), None)
    if header_row is None:
        raise _no_header(path, sheet)
    header = [text or f"(column {place + 1})" for place, text in enumerate(_trimmed(rows[header_row]))]
    match = match_header(unit.table, header, unit.place)
    note_columns(unit, match)
    unit.encoding, unit.sha256, unit.bytes = "workbook", _hash(path, sheet), path.stat().st_size
    with open_engine(settings.memory_limit) as connection:
        reader = ColumnReader(connection, unit.table, unit.place)
        for part in _batches(rows, header_row + 1):
            unit.take(write_part(settings.folder, unit, _read_part(reader, unit, part, match.positions)))


def _batches(rows: list[list[str | None]], start: int) -> Iterator[list[tuple[int, list[str | None]]]]:
    """Yield the rows below the header with their sheet row, wholly empty rows left out."""
    numbered = [(number + 1, row) for number, row in enumerate(rows) if number >= start and any(row)]
    for first in range(0, len(numbered), _BATCH_ROWS):
        yield numbered[first : first + _BATCH_ROWS]


def _read_part(
    reader: ColumnReader, unit: StagedUnit, part: list[tuple[int, list[str | None]]], positions: Any
) -> TypedRows:
    bad = [row for line, cells in part if (row := _lost_digits(unit, line, cells, positions))]
    lost = {row.line for row in bad}
    kept = [(line, cells) for line, cells in part if line not in lost]
    columns = {
        name: [cells[place] if place < len(cells) else None for _, cells in kept]
        for name, place in positions.items()
    }
    result = reader.read(text_table(columns, [line for line, _ in kept]))
    result.bad += bad
    result.rows_read += len(bad)
    return result


def _lost_digits(unit: StagedUnit, line: int, cells: list[str | None], positions: Any) -> BadRow | None:
    """Return a row whose number, meant as a text, has lost digits in the spreadsheet."""
    for field in unit.table.fields:
        place = positions.get(field.name)
        text = cells[place] if place is not None and place < len(cells) else None
        if field.kind == "text" and not field.enum and text and _is_rounded(text):
            problem = Problem(
                field.name, text, "digits_lost", "the number stored as text, with all its digits"
            )
            texts = {name: cells[at] if at < len(cells) else None for name, at in positions.items()}
            return BadRow(line, (problem,), as_raw(cells), texts)
    return None


def _is_rounded(text: str) -> bool:
    head, separator, tail = text.partition("e+")
    return bool(separator) and head.replace(".", "", 1).isdigit() and tail.isdigit()


def _trimmed(row: list[str | None]) -> list[str | None]:
    """Return the row without empty cells at its end."""
    last = max((place for place, text in enumerate(row) if text), default=-1)
    return row[: last + 1]


def _hash(path: Path, sheet: str) -> str:
    return hashlib.sha256(path.read_bytes() + sheet.encode()).hexdigest()


def _no_header(path: Path, sheet: str) -> ExplainedError:
    return ExplainedError(
        where=Location(f"{path}[{sheet}]"),
        found="an empty sheet",
        expected="a header row with the names of the columns",
        remedy="Fill in the sheet or remove it.",
    )
