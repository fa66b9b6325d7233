"""Says what an extract makes possible: which tables are filled, which rules can run, what the others lack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jicha.intake.engine import open_engine
from jicha.intake.queries import literals, named_queries
from jicha.mart import Snapshot


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """Tables filled and rules that can run; `missing` gives for every other rule what it lacks."""

    filled_tables: tuple[str, ...]
    all_tables: tuple[str, ...]
    runnable: tuple[str, ...]
    missing: Mapping[str, tuple[str, ...]]

    @property
    def empty_tables(self) -> tuple[str, ...]:
        """Return the tables without a row."""
        return tuple(name for name in self.all_tables if name not in self.filled_tables)

    @property
    def sentence(self) -> str:
        """Return the report in one sentence."""
        rules = len(self.runnable) + len(self.missing)
        return (
            f"With this extract {len(self.filled_tables)} of {len(self.all_tables)} tables are filled; "
            f"{len(self.runnable)} of {rules} rules can run."
        )

    def wanted(self) -> list[tuple[str, int]]:
        """Return what is missing, the lack that blocks most rules first."""
        counts: dict[str, int] = {}
        for lacks in self.missing.values():
            for one in lacks:
                counts[one] = counts.get(one, 0) + 1
        return sorted(counts.items(), key=lambda item: (-item[1], item[0]))

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return {
            "filled_tables": list(self.filled_tables),
            "empty_tables": list(self.empty_tables),
            "runnable": list(self.runnable),
            "missing": {rule: list(lacks) for rule, lacks in self.missing.items()},
        }


def coverage(snapshot: Snapshot, rule_needs: Mapping[str, Mapping[str, Sequence[str]]]) -> CoverageReport:
    """Return which rules can run on a snapshot; `rule_needs` gives by rule the tables and columns that must hold data."""
    filled = {
        name: filled_columns(snapshot, name) for name in snapshot.contract.tables if snapshot.rows(name)
    }
    lacks = {rule: tuple(_lacks(needs, filled)) for rule, needs in rule_needs.items()}
    return CoverageReport(
        filled_tables=tuple(filled),
        all_tables=tuple(snapshot.contract.tables),
        runnable=tuple(rule for rule, missing in lacks.items() if not missing),
        missing={rule: missing for rule, missing in lacks.items() if missing},
    )


def filled_columns(snapshot: Snapshot, table: str) -> frozenset[str]:
    """Return the columns of a table that hold at least one value, from the footers of its files."""
    paths = [str(path) for path in snapshot.paths(table)]
    if not paths:
        return frozenset()
    with open_engine("500MB") as connection:
        statement = named_queries("checks.sql")["filled_columns"].format(paths=literals(paths))
        return frozenset(name for (name,) in connection.execute(statement).fetchall())


def _lacks(needs: Mapping[str, Sequence[str]], filled: Mapping[str, frozenset[str]]) -> list[str]:
    """Return the tables and the columns (table.column) that a rule lacks."""
    lacks: list[str] = []
    for table, columns in needs.items():
        if table not in filled:
            lacks.append(table)
        else:
            lacks += [f"{table}.{column}" for column in columns if column not in filled[table]]
    return lacks
