"""Which columns hold personal data (个人信息), and how they look to somebody who did not ask for them: policies/desk/personal_data.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from jicha.audit.yaml_file import read_mapping
from jicha.desk.people.rights import POLICIES

RIGHT = "personal.reveal"
# A text that is no longer than what would stay visible is hidden whole.
_WHOLE = "***"


@cache
def _policy() -> Mapping[str, Any]:
    return read_mapping(POLICIES / "personal_data.yaml")


def kind_of(table: str, column: str) -> str | None:
    """Return the kind of personal data that a column holds, or None."""
    columns: Mapping[str, str] = _policy()["columns"]
    return columns.get(f"{table}.{column}") or columns.get(column)


def masked(text: str, kind: str) -> str:
    """Return the text with all but its beginning and end as stars."""
    told = _policy()["kinds"][kind]
    begin, end = int(told["begin"]), int(told["end"])
    if len(text) <= begin + end:
        return _WHOLE
    stars = "*" * min(max(len(text) - begin - end, len(_WHOLE)), 8)
    return f"{text[:begin]}{stars}{text[len(text) - end :] if end else ''}"


def hidden(table: str, column: str, value: Any) -> Any:
    """Return the value of a column as everybody may see it."""
    kind = kind_of(table, column)
    return value if kind is None or value in (None, "") else masked(str(value), kind)


def title_of_kind(kind: str, language: str) -> str:
    """Return what a kind of personal data is called."""
    return str(_policy()["kinds"][kind][language])
