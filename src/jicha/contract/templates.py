"""Import templates: Excel files that a clerk fills in and that load back as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from jicha.contract.loader import contract
from jicha.contract.model import Field, Table
from jicha.contract.words import is_mandatory, kind_word, listed_values, unit_word

GUIDE_SHEET: Final = "说明"
VALUES_SHEET: Final = "取值"
LAST_ROW: Final = 1_048_575

# Text must be text: customer numbers have leading zeros and more digits than Excel can hold as a number.
# 49 is the number of Excel's own text format.
TEXT_FORMAT: Final = 49
CELL_FORMATS: Final[Mapping[str, str | int]] = {
    "text": TEXT_FORMAT,
    "int": "0",
    "bool": "General",
    "date": "yyyy-mm-dd",
    "month": "yyyy-mm-dd",
    "timestamp": "yyyy-mm-dd hh:mm:ss",
    "energy": "0.0000",
    "register": "0.0000",
    "power": "0.0000",
    "money": "0.00",
    "price": "0.000000000",
    "ratio": "0.000000",
}

GUIDE_HEAD: Final = ("表", "列", "中文名", "English", "类型", "单位", "必填", "主键", "允许值", "说明")
GUIDE_WIDTHS: Final = (20, 22, 22, 28, 22, 18, 6, 6, 60, 60)
GUIDE_TEXT: Final = (
    "填写说明（How to fill in）",
    "1. 首行列名不要改动，从第二行起每行填一条记录；没有的列可以留空，也可以删去。"
    " Keep the header row; one record a row from the second row on; leave or delete columns that you do not have.",
    "2. 深色列名为必填。空单元格表示无值，不要用 0 或“无”代替。"
    " Dark headers are required. An empty cell means no value; do not write 0 or a word for it.",
    "3. 编号一律按文本填写，保留前导零。年月填当月第一天。"
    " Numbers that identify something are text, with their leading zeros. A month is its first day.",
    "4. 有允许值的列请从下拉列表选择代码，代码含义见下表。"
    " Columns with listed values take a code from the drop-down list; the meanings are below.",
    "5. “说明”和“取值”两页不会被导入。 The sheets 说明 and 取值 are not imported.",
)


def write_templates(folder: Path) -> list[Path]:
    """Write one workbook a table, <table>.xlsx, as an extract has one file a table."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_write(folder / f"{table.name}.xlsx", [table]) for table in contract().tables.values()]


def write_workbook(path: Path) -> Path:
    """Write all tables into one workbook, one sheet a table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return _write(path, list(contract().tables.values()))


def _write(path: Path, tables: Sequence[Table]) -> Path:
    """Write a workbook: the table sheets first, so that a reader of the first sheet finds data."""
    with xlsxwriter.Workbook(path) as workbook:
        # A fixed date makes the same contract give the same bytes.
        workbook.set_properties({"title": "jicha", "created": datetime(2026, 1, 1)})
        formats = _formats(workbook)
        sheets = [workbook.add_worksheet(table.name) for table in tables]
        _guide(workbook.add_worksheet(GUIDE_SHEET), tables, formats)
        ranges = _value_ranges(workbook.add_worksheet(VALUES_SHEET), tables, formats)
        for sheet, table in zip(sheets, tables, strict=True):
            _table_sheet(sheet, table, formats, ranges)
    return path


def _formats(workbook: Any) -> dict[str, Any]:
    """Return the cell formats: one a kind, and those of the heads."""
    formats = {kind: workbook.add_format({"num_format": code}) for kind, code in CELL_FORMATS.items()}
    head = {"bold": True, "border": 1, "num_format": TEXT_FORMAT}
    formats["head"] = workbook.add_format({**head, "bg_color": "#DCE6F1"})
    formats["head_required"] = workbook.add_format({**head, "bg_color": "#1F4E79", "font_color": "#FFFFFF"})
    formats["plain"] = workbook.add_format({"num_format": TEXT_FORMAT, "text_wrap": True, "valign": "top"})
    return formats


def _table_sheet(
    sheet: Any, table: Table, formats: Mapping[str, Any], ranges: Mapping[tuple[str, str], str]
) -> None:
    """Fill one table sheet: heads with comments, column formats and drop-down lists."""
    sheet.freeze_panes(1, 0)
    for column, field in enumerate(table.fields):
        sheet.set_column(column, column, max(12, len(field.name) + 3), formats[field.kind])
        head = formats["head_required" if is_mandatory(table, field) else "head"]
        sheet.write_string(0, column, field.name, head)
        comment = _comment(table, field)
        sheet.write_comment(0, column, comment, {"x_scale": 2.2, "y_scale": _comment_height(comment)})
        source = _list_source(table, field, ranges)
        if source is not None:
            sheet.data_validation(1, column, LAST_ROW, column, _validation(source))


def _comment(table: Table, field: Field) -> str:
    """Return what the pointer shows on a column's head."""
    lines = [f"{field.title_zh} / {field.title_en}", f"{kind_word(field, 'zh')} / {kind_word(field, 'en')}"]
    if field.unit:
        lines.append(f"单位：{unit_word(field, 'zh')} / {field.unit}")
    lines.append("必填 / required" if is_mandatory(table, field) else "可空 / may be empty")
    if field.note_zh:
        lines.append(f"{field.note_zh} / {field.note}")
    lines.extend(f"{value}  {label}" for value, label in listed_values(field, "zh"))
    return "\n".join(lines)


