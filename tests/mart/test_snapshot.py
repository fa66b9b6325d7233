"""What a reader gets: views of the contract's shape, whatever the files hold."""

from __future__ import annotations

import dataclasses
import hashlib
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb
import pytest

from jicha.contract import Contract, contract
from jicha.errors import ExplainedError
from jicha.mart import BatchInfo, Mart, SourceFile, StagedTable
from jicha.mart.columns import column_types

from .desk import NOVEMBER, OCTOBER, Desk, bill, reading, stage


def older_contract() -> Contract:
    """Return the contract as it was when bill had no trial_run and a narrower power factor."""
    table = contract().table("bill")
    fields = tuple(
        dataclasses.replace(field, kind="int") if field.name == "power_factor" else field
        for field in table.fields
        if field.name != "trial_run"
    )
    tables = dict(contract().tables) | {"bill": dataclasses.replace(table, fields=fields)}
    return dataclasses.replace(contract(), tables=MappingProxyType(tables))


def load_with(mart: Mart, folder: Path, row: dict[str, Any], number: int) -> Any:
    types = column_types(mart.contract.table("bill"))
    path = stage(folder / f"{number}.parquet", "bill", [row], number, types)
    return mart.merge(
        BatchInfo(hashlib.sha256(str(number).encode()).hexdigest(), "x"), [StagedTable("bill", (path,))]
    )


def test_absent_tables_are_empty_views_of_the_contracts_shape(desk: Desk) -> None:
    desk.load({"bill": [bill("B1", "1", "1")]})
    latest = desk.mart.latest()
    assert latest is not None
    with duckdb.connect() as connection:
        latest.create_views(connection)
        for table in contract().tables.values():
            found = connection.execute(f'DESCRIBE "{table.name}"').fetchall()
            assert {row[0]: row[1] for row in found} == column_types(table)
            assert [row[0] for row in found] == list(column_types(table))
        assert connection.execute("SELECT count(*) FROM customer").fetchone() == (0,)


def test_absent_tables_can_be_left_out(desk: Desk) -> None:
    desk.load({"bill": [bill("B1", "1", "1")]})
    with duckdb.connect() as connection:
        desk.mart.snapshot(1).create_views(connection, schema_missing=False)
        assert connection.execute("SHOW TABLES").fetchall() == [("bill",)]


def test_old_files_read_in_the_new_contracts_shape(tmp_path: Path) -> None:
    old = Mart.open(tmp_path / "mart", contract_=older_contract())
    load_with(old, tmp_path, bill("B1", "1", "1") | {"power_factor": 1}, 1)
    new = Mart.open(tmp_path / "mart")
    desk = Desk(new, tmp_path)
    wanted = "bill_id, power_factor, trial_run"
    assert desk.rows("bill", wanted) == [("B1", Decimal("1.000000"), None)]
    load_with(new, tmp_path, bill("B2", "1", "1") | {"power_factor": Decimal("0.9"), "trial_run": True}, 2)
    assert desk.rows("bill", wanted) == [("B1", Decimal(1), None), ("B2", Decimal("0.9"), True)]
    summary = load_with(new, tmp_path, bill("B1", "1", "1") | {"power_factor": 1, "trial_run": False}, 3)
    assert summary.table("bill").changed_columns == {"trial_run": 1}
    assert desk.rows("bill", wanted) == [("B1", Decimal(1), False), ("B2", Decimal("0.9"), True)]


def test_same_content_under_a_new_contract_is_loaded_again(tmp_path: Path) -> None:
    old = Mart.open(tmp_path / "mart", contract_=dataclasses.replace(contract(), version=0))
    load_with(old, tmp_path, bill("B1", "1", "1"), 1)
    summary = load_with(Mart.open(tmp_path / "mart"), tmp_path, bill("B1", "1", "1"), 1)
    assert summary.already_committed is None


def test_snapshot_tells_its_months_rows_and_files(desk: Desk) -> None:
    desk.load(
        {"reading": [reading("M1", "1"), reading("M1", "2", NOVEMBER)], "customer": [{"customer_no": "C1"}]}
    )
    latest = desk.mart.latest()
    assert latest is not None
    assert latest.months("reading") == [OCTOBER, NOVEMBER]
    assert latest.months("customer") == []
    assert (latest.rows("reading"), latest.rows("bill")) == (2, 0)
    assert all(path.exists() for path in latest.paths("reading"))
    assert {path.parent.name for path in latest.paths("reading")} == {"ym=202610", "ym=202611"}


def test_fingerprint_follows_the_files(desk: Desk) -> None:
    desk.load({"reading": [reading("M1", "1")]})
    desk.load({"customer": [{"customer_no": "C1"}]})
    first, second = desk.mart.snapshot(1), desk.mart.snapshot(2)
    assert first.fingerprint != second.fingerprint
    assert first.fingerprint == first.fingerprint_of(["reading"]) == second.fingerprint_of(["reading"])


def test_row_leads_back_to_its_delivered_file(desk: Desk, tmp_path: Path) -> None:
    (number,) = desk.mart.reserve_source_ids(1)
    assert desk.mart.reserve_source_ids(2) == range(number + 1, number + 3)
    source = SourceFile(number, "bill", "bill_202610.csv", "ab" * 32, 1000, "gb18030", rows_read=1)
    path = stage(tmp_path / "b.parquet", "bill", [bill("B1", "1", "1")], number)
    desk.mart.merge(BatchInfo("0" * 64, "October", (source,)), [StagedTable("bill", (path,))])
    assert desk.mart.source(desk.rows("bill", "_file")[0][0]) == source


def test_no_mart_and_newer_mart_are_told(tmp_path: Path) -> None:
    with pytest.raises(ExplainedError, match="found no mart"):
        Mart.open(tmp_path / "nowhere", create=False)
    assert not (tmp_path / "nowhere").exists()
    mart = Mart.open(tmp_path / "mart")
    with mart.catalogue._transaction() as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(ExplainedError, match=r"a catalogue of version 99.*Update jicha"):
        Mart.open(tmp_path / "mart")


def test_batches_are_listed(desk: Desk) -> None:
    desk.load({"bill": [bill("B1", "1", "1")]}, content="x")
    (record,) = desk.mart.batches()
    assert (record.label, record.snapshot_id, record.undone) == ("delivery 1", 1, False)
    assert record.summary["tables"][0]["added"] == 1
    assert desk.mart.committed_batch(record.content_sha256) is not None
    assert desk.mart.committed_batch("0" * 64) is None
