"""rules.lock: id → version and sha256. A published rule never changes its meaning silently."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from jicha.audit.library import RULES_FOLDER, Library
from jicha.audit.rule import Rule
from jicha.audit.yaml_file import read_mapping

LOCK_PATH = RULES_FOLDER / "rules.lock"
Lock = dict[str, dict[str, int | str]]


def read_lock(path: Path = LOCK_PATH) -> Lock:
    """Return the lock's content; empty when there is none yet."""
    return read_mapping(path) if path.exists() else {}


def entry(rule: Rule) -> dict[str, int | str]:
    """Return what the lock says of the rule."""
    return {"name": rule.name, "version": rule.version, "sha256": rule.sha256}


def violations(library: Library, lock: Mapping[str, Mapping[str, int | str]]) -> list[str]:
    """Return each rule whose meaning differs from the lock without a higher version, and each that is unknown."""
    problems = []
    for rule_id, rule in library.rules.items():
        locked = lock.get(rule_id)
        if locked is None:
            problems.append(f"{rule_id} is not in rules.lock; run `jicha rules lock`")
        elif locked["sha256"] != rule.sha256 and rule.version <= int(locked["version"]):
            problems.append(
                f"{rule_id} changed but is still version {rule.version}; raise `version` in {rule.path.name}, "
                "then run `jicha rules lock`"
            )
        elif locked["sha256"] != rule.sha256:
            problems.append(f"{rule_id} version {rule.version} is not locked yet; run `jicha rules lock`")
    gone = sorted(set(lock) - set(library.rules))
    return problems + [f"{rule_id} is locked but gone; move its files to rules/_retired/" for rule_id in gone]


def write_lock(library: Library, path: Path = LOCK_PATH) -> list[str]:
    """Write the lock of the library; refuse (and return why) where a meaning changed without a new version."""
    lock = read_lock(path)
    refused = [p for p in violations(library, lock) if "still version" in p]
    if not refused:
        content = {rule_id: entry(rule) for rule_id, rule in sorted(library.rules.items())}
        path.write_text(yaml.safe_dump(content, sort_keys=True, allow_unicode=True), encoding="utf-8")
    return refused
