"""`jicha findings` and `jicha explain`."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.compute as pc
import typer
from rich.markup import escape

from jicha.audit.explain import SourceRows, file_names
from jicha.audit.finding import shown
from jicha.audit.rule import Rule
from jicha.cli.bills import explain_bill
from jicha.cli.output import (
    CONSOLE,
    HomeOption,
    JsonOption,
    LanguageOption,
    PageOption,
    asked_in,
    home_at,
    print_json,
    table,
)
from jicha.reports.export import plain_rows, translated, write_findings
from jicha.reports.words import word

_FILTERS = ("rule_id", "org_no", "customer_no", "mp_id", "status", "subject_id")


def findings(
    run: Annotated[
        str | None, typer.Option("--run", help="Run id or month (default: the newest run).")
    ] = None,
    rule: Annotated[
        list[str] | None, typer.Option("--rule", "-r", help="Only this rule (repeatable).")
    ] = None,
    org: Annotated[
        list[str] | None, typer.Option("--org", help="Only this organisation (repeatable).")
    ] = None,
    customer: Annotated[
        list[str] | None, typer.Option("--customer", help="Only this customer (repeatable).")
    ] = None,
    point: Annotated[
        list[str] | None, typer.Option("--point", help="Only this metering point (repeatable).")
    ] = None,
    subject: Annotated[
        list[str] | None, typer.Option("--subject", help="Only this subject (repeatable).")
    ] = None,
    status: Annotated[
        list[str] | None, typer.Option("--status", help="new, continuing, recurred or cleared (repeatable).")
    ] = None,
    text: Annotated[str | None, typer.Option("--text", help="Only messages that hold this text.")] = None,
    least_yuan: Annotated[str | None, typer.Option("--least-yuan", help="Only from this amount up.")] = None,
    trial: Annotated[bool, typer.Option("--trial", help="Those of the rules on trial instead.")] = False,
    silenced: Annotated[
        bool, typer.Option("--silenced", help="Those that exceptions keep quiet instead.")
    ] = False,
    sort: Annotated[
        str, typer.Option("--sort", help="Column to sort by; - before it for descending.")
    ] = "-yuan_at_stake",
    limit: Annotated[int, typer.Option("--limit", help="Rows on a page.", min=1)] = 40,
    page: PageOption = 1,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write all that match: .parquet .csv .jsonl .xlsx.")
    ] = None,
    home: HomeOption = None,
    language: LanguageOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """List, filter, sort, page and export the findings of a run."""
    place = home_at(home)
    chosen = place.run(run, trial=trial)
    rows = chosen.silenced if silenced else chosen.findings
    wanted = dict(zip(_FILTERS, (rule, org, customer, point, status, subject), strict=True))
    rows = _sorted(_matching(rows, wanted, text, least_yuan), sort)
    if out is not None:
        write_findings(rows, out, language)
        CONSOLE.print(f"{rows.num_rows:,} → {out}", markup=False, highlight=False)
        return
    part = rows.slice((page - 1) * limit, limit)
    if language == "en":
        part = translated(part)
    if as_json:
        print_json([{**row, "evidence": json.loads(row["evidence"])} for row in plain_rows(part)])
    else:
        _print(part, rows.num_rows, language)


def _matching(
    rows: pa.Table, wanted: dict[str, list[str] | None], text: str | None, least_yuan: str | None
) -> pa.Table:
    for column, values in wanted.items():
        if values:
            rows = rows.filter(pc.is_in(rows[column], pa.array(values, pa.string())))
    if text:
        rows = rows.filter(pc.match_substring(rows["message"], text))
    if least_yuan:
        least = pa.scalar(_amount(least_yuan), pa.decimal128(18, 2))
        rows = rows.filter(pc.fill_null(pc.greater_equal(rows["yuan_at_stake"], least), False))
    return rows


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text).quantize(Decimal("0.01"))
    except InvalidOperation as error:
        raise typer.BadParameter(f"{text!r} is not an amount in yuan; write for example 1000.00") from error


def _sorted(rows: pa.Table, sort: str) -> pa.Table:
    column = sort.lstrip("-")
    if column not in rows.column_names:
        raise typer.BadParameter(f"{column} is not a column of findings: {', '.join(rows.column_names)}")
    order = "descending" if sort.startswith("-") else "ascending"
    return rows.take(pc.sort_indices(rows, sort_keys=[(column, order), ("finding_id", "ascending")]))


def _print(rows: pa.Table, total: int, language: str) -> None:
    columns = ("finding", "rule", "organisation", "subject", "status", "yuan", "kwh", "message")
    heads = [
        "id",
        *(word(key, language) if key != "yuan" else word("yuan_unit", language) for key in columns[1:]),
    ]
    lines = (
        (row["finding_id"][:10], row["rule_id"], row["org_no"], row["customer_no"] or row["subject_id"],
         word(row["status"], language), shown("yuan", row["yuan_at_stake"]), shown("kwh", row["kwh_at_stake"]), escape(row["message"]))
        for row in rows.to_pylist()
    )  # fmt: skip
    table(heads, lines, right=(5, 6))
    CONSOLE.print(word("shown_of", language).format(shown=rows.num_rows, total=f"{total:,}"), style="dim")


def explain(
    finding: Annotated[
        str, typer.Argument(help="Finding id, or a unique beginning of it; or the number of a bill.")
    ],
    run: Annotated[
        str | None, typer.Option("--run", help="Run id or month (default: the newest run).")
    ] = None,
    snapshot: Annotated[
        int | None, typer.Option("--snapshot", help="Snapshot of a bill (default: the newest).")
    ] = None,
    home: HomeOption = None,
    language: LanguageOption = "zh",
    as_json: JsonOption = False,
    pdf: Annotated[
        Path | None, typer.Option("--pdf", help="Write the calculation sheet of a bill as PDF.")
    ] = None,
) -> None:
    """Show a finding with its arithmetic, clause and source rows; or a bill with its calculation sheet (算费过程)."""
    place = home_at(home)
    with asked_in(language):
        if pdf is not None or place.has_bill(finding, snapshot):
            explain_bill(place, finding, language, as_json, pdf, snapshot)
            return
        found, rule, sources = place.explain(finding, run)
    evidence = json.loads(found["evidence"])
    files = file_names(place.mart, sources)
    if as_json:
        print_json(
            {
                **found,
                "evidence": evidence,
                "rule": _card(rule, language),
                "sources": [_source(s, files) for s in sources],
            }
        )
        return
    _print_finding(found, evidence, rule, language)
    for source in sources:
        _print_source(source, files)


def _card(rule: Rule, language: str) -> dict[str, Any]:
    return {
        "rule_id": rule.rule_id,
        "title": rule.title[language],
        "version": rule.version,
        "value": rule.value.why,
        "basis": list(rule.basis),
        "triage": {
            key: value.get(language) if isinstance(value, dict) else value
            for key, value in rule.triage.items()
        },
        "sql": rule.sql_text,
    }


def _source(source: SourceRows, files: dict[int, str]) -> dict[str, Any]:
    rows = [
        {**dict(zip(source.columns, row, strict=True)), "_source": _place(place, files)}
        for row, place in zip(source.rows, source.places, strict=True)
    ]
    return {"table": source.table, "rows": rows, "more": source.more}


def _place(place: tuple[int | None, int | None], files: dict[int, str]) -> str:
    number, line = place
    return "" if number is None else f"{files.get(number, number)}:{line}"


def _print_finding(found: dict[str, Any], evidence: dict[str, Any], rule: Rule, language: str) -> None:
    message = found["message"] if language == "zh" else evidence["message_en"]
    CONSOLE.print(
        f"[bold]{rule.rule_id} {escape(rule.title[language])}[/]  {word(found['status'], language)}  {found['finding_id']}"
    )
    CONSOLE.print(escape(message))
    facts = {
        name: found[name]
        for name in (
            "subject_kind",
            "subject_id",
            "org_no",
            "customer_no",
            "mp_id",
            "first_seen",
            "last_seen",
        )
    }
    facts |= {
        "kwh_at_stake": found["kwh_at_stake"],
        "yuan_at_stake": found["yuan_at_stake"],
        "direction": found["direction"],
    }
    facts |= evidence["columns"]
    table(("", ""), ((name, shown(name, value)) for name, value in facts.items() if value is not None))
    CONSOLE.print(f"{escape(rule.value.why)}", style="dim")
    for basis in rule.basis:
        verified = "" if basis.get("verified") else " (待核实 to be confirmed)"
        parts = [str(basis[key]) for key in ("document", "clause", "quote") if basis.get(key)]
        CONSOLE.print(f"§ {escape(' · '.join(parts))}{verified}", style="cyan")
    steps = rule.triage.get("steps", {}).get(language, [])
    for number, step in enumerate(steps, 1):
        CONSOLE.print(f"  {number}. {escape(str(step))}")


def _print_source(source: SourceRows, files: dict[int, str]) -> None:
    rows = (
        (
            *(escape(shown(name, value)) for name, value in zip(source.columns, row, strict=True)),
            _place(place, files),
        )
        for row, place in zip(source.rows, source.places, strict=True)
    )
    CONSOLE.print()
    table((*source.columns, "source"), rows, title=source.table + (" …" if source.more else ""))
