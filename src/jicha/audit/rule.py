"""A rule: two files, the SELECT and its declaration, read and checked together."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from sqlglot import exp

from jicha.audit.dialect import ParameterValue, Select
from jicha.audit.fact import Columns, as_columns
from jicha.audit.yaml_file import Keys, YamlProblem, read_mapping

TOPICS = (
    "reading", "billing", "collection", "metering", "connection", "inspection",
    "line_loss", "service", "seal", "new_energy", "charging", "permission",
)  # fmt: skip
STATUSES = ("draft", "trial", "active", "retired")
DIRECTIONS = ("company", "customer", "by_sign", "column", "none")
CASE_KINDS = ("hit", "near_miss", "look_alike", "insufficient")
STANDARD_COLUMNS = (
    "subject_id", "org_no", "customer_no", "mp_id", "bill_month", "period_from", "period_to",
    "kwh_at_stake", "yuan_at_stake", "direction",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parameter:
    """A threshold of a rule: its type, shipped value, bounds, unit and why it is what it is."""

    name: str
    kind: str
    default: ParameterValue
    low: ParameterValue | None
    high: ParameterValue | None
    unit: str
    why: str


@dataclass(frozen=True, slots=True)
class Value:
    """Which columns hold the stake and who gains by the correction."""

    kwh: str | None
    yuan: str | None
    direction: str
    why: str


@dataclass(frozen=True, slots=True)
class Case:
    """A worked example: rows in, exact findings out."""

    name: str
    kind: str
    month: str
    given: dict[str, list[dict[str, Any]]]
    expect: dict[str, Any]
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the library as its two files state it."""

    rule_id: str
    name: str
    title: dict[str, str]
    topic: str
    severity: int
    owner: str
    status: str
    version: int
    side: str
    lifecycle: str
    judged_by: tuple[str, ...] | None
    basis: tuple[dict[str, Any], ...]
    needs: Columns
    uses: Columns
    facts: tuple[str, ...]
    history_months: int
    parameters: Mapping[str, Parameter]
    subject: str
    fingerprint: tuple[str, ...]
    value: Value
    message: dict[str, str]
    triage: dict[str, Any]
    cases: tuple[Case, ...]
    select: Select
    sha256: str
    path: Path

    @property
    def defaults(self) -> dict[str, ParameterValue]:
        """The shipped parameter values."""
        return {name: parameter.default for name, parameter in self.parameters.items()}

    @property
    def sql_text(self) -> str:
        """The SELECT as it is written."""
        return self.select.text

    @property
    def tree(self) -> exp.Query:
        """The parsed SELECT."""
        return self.select.tree


def load_rule(path: Path) -> Rule:
    """Return the rule whose YAML is at `path`; raise YamlProblem with every problem of the pair of files."""
    problems: list[str] = []
    content = read_mapping(path)
    keys = Keys(content, path.name, problems)
    sql_path = path.with_suffix(".sql")
    if not sql_path.exists():
        raise YamlProblem(path.name, [f"{sql_path.name} is missing beside it; write the SELECT there"])
    text = sql_path.read_text(encoding="utf-8")
    rule = Rule(
        rule_id=keys.take("id", str),
        name=path.stem,
        title=keys.both_languages("title"),
        topic=keys.choice("topic", TOPICS),
        severity=keys.take("severity", int),
        owner=keys.take("owner", str),
        status=keys.choice("status", STATUSES),
        version=keys.take("version", int),
        side=keys.choice("side", ("internal", "external")),
        lifecycle=keys.choice("lifecycle", ("standing", "occurrence")),
        judged_by=_optional_tuple(keys.take("judged_by", list, None)),
        basis=tuple(keys.take("basis", list)),
        needs=as_columns(keys.take("needs", dict)),
        uses=as_columns(keys.take("uses", dict, {})),
        facts=tuple(keys.take("facts", list, [])),
        history_months=keys.take("history_months", int, 1),
        parameters=_parameters(keys.take("parameters", dict, {}), path.name, problems),
        subject=keys.take("subject", str),
        fingerprint=tuple(keys.take("fingerprint", list)),
        value=_value(keys.take("value", dict), path.name, problems),
        message=keys.both_languages("message"),
        triage=keys.take("triage", dict),
        cases=_cases(keys.take("cases", list), path.name, problems),
        select=Select(text, sql_path.name),
        sha256=meaning_hash(content, text),
        path=path,
    )
    keys.finish()
    if problems:
        raise YamlProblem(path.name, problems)
    return rule


def meaning_hash(content: Mapping[str, Any], sql_text: str) -> str:
    """Return the hash of what decides a rule's findings and their wording; worked cases and titles may grow."""
    parts = ("id", "severity", "needs", "uses", "facts", "history_months", "parameters", "subject",
             "fingerprint", "value", "message", "lifecycle", "version")  # fmt: skip
    # What only some rules declare does not change the hash of the others.
    declared = (*parts, *(part for part in ("judged_by",) if part in content))
    meaning = "\n".join(f"{part}={content.get(part)!r}" for part in declared)
    return hashlib.sha256((meaning + "\n" + sql_text).encode()).hexdigest()


