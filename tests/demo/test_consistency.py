"""The county's numbers agree with each other wherever no fault was planted."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from tests.demo.conftest import load

from jicha.demo import build


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A county of 300 customers in which nothing is planted."""
    folder = tmp_path_factory.mktemp("clean")
    summary = build(folder, customers=300, clean=True)
    assert (summary.faults, summary.look_alikes) == (0, 0)
    connection = load(folder)
    yield connection
    connection.close()


def nothing(con: duckdb.DuckDBPyConnection, query: str) -> None:
    """Hold that a query finds no row."""
    assert con.execute(query).fetchmany(5) == []


@pytest.mark.parametrize("which", ["con", "clean"])
def test_each_reading_starts_where_the_last_ended(which: str, request: pytest.FixtureRequest) -> None:
    nothing(
        request.getfixturevalue(which),
        """
        SELECT mp_id, register, bill_month, previous_value, value_before FROM (
            SELECT *, lag(value) OVER w AS value_before, lag(read_at) OVER w AS read_before
            FROM reading WHERE register <> 'max_demand' AND status = 'read'
            WINDOW w AS (PARTITION BY mp_id, meter_id, register ORDER BY bill_month))
        WHERE value_before IS NOT NULL AND (value_before <> previous_value OR read_before <> previous_at)
        """,
    )


def test_freezes_agree_with_readings(clean: duckdb.DuckDBPyConnection) -> None:
    nothing(
        clean,
        """
        SELECT r.mp_id, r.bill_month, r.register, r.value, f.value FROM reading r
        LEFT JOIN daily_freeze f ON f.mp_id = r.mp_id AND f.meter_id = r.meter_id AND f.register = r.register
            AND f.day = CAST(r.read_at AS DATE)
        WHERE r.register = 'total' AND hour(r.read_at) = 0 AND r.value IS DISTINCT FROM f.value
        """,
    )


def test_bands_sum_to_the_total(clean: duckdb.DuckDBPyConnection) -> None:
    nothing(
        clean,
        """
        SELECT mp_id, meter_id, bill_month FROM reading
        WHERE register NOT IN ('reactive', 'max_demand') GROUP BY ALL
        HAVING count(*) > 1 AND sum(value) <> 2 * sum(value) FILTER (WHERE register = 'total')
        """,
    )


@pytest.mark.parametrize("which", ["con", "clean"])
def test_lines_sum_to_the_bill(which: str, request: pytest.FixtureRequest) -> None:
    nothing(
        request.getfixturevalue(which),
        """
        SELECT b.bill_id FROM bill b LEFT JOIN bill_line l USING (bill_id)
        GROUP BY b.bill_id, b.total_yuan HAVING b.total_yuan IS DISTINCT FROM sum(l.amount_yuan)
        """,
    )


def test_district_balance_is_energy_plus_technical_loss(clean: duckdb.DuckDBPyConnection) -> None:
    """loss = (supply + export − Σ main meters) / (supply + export): 2 to 5 % on every day on which no meter was changed."""
    rows = clean.execute(
        """
        WITH day AS (
            SELECT f.mp_id, f.day, p.usage, p.district_id,
                (lead(f.value) OVER w - f.value
                    + CASE WHEN lead(f.value) OVER w < f.value THEN CAST(10 ** m.digits AS DECIMAL(16,4)) ELSE 0 END)
                    * i.multiplier AS kwh,
                lead(f.day) OVER w - f.day AS days
            FROM daily_freeze f JOIN metering_point p USING (mp_id) JOIN meter_installation i USING (mp_id, meter_id) JOIN meter m USING (meter_id)
            WHERE f.register = 'total' AND f.day >= DATE '2026-09-01' AND p.usage <> 'generation' AND p.parent_mp_id IS NULL
            WINDOW w AS (PARTITION BY f.mp_id, f.meter_id ORDER BY f.day)),
        changed AS (
            SELECT p.district_id, CAST(i.removed_at AS DATE) AS day
            FROM meter_installation i JOIN metering_point p USING (mp_id) WHERE i.removed_at IS NOT NULL
            UNION SELECT p.district_id, CAST(i.installed_at AS DATE) FROM meter_installation i JOIN metering_point p USING (mp_id)),
        total AS (
            SELECT district_id, day,
                sum(kwh) FILTER (WHERE usage = 'billing') AS sold, coalesce(sum(kwh) FILTER (WHERE usage = 'export'), 0) AS export
            FROM day WHERE days = 1 AND district_id IS NOT NULL GROUP BY ALL)
        SELECT min(CAST(supply_kwh + export - sold AS DECIMAL(18,4)) * 100 - (supply_kwh + export) * 2) >= 0,
               max(CAST(supply_kwh + export - sold AS DECIMAL(18,4)) * 100 - (supply_kwh + export) * 5) <= 0, count(*)
        FROM total JOIN district_daily USING (district_id, day) ANTI JOIN changed USING (district_id, day)
        """
    ).fetchone()
    assert rows is not None and rows[0] and rows[1]
    assert rows[2] >= 8 * 50


