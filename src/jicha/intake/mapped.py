"""Reads a delivery through a mapping profile: sources as texts first, then mapped into contract tables."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jicha.errors import ExplainedError, ManyErrors
from jicha.intake.batches import ArrowTable, BadRow, TypedRows, as_raw
from jicha.intake.careful import Problem
from jicha.intake.columns import ColumnReader
from jicha.intake.engine import open_engine
from jicha.intake.profile import Join, Profile, TableMapping, column_of
from jicha.intake.queries import literals, named_queries, quoted
from jicha.intake.staging import StagedUnit, write_part
from jicha.intake.text_files import Settings
from jicha.mart import Mart

_BATCH_ROWS: Final = 122_880
_NEXT, _PART = "\x1f", "\x1e"
_REASONS: Final = {
    "failed_expression": "a value that the profile's expression can work with, without rounding",
    "unmapped_code": "a code of the profile's code table",
}


@dataclass(slots=True)
class SourceRows:
    """What was read of one source table: its files, each a unit of texts."""

    name: str
    units: list[StagedUnit] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        """Return the staged files."""
        return [str(path) for unit in self.units for path in unit.good_paths]


class Mapper:
    """Maps the sources of one delivery into staged units of contract tables."""

    def __init__(
        self, mart: Mart, profile: Profile, sources: Mapping[str, SourceRows], settings: Settings
    ) -> None:
        self._mart = mart
        self._profile = profile
        self._sources = {name: rows for name, rows in sources.items() if rows.units}
        self._settings = settings
        self._sql = named_queries("mapping.sql")

    def run(self) -> list[StagedUnit]:
        """Return the units of all mappings whose source was delivered."""
        spill = self._settings.folder / "spill"
        with open_engine(self._mart.memory_limit, self._settings.threads, spill) as connection:
            for name in self._profile.sources:
                self._show(connection, name)
            units: list[StagedUnit] = []
            for number, mapping in enumerate(self._profile.mappings):
                if mapping.source in self._sources:
                    self._settings.progress(f"map {mapping.table.name}", number, len(self._profile.mappings))
                    units += self._map(connection, mapping)
        self._hand_on_bad_rows(units)
        return units

    def _show(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        """Make a source readable by its name; one that was not delivered is empty."""
        rows = self._sources.get(name)
        if rows is not None and rows.paths:
            connection.execute(self._sql["source"].format(name=quoted(name), paths=literals(rows.paths)))
            return
        columns = {column: pa.array([], pa.string()) for column in self._profile.columns_of(name)}
        empty = pa.table(columns | {"_file": pa.array([], pa.int32()), "_line": pa.array([], pa.int64())})
        connection.register(name, empty)

    def _map(self, connection: duckdb.DuckDBPyConnection, mapping: TableMapping) -> list[StagedUnit]:
        """Run one mapping and stage its rows, by the file that they came from."""
        joins = "\n".join(self._join(connection, join) for join in mapping.joins)
        units = {unit.file_id: self._unit(unit, mapping) for unit in self._sources[mapping.source].units}
        with open_engine(self._settings.memory_limit) as typing:
            for batch in self._batches(connection, mapping, joins):
                self._stage(typing, mapping, batch, units)
        self._count_left_out(connection, mapping, joins, units)
        return list(units.values())

    def _unit(self, source: StagedUnit, mapping: TableMapping) -> StagedUnit:
        unit = StagedUnit(self._mart.reserve_source_ids(1)[0], source.place, mapping.table, source.encoding)
        unit.sha256, unit.bytes = source.sha256, source.bytes
        unit.warnings.update(source.warnings)
        return unit

    def _batches(
        self, connection: duckdb.DuckDBPyConnection, mapping: TableMapping, joins: str
    ) -> Iterator[ArrowTable]:
        """Yield the mapped rows in bounded batches."""
        try:
            reader = connection.sql(self._statement(mapping, joins)).to_arrow_reader(_BATCH_ROWS)
            for batch in reader:
                yield pa.Table.from_batches([batch])
        except duckdb.Error as error:
            raise ExplainedError(
                where=f"profile {self._profile.name}, table {mapping.table.name}",
                found=f"an expression that the engine refuses: {str(error).splitlines()[0]}",
                expected="expressions over texts, with CAST where a number or a date is meant",
                remedy="Correct the profile. Nothing was loaded.",
            ) from None

    def _statement(self, mapping: TableMapping, joins: str) -> str:
        columns = ", ".join(
            f"CAST({column.sql} AS VARCHAR) AS {quoted(column.field)}" for column in mapping.columns
        )
        condition = mapping.where.sql if mapping.where else "true"
        parts = {"columns": columns, "source": quoted(mapping.source), "joins": joins, "condition": condition}
        if mapping.group_by:
            groups = ", ".join(f"({one.sql})" for one in mapping.group_by)
            return self._sql["mapped_groups"].format(**parts, group_by=groups)
        return self._sql["mapped"].format(**parts, faults=_faults(mapping))

    def _join(self, connection: duckdb.DuckDBPyConnection, join: Join) -> str:
        """Return a join that cannot multiply rows."""
        keys = ", ".join(quoted(there) for _, there in join.on)
        pick = ""
        if join.latest is not None:
            pick = self._sql["pick_latest"].format(keys=keys, latest=quoted(join.latest))
        else:
            self._refuse_ambiguous(connection, join, keys)
        same = " AND ".join(
            f"{column_of('m', here)} = {column_of(join.alias, there)}" for here, there in join.on
        )
        return self._sql["join"].format(
            source=quoted(join.source), pick=pick, alias=quoted(join.alias), same=same
        )

    def _refuse_ambiguous(self, connection: duckdb.DuckDBPyConnection, join: Join, keys: str) -> None:
        filled = " AND ".join(f"{quoted(there)} IS NOT NULL" for _, there in join.on)
        text = self._sql["ambiguous"].format(keys=keys, source=quoted(join.source), filled=filled)
        rows = connection.execute(text).fetchall()
        if rows:
            raise ExplainedError(
                where=f"profile {self._profile.name}, join with {join.source}",
                found=f"{rows[0][1]} rows for the key {rows[0][0]!r}",
                expected="at most one row a key, or `latest: COLUMN` to choose one",
                remedy="Add `latest` to the join, or correct the delivery. Nothing was loaded.",
            )

    def _stage(
        self,
        typing: duckdb.DuckDBPyConnection,
        mapping: TableMapping,
        batch: ArrowTable,
        units: Mapping[int, StagedUnit],
    ) -> None:
        for file in pc.unique(batch.column("_file")).to_pylist():
            unit = units[file]
            rows = batch.filter(pc.equal(batch.column("_file"), file))
            if "_rows" in rows.column_names:
                folded = (pc.sum(rows.column("_rows")).as_py() or 0) - rows.num_rows
                unit.warnings[(None, "source rows folded into rows of the same key")] += folded
            faulty = pc.not_equal(rows.column("_faults"), "")
            raw_of = functools.partial(self._raws, mapping.source, file)
            reader = ColumnReader(typing, mapping.table, unit.place, raw_of)
            texts = rows.drop_columns(
                [name for name in ("_file", "_faults", "_rows") if name in rows.column_names]
            )
            result = reader.read(texts.filter(pc.invert(faulty)))
            self._set_faulty_aside(mapping, file, rows.filter(faulty), result)
            unit.take(write_part(self._settings.folder, unit, result))

    def _set_faulty_aside(
        self, mapping: TableMapping, file: int, rows: ArrowTable, result: TypedRows
    ) -> None:
        """Put the rows whose mapping failed into the quarantine."""
        records = rows.to_pylist()
        raws = self._raws(mapping.source, file, [row["_line"] for row in records]) if records else {}
        for row in records:
            problems = tuple(_problems(row["_faults"]))
            texts = {name: row[name] for name in mapping.table.field_names if name in row}
            result.bad.append(BadRow(row["_line"], problems, raws.get(row["_line"], ""), texts))
        result.rows_read += len(records)

    def _raws(self, source: str, file: int, lines: list[int]) -> Mapping[int, str]:
        """Return the source rows of some lines as CSV, for the quarantine."""
        wanted = pa.table(
            {"_file": pa.array([file] * len(lines), pa.int32()), "_line": pa.array(lines, pa.int64())}
        )
        rows = self._source_rows(source, file, wanted)
        return {
            row["_line"]: as_raw(text for name, text in row.items() if name not in ("_file", "_line"))
            for row in rows
        }

    def _source_rows(self, source: str, file: int, wanted: ArrowTable) -> Iterable[dict[str, Any]]:
        paths = [
            str(path)
            for unit in self._sources[source].units
            if unit.file_id == file
            for path in unit.good_paths
        ]
        with open_engine("500MB") as connection:
            connection.execute(self._sql["source"].format(name=quoted(source), paths=literals(paths)))
            connection.register("wanted", wanted)
            text = self._sql["raw_rows"].format(source=quoted(source))
            rows: list[dict[str, Any]] = connection.sql(text).to_arrow_table().to_pylist()
        return rows

    def _count_left_out(
        self,
        connection: duckdb.DuckDBPyConnection,
        mapping: TableMapping,
        joins: str,
        units: Mapping[int, StagedUnit],
    ) -> None:
        if mapping.where is None:
            return
        text = self._sql["left_out"].format(
            source=quoted(mapping.source), joins=joins, condition=mapping.where.sql
        )
        for file, count in connection.execute(text).fetchall():
            units[file].left_out += count

    def _hand_on_bad_rows(self, units: Sequence[StagedUnit]) -> None:
        """Give the bad rows of a source file to the first unit made of it, so that each counts once."""
        for rows in self._sources.values():
            for source in rows.units:
                heir = next((unit for unit in units if unit.place == source.place), None)
                if source.bad and heir is not None:
                    heir.bad_paths += [_readdressed(path, heir) for path in source.bad_paths]
                    heir.bad += source.bad
                    heir.rows_read += source.bad


def _faults(mapping: TableMapping) -> str:
    """Return the SQL that names every column whose mapping failed, why, and the value."""
    found = [
        f"CASE WHEN {test} THEN concat_ws(chr(30), '{column.field}', '{reason}', CAST({shown} AS VARCHAR)) END"
        for column in mapping.columns
        for test, reason, shown in column.faults
    ]
    return ", ".join(found) or "NULL"


def _problems(text: str) -> Iterator[Problem]:
    for one in text.split(_NEXT):
        name, reason, *value = one.split(_PART)
        yield Problem(name, value[0] if value else None, reason, _REASONS[reason])


def _readdressed(path: Path, unit: StagedUnit) -> Path:
    """Write bad rows of a source again under the contract table that they would have become."""
    table = pq.read_table(path)
    for name, value, kind in (("table", unit.table.name, pa.string()), ("file_id", unit.file_id, pa.int32())):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, pa.field(name, kind), pa.array([value] * table.num_rows, kind))
    place = table.schema.get_field_index("row")
    table = table.set_column(place, pa.field("row", pa.string()), pa.array(["{}"] * table.num_rows))
    target = path.with_name(f"{unit.file_id}-{path.name}")
    pq.write_table(table, target)
    return target


def refuse_absent(profile: Profile, sources: Mapping[str, SourceRows]) -> None:
    """Refuse a delivery whose sources lack a column that a required field is made of."""
    problems: list[str] = []
    for rows in sources.values():
        for unit in rows.units:
            absent = {column for column, text in unit.warnings if text.startswith("column absent")}
            problems += [
                _absent(unit, mapping, absent)
                for mapping in profile.mappings_of(rows.name)
                if _lacks(mapping, absent)
            ]
    if problems:
        raise ManyErrors("The delivery was refused and nothing was loaded", problems)


def _lacks(mapping: TableMapping, absent: set[str | None]) -> list[str]:
    """Return the required fields of a mapping that read an absent column of the main source."""
    needed = {
        one.name for one in mapping.table.fields if one.required or one.name in mapping.table.primary_key
    }
    return [
        f"{column.field} ({name.upper()})"
        for column in mapping.columns
        if not column.handles_absence
        for alias, name in column.reads
        if column.field in needed and alias == "m" and name.upper() in absent
    ]


def _absent(unit: StagedUnit, mapping: TableMapping, absent: set[str | None]) -> str:
    return str(
        ExplainedError(
            where=f"{unit.place}:1",
            found=f"no column for {', '.join(_lacks(mapping, absent))}",
            expected=f"the columns that the profile maps to required fields of {mapping.table.name}",
            remedy="Add the columns to the export, or change the profile.",
        )
    )
