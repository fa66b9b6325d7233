"""The Chinese working calendar (工作日历) with shifted working days (调休), for utilities that bring none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

import chinese_calendar


@cache  # some thousand days, asked for by every run and every worked case
def is_working_day(day: date) -> bool:
    """Return whether offices work on the day: the published calendar where one exists, else Monday to Friday."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def working_days(first: date, last: date) -> Iterator[tuple[date, bool]]:
    """Yield every day from `first` to `last`, both included, with whether it is a working day."""
    day = first
    while day <= last:
        yield day, is_working_day(day)
        day += timedelta(days=1)
