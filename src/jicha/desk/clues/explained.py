"""A finding explained: every figure with the row that it comes from, the rows with the fields that the rule read, the rule."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from jicha.audit.explain import SourceRows, file_names
from jicha.audit.rule import Rule
from jicha.contract import Table, contract
from jicha.desk.clues.models import Finding, in_english
from jicha.desk.ui.home import home
from jicha.desk.ui.values import shown, shown_rows, title_of
from jicha.reports.basis import mark_text


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row was delivered."""

    batch: int | None
    file: str
    line: int | None


@dataclass(frozen=True, slots=True)
class ShownTable:
    """The rows of one table: `lit` says of each column whether the rule read it."""

    name: str
    title: str
    columns: list[tuple[str, bool]]
    rows: list[tuple[list[tuple[str, bool]], Place]]
    more: int


@dataclass(frozen=True, slots=True)
class Figure:
    """One value of the finding, and the table and place that it was read from, where it was read as it stands."""

    title: str
    value: str
    table: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Explained:
    """Everything that the page shows of a finding."""

    finding: dict[str, Any]
    rule: Rule
    title: str
    figures: list[Figure]
    tables: list[ShownTable]
    basis: list[dict[str, Any]]
    triage: dict[str, list[str]]
    parameters: dict[str, Any]
    version: int | str


def explained(mine: Finding) -> Explained:
    """Return a finding with rows, rule and parameters as the run left them; an error where the home no longer holds the run."""
    finding, rule, sources = home().explain(mine.finding_id, mine.run_id)
    ran = home().run(mine.run_id).manifest.rules.get(rule.rule_id, {})
    places = _places(sources)
    language = "en" if in_english() else "zh"
    return Explained(
        finding, rule, rule.title[language], _figures(finding, sources, places),
        [_table(one, places, _read_by(rule, one.table)) for one in sources],
        [_basis(one, language) for one in rule.basis],
        {key: rule.triage.get(key, {}).get(language, []) for key in ("steps", "benign", "blind_spots")},
        ran.get("parameters", {}), finding.get("rule_version") or ran.get("version") or rule.version,
    )  # fmt: skip


def _places(sources: Iterable[SourceRows]) -> dict[int, tuple[int | None, str]]:
    """Return batch and name of every delivered file that the rows came in."""
    mart = home().mart
    names = file_names(mart, sources)
    return {number: (mart.batch_of_source(number), name) for number, name in names.items()}


def _read_by(rule: Rule, table: str) -> frozenset[str]:
    """Return the columns of a table that the rule declares to read."""
    return frozenset(rule.needs.get(table, ())) | frozenset(rule.uses.get(table, ()))


def _place(at: tuple[int | None, int | None], places: dict[int, tuple[int | None, str]]) -> Place:
    file, line = at
    batch, name = places.get(file, (None, "")) if file is not None else (None, "")
    return Place(batch, name, line)


def _table(one: SourceRows, places: dict[int, tuple[int | None, str]], read: frozenset[str]) -> ShownTable:
    table = contract().table(one.table)
    lit = [column in read for column in one.columns]
    titles = [title_of(table.field(column)) for column in one.columns]
    rows = [
        (list(zip(values, lit, strict=True)), _place(at, places))
        for values, at in zip(shown_rows(table, one.columns, one.rows), one.places, strict=True)
    ]
    title = table.title_en if in_english() else table.title_zh
    return ShownTable(table.name, title, list(zip(titles, lit, strict=True)), rows, one.more)


def _figures(
    finding: dict[str, Any], sources: list[SourceRows], places: dict[int, tuple[int | None, str]]
) -> list[Figure]:
    """Return the values of the finding; one that stands in a source row as it is names that row, any other was worked out by the rule."""
    columns = json.loads(finding["evidence"])["columns"]
    return [
        _figure(name, value, sources, places)
        for name, value in columns.items()
        if value not in (None, "") and _is_shown(name, columns)
    ]


def _is_shown(name: str, columns: dict[str, str]) -> bool:
    """Return whether a value is for the reader: not the other language's, nor a code that stands in words beside it."""
    return not name.endswith("_zh" if in_english() else "_en") and f"{name}_zh" not in columns


def _figure(
    name: str, value: str, sources: list[SourceRows], places: dict[int, tuple[int | None, str]]
) -> Figure:
    for one in sources:
        if name not in one.columns:
            continue
        table, column = contract().table(one.table), one.columns.index(name)
        for row, at in zip(one.rows, one.places, strict=True):
            if _is_same(row[column], value):
                told = shown(table.field(name), row[column], table.name)
                return Figure(title_of(table.field(name)), told, _title(table), _place(at, places))
    return Figure(_words(name, sources), value)


def _is_same(found: Any, told: str) -> bool:
    """Return whether a cell is the value of the finding, whatever zeros stand behind its point."""
    text = "" if found is None else f"{found}"
    return text == told or ("." in text and text.rstrip("0").rstrip(".") == told)


def _title(table: Table) -> str:
    return table.title_en if in_english() else table.title_zh


def _words(name: str, sources: Iterable[SourceRows]) -> str:
    """Return the title of a column where the contract knows it; else the rule's own name of the value."""
    for one in sources:
        table = contract().table(one.table)
        if name in table.field_names:
            return title_of(table.field(name))
    return name.removesuffix("_zh").removesuffix("_en").replace("_", " ")


def _basis(one: dict[str, Any], language: str) -> dict[str, Any]:
    """Return a basis with its mark in words; what was not verified says so."""
    return one | {"mark": mark_text(str(one.get("mark", "")), language)}
