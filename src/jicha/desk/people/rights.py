"""Roles and their rights, as policies/desk/roles.yaml states them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jicha.audit.yaml_file import read_mapping

POLICIES = Path(__file__).resolve().parents[2] / "policies" / "desk"


@dataclass(frozen=True, slots=True)
class Role:
    """What a post allows, and how it is called in each language."""

    code: str
    title: Mapping[str, str]
    rights: frozenset[str]


@cache
def rights() -> Mapping[str, Mapping[str, str]]:
    """Return the words of every right."""
    found: Mapping[str, Mapping[str, str]] = read_mapping(POLICIES / "roles.yaml")["rights"]
    return found


@cache
def roles() -> Mapping[str, Role]:
    """Return every role by its code."""
    told = read_mapping(POLICIES / "roles.yaml")["roles"]
    return {code: Role(code, one["title"], frozenset(one["rights"])) for code, one in told.items()}


def roles_with(right: str) -> frozenset[str]:
    """Return the codes of the roles that hold the right."""
    return frozenset(code for code, role in roles().items() if right in role.rights)
