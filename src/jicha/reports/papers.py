"""Papers of a settlement in Chinese: notice (通知书) and agreement (协议书), as Word and PDF, from templates that a user may replace."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jicha.errors import ExplainedError
from jicha.reports.case_sheet import case_document

SHIPPED = Path(__file__).parent / "templates"
KINDS = ("notice", "agreement")
FORMS = ("pdf", "docx")


def paper_data(
    sheet: Mapping[str, Any], number: str, unit: str, instalments: Sequence[Mapping[str, str]] = ()
) -> dict[str, Any]:
    """Return what a template may show: the scenario of a frozen sheet in words, and the instalments agreed."""
    document = case_document(sheet, "zh")
    scenario = document["scenarios"][0]
    sums = {one["name"]: one["value"] for one in scenario["sums"]}
    return {
        "number": number, "unit": unit, "title": document["title"], "customer_no": document["customer_no"], "customer_name": document["customer_name"],
        "found_on": document["found_on"], "lines": scenario["lines"], "total": scenario["total"], "energy": sums.get("energy_kwh", "0"),
        "back_pay": sums.get("back_pay_yuan", "0.00"), "charge": sums.get("charge_yuan", "0.00"), "late_fee": sums.get("late_fee_yuan", "0.00"),
        "instalments": list(instalments),
    }  # fmt: skip


def write_paper(kind: str, form: str, data: Mapping[str, Any], own: Path) -> bytes:
    """Return a paper; `own` is the folder with the user's templates (<home>/templates), which go before the shipped ones.

    The data are never read as a template: Word gets them escaped into places, Typst as JSON.
    """
    template = own / f"{kind}.{'typ' if form == 'pdf' else 'docx'}"
    path = template if template.is_file() else SHIPPED / template.name
    try:
        return _pdf(path, data) if form == "pdf" else _docx(path, data)
    except Exception as error:
        raise ExplainedError(
            where=path.name, found=" ".join(str(error).split())[:300], expected="a template that uses the fields of the shipped one",
            remedy="Correct the template in <home>/templates, or take it away: the shipped one is used then.",
        ) from error  # fmt: skip


def _pdf(path: Path, data: Mapping[str, Any]) -> bytes:
    import typst

    made: bytes = typst.compile(str(path), sys_inputs={"paper": json.dumps(data, ensure_ascii=False)})
    return made


def _docx(path: Path, data: Mapping[str, Any]) -> bytes:
    from docxtpl import DocxTemplate
    from jinja2.sandbox import SandboxedEnvironment

    template, target = DocxTemplate(str(path)), io.BytesIO()
    template.render(dict(data), SandboxedEnvironment(autoescape=True))
    template.save(target)
    return target.getvalue()
