"""Keeps the code in pieces that a reader can hold in the head: short functions, short modules, all annotated."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "jicha"

FUNCTION_MEDIAN = 8
FUNCTION_MAXIMUM = 80
MODULE_MAXIMUM = 600
WORST = 5

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, order=True)
class Measured:
    """How many lines something has, and where it is."""

    lines: int
    place: str

    def __str__(self) -> str:
        return f"{self.lines:5d}  {self.place}"


def test_functions_are_short() -> None:
    """Half of the functions have at most eight lines, and none is too long to read at one sight."""
    sizes = sorted((_measure(path, node) for path, node in _functions()), reverse=True)
    report = _worst("functions", sizes)
    assert sizes[0].lines <= FUNCTION_MAXIMUM, report
    assert median(size.lines for size in sizes) <= FUNCTION_MEDIAN, report


def test_modules_are_short() -> None:
    """No module has more lines than a reader follows."""
    paths = [
        *_modules(SOURCE),
        *_modules(ROOT / "tests"),
        *_modules(ROOT / "tools"),
        *_modules(ROOT / "bench"),
    ]
    sizes = sorted((Measured(_line_count(path), _relative(path)) for path in paths), reverse=True)
    assert sizes[0].lines <= MODULE_MAXIMUM, _worst("modules", sizes)


def test_every_function_is_annotated() -> None:
    """Each parameter and each result has a type, so that mypy checks every body."""
    bare = [
        f"{_relative(path)}:{node.lineno} {node.name}" for path, node in _functions() if _unannotated(node)
    ]
    assert bare == [], "without annotations:\n" + "\n".join(bare)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def f(a: int) -> int: ...", False),
        ("def f(a) -> int: ...", True),
        ("def f(a: int): ...", True),
        ("def f(*rest) -> None: ...", True),
        ("def f(self, *, a: int) -> None: ...", False),
    ],
)
def test_the_check_sees_a_bare_function(code: str, expected: bool) -> None:
    """The check itself finds what it is there to find."""
    node = ast.parse(code).body[0]
    assert isinstance(node, ast.FunctionDef)
    assert _unannotated(node) is expected


def _functions() -> Iterator[tuple[Path, Function]]:
    """Yield every function of the product, those inside classes and functions too."""
    for path in _modules(SOURCE):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, Function):
                yield path, node


def _modules(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def _measure(path: Path, node: Function) -> Measured:
    """Return a function's size from `def` to its last line."""
    assert node.end_lineno is not None
    return Measured(node.end_lineno - node.lineno + 1, f"{_relative(path)}:{node.lineno} {node.name}")


def _line_count(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _unannotated(node: Function) -> bool:
    """Return whether a parameter or the result lacks its type; self and cls need none."""
    arguments = node.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    rest = [argument for argument in (arguments.vararg, arguments.kwarg) if argument]
    bare = [argument.arg for argument in (*named, *rest) if argument.annotation is None]
    return node.returns is None or bool(set(bare) - {"self", "cls"})


def _relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _worst(kind: str, sizes: list[Measured]) -> str:
    """Print and return the largest few, with the median, so that a failure says where to cut."""
    middle = median(size.lines for size in sizes)
    lines = [f"{len(sizes)} {kind}, median {middle} lines; the longest:", *map(str, sizes[:WORST])]
    report = "\n".join(lines)
    print(report)
    return report
