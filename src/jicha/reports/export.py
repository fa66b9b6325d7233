"""Findings as files: Parquet, CSV, JSON lines and Excel, none of which can carry a formula of somebody's making."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from jicha.errors import BilingualError, ExplainedError

# A spreadsheet takes a cell that begins so as a formula or a command (OWASP: CSV injection).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
EXCEL_ROWS = 1_048_575


def write_findings(findings: pa.Table, path: Path, language: str = "zh") -> int:
    """Write the findings in the form that the file's ending names; return the number of rows.

    The messages are written in the language; everything else is the same in all.
    """
    return write_table(findings if language == "zh" else translated(findings), path)


def write_table(table: pa.Table, path: Path) -> int:
    """Write a table as .parquet, .csv, .jsonl or .xlsx, whole or not at all; return the number of rows."""
    writer = writer_of(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    try:
        writer(table, draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return int(table.num_rows)


def writer_of(path: Path) -> Callable[[pa.Table, Path], None]:
    """Return what writes files of this ending; ask before a long run, so that it is not in vain."""
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise BilingualError(
            where=str(path), found=f"the ending {path.suffix!r}", expected=" ".join(WRITERS),
            remedy="Choose one of these endings.",
            zh=f"{path}：不能写成 {path.suffix!r} 文件；文件名应以 {' '.join(WRITERS)} 之一结尾。",
        )  # fmt: skip
    return writer


def translated(findings: pa.Table) -> pa.Table:
    """Return the findings with their English sentences, which the evidence holds beside the Chinese ones."""
    messages = [json.loads(evidence)["message_en"] for evidence in findings["evidence"].to_pylist()]
    position = findings.schema.get_field_index("message")
    return findings.set_column(position, "message", pa.array(messages, pa.string()))


def plain_rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Yield rows whose money and dates are text, exact and sortable."""
    for batch in table.to_batches(max_chunksize=10_000):
        for row in batch.to_pylist():
            yield {name: _text(value) for name, value in row.items()}


def _text(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def safe_cell(value: Any) -> Any:
    """Return a text that no spreadsheet takes as a formula; numbers stay numbers."""
    if not isinstance(value, str) or _is_number(value):
        return value
    # Some programs drop leading blanks before they look for a formula.
    if value.startswith(FORMULA_STARTS) or value.lstrip().startswith(FORMULA_STARTS):
        return "'" + value
    return value


def _is_number(text: str) -> bool:
    body = text[1:] if text[:1] in "+-" else text
    return body.replace(".", "", 1).isascii() and body.replace(".", "", 1).isdigit()


def _parquet(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path, compression="zstd")


def _csv(table: pa.Table, path: Path) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table.column_names)
        for row in plain_rows(table):
            writer.writerow([safe_cell("" if value is None else value) for value in row.values()])


def _jsonl(table: pa.Table, path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in plain_rows(table):
            row["evidence"] = json.loads(row["evidence"]) if "evidence" in row else None
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _xlsx(table: pa.Table, path: Path) -> None:
    if table.num_rows > EXCEL_ROWS:
        raise ExplainedError(
            where=str(path), found=f"{table.num_rows:,} rows", expected=f"at most {EXCEL_ROWS:,} in a sheet",
            remedy="Filter, or write .csv or .parquet.",
        )  # fmt: skip
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet("findings")
        bold = book.add_format({"bold": True, "bottom": 1})
        money = book.add_format({"num_format": "#,##0.00"})
        for column, name in enumerate(table.column_names):
            sheet.write_string(0, column, name, bold)
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(_python_rows(table), 1):
            for column, value in enumerate(row):
                _write_cell(sheet, number, column, value, money)
        sheet.autofilter(0, 0, max(table.num_rows, 1), table.num_columns - 1)


def _python_rows(table: pa.Table) -> Iterator[list[Any]]:
    for batch in table.to_batches(max_chunksize=10_000):
        yield from (list(row.values()) for row in batch.to_pylist())


def _write_cell(sheet: Any, row: int, column: int, value: Any, money: Any) -> None:
    if isinstance(value, Decimal):
        sheet.write_number(row, column, value, money)
    elif isinstance(value, (int, float)):
        sheet.write_number(row, column, value)
    elif value is not None:
        sheet.write_string(row, column, str(_text(value))[:32_767])


WRITERS: dict[str, Callable[[pa.Table, Path], None]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".xlsx": _xlsx,
}
