"""The line sheet of a case (结算单): as words and numbers that a page, a terminal and a PDF show alike."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from jicha.reports.case_words import case_word, known_word, note_text, unit_text

TEMPLATE = Path(__file__).parent / "templates" / "case_sheet.typ"
SUMS = ("energy_kwh", "back_pay_yuan", "charge_yuan", "late_fee_yuan", "total_yuan")
HEADS = ("period", "component", "quantity", "unit_price", "billed", "due", "difference", "clause", "limit")
WORDS = (
    *HEADS,
    "title",
    "case",
    "customer",
    "found_on",
    "scenario",
    "total",
    "notes",
    "criminal",
    "rounding",
    "formula",
)


def case_document(sheet: Mapping[str, Any], language: str = "zh") -> dict[str, Any]:
    """Return a plain sheet (`plain_sheet`) in words: every text ready to be shown."""
    scenarios = [_scenario(one, language) for one in sheet["scenarios"]]
    return {
        "case": sheet["case"], "title": sheet["title"], "customer_no": sheet["customer_no"], "customer_name": sheet["customer_name"],
        "found_on": sheet["found_on"], "scenarios": scenarios, "difference": _difference(sheet, language),
        "words": {key: case_word(key, language) for key in WORDS},
    }  # fmt: skip


def _scenario(one: Mapping[str, Any], language: str) -> dict[str, Any]:
    return {
        "code": one["code"], "title": one["title"], "lines": [_line(line, language) for line in one["lines"]],
        "sums": _sums(one["sums"], language), "total": _amount(one["sums"]["total_yuan"]),
        "billed": _amount(str(sum((Decimal(line["billed_yuan"]) for line in one["lines"]), Decimal("0.00")))),
        "due": _amount(str(sum((Decimal(line["due_yuan"]) for line in one["lines"]), Decimal("0.00")))),
        "criminal": [_criminal(found, language) for found in one["criminal"]],
        "notes": list(dict.fromkeys(note_text(note["code"], note["values"], language) for note in one["notes"])),
    }  # fmt: skip


def _line(line: Mapping[str, Any], language: str) -> dict[str, Any]:
    price = line["unit_price"]
    return {
        "act": known_word("act", line["act"], language), "act_number": line["act_number"], "kind": line["kind"],
        "component": known_word("component", line["component"], language), "period": _period(line),
        "quantity": f"{_number(line['quantity'])} {unit_text(line['unit'], language)}".strip(),
        "unit_price": "" if price is None else _number(price),
        "price_source": _price_source(line, language) if price is not None else "",
        "billed": _amount(line["billed_yuan"]), "due": _amount(line["due_yuan"]), "difference": _amount(line["difference_yuan"]),
        "formula": unit_text(line["formula"], language), "limit": unit_text(line["limit"], language),
        "clause": clause_text(line, language), "is_confirmed": line["is_clause_confirmed"],
    }  # fmt: skip


def clause_text(line: Mapping[str, Any], language: str) -> str:
    """Return the clause of a line; an article that was not read is not named, one whose values are unsure says so."""
    law, unsure = line["law"], case_word("to_confirm", language)
    article = _article(law["article"], language) if law["article"] else ""
    told = f"{law['source']} {article}".strip() + (
        "" if line["is_clause_confirmed"] else f"（{unsure}）" if language == "zh" else f" ({unsure})"
    )
    addition = line["addition"].replace("(?)", f"（{unsure}）" if language == "zh" else f"({unsure})")
    return f"{told} · {addition}" if addition else told


def _article(article: str, language: str) -> str:
    number, _, item = article.rstrip(")").partition("(")
    if language != "zh":
        return f"Art. {article}"
    return f"第{number}条第{item}项" if item else f"第{number}条"


def _price_source(line: Mapping[str, Any], language: str) -> str:
    told = case_word("stated", language) if line["price_source"] == "stated" else line["price_source"]
    return told if line["is_price_verified"] else f"{told} ({case_word('price_to_confirm', language)})"


def _criminal(found: Mapping[str, Any], language: str) -> dict[str, str]:
    sure = case_word("certified" if found["is_price_certified"] else "not_certified", language)
    return {
        "kwh": _number(found["kwh"]), "yuan": _amount(found["yuan"]), "price": f"{_number(found['price_yuan_per_kwh'])} ({sure})",
        "formula": found["formula"], "clause": f"{found['source']} ({case_word('to_confirm', language)})",
        "amounts": case_word("criminal_amounts", language).format(**found["amounts"]),
    }  # fmt: skip


def _sums(sums: Mapping[str, str], language: str) -> list[dict[str, str]]:
    return [
        {"name": name, "title": case_word(name, language), "value": _number(sums[name]) if name == "energy_kwh" else _amount(sums[name])}
        for name in SUMS
        if name == "total_yuan" or Decimal(sums[name]) != 0
    ]  # fmt: skip


def _difference(sheet: Mapping[str, Any], language: str) -> dict[str, Any] | None:
    if sheet["difference"] is None:
        return None
    first, second = (one["code"] for one in sheet["scenarios"][:2])
    title = case_word("difference_of", language).format(first=first, second=second)
    return {"title": title, "sums": _sums(sheet["difference"], language)}


def _period(line: Mapping[str, Any]) -> str:
    if line["from"] is None:
        return ""
    if line["until"] is None:
        return str(line["from"])
    last = date.fromisoformat(line["until"]) - timedelta(days=1)  # people read the last day that counts
    return f"{line['from']} – {last}"


def _number(text: str) -> str:
    value = f"{Decimal(text):,f}"
    return value.rstrip("0").rstrip(".") if "." in value else value


def _amount(text: str) -> str:
    return f"{Decimal(text):,.2f}"


def write_case_pdf(document: dict[str, Any], path: Path, language: str = "zh") -> Path:
    """Write the sheet as PDF; the data go in as JSON, so that no text of theirs can act as markup."""
    import typst

    inputs = {"document": json.dumps(document, ensure_ascii=False), "language": language}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(typst.compile(str(TEMPLATE), sys_inputs=inputs))
    return path
