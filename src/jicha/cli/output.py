"""How commands speak: tables for people, JSON for programs, progress for those who wait."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from jicha.errors import BilingualError
from jicha.home import Home, open_home


class Exit(IntEnum):
    """Exit codes, the same for every command."""

    OK = 0
    ERROR = 1  # an explained error; nothing was changed
    USAGE = 2  # the command line itself is wrong
    DATA = 3  # a check found rows that cannot be loaded, control totals that differ, or offenders
    RULE_FAILED = 4  # done, but at least one rule could not run
    INTERRUPTED = 130


_WIDTH_IN_A_FILE = 140  # a pipe has no width of its own; 80 columns would cut the titles

CONSOLE = Console(width=None if sys.stdout.isatty() else _WIDTH_IN_A_FILE)
CONSOLE_ERROR = Console(stderr=True)


def _language(value: str) -> str:
    if value not in ("zh", "en"):
        raise typer.BadParameter(f"{value!r} is not a language of jicha; write zh or en")
    return value


HomeOption = Annotated[
    Path | None,
    typer.Option("--home", envvar="JICHA_HOME", help="Folder with your data (default ./jicha-home)."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
LanguageOption = Annotated[str, typer.Option("--language", "-l", help="zh or en.", callback=_language)]
PageOption = Annotated[int, typer.Option("--page", help="Page, from 1.", min=1)]


def home_at(path: Path | None) -> Home:
    """Return the home that the options name."""
    return open_home(path)


@contextmanager
def asked_in(language: str) -> Iterator[None]:
    """Let errors inside the block be told in the language of the command, where they know it."""
    try:
        yield
    except BilingualError as error:
        error.language = language
        raise


def print_json(value: Any) -> None:
    """Print a value as JSON; money and dates as text."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1, default=_plain) + "\n")


class JsonList:
    """A list of JSON that is printed item by item, however long it is; `rest` follows it in the same object."""

    def __init__(self, name: str | None) -> None:
        self.rest: dict[str, Any] = {}
        self._name = name
        # Nothing is printed before there is something: what fails at once leaves no broken half.
        self._before = "[" if name is None else f'{{"{name}": ['

    def __call__(self, item: Any) -> None:
        """Print one item."""
        sys.stdout.write(f"{self._before}\n {json.dumps(item, ensure_ascii=False, default=_plain)}")
        self._before = ","

    def close(self) -> None:
        """Print what follows the last item."""
        rest = json.dumps(self.rest, ensure_ascii=False, indent=1, default=_plain)
        end = "" if self._name is None else f",{rest[1:]}" if self.rest else "}"
        sys.stdout.write(("" if self._before == "," else self._before) + f"\n]{end}\n")


@contextmanager
def json_list(name: str | None = None) -> Iterator[JsonList]:
    """Give a function that prints items as one JSON list; with a name, as that member of an object."""
    items = JsonList(name)
    yield items
    items.close()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    return str(value)


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    title: str | None = None,
    right: Iterable[int] = (),
) -> None:
    """Print a table; `right` are the positions of the columns of numbers."""
    numeric = set(right)
    grid = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for position, column in enumerate(columns):
        grid.add_column(column, justify="right" if position in numeric else "left", overflow="fold")
    for row in rows:
        grid.add_row(*("" if cell is None else str(cell) for cell in row))
    CONSOLE.print(grid)


@contextmanager
def progress(quiet: bool = False) -> Iterator[Callable[[str, int, int], None]]:
    """Give a function (label, done, total) that draws one bar on the terminal while the block runs."""
    if quiet or not CONSOLE_ERROR.is_terminal:
        yield lambda _label, _done, _total: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=CONSOLE_ERROR, transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(label: str, done: int, total: int) -> None:
            bar.update(task, description=label[:48], completed=done, total=total or None)

        yield show
