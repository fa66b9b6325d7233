"""`jicha audit` and `jicha runs`."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from jicha.cli.output import (
    CONSOLE,
    Exit,
    HomeOption,
    JsonOption,
    LanguageOption,
    home_at,
    print_json,
    progress,
    table,
)
from jicha.errors import ExplainedError
from jicha.home import Run
from jicha.reports.summary import STATUSES, VERDICTS, RuleLine, RunSummary, Stake
from jicha.reports.words import word


def audit(
    month: Annotated[str, typer.Option("--month", "-m", help="Billing month such as 2026-10, or all.")],
    out: Annotated[
        list[Path] | None,
        typer.Option("--out", "-o", help="Write the findings: .parquet .csv .jsonl .xlsx (repeatable)."),
    ] = None,
    page: Annotated[
        Path | None, typer.Option("--page", help="Write the run as one self-contained HTML page.")
    ] = None,
    rule: Annotated[
        list[str] | None, typer.Option("--rule", "-r", help="Only this rule (repeatable).")
    ] = None,
    org: Annotated[str | None, typer.Option("--org", help="Only this organisation and all below it.")] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of", formats=["%Y-%m-%d"], help="Judge as of this day (default: end of the month)."
        ),
    ] = None,
    snapshot: Annotated[
        int | None, typer.Option("--snapshot", help="Audit this snapshot (default: the newest).")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Parameter for this run, as RULE.name=value (repeatable)."),
    ] = None,
    memory_limit: Annotated[
        str | None, typer.Option("--memory-limit", help="Engine memory, such as 2GB.")
    ] = None,
    threads: Annotated[int | None, typer.Option("--threads", help="Engine threads.")] = None,
    keep_facts: Annotated[bool, typer.Option(help="Keep shared facts on disk for the next run.")] = True,
    home: HomeOption = None,
    language: LanguageOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """Run the rules over a month (or all months) and keep the findings."""
    place = home_at(home)
    with progress(as_json) as show:
        run = place.audit(
            month, rules=rule, org_no=org, as_of=_day(as_of), snapshot_id=snapshot, memory_limit=memory_limit,
            threads=threads, parameters=parameter_settings(set_ or []), keep_facts=keep_facts, progress=show,
        )  # fmt: skip
    for path in out or []:
        run.write(path, language)
    if page is not None:
        run.write_page(page, language)
    summary = run.summary(language)
    if as_json:
        print_json(summary.to_dict())
    else:
        print_summary(summary)
        if run.trial is not None:
            _print_trial(run.trial, language)
        written = [*(out or []), *([page] if page else [])]
        for path in written:
            CONSOLE.print(f"→ {path}", markup=False, highlight=False)
    if summary.verdicts["failed"]:
        raise typer.Exit(Exit.RULE_FAILED)


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def parameter_settings(settings: list[str]) -> dict[str, dict[str, Any]]:
    """Return parameters from texts such as MR-08.ratio=1.6."""
    values: dict[str, dict[str, Any]] = {}
    for setting in settings:
        target, equals, value = setting.partition("=")
        rule_id, dot, name = target.partition(".")
        if not (equals and dot):
            raise ExplainedError(
                where="--set",
                found=setting,
                expected="RULE.name=value",
                remedy="Write for example MR-08.ratio=1.6.",
            )
        values.setdefault(rule_id, {})[name] = value.split(",") if "," in value else value
    return values


MOST_RULES = 20  # a screen; the page and the exports hold all


def print_summary(summary: RunSummary) -> None:
    """Print the table that a person reads after a run."""
    CONSOLE.print(_head(summary))
    CONSOLE.print(_topics(summary))
    CONSOLE.print(_rules(summary))
    if (rest := len(_found(summary)) - MOST_RULES) > 0:
        CONSOLE.print(word("more_rules", summary.language).format(count=rest), style="dim", highlight=False)
    CONSOLE.print(_verdicts(summary))


def _head(summary: RunSummary) -> Panel:
    language, total = summary.language, summary.total
    text = Text()
    text.append(f"{word('open_findings', language)} {total.open_count:,}", style="bold")
    text.append(f"   {word('yuan', language)} ")
    text.append(f"{total.yuan:,.2f}", style="bold")
    text.append(
        f"   {word('refund', language)} {total.refund_yuan:,.2f}   {word('kwh', language)} {total.kwh:,.0f}"
    )
    lives = "   ".join(f"{word(status, language)} {total.counts[status]:,}" for status in STATUSES)
    title = f"{word('title', language)} {summary.month:%Y-%m} · {word('snapshot', language)} {summary.snapshot_id} · {summary.seconds:.1f} s"
    return Panel(Group(text, Text(lives, style="dim")), title=title, title_align="left", expand=False)


def _grid(language: str, first: str) -> Table:
    grid = Table(box=None, header_style="bold", pad_edge=False)
    grid.add_column(first, no_wrap=True, min_width=24, max_width=46)
    for key in (*STATUSES, "short.yuan", "short.refund", "short.kwh"):
        grid.add_column(word(key, language), justify="right")
    return grid


def _cells(stake: Stake) -> list[str]:
    counts = [f"{stake.counts[status]:,}" if stake.counts[status] else "·" for status in STATUSES]
    sums = [f"{value:,.2f}" if value else "·" for value in (stake.yuan, stake.refund_yuan)]
    return [*counts, *sums, f"{stake.kwh:,.0f}" if stake.kwh else "·"]


def _topics(summary: RunSummary) -> Table:
    grid = _grid(summary.language, word("topic", summary.language))
    for topic, stake in summary.topics:
        grid.add_row(word(f"topic.{topic}", summary.language), *_cells(stake))
    grid.add_row(word("total", summary.language), *_cells(summary.total), style="bold")
    return grid


def _rules(summary: RunSummary) -> Table:
    grid = _grid(summary.language, word("rule", summary.language))
    for line in _found(summary)[:MOST_RULES]:
        grid.add_row(f"{line.rule_id} {line.title}", *_cells(line.stake))
    return grid


def _found(summary: RunSummary) -> list[RuleLine]:
    """Return the rules that have findings, the ones with the most at stake first."""
    return [line for line in summary.lines if sum(line.stake.counts.values())]


def _verdicts(summary: RunSummary) -> Group:
    language = summary.language
    counts = "   ".join(f"{word(v, language)} {summary.verdicts[v]:,}" for v in VERDICTS)
    parts = [Text(f"{word('verdicts', language)}: {counts}")]
    if summary.silenced:
        parts.append(
            Text(
                f"{word('silenced', language)}: {summary.silenced:,} ({summary.silenced_yuan:,.2f} {word('yuan_unit', language)})"
            )
        )
    parts += [Text(_gap(line, language), style="yellow") for line in summary.lines if line.missing]
    return Group(*parts)


def _gap(line: RuleLine, language: str) -> str:
    kind = "failed" if line.verdicts["failed"] else "insufficient_data"
    return f"  {line.rule_id} {line.title}: {word(kind, language)} ({line.verdicts[kind]}) — {line.missing[:300]}"


def _print_trial(trial: Run, language: str) -> None:
    found = trial.findings.num_rows
    rules = " ".join(trial.manifest.rules)
    CONSOLE.print(
        f"{word('on_trial', language)}: {rules} · {word('findings', language)} {found:,} · jicha findings --trial",
        style="dim",
        highlight=False,
    )


def runs(
    trial: Annotated[bool, typer.Option("--trial", help="Those of the rules on trial instead.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the runs that this home keeps."""
    kept = home_at(home).runs(trial=trial)
    if as_json:
        print_json([_run_line(run) for run in kept])
        return
    columns = ("run", "month", "snapshot", "scope", "rules", "findings", "started")
    table(columns, (list(_run_line(run).values()) for run in kept), right=(2, 4, 5))


def _run_line(run: Run) -> dict[str, Any]:
    manifest = run.manifest
    return {
        "run_id": run.run_id,
        "month": f"{manifest.month:%Y-%m}",
        "snapshot_id": manifest.snapshot_id,
        "scope": manifest.scope,
        "rules": len(manifest.rules),
        "findings": run.findings.num_rows,
        "started_at": manifest.started_at[:19],
    }
