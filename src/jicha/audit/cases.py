"""Worked cases of the rules: rows in, exact findings and Σ yuan out. `python -m jicha.audit.cases [RULE …]`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import duckdb

from jicha.audit.dialect import ParameterValue
from jicha.audit.finding import plain, rows_of
from jicha.audit.library import RULES_FOLDER, Library, lint_library, lint_rule, load_library
from jicha.audit.rule import Case, Rule, parse_value
from jicha.audit.sufficiency import measure
from jicha.audit.workspace import Moment, Workspace, calendar_span, create_working_day
from jicha.audit.yaml_file import read_mapping
from jicha.contract import Table, contract
from jicha.errors import JichaError
from jicha.periods import parse_month

# What a wrong case or a wrong rule raises: told as a difference of its case.
_FAULTS = (duckdb.Error, JichaError, ValueError, KeyError)


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case, and how what came out differs from what it expects; no difference is a pass."""

    rule_id: str
    case: Case
    differences: tuple[str, ...]


@cache
def case_defaults() -> dict[str, dict[str, Any]]:
    """Return the neutral values that complete the rows of a case, by table."""
    return read_mapping(RULES_FOLDER / "case_defaults.yaml")


def run_cases(library: Library, rule: Rule) -> list[CaseResult]:
    """Run every case of the rule on an empty utility that holds only the case's rows.

    SQL that is not jicha SQL does not reach the engine, here neither: its offences are the result.
    """
    offences = tuple(lint_rule(library, rule))
    if offences:
        return [CaseResult(rule.rule_id, case, offences) for case in rule.cases]
    return [CaseResult(rule.rule_id, case, tuple(_differences(library, rule, case))) for case in rule.cases]


@dataclass(frozen=True, slots=True)
class Stage:
    """A case's rows with the facts on them: the same or a changed rule can be played on it many times."""

    case: Case
    month: date
    workspace: Workspace
    missing: tuple[str, ...] | None  # what the data lack for a verdict; None when they suffice

    def differences(self, rule: Rule) -> list[str]:
        """Return how what the rule finds differs from what the case expects."""
        if self.missing is not None:
            return _compare_missing(self.case, self.missing)
        if self.case.expect.get("verdict") == "insufficient_data":
            return ["the data suffice; expected insufficient_data"]
        try:
            found = list(rows_of(rule, self.workspace.rows(rule, self.values(rule)), 0, self.month))
        except _FAULTS as error:
            return [f"{type(error).__name__}: {error}"]
        return _compare_findings(self.case, found)

    def values(self, rule: Rule) -> dict[str, ParameterValue]:
        """Return the rule's parameters as the case sets them."""
        return {**rule.defaults, **_parameters(rule, self.case)}


@contextmanager
def staged(library: Library, rule: Rule, case: Case) -> Iterator[Stage]:
    """Fill an empty utility with the case's rows and build the facts the rule reads."""
    moment = Moment.of(parse_month(case.month[:7]), case.parameters.get("as_of"))
    with duckdb.connect(config={"threads": 1}) as connection:
        _fill(connection, library, rule, case, case_defaults())
        create_working_day(connection, *calendar_span([moment.month]))
        missing = _missing_of(connection, library, rule, moment)
        workspace = Workspace(connection, moment)
        if missing is None:
            workspace.build(library.facts_of(rule.facts))
        yield Stage(case, moment.month, workspace, missing)


def _differences(library: Library, rule: Rule, case: Case) -> list[str]:
    try:
        with staged(library, rule, case) as stage:
            return stage.differences(rule)
    except _FAULTS as error:
        return [f"{type(error).__name__}: {error}"]


def _fill(
    connection: duckdb.DuckDBPyConnection,
    library: Library,
    rule: Rule,
    case: Case,
    defaults: Mapping[str, Any],
) -> None:
    read = {"customer", "metering_point", "working_calendar", *rule.needs, *rule.uses, *case.given}
    for fact in library.facts_of(rule.facts):
        read |= {*fact.needs, *fact.uses}
    for name in sorted(read):
        table = contract().table(name)
        connection.execute(table.ddl())
        for row in case.given.get(name, ()):
            _insert(connection, table, {**defaults.get(name, {}), **row})


