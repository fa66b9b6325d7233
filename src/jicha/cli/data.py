"""`jicha load`, `check`, `coverage` and `quarantine`: what comes in, and what did not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from jicha.cli.output import (
    CONSOLE,
    Exit,
    HomeOption,
    JsonOption,
    home_at,
    json_list,
    print_json,
    progress,
    table,
)
from jicha.home import Home
from jicha.intake import FileReport, LoadReport

SourceArgument = Annotated[list[str], typer.Argument(help="Folders, files or database URLs.")]
ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile", "-p", help="Mapping profile: a shipped name (sg186, invoice_history) or a file."
    ),
]
EncodingOption = Annotated[
    str | None, typer.Option("--encoding", help="Encoding of text files, if it shall not be told from them.")
]
ThreadsOption = Annotated[int | None, typer.Option("--threads", help="Engine threads.")]

quarantine_app = typer.Typer(
    no_args_is_help=True, help="Rows that could not be loaded: list, fix, replay.", rich_markup_mode=None
)


def load(
    sources: SourceArgument,
    profile: ProfileOption = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="The delivery is whole: rows of its tables and months that it lacks go."
        ),
    ] = False,
    accept_control_difference: Annotated[
        bool,
        typer.Option("--accept-control-difference", help="Load although the sender's control totals differ."),
    ] = False,
    encoding: EncodingOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Load an extract as one atomic snapshot; bad rows go to quarantine and the rest loads."""
    place = home_at(home)
    with progress(as_json) as show:
        report = place.load(
            sources,
            profile=profile,
            mode="replace" if replace else "upsert",
            encoding=encoding,
            accept_control_difference=accept_control_difference,
            progress=show,
        )
    _show(report, as_json)


