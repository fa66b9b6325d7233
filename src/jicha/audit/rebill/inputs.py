"""From the tables of a snapshot to the plain inputs of single bills, for the Decimal engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any

import duckdb
import pyarrow as pa

from jicha.audit.rebill.texts import sql_text
from jicha.billing.model import (
    BillInput,
    Customer,
    IssuedBill,
    Line,
    Point,
    PointHistory,
    Reading,
    Scheme,
    Transformer,
    TransformerState,
)

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class BillCase:
    """A bill as it was issued beside what it is recomputed from."""

    bill: BillInput
    issued: IssuedBill


def read_cases(connection: duckdb.DuckDBPyConnection, bill_ids: Iterable[str]) -> Iterator[BillCase]:
    """Yield the chosen normal bills with their inputs, in the order of their numbers.

    The connection must hold the contract tables; it gets the tables chosen_bill and chosen_point.
    """
    chosen = pa.table({"bill_id": pa.array(sorted(set(bill_ids)), pa.string())})
    connection.register("chosen_bill_arrow", chosen)
    connection.execute("CREATE OR REPLACE TEMP TABLE chosen_bill AS SELECT * FROM chosen_bill_arrow")
    connection.unregister("chosen_bill_arrow")
    yield from _Reader(connection).cases()


class _Reader:
    """Reads each table once for all chosen bills and puts the pieces together."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        connection.execute(f"CREATE OR REPLACE TEMP TABLE chosen_point AS {sql_text('points')}")
        self._points = _grouped(self._rows(sql_text("chosen_points")))
        self._schemes = {
            mp_id: tuple(Scheme(*row) for row in rows)
            for mp_id, rows in _grouped(self._rows(sql_text("schemes"))).items()
        }
        self._readings = self._read_readings()
        self._transformers = self._read_transformers()
        self._proofs = {
            number: tuple((row[0], row[1]) for row in rows)
            for number, rows in _grouped(self._rows(sql_text("proofs"))).items()
        }
        self._before: dict[str, dict[str, Any]] = defaultdict(dict)
        for bill_id, mp_id, kwh in self._rows(sql_text("year_before")):
            self._before[bill_id][mp_id] = kwh
        self._history: dict[tuple[str, date], PointHistory] = {
            (row[0], row[1]): PointHistory(*row[2:]) for row in self._rows(sql_text("history"))
        }
        self._lines = {
            bill_id: [Line(*row) for row in rows]
            for bill_id, rows in _grouped(self._rows(sql_text("lines"))).items()
        }

    def cases(self) -> Iterator[BillCase]:
        """Yield each chosen bill."""
        for row in self._rows(sql_text("bills")):
            yield BillCase(self._bill(row), self._issued(row))

    def _rows(self, sql: str) -> list[Row]:
        return self._connection.execute(sql).fetchall()

    def _read_readings(self) -> dict[tuple[str, date], tuple[Reading, ...]]:
        grouped = groupby(self._rows(sql_text("readings")), key=itemgetter(0, 1))
        return {key: tuple(Reading(*row[2:]) for row in rows) for key, rows in grouped}

    def _read_transformers(self) -> dict[str, tuple[Transformer, ...]]:
        result: dict[str, list[Transformer]] = defaultdict(list)
        for key, rows in groupby(self._rows(sql_text("transformers")), key=itemgetter(*range(9))):
            states = tuple(TransformerState(*row[9:]) for row in rows if row[9] is not None)
            result[key[0]].append(Transformer._make((*key[1:], states)))
        return {number: tuple(units) for number, units in result.items()}

    def _bill(self, row: Row) -> BillInput:
        bill_id, customer_no, month = row[0], row[1], row[2]
        points = tuple(
            Point(
                mp_id,
                parent,
                mode,
                is_billed,
                self._schemes.get(mp_id, ()),
                self._readings.get((mp_id, month), ()),
            )
            for mp_id, parent, mode, is_billed in self._points.get(customer_no, ())
        )
        customer = Customer._make((customer_no, *row[5:11], self._proofs.get(customer_no, ()), row[-1]))
        return BillInput(
            bill_id, month, row[3], row[4], customer, points, self._transformers.get(customer_no, ()),
            self._before.get(bill_id, {}), row[11],
            {point.mp_id: self._history[point.mp_id, month] for point in points if (point.mp_id, month) in self._history},
        )  # fmt: skip

    def _issued(self, row: Row) -> IssuedBill:
        kwh, kvarh, factor, percent, total = row[12:17]
        lines = self._lines.get(row[0], [])
        return IssuedBill(row[0], row[1], row[2], kwh, kvarh, factor, percent, total, lines)


def _grouped(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return sorted rows by their first column, without it."""
    return {key: [row[1:] for row in group] for key, group in groupby(rows, key=itemgetter(0))}
