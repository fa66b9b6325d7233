"""Chooses the reader of each source."""

from __future__ import annotations

from jicha.intake.sources import Source
from jicha.intake.staging import StagedUnit
from jicha.intake.text_files import Settings, contract_target, read_text_file
from jicha.mart import Mart


def read_source(source: Source, mart: Mart, settings: Settings) -> list[StagedUnit]:
    """Read one source into staged parts."""
    if source.kind == "text" and source.table is not None:
        unit = new_unit(mart, source.place, source.table)
        read_text_file(unit, settings, contract_target(unit.table, unit))
        return [unit]
    return []


def new_unit(mart: Mart, place: str, table: str) -> StagedUnit:
    """Return an empty unit with a number of its own."""
    return StagedUnit(mart.reserve_source_ids(1)[0], place, mart.contract.table(table))


__all__ = ["Settings", "new_unit", "read_source"]
