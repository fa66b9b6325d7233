"""A DuckDB connection over one snapshot in which facts are built and rules are run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
from sqlglot import exp

from jicha.audit.computed_facts import Progress, computed_rows, rows_name
from jicha.audit.dialect import ParameterValue, bind, generate
from jicha.audit.fact import Fact
from jicha.audit.rule import Rule
from jicha.calendars import working_days
from jicha.periods import next_month

CALENDAR_YEARS = 3  # around the data, so that elapsed time over a year end is always known


@dataclass(frozen=True, slots=True)
class Moment:
    """The audited month and the date as of which it is judged (default: the first day after the month)."""

    month: date
    as_of: date

    @classmethod
    def of(cls, month: date, as_of: date | None = None) -> Moment:
        """Return the moment of a month's audit."""
        return cls(month, as_of or next_month(month))

    @property
    def parameters(self) -> dict[str, ParameterValue]:
        """The values of $month, $month_end and $as_of."""
        return {"month": self.month, "month_end": next_month(self.month), "as_of": self.as_of}


def fact_sql(fact: Fact, moment: Moment) -> str:
    """Return the engine's text that builds the fact, its columns cast to the declared types."""
    # Most facts of a month read others of that month and ask for no date themselves: one text serves every month.
    key = repr(moment) if fact.select is not None and "$" in fact.select.text else ""
    if key not in fact.texts:
        fact.texts[key] = _fact_sql(fact, moment)
    return fact.texts[key]


def _fact_sql(fact: Fact, moment: Moment) -> str:
    if fact.compute is not None:
        return _typed(exp.select(exp.Star()).from_(exp.to_identifier(rows_name(fact.name))), fact)
    if fact.tree is None:
        return _rows_sql(fact)
    return _typed(bind(fact.tree, moment.parameters), fact)


def rule_sql(rule: Rule, values: Mapping[str, ParameterValue], moment: Moment) -> str:
    """Return the engine's text of the rule with these parameter values."""
    return generate(bind(rule.tree, {**values, **moment.parameters}), copy=False)


def _typed(tree: exp.Query, fact: Fact) -> str:
    inner = exp.Subquery(this=tree, alias=exp.to_identifier("fact_rows"))
    casts = [exp.alias_(exp.cast(exp.column(name), kind), name) for name, kind in fact.columns.items()]
    query = exp.select(*casts).from_(inner, copy=False)
    by_time = next((name for name in ("bill_month", "day") if name in fact.columns), None)
    # Sorted by time, a kept fact of the whole snapshot lets the rules of one month skip the row groups of all others.
    if by_time and not fact.uses_month:
        query = query.order_by(exp.column(by_time), copy=False)
    return generate(query, copy=False)


def _rows_sql(fact: Fact) -> str:
    rows = [exp.Tuple(expressions=[_literal(row[name]) for name in fact.columns]) for row in fact.rows]
    values = exp.Values(
        expressions=rows,
        alias=exp.TableAlias(this="policy", columns=[exp.to_identifier(c) for c in fact.columns]),
    )
    # One cast a column, not one a value: thousands of prices are bound in milliseconds.
    casts = [exp.alias_(exp.cast(exp.column(name), kind), name) for name, kind in fact.columns.items()]
    return exp.select(*casts).from_(values).sql(dialect="duckdb", identify=True)


def _literal(value: object) -> exp.Expr:
    return exp.null() if value is None else exp.Literal.string(str(value))


def create_working_day(connection: duckdb.DuckDBPyConnection, first: date, last: date) -> None:
    """Create the table working_day: the extract's own calendar (工作日历) where it speaks, else the shipped one."""
    own = dict(connection.execute("SELECT day, is_working_day FROM working_calendar").fetchall())
    days = [(day, bool(own.get(day, working))) for day, working in working_days(first, last)]
    numbers: list[int] = []
    for _, working in days:
        numbers.append((numbers[-1] if numbers else 0) + int(working))
    table = pa.table(
        {
            "day": pa.array([day for day, _ in days], pa.date32()),
            "is_working_day": pa.array([working for _, working in days], pa.bool_()),
            "working_day_no": pa.array(numbers, pa.int64()),
        }
    )
    connection.register("working_day_arrow", table)
    connection.execute("CREATE OR REPLACE TABLE working_day AS SELECT * FROM working_day_arrow")
    connection.unregister("working_day_arrow")


def calendar_span(months: Iterable[date]) -> tuple[date, date]:
    """Return the first and last day that the working calendar must cover for these audited months."""
    known = sorted(months)
    margin = timedelta(days=366 * CALENDAR_YEARS)
    return known[0] - margin * 3, known[-1] + margin


class Workspace:
    """Facts and rules over a connection whose contract tables exist already (as views or tables)."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, moment: Moment, progress: Progress = lambda *_: None
    ) -> None:
        self.connection = connection
        self.moment = moment
        self.progress = progress

    def build(self, facts: Iterable[Fact], keep: Callable[[Fact], Path | None] | None = None) -> None:
        """Create each fact: a view over its kept Parquet file where `keep` gives one, else a table in memory."""
        for fact in facts:
            path = keep(fact) if keep else None
            if path is None:
                sql = fact_sql(fact, self.moment)
                with computed_rows(fact.name, fact.compute, self.connection, self.progress):
                    self.connection.execute(f"CREATE OR REPLACE TABLE {_quoted(fact.name)} AS {sql}")
            else:
                source = self.connection.read_parquet(str(path))
                source.create_view(fact.name, replace=True)

    def rows(self, rule: Rule, values: Mapping[str, ParameterValue]) -> pa.Table:
        """Return what the rule's SELECT gives, one row a suspicion."""
        return self.connection.sql(rule_sql(rule, values, self.moment)).to_arrow_table()


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect="duckdb")
