"""Row semantics of a load: added, repeated, corrected, in conflict, removed."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from jicha.errors import ExplainedError
from jicha.mart import BatchInfo, StagedTable

from .desk import NOVEMBER, OCTOBER, Desk, bill, reading, stage


def counts(summary: Any, table: str) -> tuple[int, int, int, int, int]:
    """Return added, repeated, corrected, conflicting and removed rows."""
    found = summary.table(table)
    assert found.delivered == found.added + found.repeated + found.corrected + found.conflict_rows
    return found.added, found.repeated, found.corrected, found.conflict_rows, found.removed


def test_first_delivery_is_added(desk: Desk) -> None:
    summary = desk.load({"reading": [reading("M1", "100"), reading("M2", "200")]})
    assert counts(summary, "reading") == (2, 0, 0, 0, 0)
    assert summary.snapshot_id == 1
    assert desk.rows("reading", "mp_id, value, _file, _line") == [
        ("M1", Decimal("100.0000"), 1, 2),
        ("M2", Decimal("200.0000"), 1, 3),
    ]


def test_repeated_rows_make_no_snapshot(desk: Desk) -> None:
    desk.load({"reading": [reading("M1", "100")]})
    summary = desk.load({"reading": [reading("M1", "100")]})
    assert counts(summary, "reading") == (0, 1, 0, 0, 0)
    assert summary.snapshot_id is None
    assert [info.id for info in desk.mart.snapshots()] == [1]
    assert desk.rows("reading", "_file") == [(1,)]  # the row keeps its first source


def test_correction_replaces_and_reports(desk: Desk) -> None:
    desk.load({"bill": [bill("B1", "100", "50.00"), bill("B2", "10", "5.00")]})
    summary = desk.load(
        {"bill": [bill("B1", "130", "65.00"), bill("B2", "10", "5.00"), bill("B3", "1", "0.50")]}
    )
    assert counts(summary, "bill") == (1, 1, 1, 0, 0)
    found = summary.table("bill")
    assert found.changed_columns == {"kwh": 1, "total_yuan": 1}
    assert found.deltas == {"kwh": Decimal(30), "kvarh": Decimal(0), "total_yuan": Decimal(15)}
    assert desk.rows("bill", "bill_id, kwh, _file") == [
        ("B1", Decimal(130), 2),
        ("B2", Decimal(10), 1),
        ("B3", Decimal(1), 2),
    ]


def test_old_snapshot_stays_as_it_was(desk: Desk) -> None:
    desk.load({"bill": [bill("B1", "100", "50.00")]})
    old = desk.mart.latest()
    desk.load({"bill": [bill("B1", "130", "65.00")]})
    assert desk.rows("bill", "kwh", old) == [(Decimal(100),)]


def test_null_and_value_differ(desk: Desk) -> None:
    desk.load({"reading": [reading("M1", "100") | {"reader_id": None}]})
    summary = desk.load({"reading": [reading("M1", "100") | {"reader_id": "R1"}]})
    assert counts(summary, "reading") == (0, 0, 1, 0, 0)
    assert summary.table("reading").changed_columns == {"reader_id": 1}


def test_whole_key_decides(desk: Desk) -> None:
    desk.load({"reading": [reading("M1", "100", register="total"), reading("M1", "40", register="peak")]})
    summary = desk.load(
        {"reading": [reading("M1", "41", register="peak"), reading("M1", "60", register="valley")]}
    )
    assert counts(summary, "reading") == (1, 0, 1, 0, 0)
    assert desk.rows("reading", "register, value") == [
        ("peak", Decimal(41)),
        ("total", Decimal(100)),
        ("valley", Decimal(60)),
    ]


def test_table_that_is_all_key(desk: Desk) -> None:
    rows = [{"account_id": "A1", "role": "reading"}, {"account_id": "A1", "role": "cashier"}]
    desk.load({"account_role": rows})
    summary = desk.load({"account_role": [*rows, {"account_id": "A2", "role": "price"}]})
    assert counts(summary, "account_role") == (1, 2, 0, 0, 0)


def test_exact_duplicate_counts_as_repeated(desk: Desk) -> None:
    summary = desk.load({"reading": [reading("M1", "100"), reading("M1", "100"), reading("M2", "7")]})
    assert counts(summary, "reading") == (2, 1, 0, 0, 0)
    assert desk.rows("reading", "mp_id, _line") == [("M1", 2), ("M2", 4)]


def test_conflicting_duplicates_are_given_back(desk: Desk) -> None:
    rows = [reading("M1", "100"), reading("M2", "7"), reading("M1", "101"), reading("M1", "100")]
    summary = desk.load({"reading": rows})
    assert counts(summary, "reading") == (1, 0, 0, 3, 0)
    key = "M1/E1/2026-10-01/total"
    assert list(summary.table("reading").conflict_places()) == [(1, 2, key), (1, 4, key), (1, 5, key)]
    assert desk.rows("reading", "mp_id") == [("M2",)]


def test_conflict_leaves_the_stored_row(desk: Desk) -> None:
    desk.load({"reading": [reading("M1", "100")]})
    for mode in ("upsert", "replace"):
        summary = desk.load({"reading": [reading("M1", "1"), reading("M1", "2")]}, mode=mode)
        assert counts(summary, "reading") == (0, 0, 0, 2, 0)
        assert desk.rows("reading", "value") == [(Decimal(100),)]


def test_same_key_in_two_months_of_one_delivery_conflicts(desk: Desk) -> None:
    summary = desk.load({"bill": [bill("B1", "1", "1"), bill("B1", "1", "1", NOVEMBER)]})
    assert counts(summary, "bill") == (0, 0, 0, 2, 0)
    assert summary.snapshot_id is None


def test_row_that_moves_to_another_month_leaves_the_old_one(desk: Desk) -> None:
    desk.load({"bill": [bill("B1", "1", "1"), bill("B2", "2", "2"), bill("B3", "3", "3", NOVEMBER)]})
    summary = desk.load({"bill": [bill("B1", "1", "1", NOVEMBER), bill("B3", "3", "3", NOVEMBER)]})
    assert counts(summary, "bill") == (0, 1, 1, 0, 0)
    assert summary.table("bill").changed_columns == {"bill_month": 1}
    assert desk.rows("bill", "bill_id, bill_month") == [("B1", NOVEMBER), ("B2", OCTOBER), ("B3", NOVEMBER)]


def test_last_row_that_moves_leaves_no_month_behind(desk: Desk) -> None:
    desk.load({"bill": [bill("B1", "1", "1")]})
    desk.load({"bill": [bill("B1", "1", "1", NOVEMBER)]})
    latest = desk.mart.latest()
    assert latest is not None
    assert latest.months("bill") == [NOVEMBER]
    assert latest.rows("bill") == 1


def test_null_month_has_a_place_of_its_own(desk: Desk) -> None:
    desk.load({"bill": [bill("B1", "1", "1", None), bill("B2", "2", "2")]})
    summary = desk.load({"bill": [bill("B1", "5", "1", None)]})
    assert counts(summary, "bill") == (0, 0, 1, 0, 0)
    summary = desk.load({"bill": [bill("B1", "5", "1", OCTOBER)]})
    assert counts(summary, "bill") == (0, 0, 1, 0, 0)
    assert desk.rows("bill", "bill_id, kwh, bill_month") == [
        ("B1", Decimal(5), OCTOBER),
        ("B2", Decimal(2), OCTOBER),
    ]


def test_replace_removes_what_the_delivery_lacks_in_its_months(desk: Desk) -> None:
    desk.load(
        {
            "reading": [
                reading("M1", "1"),
                reading("M2", "2"),
                reading("M3", "3"),
                reading("M9", "9", NOVEMBER),
            ]
        }
    )
    summary = desk.load(
        {"reading": [reading("M2", "2"), reading("M3", "4"), reading("M4", "4")]}, mode="replace"
    )
    assert counts(summary, "reading") == (1, 1, 1, 0, 1)
    assert desk.rows("reading", "mp_id, value") == [("M2", 2), ("M3", 4), ("M4", 4), ("M9", 9)]


def test_replace_with_the_same_rows_changes_nothing(desk: Desk) -> None:
    rows = [reading("M1", "1"), reading("M2", "2")]
    desk.load({"reading": rows})
    assert desk.load({"reading": rows}, mode="replace").snapshot_id is None


def test_only_touched_months_are_rewritten(desk: Desk) -> None:
    desk.load({"reading": [reading("M1", "1"), reading("M1", "2", NOVEMBER)]})
    before = {file.ym: file.path for file in desk.mart.snapshot(1).files["reading"]}
    desk.load({"reading": [reading("M1", "5", NOVEMBER)]})
    after = {file.ym: file.path for file in desk.mart.snapshot(2).files["reading"]}
    assert before[202610] == after[202610]
    assert before[202611] != after[202611]


def test_new_rows_of_a_month_are_put_beside_the_old(desk: Desk) -> None:
    desk.load({"reading": [reading("M1", "1")]})
    desk.load({"reading": [reading("M1", "1"), reading("M2", "2")]})
    assert len(desk.mart.snapshot(2).files["reading"]) == 2
    assert desk.mart.snapshot(2).files["reading"][0] == desk.mart.snapshot(1).files["reading"][0]


def test_many_small_deliveries_of_a_month_are_joined(desk: Desk) -> None:
    for number in range(18):
        desk.load({"reading": [reading(f"M{number}", "1")]})
    latest = desk.mart.latest()
    assert latest is not None
    assert len(latest.files["reading"]) == 2  # 16 pieces became one, then one more came
    assert latest.rows("reading") == len(desk.rows("reading")) == 18


def test_all_tables_are_one_snapshot(desk: Desk) -> None:
    summary = desk.load({"reading": [reading("M1", "1")], "bill": [bill("B1", "1", "1")]})
    latest = desk.mart.latest()
    assert latest is not None
    assert (latest.id, latest.tables) == (summary.snapshot_id, {"reading", "bill"})


def test_same_content_is_loaded_once(desk: Desk) -> None:
    tables = {"reading": [reading("M1", "1"), reading("M2", "2"), reading("M2", "3")]}
    first = desk.load(tables, content="october")
    again = desk.load(tables, content="october")
    assert again.already_committed == first.batch_id
    assert counts(again, "reading") == (0, 1, 0, 2, 0)
    assert len(desk.mart.batches()) == 1


def test_same_content_by_force_takes_a_correction_back(desk: Desk) -> None:
    desk.load({"bill": [bill("B1", "1", "1")]}, content="first")
    desk.load({"bill": [bill("B1", "2", "2")]}, content="second")
    summary = desk.load({"bill": [bill("B1", "1", "1")]}, content="first", force=True)
    assert counts(summary, "bill") == (0, 0, 1, 0, 0)


def test_same_content_in_the_other_mode_is_another_load(desk: Desk) -> None:
    desk.load({"reading": [reading("M1", "1"), reading("M2", "2")]})
    desk.load({"reading": [reading("M1", "1")]}, content="partial")
    assert (
        counts(desk.load({"reading": [reading("M1", "1")]}, content="partial", mode="replace"), "reading")[4]
        == 1
    )


def test_month_of_timestamps_and_days(desk: Desk) -> None:
    late = datetime(2026, 11, 1, 0, 0)  # the last quarter hour of 31 October ends in November
    desk.load({"curve": [{"mp_id": "M1", "at": datetime(2026, 10, 31, 23, 45)}, {"mp_id": "M1", "at": late}]})
    latest = desk.mart.latest()
    assert latest is not None
    assert latest.months("curve") == [OCTOBER, NOVEMBER]


def test_december_ends_with_the_year(desk: Desk) -> None:
    desk.load({"daily_freeze": [{"mp_id": "M1", "day": date(2026, 12, 31), "register": "total", "value": 1}]})
    desk.load({"daily_freeze": [{"mp_id": "M1", "day": date(2027, 1, 1), "register": "total", "value": 2}]})
    summary = desk.load(
        {"daily_freeze": [{"mp_id": "M1", "day": date(2026, 12, 31), "register": "total", "value": 3}]}
    )
    assert counts(summary, "daily_freeze") == (0, 0, 1, 0, 0)


def test_mixed_months_are_split_first(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jicha.mart.delivery.SPLIT_FROM_ROWS_READ", 1)
    rows = [
        bill(f"B{n}", str(n), "1", month)
        for n, month in enumerate([OCTOBER, None, NOVEMBER, OCTOBER, NOVEMBER])
    ]
    assert counts(desk.load({"bill": [*rows, rows[0]]}), "bill") == (5, 1, 0, 0, 0)
    assert counts(desk.load({"bill": [bill("B1", "7", "1", None), *rows[2:]]}), "bill") == (0, 3, 1, 0, 0)
    assert desk.rows("bill", "bill_id, kwh, bill_month") == [
        ("B0", 0, OCTOBER),
        ("B1", 7, None),
        ("B2", 2, NOVEMBER),
        ("B3", 3, OCTOBER),
        ("B4", 4, NOVEMBER),
    ]


def test_empty_delivery_changes_nothing(desk: Desk) -> None:
    assert desk.load({"reading": []}, mode="replace").snapshot_id is None
    assert desk.mart.latest() is None


def test_refusal_before_commit_leaves_nothing(desk: Desk) -> None:
    def refuse(_: object) -> None:
        raise ValueError("control totals differ")

    with pytest.raises(ValueError, match="control totals"):
        desk.load({"reading": [reading("M1", "1")]}, before_commit=refuse)
    assert desk.mart.latest() is None
    assert list((desk.mart.root / "data").rglob("*.parquet")) == []
    assert list((desk.mart.root / "tmp").iterdir()) == []


def test_row_without_key_is_refused(desk: Desk) -> None:
    with pytest.raises(ExplainedError, match=r"source file 1, line 2.*empty key"):
        desk.load({"reading": [reading("M1", "1") | {"register": None}]})


def test_wrong_types_are_refused(desk: Desk) -> None:
    path = stage(
        desk.mart.root / "x.parquet",
        "org",
        [],
        columns={"org_no": "BIGINT", "_file": "INTEGER", "_line": "BIGINT"},
    )
    with pytest.raises(ExplainedError, match=r"org_no BIGINT.*expected org_no VARCHAR"):
        desk.mart.merge(BatchInfo("0" * 64, "wrong"), [StagedTable("org", (path,))])
