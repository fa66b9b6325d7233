"""Reads Parquet files, typed or as text."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from jicha.errors import ExplainedError
from jicha.intake.columns import ColumnReader, with_lines
from jicha.intake.engine import open_engine
from jicha.intake.headers import match_header
from jicha.intake.staging import StagedUnit, write_part
from jicha.intake.text_files import Settings, note_columns

_BATCH_ROWS: Final = 122_880


def read_parquet_file(unit: StagedUnit, settings: Settings) -> None:
    """Read one Parquet file into staged parts; `_line` is the number of the row."""
    path = Path(unit.place)
    file = open_parquet(path)
    match = match_header(unit.table, file.schema_arrow.names, unit.place)
    note_columns(unit, match)
    names = {name: file.schema_arrow.names[place] for name, place in match.positions.items()}
    with path.open("rb") as stream:
        unit.sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    unit.encoding, unit.bytes, total = "Parquet", path.stat().st_size, file.metadata.num_rows
    with open_engine(settings.memory_limit) as connection:
        reader = ColumnReader(connection, unit.table, unit.place)
        for batch in file.iter_batches(_BATCH_ROWS, columns=list(names.values())):
            rows = pa.table({name: batch.column(source) for name, source in names.items()})
            unit.take(write_part(settings.folder, unit, reader.read(with_lines(rows, unit.rows_read + 1))))
            settings.progress(f"read {path.name}", unit.rows_read, total)
    if unit.rows_read != total:
        raise _unreadable(path, f"{unit.rows_read} of {total} rows")


def open_parquet(path: Path) -> pq.ParquetFile:
    """Open a Parquet file or say why it cannot be."""
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise _unreadable(path, str(error).splitlines()[0]) from None


def _unreadable(path: Path, found: str) -> ExplainedError:
    return ExplainedError(
        where=str(path),
        found=f"a Parquet file that cannot be read: {found}",
        expected="a whole Parquet file",
        remedy="It may still be written or be cut off: have it sent again.",
    )
