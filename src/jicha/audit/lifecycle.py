"""New, continuing, recurred, cleared (新增 延续 复发 消除): a run compared with the last one of the same scope."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from importlib.resources import files

import duckdb
import pyarrow as pa

from jicha.audit.finding import FINDING_SCHEMA
from jicha.audit.rule import Rule

LEDGER_SCHEMA = pa.schema(
    [
        *FINDING_SCHEMA,
        pa.field("active", pa.bool_()),
        pa.field("silenced", pa.bool_()),
        pa.field("seen_month", pa.date32()),
    ]
)
_LIFE_COLUMNS = ("status", "first_seen", "last_seen", "run_id")
FOUND_SCHEMA = pa.schema(
    [
        *(column for column in FINDING_SCHEMA if column.name not in _LIFE_COLUMNS),
        pa.field("silenced", pa.bool_()),
    ]
)


def place(
    found: pa.Table,
    *,
    base: pa.Table | None,
    same_month: pa.Table | None,
    judged: Iterable[tuple[str, str]],
    rules: Iterable[Rule],
    unobserved: Iterable[str] = (),
    month: date,
    run_id: str,
    snapshot_id: int,
) -> pa.Table:
    """Return the new ledger: every finding ever seen in this scope, with its status after this run.

    Rows that this run did not judge (rule not run, insufficient data, another month's documents, a subject of
    which the month tells nothing: `unobserved`) are carried over unchanged. Shape: LEDGER_SCHEMA, ordered by rule and finding.
    """
    empty = LEDGER_SCHEMA.empty_table()
    tables = {
        "found": found,
        "base": base if base is not None else empty,
        "same_month": same_month if same_month is not None else empty,
        "unobserved": pa.table({"finding_id": pa.array(list(unobserved), pa.string())}),
        "judged": _pairs(("rule_id", "org_no"), judged),
        "rule_life": _pairs(("rule_id", "lifecycle"), ((rule.rule_id, rule.lifecycle) for rule in rules)),
    }
    query = files("jicha.audit").joinpath("sql", "lifecycle.sql").read_text(encoding="utf-8")
    values = {"month": month, "run_id": run_id, "snapshot_id": snapshot_id}
    with duckdb.connect() as connection:
        for name, table in tables.items():
            connection.register(name, table)
        placed = connection.sql(query, params=values).to_arrow_table()
    return placed.select(LEDGER_SCHEMA.names).cast(LEDGER_SCHEMA)


def _pairs(names: tuple[str, str], rows: Iterable[tuple[str, str]]) -> pa.Table:
    listed = list(rows)
    return pa.table({name: pa.array([row[i] for row in listed], pa.string()) for i, name in enumerate(names)})
