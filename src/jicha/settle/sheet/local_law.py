"""Local rules (地方规定): further acts and methods of quantity, and provisions in place of the national ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from jicha.settle.law import LawBook, Provision, national, provision_of
from jicha.settle.problems import ImpossibleInput

SEEN = "seen"


@dataclass(frozen=True, slots=True)
class LocalRule:
    """An act or a method of a local rule, and how sure it is."""

    name: str
    title: Mapping[str, str]
    source: str
    article: str | None
    mark: str
    verified: bool

    @property
    def clause(self) -> str:
        """Source and article; one that was not read is not named."""
        return f"{self.source} {self.article}" if self.article and self.verified else f"{self.source} (?)"


@dataclass(frozen=True)
class LocalLaw:
    """The book of one province."""

    name: str
    title: Mapping[str, str]
    acts: Mapping[str, LocalRule]
    methods: Mapping[str, LocalRule]
    provisions: tuple[Provision, ...] = ()

    def book(self) -> LawBook:
        """Return the national book under the local provisions."""
        return national().under(self.provisions)


@cache
def seen() -> LocalLaw:
    """Return what was seen in provincial texts, whichever the province."""
    shipped = files("jicha").joinpath("policies", "law", "provinces", f"{SEEN}.yaml")
    return _local(yaml.safe_load(shipped.read_text(encoding="utf-8")), f"{SEEN}.yaml")


def local_law(name: str, folder: Path | None = None) -> LocalLaw:
    """Return the book of a province from `<home>/law/<name>.yaml`, on top of what was seen anywhere; without a name only that."""
    if name in ("", SEEN):
        return seen()
    path = folder / f"{name}.yaml" if folder else None
    if path is None or not path.is_file() or Path(name).name != name:
        known = sorted(one.stem for one in folder.glob("*.yaml")) if folder and folder.is_dir() else []
        raise ImpossibleInput(
            where="province", found=name, expected=f"one of {', '.join([SEEN, *known])}",
            remedy="Write the book of the province into <home>/law/, or leave the province out.",
        )  # fmt: skip
    own = _local(_read(path), path.name)
    return LocalLaw(
        own.name, own.title, {**seen().acts, **own.acts}, {**seen().methods, **own.methods}, own.provisions
    )


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ImpossibleInput(
            where=path.name, found=str(error), expected="a law book in YAML", remedy="Correct the file."
        ) from error


def _local(content: Any, file: str) -> LocalLaw:
    try:
        return LocalLaw(
            name=content["book"],
            title=content["title"],
            acts={row["act"]: _rule(row["act"], row) for row in content.get("acts", ())},
            methods={row["method"]: _rule(row["method"], row) for row in content.get("methods", ())},
            provisions=tuple(_dated(provision_of(row)) for row in content.get("provisions", ())),
        )
    except (KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise ImpossibleInput(
            where=file, found=f"{type(error).__name__} {error}", expected="book, title, acts, methods and provisions as in provinces/seen.yaml",
            remedy="Complete the row; every one names its source, mark and whether it was verified.",
        ) from error  # fmt: skip


def _rule(name: str, row: Mapping[str, Any]) -> LocalRule:
    return LocalRule(
        name,
        {"zh": row["zh"], "en": row["en"]},
        row["source"],
        row["article"],
        row["mark"],
        row["verified"],
    )


def _dated(law: Provision) -> Provision:
    if not isinstance(law.valid_from, date):
        raise TypeError(f"{law.name}: no valid_from")
    return law
