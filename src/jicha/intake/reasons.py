"""Why a row is in quarantine: a closed list, with what to do about it in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: its titles and the remedy."""

    title_zh: str
    title_en: str
    remedy: str


REASONS: Final[Mapping[str, Reason]] = {
    "ragged_row": Reason(
        "列数不符",
        "wrong number of columns",
        "Put quotes around values that hold the delimiter, or correct the row.",
    ),
    "unclosed_quote": Reason(
        "引号不配对", "quotes do not close", "Close the quote, or write quotes inside a value twice."
    ),
    "nul_byte": Reason(
        "含空字节", "NUL byte", "Remove the NUL bytes: the export or the transfer was damaged."
    ),
    "wrong_encoding": Reason(
        "编码错误", "characters lost", "Export again in UTF-8 or GB18030, or correct the text."
    ),
    "required_empty": Reason("必填项为空", "required value empty", "Fill in the value."),
    "unknown_code": Reason(
        "未知代码", "code not in the list", "Correct the code, or map it in the profile's code table."
    ),
    "not_a_number": Reason("不是数字", "not a number", "Write a plain number."),
    "scientific_notation": Reason(
        "科学计数法",
        "scientific notation",
        "Export the column as text: a spreadsheet may have dropped digits.",
    ),
    "digits_lost": Reason(
        "位数丢失", "digits lost", "Store the column as text in the workbook, or export CSV."
    ),
    "too_many_decimals": Reason(
        "小数位过多", "too many decimals", "Round the value at its source; jicha rounds nothing silently."
    ),
    "number_too_large": Reason("数值溢出", "number too large", "Check the unit and the digits."),
    "not_a_bool": Reason("不是是否值", "not true or false", "Write true or false."),
    "not_a_date": Reason("不是日期", "not a date", "Write the date as YYYY-MM-DD."),
    "not_a_time": Reason("不是时间", "not a time", "Write the time as YYYY-MM-DD HH:MM:SS."),
    "not_a_month": Reason("不是月份", "not a billing month", "Write the month as YYYY-MM."),
    "impossible_date": Reason("日期不存在", "impossible date", "Correct the date."),
    "duplicate_key_conflict": Reason(
        "主键重复且内容不同",
        "key twice with different values",
        "Keep the right row: the key stands for one row only.",
    ),
    "unmapped_code": Reason(
        "代码表未收录", "code missing in the profile", "Add the code to the profile's code table."
    ),
    "failed_expression": Reason(
        "映射表达式失败", "mapping expression failed", "Correct the value, or the expression in the profile."
    ),
}


def title(reason: str) -> str:
    """Return a reason in both languages."""
    known = REASONS.get(reason)
    return f"{known.title_zh} ({known.title_en})" if known else reason
