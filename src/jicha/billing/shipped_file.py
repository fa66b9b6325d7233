"""Reads a YAML file of the shipped policies that needs no check by line."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml


def read_shipped(*path: str) -> dict[str, Any]:
    """Return the content of a file below policies/, read by the C parser where there is one: five times as fast."""
    text = files("jicha").joinpath("policies", *path).read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return content
