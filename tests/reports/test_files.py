"""Findings as files: no cell can become a formula, no value changes (promise E4)."""

from __future__ import annotations

import csv
import json
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jicha.audit.finding import FINDING_SCHEMA
from jicha.reports.export import WRITERS, plain_rows, safe_cell, translated, write_findings

TRIGGERS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
TAIL = "cmd|' /C calc'!A0"
HOSTILE = [f"{trigger}{TAIL}" for trigger in (*TRIGGERS, "\n=", " =", "\u3000=")]
TEXT_COLUMNS = ("subject_id", "org_no", "customer_no", "mp_id", "message")


def row(number: int, text: str, **changes: Any) -> dict[str, Any]:
    return {
        "finding_id": f"{number:032x}", "rule_id": "MR-02", "rule_version": 1, "subject_kind": "metering_point", "subject_id": text,
        "org_no": text, "customer_no": text, "mp_id": text, "bill_month": date(2026, 10, 1), "period_from": None, "period_to": None,
        "severity": 2, "direction": "company", "kwh_at_stake": Decimal("-12.3456"), "yuan_at_stake": Decimal("-1234567.89"), "message": text,
        "evidence": json.dumps({"columns": {"name": text}, "message_en": text, "sources": []}, ensure_ascii=False), "status": "new",
        "first_seen": date(2026, 10, 1), "last_seen": date(2026, 10, 1), "run_id": "r", "snapshot_id": 1, **changes,
    }  # fmt: skip


FINDINGS = pa.Table.from_pylist([row(n, text) for n, text in enumerate(HOSTILE)], schema=FINDING_SCHEMA)


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_csv_cells_are_no_formulas(language: str, tmp_path: Path) -> None:
    assert write_findings(FINDINGS, tmp_path / "f.csv", language) == len(HOSTILE)
    for written, hostile in zip(read_csv(tmp_path / "f.csv"), HOSTILE, strict=True):
        for column in TEXT_COLUMNS:
            assert written[column] == "'" + hostile
        assert written["evidence"].startswith("{")


def test_numbers_stay_numbers(tmp_path: Path) -> None:
    write_findings(FINDINGS, tmp_path / "f.csv")
    assert {r["yuan_at_stake"] for r in read_csv(tmp_path / "f.csv")} == {"-1234567.89"}
    assert {r["kwh_at_stake"] for r in read_csv(tmp_path / "f.csv")} == {"-12.3456"}


@pytest.mark.parametrize("number", ["-1", "+1", "-1.50", "0", "1234567890123456789012", "007"])
def test_a_number_as_text_is_left_alone(number: str) -> None:
    assert safe_cell(number) == number


@pytest.mark.parametrize("text", ["-", "+", "-1+1", "--1", "-1.2.3", "-１", "=1", "@1", "-.", "|x", "%x"])
def test_what_only_begins_like_a_number_is_quoted(text: str) -> None:
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize("value", [None, 5, Decimal("-1"), "plain", "电力"])
def test_other_values_are_left_alone(value: Any) -> None:
    assert safe_cell(value) == value


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_formula_element_in_the_workbook(language: str, tmp_path: Path) -> None:
    path = tmp_path / "f.xlsx"
    write_findings(FINDINGS, path, language)
    with zipfile.ZipFile(path) as book:
        sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/")]
        parts = " ".join(book.namelist())
    assert sheets
    assert all("<f>" not in sheet and "<f " not in sheet and "<hyperlink" not in sheet for sheet in sheets)
    assert "externalLink" not in parts
    assert "vbaProject" not in parts
    assert all(sheet.count("<v>-1234567.89</v>") == len(HOSTILE) for sheet in sheets)


def test_jsonl_comes_back(tmp_path: Path) -> None:
    write_findings(FINDINGS, tmp_path / "f.jsonl")
    lines = [
        json.loads(line) for line in (tmp_path / "f.jsonl").read_text(encoding="utf-8").split("\n") if line
    ]
    expected = [{**r, "evidence": json.loads(r["evidence"])} for r in plain_rows(FINDINGS)]
    assert lines == expected
    assert Decimal(lines[0]["yuan_at_stake"]) == Decimal("-1234567.89")


def test_parquet_keeps_the_declared_schema(tmp_path: Path) -> None:
    write_findings(FINDINGS, tmp_path / "f.parquet")
    back = pq.read_table(tmp_path / "f.parquet")
    assert back.schema.equals(FINDING_SCHEMA)
    assert back.equals(FINDINGS)


def test_large_money_is_exact_in_text_forms(tmp_path: Path) -> None:
    table = pa.Table.from_pylist(
        [row(0, "x", yuan_at_stake=Decimal("9999999999999999.99"))], schema=FINDING_SCHEMA
    )
    for ending in (".csv", ".jsonl"):
        write_findings(table, tmp_path / f"f{ending}")
        assert "9999999999999999.99" in (tmp_path / f"f{ending}").read_text(encoding="utf-8-sig")


def test_english_takes_the_english_sentence() -> None:
    table = pa.Table.from_pylist(
        [row(0, "中", evidence=json.dumps({"message_en": "hello"}))], schema=FINDING_SCHEMA
    )
    assert translated(table)["message"].to_pylist() == ["hello"]


@pytest.mark.parametrize("ending", list(WRITERS))
def test_no_findings_are_a_whole_file_too(ending: str, tmp_path: Path) -> None:
    path = tmp_path / "below" / f"f{ending}"
    assert write_findings(FINDING_SCHEMA.empty_table(), path) == 0
    assert path.exists()
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f.csv"
    write_findings(FINDINGS, path)
    before = path.read_bytes()

    def broken(_table: pa.Table, draft: Path) -> None:
        draft.write_text("half")
        raise OSError("disk full")

    monkeypatch.setitem(WRITERS, ".csv", broken)
    with pytest.raises(OSError, match="disk full"):
        write_findings(FINDINGS, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
