"""`jicha policies`: list and check the price books and the rules of billing that bills are recomputed with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from jicha.billing.book_forms import PlacedPrice
from jicha.billing.books import Book
from jicha.billing.policies import BillingPolicies, check_file, check_folder
from jicha.billing.policy import OWN, RuleValue
from jicha.cli.output import CONSOLE, Exit, HomeOption, JsonOption, LanguageOption, home_at, print_json, table
from jicha.reports.words import word

app = typer.Typer(
    no_args_is_help=True, help="Price books and rules of billing.", rich_markup_mode=None
)  # fmt: skip


@app.command("list")
def list_(
    own: Annotated[bool, typer.Option("--own", help="Only those of this home.")] = False,
    home: HomeOption = None,
    language: LanguageOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """List the price books and the rules of billing with validity and source, the home's own marked."""
    policies = home_at(home).policies
    books = [line for line in _book_lines(policies) if line["own"] or not own]
    rules = [line for line in _rule_lines(policies) if line["own"] or not own]
    if as_json:
        print_json({"books": books, "rules": rules})
        return
    _print_books(books, language)
    CONSOLE.print()
    _print_rules(rules, language)


def _book_lines(policies: BillingPolicies) -> Iterator[dict[str, Any]]:
    for book in policies.books:
        versions: dict[tuple[Any, ...], list[PlacedPrice]] = defaultdict(list)
        for placed in book.prices:
            row = placed.row
            versions[row.tariff_code, row.valid_from, row.valid_to, row.source].append(placed)
        for version, prices in versions.items():
            yield _book_line(book, version, prices)


def _book_line(book: Book, version: tuple[Any, ...], prices: list[PlacedPrice]) -> dict[str, Any]:
    tariff_code, valid_from, valid_to, source = version
    return {
        "own": book.is_own,
        "price_book": book.price_book,
        "tariff_code": tariff_code,
        "components": list(dict.fromkeys(placed.row.component for placed in prices)),
        "voltages": list(dict.fromkeys(placed.row.voltage_code for placed in prices)),
        "valid_from": valid_from,
        "valid_to": valid_to,
        "source": source,
        "verified": all(placed.verified for placed in prices),
        "illustrative": book.illustrative,
        "place": f"{prices[0].file}:{min(placed.line for placed in prices)}",
    }


def _rule_lines(policies: BillingPolicies) -> Iterator[dict[str, Any]]:
    for value in policies.rules.versions():
        yield _rule_line(value)


def _rule_line(value: RuleValue) -> dict[str, Any]:
    return {
        "own": value.province == OWN,
        "key": value.key,
        "title": value.title,
        "value": value.value,
        "unit": value.unit,
        "valid_from": value.valid_from,
        "valid_to": value.valid_to,
        "source": value.source,
        "mark": value.mark,
        "verified": value.verified,
        "place": f"{value.file}:{value.line}",
    }


def _print_books(lines: list[dict[str, Any]], language: str) -> None:
    heads = ("whose", "book", "tariff", "components", "voltages", "valid", "source", "verified")
    rows = (
        (_whose(line, language), line["price_book"], line["tariff_code"],
         " ".join(word(f"component.{name}", language) for name in line["components"]), " ".join(line["voltages"]),
         _valid(line), escape(line["source"]), word("yes" if line["verified"] else "no", language))
        for line in lines
    )  # fmt: skip
    table(
        [word(f"policies.{head}", language) for head in heads], rows, title=word("policies.books", language)
    )


def _print_rules(lines: list[dict[str, Any]], language: str) -> None:
    heads = ("whose", "rule", "value", "valid", "source", "verified")
    rows = (
        (_whose(line, language), f"{line['title'][language]} {line['key']}", f"{_shown(line['value'])} {line['unit']}", _valid(line),
         escape(line["source"]), word("yes" if line["verified"] else "no", language))
        for line in lines
    )  # fmt: skip
    table(
        [word(f"policies.{head}", language) for head in heads], rows, title=word("policies.rules", language)
    )


def _whose(line: dict[str, Any], language: str) -> str:
    return word("policies.own" if line["own"] else "policies.shipped", language)


def _valid(line: dict[str, Any]) -> str:
    end: date | None = line["valid_to"]
    return f"{line['valid_from']} – {end or ''}".rstrip()


def _shown(value: object) -> str:
    return "–" if value is None else str(value)


@app.command("check")
def check(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Files to check (default: those of this home).", exists=True)
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check price books and rules of billing without a run; every fault is told as file:line."""
    problems = (
        [told for path in files for told in check_file(path)]
        if files
        else check_folder(home_at(home).path / "policies")
    )
    if as_json:
        print_json({"problems": problems})
    else:
        for problem in problems:
            CONSOLE.print(f"[red]✗[/] {escape(problem)}", soft_wrap=True, highlight=False)
        CONSOLE.print(f"{len(problems)} problem(s)")
    if problems:
        raise typer.Exit(Exit.DATA)
