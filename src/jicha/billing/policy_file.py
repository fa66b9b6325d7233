"""Reading policy files: YAML whose values know their line, and the fields that every dated value carries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from importlib.resources import as_file, files
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol, TypeVar

import yaml

from jicha.errors import ManyErrors

MARK = re.compile(r"V:S\d+\w*|K:(?:high|med|low)|D\b")


class PolicyProblem(ManyErrors):
    """A policy file that cannot be used; every problem is told with file and line."""


class Lined(dict[str, Any]):
    """A mapping of a policy file that knows the line of each key."""

    def __init__(self, pairs: Iterable[tuple[str, Any]], lines: dict[str, int], line: int) -> None:
        super().__init__(pairs)
        self.lines = lines
        self.line = line

    def line_of(self, key: object) -> int:
        """Return the line of the key, or of the mapping where it has none."""
        return self.lines.get(str(key), self.line)


class _LineLoader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """A safe loader that keeps lines and refuses a key written twice, of which YAML would keep the last in silence."""


def _lined(loader: Any, node: yaml.MappingNode) -> Lined:
    lines: dict[str, int] = {}
    for key_node, _ in node.value:
        key = str(loader.construct_object(key_node, deep=True))
        if key in lines:
            raise yaml.constructor.ConstructorError(
                None, None, f"key {key!r} is written twice", key_node.start_mark
            )
        lines[key] = key_node.start_mark.line + 1
    pairs = [(str(key), value) for key, value in loader.construct_pairs(node, deep=True)]
    return Lined(pairs, lines, node.start_mark.line + 1)


def _day(loader: Any, node: yaml.ScalarNode) -> Any:
    """Return a day; one that no calendar has, such as 2026-02-30, stays text and is told by whoever reads it."""
    try:
        return loader.construct_yaml_timestamp(node)
    except ValueError:
        return node.value


_LineLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _lined)
_LineLoader.add_constructor("tag:yaml.org,2002:timestamp", _day)


class Problems:
    """Collects what is wrong in one file, each with its line."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[str] = []

    def add(self, line: int, text: str) -> None:
        """Keep one problem, once."""
        told = f"{self.file}:{line}: {text}"
        if told not in self.found:
            self.found.append(told)

    def stop(self) -> None:
        """Raise all problems at once, if there are any."""
        if self.found:
            raise PolicyProblem(self.file, sorted(self.found, key=_place))


def _place(problem: str) -> tuple[str, int]:
    file, line, _ = problem.split(":", 2)
    return file, int(line) if line.isdigit() else 0


def read_policy(path: Path) -> Lined:
    """Return the file's top-level mapping; raise PolicyProblem where it is none."""
    problems = Problems(path.name)
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_LineLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        problems.add(mark.line + 1 if mark else 1, f"{error.problem}; correct the YAML there")
        content = None
    except UnicodeDecodeError:
        problems.add(1, "is not UTF-8; save the file as UTF-8")
        content = None
    if not problems.found and not isinstance(content, Lined):
        problems.add(1, "holds no mapping; start with `title:`")
    problems.stop()
    assert isinstance(content, Lined)
    return content


def shipped_files(folder: str) -> list[Path]:
    """Return the shipped policy files of a folder below `policies`, by name."""
    with as_file(files("jicha") / "policies" / folder) as place:
        return sorted(place.glob("*.yaml"))


@dataclass(frozen=True, slots=True)
class Dated:
    """Where and how long a value is valid: from the first day inside to the first day outside."""

    valid_from: date
    valid_to: date | None
    line: int


def take_text(node: Lined, key: str, problems: Problems) -> str:
    """Return the text under the key; a missing or empty one is a problem."""
    value = node.get(key)
    if isinstance(value, str) and value.strip():
        return value
    problems.add(node.line_of(key), f"`{key}` is {_shown(node, key)}; write a text")
    return ""


def take_verified(node: Lined, problems: Problems) -> bool:
    """Return whether the value was seen in its source: true or false must be written."""
    value = node.get("verified")
    if not isinstance(value, bool):
        problems.add(
            node.line_of("verified"),
            f"`verified` is {_shown(node, 'verified')}; write true if the source was read, else false",
        )
    return value is True


