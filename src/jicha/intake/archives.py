"""Looks at a packed file before anything unpacks it: a small file may be made to fill memory and disk."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, Final

from jicha.errors import ExplainedError

MOST_ENTRIES: Final = 10_000
MOST_BYTES: Final = 1 << 30
# A workbook of repeated values packs well; the ratio counts only once the whole is worth a look.
MOST_RATIO: Final = 200
RATIO_FROM_BYTES: Final = 64 << 20
_STEP: Final = 1 << 20
_LOCAL_HEADER: Final = struct.Struct("<4s5H3I2H")


def refuse_bomb(path: Path) -> None:
    """Refuse an archive with too many entries, or one that unpacks to too much, whatever it declares."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise _refusal(path, f"a file that is no workbook ({error})", "an .xlsx workbook") from None
    if len(entries) > MOST_ENTRIES:
        raise _refusal(path, f"{len(entries):,} entries", f"at most {MOST_ENTRIES:,}")
    _refuse_size(path, sum(entry.file_size for entry in entries), "declares")
    with path.open("rb") as file:
        total = 0
        for entry in entries:
            total += _unpacked(file, entry, path, total)


def _refuse_size(path: Path, unpacked: int, verb: str) -> None:
    packed = max(path.stat().st_size, 1)
    if unpacked > MOST_BYTES:
        raise _refusal(
            path, f"an archive that {verb} {unpacked:,} bytes unpacked", f"at most {MOST_BYTES:,} bytes"
        )
    if unpacked > RATIO_FROM_BYTES and unpacked > packed * MOST_RATIO:
        raise _refusal(
            path, f"an archive that {verb} {unpacked // packed} times its size", f"at most {MOST_RATIO} times"
        )


def _unpacked(file: IO[bytes], entry: zipfile.ZipInfo, path: Path, before: int) -> int:
    """Return the true unpacked size of an entry, found in small steps and without keeping anything."""
    file.seek(entry.header_offset)
    header = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    file.seek(header[-2] + header[-1], 1)
    if entry.compress_type == zipfile.ZIP_STORED:
        return entry.compress_size
    if entry.compress_type != zipfile.ZIP_DEFLATED:
        raise _refusal(path, f"an entry packed by method {entry.compress_type}", "stored or deflated entries")
    inflater, left, size = zlib.decompressobj(-15), entry.compress_size, 0
    while left > 0 and not inflater.eof:
        block = file.read(min(left, _STEP))
        left -= len(block)
        while block:
            size += len(inflater.decompress(block, _STEP))
            _refuse_size(path, before + size, "holds")
            block = inflater.unconsumed_tail
        if left and not block and file.tell() >= path.stat().st_size:
            break
    if size != entry.file_size:
        raise _refusal(
            path,
            f"an entry {entry.filename!r} of {size:,} bytes that declares {entry.file_size:,}",
            "true sizes",
        )
    return size


def _refusal(path: Path, found: str, expected: str) -> ExplainedError:
    return ExplainedError(
        where=str(path),
        found=found,
        expected=expected,
        remedy="Save the workbook again with the needed sheets only, or deliver CSV files.",
    )
