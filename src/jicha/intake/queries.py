"""Reads named SQL texts from the .sql files of the intake."""

from __future__ import annotations

from collections.abc import Mapping

from jicha.mart import queries
from jicha.mart.columns import literal, quoted


def named_queries(file: str) -> Mapping[str, str]:
    """Return the statements of one .sql file by the name on the `-- name --` line above each."""
    return queries.named_queries(file, "jicha.intake")


def literals(texts: tuple[str, ...] | list[str]) -> str:
    """Return text literals separated by commas."""
    return ", ".join(literal(text) for text in texts)


__all__ = ["literal", "literals", "named_queries", "quoted"]
