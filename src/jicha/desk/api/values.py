"""The kinds of values that go in and out: money as strings, days as days, words without what no database can hold."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from django.db import models
from ninja import Path
from pydantic import BeforeValidator, Field, PlainSerializer, StringConstraints, WithJsonSchema

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
MOST_ID = 2**63 - 1
MOST_WORDS = 200
# A text that is not blank; no database holds a NUL.
FILLED = r"^[^\x00]*[^\x00\s][^\x00]*$"
PLAIN = r"^[^\x00]*$"


def _day(value: Any) -> Any:
    """Take a day as text only: a number would be read as seconds since 1970."""
    if isinstance(value, date) or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise ValueError("a day as YYYY-MM-DD")


Amount = Annotated[
    Decimal,
    PlainSerializer(lambda value: f"{value:f}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}, mode="serialization"),
]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
# A moment with its offset from UTC.
Time = datetime
Id = Annotated[int, Path(ge=1, le=MOST_ID)]
RowId = Annotated[int, Field(strict=True, ge=1, le=MOST_ID)]
Words = Annotated[str, StringConstraints(max_length=MOST_WORDS, pattern=PLAIN)]


def in_fen(total: Decimal | None) -> Decimal:
    """Return a sum of money with two places: SQLite adds as binary fractions and tells more."""
    return (total or Decimal(0)).quantize(Decimal("0.01"))


def number_text(column: models.DecimalField[Any, Any]) -> Any:
    """Return the kind of a decimal number that the column can hold, as text."""
    whole, places = column.max_digits - column.decimal_places, column.decimal_places
    return Annotated[str, StringConstraints(pattern=rf"^-?[0-9]{{1,{whole}}}(\.[0-9]{{1,{places}}})?$")]


def text(most: int | None) -> Any:
    """Return the kind of a text with at most so many characters."""
    return Annotated[str, StringConstraints(max_length=most, pattern=PLAIN)]
