"""Compares a delivery with the totals that its sender states: rows, Σ kWh, Σ yuan, or Σ of any column."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq
import yaml

from jicha.contract import Contract, Table
from jicha.errors import ExplainedError, Location
from jicha.intake.careful import BadValue, read_value
from jicha.intake.cells import decimal_shape
from jicha.intake.engine import open_engine
from jicha.intake.queries import literals, named_queries, quoted
from jicha.intake.report import ControlCheck
from jicha.intake.staging import StagedUnit

# What "kwh" and "yuan" mean where a sender states them for a table: the first of these columns that it has.
_KWH: Final = ("kwh", "supply_kwh")
_YUAN: Final = ("total_yuan", "amount_yuan", "back_yuan")


@dataclass(frozen=True, slots=True)
class Stated:
    """One stated figure: for a table, or for one file of it."""

    subject: str
    figure: str
    column: str | None
    value: Decimal


def read(paths: Sequence[Path], contract: Contract) -> list[Stated]:
    """Return what the control files of a delivery state."""
    return [one for path in paths for one in _read_file(path, contract)]


def _read_file(path: Path, contract: Contract) -> Iterator[Stated]:
    rows = _csv_rows(path) if path.suffix == ".csv" else _yaml_rows(path)
    for subject, figures in rows:
        table = _table_of(subject, contract, path)
        for figure, value in figures.items():
            yield Stated(
                subject, figure, _column(table, figure, path, subject), _number(value, path, subject, figure)
            )


def _csv_rows(path: Path) -> Iterator[tuple[str, Mapping[str, str]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            subject = row.pop("table", None) or row.pop("file", None)
            if subject:
                yield (
                    subject.strip(),
                    {name.strip(): value for name, value in row.items() if name and value and name != "file"},
                )


def _yaml_rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    # BaseLoader keeps every number as it is written: no float comes near a control total.
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    if not isinstance(content, dict) or not all(isinstance(one, dict) for one in content.values()):
        raise ExplainedError(
            where=str(path),
            found="another structure",
            expected="table: {rows: 12, kwh: 345.0000, yuan: 67.89}",
            remedy="Write one entry a table (or file) with the figures of it.",
        )
    yield from content.items()


def _table_of(subject: str, contract: Contract, path: Path) -> Table:
    from jicha.intake.sources import table_of

    name = table_of(Path(subject), contract.tables)
    if name is None:
        raise ExplainedError(
            where=str(path),
            found=f"totals for {subject!r}",
            expected="a table of the contract, or a file named after one",
            remedy="Correct the name in the control file.",
        )
    return contract.table(name)


def _column(table: Table, figure: str, path: Path, subject: str) -> str | None:
    """Return the column that a figure is the sum of; none for the number of rows."""
    if figure == "rows":
        return None
    wanted = {"kwh": _KWH, "yuan": _YUAN}.get(figure, (figure.removeprefix("sum_"),))
    found = next(
        (name for name in wanted if name in table.field_names and decimal_shape(table.field(name))), None
    )
    if found is None:
        raise ExplainedError(
            where=f"{path}: {subject}",
            found=f"a total of {figure!r}",
            expected=f"rows, kwh, yuan or a number column of {table.name}",
            remedy="Correct the name of the figure in the control file.",
        )
    return found


def _number(value: Any, path: Path, subject: str, figure: str) -> Decimal:
    try:
        return Decimal(str(value).strip().replace(",", ""))
    except InvalidOperation:
        raise ExplainedError(
            where=f"{path}: {subject}.{figure}",
            found=repr(value),
            expected="a number",
            remedy="Correct the control file.",
        ) from None


def compare(stated: Sequence[Stated], units: Sequence[StagedUnit]) -> list[ControlCheck]:
    """Return each stated figure beside what was found."""
    return [_compare(one, _units_of(one.subject, units)) for one in stated]


def _units_of(subject: str, units: Sequence[StagedUnit]) -> list[StagedUnit]:
    """Return the files that a stated figure speaks of: those of a table, or the one file of that name."""
    return [unit for unit in units if unit.table.name == subject or Path(unit.place).name == subject]


def _compare(stated: Stated, units: Sequence[StagedUnit]) -> ControlCheck:
    if stated.column is None:
        found, aside = Decimal(sum(unit.good for unit in units)), Decimal(sum(unit.bad for unit in units))
    else:
        found, aside = _sum_good(units, stated.column), _sum_bad(units, stated.column)
    verdict = "differs"
    if found == stated.value and not aside:
        verdict = "equal"
    elif found + aside == stated.value:
        verdict = "equal_with_quarantine"
    return ControlCheck(stated.subject, stated.figure, str(stated.value), str(found), str(aside), verdict)


def _sum_good(units: Sequence[StagedUnit], column: str) -> Decimal:
    paths = [str(path) for unit in units for path in unit.good_paths]
    if not paths:
        return Decimal(0)
    statement = named_queries("quarantine.sql")["control_sum"]
    with open_engine("500MB") as connection:
        text = statement.format(column=quoted(column), paths=literals(paths))
        found: Decimal | None = connection.execute(text).fetchall()[0][0]
    return found or Decimal(0)


def _sum_bad(units: Sequence[StagedUnit], column: str) -> Decimal:
    """Return the sum over the rows in quarantine, as far as their values can be read."""
    total = Decimal(0)
    for unit in units:
        for path in unit.bad_paths:
            for text in pq.read_table(path, columns=["row"]).column("row").to_pylist():
                total += _amount(unit.table, column, json.loads(text).get(column))
    return total


def _amount(table: Table, column: str, text: str | None) -> Decimal:
    try:
        value = read_value(table, table.field(column), text)
    except BadValue:
        return Decimal(0)
    return value if isinstance(value, Decimal) else Decimal(0)


def message(check: ControlCheck) -> str:
    """Return what differs and by how much."""
    missing = Decimal(check.stated) - Decimal(check.found) - Decimal(check.quarantined)
    return str(
        ExplainedError(
            where=Location(f"control total {check.subject}", None, check.figure),
            found=f"{check.found} loaded and {check.quarantined} in quarantine",
            expected=f"{check.stated} as the sender states",
            remedy=f"{missing} are missing: ask for the rest, or load with the difference accepted.",
        )
    )
