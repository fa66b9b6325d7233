"""Mutants of Python: one small change to one node of a module, told with its line.

Comparisons flipped, integers ± 1, + and − exchanged, `and` and `or`, min and max, a return value dropped, a step of STEPS
dropped. What only writes the calculation sheet, annotations, texts and assertions stay as they are.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

FLIPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
SIGNS: dict[type[ast.operator], type[ast.operator]] = {ast.Add: ast.Sub, ast.Sub: ast.Add}
EXTREMES = {"min": "max", "max": "min"}
SHEET_TEXTS = frozenset({"formula", "charge"})
CONTROL = -1  # the node of a mutant that changes nothing, which must survive
SHEET_WRITERS = frozenset({"_write", "_write_segments", "_formula"})


class Mutant(NamedTuple):
    """One change: where it stands, what it is, and which node and variant make it again."""

    file: str
    line: int
    change: str
    node: int
    variant: int


@dataclass(frozen=True)
class Change:
    """A change of a node as text, and how it is made in place."""

    text: str
    make: Callable[[], None]


def mutants(path: Path, name: str) -> list[Mutant]:
    """Return every mutant of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    where = dict(_places(tree, ""))
    return numbered(
        Mutant(name, node.lineno, where[node] + change.text, number, variant)
        for number, node in enumerate(_nodes(tree))
        for variant, change in enumerate(_changes(node))
    )


def numbered(found: Iterable[Mutant]) -> list[Mutant]:
    """Return mutants with the second, third … change of the same text told apart."""
    seen: Counter[str] = Counter()
    result = []
    for mutant in found:
        seen[mutant.change] += 1
        more = f" ({seen[mutant.change]})" if seen[mutant.change] > 1 else ""
        result.append(mutant._replace(change=mutant.change + more))
    return result


def mutated(path: Path, mutant: Mutant) -> ast.Module:
    """Return the module's tree with the one change made; with none for the control."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if mutant.node == CONTROL:
        return tree
    node = list(_nodes(tree))[mutant.node]
    list(_changes(node))[mutant.variant].make()
    return ast.fix_missing_locations(tree)


def _nodes(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """Yield the nodes that may be changed, in the order of the text."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or _is_beside_the_point(child):
                continue
            if isinstance(child, ast.expr | ast.stmt):
                yield child
            yield from _nodes(child)


def _places(node: ast.AST, function: str) -> Iterator[tuple[ast.AST, str]]:
    """Yield every node below one with the function it stands in; a number also with what it is part of."""
    for child in ast.iter_child_nodes(node):
        within = f"{function}{child.name}." if isinstance(child, ast.FunctionDef | ast.ClassDef) else function
        is_number = isinstance(child, ast.Constant) and not isinstance(node, ast.Return | ast.FunctionDef)
        around = f"[{ast.unparse(node)}] " if is_number else ""
        yield child, f"{function.removesuffix('.')}: {around}" if function else around
        yield from _places(child, within)


def _is_beside_the_point(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert | ast.JoinedStr | ast.Raise | ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.FunctionDef):
        return node.name in SHEET_WRITERS
    if isinstance(node, ast.Assign | ast.AugAssign):
        target = node.target if isinstance(node, ast.AugAssign) else node.targets[0]
        return isinstance(target, ast.Name) and target.id in SHEET_TEXTS
    return isinstance(node, ast.If) and "sheet" in ast.unparse(node.test)


def _changes(node: ast.expr | ast.stmt) -> Iterator[Change]:
    if isinstance(node, ast.Compare):
        yield from (_flip(node, place) for place, op in enumerate(node.ops) if type(op) in FLIPPED)
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield from (_number(node, step) for step in (1, -1))
    elif (isinstance(node, ast.BinOp) and type(node.op) in SIGNS) or (
        isinstance(node, ast.AugAssign) and type(node.op) in SIGNS
    ):
        yield _sign(node)
    elif isinstance(node, ast.BoolOp):
        yield _junction(node)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in EXTREMES:
        yield _extreme(node.func)
    elif isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield _return(node)
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "STEPS":
        yield from _dropped_steps(node)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _flip(node: ast.Compare, place: int) -> Change:
    old = node.ops[place]
    new = FLIPPED[type(old)]()
    changed = deepcopy(node)
    changed.ops[place] = new
    return Change(f"{ast.unparse(node)} → {ast.unparse(changed)}", lambda: node.ops.__setitem__(place, new))


def _number(node: ast.Constant, step: int) -> Change:
    assert isinstance(node.value, int)
    value = node.value + step
    return Change(f"{node.value} → {value}", lambda: setattr(node, "value", value))


def _sign(node: ast.BinOp | ast.AugAssign) -> Change:
    new = SIGNS[type(node.op)]()
    changed = deepcopy(node)
    changed.op = new
    return Change(f"{ast.unparse(node)} → {ast.unparse(changed)}", lambda: setattr(node, "op", new))


def _junction(node: ast.BoolOp) -> Change:
    new = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    changed = deepcopy(node)
    changed.op = new
    return Change(f"{ast.unparse(node)} → {ast.unparse(changed)}", lambda: setattr(node, "op", new))


def _extreme(node: ast.Name) -> Change:
    new = EXTREMES[node.id]
    return Change(f"{node.id} → {new}", lambda: setattr(node, "id", new))


def _return(node: ast.Return) -> Change:
    assert node.value is not None
    return Change(
        f"return {ast.unparse(node.value)} → return None", lambda: setattr(node, "value", ast.Constant(None))
    )


def _dropped_steps(node: ast.AnnAssign) -> Iterator[Change]:
    steps = node.value
    assert isinstance(steps, ast.Tuple)
    for step in list(steps.elts):
        yield Change(f"without {ast.unparse(step)}", lambda step=step: steps.elts.remove(step))  # type: ignore[misc]
