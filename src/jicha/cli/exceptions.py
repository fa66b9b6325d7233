"""`jicha exceptions`: what rules shall not report again (白名单), approved and with an end."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from jicha.audit.exceptions import ExceptionEntry
from jicha.cli.output import CONSOLE, Exit, HomeOption, JsonOption, home_at, print_json, table

app = typer.Typer(
    no_args_is_help=True, help="Exceptions (白名单): reason, approver, expiry.", rich_markup_mode=None
)

RuleArgument = Annotated[str, typer.Argument(help="Rule id.")]
SubjectArgument = Annotated[str, typer.Argument(help="Subject id as the finding shows it.")]


@app.command("list")
def list_(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the exceptions of this home."""
    entries = [asdict(entry) for entry in home_at(home).exceptions.entries]
    if as_json:
        print_json(entries)
    else:
        table(
            ("rule", "subject", "reason", "approved by", "added", "expires"),
            (list(entry.values()) for entry in entries),
        )


@app.command("add")
def add(
    rule_id: RuleArgument,
    subject_id: SubjectArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why this is no irregularity.")],
    approved_by: Annotated[str, typer.Option("--approved-by", help="Who approved it.")],
    expires: Annotated[
        datetime,
        typer.Option("--expires", formats=["%Y-%m-%d"], help="First day on which it counts no more."),
    ],
    home: HomeOption = None,
) -> None:
    """Keep a rule quiet about a subject until a day; what it silences stays counted."""
    place = home_at(home)
    place.library.rule(rule_id)
    today = datetime.now().astimezone().date()
    place.exceptions.add(ExceptionEntry(rule_id, subject_id, reason, approved_by, today, expires.date()))
    CONSOLE.print(f"{rule_id} is silent on {subject_id} until {expires:%Y-%m-%d}", markup=False)


@app.command("remove")
def remove(rule_id: RuleArgument, subject_id: SubjectArgument, home: HomeOption = None) -> None:
    """Let the rule speak about the subject again."""
    if not home_at(home).exceptions.remove(rule_id, subject_id):
        CONSOLE.print(
            f"there is no exception of {rule_id} on {subject_id}; see `jicha exceptions list`", markup=False
        )
        raise typer.Exit(Exit.ERROR)
    CONSOLE.print(f"{rule_id} speaks of {subject_id} again", markup=False)
