"""Mapping profiles: how the tables of a marketing system become the tables of the contract."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

import yaml

from jicha.contract import Contract, Field, Table
from jicha.errors import ExplainedError, JichaError, ManyErrors
from jicha.intake.expressions import MAIN, Expression, coded, column_of, parse
from jicha.intake.sources import table_of

_UNKNOWN: Final = ("quarantine", "keep", "null")
_MAPPING_KEYS: Final = frozenset({"table", "source", "joins", "where", "group_by", "columns", "note"})


@dataclass(frozen=True, slots=True)
class Join:
    """A further source looked up for each row: at most one row of it may fit."""

    alias: str
    source: str
    on: tuple[tuple[str, str], ...]
    latest: str | None


@dataclass(frozen=True, slots=True)
class Column:
    """How one field is made, and the tests that tell why it could not be: (test, reason, shown value)."""

    field: str
    sql: str
    reads: frozenset[tuple[str, str]]
    faults: tuple[tuple[str, str, str], ...]
    handles_absence: bool


@dataclass(frozen=True, slots=True)
class TableMapping:
    """How one contract table is made from one source."""

    table: Table
    source: str
    joins: tuple[Join, ...]
    where: Expression | None
    group_by: tuple[Expression, ...]
    columns: tuple[Column, ...]

    def reads(self) -> set[tuple[str, str]]:
        """Return all (source, column) that this mapping reads."""
        sources = {MAIN: self.source} | {join.alias: join.source for join in self.joins}
        found = {(alias, name) for column in self.columns for alias, name in column.reads}
        for one in (*self.group_by, *([self.where] if self.where else [])):
            found |= one.columns
        for join in self.joins:
            found |= {(MAIN, here) for here, _ in join.on} | {(join.alias, there) for _, there in join.on}
            found |= {(join.alias, join.latest)} if join.latest else set()
        return {(sources[alias], name.upper()) for alias, name in found}


@dataclass(frozen=True, slots=True)
class Profile:
    """A whole profile."""

    name: str
    version: int
    sha256: str
    aliases: Mapping[str, str]
    mappings: tuple[TableMapping, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """Return the source tables that the profile reads."""
        joined = [join.source for mapping in self.mappings for join in mapping.joins]
        return tuple(dict.fromkeys([mapping.source for mapping in self.mappings] + joined))

    @property
    def names(self) -> tuple[str, ...]:
        """Return all names that a source may go by in a delivery."""
        return (*self.sources, *self.aliases)

    def source_of(self, path: Path) -> str | None:
        """Return the source that a file or table is named after."""
        name = table_of(path, self.names)
        return self.aliases.get(name, name) if name is not None else None

    def columns_of(self, source: str) -> tuple[str, ...]:
        """Return the columns of a source that any mapping reads."""
        found = {name for mapping in self.mappings for owner, name in mapping.reads() if owner == source}
        return tuple(sorted(found))

    def mappings_of(self, source: str) -> list[TableMapping]:
        """Return the mappings that make rows from the rows of a source."""
        return [mapping for mapping in self.mappings if mapping.source == source]


def source_table(profile: Profile, source: str) -> Table:
    """Return a source as a table of texts, so that every reader can read it."""
    fields = tuple(Field(name, "text", False, (), None, name, name) for name in profile.columns_of(source))
    return Table(source, source, source, (), (), fields)


def shipped() -> tuple[str, ...]:
    """Return the names of the profiles that come with jicha."""
    folder = resources.files("jicha.intake") / "profiles"
    return tuple(
        sorted(one.name.removesuffix(".yaml") for one in folder.iterdir() if one.name.endswith(".yaml"))
    )


def read_profile(name: str | Path, contract: Contract) -> Profile:
    """Return a shipped profile by its name, or one from a file, checked as a whole."""
    text, where = _text_of(name)
    content = yaml.load(text, Loader=yaml.BaseLoader)
    if not isinstance(content, dict) or not isinstance(content.get("tables"), list):
        raise _wrong(where, "no list of tables", "profile, version, tables (and codes, sources)")
    problems: list[str] = []
    mappings: list[TableMapping] = []
    for number, entry in enumerate(content["tables"]):
        try:
            mappings.append(
                _mapping(entry, content.get("codes") or {}, contract, f"{where}: tables[{number}]")
            )
        except JichaError as error:
            problems.append(str(error))
    if problems:
        raise ManyErrors(f"The profile {where} cannot be used", problems)
    aliases = {alias: source for source, names in (content.get("sources") or {}).items() for alias in names}
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return Profile(
        str(content.get("profile", where)), int(content.get("version", 1)), sha256, aliases, tuple(mappings)
    )


def _text_of(name: str | Path) -> tuple[str, str]:
    if str(name) in shipped():
        return (resources.files("jicha.intake") / "profiles" / f"{name}.yaml").read_text(
            encoding="utf-8"
        ), str(name)
    path = Path(name)
    if not path.is_file():
        raise _wrong(
            str(name), "no such profile", f"one of {', '.join(shipped())}, or the path of a .yaml file"
        )
    return path.read_text(encoding="utf-8"), str(path)


def _mapping(entry: Any, codes: Mapping[str, Any], contract: Contract, where: str) -> TableMapping:
    if not isinstance(entry, dict) or not {"table", "source", "columns"} <= set(entry) <= _MAPPING_KEYS:
        raise _wrong(
            where, "another structure", f"table, source, columns and only {', '.join(sorted(_MAPPING_KEYS))}"
        )
    table = contract.table(entry["table"])
    place = f"{where} ({table.name})"
    joins = tuple(_join(one, place) for one in entry.get("joins") or ())
    aliases = {join.alias: join.source for join in joins}
    group_by = tuple(parse(text, f"{place}.group_by", aliases) for text in entry.get("group_by") or ())
    where_text = entry.get("where")
    columns = tuple(
        _column(table, name, spec, codes, aliases, bool(group_by), place)
        for name, spec in entry["columns"].items()
    )
    _refuse_lacking(table, columns, place)
    condition = parse(where_text, f"{place}.where", aliases) if where_text else None
    return TableMapping(table, entry["source"], joins, condition, group_by, columns)


def _join(entry: Any, where: str) -> Join:
    if not isinstance(entry, dict) or not {"source", "on"} <= set(entry) <= {
        "source",
        "on",
        "alias",
        "latest",
    }:
        raise _wrong(
            f"{where}.joins", "another structure", "source, on: {own column: its column}, alias, latest"
        )
    on = tuple((here.upper(), there.upper()) for here, there in entry["on"].items())
    latest = entry.get("latest")
    return Join(
        str(entry.get("alias", entry["source"])), str(entry["source"]), on, latest.upper() if latest else None
    )


def _column(
    table: Table,
    name: str,
    spec: Any,
    codes: Mapping[str, Any],
    aliases: Mapping[str, str],
    grouped: bool,
    where: str,
) -> Column:
    table.field(name)
    place = f"{where}.{name}"
    text, code_name = (spec, None) if isinstance(spec, str) else (spec.get("from"), spec.get("codes"))
    if text is None:
        raise _wrong(place, "no expression", "an expression, or {from: expression, codes: table}")
    source = parse(text, place, aliases, may_aggregate=grouped)
    faults = [(source.failed, "failed_expression", source.first_value or "NULL")] if source.failed else []
    sql = source.sql
    if code_name is not None:
        sql, test = coded(source, *_codes(codes, code_name, place))
        faults += [(test, "unmapped_code", source.sql)] if test else []
    return Column(name, sql, source.columns, tuple(faults), source.handles_absence)


def _codes(codes: Mapping[str, Any], name: str, where: str) -> tuple[Mapping[str, str], str]:
    entry = codes.get(name)
    if (
        not isinstance(entry, dict)
        or not isinstance(entry.get("values"), dict)
        or entry.get("unknown") not in _UNKNOWN
    ):
        raise _wrong(
            where, f"the code table {name!r}", f"codes.{name} with values and unknown: {' | '.join(_UNKNOWN)}"
        )
    return entry["values"], entry["unknown"]


def _refuse_lacking(table: Table, columns: Sequence[Column], where: str) -> None:
    made = {column.field for column in columns}
    lacking = [
        one.name
        for one in table.fields
        if (one.required or one.name in table.primary_key) and one.name not in made
    ]
    if lacking:
        raise _wrong(where, f"no mapping for {', '.join(lacking)}", f"every required column of {table.name}")


def _wrong(where: str, found: str, expected: str) -> ExplainedError:
    return ExplainedError(where=where, found=found, expected=expected, remedy="See docs/how-to/profiles.md.")


__all__ = ["Join", "Profile", "TableMapping", "column_of", "read_profile", "shipped", "source_table"]
