"""`jicha demo`: an invented supply company, loaded and audited, from nothing to a page with findings."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from jicha.cli.audit import print_summary
from jicha.cli.output import CONSOLE, CONSOLE_ERROR, HomeOption, LanguageOption, home_at, progress
from jicha.demo import build


class Format(StrEnum):
    """How the extract is written."""

    CSV = "csv"
    PARQUET = "parquet"


def demo(
    customers: Annotated[int, typer.Option("--customers", help="Customers of the county.")] = 20_000,
    seed: Annotated[int, typer.Option("--seed", help="Equal seeds give equal utilities.")] = 20_261_031,
    extract: Annotated[
        Path, typer.Option("--extract", help="Folder that the extract is written into.")
    ] = Path("demo-extract"),
    file_format: Annotated[Format, typer.Option("--format", help="How the extract is written.")] = Format.CSV,
    clean: Annotated[bool, typer.Option("--clean", help="Without planted irregularities.")] = False,
    month: Annotated[str, typer.Option("--month", "-m", help="Month to audit.")] = "2026-10",
    build_only: Annotated[bool, typer.Option("--build-only", help="Write the extract and stop.")] = False,
    page: Annotated[
        Path | None, typer.Option("--page", help="Where the HTML page goes (default: in the home).")
    ] = None,
    home: HomeOption = None,
    language: LanguageOption = "zh",
) -> None:
    """Build the demo utility, load it, audit a month and show what was found."""
    began = time.perf_counter()
    with progress() as show:
        summary = build(
            extract,
            customers=customers,
            seed=seed,
            clean=clean,
            file_format=file_format.value,
            progress=lambda label: show(label, 0, 0),
        )
    CONSOLE.print(
        f"1/3 built {customers:,} customers, {sum(summary.rows.values()):,} rows in {_since(began)}",
        highlight=False,
    )
    if build_only:
        CONSOLE.print(f"→ {extract}", markup=False, highlight=False)
        return
    place = home_at(home)
    began = time.perf_counter()
    with progress() as show:
        report = place.load([extract], progress=show)
    CONSOLE.print(
        f"2/3 loaded {report.total('rows_read'):,} rows, {report.quarantined:,} quarantined, snapshot {report.snapshot_id}, {_since(began)}",
        highlight=False,
    )
    began = time.perf_counter()
    with progress() as show:
        run = place.audit(month, progress=show)
    CONSOLE.print(
        f"3/3 audited {month} with {len(run.manifest.rules)} rules in {_since(began)}", highlight=False
    )
    target = page or place.path / "pages" / f"run-{run.run_id}.html"
    run.write_page(target, language)
    print_summary(run.summary(language))
    CONSOLE.print(f"page → {target.resolve()}", markup=False, highlight=False, soft_wrap=True)
    if not clean:
        CONSOLE_ERROR.print(
            f"answer key → {summary.answer_key}", markup=False, highlight=False, soft_wrap=True
        )


def _since(began: float) -> str:
    return f"{time.perf_counter() - began:.1f} s"
