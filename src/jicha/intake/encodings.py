"""Finds the encoding of a text file and turns its bytes into UTF-8."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from jicha.errors import ExplainedError

UTF8: Final = "utf-8"
GB18030: Final = "gb18030"
_BOMS: Final = (
    (codecs.BOM_UTF8, UTF8),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ALIASES: Final = {"gbk": GB18030, "gb2312": GB18030, "cp936": GB18030, "utf8": UTF8, "utf-8-sig": UTF8}
_SAMPLE_BYTES: Final = 1 << 20
_SPOT_BYTES: Final = 1 << 16
_SPOTS: Final = 16
# A file is taken for an encoding if at most this share of its non-ASCII lines does not fit it.
_TOLERATED: Final = 0.1


@dataclass(frozen=True, slots=True)
class Encoding:
    """The encoding of a file, the bytes of its mark at the start, and whether only ASCII was seen."""

    name: str
    mark: int = 0
    is_guess: bool = False

    @property
    def title(self) -> str:
        """Return the name as people write it."""
        return {UTF8: "UTF-8 with BOM" if self.mark else "UTF-8", GB18030: "GB18030"}.get(
            self.name, self.name.upper()
        )


def detect(path: Path, stream: IO[bytes], wanted: str | None = None) -> Encoding:
    """Return the encoding of the file; `stream` is read and left anywhere."""
    head = stream.read(_SAMPLE_BYTES)
    mark = next(((len(bom), name) for bom, name in _BOMS if head.startswith(bom)), None)
    if wanted is not None:
        return _wanted(wanted, mark, path)
    if mark is not None:
        return Encoding(mark[1], mark[0])
    wide = _wide(head)
    if wide is not None:
        return Encoding(wide)
    return _eight_bit(path, _lines_of(head) + _spots(path, stream))


def _wanted(wanted: str, mark: tuple[int, str] | None, path: Path) -> Encoding:
    name = _ALIASES.get(wanted.lower(), wanted.lower())
    if name == "utf-16":
        name = mark[1] if mark else "utf-16-le"
    try:
        codecs.lookup(name)
    except LookupError:
        raise ExplainedError(
            where=str(path),
            found=f"the encoding {wanted!r}",
            expected="utf-8, gb18030, utf-16, utf-16-le or utf-16-be",
            remedy="Give one of these, or none to have it found.",
        ) from None
    return Encoding(name, mark[0] if mark and mark[1] == name else 0)


def _wide(head: bytes) -> str | None:
    """Return UTF-16 without a mark: every second byte of mostly Western text is zero."""
    sample = head[:4096]
    if len(sample) < 4:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > len(sample) // 6 and even < odd // 8:
        return "utf-16-le"
    if even > len(sample) // 6 and odd < even // 8:
        return "utf-16-be"
    return None


def _lines_of(block: bytes) -> list[bytes]:
    """Return the whole lines of a block that hold more than ASCII."""
    return [line for line in block.split(b"\n")[:-1] or [block] if not line.isascii()]


def _spots(path: Path, stream: IO[bytes]) -> list[bytes]:
    """Return non-ASCII lines from places all over the file, for a file that begins in plain ASCII."""
    size = path.stat().st_size
    if size <= _SAMPLE_BYTES or path.suffix == ".gz":
        return []
    lines: list[bytes] = []
    for spot in range(1, _SPOTS + 1):
        stream.seek(max(0, size * spot // _SPOTS - _SPOT_BYTES))
        lines += _lines_of(stream.read(_SPOT_BYTES).partition(b"\n")[2])
    return lines


def _eight_bit(path: Path, lines: list[bytes]) -> Encoding:
    if not lines:
        return Encoding(UTF8, is_guess=True)
    bad = {name: sum(not _fits(line, name) for line in lines) / len(lines) for name in (UTF8, GB18030)}
    for name in (UTF8, GB18030):
        if bad[name] <= _TOLERATED:
            return Encoding(name)
    example = next(line for line in lines if not _fits(line, UTF8))
    raise ExplainedError(
        where=str(path),
        found=f"text that is neither UTF-8 nor GB18030, for example {example[:60]!r}",
        expected="a text file in UTF-8, GB18030 or UTF-16",
        remedy="Export the file again in UTF-8, or name its encoding with --encoding.",
    )


def _fits(line: bytes, name: str) -> bool:
    try:
        line.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def utf8_blocks(stream: IO[bytes], encoding: Encoding, size: int) -> Iterator[bytes]:
    """Yield the file from its first byte in blocks; UTF-16 as UTF-8, eight-bit encodings as they are."""
    stream.seek(encoding.mark)
    if not encoding.name.startswith("utf-16"):
        yield from iter(lambda: stream.read(size), b"")
        return
    decoder = codecs.getincrementaldecoder(encoding.name)(errors="replace")
    for block in iter(lambda: stream.read(size), b""):
        yield decoder.decode(block).encode(UTF8, "replace")
    yield decoder.decode(b"", final=True).encode(UTF8, "replace")


def to_utf8(data: bytes, encoding: Encoding) -> bytes:
    """Return whole lines as UTF-8; a character that does not fit becomes U+FFFD, which quarantines its row."""
    # UTF-8 is checked by the reader itself, UTF-16 was turned into UTF-8 before lines were cut.
    if encoding.name == UTF8 or encoding.name.startswith("utf-16") or data.isascii():
        return data
    text = data.decode(encoding.name, "replace").encode(UTF8)
    if text.count(b"\n") == data.count(b"\n"):
        return text
    # A broken character has swallowed a line end: line by line, so that it costs its own line only.
    return b"\n".join(line.decode(encoding.name, "replace").encode(UTF8) for line in data.split(b"\n"))
