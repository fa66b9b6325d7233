"""The sample sheet (抽样底稿): which bills to look at, how they were drawn, and where the auditor writes what each should have been."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

from jicha.audit.sample.plan import METHODS, STRATA, Plan, Sample, certain_and_hit
from jicha.errors import ExplainedError, ManyErrors
from jicha.periods import parse_month
from jicha.reports.words import word

ITEMS, DRAW = "样本 items", "抽样 draw"
COLUMNS = (
    "bill_id",
    "customer_no",
    "name",
    "org_no",
    "kind",
    "stratum",
    "certain",
    "book_yuan",
    "audited_yuan",
    "note",
)
AUDITED = "audited_yuan"


def write_sample_sheet(sample: Sample, path: Path, language: str = "zh") -> int:
    """Write the sheet as .xlsx; return the number of bills. The amounts are texts, exact to the cent."""
    if path.suffix != ".xlsx":
        raise ExplainedError(
            where=str(path), found=f"a file that ends in {path.suffix or 'nothing'}", expected=".xlsx", remedy="Name it sample.xlsx.",
        )  # fmt: skip
    rows = certain_and_hit(sample)
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        items = book.add_worksheet(ITEMS)
        items.write_row(0, 0, COLUMNS, bold)
        for number, (item, is_certain) in enumerate(rows, 1):
            told = sample.frame.told[item.item_id]
            cells = [
                item.item_id,
                told["customer_no"],
                told["name"],
                told["org_no"],
                told["kind"],
                item.stratum,
                "1" if is_certain else "0",
            ]
            for column, value in enumerate([*cells, f"{item.book_yuan:.2f}"]):
                items.write_string(number, column, str(value))
        items.freeze_panes(1, 1)
        items.set_column(0, 4, 18)
        items.set_column(7, 9, 16)
        draw = book.add_worksheet(DRAW)
        draw.set_column(0, 1, 30)
        for number, (name, value) in enumerate(told_of(sample).items()):
            draw.write_string(number, 0, name, bold)
            draw.write_string(number, 1, value)
            draw.write_string(number, 2, word(f"sample.{name}", language))
    return len(rows)


def told_of(sample: Sample) -> dict[str, str]:
    """Return how the sample was drawn, as texts by name: what the second page of the sheet holds."""
    plan, draw = sample.plan, sample.draw
    return {
        "month": f"{plan.month:%Y-%m}", "snapshot": str(sample.snapshot_id), "organisations": " ".join(plan.organisations),
        "method": plan.method, "stratum": plan.stratum, "seed": plan.seed, "confidence": str(plan.confidence),
        "tolerable": str(plan.tolerable), "expected": str(plan.expected), "size": "" if plan.size is None else str(plan.size),
        "frame_items": str(len(sample.frame.items)), "frame_yuan": f"{sample.frame.book_yuan:.2f}", "frame_sha256": sample.frame_sha256,
        "drawn": str(len(draw.items)), "certain": str(len(draw.certain)), "acceptable_errors": str(sample.size.acceptable_errors),
        "interval_yuan": "" if draw.interval_yuan is None else f"{draw.interval_yuan:.2f}",
    }  # fmt: skip


class FilledSheet:
    """A sheet that an auditor has filled in: the plan, and what each bill should have been; raises with every problem at once."""

    def __init__(self, path: Path) -> None:
        pages = _pages(path)
        self.path = path
        self.told = {str(row[0]): str(row[1]) for row in pages[DRAW] if len(row) > 1}
        self._rows = pages[ITEMS]

    @property
    def plan(self) -> Plan:
        """The plan that the sheet was drawn by."""
        told = self.told
        try:
            plan = Plan(
                parse_month(told["month"]), told["method"], told["seed"], Decimal(told["confidence"]), Decimal(told["tolerable"]),
                Decimal(told["expected"]), told["stratum"], tuple(told["organisations"].split()), int(told["size"]) if told["size"] else None,
            )  # fmt: skip
        except (KeyError, ValueError, InvalidOperation) as error:
            raise self._no_sheet(repr(error)) from error
        if plan.method not in METHODS or plan.stratum not in STRATA:
            raise self._no_sheet(f"{plan.method}, {plan.stratum}")
        return plan

    @property
    def snapshot_id(self) -> int:
        """The snapshot that the sample was drawn from."""
        try:
            return int(self.told["snapshot"])
        except (KeyError, ValueError) as error:
            raise self._no_sheet("no number of a snapshot") from error

    def audited(self, sample: Sample) -> dict[str, Decimal]:
        """Return what each bill of the sample should have been, in yuan by bill."""
        head, *rows = self._rows or [[]]
        if AUDITED not in head or "bill_id" not in head:
            raise self._no_sheet("a page without bill_id and audited_yuan")
        at = {name: head.index(name) for name in ("bill_id", AUDITED)}
        wanted = {item.item_id for item, _ in certain_and_hit(sample)}
        found: dict[str, Decimal] = {}
        problems: list[str] = []
        for number, row in enumerate(rows, 2):
            _take(
                found,
                str(row[at["bill_id"]]),
                row[at[AUDITED]],
                wanted,
                f"{self.path.name}:{number}",
                problems,
            )
        problems += [
            f"{self.path.name}: bill {bill_id} of the sample is missing"
            for bill_id in sorted(wanted - set(found))
        ]
        if problems:
            raise ManyErrors(f"{self.path}: the sheet cannot be judged", problems)
        return found

    def _no_sheet(self, found: str) -> ExplainedError:
        return ExplainedError(
            where=str(self.path), found=found, expected="a sheet that `jicha sample draw` wrote", remedy="Draw it again; fill in only audited_yuan and note.",
        )  # fmt: skip


def _take(
    found: dict[str, Decimal], bill_id: str, cell: Any, wanted: set[str], where: str, problems: list[str]
) -> None:
    """Keep one row, or say what is wrong with it; a row that is named gives no second complaint that it is missing."""
    # A cell of numbers comes as a float whose shortest text is what was typed: no rounding lies between it and the Decimal.
    text = str(cell).replace(",", "").strip()
    if bill_id not in wanted:
        problems.append(f"{where}: bill {bill_id} is not in the sample")
        return
    if bill_id in found:
        problems.append(f"{where}: bill {bill_id} is there twice")
        return
    found[bill_id] = Decimal(0)
    try:
        found[bill_id] = Decimal(text)
        if not found[bill_id].is_finite():
            raise InvalidOperation
    except InvalidOperation:
        problems.append(
            f"{where}: {AUDITED} is {text!r}; write the amount in yuan that the bill should have had"
        )


def _pages(path: Path) -> dict[str, list[list[Any]]]:
    try:
        book = CalamineWorkbook.from_path(str(path))
        return {name: book.get_sheet_by_name(name).to_python() for name in (ITEMS, DRAW)}
    except (CalamineError, OSError, KeyError, ValueError) as error:
        raise ExplainedError(
            where=str(path), found=str(error), expected="a sheet that `jicha sample draw` wrote", remedy="Name the filled .xlsx.",
        ) from error  # fmt: skip
