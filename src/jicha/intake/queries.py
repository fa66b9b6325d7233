"""Reads named SQL texts from the .sql files of the intake."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType

from jicha.contract.ddl import quoted

_NAME = re.compile(r"^-- (\w+) --$", re.MULTILINE)


@functools.cache
def named_queries(file: str) -> Mapping[str, str]:
    """Return the statements of one .sql file by the name on the `-- name --` line above each."""
    text = (resources.files("jicha.intake") / "sql" / file).read_text(encoding="utf-8")
    parts = _NAME.split(text)
    return MappingProxyType(
        {name: _statement(body) for name, body in zip(parts[1::2], parts[2::2], strict=True)}
    )


def _statement(text: str) -> str:
    """Strip the comment lines and the closing semicolon."""
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return "\n".join(lines).strip().removesuffix(";")


def literal(text: str) -> str:
    """Return a text literal for SQL."""
    return "'" + text.replace("'", "''") + "'"


def literals(texts: tuple[str, ...] | list[str]) -> str:
    """Return text literals separated by commas."""
    return ", ".join(literal(text) for text in texts)


__all__ = ["literal", "literals", "named_queries", "quoted"]
