"""The command line: verb and noun, `--json` on every read, the same calls as the Python API."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer
from rich.markup import escape

from jicha import __version__
from jicha.cli import (
    audit,
    bills,
    cases,
    clues,
    contract,
    data,
    demo,
    desk,
    doctor,
    exceptions,
    findings,
    policies,
    rules,
    sample,
    snapshots,
    studio,
)
from jicha.cli.output import CONSOLE_ERROR, Exit
from jicha.errors import JichaError

app = typer.Typer(
    name="jicha",
    help="Audit of electric power marketing (电力营销稽查): from a company's extract to findings with evidence and money.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("demo")(demo.demo)
app.command("load")(data.load)
app.command("check")(data.check)
app.command("coverage")(data.coverage)
app.add_typer(data.quarantine_app, name="quarantine")
app.command("audit")(audit.audit)
app.command("rebill")(bills.rebill)
app.command("settle")(cases.settle)
app.command("runs")(audit.runs)
app.command("findings")(findings.findings)
app.command("clues")(clues.clues)
app.add_typer(sample.app, name="sample")
app.command("explain")(findings.explain)
app.add_typer(rules.app, name="rules")
app.add_typer(policies.app, name="policies")
app.add_typer(contract.app, name="contract")
app.add_typer(snapshots.app, name="snapshots")
app.add_typer(exceptions.app, name="exceptions")
app.add_typer(studio.outcomes, name="outcomes")
app.add_typer(desk.app, name="desk")
app.command("serve")(desk.serve)
app.command("worker")(desk.worker)
app.command("verify")(desk.verify)
app.command("backup")(desk.backup)
app.command("restore")(desk.restore)
app.command("doctor")(doctor.doctor)


@app.command("version")
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


ENGINE_INTERRUPTED = "Query interrupted"


def _interrupted() -> NoReturn:
    CONSOLE_ERROR.print("interrupted; nothing half-done was kept")
    sys.exit(Exit.INTERRUPTED)


def main() -> None:
    """Run the command line; errors that jicha can explain are printed without a traceback."""
    try:
        app()
    except JichaError as error:
        label = "错误" if getattr(error, "language", "en") == "zh" else "error"
        CONSOLE_ERROR.print(f"[bold red]{label}[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(Exit.ERROR)
    except KeyboardInterrupt:
        _interrupted()
    except SystemExit as end:
        # The library of commands turns an interrupt into this exit code without a word.
        if end.code == Exit.INTERRUPTED:
            _interrupted()
        raise
    except BrokenPipeError:
        sys.exit(Exit.OK)
    except RuntimeError as error:
        # An interrupt that reaches the engine in the middle of a statement comes back as this error, not as a KeyboardInterrupt.
        if str(error) == ENGINE_INTERRUPTED:
            _interrupted()
        raise