def take_number(node: Lined, key: str, problems: Problems) -> Decimal | None:
    """Return the exact number under the key; null is none, anything but a quoted number is a problem."""
    if node.get(key) is None:
        return None
    return exact_number(node[key], node.line_of(key), f"`{key}`", problems)


def exact_number(value: object, line: int, what: str, problems: Problems) -> Decimal | None:
    """Return a quoted decimal number exactly; a bare one is refused, since YAML makes a float of it."""
    if not isinstance(value, str):
        problems.add(line, f'{what} is {value!r}, not a quoted number; write it as text, as in "0.5380"')
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        problems.add(line, f'{what} is {value!r}; write a decimal number, as in "0.5380"')
        return None
    return number


def take_dates(node: Lined, problems: Problems) -> Dated | None:
    """Return from when to when the value holds; `valid_to` is the first day outside, null where it still holds."""
    first, end = node.get("valid_from"), node.get("valid_to")
    if not isinstance(first, date) or not _is_day(first):
        problems.add(
            node.line_of("valid_from"),
            f"`valid_from` is {_shown(node, 'valid_from')}; write a day, as in 2026-08-01",
        )
        return None
    if "valid_to" not in node or not (end is None or _is_day(end)):
        problems.add(
            node.line_of("valid_to"),
            f"`valid_to` is {_shown(node, 'valid_to')}; write the first day outside, or null while it holds",
        )
        return None
    if end is not None and end <= first:
        problems.add(node.line_of("valid_to"), f"`valid_to` {end} is not after `valid_from` {first}")
        return None
    return Dated(first, end, node.line)


def _is_day(value: object) -> bool:
    return type(value) is date


def _shown(node: Lined, key: str) -> str:
    return repr(node[key]) if key in node else "missing"


def known_keys(node: Lined, allowed: Iterable[str], problems: Problems) -> None:
    """Name every key that nothing reads."""
    known = set(allowed)
    for key in node:
        if key not in known:
            problems.add(node.line_of(key), f"`{key}` is not known; one of {', '.join(sorted(known))}")


def take_list(node: Lined, key: str, problems: Problems) -> list[Lined]:
    """Return the mappings of a list."""
    value = node.get(key)
    if not isinstance(value, list) or not all(isinstance(item, Lined) for item in value):
        problems.add(node.line_of(key), f"`{key}` is no list of entries; write each with a leading dash")
        return []
    return value


class HasDates(Protocol):
    """Anything with a validity."""

    @property
    def valid_from(self) -> date: ...

    @property
    def valid_to(self) -> date | None: ...


Version = TypeVar("Version", bound=HasDates)


def holds_on(dated: HasDates, day: date) -> bool:
    """Return whether the day lies inside the validity."""
    return dated.valid_from <= day and (dated.valid_to is None or day < dated.valid_to)


def breaks(versions: Sequence[Version]) -> Iterator[tuple[str, Version, Version]]:
    """Yield every gap and overlap between neighbouring versions of one value, as (kind, earlier, later)."""
    ordered = sorted(versions, key=lambda version: version.valid_from)
    for earlier, later in pairwise(ordered):
        if earlier.valid_to is None or earlier.valid_to > later.valid_from:
            yield "overlap", earlier, later
        elif earlier.valid_to < later.valid_from:
            yield "gap", earlier, later


def check_mark(node: Lined, verified: bool, problems: Problems) -> str:
    """Return the mark of how sure the value is; only what was read in a source may be verified."""
    mark = take_text(node, "mark", problems)
    if mark and MARK.match(mark) is None:
        problems.add(
            node.line_of("mark"), f"`mark` is {mark!r}; begin with V:S<n>, K:high, K:med, K:low or D"
        )
    if verified and not mark.startswith("V:"):
        problems.add(
            node.line_of("mark"), f"`verified` is true, but the mark {mark!r} names no source read (V:S<n>)"
        )
    return mark
