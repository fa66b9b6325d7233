"""Whether the data suffice for a rule in an organisation: a verdict instead of a silent zero (数据不足)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

import duckdb
from sqlglot import exp

from jicha.audit.fact import Columns
from jicha.contract import Table, contract
from jicha.periods import add_months, month_text

# Tables in which every organisation has rows in every normal month. In all others (orders, complaints,
# refunds, events …) no row may be the truth, so there one row anywhere proves that the table is delivered.
CONTINUOUS = frozenset({
    "customer", "metering_point", "reading", "reading_plan", "bill", "daily_freeze", "district_daily", "feeder_daily",
})  # fmt: skip
_ROUTES = ("customer_no", "mp_id", "district_id", "feeder_id")
_ROUTE_TABLES = {
    "customer_no": "customer",
    "mp_id": "metering_point",
    "district_id": "district",
    "feeder_id": "feeder",
}
EVERYWHERE = ""


@dataclass(slots=True)
class Presence:
    """Which tables, columns and months hold data, for each organisation."""

    tables: set[str] = field(default_factory=set)
    columns: dict[str, set[str]] = field(default_factory=dict)
    months: dict[tuple[str, str], set[date]] = field(default_factory=dict)
    organisations: list[str] = field(default_factory=list)

    def missing(
        self, needs: Columns, history_months: int, month: date, org_no: str, own: Iterable[str] = ()
    ) -> list[str]:
        """Return what is missing for the rule in the organisation; an empty list means that it can be judged.

        `needs` are the tables of the rule and of its facts; the history is asked of the rule's `own` tables
        (of all where none of these holds months), since a fact such as the price needs no year of bills.
        """
        remembering = set(own) & CONTINUOUS or set(needs)
        gaps: list[str] = []
        for table, columns in needs.items():
            if table not in self.tables:
                gaps.append(table)
                continue
            gaps += [
                f"{table}.{column}" for column in columns if column not in self.columns.get(table, set())
            ]
            if table in CONTINUOUS:
                months = history_months if table in remembering else 1
                gaps += self._month_gaps(contract().table(table), months, month, org_no)
        return gaps

    def _month_gaps(self, table: Table, history_months: int, month: date, org_no: str) -> list[str]:
        held = self.months.get((table.name, org_no), set())
        if table.month_field is None:
            return [] if held else [f"{table.name} of organisation {org_no}"]
        gaps = [] if month in held else [f"{table.name} of {month_text(month)}"]
        first = add_months(month, 1 - history_months)
        known = sum(1 for other in held if first <= other <= month)
        if not gaps and known < history_months:
            gaps.append(f"{history_months} months of {table.name} (there are {known})")
        return gaps


def measure(connection: duckdb.DuckDBPyConnection, needed: Mapping[str, set[str]]) -> Presence:
    """Count the needed tables and columns once, by organisation and month."""
    presence = Presence()
    for table_name, columns in needed.items():
        table = contract().table(table_name)
        counts = [exp.alias_(exp.Count(this=exp.column(c)), c) for c in sorted(columns)]
        query = exp.select(exp.alias_(exp.Count(this=exp.Star()), "row_count"), *counts).from_(table_name)
        row = connection.execute(query.sql("duckdb", identify=True)).fetchone() or (0,)
        if row[0]:
            presence.tables.add(table_name)
            presence.columns[table_name] = {c for c, n in zip(sorted(columns), row[1:], strict=True) if n}
            if table_name in CONTINUOUS:
                _measure_months(connection, table, presence)
    presence.organisations = _organisations(connection)
    return presence


def _measure_months(connection: duckdb.DuckDBPyConnection, table: Table, presence: Presence) -> None:
    month: exp.Expr = exp.null()
    if table.month_field:
        month = exp.cast(
            exp.func("date_trunc", exp.Literal.string("month"), exp.column(table.month_field, "t")), "DATE"
        )
    query = exp.select(
        exp.alias_(_organisation_of(table), "org_no"), exp.alias_(month, "held_month")
    ).distinct()
    query = query.from_(exp.alias_(exp.to_table(table.name), "t", table=True))
    route = _route(table)
    if route:
        owner = exp.alias_(exp.to_table(_ROUTE_TABLES[route]), "o", table=True)
        query = query.join(owner, on=exp.column(route, "t").eq(exp.column(route, "o")), join_type="left")
    for org_no, held in connection.execute(query.sql("duckdb", identify=True)).fetchall():
        presence.months.setdefault((table.name, org_no or EVERYWHERE), set()).add(held or date.min)


def _route(table: Table) -> str | None:
    if "org_no" in table.field_names:
        return None
    return next((column for column in _ROUTES if column in table.field_names), None)


def _organisation_of(table: Table) -> exp.Expr:
    if "org_no" in table.field_names:
        return exp.column("org_no", "t")
    return exp.column("org_no", "o") if _route(table) else exp.Literal.string(EVERYWHERE)


def _organisations(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the organisations that serve customers; a company that sent no customers is one organisation."""
    found = connection.execute(
        "SELECT DISTINCT org_no FROM customer UNION SELECT DISTINCT org_no FROM metering_point ORDER BY 1"
    ).fetchall()
    return [org_no for (org_no,) in found] or [EVERYWHERE]
