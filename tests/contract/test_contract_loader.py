"""A damaged contract is refused with the place and the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from jicha.contract import ContractError
from jicha.contract.loader import load

INDEX = """
version: 7
groups: [{title: 组, title_en: Group, tables: [thing]}]
conventions: [{zh: 约定, en: Convention}]
"""
TABLE = """
name: thing
title: 物
title_en: Thing
fields:
  - {name: thing_id, type: string, kind: text, title: 编号, title_en: Id, constraints: {required: true}}
  - {name: whole_id, type: string, kind: text, title: 整体, title_en: Whole}
primaryKey: [thing_id]
foreignKeys:
  - {fields: [whole_id], reference: {resource: '', fields: [thing_id]}}
"""


def _folder(root: Path, table: str) -> Path:
    (root / "tables").mkdir()
    (root / "contract.yaml").write_text(INDEX, encoding="utf-8")
    (root / "tables" / "thing.yaml").write_text(table, encoding="utf-8")
    return root


def test_self_reference_gets_the_name_of_its_table(tmp_path: Path) -> None:
    book = load(_folder(tmp_path, TABLE))
    assert book.version == 7
    assert book.table("thing").foreign_keys[0].table == "thing"
    assert book.conventions[0].en == "Convention"


def test_unknown_kind_is_refused(tmp_path: Path) -> None:
    folder = _folder(tmp_path, TABLE.replace("kind: text, title: 整体", "kind: float, title: 整体"))
    with pytest.raises(ContractError, match=r"thing\.yaml, field whole_id: found kind 'float'"):
        load(folder)


def test_name_that_differs_from_the_file_is_refused(tmp_path: Path) -> None:
    folder = _folder(tmp_path, TABLE.replace("name: thing\n", "name: thong\n"))
    with pytest.raises(ContractError, match="found name 'thong'"):
        load(folder)


def test_file_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="found list"):
        load(_folder(tmp_path, "- thing\n"))
