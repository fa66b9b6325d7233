"""Mutants of a fact's SQL: one small change to one node of its tree, told with its line.

Comparisons flipped, integers ± 1, + and − exchanged, LEAST and GREATEST, a branch of a CASE dropped, a term of a
WHERE, QUALIFY, HAVING, FILTER, CASE or join condition dropped, a whole WHERE dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlglot import exp

from mutants_python import CONTROL, Mutant, numbered

FLIPPED: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.LT: exp.LTE, exp.LTE: exp.LT, exp.GT: exp.GTE, exp.GTE: exp.GT, exp.EQ: exp.NEQ, exp.NEQ: exp.EQ,
    exp.Add: exp.Sub, exp.Sub: exp.Add, exp.Least: exp.Greatest, exp.Greatest: exp.Least,
}  # fmt: skip
LONGEST = 110


@dataclass(frozen=True)
class Change:
    """A change of a node as text, and how it is made in place."""

    text: str
    make: Callable[[], None]


def mutants(tree: exp.Query, name: str) -> list[Mutant]:
    """Return every mutant of a fact's tree."""
    return numbered(
        Mutant(name, _line(node), _place(node) + change.text, number, variant)
        for number, node in enumerate(tree.walk())
        for variant, change in enumerate(_changes(node))
    )


def mutated(tree: exp.Query, mutant: Mutant) -> exp.Query:
    """Return a copy of the tree with the one change made; with none for the control."""
    copy = tree.copy()
    if mutant.node == CONTROL:
        return copy
    node = next(node for number, node in enumerate(copy.walk()) if number == mutant.node)
    list(_changes(node))[mutant.variant].make()
    return copy


def _line(node: exp.Expr) -> int:
    """Return the line of the first name below a node, or above it."""
    for one in node.walk():
        if "line" in one.meta:
            return int(one.meta["line"])
    return _line(node.parent) if node.parent else 0


def _place(node: exp.Expr) -> str:
    """Return the name of the common table expression that a node stands in."""
    table = node.find_ancestor(exp.CTE)
    return f"{table.alias}: " if table else ""


def _changes(node: exp.Expr) -> Iterator[Change]:
    if type(node) in FLIPPED:
        yield _exchanged(node, FLIPPED[type(node)])
    elif isinstance(node, exp.Literal) and not node.is_string and node.is_int and not _is_any_number(node):
        yield from (_number(node, step) for step in (1, -1))
    elif isinstance(node, exp.Case):
        yield from _dropped_branches(node)
    elif isinstance(node, exp.And):
        yield from (_dropped_term(node, side) for side in ("this", "expression"))
    elif isinstance(node, exp.Where) and isinstance(node.parent, exp.Select):
        yield Change(f"without {_short(node)}", lambda: _drop(node))


def _drop(node: exp.Expr) -> None:
    node.pop()


def _is_any_number(node: exp.Expr) -> bool:
    """Return whether any other number would do: the length of a type, what is only counted, what EXISTS selects."""
    parent = node.parent.parent if isinstance(node.parent, exp.Alias) else node.parent
    is_selected = isinstance(parent, exp.Select) and isinstance(parent.parent, exp.Exists)
    return is_selected or node.find_ancestor(exp.DataTypeParam, exp.DataType, exp.Count) is not None


def _exchanged(node: exp.Expr, kind: type[exp.Expr]) -> Change:
    new = kind(**node.copy().args)
    return Change(f"{_short(node)} → {_short(new)}", lambda: _replace(node, new))


def _replace(node: exp.Expr, new: exp.Expr) -> None:
    node.replace(new)


def _number(node: exp.Literal, step: int) -> Change:
    new = (
        exp.Literal.number(int(node.this) + step)
        if int(node.this) + step >= 0
        else exp.Neg(this=exp.Literal.number(1))
    )
    where = _short(node.parent) if node.parent else ""
    return Change(f"{node.this} → {new.sql('duckdb')} in {where}", lambda: _replace(node, new))


def _dropped_branches(node: exp.Case) -> Iterator[Change]:
    branches: list[exp.Expr] = node.args["ifs"]
    if len(branches) > 1:
        for branch in branches:
            yield Change(f"CASE without {_short(branch)}", lambda branch=branch: branch.pop())  # type: ignore[misc]
    elif node.args.get("default"):
        default = node.args["default"]
        yield Change(f"{_short(node)} → its ELSE", lambda: _replace(node, default.copy()))
    else:
        value = branches[0].args["true"]
        yield Change(f"{_short(node)} → {_short(value)}", lambda: _replace(node, value.copy()))


def _dropped_term(node: exp.And, side: str) -> Change:
    kept = "expression" if side == "this" else "this"
    return Change(f"without {_short(node.args[side])}", lambda: _replace(node, node.args[kept].copy()))


def _short(node: exp.Expr) -> str:
    text = " ".join(node.sql("duckdb").split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
