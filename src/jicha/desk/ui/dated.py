"""Dated values of policies/desk: which of them hold on a day."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

from django.utils import timezone

from jicha.audit.yaml_file import read_mapping
from jicha.desk.people.rights import POLICIES
from jicha.errors import ExplainedError


@cache
def _rows(file: str, key: str) -> tuple[dict[str, Any], ...]:
    return tuple(read_mapping(POLICIES / file)[key])


def valid_on(file: str, key: str, day: date) -> dict[str, Any]:
    """Return the values of a policy file that hold on the day; an error where the file has a gap."""
    for row in _rows(file, key):
        if row["valid_from"] <= day and (row["valid_to"] is None or day < row["valid_to"]):
            return row
    raise ExplainedError(
        where=file,
        found=f"no values for {day}",
        expected="values without a gap",
        remedy="Add them to the file.",
    )


def limit(name: str) -> int:
    """Return a limit of the desk as it holds today: policies/desk/limits.yaml says the unit of each."""
    return int(valid_on("limits.yaml", "limits", timezone.localdate())[name])


def silence() -> timedelta:
    """Return for how long a dismissed clue keeps quiet unless another day is named."""
    return timedelta(days=limit("silence_days"))
