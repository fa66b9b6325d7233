"""Reads single values with care: knows the spellings that exports use, and says why a value cannot be taken."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final, TypeAlias

from jicha.contract import Field, Table
from jicha.intake.cells import decimal_shape, is_needed

Value: TypeAlias = str | int | bool | date | datetime | Decimal | None

NULL_WORDS: Final = frozenset({"", "-", "--", "—", "——", "\\N"})
# Words that mean "nothing" in a number or a date; as a text they may be a name.
TYPED_NULL_WORDS: Final = NULL_WORDS | {"null", "NULL", "(null)", "(NULL)", "N/A", "n/a", "NaN", "nan", "无"}
_BLANKS: Final = " \t\r\n\v\f\u00a0\u3000\ufeff\u200b"
_CIVIL: Final = timezone(timedelta(hours=8))

_GROUPED = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?")
_NUMBER = re.compile(r"([-+]?)(\d*)(?:\.(\d*))?")
_EXPONENT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")
_DATE = re.compile(r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?")
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_MONTH = re.compile(r"(\d{4})(?:-|/|\.|年)?(\d{1,2})月?")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?")
_COMPACT_TIME = re.compile(r"(\d{2})(\d{2})(\d{2})")
_OFFSET = re.compile(r"\s*(Z|z|[-+]\d{2}(?::?\d{2})?)$")
_TRUE: Final = frozenset({"true", "t", "1", "y", "yes", "是"})
_FALSE: Final = frozenset({"false", "f", "0", "n", "no", "否"})


class BadValue(Exception):
    """A value that cannot be taken: a reason from the list in quarantine.py and what was expected."""

    def __init__(self, reason: str, expected: str) -> None:
        self.reason = reason
        self.expected = expected
        super().__init__(f"{reason}: expected {expected}")


@dataclass(frozen=True, slots=True)
class Problem:
    """One value of a row that cannot be taken."""

    column: str | None
    value: str | None
    reason: str
    expected: str


@dataclass(frozen=True, slots=True)
class Noted:
    """A value taken with a remark, such as a time of day dropped from a date."""

    value: Value
    warning: str


def read_row(
    table: Table, texts: Mapping[str, str | None]
) -> tuple[dict[str, Value], list[Problem], list[tuple[str, str]]]:
    """Return the typed values of a row, its problems, and its warnings as (column, warning)."""
    values: dict[str, Value] = {}
    problems: list[Problem] = []
    warnings: list[tuple[str, str]] = []
    for field in table.fields:
        text = texts.get(field.name)
        try:
            value = read_value(table, field, text)
        except BadValue as bad:
            problems.append(Problem(field.name, text, bad.reason, bad.expected))
            continue
        if isinstance(value, Noted):
            warnings.append((field.name, value.warning))
            value = value.value
        values[field.name] = value
    return values, problems, warnings


def read_value(table: Table, field: Field, text: str | None) -> Value | Noted:
    """Return one typed value, or raise BadValue."""
    clean = _clean(field, text)
    if clean is None:
        if is_needed(table, field):
            raise BadValue("required_empty", f"a value: {field.title_zh} ({field.title_en}) may not be empty")
        return None
    if field.enum:
        return _read_enum(field, clean)
    found: Value | Noted = _READERS[field.kind](field, clean)
    return found


def _clean(field: Field, text: str | None) -> str | None:
    """Return the text without blanks around it, full-width digits made plain outside texts, nulls as None."""
    if text is None:
        return None
    if "\0" in text:
        raise BadValue("nul_byte", "text without NUL bytes")
    if "\ufffd" in text:
        raise BadValue("wrong_encoding", "text whose characters survived: export again in UTF-8 or GB18030")
    is_text = field.kind == "text" and not field.enum
    clean = text.strip(_BLANKS)
    if not is_text:
        clean = unicodedata.normalize("NFKC", clean).strip(_BLANKS)
    return None if clean in (NULL_WORDS if is_text else TYPED_NULL_WORDS) else clean


@functools.cache
def _enum_words(field: Field) -> dict[str, str]:
    """Return the accepted spellings of each listed value: the value itself in any case, and its titles."""
    words: dict[str, str] = {}
    for labels in (field.labels_en, field.labels_zh):
        words.update({label.casefold(): value for label, value in zip(labels, field.enum, strict=False)})
    return words | {value.casefold(): value for value in field.enum}


def _read_enum(field: Field, text: str) -> str:
    found = _enum_words(field).get(text.casefold())
    if found is None:
        raise BadValue("unknown_code", f"one of {', '.join(field.enum)}")
    return found


def _read_text(_field: Field, text: str) -> str:
    return text


def _read_int(_field: Field, text: str) -> int:
    number = _exact(text, 18, 0)
    return int(number)


def _read_decimal(field: Field, text: str) -> Decimal:
    shape = decimal_shape(field)
    assert shape is not None
    return _exact(text, *shape)


def _exact(text: str, precision: int, scale: int) -> Decimal:
    """Return the number if it fits precision and scale without rounding."""
    plain = text.replace(",", "") if _GROUPED.fullmatch(text) else text
    match = _NUMBER.fullmatch(plain)
    if match is None or not (match[2] or match[3]):
        raise _not_a_number(text)
    whole, fraction = match[2].lstrip("0"), (match[3] or "").rstrip("0")
    if len(fraction) > scale:
        raise BadValue("too_many_decimals", f"at most {scale} decimals; nothing is rounded silently")
    if len(whole) > precision - scale:
        raise BadValue("number_too_large", f"at most {precision - scale} digits before the point")
    sign = "-" if match[1] == "-" else ""
    return Decimal(f"{sign}{whole or '0'}.{fraction or '0'}").quantize(Decimal(1).scaleb(-scale))


def _not_a_number(text: str) -> BadValue:
    if _EXPONENT.fullmatch(text):
        return BadValue("scientific_notation", "all digits written out: a spreadsheet may have dropped some")
    return BadValue("not_a_number", "a number such as 1234.50 or 1,234.50")


def _read_bool(_field: Field, text: str) -> bool:
    word = text.casefold()
    if word not in _TRUE | _FALSE:
        raise BadValue("not_a_bool", "true or false (1/0, 是/否)")
    return word in _TRUE


def _read_month(_field: Field, text: str) -> date:
    match = _MONTH.fullmatch(text)
    if match and (len(match[2]) == 2 or not text.isdigit()):
        return _day(match[1], match[2], "1", text)
    day, rest = _leading_date(text)
    _expect_midnight(rest)
    if day.day != 1:
        raise BadValue("not_a_month", "a billing month such as 2026-10 or its first day")
    return day


def _read_date(_field: Field, text: str) -> date | Noted:
    day, rest = _leading_date(text)
    if not rest:
        return day
    moment = _with_time(day, rest)
    # 24:00 belongs to the next day, and an offset may move the day as well.
    if moment.time() != datetime.min.time():
        return Noted(moment.date(), "time_of_day_dropped")
    return moment.date()


def _read_timestamp(_field: Field, text: str) -> datetime:
    day, rest = _leading_date(text)
    return _with_time(day, rest)


def _leading_date(text: str) -> tuple[date, str]:
    match = _DATE.match(text) or _COMPACT_DATE.match(text)
    if match is None:
        raise BadValue("not_a_date", "a date such as 2026-10-01, 2026/10/1 or 20261001")
    rest = text[match.end() :]
    if rest and rest[0].isdigit() and match.re is _DATE:
        raise BadValue("not_a_date", "a date such as 2026-10-01, 2026/10/1 or 20261001")
    return _day(match[1], match[2], match[3], text), rest.removeprefix("T").strip()


def _day(year: str, month: str, day: str, text: str) -> date:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        raise BadValue("impossible_date", f"a day that the calendar has, not {text}") from None
    if found.year < 1900:
        raise BadValue("impossible_date", "a date from 1900 on")
    return found


def _expect_midnight(rest: str) -> None:
    if rest and _with_time(date(2000, 1, 1), rest) != datetime(2000, 1, 1):
        raise BadValue("not_a_month", "a billing month such as 2026-10 or its first day")


def _with_time(day: date, rest: str) -> datetime:
    """Return day plus time of day in the civil time of the utility."""
    offset = _OFFSET.search(rest)
    clock = rest[: offset.start()] if offset else rest
    moment = datetime(day.year, day.month, day.day) + _clock(clock)
    if offset is None:
        return moment
    # A time zone is kept right, not dropped: the contract's times are China Standard Time.
    return moment.replace(tzinfo=_zone(offset[1])).astimezone(_CIVIL).replace(tzinfo=None)


def _clock(text: str) -> timedelta:
    if not text:
        return timedelta()
    match = _TIME.fullmatch(text) or _COMPACT_TIME.fullmatch(text)
    if match is None:
        raise BadValue("not_a_time", "a time such as 2026-10-01 08:15:00")
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    fraction = (match[4] or "").rstrip("0") if match.re is _TIME else ""
    is_end_of_day = (hour, minute, second, fraction) == (24, 0, 0, "")
    if (hour > 23 and not is_end_of_day) or minute > 59 or second > 59:
        raise BadValue("impossible_date", f"a time that the clock has, not {text}")
    if len(fraction) > 6:
        raise BadValue("too_many_decimals", "at most 6 decimals of a second")
    return timedelta(
        hours=hour, minutes=minute, seconds=second, microseconds=int(fraction.ljust(6, "0") or 0)
    )


def _zone(text: str) -> timezone:
    if text in "Zz":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 14 or minutes > 59:
        raise BadValue("not_a_time", "a time zone such as +08:00")
    delta = timedelta(hours=hours, minutes=minutes)
    return timezone(-delta if text[0] == "-" else delta)


_READERS: Final[Mapping[str, Callable[[Field, str], Any]]] = {
    "text": _read_text,
    "int": _read_int,
    "bool": _read_bool,
    "date": _read_date,
    "month": _read_month,
    "timestamp": _read_timestamp,
    **dict.fromkeys(("energy", "register", "power", "money", "price", "ratio"), _read_decimal),
}
