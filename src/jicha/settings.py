"""The settings of one home (settings.toml): limits, retention, local values of rule parameters and states of rules."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jicha.errors import ManyErrors


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user of a home decided; everything has a default that works on a laptop."""

    memory_limit: str = "2GB"
    threads: int | None = None
    keep_snapshots: int = 12
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)


class SettingsError(ManyErrors):
    """settings.toml says something that jicha does not know."""


_KINDS: dict[str, type] = {
    "memory_limit": str,
    "threads": int,
    "keep_snapshots": int,
    "parameters": dict,
    "rules": dict,
}


def read_settings(path: Path) -> Settings:
    """Return the settings of the file, or the defaults when there is none; all problems at once."""
    if not path.exists():
        return Settings()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(str(path), [f"{error}; correct the TOML there"]) from error
    problems = [f"{key} is not a setting; known: {', '.join(_KINDS)}" for key in content if key not in _KINDS]
    problems += [
        f"{key} is {content[key]!r}; expected {kind.__name__}"
        for key, kind in _KINDS.items()
        if key in content and not isinstance(content[key], kind)
    ]
    if problems:
        raise SettingsError(str(path), problems)
    return Settings(**content)