def _optional_tuple(items: list[Any] | None) -> tuple[str, ...] | None:
    return None if items is None else tuple(str(item) for item in items)


def parse_value(kind: str, value: Any) -> ParameterValue:
    """Return a parameter value as its kind; ValueError if it is not one."""
    try:
        if kind == "decimal":
            return _finite(Decimal(str(value)))
        if kind == "int":
            return int(value)
        if kind == "date":
            return value if isinstance(value, date) else date.fromisoformat(str(value))
        if kind == "text":
            return str(value)
        if kind == "text_list":
            # One text, as --set gives it, is a list of one and not of its letters.
            return (value,) if isinstance(value, str) else tuple(str(item) for item in value)
    except (InvalidOperation, TypeError) as error:
        raise ValueError(f"{value!r} is not a {kind}") from error
    raise ValueError(f"{kind!r} is not a parameter type; use decimal, int, date, text or text_list")


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise ValueError(f"{value} is not a finite number")
    return value


def _parameters(mapping: dict[str, Any], where: str, problems: list[str]) -> dict[str, Parameter]:
    return {name: _parameter(name, content, where, problems) for name, content in mapping.items()}


def _parameter(name: str, content: dict[str, Any], where: str, problems: list[str]) -> Parameter:
    place = f"{where}: parameters.{name}"
    keys = Keys(content, place, problems)
    kind = keys.choice("type", ("decimal", "int", "date", "text", "text_list"))
    anything = (str, int, float, list, date)
    given = {key: keys.take(key, anything, None) for key in ("default", "min", "max")}
    values: dict[str, ParameterValue | None] = {}
    for key, value in given.items():
        try:
            values[key] = None if value is None else parse_value(kind, value)
        except ValueError as error:
            problems.append(f"{place}: `{key}`: {error}")
            values[key] = None
    if given["default"] is None:
        problems.append(f"{place}: `default` is missing; state the shipped value")
    parameter = Parameter(
        name=name,
        kind=kind,
        default=values["default"] if values["default"] is not None else "",
        low=values["min"],
        high=values["max"],
        unit=str(keys.take("unit", (str, int), "")),
        why=keys.take("why", str),
    )
    keys.finish()
    return parameter


def _value(content: dict[str, Any], where: str, problems: list[str]) -> Value:
    keys = Keys(content, f"{where}: value", problems)
    value = Value(
        kwh=keys.take("kwh", str, None),
        yuan=keys.take("yuan", str, None),
        direction=keys.choice("direction", DIRECTIONS),
        why=keys.take("why", str),
    )
    keys.finish()
    return value


def _cases(items: list[dict[str, Any]], where: str, problems: list[str]) -> tuple[Case, ...]:
    told: dict[str, Case] = {}
    cases = []
    for number, item in enumerate(items, 1):
        case = _case(item, f"{where}: cases[{number}]", told, problems)
        told[case.name] = case
        cases.append(case)
    return tuple(cases)


def _case(item: dict[str, Any], where: str, told: Mapping[str, Case], problems: list[str]) -> Case:
    keys = Keys(item, where, problems)
    name = keys.take("like", str, None)
    like = told.get(name) if name else None
    if name and like is None:
        problems.append(f"{where}: like: no case above is called {name!r}")
    given = varied(
        like.given if like else {}, keys.take("change", dict, {}) or {}, f"{where}: change", problems
    )
    case = Case(
        name=keys.take("name", str),
        kind=keys.choice("kind", CASE_KINDS),
        month=str(keys.take("month", (str, date), like.month) if like else keys.take("month", (str, date))),
        given=_joined(given, keys.take("given", dict, {}) or {}),
        expect=keys.take("expect", dict),
        parameters={**(like.parameters if like else {}), **(keys.take("parameters", dict, {}) or {})},
    )
    keys.finish()
    return case


def varied(
    given: Mapping[str, list[dict[str, Any]]],
    change: Mapping[str, Mapping[int, Mapping[str, Any] | None]],
    where: str,
    problems: list[str],
) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a case with some changed: by table and the row's number from 1, new values, or nothing for a row that is left out."""
    new = {table: [dict(row) for row in rows] for table, rows in given.items()}
    for table, rows in change.items():
        unknown = sorted(number for number in rows if number not in range(1, len(new.get(table, ())) + 1))
        if unknown:
            problems.append(f"{where}: {table} has no row {', '.join(map(str, unknown))}")
            continue
        new[table] = [
            {**row, **(rows.get(number) or {})}
            for number, row in enumerate(new[table], 1)
            if rows.get(number, row) is not None
        ]
    return new


def _joined(
    first: Mapping[str, list[dict[str, Any]]], second: Mapping[str, list[dict[str, Any]]]
) -> dict[str, list[dict[str, Any]]]:
    return {table: [*first.get(table, ()), *(second.get(table) or ())] for table in {**first, **second}}
