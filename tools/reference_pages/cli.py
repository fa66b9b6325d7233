"""The command line: what `--help` says of every command."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import typer

from jicha.cli import app
from jicha.cli.output import Exit
from reference_pages.markdown import fenced, table

WIDTH = 100
Command = Any  # typer carries its own copy of click, which has no public name
INTRO = """# Command line

Every command takes `--help`. Commands that read take `--json`, and everything that has an end prints on standard output;
progress goes to standard error. The data folder is `--home`, else the variable `JICHA_HOME`, else `./jicha-home`.
"""


def pages() -> dict[str, str]:
    """Return the page of all commands."""
    parts = [INTRO, "## Exit codes\n", table(("Code", "Name", "Means"), _exits())]
    for path, command in commands():
        parts += [f"## {path}\n", fenced(_help(path, command))]
    return {"cli.md": "\n".join(parts)}


def commands() -> Iterator[tuple[str, Command]]:
    """Yield every command that does something, with its full name, in the order of the help."""
    yield from _below("jicha", typer.main.get_command(app))


def _below(path: str, command: Command) -> Iterator[tuple[str, Command]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
        return
    for name, child in inner.items():
        yield from _below(f"{path} {name}", child)


def _help(path: str, command: Command) -> str:
    context = command.make_context(
        path, [], resilient_parsing=True, terminal_width=WIDTH, max_content_width=WIDTH
    )
    return command.get_help(context)


def _exits() -> Iterator[tuple[object, ...]]:
    """Yield code, name and meaning, which stands as a comment beside each member."""
    source = inspect.getsource(Exit)
    for member in Exit:
        remark = re.search(rf"^\s+{member.name} = \S+  # (.+)$", source, re.MULTILINE)
        yield (
            f"`{member.value}`",
            member.name,
            remark[1] if remark else "done" if member == 0 else "stopped by the user",
        )
