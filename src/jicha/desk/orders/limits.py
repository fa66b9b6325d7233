"""By which working day a state must end, and how large a problem is: dated values from policies/desk."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from jicha.calendars import is_working_day
from jicha.desk.ui.dated import valid_on


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
    days = valid_on("time_limits.yaml", "limits", day)["days"].get(state)
    return None if days is None else add_working_days(day, days[severity - 1])


def most_returns(day: date) -> int:
    """Return how often an order may be returned to verification."""
    return int(valid_on("time_limits.yaml", "limits", day)["most_returns"])


def size_of(kwh: Decimal | None, yuan: Decimal | None, nature: str, day: date) -> str:
    """Return the size of a problem by amounts in either direction; a crime is always extreme (domain 7.4)."""
    told = valid_on("problem_size.yaml", "sizes", day)
    energy, amount = abs(kwh or Decimal(0)), abs(yuan or Decimal(0))
    if amount >= Decimal(told["extreme_yuan"]) or nature == "crime":
        return "extreme"
    is_major = energy >= Decimal(told["major_kwh"]) or amount >= Decimal(told["major_yuan"])
    return "major" if is_major else "common"
