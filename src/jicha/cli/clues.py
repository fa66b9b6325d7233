"""`jicha clues`: the findings of a run put together by place, the best worth a visit first."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import typer

from jicha.audit.clues import Clue, weights
from jicha.cli.output import (
    CONSOLE,
    HomeOption,
    JsonOption,
    LanguageOption,
    PageOption,
    home_at,
    print_json,
    table,
)
from jicha.reports.export import write_table
from jicha.reports.words import word

_SORTS = {
    "expected": lambda clue: clue.expected_yuan,
    "score": lambda clue: clue.score,
    "yuan": lambda clue: clue.company_yuan,
    "refund": lambda clue: clue.customer_yuan,
    "findings": lambda clue: len(clue.reasons),
}


def clues(
    run: Annotated[
        str | None, typer.Option("--run", help="Run id or month (default: the newest run).")
    ] = None,
    org: Annotated[
        list[str] | None, typer.Option("--org", help="Only this organisation (repeatable).")
    ] = None,
    band: Annotated[
        list[str] | None, typer.Option("--band", help="urgent, soon or ordinary (repeatable).")
    ] = None,
    place: Annotated[
        list[str] | None, typer.Option("--place", help="Only this customer, point … (repeatable).")
    ] = None,
    least_findings: Annotated[int, typer.Option("--least-findings", help="Only from so many findings.")] = 1,
    sort: Annotated[str, typer.Option("--sort", help=f"{', '.join(_SORTS)}; descending.")] = "expected",
    limit: Annotated[int, typer.Option("--limit", help="Rows on a page.", min=1)] = 20,
    page: PageOption = 1,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write all that match: .parquet .csv .xlsx.")
    ] = None,
    reasons: Annotated[bool, typer.Option("--reasons", help="Show a sentence for every reason.")] = False,
    home: HomeOption = None,
    language: LanguageOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """List clues: several findings on one place, with a score, its reasons and the yuan to be expected."""
    if sort not in _SORTS:
        raise typer.BadParameter(f"{sort!r} is not one of {', '.join(_SORTS)}")
    found = [
        clue
        for clue in home_at(home).run(run).clues()
        if (not org or clue.org_no in org)
        and (not band or clue.band in band)
        and (not place or clue.place_id in place)
        and len(clue.reasons) >= least_findings
    ]
    found.sort(key=_SORTS[sort], reverse=True)
    if out is not None:
        write_table(pa.Table.from_pylist([_line(clue, language) for clue in found]), out)
        CONSOLE.print(f"{len(found):,} → {out}", markup=False, highlight=False)
        return
    part = found[(page - 1) * limit : page * limit]
    if as_json:
        print_json([_line(clue, language) for clue in part])
    else:
        _print(part, found, reasons, language)


def _line(clue: Clue, language: str) -> dict[str, Any]:
    return {
        "place_kind": clue.place_kind,
        "place_id": clue.place_id,
        "org_no": clue.org_no,
        "band": clue.band,
        "score": clue.score,
        "findings": len(clue.reasons),
        "rules": " ".join(clue.rules),
        "company_yuan": clue.company_yuan,
        "customer_yuan": clue.customer_yuan,
        "kwh": clue.kwh,
        "confirmed_yuan": clue.confirmed_yuan,
        "collectability": clue.collectability,
        "cost_yuan": clue.cost_yuan,
        "expected_yuan": clue.expected_yuan,
        "check": "visit" if clue.is_visit else "desk",
        "reasons": "; ".join(reason.words[language] for reason in clue.reasons),
    }


def _print(part: Iterable[Clue], found: list[Clue], reasons: bool, language: str) -> None:
    bands = {band.code: band.words[language] for band in weights().bands}
    keys = ("clue.place", "organisation", "clue.band", "clue.score", "clue.rules", "clue.company", "clue.customer",
            "clue.cost", "clue.expected")  # fmt: skip
    if reasons:
        for clue in part:
            CONSOLE.print(
                f"[bold]{clue.place_id}[/] {bands[clue.band]} {clue.score:.2f} {_money(clue.expected_yuan)}"
            )
            for reason in clue.reasons:
                CONSOLE.print(f"  {reason.words[language]}", markup=False, highlight=False)
    else:
        rows = (
            [clue.place_id, clue.org_no, bands[clue.band], f"{clue.score:.2f}", " ".join(clue.rules), _money(clue.company_yuan),
             _money(clue.customer_yuan), _money(clue.cost_yuan), _money(clue.expected_yuan)]
            for clue in part
        )  # fmt: skip
        table([word(key, language) for key in keys], rows, right=(3, 5, 6, 7, 8))
    total = sum((clue.expected_yuan for clue in found if clue.expected_yuan > 0), Decimal(0))
    CONSOLE.print(f"{len(found):,} · {word('clue.expected', language)} {_money(total)}", style="dim")


def _money(value: Decimal) -> str:
    return f"{value:,.2f}" if value else "·"
