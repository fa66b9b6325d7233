"""The Excel templates open, explain themselves and load back as they are."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from jicha.contract import contract
from jicha.contract.templates import GUIDE_SHEET, TEXT_FORMAT, VALUES_SHEET, write_templates, write_workbook


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("templates")
    write_templates(root / "files")
    write_workbook(root / "all.xlsx")
    return root


def _part(path: Path, name: str) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name).decode("utf-8")


def test_first_sheet_of_each_file_is_the_header_row_and_nothing_else(folder: Path) -> None:
    for table in contract().tables.values():
        workbook = CalamineWorkbook.from_path(str(folder / "files" / f"{table.name}.xlsx"))
        assert workbook.sheet_names == [table.name, GUIDE_SHEET, VALUES_SHEET]
        assert workbook.get_sheet_by_index(0).to_python() == [list(table.field_names)]


def test_the_workbook_has_one_sheet_a_table(folder: Path) -> None:
    workbook = CalamineWorkbook.from_path(str(folder / "all.xlsx"))
    assert workbook.sheet_names == [*contract().tables, GUIDE_SHEET, VALUES_SHEET]
    for table in contract().tables.values():
        assert workbook.get_sheet_by_name(table.name).to_python() == [list(table.field_names)]


def test_the_guide_explains_every_column(folder: Path) -> None:
    guide = CalamineWorkbook.from_path(str(folder / "all.xlsx")).get_sheet_by_name(GUIDE_SHEET).to_python()
    explained = [(row[0], row[1]) for row in guide]
    columns = [(f"{t.name} {t.title_zh}", f.name) for t in contract().tables.values() for f in t.fields]
    assert explained[-len(columns) :] == columns


def test_comments_carry_titles_type_unit_and_values(folder: Path) -> None:
    comments = _part(folder / "files" / "bill.xlsx", "xl/comments1.xml")
    for piece in ("电费合计 / Total", "单位：元 / yuan", "必填 / required", "back_bill  退补电费"):
        assert piece in comments


def test_listed_values_are_drop_down_lists(folder: Path) -> None:
    for table in contract().tables.values():
        sheet = _part(folder / "files" / f"{table.name}.xlsx", "xl/worksheets/sheet1.xml")
        expected = sum(1 for field in table.fields if field.enum or field.kind == "bool")
        assert len(re.findall(r"<dataValidation ", sheet)) == expected, table.name


def test_drop_down_ranges_hold_the_listed_values(folder: Path) -> None:
    path = folder / "files" / "work_order.xlsx"
    values = CalamineWorkbook.from_path(str(path)).get_sheet_by_name(VALUES_SHEET).to_python()
    ranges = re.findall(r"<formula1>(.*?)</formula1>", _part(path, "xl/worksheets/sheet1.xml"))
    listed = [field for field in contract().table("work_order").fields if field.enum]
    assert ranges[0] == f"'{VALUES_SHEET}'!$A$2:$A${len(listed[0].enum) + 1}"
    for column, field in enumerate(listed):
        assert [row[column] for row in values if row[column]] == [f"work_order.{field.name}", *field.enum]


def test_identifiers_are_kept_as_text(folder: Path) -> None:
    styles = _part(folder / "files" / "customer.xlsx", "xl/styles.xml")
    sheet = _part(folder / "files" / "customer.xlsx", "xl/worksheets/sheet1.xml")
    match = re.search(r'<col min="1" max="1" [^>]*style="(\d+)"', sheet)
    assert match is not None
    formats = re.findall(r"<xf numFmtId=\"(\d+)\"", styles.split("<cellXfs")[1])
    assert formats[int(match[1])] == str(TEXT_FORMAT)


def test_the_same_contract_gives_the_same_bytes(tmp_path: Path, folder: Path) -> None:
    again = write_workbook(tmp_path / "all.xlsx")
    assert again.read_bytes() == (folder / "all.xlsx").read_bytes()
