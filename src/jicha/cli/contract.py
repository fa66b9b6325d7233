"""`jicha contract`: what an extract must look like."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jicha.cli.output import CONSOLE, JsonOption, LanguageOption, print_json, table
from jicha.contract import contract
from jicha.contract import export as exporter
from jicha.errors import ExplainedError

app = typer.Typer(no_args_is_help=True, help="The 49 tables of an extract.", rich_markup_mode=None)


@app.command("list")
def list_(language: LanguageOption = "zh", as_json: JsonOption = False) -> None:
    """List the tables."""
    lines = [
        {"table": t.name, "title": t.title_zh if language == "zh" else t.title_en, "key": " ".join(t.primary_key), "columns": len(t.fields)}
        for t in contract().tables.values()
    ]  # fmt: skip
    if as_json:
        print_json(lines)
    else:
        table(("table", "title", "key", "columns"), (list(line.values()) for line in lines), right=(3,))


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="Table name.")],
    language: LanguageOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """Show the columns of one table: type, unit, allowed values."""
    found = contract().table(name)
    lines = [
        {
            "column": f.name,
            "title": f.title_zh if language == "zh" else f.title_en,
            "type": f.kind,
            "unit": f.unit or "",
            "required": "yes" if f.required else "",
            "values": " ".join(f.enum),
        }
        for f in found.fields
    ]
    if as_json:
        print_json({"table": found.name, "key": found.primary_key, "columns": lines})
    else:
        table(
            ("column", "title", "type", "unit", "required", "values"), (list(line.values()) for line in lines)
        )


@app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(help="Folder to write into.")],
    form: Annotated[
        str, typer.Option("--form", "-f", help="schemas, templates, workbook, ddl or dictionary.")
    ] = "templates",
    language: LanguageOption = "zh",
) -> None:
    """Write the contract as Table Schema files, Excel templates, one workbook, DDL or a data dictionary."""
    folder.mkdir(parents=True, exist_ok=True)
    match form:
        case "schemas":
            exporter.write_schemas(folder)
        case "templates":
            exporter.write_templates(folder)
        case "workbook":
            exporter.write_workbook(folder / "contract.xlsx")
        case "ddl":
            exporter.write_ddl(folder / "contract.sql")
        case "dictionary":
            text = exporter.dictionary_markdown("en" if language == "en" else "zh")
            (folder / f"dictionary.{language}.md").write_text(text, encoding="utf-8")
        case _:
            raise ExplainedError(
                where="--form",
                found=form,
                expected="schemas, templates, workbook, ddl or dictionary",
                remedy="Choose one.",
            )
    CONSOLE.print(f"→ {folder}", markup=False, highlight=False)
