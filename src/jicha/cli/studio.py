"""`jicha rules new|preview|backtest|score|diff|upgrade` and `jicha outcomes`: the life of a rule after it was written."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import typer
from rich.markup import escape

from jicha.audit.life.judgement import Judgement
from jicha.audit.life.outcomes import COLUMNS
from jicha.audit.life.pack import PackChange
from jicha.audit.life.scaffold import SUBJECTS
from jicha.cli.audit import parameter_settings
from jicha.cli.output import (
    CONSOLE,
    Exit,
    HomeOption,
    JsonOption,
    LanguageOption,
    PageOption,
    home_at,
    print_json,
    progress,
    table,
)
from jicha.cli.rules import app
from jicha.reports.export import plain_rows, translated, write_findings
from jicha.reports.words import word

outcomes = typer.Typer(
    no_args_is_help=True,
    help="Outcomes (核查结果): what verification made of findings.",
    rich_markup_mode=None,
)

MonthsOption = Annotated[
    list[str], typer.Option("--month", "-m", help="2026-10, 2026-05..2026-10 or all (repeatable).")
]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", help="Another parameter value, as RULE.name=value (repeatable).")
]
RulesArgument = Annotated[list[str], typer.Argument(help="Rule ids.")]


@app.command("new")
def new(
    rule_id: Annotated[str, typer.Argument(help="An id that the library does not use, such as ZZ-01.")],
    title_en: Annotated[str, typer.Option("--title-en", help="English title; it names the files.")],
    title_zh: Annotated[str, typer.Option("--title-zh", help="Chinese title.")],
    subject: Annotated[
        str, typer.Option("--subject", help=f"What is suspicious: {', '.join(SUBJECTS)}.")
    ] = "customer",
    topic: Annotated[str, typer.Option("--topic", help="Topic group, such as billing.")] = "billing",
    owner: Annotated[str, typer.Option("--owner", help="Team that answers for it, such as ACC.")] = "ACC",
    home: HomeOption = None,
) -> None:
    """Write a rule of your own that runs and passes its cases, to be changed step by step."""
    paths = home_at(home).studio.new_rule(
        rule_id, subject=subject, topic=topic, title_zh=title_zh, title_en=title_en, owner=owner
    )
    for path in paths:
        CONSOLE.print(f"→ {path}", markup=False, highlight=False)
    CONSOLE.print(
        f"jicha rules lint {rule_id} · jicha rules test {rule_id} · jicha rules preview {rule_id} -m 2026-10",
        style="dim",
    )


@app.command("preview")
def preview(
    rule_ids: RulesArgument,
    month: MonthsOption,
    set_: SetOption = None,
    limit: Annotated[int, typer.Option("--limit", help="Rows on a page.", min=1)] = 20,
    page: PageOption = 1,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write all: .parquet .csv .jsonl .xlsx.")
    ] = None,
    home: HomeOption = None,
    language: LanguageOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """Show what rules would find, with hits and Σ yuan; nothing is kept."""
    with progress(as_json) as show:
        result = home_at(home).studio.preview(
            rule_ids, month, parameters=parameter_settings(set_ or []), progress=show
        )
    found = result.all
    if out is not None:
        write_findings(found, out, language)
    if as_json:
        print_json(
            {"months": _by_month(result.findings), "gaps": result.gaps, "findings": list(plain_rows(found))}
        )
        return
    _print_months(result.findings, language)
    _print_findings(found, (page - 1) * limit, limit, language)
    for rule_id, why in result.gaps.items():
        CONSOLE.print(f"{rule_id}: {escape(why)}", style="yellow")


def _by_month(findings: dict[Any, pa.Table]) -> list[dict[str, Any]]:
    return [
        {"month": f"{month:%Y-%m}", "findings": one.num_rows, "yuan_at_stake": _sum(one["yuan_at_stake"])}
        for month, one in findings.items()
    ]


def _sum(column: pa.ChunkedArray) -> Any:
    return sum(abs(value) for value in column.to_pylist() if value is not None)


def _print_months(findings: dict[Any, pa.Table], language: str) -> None:
    rows = (
        [line["month"], f"{line['findings']:,}", f"{line['yuan_at_stake']:,.2f}"]
        for line in _by_month(findings)
    )
    table(
        (word("month", language), word("findings", language), word("yuan_unit", language)), rows, right=(1, 2)
    )


def _print_findings(found: pa.Table, begin: int, limit: int, language: str) -> None:
    part = found.slice(begin, limit)
    shown = translated(part) if language == "en" else part
    rows = (
        [r["rule_id"], r["subject_id"], f"{r['bill_month']:%Y-%m}", _money(r["yuan_at_stake"]), r["message"]]
        for r in shown.to_pylist()
    )
    heads = (
        word("rule", language),
        word("subject", language),
        word("month", language),
        word("yuan_unit", language),
        word("message", language),
    )
    table(heads, rows, right=(3,))


def _money(value: Any) -> str:
    return "" if value is None else f"{value:,.2f}"


@app.command("backtest")
def backtest(
    rule_ids: RulesArgument,
    month: MonthsOption,
    set_: SetOption = None,
    home: HomeOption = None,
    language: LanguageOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """Test rules on past months against the outcomes: precision, yuan an hour, keep, tune or retire, and safe quiets."""
    with progress(as_json) as show:
        result = home_at(home).studio.backtest(
            rule_ids, month, parameters=parameter_settings(set_ or []), progress=show
        )
    if as_json:
        print_json(asdict(result))
        return
    heads = (
        "rule",
        "month",
        "findings",
        "studio.confirmed",
        "studio.refuted",
        "studio.precision",
        "yuan_unit",
    )
    rows = (
        [
            one.rule_id,
            f"{one.month:%Y-%m}",
            f"{one.findings:,}",
            one.confirmed,
            one.refuted,
            _percent(one.precision),
            f"{one.yuan_at_stake:,.2f}",
        ]
        for one in result.lines
    )
    table([word(head, language) for head in heads], rows, right=range(2, 7))
    _print_judgements(result.judgements, language)
    for quiet in result.quiets:
        CONSOLE.print(
            f"{quiet.rule_id} {word('studio.quiet', language)}: {quiet.column} = {escape(quiet.value)} · {word('studio.refuted', language)} {quiet.refuted}, "
            f"{word('studio.confirmed', language)} 0, {word('studio.silenced', language)} {quiet.silenced} ({quiet.silenced_yuan:,.2f})",
            highlight=False,
        )
    for rule_id, why in result.gaps.items():
        CONSOLE.print(f"{rule_id}: {escape(why)}", style="yellow")


def _percent(share: Any) -> str:
    return "·" if share is None else f"{share * 100:.0f} %"


def _print_judgements(judgements: list[Judgement], language: str) -> None:
    keys = ("rule", "findings", "studio.confirmed", "studio.refuted", "studio.undecided", "studio.precision", "studio.recovered", "studio.hours",
            "studio.yuan_an_hour", "studio.verdict")  # fmt: skip
    rows = (
        [
            one.rule_id, f"{one.findings:,}", one.confirmed, one.refuted, one.undecided, _percent(one.precision), f"{one.recovered_yuan:,.2f}",
            f"{one.hours:,}", _money(one.yuan_an_hour), word(f"studio.{one.verdict}", language),
        ]
        for one in judgements
    )  # fmt: skip
    table([word(key, language) for key in keys], rows, right=range(1, 9))


@app.command("score")
def score(
    rule_ids: Annotated[list[str] | None, typer.Argument(help="Rule ids (default: all).")] = None,
    home: HomeOption = None,
    language: LanguageOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """Judge rules by what became of all findings of the kept runs: precision, yuan an hour, keep, tune or retire."""
    judged = home_at(home).studio.scores(rule_ids)
    if as_json:
        print_json([asdict(one) for one in judged])
    else:
        _print_judgements(judged, language)


@app.command("diff")
def diff(
    rule_id: Annotated[str, typer.Argument(help="Rule id.")],
    month: MonthsOption,
    set_: SetOption = None,
    version: Annotated[
        Path | None, typer.Option("--with", help="Folder with another version of the rule.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="Rows of each list.", min=0)] = 10,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write what is found only after the change.")
    ] = None,
    home: HomeOption = None,
    language: LanguageOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """Compare the findings of a rule with those under other parameters or of another version."""
    with progress(as_json) as show:
        result = home_at(home).studio.difference(
            rule_id, month, parameters=parameter_settings(set_ or []), replacements=version, progress=show
        )
    if out is not None:
        write_findings(result.only_after, out, language)
    parts = {"changed": result.changed, "only_before": result.only_before, "only_after": result.only_after}
    if as_json:
        print_json({"same": result.same, **{name: list(plain_rows(rows)) for name, rows in parts.items()}})
        return
    lines = [
        ["same", f"{result.same:,}", ""],
        *([n, f"{r.num_rows:,}", f"{_sum(r['yuan_at_stake']):,.2f}"] for n, r in parts.items()),
    ]
    table(
        ("", word("findings", language), word("yuan_unit", language)),
        ([word(f"studio.{n}", language), *rest] for n, *rest in lines),
        right=(1, 2),
    )
    for name, rows in parts.items():
        if rows.num_rows and limit:
            CONSOLE.print(f"[bold]{word(f'studio.{name}', language)}[/]")
            _print_findings(rows, 0, limit, language)


@app.command("upgrade")
def upgrade(
    accept: Annotated[bool, typer.Option("--accept", help="Remember the new library as accepted.")] = False,
    home: HomeOption = None,
    language: LanguageOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """Show what a new rule library changes beside your own values, states and exceptions; nothing of yours is changed."""
    changes = home_at(home).studio.upgrade(accept=accept)
    if as_json:
        print_json([asdict(one) for one in changes])
    else:
        heads = ("studio.change", "rule", "parameter", "studio.before", "studio.local", "studio.after")
        table([word(head, language) for head in heads], (_change(one, language) for one in changes))
    if any(one.is_conflict for one in changes) and not accept:
        raise typer.Exit(Exit.DATA)


def _change(one: PackChange, language: str) -> list[str]:
    mark = "! " if one.is_conflict else ""
    return [
        mark + word(f"pack.{one.kind}", language),
        one.rule_id,
        one.name,
        one.before,
        one.local,
        one.after,
    ]


@outcomes.command("take")
def take(
    source: Annotated[
        Path, typer.Argument(help=f"CSV with the columns {', '.join(COLUMNS)}.", exists=True, dir_okay=False)
    ],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take over outcomes from a CSV; a later decision replaces an earlier one. All problems are told, or all rows taken."""
    rows = home_at(home).studio.outcomes.take(source)
    if as_json:
        print_json({"taken": rows})
    else:
        CONSOLE.print(f"{rows:,} ← {source}", markup=False, highlight=False)


@outcomes.command("list")
def list_(
    rule: Annotated[
        list[str] | None, typer.Option("--rule", "-r", help="Only this rule (repeatable).")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="Rows on a page.", min=1)] = 40,
    page: PageOption = 1,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the outcomes that this home knows."""
    entries = [one for one in home_at(home).studio.outcomes.entries if not rule or one.rule_id in rule]
    part = entries[(page - 1) * limit : page * limit]
    if as_json:
        print_json([asdict(one) for one in part])
    else:
        table(COLUMNS, ([str(value) for value in asdict(one).values()] for one in part))
        CONSOLE.print(f"{len(part):,} / {len(entries):,}", style="dim")