def test_every_paid_bill_is_paid_in_full(clean: duckdb.DuckDBPyConnection) -> None:
    nothing(
        clean, "SELECT * FROM receipt JOIN bill USING (bill_id) WHERE receipt.amount_yuan <> bill.total_yuan"
    )


def test_multipliers_are_those_of_the_transformers(clean: duckdb.DuckDBPyConnection) -> None:
    nothing(clean, "SELECT mp_id FROM meter_installation WHERE multiplier <> ct_ratio * pt_ratio")
    nothing(
        clean,
        """
        SELECT i.mp_id FROM instrument_transformer t JOIN meter_installation i USING (mp_id)
        WHERE t.ratio <> CASE t.kind WHEN 'ct' THEN i.ct_ratio ELSE i.pt_ratio END
        """,
    )


def test_three_systems_hold_one_topology(clean: duckdb.DuckDBPyConnection) -> None:
    nothing(
        clean,
        "SELECT mp_id FROM topology_link GROUP BY mp_id HAVING count(*) <> 3 OR count(DISTINCT district_id) > 1",
    )


def test_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        build(tmp_path / name, customers=200, seed=7)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.csv"))
    assert len(files) == 50
    differ = [
        str(f) for f in files if (tmp_path / "one" / f).read_bytes() != (tmp_path / "two" / f).read_bytes()
    ]
    assert differ == []


def test_another_seed_gives_another_county(tmp_path: Path) -> None:
    for seed in (7, 8):
        build(tmp_path / str(seed), customers=200, seed=seed)
    assert (tmp_path / "7" / "bill.csv").read_bytes() != (tmp_path / "8" / "bill.csv").read_bytes()


def test_an_earlier_county_leaves_nothing_behind(tmp_path: Path) -> None:
    for stale in ("bill_001.csv", "bill_002.parquet", "notes.csv"):
        (tmp_path / stale).write_text("x")
    build(tmp_path, customers=200, seed=7)
    assert sorted(path.name for path in tmp_path.glob("bill*")) == ["bill.csv", "bill_line.csv"]
    assert (tmp_path / "notes.csv").exists()


def test_parquet_holds_what_csv_holds(tmp_path: Path) -> None:
    for kind in ("csv", "parquet"):
        build(tmp_path / kind, customers=200, seed=7, file_format=kind)  # type: ignore[arg-type]
    con = duckdb.connect()
    for table, column in (("bill", "total_yuan"), ("reading", "value"), ("price", "unit_price")):
        texts = con.execute(
            f"SELECT CAST(sum(CAST({column} AS DECIMAL(38,9))) AS VARCHAR), count(*) FROM read_csv('{tmp_path}/csv/{table}.csv', all_varchar=true)"
        ).fetchone()
        typed = con.execute(
            f"SELECT CAST(sum(CAST({column} AS DECIMAL(38,9))) AS VARCHAR), count(*) FROM '{tmp_path}/parquet/{table}.parquet'"
        ).fetchone()
        assert texts == typed


def test_a_supply_in_yuan_is_never_a_float(clean: duckdb.DuckDBPyConnection) -> None:
    row = clean.execute("SELECT sum(total_yuan) FROM bill").fetchone()
    assert row is not None and isinstance(row[0], Decimal)
