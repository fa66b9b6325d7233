"""Reads the header of a delivered table and matches it with the contract."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from jicha.contract import Table
from jicha.errors import ExplainedError, Location
from jicha.intake.cells import is_needed

DELIMITERS: Final = (",", "\t", ";", "|")


@dataclass(frozen=True, slots=True)
class Match:
    """Which column of a source holds which field; what the source has too many of and what it lacks."""

    positions: Mapping[str, int]
    unknown: tuple[str, ...]
    absent: tuple[str, ...]


def split_header(line: str, path: str) -> tuple[str, tuple[str, ...]]:
    """Return the delimiter and the column names of a header line."""
    counts = {delimiter: line.count(delimiter) for delimiter in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda one: counts[one])
    try:
        names = next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise ExplainedError(
            where=Location(path, 1),
            found=f"a header that cannot be read ({error}): {line[:200]}",
            expected="a header row with the names of the columns",
            remedy="Export the file again with one header row.",
        ) from None
    return delimiter, tuple(name.strip().strip("\ufeff") for name in names)


def match_header(table: Table, header: Sequence[str], path: str) -> Match:
    """Return where each field stands, by its name or its Chinese title; refuse doubled or lacking columns."""
    names = _names(table)
    found = [names.get(name.casefold()) for name in header]
    _refuse_doubled(table, found, path)
    positions = {name: place for place, name in enumerate(found) if name is not None}
    absent = tuple(field.name for field in table.fields if field.name not in positions)
    _refuse_absent(table, absent, header, path)
    unknown = tuple(name for name, hit in zip(header, found, strict=True) if hit is None)
    return Match(positions, unknown, absent)


def _names(table: Table) -> dict[str, str]:
    """Return field names by every accepted spelling; a title that two fields share names neither."""
    titles = Counter(field.title_zh for field in table.fields)
    known = {field.title_zh.casefold(): field.name for field in table.fields if titles[field.title_zh] == 1}
    return known | {field.name.casefold(): field.name for field in table.fields}


def _refuse_doubled(table: Table, found: Sequence[str | None], path: str) -> None:
    doubled = [name for name, count in Counter(found).items() if name is not None and count > 1]
    if doubled:
        places = ", ".join(f"{name} in columns {_places(found, name)}" for name in doubled)
        raise ExplainedError(
            where=Location(path, 1, doubled[0]),
            found=f"a column twice: {places}",
            expected=f"each column of {table.name} once",
            remedy="Remove or rename the double, so that it is clear which one counts.",
        )


def _places(found: Sequence[str | None], name: str) -> str:
    return " and ".join(str(place + 1) for place, hit in enumerate(found) if hit == name)


def _refuse_absent(table: Table, absent: Sequence[str], header: Sequence[str], path: str) -> None:
    lacking = [name for name in absent if is_needed(table, table.field(name))]
    if lacking:
        raise ExplainedError(
            where=Location(path, 1, lacking[0]),
            found=f"no column {', '.join(lacking)} among {', '.join(header)[:500]}",
            expected=f"the required columns of {table.name} ({table.title_zh})",
            remedy="Add the columns to the export, or map others to them in a profile.",
        )
