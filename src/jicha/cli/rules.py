"""`jicha rules`: list, show, lint, test, lock."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.markup import escape

from jicha.audit.cases import CaseResult, run_cases
from jicha.audit.library import Library, lint_library, lint_rule
from jicha.audit.lock import read_lock, violations, write_lock
from jicha.audit.rule import Rule
from jicha.cli.output import CONSOLE, Exit, HomeOption, JsonOption, LanguageOption, home_at, print_json, table
from jicha.reports.words import word

app = typer.Typer(no_args_is_help=True, help="The rule library.", rich_markup_mode=None)

RuleArgument = Annotated[list[str] | None, typer.Argument(help="Rule ids (default: all).")]


def _chosen(library: Library, rule_ids: list[str] | None) -> list[Rule]:
    return [library.rule(rule_id) for rule_id in rule_ids or library.rules]


@app.command("list")
def list_(home: HomeOption = None, language: LanguageOption = "zh", as_json: JsonOption = False) -> None:
    """List the rules: topic, severity, side, version, what they need."""
    library = home_at(home).library
    lines = [_line(rule, library, language) for rule in library.rules.values()]
    if as_json:
        print_json(lines)
        return
    table(
        ("id", "title", "topic", "severity", "side", "version", "status", "needs"),
        (list(line.values()) for line in lines),
    )


def _line(rule: Rule, library: Library, language: str) -> dict[str, Any]:
    return {
        "id": rule.rule_id,
        "title": rule.title[language],
        "topic": word(f"topic.{rule.topic}", language),
        "severity": word(f"severity.{rule.severity}", language),
        "side": rule.side,
        "version": rule.version,
        "status": rule.status,
        "needs": " ".join(library.needs_of(rule)),
    }


@app.command("show")
def show(
    rule_id: Annotated[str, typer.Argument(help="Rule id, such as MR-02.")],
    home: HomeOption = None,
    language: LanguageOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """Show one rule: condition, basis, parameters, triage, SQL."""
    library = home_at(home).library
    rule = library.rule(rule_id)
    card: dict[str, Any] = {
        **_line(rule, library, language),
        "basis": list(rule.basis),
        "parameters": {
            name: {"default": str(p.default), "min": p.low, "max": p.high, "unit": p.unit, "why": p.why}
            for name, p in rule.parameters.items()
        },
        "value": rule.value.why,
        "triage": rule.triage,
        "sql": rule.sql_text,
    }
    if as_json:
        print_json(card)
        return
    for name, value in card.items():
        if name not in ("sql", "parameters", "basis", "triage"):
            CONSOLE.print(f"[bold]{name}[/] {escape(str(value))}")
    for basis in rule.basis:
        CONSOLE.print(
            f"§ {escape(' · '.join(str(v) for v in basis.values() if v is not None))}", style="cyan"
        )
    table(
        ("parameter", "default", "unit", "why"),
        ((n, p.default, p.unit, p.why) for n, p in rule.parameters.items()),
    )
    CONSOLE.print(escape(rule.sql_text), style="dim")


@app.command("lint")
def lint(rule_ids: RuleArgument = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Check rules against jicha SQL, the contract and rules.lock; every offender is named."""
    library = home_at(home).library
    if rule_ids:
        problems = [p for rule in _chosen(library, rule_ids) for p in lint_rule(library, rule)]
    else:
        problems = [*lint_library(library), *violations(library.shipped, read_lock())]
    _finish(problems, f"{len(rule_ids or library.rules)} rules", as_json)


@app.command("test")
def test(rule_ids: RuleArgument = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Run the worked cases of rules: exact findings and Σ yuan."""
    library = home_at(home).library
    results = [result for rule in _chosen(library, rule_ids) for result in run_cases(library, rule)]
    problems = [_problem(result, difference) for result in results for difference in result.differences]
    passed = sum(1 for result in results if not result.differences)
    _finish(problems, f"{passed} of {len(results)} cases pass", as_json)


def _problem(result: CaseResult, difference: str) -> str:
    return f"{result.rule_id} [{result.case.kind}] {result.case.name}: {difference}"


def _finish(problems: list[str], what: str, as_json: bool) -> None:
    if as_json:
        print_json({"checked": what, "problems": problems})
    else:
        for problem in problems:
            CONSOLE.print(f"[red]✗[/] {escape(problem)}")
        CONSOLE.print(f"{what}, {len(problems)} problem(s)")
    if problems:
        raise typer.Exit(Exit.DATA)


@app.command("lock")
def lock(home: HomeOption = None) -> None:
    """Write rules.lock; a rule whose meaning changed needs a higher version first."""
    library = home_at(home).library.shipped
    refused = write_lock(library)
    _finish(
        refused, f"{len(library.rules)} rules locked" if not refused else "rules.lock is unchanged", False
    )
