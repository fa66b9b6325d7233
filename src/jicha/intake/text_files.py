"""Reads a whole text file, several chunks at once, into staged parts."""

from __future__ import annotations

import gzip
import hashlib
import itertools
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any, Final, cast

import duckdb

from jicha.contract import Table
from jicha.errors import ExplainedError, Location
from jicha.intake.csv_chunks import CHUNK_BYTES, Chunk, read_chunks
from jicha.intake.csv_reader import ChunkReader, Target
from jicha.intake.encodings import GB18030, Encoding, detect, utf8_blocks
from jicha.intake.engine import open_engine
from jicha.intake.headers import Match, match_header, split_header
from jicha.intake.rows import Layout
from jicha.intake.staging import StagedPart, StagedUnit, write_part

_READ_BYTES: Final = CHUNK_BYTES
# A text file rarely shrinks to less than a fiftieth; one that does may be made to fill the disk.
_MOST_RATIO: Final = 500
_RATIO_FROM_BYTES: Final = 256 << 20


@dataclass(frozen=True, slots=True)
class Settings:
    """What every reader of one load needs."""

    folder: Path
    memory_limit: str
    threads: int
    encoding: str | None
    progress: Callable[[str, int, int], None]
    ignored: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Counted:
    """Counts and hashes the bytes of a file while they are read."""

    stream: IO[bytes]
    hash: Any = field(default_factory=hashlib.sha256)
    count: int = 0

    def blocks(self, encoding: Encoding) -> Iterator[bytes]:
        """Yield the file as UTF-8 or ASCII-compatible blocks."""
        return utf8_blocks(cast("IO[bytes]", self), encoding, _READ_BYTES)

    def seek(self, position: int) -> int:
        """Go back to the start of the text; what is before it counts as read."""
        self.stream.seek(0)
        self.read(position)
        return position

    def read(self, size: int) -> bytes:
        """Read, count and hash."""
        block = self.stream.read(size)
        self.hash.update(block)
        self.count += len(block)
        return block


def read_text_file(
    unit: StagedUnit, settings: Settings, target_of: Callable[[Layout, Encoding], Target]
) -> None:
    """Read one file into staged parts of `unit`; refuse a file that changes meanwhile or breaks off."""
    path = Path(unit.place)
    before = _state(path)
    _refuse_empty(path, before)
    with _opened(path) as stream:
        encoding = detect(path, stream, settings.encoding)
        counted = _Counted(stream)
        chunks = _guarded(read_chunks(counted.blocks(encoding), encoding, unit.place), counted, path)
        layout, rest = _take_header(chunks, unit.place)
        target = target_of(layout, encoding)
        unit.encoding = encoding.title
        _read_all(rest, unit, settings, target, before[0])
        unit.sha256, unit.bytes = counted.hash.hexdigest(), counted.count
    _refuse_changed(path, before)


def read_text_stream(blocks: Iterator[bytes], unit: StagedUnit, settings: Settings) -> None:
    """Read CSV that comes as a stream, such as the copy of a database table."""
    encoding = Encoding("utf-8")
    counted = hashlib.sha256()

    def hashed() -> Iterator[bytes]:
        for block in blocks:
            counted.update(block)
            unit.bytes += len(block)
            yield block

    layout, rest = _take_header(read_chunks(hashed(), encoding, unit.place), unit.place)
    _read_all(rest, unit, settings, contract_target(unit.table, unit)(layout, encoding), 0)
    unit.sha256 = counted.hexdigest()


def contract_target(table: Table, unit: StagedUnit) -> Callable[[Layout, Encoding], Target]:
    """Return the maker of a target whose file has the contract's own columns."""

    def make(layout: Layout, encoding: Encoding) -> Target:
        match = match_header(table, layout.header, layout.path)
        note_columns(unit, match)
        return Target(table, match.positions, layout, GB18030 if encoding.is_guess else None)

    return make


def note_columns(unit: StagedUnit, match: Match) -> None:
    """Warn of columns that are unknown or absent."""
    unit.warnings.update({(name, "unknown column, not loaded"): 1 for name in match.unknown})
    unit.warnings.update({(name, "column absent, left empty"): 1 for name in match.absent})


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    if path.suffix == ".gz":
        with gzip.open(path, "rb") as packed:
            yield cast("IO[bytes]", packed)
    else:
        with path.open("rb") as plain:
            yield plain


