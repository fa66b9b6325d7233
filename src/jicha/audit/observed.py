"""Whether a subject could be judged in a month: only where the month has rows about it does absence prove anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from jicha.audit.rule import Rule
from jicha.contract import Table, contract
from jicha.mart.columns import quoted
from jicha.mart.queries import named_queries
from jicha.periods import next_month

# Tables that observe a subject again every cycle. Where the month has none of their rows about it (bills every second
# month, a meter that fell silent), nothing is known of it. In all others no row may be the truth.
OBSERVING: Final = frozenset({"reading", "bill", "daily_freeze", "curve", "district_daily", "feeder_daily"})
# What those rows speak of, and with which key; the metering point knows all four.
_PLACES: Final = frozenset({"metering_point", "customer", "district", "feeder"})
_OR: Final = " or "


def observations_of(rule: Rule) -> tuple[frozenset[str], ...]:
    """Return what the month must hold of a subject: of each set, rows in at least one table.

    Declared by `judged_by`, else every observing table that the rule needs. A subject that is itself a row of such a
    table (a bill) is a document: it can be judged whether another one follows or not.
    """
    if rule.judged_by is not None:
        return tuple(frozenset(entry.split(_OR)) for entry in rule.judged_by)
    return tuple(frozenset({table}) for table in rule.needs if table in OBSERVING and table != rule.subject)


def unobserved(
    connection: duckdb.DuckDBPyConnection, absent: pa.Table, rules: Iterable[Rule], month: date
) -> list[str]:
    """Return the ids of those `absent` findings (columns of a ledger) of which the month cannot tell anything."""
    needed = {rule.rule_id: observations_of(rule) for rule in rules}
    by_table: dict[tuple[str, tuple[str, ...]], set[str]] = defaultdict(set)
    for rule in rules:
        for table in frozenset().union(*needed[rule.rule_id]):
            by_table[table, rule.needs.get(table, ())].add(rule.rule_id)
    if not by_table or not absent.num_rows:
        return []
    _place(connection, absent)
    seen: dict[str, set[str]] = defaultdict(set)
    for (table, columns), rule_ids in by_table.items():
        for finding in _seen(connection, contract().table(table), columns, rule_ids, month):
            seen[finding].add(table)
    pairs = zip(absent["finding_id"].to_pylist(), absent["rule_id"].to_pylist(), strict=True)
    return [
        finding
        for finding, rule_id in pairs
        if not all(one & seen.get(finding, set()) for one in needed.get(rule_id, ()))
    ]


def absent_of(base: pa.Table, found: pa.Table, rules: Iterable[Rule]) -> pa.Table:
    """Return the standing findings of the ledger `base` that these rules have not found again."""
    ids = pa.array([rule.rule_id for rule in rules if rule.lifecycle == "standing"], pa.string())
    again = pc.is_in(base["finding_id"], value_set=found["finding_id"].combine_chunks())
    mine = pc.and_(base["active"], pc.is_in(base["rule_id"], value_set=ids))
    return base.filter(pc.and_(mine, pc.invert(again)))


def _place(connection: duckdb.DuckDBPyConnection, absent: pa.Table) -> None:
    """Find the metering points, customer, district and feeder of each finding's subject."""
    connection.register("absent_finding", absent)
    connection.execute(named_queries("observed.sql", "jicha.audit")["place"])
    connection.unregister("absent_finding")


def _seen(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    columns: Iterable[str],
    rule_ids: Iterable[str],
    month: date,
) -> Iterable[str]:
    """Return the findings of which the month has a row of the table with all these columns filled."""
    key = next(key for key in table.foreign_keys if key.table in _PLACES and len(key.fields) == 1)
    query = named_queries("observed.sql", "jicha.audit")["seen"].format(
        table=quoted(table.name),
        key=quoted(key.fields[0]),
        place_key=quoted(key.references[0]),
        month_field=quoted(table.month_field or ""),
        filled=" AND ".join(f"{quoted(column)} IS NOT NULL" for column in columns) or "true",
    )
    values = {"rule_ids": sorted(rule_ids), "month": month, "month_end": next_month(month)}
    return [finding for (finding,) in connection.execute(query, values).fetchall()]
