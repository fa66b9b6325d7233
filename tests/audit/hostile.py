"""The corpus of hostile texts, read from hostile.sql with its places filled in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_DEEP = "SELECT " + "(" * 5_000 + "1" + ")" * 5_000
_LONG = "SELECT mp_id FROM reading WHERE mp_id IN (" + ",".join(f"'{n}'" for n in range(20_000)) + ")"


def hostile_texts(outside: str = "/tmp", mart: str = "/tmp", port: int = 9) -> Iterator[tuple[str, str]]:
    """Yield (name, text) of each hostile text."""
    content = (Path(__file__).parent / "hostile.sql").read_text(encoding="utf-8").split("\n", 1)[1]
    for block in content.split("\n-- "):
        name, _, text = block.removeprefix("-- ").partition("\n")
        places = {"outside": outside, "mart": mart, "port": port, "nul": "\x00", "deep": _DEEP, "long": _LONG}
        yield name, text.strip("\n").format(**places)
