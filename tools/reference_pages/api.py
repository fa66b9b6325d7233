"""The Python API: signatures and docstrings of what a caller meets."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

import jicha
from jicha.audit.finding import FINDING_SCHEMA
from jicha.errors import ExplainedError, JichaError, Location, ManyErrors
from jicha.home import Home, Run
from jicha.intake import CoverageReport, LoadReport
from jicha.mart import Snapshot
from reference_pages.markdown import fenced, table

MOST_WIDTH = 70
INTRO = """# Python API

The command line uses nothing else. A walk through it: [Use the Python API](../how-to/python-api.md).
"""
CLASSES: tuple[type, ...] = (
    Home,
    Run,
    LoadReport,
    CoverageReport,
    Snapshot,
    JichaError,
    ExplainedError,
    ManyErrors,
    Location,
)


def pages() -> dict[str, str]:
    """Return the page."""
    parts = [INTRO, "## jicha.open\n", _callable("jicha.open", jicha.open)]
    for kind in CLASSES:
        parts += [f"## {kind.__name__}\n", _doc(kind), "", *_members(kind)]
    parts += ["## Columns of findings\n", table(("Column", "Arrow type"), _columns())]
    return {"python-api.md": "\n".join(parts)}


def _doc(member: Any) -> str:
    """Return the docstring as Markdown: <home> is a placeholder in it, not a tag."""
    return (inspect.getdoc(member) or "").replace("<", "&lt;")


def _columns() -> Iterator[tuple[str, str]]:
    yield from ((f"`{field.name}`", str(field.type)) for field in FINDING_SCHEMA)


def _members(kind: type) -> Iterator[str]:
    """Yield the fields, properties and methods that have no leading underscore, as written in the class."""
    if dataclasses.is_dataclass(kind):
        fields = (
            (f"`{field.name}`", f"`{field.type}`")
            for field in dataclasses.fields(kind)
            if not field.name.startswith("_")
        )
        yield table(("Field", "Type"), fields)
    for name, member in vars(kind).items():
        if not name.startswith("_") and inspect.getdoc(member) and not inspect.ismemberdescriptor(member):
            yield f"### {kind.__name__}.{name}\n"
            yield _member(name, member)


def _member(name: str, member: Any) -> str:
    if isinstance(member, (classmethod, staticmethod)):
        return _callable(name, member.__func__)
    return _callable(name, member) if inspect.isfunction(member) else f"{_doc(member)}\n"


def _callable(name: str, function: Any) -> str:
    """Return the signature as the source writes it, and the docstring."""
    node = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(node, ast.FunctionDef)
    arguments = ast.unparse(node.args)
    result = ast.unparse(node.returns) if node.returns else "None"
    inside = arguments if len(arguments) <= MOST_WIDTH else f"\n    {_one_a_line(node.args)},\n"
    return fenced(f"{name}({inside}) -> {result}", "python") + f"\n{_doc(function)}\n"


def _one_a_line(arguments: ast.arguments) -> str:
    """Return the arguments one a line: each is unparsed alone, for its text may hold commas."""
    empty: dict[str, Any] = {"posonlyargs": [], "kwonlyargs": [], "kw_defaults": [], "defaults": []}
    defaults = [None] * (len(arguments.args) - len(arguments.defaults)) + arguments.defaults
    parts = [
        ast.unparse(ast.arguments(**{**empty, "args": [one], "defaults": [default] if default else []}))
        for one, default in zip(arguments.args, defaults, strict=True)
    ]
    parts += ["*"] if arguments.kwonlyargs else []
    parts += [
        ast.unparse(ast.arguments(**{**empty, "args": [one], "defaults": [default] if default else []}))
        for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    return ",\n    ".join(parts)
