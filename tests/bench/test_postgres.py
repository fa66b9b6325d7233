"""The comparison with PostgreSQL: the text is PostgreSQL's, and both engines find the same rows."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

import postgres  # type: ignore[import-not-found]
from jicha.contract import contract

SCHEMA = {"t": {"a": "BIGINT", "b": "BIGINT", "d": "DATE", "e": "TIMESTAMP", "flag": "BOOLEAN"}}


@pytest.mark.parametrize(
    ("duckdb_sql", "postgres_sql"),
    [
        ("a // b", 'DIV(CAST("t"."a" AS DECIMAL), CAST("t"."b" AS DECIMAL))'),
        ("CAST(a AS BIGINT) // 7", '(CAST("t"."a" AS BIGINT)) / (7)'),
        ("CAST(a // b AS INT128)", 'CAST(DIV(CAST("t"."a" AS DECIMAL), CAST("t"."b" AS DECIMAL)) AS DECIMAL(39, 0))'),
        ("date_diff('day', d, e)", '(CAST("t"."e" AS DATE) - CAST("t"."d" AS DATE))'),
        ("CAST(flag AS BIGINT)", 'CAST(CAST("t"."flag" AS INT) AS BIGINT)'),
        ("hour(e)", 'EXTRACT(HOUR FROM "t"."e")'),
    ],
)  # fmt: skip
def test_what_postgresql_says_in_another_way(duckdb_sql: str, postgres_sql: str) -> None:
    """Each node that sqlglot does not carry over is replaced, also inside another."""
    tree = sqlglot.parse_one(f"SELECT {duckdb_sql} AS x FROM t", dialect="duckdb")
    assert isinstance(tree, exp.Select)
    assert postgres.postgres_text(tree, SCHEMA) == f'SELECT {postgres_sql} AS "x" FROM "t" AS "t"'


def test_an_administrators_indexes() -> None:
    """The primary key, then every foreign key, the month and the extra ones, none twice."""
    assert postgres.index_statements(contract().table("daily_freeze")) == [
        'ALTER TABLE "daily_freeze" ADD PRIMARY KEY ("mp_id", "day", "register")',
        'CREATE INDEX ON "daily_freeze" ("meter_id")',
        'CREATE INDEX ON "daily_freeze" ("day")',
        'CREATE INDEX ON "daily_freeze" ("meter_id", "day")',
    ]


def test_the_extra_indexes_name_columns_of_the_contract() -> None:
    """No index is silently left out by a changed name."""
    for table, indexes in postgres.EXTRA_INDEXES.items():
        names = {name.strip() for index in indexes for name in index.split(",")}
        assert names <= set(contract().table(table).field_names)


def test_rows_are_compared_by_value() -> None:
    """An integer equals the same NUMERIC; another amount or a row more is a difference."""
    assert postgres.same_rows([(Decimal("2.00"), "a")], [(2, "a")]) == "equal"
    assert postgres.same_rows([(1,), (1,)], [(1,)]).startswith("DIFFER: 2 and 1 rows")
    assert postgres.same_rows([(Decimal("2.01"),)], [(2,)]).startswith("DIFFER")


@pytest.mark.database
def test_both_engines_find_the_same_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A plain rule and one on facts over a small utility; the private cluster is gone afterwards."""
    done = postgres.compare(tmp_path, 300, ("CL-08", "MR-02"))
    assert [one.same for one in done] == ["equal", "equal"]
    assert all(one.rows and one.postgres and one.duckdb for one in done)
    assert "median ratio" in capsys.readouterr().out
