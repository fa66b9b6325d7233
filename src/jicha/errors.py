"""One root for every error that jicha raises on purpose."""

from __future__ import annotations

from dataclasses import dataclass


class JichaError(Exception):
    """Something that jicha can explain: where it was, what was found, what was expected, what to do next."""


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a source: file, and where known line (1 = header line) and column name."""

    file: str
    line: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        parts = [self.file]
        if self.line is not None:
            parts.append(str(self.line))
        if self.column is not None:
            parts.append(self.column)
        return ":".join(parts)


class ExplainedError(JichaError):
    """An error told in four parts, printed in this order."""

    def __init__(self, *, where: Location | str, found: str, expected: str, remedy: str) -> None:
        self.where = where
        self.found = found
        self.expected = expected
        self.remedy = remedy
        super().__init__(f"{where}: found {found}; expected {expected}. {remedy}")


class BilingualError(ExplainedError):
    """An error that is told in Chinese where a command was asked in Chinese."""

    def __init__(self, *, where: Location | str, found: str, expected: str, remedy: str, zh: str) -> None:
        super().__init__(where=where, found=found, expected=expected, remedy=remedy)
        self.zh = zh
        self.language = "en"

    def __str__(self) -> str:
        return self.zh if self.language == "zh" else super().__str__()


class ManyErrors(JichaError):
    """All problems of one input, reported at once instead of the first only."""

    def __init__(self, title: str, problems: list[str]) -> None:
        self.problems = problems
        lines = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"{title} ({len(problems)} problem(s)):\n{lines}")
