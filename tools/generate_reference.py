"""Writes docs/reference from the code, so that it cannot say anything else. `--check` writes nothing and names stale pages."""

from __future__ import annotations

import sys
from pathlib import Path

from reference_pages import (
    api,
    cli,
    dictionary,
    facts,
    http_api,
    intake,
    policies,
    rules,
    settings,
    sql,
    topics,
)

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTE = "<!-- Written by tools/generate_reference.py from the code: change the code, then run `make reference`. -->\n\n"


def pages() -> dict[str, str]:
    """Return every generated file by its path in docs/reference."""
    made: dict[str, str] = {}
    for part in (dictionary, cli, rules, facts, sql, intake, settings, policies, api, http_api, topics):
        made |= part.pages()
    return {name: text if name.endswith(".svg") else NOTE + text for name, text in made.items()}


def stale(made: dict[str, str]) -> list[str]:
    """Return the files that differ from what the code says now, and generated ones that it no longer makes."""
    differing = [name for name, text in made.items() if _text(REFERENCE / name) != text]
    return differing + [name for name in _generated() if name not in made]


def write(made: dict[str, str]) -> None:
    """Write every page and remove those that are generated no more."""
    for name in _generated():
        if name not in made:
            (REFERENCE / name).unlink()
    for name, text in made.items():
        path = REFERENCE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _generated() -> list[str]:
    """Return the files that carry the note of this tool."""
    return [
        path.relative_to(REFERENCE).as_posix()
        for path in REFERENCE.rglob("*.md")
        if _text(path).startswith(NOTE)
    ]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def main(arguments: list[str]) -> int:
    """Write the pages, or with --check only compare; 1 when a page is stale."""
    made = pages()
    if "--check" not in arguments:
        write(made)
        print(f"{len(made)} files in docs/reference")
        return 0
    old = stale(made)
    if old:
        print("stale in docs/reference: " + ", ".join(old) + "\nRun `make reference`.", file=sys.stderr)
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
