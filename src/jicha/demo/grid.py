"""The time grid of the demo: 457 days, 14 billing months, the working calendar."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from zlib import crc32

import numpy as np
import numpy.typing as npt

from jicha.calendars import is_working_day

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

NULL = int(np.iinfo(np.int64).min)
EPOCH = date(1970, 1, 1)
MONTHS = tuple(date(2025 + (8 + i) // 12, (8 + i) % 12 + 1, 1) for i in range(14))
LAST = len(MONTHS) - 1
FIRST_DAY = date(2025, 8, 1)
END_DAY = date(2026, 11, 1)
DAYS = (END_DAY - FIRST_DAY).days
DAY_SECONDS = 86_400


def day_number(day: date) -> int:
    """Return days since 1970-01-01, the code of dates in all arrays."""
    return (day - EPOCH).days


BASE = day_number(FIRST_DAY)
END = day_number(END_DAY)
MONTH_START = np.array([day_number(month) for month in MONTHS], dtype=np.int64)


def moment(day: Ints | int, hour: Ints | int = 0, minute: Ints | int = 0, second: Ints | int = 0) -> Ints:
    """Return seconds since 1970-01-01 of a time of day."""
    seconds = np.asarray(hour) * 3600 + np.asarray(minute) * 60 + second
    return np.asarray(np.asarray(day, dtype=np.int64) * DAY_SECONDS + seconds)


def to_date(number: int) -> date:
    """Return the date of a day number."""
    return EPOCH + timedelta(days=int(number))


def generator(seed: int, *parts: str | int) -> np.random.Generator:
    """Return a random generator of one part of the demo, so that parts and sizes do not disturb each other."""
    words = [crc32(part.encode()) if isinstance(part, str) else part for part in parts]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *words])))


@dataclass
class WorkCalendar:
    """Working days from 2019, when the oldest meters were hung, to three months after the last."""

    first: int = field(default=day_number(date(2019, 1, 1)))
    last: int = field(default=day_number(date(2027, 1, 31)))
    working: Bools = field(init=False)
    days: Ints = field(init=False)
    ordinal: Ints = field(init=False)

    def __post_init__(self) -> None:
        numbers = range(self.first, self.last + 1)
        self.working = np.array([is_working_day(to_date(number)) for number in numbers], dtype=np.bool_)
        self.days = self.first + np.flatnonzero(self.working).astype(np.int64)
        self.ordinal = np.cumsum(self.working).astype(np.int64)

    def shift(self, day: Ints | int, count: Ints | int) -> Ints:
        """Return the working day `count` working days after (before, if negative) the day."""
        position = self.ordinal[np.asarray(day, dtype=np.int64) - self.first] - 1 + np.asarray(count)
        return np.asarray(self.days[np.clip(position, 0, len(self.days) - 1)])

    def on_or_after(self, day: Ints | int) -> Ints:
        """Return the day itself if offices work on it, else the next working day."""
        index = np.asarray(day, dtype=np.int64) - self.first
        return np.where(self.working[index], np.asarray(day), self.shift(day, 1))
