"""Commands about bills: recompute a month, show how one bill is calculated."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from jicha.billing.refusal import refusal_text
from jicha.cli.output import (
    CONSOLE,
    HomeOption,
    JsonOption,
    LanguageOption,
    asked_in,
    home_at,
    print_json,
    progress,
    table,
)
from jicha.home import Home
from jicha.reports.export import write_table, writer_of
from jicha.reports.words import word

MOST_BILLS = 20


def rebill(
    month: Annotated[str, typer.Option("--month", help="Billing month such as 2026-10.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write every differing bill to .parquet, .csv, .jsonl or .xlsx."),
    ] = None,
    snapshot: Annotated[
        int | None, typer.Option("--snapshot", help="Recompute this snapshot (default: the newest).")
    ] = None,
    home: HomeOption = None,
    language: LanguageOption = "zh",
    as_json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar.")] = False,
) -> None:
    """Recompute every normal bill of a month to the cent, and say of each that differs by which mistake."""
    place = home_at(home)
    with asked_in(language), progress(quiet or as_json) as show:
        if out is not None:
            writer_of(out)
        result = place.rebill(month, snapshot_id=snapshot, progress=show)
    rows = result.differences.to_pylist()
    if out is not None:
        write_table(result.differences, out)
    if as_json:
        summary = {"month": month, "bills": result.bills, "equal": result.equal, "refused": result.refused}
        print_json(
            {**summary, "issued_yuan": result.issued_yuan, "due_yuan": result.due_yuan, "differences": rows}
        )
        return
    _print_totals(month, result, language)
    _print_causes(rows, language)
    _print_bills(rows, language)
    if out is not None:
        CONSOLE.print(f"{out}: {len(rows):,}", style="dim")


def _print_totals(month: str, result: Any, language: str) -> None:
    CONSOLE.print(f"[bold]{word('rebill.title', language)} {month}[/]")
    under = sum((-d for d in result.differences["difference_yuan"].to_pylist() if d < 0), Decimal(0))
    over = sum((d for d in result.differences["difference_yuan"].to_pylist() if d > 0), Decimal(0))
    rows = [
        (word("rebill.bills", language), f"{result.bills:,}"),
        (word("rebill.equal", language), f"{result.equal:,}"),
        (word("rebill.differing", language), f"{result.differences.num_rows:,}"),
        *(
            (f"{word('sheet.refused', language)} {refusal_text(code, language)} ({code})", f"{count:,}")
            for code, count in result.refused.items()
        ),
        *(
            [(word("rebill.disagreements", language), f"{len(result.disagreements):,}")]
            if result.disagreements
            else []
        ),
        (word("sheet.issued", language), f"{result.issued_yuan:,.2f}"),
        (word("sheet.recomputed", language), f"{result.due_yuan:,.2f}"),
        (word("short.yuan", language), f"{under:,.2f}"),
        (word("short.refund", language), f"{over:,.2f}"),
    ]
    table(("", ""), rows, right=(1,))


def _print_causes(rows: list[dict[str, Any]], language: str) -> None:
    grouped: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for row in rows:
        grouped[row["cause"], row["topic"] or ""].append(row["difference_yuan"])
    if not grouped:
        return
    CONSOLE.print()
    ordered = sorted(grouped.items(), key=lambda item: -sum(map(abs, item[1])))
    table(
        (word("sheet.cause", language), word("rule", language), word("rebill.bills", language), word("short.yuan", language), word("short.refund", language)),
        (
            (cause, topic, f"{len(parts):,}", f"{-sum(p for p in parts if p < 0):,.2f}", f"{sum(p for p in parts if p > 0):,.2f}")
            for (cause, topic), parts in ordered
        ),
        right=(2, 3, 4),
    )  # fmt: skip


def _print_bills(rows: list[dict[str, Any]], language: str) -> None:
    if not rows:
        return
    CONSOLE.print()
    heads = (
        word("sheet.bill", language),
        word("sheet.customer", language),
        word("sheet.difference", language),
        word("sheet.cause", language),
    )
    shown = rows[:MOST_BILLS]
    table(
        heads,
        ((row["bill_id"], row["customer_no"], f"{row['difference_yuan']:,.2f}", escape(row[f"message_{language}"])) for row in shown),
        right=(2,),
    )  # fmt: skip
    CONSOLE.print(word("shown_of", language).format(shown=len(shown), total=f"{len(rows):,}"), style="dim")


def explain_bill(
    place: Home, bill_id: str, language: str, as_json: bool, pdf: Path | None, snapshot: int | None = None
) -> None:
    """Show the calculation sheet of one bill, and write it as PDF if asked."""
    document = place.bill_sheet(bill_id, language, snapshot)
    if pdf is not None:
        place.write_bill_sheet(document, pdf, language)
    if as_json:
        print_json(document)
        return
    _print_sheet_head(document, language)
    _print_lines(document, language)
    _print_steps(document, language)
    _print_sources(document, language)
    if pdf is not None:
        CONSOLE.print(str(pdf), style="dim")


def _print_sheet_head(document: dict[str, Any], language: str) -> None:
    CONSOLE.print(
        f"[bold]{word('sheet.title', language)}[/]  {document['bill_id']}  {document['customer_no']}  "
        f"{document['bill_month']}  {document['period_from']} – {document['period_to']}"
    )
    if document["refusal"]:
        refusal = document["refusal"]
        CONSOLE.print(
            f"[red]{word('sheet.refused', language)}: {escape(refusal['text'])}[/] ({refusal['code']}; {escape(refusal['where'])})"
        )
    if document["cause"]:
        CONSOLE.print(f"[green]{escape(document['cause'])}[/]")


def _print_lines(document: dict[str, Any], language: str) -> None:
    if not document["lines"]:
        return
    keys = ("item", "quantity", "price", "issued", "quantity", "recomputed", "difference")
    body = [
        (
            f"{line['item']} {line['component']} {line['register']} {line['mp_id']}",
            line["issued_quantity"], line["issued_price"], line["issued_yuan"], line["due_quantity"], line["due_yuan"], line["difference_yuan"],
        )
        for line in document["lines"]
    ]  # fmt: skip
    totals = (
        word("sheet.total", language),
        "",
        "",
        document["issued"]["total_yuan"],
        "",
        document["recomputed"]["total_yuan"],
        document["difference_yuan"],
    )
    table(
        [word(f"sheet.{key}", language) for key in keys],
        [*body, totals],
        title=word("sheet.lines", language),
        right=range(1, 7),
    )


def _print_steps(document: dict[str, Any], language: str) -> None:
    CONSOLE.print()
    rows = (
        (number, f"{step['title']} {step['subject']}", escape(step["formula"]), step["result"], step["rounding"], escape(step["basis"]))
        for number, step in enumerate(document["steps"], 1)
    )  # fmt: skip
    keys = ("steps", "formula", "result", "rounding", "basis")
    table(["", *(word(f"sheet.{key}", language) for key in keys)], rows, right=(3,))


def _print_sources(document: dict[str, Any], language: str) -> None:
    for source in document["sources"]:
        CONSOLE.print()
        title = f"{source['title']}  {word('sheet.sources', language)}" + (
            f" {word('sheet.more', language)}" if source["more"] else ""
        )
        body = (
            (*map(escape, row), place) for row, place in zip(source["rows"], source["places"], strict=True)
        )
        table((*source["titles"], word("sheet.source", language)), body, title=title)
