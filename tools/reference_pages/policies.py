"""Policies: dated values with their source, among them the price books."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

import jicha
from reference_pages.markdown import table

FOLDER = Path(jicha.__file__).parent / "policies"
INTRO = """# Policies

Rates, limits and tables that a law, a price order or a standard decides are data with unit, source and dates, never numbers in
code. A value without a verified source says so. An extract may bring the company's own prices (tables `price` and `price_step`): they
are used where they cover a tariff, and the shipped books elsewhere.

"""


def pages() -> dict[str, str]:
    """Return the page."""
    books = "".join(_book(path) for path in sorted((FOLDER / "price_books").glob("*.yaml")))
    others = [path for path in sorted(FOLDER.rglob("*.yaml")) if path.parent.name != "price_books"]
    heads = ("File", "What", "Source", "Mark")
    rows = ((f"`{path.relative_to(FOLDER).as_posix()}`", *_described(_read(path))) for path in others)
    return {
        "policies.md": f"{INTRO}## Price books (电价表)\n\n{books}## Other policies\n\n{table(heads, rows)}"
    }


def _read(path: Path) -> Mapping[str, Any]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(content, Mapping)
    return content


def _described(content: Mapping[str, Any]) -> tuple[str, str, str]:
    title = content.get("title") or {}
    named = f"{title['en']} ({title['zh']})" if title else ""
    return named, str(content.get("source") or ""), str(content.get("mark") or "")


def _book(path: Path) -> str:
    """Return one book: what it holds, since when, from which source."""
    content = _read(path)
    named, _, _ = _described(content)
    kind = " **Illustrative**: for the demo utility and tests." if content.get("illustrative") else ""
    heads = ("Entry", "Title", "In force", "Verified", "Source")
    return f"### {content['price_book']}\n\n{named}.{kind}\n\n{table(heads, _entries(content))}\n"


def _entries(content: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    """Yield one row a tariff and version, and one a component that all tariffs share."""
    for entry in (*(content.get("tariffs") or ()), *(content.get("common") or ())):
        title = entry.get("title") or {}
        name = entry.get("tariff_code") or entry.get("component")
        validity = f"{entry.get('valid_from') or ''} – {entry.get('valid_to') or ''}"
        verified = "yes" if entry.get("verified") else "no"
        yield (
            f"`{name}`",
            f"{title.get('en', '')} {title.get('zh', '')}",
            validity,
            verified,
            entry.get("source") or "",
        )
