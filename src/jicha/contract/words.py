"""The few words, in both languages, that templates and dictionary put around the contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from jicha.contract.model import Field, Table

Language = Literal["zh", "en"]

KIND_WORDS: Final[Mapping[str, Mapping[Language, str]]] = {
    "text": {"zh": "文本", "en": "text"},
    "int": {"zh": "整数", "en": "whole number"},
    "bool": {"zh": "是否（true / false）", "en": "true / false"},
    "date": {"zh": "日期", "en": "date"},
    "timestamp": {"zh": "日期时间", "en": "date and time"},
    "month": {"zh": "年月（填当月第一天）", "en": "month (its first day)"},
    "energy": {"zh": "电量（4 位小数）", "en": "energy (4 decimals)"},
    "register": {"zh": "示数（4 位小数）", "en": "register (4 decimals)"},
    "power": {"zh": "电气量（4 位小数）", "en": "electrical quantity (4 decimals)"},
    "money": {"zh": "金额（2 位小数）", "en": "money (2 decimals)"},
    "price": {"zh": "单价（9 位小数）", "en": "price (9 decimals)"},
    "ratio": {"zh": "比值（6 位小数）", "en": "ratio (6 decimals)"},
}

UNIT_WORDS_ZH: Final[Mapping[str, str]] = {
    "kWh": "千瓦时",
    "kvarh": "千乏时",
    "kW": "千瓦",
    "kvar": "千乏",
    "kVA": "千伏安",
    "kV": "千伏",
    "V": "伏",
    "A": "安",
    "%": "%",
    "1": "1",
    "yuan": "元",
    "yuan/kWh": "元/千瓦时",
    "yuan/kVA": "元/千伏安",
    "yuan/kW": "元/千瓦",
    "h": "小时",
    "day": "天",
    "time": "次",
    "person": "人",
    "digit": "位",
    "item": "份",
    "pile": "台",
}


def kind_word(field: Field, language: Language) -> str:
    """Return what kind of value the field holds."""
    return KIND_WORDS[field.kind][language]


def unit_word(field: Field, language: Language) -> str:
    """Return the unit or units of the field, empty when it has none."""
    if field.unit is None or language == "en":
        return field.unit or ""
    return "、".join(UNIT_WORDS_ZH[unit] for unit in field.unit.split(", "))


def title(thing: Field | Table, language: Language) -> str:
    """Return the title in the language."""
    return thing.title_zh if language == "zh" else thing.title_en


def note(thing: Field | Table, language: Language) -> str:
    """Return the note in the language, empty when there is none."""
    return thing.note_zh if language == "zh" else thing.note


def listed_values(field: Field, language: Language) -> list[tuple[str, str]]:
    """Return each listed value of the field with its label."""
    labels = field.labels_zh if language == "zh" else field.labels_en
    return list(zip(field.enum, labels, strict=True))


def is_mandatory(table: Table, field: Field) -> bool:
    """Return whether the field may never be empty."""
    return field.required or field.name in table.primary_key
