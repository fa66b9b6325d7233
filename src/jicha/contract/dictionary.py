"""The data dictionary: every table and column of the contract as one Markdown page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from jicha.contract.loader import contract
from jicha.contract.model import Contract, Field, Table, TableGroup
from jicha.contract.words import Language, is_mandatory, kind_word, listed_values, note, title, unit_word

WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "zh": {
        "heading": "数据字典",
        "intro": "数据契约第 {version} 版：{tables} 张表，{columns} 列。每张表是一个文件：`<表>.csv`（UTF-8，首行为列名，ISO 日期，空 = 无值）、"
        "`<表>.parquet` 或 `<表>.xlsx`，也可拆成 `<表>/*.csv` 或 `<表>_*.csv`。没有的表可以不交；需要它的稽查主题会说明数据不足。",
        "conventions": "约定",
        "key": "主键",
        "split": "按月存放，依据列",
        "columns": "列 | 名称 | 类型 | 单位 | 必填 | 允许值 | 说明",
        "yes": "是",
        "refers": "引用",
        "stop": "。",
        "colon": "：",
    },
    "en": {
        "heading": "Data dictionary",
        "intro": "Version {version} of the data contract: {tables} tables, {columns} columns. Each table is one file: `<table>.csv` "
        "(UTF-8, header row, ISO dates, empty = no value), `<table>.parquet` or `<table>.xlsx`, possibly split as `<table>/*.csv` "
        "or `<table>_*.csv`. A table may be absent; the rules that need it answer that the data are insufficient.",
        "conventions": "Conventions",
        "key": "Key",
        "split": "Kept by month of",
        "columns": "Column | Title | Type | Unit | Required | Values | Note",
        "yes": "yes",
        "refers": "refers to",
        "stop": ".",
        "colon": ": ",
    },
}


def dictionary_markdown(language: Language) -> str:
    """Return the data dictionary page in Chinese or English."""
    return "\n".join(_page(contract(), language)) + "\n"


def _page(book: Contract, language: Language) -> Iterator[str]:
    """Yield the lines of the page."""
    words = WORDS[language]
    columns = sum(len(table.fields) for table in book.tables.values())
    yield f"# {words['heading']}"
    yield ""
    yield words["intro"].format(version=book.version, tables=len(book.tables), columns=columns)
    yield ""
    yield f"## {words['conventions']}"
    yield ""
    yield from (f"- {getattr(convention, language)}" for convention in book.conventions)
    for group in book.groups:
        yield from _chapter(book, group, language)


def _chapter(book: Contract, group: TableGroup, language: Language) -> Iterator[str]:
    """Yield one chapter: its heading and its tables."""
    yield ""
    yield f"## {group.title_zh if language == 'zh' else group.title_en}"
    for name in group.tables:
        yield from _section(book.table(name), language)


def _section(table: Table, language: Language) -> Iterator[str]:
    """Yield one table; the anchor is explicit because slugs of Chinese headings are empty."""
    heads = WORDS[language]["columns"]
    yield ""
    yield f'<a id="table-{table.name}"></a>'
    yield ""
    yield f"### {table.name}{WORDS[language]['colon']}{title(table, language)}"
    yield ""
    yield _lead(table, language)
    yield ""
    yield f"| {heads} |"
    yield "|" + " --- |" * (heads.count("|") + 1)
    yield from (_row(_cells(table, field, language)) for field in table.fields)


def _lead(table: Table, language: Language) -> str:
    """Return the sentence or two above the columns."""
    words = WORDS[language]
    key = ", ".join(f"`{name}`" for name in table.primary_key)
    sentences = [note(table, language), f"{words['key']}{words['colon']}{key}"]
    if table.month_field:
        sentences.append(f"{words['split']} `{table.month_field}`")
    stop = words["stop"]
    return (stop if language == "zh" else f"{stop} ").join(part for part in sentences if part) + stop


def _cells(table: Table, field: Field, language: Language) -> Iterator[str]:
    """Yield the cells of one column's row."""
    yield f"`{field.name}`"
    yield title(field, language)
    yield kind_word(field, language)
    yield unit_word(field, language)
    yield WORDS[language]["yes"] if is_mandatory(table, field) else ""
    yield "<br>".join(f"`{value}` {label}" for value, label in listed_values(field, language))
    yield _remark(table, field, language)


def _remark(table: Table, field: Field, language: Language) -> str:
    """Return the note of a column and the table that it refers to."""
    word = WORDS[language]["refers"]
    links = [
        f"{word} [{key.table}](#table-{key.table})"
        for key in table.foreign_keys
        if key.fields == (field.name,)
    ]
    return ("；" if language == "zh" else "; ").join(part for part in (note(field, language), *links) if part)


def _row(cells: Iterable[str]) -> str:
    """Return one table row; a bar inside a cell would end it."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