def check(
    sources: SourceArgument,
    profile: ProfileOption = None,
    encoding: EncodingOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read and check an extract as load would, and keep nothing; exit code 3 if something is wrong with it."""
    place = home_at(home)
    if as_json:
        report = _check_as_json(place, sources, profile, encoding)
    else:
        with progress() as show:
            report = place.check(sources, profile=profile, encoding=encoding, progress=show)
        _show(report, as_json)
        _kinds(report)
    if report.quarantined or not all(control.holds for control in report.controls):
        raise typer.Exit(Exit.DATA)


def _check_as_json(
    place: Home, sources: Sequence[str], profile: str | None, encoding: str | None
) -> LoadReport:
    """Print all problems while they are read, then the figures."""
    with json_list("problems") as add:
        report = place.check(
            sources, profile=profile, encoding=encoding, each_problem=lambda one: add(one.to_dict())
        )
        add.rest = report.to_dict()
    return report


def _kinds(report: LoadReport) -> None:
    """Say why rows are bad: kind by kind the first of them, and how many there are."""
    for kind in report.kinds:
        column = "" if kind.column is None else f".{kind.column}"
        CONSOLE.print(f"\n{kind.table}{column}: {kind.title} ({kind.total:,}). {kind.remedy}", markup=False)
        rows = (
            (f"{escape(Path(one.file).name)}:{one.line}", escape(one.value or ""), escape(one.expected))
            for one in kind.first
        )
        table(("file:line", "found", "expected"), rows)
        if kind.total > len(kind.first):
            CONSOLE.print(f"and {kind.total - len(kind.first):,} more; --json gives all", style="dim")


def _show(report: LoadReport, as_json: bool) -> None:
    if as_json:
        print_json(report.to_dict())
        return
    figures = ("rows_read", "added", "corrected", "repeated", "quarantined")
    rows = [
        (
            one.table,
            escape(Path(one.path).name),
            one.encoding,
            *(f"{getattr(one, name):,}" for name in figures),
        )
        for one in report.files
    ]
    total = ("total", "", "", *(f"{report.total(name):,}" for name in figures))
    table(
        ("table", "file", "encoding", "read", "added", "corrected", "repeated", "quarantined"),
        [*rows, total],
        right=range(3, 8),
    )
    for one in report.files:
        _warnings(one)
    for control in report.controls:
        mark = "✓" if control.holds else "✗"
        CONSOLE.print(
            f"{mark} control total {control.subject} {control.figure}: stated {control.stated}, found {control.found}"
            f" (quarantined {control.quarantined}) {control.verdict}",
            markup=False,
        )
    for name in report.ignored:
        CONSOLE.print(f"not a table of the contract, left alone: {name}", markup=False, style="yellow")
    _closing(report)


def _warnings(one: FileReport) -> None:
    for warning in one.warnings:
        place = ":".join(str(part) for part in (one.path, warning.line, warning.column) if part is not None)
        CONSOLE.print(f"! {place}: {warning.text} ({warning.count:,})", markup=False, style="yellow")


def _closing(report: LoadReport) -> None:
    if report.is_check:
        CONSOLE.print("checked; nothing was kept")
    elif report.is_repeated:
        CONSOLE.print(f"this delivery was loaded before; snapshot {report.snapshot_id} stays as it is")
    else:
        CONSOLE.print(f"snapshot {report.snapshot_id}, batch {report.batch}")
    if report.quarantined and not report.is_check:
        CONSOLE.print(
            f"{report.quarantined:,} rows are in quarantine: `jicha quarantine list`, fix them, `jicha quarantine replay FILE`",
            markup=False,
        )


def coverage(snapshot: Annotated[int | None, typer.Option("--snapshot", help="Snapshot (default: the newest).")] = None,
             home: HomeOption = None, as_json: JsonOption = False) -> None:  # fmt: skip
    """Tell which tables the data fill, which rules can run, and what the others lack."""
    report = home_at(home).coverage(snapshot)
    if as_json:
        print_json(report.to_dict())
        return
    CONSOLE.print(report.sentence, markup=False)
    rows = ((rule_id, escape(", ".join(missing))) for rule_id, missing in report.missing.items())
    table(("rule", "missing"), rows)


@quarantine_app.command("list")
def quarantine_list(
    batch: Annotated[str | None, typer.Option("--batch", help="Only of this batch.")] = None,
    table_: Annotated[str | None, typer.Option("--table", help="Only of this table.")] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Only for this reason, such as not_a_number.")
    ] = None,
    sort: Annotated[str, typer.Option("--sort", help="place, reason, column or newest.")] = "place",
    limit: Annotated[
        int | None, typer.Option("--limit", help="Rows to show (default: 50, with --json all).", min=1)
    ] = None,
    offset: Annotated[int, typer.Option("--offset", help="Rows to pass over.", min=0)] = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the rows in quarantine: file, line, column, value, reason and remedy."""
    shown = limit or (None if as_json else 50)
    entries = home_at(home).work_list(
        batch=batch, table=table_, reason=reason, sort=sort, limit=shown, offset=offset
    )
    if as_json:
        with json_list() as add:
            for entry in entries:
                add(asdict(entry))
        return
    number = 0
    for number, entry in enumerate(entries, 1):  # noqa: B007
        CONSOLE.print(entry.message, markup=False, highlight=False)
    CONSOLE.print(f"{number} of {entries.count():,} rows in quarantine", style="dim")


@quarantine_app.command("export")
def quarantine_export(
    path: Annotated[Path, typer.Argument(help="File to write: .csv or .xlsx.")], home: HomeOption = None
) -> None:
    """Write the quarantine as a work list that can be corrected and replayed."""
    count = home_at(home).quarantine_export(path)
    CONSOLE.print(f"{count:,} rows → {path}", markup=False, highlight=False)


@quarantine_app.command("replay")
def quarantine_replay(
    path: Annotated[Path, typer.Argument(help="The corrected work list.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Load the corrected rows of a work list; those still wrong stay in quarantine."""
    _show(home_at(home).replay(path), as_json)
