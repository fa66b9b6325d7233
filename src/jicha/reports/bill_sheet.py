"""The calculation sheet of a bill (算费过程) as data, and as a PDF that a customer, a judge and a clerk can follow."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from jicha.audit.explain import SourceRows
from jicha.audit.rebill.session import BillSheet
from jicha.billing.attribution import TITLES, attribute
from jicha.billing.difference import LineDifference
from jicha.billing.refusal import refusal_text
from jicha.billing.sheet import SheetStep, told
from jicha.contract import contract
from jicha.contract.model import Field
from jicha.reports.basis import rule_text, source_text
from jicha.reports.words import WORDS, word

TEMPLATE = Path(__file__).parent / "templates" / "bill_sheet.typ"


def sheet_document(
    sheet: BillSheet, sources: list[SourceRows], files: dict[int, str], language: str = "zh"
) -> dict[str, Any]:
    """Return the whole sheet as plain data: inputs with their source rows, steps, lines issued and recomputed."""
    bill, issued, priced = sheet.case.bill, sheet.case.issued, sheet.priced
    return {
        "bill_id": bill.bill_id,
        "customer_no": bill.customer.customer_no,
        "bill_month": f"{bill.bill_month:%Y-%m}",
        "period_from": bill.period_from.isoformat(),
        "period_to": bill.period_to.isoformat(),
        "refusal": _refusal(sheet, language),
        "issued": {"kwh": _text(issued.kwh), "power_factor": _text(issued.power_factor), "total_yuan": _yuan(issued.total_yuan)},
        "recomputed": {"kwh": _text(priced.kwh), "power_factor": _text(priced.power_factor), "total_yuan": _yuan(priced.total_yuan)},
        "difference_yuan": "" if priced.refusal else _yuan(issued.total_yuan - priced.total_yuan),
        "cause": _cause(sheet, language),
        "attribution": _attribution(sheet, language),
        "lines": [_line(line, language) for line in sheet.differences],
        "steps": [_step(step, language) for step in sheet.sheet.steps],
        "sources": [_source(source, files, language) for source in sources],
    }  # fmt: skip


def write_sheet_pdf(document: dict[str, Any], path: Path, language: str = "zh") -> Path:
    """Write the sheet as PDF; the data go in as JSON, so that no text of theirs can act as markup."""
    import typst

    words = {key: word(f"sheet.{key}", language) for key in SHEET_WORDS}
    inputs = {
        "document": json.dumps(document, ensure_ascii=False),
        "words": json.dumps(words, ensure_ascii=False),
        "language": language,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(typst.compile(str(TEMPLATE), sys_inputs=inputs))
    return path


SHEET_WORDS = (
    "title",
    "bill",
    "customer",
    "month",
    "period",
    "issued",
    "recomputed",
    "difference",
    "lines",
    "steps",
    "sources",
    "refused",
    "total",
    "item",
    "quantity",
    "price",
)  # fmt: skip


def _refusal(sheet: BillSheet, language: str) -> dict[str, str] | None:
    code = sheet.priced.refusal
    if code is None:
        return None
    where = _in_words(sheet.priced.refused_at or "", language)
    return {"code": code, "text": refusal_text(code, language), "where": where}


def _in_words(place: str, language: str) -> str:
    return " ".join(_place_word(part, language) for part in place.split(" "))


def _place_word(part: str, language: str) -> str:
    """Return a code of the contract, such as a voltage or a register, as people read it; anything else as it is."""
    for key in (f"where.{part}", f"register.{part}", f"component.{part}"):
        if key in WORDS:
            return word(key, language)
    table, column = (
        ("customer", "voltage_code") if part[:2] in ("lt", "kv") else ("price_step", "step_scheme")
    )
    return _label(contract().table(table).field(column), part, language)


def _cause(sheet: BillSheet, language: str) -> str:
    return "" if sheet.cause is None else sheet.cause.message[language]


def _attribution(sheet: BillSheet, language: str) -> list[dict[str, str]]:
    """Return the difference split by part, each with its title; the parts add up to the difference to the cent."""
    if sheet.priced.refusal:
        return []
    place = 0 if language == "zh" else 1
    split = attribute(sheet.case.issued, sheet.priced).yuan
    return [
        {"part": part, "title": TITLES[part][place], "yuan": f"{yuan:.2f}"} for part, yuan in split.items()
    ]


def _line(line: LineDifference, language: str) -> dict[str, str]:
    return {
        "mp_id": line.mp_id or "",
        "item": word(f"item.{line.item}", language),
        "component": word(f"component.{line.component}", language) if line.component else "",
        "register": word(f"register.{line.register}", language) if line.register not in (None, "any") else "",
        "issued_quantity": _text(line.issued_quantity),
        "issued_price": _text(line.issued_price),
        "issued_yuan": _yuan(line.issued_yuan),
        "due_quantity": _text(line.due_quantity),
        "due_price": _text(line.due_price),
        "due_yuan": _yuan(line.due_yuan),
        "difference_yuan": _yuan(line.difference_yuan),
    }


def _step(step: SheetStep, language: str) -> dict[str, Any]:
    parts = [step.mp_id or ""]
    parts += [word(f"register.{step.register}", language)] if step.register not in (None, "any") else []
    parts += [word(f"component.{step.component}", language)] if step.component else []
    return {
        "step": step.step,
        "title": step.title(language),
        "subject": " ".join(part for part in parts if part),
        "formula": _formula(step, language),
        "result": step.result
        if step.unit == "none"
        else f"{step.result} {word(f'unit.{step.unit}', language)}",
        "rounding": _rounding(step, language),
        "basis": _basis(step, language),
        "rows": list(step.rows),
    }


def _formula(step: SheetStep, language: str) -> str:
    formula = told(step.formula, language)
    return _in_words(formula, language) if step.step == "segments" else formula


def _rounding(step: SheetStep, language: str) -> str:
    if step.places is None:
        return ""
    if (step.unit, step.places) in (("kwh", 0), ("kvarh", 0), ("yuan", 2)):
        return word(f"round.{step.unit}", language)
    return word("round.places", language).format(places=step.places)


def _basis(step: SheetStep, language: str) -> str:
    parts = [rule_text(step.rule, language)] if step.rule is not None else []
    parts += [source_text(step.source, language)] if step.source else []
    return " · ".join(parts)


def _source(source: SourceRows, files: dict[int, str], language: str) -> dict[str, Any]:
    table = contract().table(source.table)
    fields = [table.field(column) for column in source.columns]
    places = [
        "" if number is None else f"{files.get(number, number)}:{line}" for number, line in source.places
    ]
    rows = [
        [_label(field, _cell(cell, language), language) for field, cell in zip(fields, row, strict=True)]
        for row in source.rows
    ]
    return {
        "table": source.table,
        "title": table.title_zh if language == "zh" else table.title_en,
        "columns": list(source.columns),
        "titles": [field.title_zh if language == "zh" else field.title_en for field in fields],
        "rows": rows,
        "places": places,
        "more": source.more,
    }


def _label(field: Field, value: str, language: str) -> str:
    """Return a listed value of a column as people read it; anything else as it is."""
    labels = field.labels_zh if language == "zh" else field.labels_en
    return dict(zip(field.enum, labels, strict=False)).get(value, value)


def _cell(value: Any, language: str) -> str:
    if isinstance(value, bool):
        return word("yes" if value else "no", language)
    return "" if value is None else _text(value) if isinstance(value, Decimal) else str(value)


def _text(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"


def _yuan(value: Decimal) -> str:
    return f"{value:,.2f}"
