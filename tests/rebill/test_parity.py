"""Both engines over a demo utility with planted mistakes: equal to the cent on every charge, and in every refusal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from jicha.demo import build
from tests.rebill.engines import build_facts, compare_engines, told, view_extract

# The first month of a year of steps, a month of another price, and the demo's audited month.
MONTHS = (date(2026, 1, 1), date(2026, 7, 1), date(2026, 10, 1))
CUSTOMERS = 2_000


@pytest.fixture(scope="module")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection over a demo's extract."""
    folder: Path = tmp_path_factory.mktemp("parity")
    build(folder, customers=CUSTOMERS, file_format="parquet")
    with duckdb.connect() as connection:
        view_extract(connection, folder)
        yield connection


@pytest.mark.parametrize("month", MONTHS, ids=str)
def test_every_charge_of_the_demo(extract: duckdb.DuckDBPyConnection, month: date) -> None:
    build_facts(extract, month)
    outcome = compare_engines(extract, month)
    assert outcome.disagreements == [], told(outcome)
    assert outcome.bills > CUSTOMERS * 0.9
    assert outcome.charges > outcome.bills * 3
