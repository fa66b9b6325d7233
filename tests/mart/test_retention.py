"""Dropping snapshots: what stays, what goes, what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from jicha.errors import ExplainedError
from jicha.mart import SnapshotInfo
from jicha.mart.fact_store import FactStore, fact_key
from jicha.mart.retention import RetentionPolicy, apply_policy, collect_garbage, drop

from .desk import Desk, bill


def versions(desk: Desk, count: int) -> None:
    """Load the same bill with the values 1 … count."""
    for value in range(1, count + 1):
        desk.load({"bill": [bill("B1", str(value), "1")]}, content=f"value {value}")


def data_files(desk: Desk) -> int:
    return len(list((desk.mart.root / "data").rglob("*.parquet")))


def info(number: int, year: int, month: int, day: int) -> SnapshotInfo:
    return SnapshotInfo(number, datetime(year, month, day, 12, tzinfo=UTC), str(number), 1, 1, 1, 1, "")


def test_policy_keeps_the_last_and_the_month_ends() -> None:
    snapshots = [
        info(1, 2026, 8, 3),
        info(2, 2026, 8, 20),
        info(3, 2026, 9, 5),
        info(4, 2026, 9, 6),
        info(5, 2026, 10, 1),
        info(6, 2026, 10, 2),
    ]
    assert RetentionPolicy(keep_last=2, keep_month_ends=0).kept(snapshots) == {5, 6}
    assert RetentionPolicy(keep_last=1, keep_month_ends=2).kept(snapshots) == {4, 6}
    assert RetentionPolicy(keep_last=0, keep_month_ends=3).kept(snapshots) == {2, 4, 6}
    assert RetentionPolicy(keep_last=0, keep_month_ends=0).kept(snapshots) == {6}
    assert RetentionPolicy().kept([]) == frozenset()


def test_dropped_snapshot_gives_its_space_back(desk: Desk) -> None:
    versions(desk, 3)
    dropped = drop(desk.mart, [2])
    assert dropped.snapshots == (2,)
    assert dropped.bytes_freed > 0
    assert data_files(desk) == 2
    assert desk.rows("bill", "kwh", desk.mart.snapshot(1)) == [(1,)]
    assert desk.rows("bill", "kwh") == [(3,)]
    with pytest.raises(
        ExplainedError, match="snapshot 2 was dropped; expected one of the kept snapshots: 1, 3"
    ):
        desk.mart.snapshot(2)


def test_files_shared_with_a_kept_snapshot_stay(desk: Desk) -> None:
    desk.load({"bill": [bill("B1", "1", "1")]})
    desk.load({"customer": [{"customer_no": "C1"}]})
    drop(desk.mart, [1])
    assert desk.rows("bill", "kwh") == [(1,)]


def test_pinned_snapshot_goes_by_force_only(desk: Desk) -> None:
    versions(desk, 2)
    with pytest.raises(ExplainedError, match="an audit run that refers to it"):
        drop(desk.mart, [1], pinned=frozenset({1}))
    assert drop(desk.mart, [1], pinned=frozenset({1}), force=True).snapshots == (1,)


def test_unknown_snapshot_is_told(desk: Desk) -> None:
    with pytest.raises(ExplainedError, match="no snapshot 7; expected one of the kept snapshots: none"):
        drop(desk.mart, [7])


def test_dropping_the_newest_goes_back_and_lets_it_load_again(desk: Desk) -> None:
    versions(desk, 3)
    desk.load({"bill": [bill("B1", "3", "1")]}, content="nothing new")
    with pytest.raises(ExplainedError, match="the newest snapshot"):
        drop(desk.mart, [3])
    drop(desk.mart, [2, 3], force=True)
    assert desk.rows("bill", "kwh") == [(1,)]
    assert data_files(desk) == 1
    for content in ("value 3", "nothing new"):
        summary = desk.load({"bill": [bill("B1", "3", "1")]}, content=content)
        assert summary.already_committed is None
    assert [found.id for found in desk.mart.snapshots()] == [1, 4]
    assert desk.rows("bill", "kwh") == [(3,)]


def test_dropping_everything_leaves_an_empty_mart(desk: Desk) -> None:
    versions(desk, 2)
    drop(desk.mart, [1, 2], force=True)
    assert desk.mart.latest() is None
    assert data_files(desk) == 0
    versions(desk, 1)
    assert desk.rows("bill", "kwh") == [(1,)]


def test_policy_spares_pinned_and_read_snapshots(desk: Desk) -> None:
    versions(desk, 4)
    with desk.mart.snapshot(2).held():
        dropped = apply_policy(desk.mart, RetentionPolicy(1, 0), pinned=frozenset({1}))
    assert dropped.snapshots == (3,)
    assert [found.id for found in desk.mart.snapshots()] == [1, 2, 4]


def test_orphans_are_collected(desk: Desk) -> None:
    versions(desk, 1)
    orphan = desk.mart.root / "data" / "bill" / "ym=202601" / "x.parquet"
    orphan.parent.mkdir()
    orphan.write_bytes(b"left by a killed load")
    assert collect_garbage(desk.mart) == 21
    assert not orphan.parent.exists()
    assert data_files(desk) == 1


def test_facts_go_with_their_snapshot(desk: Desk, tmp_path: Path) -> None:
    versions(desk, 2)
    store = FactStore(desk.mart)
    keys = {number: fact_key(desk.mart.snapshot(number), "SELECT 1 AS one") for number in (1, 2)}
    with duckdb.connect() as connection:
        for key in keys.values():
            store.write("unity", key, connection, "SELECT 1 AS one")
        store.create_view(connection, "unity", keys[2])
        assert connection.execute("SELECT * FROM unity").fetchall() == [(1,)]
    drop(desk.mart, [1])
    assert [store.exists("unity", keys[number]) for number in (1, 2)] == [False, True]


def test_failed_fact_leaves_nothing(desk: Desk) -> None:
    versions(desk, 1)
    store = FactStore(desk.mart)
    with duckdb.connect() as connection, pytest.raises(duckdb.Error):
        store.write("broken", "0-0", connection, "SELECT 1 FROM range(10) t (i) WHERE error('stop') IS NULL")
    assert not store.exists("broken", "0-0")
    assert list((desk.mart.root / "tmp").iterdir()) == []
