"""Chooses the reader of each source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from jicha.contract import Table
from jicha.intake.databases import read_database
from jicha.intake.mapped import Mapper, SourceRows, refuse_absent
from jicha.intake.parquet_files import read_parquet_file
from jicha.intake.profile import Profile, source_table
from jicha.intake.sheets import read_sheet, sheets_of
from jicha.intake.sources import Source
from jicha.intake.staging import StagedUnit
from jicha.intake.text_files import Settings, contract_target, read_text_file
from jicha.mart import Mart


def read_source(source: Source, mart: Mart, settings: Settings) -> list[StagedUnit]:
    """Read one source whose tables are those of the contract into staged parts."""
    return _read(source, mart, settings, list(mart.contract.tables), mart.contract.table, lambda _: None)


def read_mapped(
    sources: Sequence[Source], mart: Mart, profile: Profile, settings: Settings
) -> list[StagedUnit]:
    """Read all sources of a delivery through a profile."""
    found = {name: SourceRows(name) for name in profile.sources}

    def table(name: str) -> Table:
        return source_table(profile, profile.aliases.get(name, name))

    for source in sources:
        for unit in _read(source, mart, settings, list(profile.names), table, lambda one: one.field_names):
            _forget_unknown(unit)
            found[unit.table.name].units.append(unit)
    refuse_absent(profile, found)
    return Mapper(mart, profile, found, settings).run()


def _forget_unknown(unit: StagedUnit) -> None:
    """A system's table has many columns that no profile reads: that is no cause for a warning."""
    for key in [key for key in unit.warnings if key[1].startswith("unknown column")]:
        del unit.warnings[key]


def _read(
    source: Source,
    mart: Mart,
    settings: Settings,
    names: Sequence[str],
    table: Callable[[str], Table],
    wanted: Callable[[Table], Sequence[str] | None],
) -> list[StagedUnit]:
    if source.kind == "database":
        return read_database(
            source.place, settings, names, lambda place, name: new_unit(mart, place, table(name)), wanted
        )
    if source.kind == "sheet":
        return _read_workbook(source, mart, settings, names, table)
    if source.table is None:
        settings.ignored.append(source.place)
        return []
    unit = new_unit(mart, source.place, table(source.table))
    if source.kind == "parquet":
        read_parquet_file(unit, settings)
    else:
        read_text_file(unit, settings, contract_target(unit.table, unit))
    return [unit]


def _read_workbook(
    source: Source, mart: Mart, settings: Settings, names: Sequence[str], table: Callable[[str], Table]
) -> list[StagedUnit]:
    units: list[StagedUnit] = []
    for sheet, name in sheets_of(Path(source.place), names, source.table):
        unit = new_unit(mart, f"{source.place}[{sheet}]", table(name))
        read_sheet(unit, source.path, sheet, settings)
        units.append(unit)
    return units


def new_unit(mart: Mart, place: str, table: Table) -> StagedUnit:
    """Return an empty unit with a number of its own."""
    return StagedUnit(mart.reserve_source_ids(1)[0], place, table)


__all__ = ["Settings", "new_unit", "read_mapped", "read_source"]
