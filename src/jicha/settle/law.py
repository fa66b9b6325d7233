"""Which version of a provision governs a day, and the values that it sets; a span over a change is split."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from jicha.settle.problems import NoLaw, require

Value = Decimal | bool | None


@dataclass(frozen=True)
class Provision:
    """One provision (条款) in one version: where it stands, how sure that is, and its values."""

    name: str
    version: str
    valid_from: date | None
    valid_to: date | None
    source: str
    article: str | None
    mark: str
    verified: bool
    values: Mapping[str, Value]

    @property
    def clause(self) -> str:
        """Source and article as printed on a line; an article that was not read is not named."""
        article = f" Art. {self.article}" if self.article else " (article not verified)"
        return f"{self.source}{article}" if self.source else ""

    def number(self, key: str) -> Decimal:
        """Return a value that must be a number."""
        value = self.values.get(key)
        if isinstance(value, Decimal):
            return value
        raise NoLaw(
            where=f"{self.name} {self.version}",
            found=f"no value for {key}",
            expected="a number",
            remedy="Give the value with the case, or complete policies/law with its source.",
        )

    def optional(self, key: str) -> Decimal | None:
        """Return a number, or None where this version sets none."""
        return None if self.values.get(key) is None else self.number(key)

    def flag(self, key: str) -> bool:
        """Return a yes/no value; absent is no."""
        return bool(self.values.get(key, False))

    def governs(self, day: date) -> bool:
        """Say whether this version is in force on the day."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day < self.valid_to)


PHYSICS = Provision("physics", "", None, None, "", None, "", True, {})  # arithmetic that no clause decides


@dataclass(frozen=True, slots=True)
class LawSpan:
    """A number of days under one version of a provision; the dates are null where only the number is known."""

    law: Provision
    days: Decimal
    from_day: date | None = None
    to_day: date | None = None


class LawBook:
    """All provisions by name, each with its versions, oldest first."""

    def __init__(self, provisions: Mapping[str, tuple[Provision, ...]]) -> None:
        self._provisions = provisions

    def versions(self, name: str) -> tuple[Provision, ...]:
        """Return all versions of one provision, oldest first."""
        found = self._provisions.get(name)
        if found:
            return found
        raise NoLaw(
            where="policies/law",
            found=f"no provision {name}",
            expected="one of " + ", ".join(sorted(self._provisions)),
            remedy="Use a name that policies/law holds.",
        )

    def on(self, name: str, day: date) -> Provision:
        """Return the version of the provision in force on the day of the act."""
        for law in self.versions(name):
            if law.governs(day):
                return law
        raise NoLaw(
            where=name,
            found=f"no version in force on {day}",
            expected="one of "
            + "; ".join(f"{law.version} from {law.valid_from}" for law in self.versions(name)),
            remedy="Check the day of the act, or add the version with its source to policies/law.",
        )

    def spans(self, name: str, from_day: date, to_day: date) -> tuple[LawSpan, ...]:
        """Split the days from `from_day` to before `to_day` at each change of the provision."""
        require(
            from_day < to_day,
            where=f"{name} span",
            found=f"{from_day} to {to_day}",
            expected="a first day before the day on which it ends",
            remedy="Give the first day of the act and the first day after it.",
        )
        spans: list[LawSpan] = []
        day = from_day
        while day < to_day:
            law = self.on(name, day)
            end = min(to_day, law.valid_to or to_day)
            spans.append(LawSpan(law, Decimal((end - day).days), day, end))
            day = end
        return tuple(spans)

    def under(self, local: Iterable[Provision]) -> LawBook:
        """Return the book with local provisions (地方规定) in place of the national ones on the days on which they are in force."""
        merged = dict(self._provisions)
        for law in local:
            others = [part for other in merged.get(law.name, ()) for part in _outside(other, law)]
            merged[law.name] = tuple(sorted([*others, law], key=lambda one: one.valid_from or date.min))
        return LawBook(merged)


def _outside(law: Provision, other: Provision) -> Iterator[Provision]:
    """Yield what is left of a version before and after the days of another one."""
    begin, end = other.valid_from or date.min, other.valid_to or date.max
    first, last = law.valid_from or date.min, law.valid_to or date.max
    if first < begin:
        yield replace(law, valid_to=min(last, begin) if begin < last else law.valid_to)
    if last > end:
        yield replace(law, valid_from=max(first, end) if end > first else law.valid_from)


def law_on(name: str, day: date) -> Provision:
    """Return the national version of the provision in force on the day of the act."""
    return national().on(name, day)


def law_of(name: str, version: str) -> Provision:
    """Return the provision in the named version."""
    for law in versions(name):
        if law.version == version:
            return law
    raise NoLaw(
        where=name,
        found=f"version {version}",
        expected="one of " + ", ".join(law.version for law in versions(name)),
        remedy="Name a version that policies/law holds.",
    )


def spans_of(name: str, from_day: date, to_day: date) -> tuple[LawSpan, ...]:
    """Split the days from `from_day` to before `to_day` at each change of the national provision."""
    return national().spans(name, from_day, to_day)


def versions(name: str) -> tuple[Provision, ...]:
    """Return all national versions of one provision, oldest first."""
    return national().versions(name)


@cache
def national() -> LawBook:
    """Return the law books that the project ships, without any local one."""
    collected: dict[str, list[Provision]] = {}
    for path in sorted(files("jicha").joinpath("policies", "law").iterdir(), key=lambda entry: entry.name):
        if path.name.endswith(".yaml"):
            for row in yaml.safe_load(path.read_text(encoding="utf-8"))["provisions"]:
                collected.setdefault(row["provision"], []).append(provision_of(row))
    ordered = {
        name: tuple(sorted(laws, key=lambda law: law.valid_from or date.min))
        for name, laws in collected.items()
    }
    return LawBook(ordered)


def provision_of(row: Mapping[str, Any]) -> Provision:
    """Return the provision of one row of a law book."""
    return Provision(
        name=row["provision"],
        version=row["version"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        source=row["source"],
        article=row["article"],
        mark=row["mark"],
        verified=row["verified"],
        values={key: _value(value) for key, value in row["values"].items()},
    )


def _value(written: str | bool | None) -> Value:
    return Decimal(written) if isinstance(written, str) else written
