"""Writes the quarantine as a work list (csv or xlsx) and reads it back when its rows are fixed."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import xlsxwriter

from jicha.errors import ExplainedError
from jicha.intake.encodings import detect, utf8_blocks
from jicha.intake.quarantine import Entry
from jicha.intake.reasons import REASONS, title
from jicha.intake.sheets import read_rows
from jicha.intake.worklist import Selection, WorkList
from jicha.mart import Mart

HEAD: Final = (
    "_id",
    "_decision",
    "_table",
    "_file",
    "_line",
    "_column",
    "_value",
    "_reason",
    "_expected",
    "_remedy",
    "_raw",
)
# A cell that begins so would be run as a formula by a spreadsheet.
_TRIGGERS: Final = ("=", "+", "-", "@", "\t", "\r")
_READ_BYTES: Final = 1 << 20
_MOST_SHEET_ROWS: Final = 1_048_575  # of xlsx, without the head


def quarantine_export(mart: Mart, path: str | Path, batch: str | None = None) -> int:
    """Write all rows in quarantine to a .csv or .xlsx file to be fixed there; return how many."""
    target = Path(path)
    write = _WRITERS.get(target.suffix.lower())
    if write is None:
        raise ExplainedError(
            where=str(target),
            found=f"the ending {target.suffix!r}",
            expected=" or ".join(_WRITERS),
            remedy="Give the file one of these endings.",
        )
    found = WorkList(mart, Selection(batch=batch))
    count = found.count()
    if target.suffix.lower() == ".xlsx" and count > _MOST_SHEET_ROWS:
        raise ExplainedError(
            where=str(target),
            found=f"{count:,} rows",
            expected=f"at most {_MOST_SHEET_ROWS:,} rows in a sheet",
            remedy="Export to a .csv file.",
        )
    columns = [*HEAD, *_fields(mart, found.tables())]
    write(target, columns, (_cells(entry, columns) for entry in found))
    return count


def _fields(mart: Mart, tables: Iterable[str]) -> list[str]:
    """Return the fields of all these tables, each once."""
    return list(dict.fromkeys(name for table in tables for name in mart.contract.table(table).field_names))


def _cells(entry: Entry, columns: Sequence[str]) -> list[str]:
    head = {
        "_id": entry.id,
        "_table": entry.table,
        "_file": entry.file,
        "_line": str(entry.line),
        "_column": entry.column,
        "_value": entry.value,
        "_reason": title(entry.reason),
        "_expected": entry.expected,
        "_remedy": REASONS[entry.reason].remedy if entry.reason in REASONS else "",
        "_raw": entry.raw,
    }
    values = head | entry.row
    return [_harmless(values.get(name) or "") for name in columns]


def _harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula; numbers stay numbers."""
    text = text.replace("\0", "␀")
    is_number = text.lstrip("+-").replace(".", "", 1).isdigit()
    return f"'{text}" if text.startswith(_TRIGGERS) and not is_number else text


def _harmed(text: str) -> str:
    """Return the text as it was before `_harmless`."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_TRIGGERS) else text


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    # With the mark, so that a spreadsheet opens Chinese text rightly.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


def _write_xlsx(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet("quarantine")
        as_text = book.add_format({"num_format": "@"})
        for number, row in enumerate(itertools.chain([columns], rows)):
            for place, text in enumerate(row):
                sheet.write_string(number, place, text[:32767], as_text)


_WRITERS: Final = {".csv": _write_csv, ".xlsx": _write_xlsx}


def read_fixed(path: Path) -> Iterator[tuple[int, dict[str, str | None]]]:
    """Yield (line, values by column) of a work list that was fixed."""
    rows = _csv_rows(path) if path.suffix.lower() != ".xlsx" else _sheet_rows(path)
    header: list[str | None] | None = None
    for line, row in rows:
        if header is None:
            header = row
            _check_header(path, header)
        elif any(row):
            yield (
                line,
                {
                    name: _harmed(text) if text else None
                    for name, text in zip(header, row, strict=False)
                    if name
                },
            )


def _csv_rows(path: Path) -> Iterator[tuple[int, list[str | None]]]:
    with path.open("rb") as stream:
        encoding = detect(path, stream)
        data = b"".join(utf8_blocks(stream, encoding, _READ_BYTES))
    text = data.decode("utf-8" if encoding.name.startswith("utf-16") else encoding.name)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    for row in reader:
        yield line, list(row)
        line = reader.line_num + 1


def _sheet_rows(path: Path) -> Iterator[tuple[int, list[str | None]]]:
    yield from enumerate(read_rows(path, "quarantine"), start=1)


def _check_header(path: Path, header: Sequence[str | None]) -> None:
    lacking = [name for name in ("_id", "_table") if name not in header]
    if lacking:
        raise ExplainedError(
            where=f"{path}:1",
            found=f"no column {', '.join(lacking)}",
            expected="a work list as the quarantine export writes it",
            remedy="Export the quarantine again and fix the values in that file.",
        )
