"""Reads the fields of a case with a type each, and tells all that is wrong with them at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from jicha.errors import ManyErrors

NUMBER = re.compile(r"-?\d+(\.\d+)?")
YES, NO = ("true", "yes", "是"), ("false", "no", "否")


class CaseProblem(ManyErrors):
    """A case that cannot be settled as it is written."""


class Fields:
    """One mapping of a case; each value is taken once, and what nobody takes is a mistake.

    A field that is wrong or missing is noted and read as a neutral value; `CaseFile.stop` raises before that value is used.
    """

    def __init__(self, content: object, where: str, problems: list[str]) -> None:
        self.where = where
        self.problems = problems
        self._content: dict[str, Any] = dict(content) if isinstance(content, Mapping) else {}
        self._taken: set[str] = set()
        if not isinstance(content, Mapping):
            self.add(f"is {_shown(content)}; write fields with a name and a value each")

    def add(self, text: str, name: str = "") -> None:
        """Note a problem of this mapping or of one of its fields."""
        self.problems.append(f"{self.where}{'.' if name and self.where else ''}{name}: {text}")

    def has(self, name: str) -> bool:
        """Return whether the field is there and not empty."""
        return self._content.get(name) not in (None, "", [], {})

    def value(self, name: str, expected: str) -> Any:
        """Return the value as it is written; a missing one is noted with what was expected."""
        self._taken.add(name)
        if not self.has(name):
            self.add(f"is missing; write {expected}", name)
            return None
        return self._content[name]

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text."""
        if default is not None and not self.has(name):
            self._taken.add(name)
            return default
        found = self.value(name, "a text")
        if isinstance(found, (Mapping, list)):
            self.add(f"is {_shown(found)}; write a text", name)
            return ""
        return "" if found is None else str(found).strip()

    def choice(self, name: str, choices: Sequence[str], default: str | None = None) -> str:
        """Return one of some words."""
        found = self.text(name, default)
        if found in choices or not self.has(name):
            return found or choices[0]
        self.add(f"is {found!r}; write one of {', '.join(choices)}", name)
        return choices[0]

    def flag(self, name: str, default: bool = False) -> bool:
        """Return yes or no."""
        found = self.text(name, "true" if default else "false").lower()
        if found not in (*YES, *NO):
            self.add(f"is {found!r}; write true or false", name)
        return found in YES

    def number(self, name: str, *, least: Decimal | None = Decimal(0)) -> Decimal:
        """Return an exact number, not below `least`."""
        return self._number(name, self.value(name, "a number"), least)

    def optional_number(self, name: str, *, least: Decimal | None = Decimal(0)) -> Decimal | None:
        """Return an exact number, or None where there is none."""
        self._taken.add(name)
        return self.number(name, least=least) if self.has(name) else None

    def numbers(self, name: str) -> tuple[Decimal, ...]:
        """Return a list of exact numbers."""
        found = self.value(name, "a list of numbers")
        if not isinstance(found, list):
            if found is not None:
                self.add(f"is {_shown(found)}; write a list of numbers", name)
            return ()
        return tuple(self._number(f"{name}[{place}]", one, Decimal(0)) for place, one in enumerate(found, 1))

    def whole(self, name: str, default: int | None = None) -> int:
        """Return a whole number from 1."""
        if default is not None and not self.has(name):
            self._taken.add(name)
            return default
        found = self.number(name)
        if found != found.to_integral_value() or found < 1:
            self.add(f"is {found}; write a whole number from 1", name)
            return 1
        return int(found)

    def day(self, name: str) -> date:
        """Return a day."""
        found = self.value(name, "a day such as 2026-10-12")
        try:
            return (
                found if isinstance(found, date) else date.fromisoformat(str(found or "2000-01-01").strip())
            )
        except ValueError:
            self.add(f"is {found!r}; write a day such as 2026-10-12", name)
            return date(2000, 1, 1)

    def optional_day(self, name: str) -> date | None:
        """Return a day, or None where there is none."""
        self._taken.add(name)
        return self.day(name) if self.has(name) else None

    def inside(self, name: str) -> Fields:
        """Return the fields of a mapping inside."""
        return Fields(self.value(name, "its fields") or {}, self._place(name), self.problems)

    def inside_or_empty(self, name: str) -> Fields:
        """Return the fields of a mapping inside, none where there is no such mapping."""
        self._taken.add(name)
        return self.inside(name) if self.has(name) else Fields({}, self._place(name), self.problems)

    def plain(self, name: str) -> Any:
        """Return the value without a check, None where there is none."""
        self._taken.add(name)
        return self._content.get(name)

    def each(self, name: str, expected: str = "a list") -> Iterator[Fields]:
        """Yield the fields of each member of a list."""
        found = self.value(name, expected)
        if found is not None and not isinstance(found, list):
            self.add(f"is {_shown(found)}; write a list", name)
            return
        for place, one in enumerate(found or (), 1):
            yield Fields(one, f"{self._place(name)}[{place}]", self.problems)

    def names(self) -> tuple[str, ...]:
        """Return the names of all fields that are there."""
        return tuple(self._content)

    def finish(self) -> None:
        """Note every field that nothing has read: whoever wrote it believes that it counts."""
        for name in self._content:
            if name not in self._taken:
                self.add("is not known here; correct the name or leave it out", str(name))

    def _place(self, name: str) -> str:
        return f"{self.where}.{name}" if self.where else name

    def _number(self, name: str, found: Any, least: Decimal | None) -> Decimal:
        text = str(found if found is not None else 0).strip()
        try:
            value = Decimal(text) if NUMBER.fullmatch(text) else None
        except InvalidOperation:
            value = None
        if value is None:
            self.add(f"is {_shown(found)}; write a number such as 12.5", name)
            return Decimal(0)
        if least is not None and value < least:
            self.add(f"is {value}; write {least} or more", name)
        return value


def _shown(value: object) -> str:
    return "empty" if value is None else repr(value)[:60]
