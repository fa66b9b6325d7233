"""Any sequence of deliveries leaves what a plain dictionary would hold."""

from __future__ import annotations

import hashlib
import tempfile
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jicha.mart import BatchInfo, Mart, StagedTable

from .desk import Desk, bill, reading, stage

MONTHS = [date(2026, 10, 1), date(2026, 11, 1)]
Key = tuple[str, date]
Delivery = tuple[str, list[tuple[str, Any, int]]]

deliveries = st.lists(
    st.tuples(
        st.sampled_from(["upsert", "upsert", "replace"]),
        st.lists(
            st.tuples(
                st.sampled_from(["A", "B", "C", "D"]), st.sampled_from([*MONTHS, None]), st.integers(0, 2)
            ),
            max_size=6,
        ),
    ),
    min_size=1,
    max_size=4,
)
slow = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def without_conflicts(rows: list[tuple[Any, Any]]) -> tuple[dict[Any, Any], set[Any]]:
    """Return the rows whose copies agree, and the keys whose copies do not."""
    copies: dict[Any, set[Any]] = defaultdict(set)
    for key, value in rows:
        copies[key].add(value)
    return {key: min(found) for key, found in copies.items() if len(found) == 1}, {
        key for key, found in copies.items() if len(found) > 1
    }


def deliver(mart: Mart, folder: Path, number: int, table: str, rows: list[Any], mode: Any) -> Any:
    path = stage(folder / f"{number}.parquet", table, rows, number)
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    return mart.merge(BatchInfo(digest, f"delivery {number}"), [StagedTable(table, (path,))], mode)


@slow
@given(deliveries)
def test_month_in_the_key(sequence: list[Delivery]) -> None:
    model: dict[Key, int] = {}
    with tempfile.TemporaryDirectory() as name:
        mart = Mart.open(Path(name) / "mart")
        for number, (mode, given_rows) in enumerate(sequence):
            rows = [(mp, month, value) for mp, month, value in given_rows if month is not None]
            summary = deliver(
                mart, Path(name), number, "reading", [reading(m, str(v), t) for m, t, v in rows], mode
            )
            clean, conflicts = without_conflicts([((m, t), v) for m, t, v in rows])
            expected = _apply(model, clean, conflicts, mode)
            found = summary.table("reading")
            assert (found.added, found.corrected, found.removed) == expected
            assert found.conflict_rows == sum((m, t) in conflicts for m, t, _ in rows)
            assert found.delivered == found.added + found.corrected + found.repeated + found.conflict_rows
        stored = Desk(mart, Path(name)).rows("reading", "mp_id, bill_month, value") if mart.latest() else []
    assert {(mp, month): int(value) for mp, month, value in stored} == model
    assert len(stored) == len(model)


def _apply(
    model: dict[Key, int], clean: dict[Key, int], conflicts: set[Key], mode: str
) -> tuple[int, int, int]:
    """Apply a delivery to the model; return rows added, corrected and removed."""
    added = sum(key not in model for key in clean)
    corrected = sum(key in model and model[key] != value for key, value in clean.items())
    gone = set()
    if mode == "replace":
        touched = {month for _, month in clean}
        gone = {key for key in model if key[1] in touched and key not in clean and key not in conflicts}
    for key in gone:
        del model[key]
    model.update(clean)
    return added, corrected, len(gone)


@slow
@given(deliveries)
def test_month_outside_the_key(sequence: list[Delivery]) -> None:
    model: dict[str, tuple[Any, int]] = {}
    with tempfile.TemporaryDirectory() as name:
        mart = Mart.open(Path(name) / "mart")
        for number, (_, rows) in enumerate(sequence):
            given_rows = [bill(bill_id, str(value), "0", month) for bill_id, month, value in rows]
            deliver(mart, Path(name), number, "bill", given_rows, "upsert")
            clean, _ = without_conflicts([(b, (str(t), v)) for b, t, v in rows])
            model.update(clean)
        stored = Desk(mart, Path(name)).rows("bill", "bill_id, bill_month, kwh") if mart.latest() else []
        latest = mart.latest()
        assert latest is None or latest.rows("bill") == len(model)
    assert {bill_id: (str(month), int(kwh)) for bill_id, month, kwh in stored} == model
    assert all(kwh == Decimal(int(kwh)) for _, _, kwh in stored)
