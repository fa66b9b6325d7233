"""Checks between tables: a foreign key that is nowhere is evidence, so the row is loaded and the place is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from jicha.contract import ForeignKey
from jicha.intake.engine import open_engine
from jicha.intake.queries import literals, named_queries, quoted
from jicha.intake.report import Remark
from jicha.intake.staging import StagedUnit
from jicha.mart import Mart, Snapshot


def orphans(mart: Mart, units: Sequence[StagedUnit]) -> Mapping[int, list[Remark]]:
    """Return remarks by source file on rows whose foreign keys are nowhere; only tables that are there are asked."""
    staged = paths_by_table(units)
    latest = mart.latest()
    found: dict[int, list[Remark]] = {}
    with open_engine(mart.memory_limit, threads=2) as connection:
        for name in staged:
            table = mart.contract.table(name)
            for key in table.foreign_keys:
                known = _known(key, staged, latest)
                if known:
                    for file, remark in _orphans_of(connection, key, staged[name], known):
                        found.setdefault(file, []).append(remark)
    return found


def paths_by_table(units: Sequence[StagedUnit]) -> dict[str, list[str]]:
    """Return the staged files of each table that has rows."""
    found: dict[str, list[str]] = {}
    for unit in units:
        if unit.good_paths:
            found.setdefault(unit.table.name, []).extend(str(path) for path in unit.good_paths)
    return found


def _known(key: ForeignKey, staged: Mapping[str, list[str]], latest: Snapshot | None) -> list[str]:
    """Return the files that hold the keys which a foreign key may name."""
    stored = [str(path) for path in latest.paths(key.table)] if latest is not None else []
    return staged.get(key.table, []) + stored


def _orphans_of(
    connection: duckdb.DuckDBPyConnection, key: ForeignKey, paths: list[str], known: list[str]
) -> list[tuple[int, Remark]]:
    sql = named_queries("checks.sql")
    names = ", ".join(
        f"{quoted(there)} AS {quoted(here)}" for here, there in zip(key.fields, key.references, strict=True)
    )
    statement = sql["orphans"].format(
        fields=", ".join(map(quoted, key.fields)),
        fields_s=", ".join(f"s.{quoted(name)}" for name in key.fields),
        paths=literals(paths),
        filled=" AND ".join(f"{quoted(name)} IS NOT NULL" for name in key.fields),
        references=sql["keys_of_files"].format(keys=names, paths=literals(known)),
        same=" AND ".join(f"s.{quoted(name)} = r.{quoted(name)}" for name in key.fields),
        same_m=" AND ".join(f"s.{quoted(name)} = m.{quoted(name)}" for name in key.fields),
    )
    rows = connection.execute(statement).fetchall()
    column = ", ".join(key.fields)
    return [
        (
            file,
            Remark(
                column, f"not found in {key.table}, loaded all the same, for example {example!r}", count, line
            ),
        )
        for file, count, line, example in rows
    ]
