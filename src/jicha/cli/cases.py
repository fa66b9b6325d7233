"""The command that settles a case."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from jicha.casework import Casework
from jicha.cli.output import (
    CONSOLE,
    HomeOption,
    JsonOption,
    LanguageOption,
    asked_in,
    home_at,
    print_json,
    table,
)
from jicha.reports.case_sheet import HEADS, case_document
from jicha.reports.case_words import case_word
from jicha.settle.sheet.case import plain_sheet


def settle(
    file: Annotated[
        Path,
        typer.Argument(
            help="The case: a YAML file as in docs/how-to/settle.md.", exists=True, dir_okay=False
        ),
    ],
    pdf: Annotated[Path | None, typer.Option("--pdf", help="Also write the sheet as PDF.")] = None,
    home: HomeOption = None,
    language: LanguageOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """Work out what a default usage, a theft, a metering error or a late payment costs, line by line with its clause."""
    casework = Casework(home_at(home))
    with asked_in(language):
        sheet = casework.settle_file(file)
        if pdf is not None:
            casework.write_pdf(sheet, pdf, language)
    plain = plain_sheet(sheet)
    if as_json:
        print_json(plain)
        return
    _print(case_document(plain, language), language)
    if pdf is not None:
        CONSOLE.print(str(pdf), style="dim")


def _print(document: dict[str, Any], language: str) -> None:
    CONSOLE.print(
        f"[bold]{case_word('title', language)} {escape(document['case'])}[/] {escape(document['title'])}",
        highlight=False,
    )
    for scenario in document["scenarios"]:
        if len(document["scenarios"]) > 1:
            title = f"{case_word('scenario', language)} {scenario['code']} {scenario['title']}"
            CONSOLE.print(f"\n[bold]{escape(title.strip())}[/]")
        _print_lines(scenario, language)
        _print_sums(scenario["sums"])
        for found in scenario["criminal"]:
            CONSOLE.print(
                f"{case_word('criminal', language)}: {found['kwh']} kWh, {found['yuan']}; {escape(found['amounts'])}",
                highlight=False,
            )
        for note in scenario["notes"]:
            CONSOLE.print(f"· {escape(note)}", style="dim", highlight=False)
    if document["difference"] is not None:
        CONSOLE.print(f"\n[bold]{escape(document['difference']['title'])}[/]")
        _print_sums(document["difference"]["sums"])


def _print_lines(scenario: dict[str, Any], language: str) -> None:
    rows = []
    for line in scenario["lines"]:
        told = [line[name] for name in HEADS]
        told[1] = f"{line['act_number']}. {line['act']} {line['component']}\n= {line['formula']}"
        rows.append([escape(cell) for cell in told])
    rows.append(
        [
            "",
            case_word("total", language),
            "",
            "",
            scenario["billed"],
            scenario["due"],
            scenario["total"],
            "",
            "",
        ]
    )
    table([case_word(name, language) for name in HEADS], rows, right=(2, 3, 4, 5, 6))


def _print_sums(sums: list[dict[str, str]]) -> None:
    CONSOLE.print("  ".join(f"{one['title']} [bold]{one['value']}[/]" for one in sums), highlight=False)