def _comment_height(comment: str) -> float:
    """Return the scale that shows all lines; a comment of Excel shows four and a half by itself."""
    lines = sum(1 + len(line) // 34 for line in comment.splitlines())
    return max(1.0, lines / 4.5)


def _list_source(
    table: Table, field: Field, ranges: Mapping[tuple[str, str], str]
) -> str | Sequence[str] | None:
    """Return where a column's drop-down list comes from, if it has one."""
    if field.kind == "bool":
        return ["true", "false"]
    return ranges.get((table.name, field.name))


def _validation(source: str | Sequence[str]) -> dict[str, Any]:
    """Return the drop-down list of a column."""
    return {
        "validate": "list",
        "source": source,
        "error_title": "允许值 / allowed values",
        "error_message": "请从列表中选择。 Choose one of the list.",
    }


def _value_ranges(
    sheet: Any, tables: Sequence[Table], formats: Mapping[str, Any]
) -> dict[tuple[str, str], str]:
    """Write the listed values, one column a field, and return their ranges."""
    # A list inside the validation itself may have 255 characters only, which the work orders exceed.
    ranges = {}
    listed = [(table, field) for table in tables for field in table.fields if field.enum]
    for column, (table, field) in enumerate(listed):
        sheet.set_column(column, column, 24)
        sheet.write_string(0, column, f"{table.name}.{field.name}", formats["head"])
        for row, value in enumerate(field.enum, start=1):
            sheet.write_string(row, column, value, formats["text"])
        ranges[table.name, field.name] = _range(column, len(field.enum))
    return ranges


def _range(column: int, count: int) -> str:
    """Return the absolute range of the values of one column."""
    letter = xlsxwriter.utility.xl_col_to_name(column, True)
    return f"='{VALUES_SHEET}'!{letter}$2:{letter}${count + 1}"


def _guide(sheet: Any, tables: Sequence[Table], formats: Mapping[str, Any]) -> None:
    """Fill the guide: how to fill in, then one row a column."""
    for row, text in enumerate(GUIDE_TEXT):
        sheet.write_string(row, 0, text)
    first = len(GUIDE_TEXT) + 1
    for column, (head, width) in enumerate(zip(GUIDE_HEAD, GUIDE_WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(first, column, head, formats["head"])
    rows = (cells for table in tables for cells in _guide_rows(table))
    for row, cells in enumerate(rows, start=first + 1):
        for column, cell in enumerate(cells):
            sheet.write_string(row, column, cell, formats["plain"])


def _guide_rows(table: Table) -> Iterator[tuple[str, ...]]:
    """Yield one row of the guide a column of the table."""
    for field in table.fields:
        values = "\n".join(f"{value}  {label}" for value, label in listed_values(field, "zh"))
        yield (
            f"{table.name} {table.title_zh}",
            field.name,
            field.title_zh,
            field.title_en,
            kind_word(field, "zh"),
            unit_word(field, "zh"),
            "是" if is_mandatory(table, field) else "",
            "是" if field.name in table.primary_key else "",
            values,
            "\n".join(part for part in (field.note_zh, field.note) if part),
        )
