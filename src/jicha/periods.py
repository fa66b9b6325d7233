"""Billing months and half-open periods: a month is its first day, an end is the first moment outside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from jicha.errors import BilingualError

_MONTH = re.compile(r"^(\d{4})[-/]?(\d{1,2})$")


def parse_month(text: str) -> date:
    """Return the first day of the month written as 2026-10, 2026/10 or 202610."""
    match = _MONTH.match(text.strip())
    if match is None or not (int(match[1]) and 1 <= int(match[2]) <= 12):
        raise BilingualError(
            where="month",
            found=repr(text),
            expected="a billing month such as 2026-10",
            remedy="Write year and month as YYYY-MM.",
            zh=f"月份：{text!r} 不是月份；应写成 2026-10 的形式。",
        )
    return date(int(match[1]), int(match[2]), 1)


def add_months(month: date, count: int) -> date:
    """Return the first day of the month `count` months after (before, if negative) the one of `month`."""
    index = month.year * 12 + month.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


def next_month(month: date) -> date:
    """Return the first day outside the month."""
    return add_months(month, 1)


def month_range(first: date, last: date) -> Iterator[date]:
    """Yield each month from `first` to `last`, both included."""
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = next_month(month)


def month_text(month: date) -> str:
    """Return the month as 2026-10."""
    return f"{month.year:04d}-{month.month:02d}"
