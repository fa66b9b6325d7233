"""jicha SQL: what a rule or fact may say, checked on the parsed tree, of which only the regenerated text runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError, TokenError
from sqlglot.optimizer.qualify import qualify

from jicha.audit.allowed import ALLOWED_NODES, HINTS
from jicha.audit.functions import OWN_FUNCTIONS, expand_functions
from jicha.errors import ManyErrors

MAX_LENGTH = 60_000
MAX_DEPTH = 200
BUILT_IN_PARAMETERS = frozenset({"month", "month_end", "as_of"})

Schema = Mapping[str, Mapping[str, str]]
ParameterValue = Decimal | int | date | str | tuple[str, ...]


class SqlRefused(ManyErrors):
    """This text is not jicha SQL; each problem names the part and what to write instead."""


def parse(text: str, name: str) -> exp.Query:
    """Return the tree of one SELECT, or refuse the text with the reason and its line and column."""
    if len(text) > MAX_LENGTH:
        raise SqlRefused(name, [f"the text has {len(text)} characters; at most {MAX_LENGTH} are read"])
    if "\x00" in text:
        raise SqlRefused(name, ["the text holds a NUL byte; remove it"])
    try:
        trees = [tree for tree in sqlglot.parse(text, dialect="duckdb") if tree is not None]
    except (ParseError, TokenError) as error:
        raise SqlRefused(name, [f"does not parse: {str(error).splitlines()[0]}"]) from error
    except RecursionError as error:
        raise SqlRefused(name, ["is nested too deeply; split it into WITH parts"]) from error
    if len(trees) != 1:
        raise SqlRefused(name, [f"holds {len(trees)} statements; write exactly one SELECT"])
    if not isinstance(trees[0], (exp.Select, exp.Union)):
        raise SqlRefused(name, [f"is a {type(trees[0]).__name__}; write one SELECT"])
    return trees[0]


class Select:
    """One SELECT as its file has it, parsed when it is first asked for: most commands need none of two hundred."""

    def __init__(self, text: str, name: str, tree: exp.Query | None = None) -> None:
        self.text = text
        self._name = name
        self._tree = tree

    @property
    def tree(self) -> exp.Query:
        """The parsed text; SqlRefused where it is no SELECT of jicha SQL."""
        if self._tree is None:
            self._tree = parse(self.text, self._name)
        return self._tree


def lint(tree: exp.Query, schema: Schema, parameters: frozenset[str], name: str) -> list[str]:
    """Return every way in which the tree is not jicha SQL; an empty list is a pass.

    `schema` maps each table that the text may read (contract tables and facts, as declared) to its
    columns and SQL types; `parameters` are the declared parameter names.
    """
    problems = [*_shape(tree), *_nodes(tree), *_tables(tree, schema), *_parameters(tree, parameters)]
    if not problems:
        problems = _columns(tree, schema)
    return [f"{name}: {problem}" for problem in dict.fromkeys(problems)]


def _shape(tree: exp.Query) -> Iterator[str]:
    if max((node.depth for node in tree.walk()), default=0) > MAX_DEPTH:
        yield f"is nested more than {MAX_DEPTH} levels; split it into WITH parts"
    for star in tree.find_all(exp.Star):
        if not isinstance(star.parent, exp.Count) and isinstance(star.find_ancestor(exp.Query), exp.Query):
            if star.find_ancestor(exp.Query) is tree:
                yield "SELECT * in the outermost SELECT; name the columns"
            if star.args.get("replace") or star.args.get("rename"):
                yield "* REPLACE / RENAME; name the columns"


def _nodes(tree: exp.Query) -> Iterator[str]:
    for node in tree.walk():
        kind = type(node).__name__
        if isinstance(node, exp.Anonymous):
            if node.name.lower() not in OWN_FUNCTIONS:
                yield f"function {node.name}() is not in jicha SQL{_place(node)}"
        elif kind not in ALLOWED_NODES:
            yield f"{kind} ({_excerpt(node)}) is not in jicha SQL{_place(node)}. {HINTS.get(kind, '')}".rstrip()
        else:
            yield from _node_details(node)


def _node_details(node: exp.Expr) -> Iterator[str]:
    if isinstance(node, exp.With) and node.args.get("recursive"):
        yield "WITH RECURSIVE; use a window or a fact"
    if isinstance(node, exp.DataType) and node.this not in _TYPES:
        yield f"type {node.sql('duckdb')}; use VARCHAR, BIGINT, BOOLEAN, DATE, TIMESTAMP or DECIMAL (never a float)"
    if isinstance(node, exp.Table):
        yield from _table_details(node)
    if isinstance(node, exp.Join) and (node.args.get("method") or node.side in ("RIGHT", "FULL")):
        yield f"{node.args.get('method') or ''}{node.side} JOIN; use INNER, LEFT, SEMI, ANTI or CROSS JOIN"
    if isinstance(node, exp.Mul) and _overflows(node):
        yield (
            f"product {_excerpt(node)} may overflow DECIMAL(18); write CAST(one side AS DECIMAL(38, scale)) * other"
        )
    if isinstance(node, exp.Window) and isinstance(node.this, (exp.Median, exp.Quantile)):
        yield "median with OVER; read it from a fact"


def _table_details(node: exp.Table) -> Iterator[str]:
    if not isinstance(node.this, exp.Identifier):
        yield f"table function {_excerpt(node)}; read declared tables only"
    if node.args.get("db") or node.args.get("catalog"):
        yield f"table {node.sql('duckdb')} names a schema; write the table alone"
    for extra in ("sample", "pivots", "changes", "version", "hints", "ordinality"):
        if node.args.get(extra):
            yield f"{extra} on table {node.name}; not in jicha SQL"


_TYPES = {
    *exp.DataType.INTEGER_TYPES,
    exp.DataType.Type.DECIMAL,
    exp.DataType.Type.VARCHAR,
    exp.DataType.Type.TEXT,
    exp.DataType.Type.BOOLEAN,
    exp.DataType.Type.DATE,
    exp.DataType.Type.TIMESTAMP,
    exp.DataType.Type.TIMESTAMPNTZ,
}


def _overflows(node: exp.Mul) -> bool:
    return not any(_is_wide_or_plain(side) for side in (node.this, node.expression))


def _is_wide_or_plain(node: exp.Expr) -> bool:
    node = node.unnest()
    if isinstance(node, (exp.Literal, exp.Placeholder, exp.Interval, exp.Sum, exp.Count)):
        return True
    if isinstance(node, (exp.Neg, exp.Abs)):
        return _is_wide_or_plain(node.this)
    if isinstance(node, exp.Anonymous):
        return node.name.lower() in OWN_FUNCTIONS
    if isinstance(node, (exp.DateDiff, exp.Year, exp.Month, exp.Day, exp.Length)):
        return True
    if isinstance(node, (exp.Cast, exp.TryCast)):
        return _is_wide_type(node.to)
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul)):
        return any(_is_wide_or_plain(side) for side in (node.this, node.expression)) and not (
            isinstance(node.this, exp.Literal) or isinstance(node.expression, exp.Literal)
        )
    if isinstance(node, exp.Window):
        return _is_wide_or_plain(node.this)
    if isinstance(node, (exp.Coalesce, exp.Greatest, exp.Least)):
        return _is_wide_or_plain(node.this) or any(
            _is_wide_or_plain(part) and not isinstance(part, exp.Literal) for part in node.expressions
        )
    if isinstance(node, exp.Case):
        branches = [branch.args["true"] for branch in node.args["ifs"]] + [node.args.get("default")]
        return any(branch is not None and _is_wide_or_plain(branch) for branch in branches)
    return False


def _is_wide_type(kind: exp.DataType) -> bool:
    if kind.this in exp.DataType.INTEGER_TYPES:
        return True
    precision = kind.expressions[0].name if kind.expressions else ""
    return precision.isdigit() and int(precision) > 18


def _tables(tree: exp.Query, schema: Schema) -> Iterator[str]:
    own = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
    for clash in sorted(own & set(schema)):
        yield f"WITH {clash} hides a declared table; choose another name"
    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Identifier) and table.name.lower() not in own | set(schema):
            yield f"table {table.name} is not declared; add it to needs, uses or facts{_place(table.this)}"


def _parameters(tree: exp.Query, declared: frozenset[str]) -> Iterator[str]:
    used = {node.name for node in tree.find_all(exp.Placeholder)}
    for name in sorted(used - declared - BUILT_IN_PARAMETERS):
        yield f"parameter ${name} is not declared; add it to parameters"
    for name in sorted(declared - used):
        yield f"parameter {name} is declared but never used; remove it"


def _columns(tree: exp.Query, schema: Schema) -> list[str]:
    """Resolve every column against the declared schema; the resolver names the first unknown one."""
    try:
        qualify(
            expand_functions(tree.copy()),
            schema={table: dict(columns) for table, columns in schema.items()},
            dialect="duckdb",
            validate_qualify_columns=True,
            quote_identifiers=False,
        )
    except (SqlglotError, ValueError) as error:
        return [str(error).splitlines()[0]]
    except RecursionError:
        return ["is nested too deeply; split it into WITH parts"]
    return []


def _excerpt(node: exp.Expr) -> str:
    text = node.sql("duckdb")
    return text if len(text) <= 60 else text[:57] + "..."


def _place(node: exp.Expr) -> str:
    line, column = node.meta.get("line"), node.meta.get("col")
    return f" (line {line}, column {column})" if line else ""


def bind(tree: exp.Query, values: Mapping[str, ParameterValue]) -> exp.Query:
    """Return a copy with every $parameter replaced by a typed literal of the tree; no text is pasted."""

    def literal(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Placeholder) and node.name in values:
            return _literal(values[node.name])
        return node

    bound = tree.copy()
    for membership in list(bound.find_all(exp.In)):
        _bind_list(membership, values)
    transformed = bound.transform(literal, copy=False)
    assert isinstance(transformed, exp.Query)
    return transformed


def _bind_list(membership: exp.In, values: Mapping[str, ParameterValue]) -> None:
    parts: list[exp.Expr] = []
    for part in membership.expressions:
        value = values.get(part.name) if isinstance(part, exp.Placeholder) else None
        if isinstance(value, tuple):
            parts.extend(exp.Literal.string(item) for item in value)
        else:
            parts.append(part)
    if membership.expressions:
        membership.set("expressions", parts or [exp.null()])


def _literal(value: ParameterValue) -> exp.Expr:
    match value:
        case date():
            return exp.cast(exp.Literal.string(value.isoformat()), "DATE")
        case Decimal():
            return _number(format(value, "f"))
        case int():
            return _number(str(value))
        case str():
            return exp.Literal.string(value)
    raise TypeError(f"a list parameter stands only inside IN (...); found {value!r}")


def _number(text: str) -> exp.Expr:
    return exp.paren(exp.Literal.number(text)) if text.startswith("-") else exp.Literal.number(text)


def generate(tree: exp.Query, engine: str = "duckdb", *, copy: bool = True) -> str:
    """Return the text that the engine runs: own functions expanded, every identifier quoted.

    A tree that nobody needs afterwards is not copied first: copies of a long one cost more than all else here.
    """
    own = tree.copy() if copy else tree
    return expand_functions(own).sql(dialect=engine, identify=True, copy=copy)