def _insert(connection: duckdb.DuckDBPyConnection, table: Table, row: Mapping[str, Any]) -> None:
    unknown = set(row) - set(table.field_names)
    if unknown:
        raise ValueError(f"{table.name} has no column {', '.join(sorted(unknown))}; correct the case")
    values = [_value(row.get(field.name)) for field in table.fields]
    marks = ", ".join("?" * len(values))
    connection.execute(f'INSERT INTO "{table.name}" VALUES ({marks})', values)  # noqa: S608


def _value(value: Any) -> Any:
    if isinstance(value, str) and len(value) == 7 and value[4:5] == "-" and value[:4].isdigit():
        return parse_month(value)
    return Decimal(str(value)) if isinstance(value, float) else value


def _missing_of(
    connection: duckdb.DuckDBPyConnection, library: Library, rule: Rule, moment: Moment
) -> tuple[str, ...] | None:
    needs = library.needs_of(rule)
    presence = measure(connection, {table: set(columns) for table, columns in needs.items()})
    gaps = [
        presence.missing(needs, rule.history_months, moment.month, org, rule.needs)
        for org in presence.organisations
    ]
    return tuple(sorted({gap for some in gaps for gap in some})) if all(gaps) else None


def _parameters(rule: Rule, case: Case) -> dict[str, ParameterValue]:
    return {
        name: parse_value(rule.parameters[name].kind, value)
        for name, value in case.parameters.items()
        if name != "as_of"
    }


def _compare_missing(case: Case, missing: Sequence[str]) -> list[str]:
    if case.expect.get("verdict") != "insufficient_data":
        return [f"insufficient data: {', '.join(missing)}"]
    wanted = case.expect.get("missing", [])
    absent = [
        item for item in wanted if not any(gap == item or gap.startswith(f"{item} ") for gap in missing)
    ]
    return [f"missing is {list(missing)}; expected also {absent}"] if absent else []


def _compare_findings(case: Case, found: list[dict[str, Any]]) -> list[str]:
    expected = case.expect.get("findings", [])
    differences = []
    unmatched = list(found)
    for wanted in expected:
        match = next((row for row in unmatched if _agrees(wanted, row)), None)
        if match is None:
            differences.append(f"expected {wanted}; found {[_brief(row, wanted) for row in found]}")
        else:
            unmatched.remove(match)
    differences += [f"not expected: {_brief(row, _SHOWN)} ({row['message']})" for row in unmatched]
    total = sum((row["yuan_at_stake"] or Decimal(0) for row in found), Decimal(0))
    if "yuan_total" in case.expect and Decimal(str(case.expect["yuan_total"])) != total:
        differences.append(f"Σ yuan is {total}; expected {case.expect['yuan_total']}")
    return differences


_SHOWN = ("subject_id", "kwh_at_stake", "yuan_at_stake", "direction")


def _agrees(wanted: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    return all(_same(value, row.get(name, _missing(row, name))) for name, value in wanted.items())


def _missing(row: Mapping[str, Any], name: str) -> Any:
    return json.loads(row["evidence"])["columns"].get(name)


def _same(wanted: Any, value: Any) -> bool:
    if wanted is None or value is None:
        return wanted is value
    if isinstance(value, Decimal):
        return Decimal(str(wanted)) == value
    if isinstance(value, (date, datetime)) and isinstance(wanted, str):
        return plain(value).startswith(wanted)
    return plain(wanted) == plain(value)


def _brief(row: Mapping[str, Any], names: Iterable[str]) -> dict[str, str]:
    return {name: plain(row.get(name, _missing(row, name))) for name in names}


def main(rule_ids: list[str]) -> int:
    """Lint and run the cases of the named rules (all when none is named); print offenders; 0 when all pass."""
    library = load_library(strict=not rule_ids)
    rules = [library.rule(rule_id) for rule_id in rule_ids] or list(library.rules.values())
    problems = [p for r in rules for p in lint_rule(library, r)] if rule_ids else lint_library(library)
    results = [result for rule in rules for result in run_cases(library, rule)]
    for result in results:
        problems += [
            f"{result.rule_id} [{result.case.kind}] {result.case.name}: {d}" for d in result.differences
        ]
    print("\n".join(problems) or "no offender")
    print(f"{len(rules)} rules, {len(results)} cases, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
