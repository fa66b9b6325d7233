"""The SQL texts of re-billing."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def sql_text(name: str) -> str:
    """Return one of the texts in the folder sql."""
    return (Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")
