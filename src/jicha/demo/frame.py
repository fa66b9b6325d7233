"""Columns of numpy arrays and their way into Arrow tables of the contract's types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jicha.contract import Field, Table
from jicha.demo.grid import NULL, Bools, Ints

SCALES: dict[str, tuple[int, int]] = {
    "energy": (18, 4),
    "register": (16, 4),
    "power": (14, 4),
    "money": (18, 2),
    "price": (18, 9),
    "ratio": (12, 6),
}


@dataclass
class Ids:
    """Identifiers made of a prefix and a number; NULL numbers are null."""

    prefix: str
    numbers: Ints

    def take(self, rows: Ints | Bools) -> Ids:
        """Return the identifiers of some rows."""
        return Ids(self.prefix, self.numbers[rows])


@dataclass
class Pick:
    """Texts picked from a pool by code; code −1 is null."""

    codes: Ints
    pool: list[str]

    def take(self, rows: Ints | Bools) -> Pick:
        """Return the texts of some rows."""
        return Pick(self.codes[rows], self.pool)


SAMPLE = 1_000  # rows looked at to see whether identifiers repeat

Column: TypeAlias = Any  # Ids | Pick | numpy array | a scalar for all rows
Frame: TypeAlias = dict[str, Column]


def frame_length(frame: Frame) -> int:
    """Return the number of rows: the length of the first column that is not a scalar."""
    for column in frame.values():
        if isinstance(column, Ids):
            return len(column.numbers)
        if isinstance(column, Pick):
            return len(column.codes)
        if isinstance(column, np.ndarray):
            return len(column)
    raise ValueError("a frame needs at least one column that is not a scalar")


def take(frame: Frame, rows: Ints | Bools) -> Frame:
    """Return the rows of a frame chosen by index or mask."""
    return {
        name: column.take(rows)
        if isinstance(column, Ids | Pick)
        else (column[rows] if isinstance(column, np.ndarray) else column)
        for name, column in frame.items()
    }


def concat(frames: Sequence[Frame]) -> Frame:
    """Return frames of the same columns one below the other."""
    first = frames[0]
    if len(frames) == 1:
        return first
    return {name: _concat_column([_broadcast(f[name], frame_length(f)) for f in frames]) for name in first}


def pick(values: Sequence[str | None]) -> Pick:
    """Return texts as codes into their sorted distinct values."""
    pool = sorted({value for value in values if value is not None})
    index = {value: code for code, value in enumerate(pool)}
    return Pick(np.array([-1 if v is None else index[v] for v in values], dtype=np.int64), pool)


def to_arrow(table: Table, frame: Frame) -> pa.Table:
    """Return the frame as an Arrow table with exactly the contract's columns and types."""
    unknown = set(frame) - set(table.field_names)
    if unknown:
        raise ValueError(f"table {table.name} has no columns {sorted(unknown)}")
    count = frame_length(frame)
    arrays = [_array(field, frame.get(field.name), count) for field in table.fields]
    return pa.Table.from_arrays(arrays, names=list(table.field_names))


def rows_to_frame(table: Table, rows: Sequence[Mapping[str, Any]]) -> Frame:
    """Return rows of Python values as a frame (small tables and planted rows)."""
    return {
        field.name: _encode_all(field, [row.get(field.name) for row in rows])
        for field in table.fields
        if any(field.name in row for row in rows)
    }


def encode(field: Field, value: Any) -> int:
    """Return the integer code of a Python value (decimal, date, moment, number) of the field's kind."""
    if value is None:
        return NULL
    if field.kind in SCALES:
        scaled = Decimal(value).scaleb(SCALES[field.kind][1])
        return int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    if isinstance(value, datetime):
        return int((value - datetime(1970, 1, 1)).total_seconds())
    if isinstance(value, date):
        return (value - date(1970, 1, 1)).days
    return int(value)


def _encode_all(field: Field, values: list[Any]) -> Column:
    if field.kind == "text":
        return pick(values)
    return np.array([encode(field, value) for value in values], dtype=np.int64)


def _broadcast(column: Column, count: int) -> Column:
    if isinstance(column, Ids | Pick | np.ndarray):
        return column
    if isinstance(column, str):
        return Pick(np.zeros(count, dtype=np.int64), [column])
    return np.full(count, NULL if column is None else int(column), dtype=np.int64)


def _concat_column(columns: list[Column]) -> Column:
    first = columns[0]
    if isinstance(first, Ids):
        return Ids(first.prefix, np.concatenate([column.numbers for column in columns]))
    if not isinstance(first, Pick):
        return np.concatenate(columns)
    pool = sorted({text for column in columns for text in column.pool})
    index = {text: code for code, text in enumerate(pool)}
    codes = []
    for column in columns:
        translate = np.array([index[text] for text in column.pool] + [-1], dtype=np.int64)
        codes.append(translate[column.codes])
    return Pick(np.concatenate(codes), pool)


def _array(field: Field, column: Column, count: int) -> pa.Array:
    if column is None:
        return pa.nulls(count, _arrow_type(field.kind))
    column = _broadcast(column, count)
    if field.kind == "text":
        return _text_array(column)
    values = column.astype(np.int64)
    missing = values == NULL
    if field.kind in SCALES:
        return _decimal_array(values, missing, SCALES[field.kind])
    if field.kind == "bool":
        return pa.array(values.astype(np.bool_), mask=missing)
    if field.kind in ("date", "month"):
        return pa.array(np.where(missing, 0, values).astype(np.int32), mask=missing).cast(pa.date32())
    if field.kind == "timestamp":
        return pa.array(values, mask=missing).cast(pa.timestamp("s"))
    return pa.array(values, mask=missing)


def _text_array(column: Column) -> pa.Array:
    if isinstance(column, Ids):
        numbers = pa.array(column.numbers, mask=column.numbers == NULL)
        # Repeated identifiers are made once each: the freezes alone have 90 of every metering point.
        if len(np.unique(column.numbers[:SAMPLE])) * 2 > min(len(column.numbers), SAMPLE):
            return _identifiers(column.prefix, numbers)
        coded = numbers.dictionary_encode()
        return pa.DictionaryArray.from_arrays(coded.indices, _identifiers(column.prefix, coded.dictionary))
    codes = pa.array(column.codes.astype(np.int32), mask=column.codes < 0)
    return pa.DictionaryArray.from_arrays(codes, pa.array(column.pool, pa.string()))


def _identifiers(prefix: str, numbers: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pc.cast(numbers, pa.string()), "")


def _decimal_array(values: Ints, missing: Bools, scale: tuple[int, int]) -> pa.Array:
    values = np.where(missing, 0, values)
    wide = pa.py_buffer(np.stack([values, values >> 63], axis=1))
    valid = pa.py_buffer(np.packbits(~missing, bitorder="little")) if missing.any() else None
    return pa.Decimal128Array.from_buffers(pa.decimal128(*scale), len(values), [valid, wide])


def _arrow_type(kind: str) -> pa.DataType:
    simple = {
        "text": pa.string(),
        "int": pa.int64(),
        "bool": pa.bool_(),
        "date": pa.date32(),
        "month": pa.date32(),
        "timestamp": pa.timestamp("s"),
    }
    return simple[kind] if kind in simple else pa.decimal128(*SCALES[kind])
