"""Expressions of mapping profiles: parsed, held to an allow list, and written anew for the engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from jicha.errors import ExplainedError
from jicha.intake.queries import literal, quoted

MAIN: Final = "m"

_SCALAR: Final = (
    exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Paren, exp.Tuple,
    exp.Case, exp.If, exp.Cast, exp.TryCast, exp.DataType, exp.DataTypeParam,
    exp.Coalesce, exp.Nullif, exp.Concat, exp.ConcatWs, exp.DPipe, exp.Upper, exp.Lower, exp.Trim, exp.Substring,
    exp.Left, exp.Right, exp.Length, exp.Replace, exp.Pad, exp.Greatest, exp.Least, exp.Abs,
    exp.AddMonths, exp.Add, exp.Sub, exp.Mul, exp.Neg, exp.And, exp.Or, exp.Not, exp.Xor,
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Between, exp.Is, exp.Like,
)  # fmt: skip
_AGGREGATE: Final = (exp.Min, exp.Max, exp.Sum, exp.Count, exp.ArgMin, exp.ArgMax, exp.Star)
# A float in between would lose digits of money and energy.
_TYPES: Final = frozenset(
    {"VARCHAR", "TEXT", "INT", "BIGINT", "SMALLINT", "DECIMAL", "DATE", "TIMESTAMP", "BOOLEAN"}
)
_NUMBERS: Final = frozenset({"INT", "BIGINT", "SMALLINT", "DECIMAL"})


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression as SQL of the engine, the columns it reads, and the test that a cast in it has failed."""

    sql: str
    columns: frozenset[tuple[str, str]]
    failed: str | None
    first_value: str | None
    handles_absence: bool = False


def parse(text: str, where: str, aliases: Mapping[str, str], *, may_aggregate: bool = False) -> Expression:
    """Return a checked expression; `aliases` gives the names that joined sources go by."""
    try:
        tree = sqlglot.parse_one(text, read="duckdb")
    except SqlglotError as error:
        raise _refusal(where, f"{text!r}, which cannot be read: {str(error).splitlines()[0]}") from None
    _check(tree, text, where, may_aggregate)
    tree = tree.transform(_own_function)
    columns = frozenset(_qualify(tree, text, where, aliases))
    casts = [_as_try(cast) for cast in tree.find_all(exp.Cast) if type(cast) is exp.Cast]
    tree = tree.transform(lambda node: _as_try(node) if type(node) is exp.Cast else node)
    sql = _sql(tree)
    # A sum over a group shows a failed cast as a missing value only: each row is tested by its own mapping.
    failed = None if may_aggregate or not casts else _failed(sql, casts)
    handles_absence = tree.find(exp.Case, exp.Coalesce, exp.Is) is not None
    return Expression(sql, columns, failed, _sql(casts[0].this) if casts else None, handles_absence)


def _check(tree: exp.Expr, text: str, where: str, may_aggregate: bool) -> None:
    allowed = _SCALAR + (_AGGREGATE if may_aggregate else ())
    for node in tree.walk():
        if not isinstance(node, allowed) or isinstance(node, exp.Subquery):
            raise _refusal(where, f"{type(node).__name__.upper()} in {text!r}")
        if isinstance(node, exp.DataType) and node.this.name not in _TYPES:
            raise _refusal(where, f"the type {node.this.name} in {text!r}")


def _own_function(node: exp.Expr) -> exp.Expr:
    """Write add_months(day, count) for the engine; a month that is too short ends on its last day."""
    if not isinstance(node, exp.AddMonths):
        return node
    step = exp.Interval(this=exp.Literal.string("1"), unit=exp.var("MONTH"))
    months = exp.Mul(this=exp.Paren(this=node.expression), expression=step)
    # A cast that cannot fail, so it is not tested like those that the profile writes.
    return exp.TryCast(
        this=exp.Add(this=exp.Paren(this=node.this), expression=months), to=exp.DataType.build("DATE")
    )


def _qualify(tree: exp.Expr, text: str, where: str, aliases: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Give every column the name of its source, and yield (source alias, column)."""
    for column in tree.find_all(exp.Column):
        alias = column.table or MAIN
        if alias != MAIN and alias not in aliases:
            raise _refusal(where, f"the source {alias!r} in {text!r}")
        column.set("table", exp.to_identifier(alias, quoted=True))
        column.this.set("quoted", True)
        column.this.set("this", column.name.upper())
        yield alias, column.name


def _as_try(cast: exp.Expr) -> exp.TryCast:
    assert isinstance(cast, exp.Cast)
    return exp.TryCast(this=cast.this.copy(), to=cast.args["to"].copy())


def _failed(sql: str, casts: list[exp.TryCast]) -> str:
    """Return the test that a cast could not be done and the whole is null for it, or that it has rounded."""
    undone = " OR ".join(f"({_sql(cast.this)} IS NOT NULL AND {_sql(cast)} IS NULL)" for cast in casts)
    tests = [f"(({sql}) IS NULL AND ({undone}))"]
    for cast in casts:
        if cast.to.this.name in _NUMBERS:
            tests.append(f"({_sql(cast)} <> TRY_CAST({_sql(cast.this)} AS DECIMAL(38, 12)))")
    return " OR ".join(tests)


def _sql(tree: exp.Expr) -> str:
    return tree.sql(dialect="duckdb")


def coded(source: Expression, codes: Mapping[str, str], unknown: str) -> tuple[str, str | None]:
    """Return the SQL of a code table over an expression, and the test that a code is not in it."""
    cases = " ".join(f"WHEN {literal(code)} THEN {literal(value)}" for code, value in codes.items())
    value = f"({source.sql})"
    otherwise = "NULL" if unknown == "null" else value
    known = ", ".join(literal(code) for code in codes)
    test = f"{value} IS NOT NULL AND {value} NOT IN ({known})" if unknown == "quarantine" else None
    return f"CASE {value} {cases} ELSE {otherwise} END", test


def column_of(alias: str, name: str) -> str:
    """Return a column of a source as SQL."""
    return f"{quoted(alias)}.{quoted(name.upper())}"


def _refusal(where: str, found: str) -> ExplainedError:
    return ExplainedError(
        where=where,
        found=found,
        expected="columns, texts, numbers, CASE, CAST to text, whole number, DECIMAL or date, ||, + - *, comparisons and plain text functions",
        remedy="Rewrite the expression with these; docs/how-to/profiles.md lists them.",
    )
