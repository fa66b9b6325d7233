"""Works out, file by file, how many rows were added, corrected, repeated and quarantined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from jicha.contract import Table
from jicha.intake.engine import open_engine
from jicha.intake.queries import literals, named_queries, quoted
from jicha.intake.report import FileReport, Remark
from jicha.intake.staging import StagedUnit
from jicha.mart import LoadSummary, Mart, TableSummary

# Source file id → (added, corrected, repeated)
Split: TypeAlias = Mapping[int, tuple[int, int, int]]


def file_reports(
    mart: Mart,
    units: Sequence[StagedUnit],
    summary: LoadSummary,
    remarks: Mapping[int, list[Remark]],
    aside: Mapping[tuple[str, str], int],
) -> list[FileReport]:
    """Return the report of each file; `remarks` are those that only a look at all tables could give.

    `aside` counts by table and file the rows in conflict of a delivery that was committed before.
    """
    found: list[FileReport] = []
    for name in dict.fromkeys(unit.table.name for unit in units):
        mine = [unit for unit in units if unit.table.name == name]
        found += _of_table(mart, mine, summary.table(name), aside)
    for unit_report, unit in zip(found, _in_order(units), strict=True):
        unit_report.warnings += remarks.get(unit.file_id, [])
    return found


def _in_order(units: Sequence[StagedUnit]) -> list[StagedUnit]:
    """Return the units table by table, as they are reported."""
    names = list(dict.fromkeys(unit.table.name for unit in units))
    return sorted(units, key=lambda unit: names.index(unit.table.name))


def _of_table(
    mart: Mart, units: Sequence[StagedUnit], summary: TableSummary, aside: Mapping[tuple[str, str], int]
) -> list[FileReport]:
    conflicts = Counter(file for file, _, _ in summary.conflict_places())
    for unit in units:
        conflicts[unit.file_id] += aside.get((unit.table.name, unit.place), 0)
    good = {unit.file_id: unit.good - conflicts[unit.file_id] for unit in units}
    split = _split(mart, units, summary, good)
    return [_report(unit, split[unit.file_id], conflicts[unit.file_id]) for unit in units]


def _report(unit: StagedUnit, split: tuple[int, int, int], conflicts: int) -> FileReport:
    added, corrected, repeated = split
    warnings = [Remark(column, text, count) for (column, text), count in unit.warnings.items()]
    return FileReport(
        unit.place,
        unit.table.name,
        unit.encoding,
        unit.rows_read,
        added,
        corrected,
        repeated,
        unit.bad + conflicts,
        unit.left_out,
        warnings,
    )


def _split(mart: Mart, units: Sequence[StagedUnit], summary: TableSummary, good: Mapping[int, int]) -> Split:
    """Divide the table's figures among its files; the usual cases need no look at the rows."""
    if not summary.corrected and not summary.repeated:
        return {file: (rows, 0, 0) for file, rows in good.items()}
    if not summary.corrected and not summary.added:
        return {file: (0, 0, rows) for file, rows in good.items()}
    filled = [unit for unit in units if unit.good]
    if len(filled) == 1:
        one = {unit.file_id: (0, 0, 0) for unit in units}
        return one | {filled[0].file_id: (summary.added, summary.corrected, summary.repeated)}
    return _counted(mart, units, good)


def _counted(mart: Mart, units: Sequence[StagedUnit], good: Mapping[int, int]) -> Split:
    """Compare the rows of every file with the newest snapshot, as the mart does."""
    table = units[0].table
    paths = [str(path) for unit in units for path in unit.good_paths]
    with open_engine(mart.memory_limit, threads=2) as connection:
        connection.execute(_current_view(mart, table))
        statement = named_queries("quarantine.sql")["per_file"].format(
            paths=literals(paths),
            table=quoted(table.name),
            key=", ".join(quoted(name) for name in table.primary_key),
            differs=_differs(table),
        )
        rows = {
            file: (added, corrected) for file, added, corrected, _ in connection.execute(statement).fetchall()
        }
    # Copies of a row inside the delivery count as repeated: they are what is left of the file's good rows.
    found = {file: rows.get(file, (0, 0)) for file in good}
    return {
        file: (added, corrected, good[file] - added - corrected) for file, (added, corrected) in found.items()
    }


def _current_view(mart: Mart, table: Table) -> str:
    latest = mart.latest()
    if latest is not None:
        return latest.view_statement(table.name)
    from jicha.mart.columns import view_statement

    return view_statement(table.name, table, [])


def _differs(table: Table) -> str:
    values = [name for name in table.field_names if name not in table.primary_key]
    return " OR ".join(f"s.{quoted(name)} IS DISTINCT FROM c.{quoted(name)}" for name in values) or "false"
