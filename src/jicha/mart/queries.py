"""Reads named SQL texts from a package's .sql files."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType

_NAME = re.compile(r"^-- (\w+) --$", re.MULTILINE)


def read_sql(file: str, package: str = "jicha.mart") -> str:
    """Return the whole text of one .sql file of a package, the mart if none is named."""
    return (resources.files(package) / "sql" / file).read_text(encoding="utf-8")


@functools.cache
def named_queries(file: str, package: str = "jicha.mart") -> Mapping[str, str]:
    """Return the statements of one .sql file by the name on the `-- name --` line above each."""
    parts = _NAME.split(read_sql(file, package))
    names, texts = parts[1::2], parts[2::2]
    return MappingProxyType({name: _statement(text) for name, text in zip(names, texts, strict=True)})


def _statement(text: str) -> str:
    """Strip the comment lines and the closing semicolon, which COPY and CREATE VIEW would trip over."""
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return "\n".join(lines).strip().removesuffix(";")