def _state(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _refuse_empty(path: Path, state: tuple[int, int]) -> None:
    if state[0] == 0:
        raise ExplainedError(
            where=str(path),
            found="an empty file (0 bytes)",
            expected="at least a header row",
            remedy="Export it again; for a table without rows deliver the header alone, or no file.",
        )


def _refuse_changed(path: Path, before: tuple[int, int]) -> None:
    if _state(path) != before:
        raise ExplainedError(
            where=str(path),
            found="the file has changed while it was read: it is still being written",
            expected="a finished file",
            remedy="Wait until the export has ended, then load again. Nothing was loaded.",
        )


def _guarded(chunks: Iterator[Chunk], counted: _Counted, path: Path) -> Iterator[Chunk]:
    """Refuse a packed file that unpacks to far more than text does."""
    packed = path.stat().st_size
    for chunk in chunks:
        if path.suffix == ".gz" and counted.count > max(_RATIO_FROM_BYTES, packed * _MOST_RATIO):
            raise ExplainedError(
                where=str(path),
                found=f"{packed:,} bytes that unpack to more than {counted.count:,}",
                expected=f"a packed file of at most {_MOST_RATIO} times its size",
                remedy="Unpack and check the file; deliver it unpacked if it is what it should be.",
            )
        yield chunk


def _take_header(chunks: Iterator[Chunk], path: str) -> tuple[Layout, Iterator[Chunk]]:
    """Read the header line and give back the chunks without it."""
    first = next(chunks)
    end = first.data.find(b"\n") + 1
    line = first.data[:end].rstrip(b"\r\n").decode("utf-8", "replace").lstrip("\ufeff")
    if not line.strip():
        raise ExplainedError(
            where=Location(path, 1),
            found="an empty first line",
            expected="a header row with the names of the columns",
            remedy="Put the header into the first line.",
        )
    delimiter, header = split_header(line, path)
    body = Chunk(
        first.number,
        first.first_line + 1,
        first.data[end:],
        first.is_last,
        first.ends_open and end < len(first.data),
    )
    return Layout(path, delimiter, header, 1), itertools.chain([body], chunks)


def _read_all(
    chunks: Iterator[Chunk], unit: StagedUnit, settings: Settings, target: Target, size: int
) -> None:
    """Read the chunks on all threads and take the parts in the order of the file."""
    readers: SimpleQueue[ChunkReader] = SimpleQueue()
    connections = [open_engine(settings.memory_limit) for _ in range(settings.threads)]
    for connection in connections:
        readers.put(ChunkReader(connection, target, settings.folder))
    try:
        with ThreadPoolExecutor(settings.threads) as pool:
            waiting: deque[tuple[Chunk, Future[StagedPart]]] = deque()
            for chunk in chunks:
                waiting.append((chunk, pool.submit(_read_one, chunk, readers, unit, settings.folder)))
                if len(waiting) > settings.threads:
                    _take(waiting, unit, settings, size)
            while waiting:
                _take(waiting, unit, settings, size)
    finally:
        _close(connections)


def _take(
    waiting: deque[tuple[Chunk, Future[StagedPart]]], unit: StagedUnit, settings: Settings, size: int
) -> None:
    chunk, future = waiting.popleft()
    unit.take(future.result())
    done = size if chunk.is_last else min(size, (chunk.number + 1) * CHUNK_BYTES)
    settings.progress(f"read {Path(unit.place).name}", done, size)


def _close(connections: list[duckdb.DuckDBPyConnection]) -> None:
    for connection in connections:
        connection.close()


def _read_one(chunk: Chunk, readers: SimpleQueue[ChunkReader], unit: StagedUnit, folder: Path) -> StagedPart:
    reader = readers.get()
    try:
        rows = reader.read(chunk)
    finally:
        readers.put(reader)
    _refuse_half_row(chunk, unit, rows.bad[-1].line if rows.bad else None, rows.lines_read)
    return write_part(folder, unit, rows)


def _refuse_half_row(chunk: Chunk, unit: StagedUnit, last_bad_line: int | None, lines: int) -> None:
    """Refuse a file whose last line has no end and is no whole row: it was cut off."""
    last_line = chunk.first_line + lines - 1
    if chunk.ends_open and last_bad_line == last_line:
        raise ExplainedError(
            where=Location(unit.place, last_line),
            found="a last line without an end that is no whole row: the file breaks off there",
            expected="a finished file whose last line is a whole row",
            remedy="Wait until the export has ended, or have it sent again; if it is whole, add a line end. Nothing was loaded.",
        )
