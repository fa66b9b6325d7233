"""Small pieces of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; bars and line ends inside a cell would break it."""
    lines = [_row(heads), "|" + " --- |" * len(heads), *(_row(row) for row in rows)]
    return "\n".join(lines) + "\n"


def _row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def bullets(items: Iterable[object]) -> str:
    """Return a list."""
    return "".join(f"- {item}\n" for item in items)


def fenced(text: str, language: str = "text") -> str:
    """Return a code block."""
    return f"```{language}\n{text.rstrip()}\n```\n"


def folded(title: str, text: str) -> str:
    """Return a block that opens on a click."""
    inner = "\n".join(f"    {line}" if line else "" for line in text.rstrip().splitlines())
    return f'??? note "{title}"\n\n{inner}\n'


def code(items: Iterable[str]) -> str:
    """Return names as code, separated by commas."""
    return ", ".join(f"`{item}`" for item in items)
