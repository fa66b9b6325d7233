"""A million bills of every class through both engines: equal to the cent on every charge, and in every refusal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from jicha.demo import build
from tests.rebill.engines import build_facts, compare_engines, told, view_extract

pytestmark = pytest.mark.proof

CUSTOMERS = 75_000
BILLS = 1_000_000


@pytest.fixture(scope="module")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection over the extract of a demo that is large enough."""
    folder: Path = tmp_path_factory.mktemp("million")
    build(folder, customers=CUSTOMERS, file_format="parquet")
    with duckdb.connect(
        config={"memory_limit": "4GB", "temp_directory": str(folder / "spill")}
    ) as connection:
        view_extract(connection, folder)
        yield connection


def test_a_million_bills(extract: duckdb.DuckDBPyConnection) -> None:
    months: list[date] = [
        row[0]
        for row in extract.execute(
            "SELECT DISTINCT bill_month FROM bill WHERE kind = 'normal' ORDER BY 1"
        ).fetchall()
    ]
    bills = charges = refused = 0
    for month in months:
        build_facts(extract, month)
        outcome = compare_engines(extract, month)
        assert outcome.disagreements == [], f"{month}:\n{told(outcome)}"
        bills += outcome.bills
        charges += outcome.charges
        refused += sum(outcome.refusals.values())
        print(
            f"{month}: {outcome.bills:,} bills, {outcome.charges:,} charges, refused {outcome.refusals}",
            flush=True,
        )
    print(f"{bills:,} bills, {charges:,} charges, {refused:,} refused: both engines say the same")
    assert bills >= BILLS
