"""Chooses the reader of each source."""

from __future__ import annotations

from jicha.intake.parquet_files import read_parquet_file
from jicha.intake.sheets import read_sheet, sheets_of
from jicha.intake.sources import Source
from jicha.intake.staging import StagedUnit
from jicha.intake.text_files import Settings, contract_target, read_text_file
from jicha.mart import Mart


def read_source(source: Source, mart: Mart, settings: Settings) -> list[StagedUnit]:
    """Read one source whose tables are those of the contract into staged parts."""
    if source.kind == "sheet":
        return _read_workbook(source, mart, settings)
    if source.table is None:
        settings.ignored.append(source.place)
        return []
    unit = new_unit(mart, source.place, source.table)
    if source.kind == "parquet":
        read_parquet_file(unit, settings)
    else:
        read_text_file(unit, settings, contract_target(unit.table, unit))
    return [unit]


def _read_workbook(source: Source, mart: Mart, settings: Settings) -> list[StagedUnit]:
    units: list[StagedUnit] = []
    for sheet, table in sheets_of(source.path, list(mart.contract.tables), source.table):
        unit = new_unit(mart, f"{source.place}[{sheet}]", table)
        read_sheet(unit, source.path, sheet, settings)
        units.append(unit)
    return units


def new_unit(mart: Mart, place: str, table: str) -> StagedUnit:
    """Return an empty unit with a number of its own."""
    return StagedUnit(mart.reserve_source_ids(1)[0], place, mart.contract.table(table))


__all__ = ["Settings", "new_unit", "read_source"]
