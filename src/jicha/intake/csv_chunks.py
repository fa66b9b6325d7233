"""Cuts a text file into chunks of whole rows, and knows the physical line of every one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from jicha.errors import ExplainedError
from jicha.intake.encodings import Encoding, to_utf8

CHUNK_BYTES: Final = 32 << 20
# A quoted value may run over this many lines; a quote that stays open for longer was never meant to open.
MOST_LINES_A_ROW: Final = 64
_MOST_LINE_BYTES: Final = 64 << 20
_NEWLINE, _RETURN, _QUOTE = 10, 13, 34
# Blanks that are no space: tab, ideographic space, no-break space, zero-width space, a mark in the middle.
_ODD_BLANKS: Final = (b"\xe3\x80\x80", b"\xc2\xa0", b"\xe2\x80\x8b", b"\xef\xbb\xbf")

Numbers: TypeAlias = "np.ndarray[Any, np.dtype[np.int64]]"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole rows of a file as UTF-8, every line ended by a newline."""

    number: int
    first_line: int
    data: bytes
    is_last: bool
    ends_open: bool = False


class Lines:
    """Where the lines of a chunk begin and end."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.bytes = np.frombuffer(data, dtype=np.uint8)
        self.ends: Numbers = np.flatnonzero(self.bytes == _NEWLINE)
        self.starts: Numbers = (
            np.concatenate((np.zeros(1, dtype=np.int64), self.ends[:-1] + 1)) if len(self.ends) else self.ends
        )

    def __len__(self) -> int:
        return len(self.ends)

    def text(self, line: int) -> bytes:
        """Return one line without its end."""
        return self.data[self.starts[line] : self.ends[line]]

    def of(self, positions: Sequence[int] | Numbers) -> Numbers:
        """Return the line of each byte position."""
        return np.searchsorted(self.starts, np.asarray(positions, dtype=np.int64), side="right") - 1

    def holding(self, pattern: bytes) -> Numbers:
        """Return the lines that hold a pattern (which does not itself hold a newline)."""
        found: list[int] = []
        position = self.data.find(pattern)
        while position >= 0:
            line = int(self.of([position])[0])
            found.append(line)
            position = self.data.find(pattern, int(self.ends[line]))
        return np.asarray(found, dtype=np.int64)

    def join(self, keep: Numbers) -> bytes:
        """Return the kept lines, in order, as one text."""
        if len(keep) == len(self):
            return self.data
        if not len(keep):
            return b""
        breaks = np.flatnonzero(np.diff(keep) > 1)
        firsts = np.concatenate((keep[:1], keep[breaks + 1]))
        lasts = np.concatenate((keep[breaks], keep[-1:]))
        return b"".join(
            self.data[self.starts[first] : self.ends[last] + 1]
            for first, last in zip(firsts, lasts, strict=True)
        )

    def odd_quotes(self) -> Numbers:
        """Return the lines with an odd number of quotes: a value that begins or ends in another line, or a fault."""
        if b'"' not in self.data:
            return np.zeros(0, dtype=np.int64)
        quotes = np.flatnonzero(self.bytes == _QUOTE)
        counts = np.bincount(self.of(quotes), minlength=len(self))
        return np.flatnonzero(counts % 2)


def slow_lines(lines: Lines, odd: Numbers) -> Numbers:
    """Return the lines that the engine's reader must not see: broken bytes, stray returns, lost characters."""
    patterns = (b"\0", b"\r") if lines.data.isascii() else (b"\0", b"\r", b"\xef\xbf\xbd")
    found = [odd, *(lines.holding(pattern) for pattern in patterns)]
    return np.unique(np.concatenate(found))


def has_odd_blanks(data: bytes, delimiter: str) -> bool:
    """Tell whether blanks other than spaces occur, which a value may have to be freed of."""
    if delimiter != "\t" and b"\t" in data:
        return True
    # A look at ASCII alone costs next to nothing, and most of what machines export is ASCII.
    return not data.isascii() and any(blank in data for blank in _ODD_BLANKS)


def read_chunks(
    blocks: Iterable[bytes], encoding: Encoding, path: str, first_line: int = 1
) -> Iterator[Chunk]:
    """Yield the chunks of a file, given its bytes in blocks."""
    cutter = _Cutter(encoding, path, first_line)
    for block in blocks:
        yield from cutter.add(block)
    yield from cutter.end()


class _Cutter:
    """Gathers blocks and gives them back cut at the ends of rows."""

    def __init__(self, encoding: Encoding, path: str, first_line: int) -> None:
        self._encoding = encoding
        self._path = path
        self._line = first_line
        self._number = 0
        self._rest = b""
        self._old_mac: bool | None = None

    def add(self, block: bytes) -> Iterator[Chunk]:
        """Take a block; give a chunk if it closes at least one row."""
        data = self._rest + self._newlines(block)
        cut = data.rfind(b"\n") + 1
        if cut == 0:
            self._rest = data
            self._check_length()
            return
        whole = _plain_ends(data[:cut])
        keep = _length_of_closed_rows(whole)
        self._rest = whole[keep:] + data[cut:]
        if keep:
            yield self._chunk(whole[:keep], is_last=False)

    def end(self) -> Iterator[Chunk]:
        """Give the last chunk; a last line without an end gets one and is marked."""
        ends_open = bool(self._rest) and not self._rest.endswith(b"\n")
        data = self._rest + b"\n" if ends_open else self._rest
        yield self._chunk(_plain_ends(data), is_last=True, ends_open=ends_open)

    def _chunk(self, data: bytes, *, is_last: bool, ends_open: bool = False) -> Chunk:
        chunk = Chunk(self._number, self._line, to_utf8(data, self._encoding), is_last, ends_open)
        self._number += 1
        self._line += data.count(b"\n")
        return chunk

    def _newlines(self, block: bytes) -> bytes:
        if self._old_mac is None:
            self._old_mac = b"\r" in block and b"\n" not in block
        return block.replace(b"\r", b"\n") if self._old_mac else block

    def _check_length(self) -> None:
        if len(self._rest) > _MOST_LINE_BYTES:
            raise ExplainedError(
                where=f"{self._path}:{self._line}",
                found=f"no line end within {_MOST_LINE_BYTES >> 20} MiB",
                expected="a text file with one row a line",
                remedy="Check that this is a CSV file and not, say, an archive or a dump.",
            )


def _length_of_closed_rows(data: bytes) -> int:
    """Return the length of the data up to a row that may go on in the next chunk."""
    if b'"' not in data:
        return len(data)
    lines = Lines(data)
    opening = _unpaired(lines.odd_quotes())
    if opening is None or opening < len(lines) - MOST_LINES_A_ROW:
        return len(data)
    return int(lines.starts[opening])


def _unpaired(odd: Numbers) -> int | None:
    """Return the last odd line if it has no partner before it."""
    opening: int | None = None
    for line in odd.tolist():
        closes = opening is not None and line - opening < MOST_LINES_A_ROW
        opening = None if closes else line
    return opening


def _plain_ends(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n") if b"\r" in data else data
