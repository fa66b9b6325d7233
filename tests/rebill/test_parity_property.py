"""Whatever small utility Hypothesis draws, both engines charge the same to the cent or both refuse the bill."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jicha.contract import contract
from tests.rebill.drawn import PERIODS, Rows, own_book, utilities
from tests.rebill.engines import Outcome, build_facts, compare_engines, create_tables, insert, told

EXAMPLES = 20


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the extract's own price book and the facts that no bill changes."""
    with duckdb.connect(config={"threads": 1}) as made:
        create_tables(made)
        insert(made, own_book())
        build_facts(made, min(PERIODS))
        yield made


def recomputed(connection: duckdb.DuckDBPyConnection, rows: Rows, month: date) -> Outcome:
    """Put the rows in place of those before and compare the engines."""
    for name in contract().tables:
        if name not in ("price", "price_step"):
            connection.execute(f'DELETE FROM "{name}"')
    insert(connection, rows)
    build_facts(connection, month, snapshot_too=False)
    return compare_engines(connection, month, bills_a_batch=1)


@pytest.mark.parametrize("month", sorted(PERIODS), ids=str)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)
@given(data=st.data())
def test_both_engines_say_the_same(
    connection: duckdb.DuckDBPyConnection, month: date, data: st.DataObject
) -> None:
    outcome = recomputed(connection, data.draw(utilities(month)), month)
    # Of several refusals the engines may tell another one: each stops where it can't go on.
    apart = [
        one for one in outcome.disagreements if not (one.decimal.refusal and one.sql and one.sql.refusal)
    ]
    assert apart == [], told(outcome)
