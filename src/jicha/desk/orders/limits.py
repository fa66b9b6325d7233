"""By which working day a state must end, and how large a problem is: dated values from policies/desk."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from jicha.audit.yaml_file import read_mapping
from jicha.calendars import is_working_day
from jicha.desk.people.rights import POLICIES
from jicha.errors import ExplainedError


@cache
def _rows(file: str, key: str) -> tuple[dict[str, Any], ...]:
    return tuple(read_mapping(POLICIES / file)[key])


def _valid_on(file: str, key: str, day: date) -> dict[str, Any]:
    for row in _rows(file, key):
        if row["valid_from"] <= day and (row["valid_to"] is None or day < row["valid_to"]):
            return row
    raise ExplainedError(
        where=file,
        found=f"no values for {day}",
        expected="values without a gap",
        remedy="Add them to the file.",
    )


def add_working_days(day: date, count: int) -> date:
    """Return the day that is `count` working days after; zero is the day itself, or the next one on which people work."""
    while not is_working_day(day):
        day += timedelta(days=1)
    while count > 0:
        day += timedelta(days=1)
        count -= int(is_working_day(day))
    return day


def due_on(state: str, severity: int, day: date) -> date | None:
    """Return the last day of a state that begins on a day; None for states that may last."""
    days = _valid_on("time_limits.yaml", "limits", day)["days"].get(state)
    return None if days is None else add_working_days(day, days[severity - 1])


def most_returns(day: date) -> int:
    """Return how often an order may be returned to verification."""
    return int(_valid_on("time_limits.yaml", "limits", day)["most_returns"])


def size_of(kwh: Decimal | None, yuan: Decimal | None, nature: str, day: date) -> str:
    """Return the size of a problem by amounts in either direction; a crime is always extreme (domain 7.4)."""
    told = _valid_on("problem_size.yaml", "sizes", day)
    energy, amount = abs(kwh or Decimal(0)), abs(yuan or Decimal(0))
    if amount >= Decimal(told["extreme_yuan"]) or nature == "crime":
        return "extreme"
    is_major = energy >= Decimal(told["major_kwh"]) or amount >= Decimal(told["major_yuan"])
    return "major" if is_major else "common"
