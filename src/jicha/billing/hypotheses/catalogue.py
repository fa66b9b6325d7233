"""How each cause is told, how usual it is and where it belongs: read from policies/causes/causes.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from jicha.billing.shipped_file import read_shipped

Words = Mapping[str, str]
LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Entry:
    """One cause: its rank (lower is more usual), its topic, the table to look at, its words."""

    code: str
    rank: int
    topic: str
    look_at: str
    title: Words
    message: Words


@cache
def catalogue() -> dict[str, Entry]:
    """Return every cause by its code."""
    return {code: Entry(code, **values) for code, values in _file()["causes"].items()}


def examined_bills() -> int:
    """Return of how many bills of a month the cause is looked for."""
    number: int = _file()["examined_bills"]
    return number


@cache
def _file() -> dict[str, Any]:
    return read_shipped("causes", "causes.yaml")


def worded(value: str, language: str) -> str:
    """Return a value as people read it: words for codes, everything else as it is."""
    word: dict[str, str] | None = _file()["words"].get(value)
    return value if word is None else word[language]


def told(code: str, used: str, due: str) -> dict[str, str]:
    """Return what was used and what should have been, in both languages."""
    message = catalogue()[code].message
    return {
        language: message[language].format(used=worded(used, language), due=worded(due, language))
        for language in LANGUAGES
    }


def direction(difference_yuan: Decimal) -> dict[str, str]:
    """Return by how much and for whom a bill is wrong, issued minus due."""
    kind = "company" if difference_yuan < 0 else "customer" if difference_yuan > 0 else "none"
    words = _file()["direction"][kind]
    return {language: words[language].format(yuan=f"{abs(difference_yuan):,.2f}") for language in LANGUAGES}
