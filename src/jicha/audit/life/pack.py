"""The upgrade of the rule pack (规则包): what a new library changes, beside what this home has of its own, three-way."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from jicha.audit.exceptions import ExceptionEntry
from jicha.audit.library import Library
from jicha.audit.rule import Parameter, Rule, parse_value
from jicha.audit.yaml_file import read_mapping

Pack = dict[str, dict[str, Any]]
# kinds of change, the first ones must be decided by a person
CONFLICTS = ("value_and_default_changed", "value_out_of_bounds", "parameter_gone", "rule_gone")
NOTES = (
    "new_rule",
    "meaning_changed",
    "default_changed",
    "state_changed",
    "value_kept",
    "state_kept",
    "exceptions_kept",
)


@dataclass(frozen=True, slots=True)
class PackChange:
    """One difference between the pack last accepted, this home and the pack now: `before`, `local`, `after`."""

    kind: str
    rule_id: str
    name: str
    before: str
    local: str
    after: str

    @property
    def is_conflict(self) -> bool:
        """Whether a person must decide: both sides changed, or what is set locally has no place any more."""
        return self.kind in CONFLICTS


def pack_of(library: Library) -> Pack:
    """Return what a pack is remembered by: version, meaning, state and parameters of each shipped rule."""
    return {rule_id: _remembered(rule) for rule_id, rule in sorted(library.shipped.rules.items())}


def _remembered(rule: Rule) -> dict[str, Any]:
    return {
        "version": rule.version,
        "sha256": rule.sha256,
        "status": rule.status,
        "parameters": {name: _text(one.default) for name, one in sorted(rule.parameters.items())},
    }


def _text(value: object) -> str:
    return ",".join(str(item) for item in value) if isinstance(value, (list, tuple)) else str(value)


def read_pack(path: Path) -> Pack | None:
    """Return the pack that this home last accepted; None before the first."""
    return read_mapping(path)["rules"] if path.exists() else None


def write_pack(path: Path, pack: Pack, version: str) -> None:
    """Remember a pack as accepted, whole or not at all."""
    draft = path.with_suffix(".tmp")
    with draft.open("w", encoding="utf-8") as file:
        yaml.safe_dump({"jicha": version, "rules": pack}, file, allow_unicode=True, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def compare_packs(
    before: Pack,
    library: Library,
    parameters: Mapping[str, Mapping[str, Any]],
    states: Mapping[str, str],
    exceptions: Iterable[ExceptionEntry],
) -> list[PackChange]:
    """Return every change, conflicts first; `library` in the states that it is shipped with."""
    excepted: dict[str, int] = {}
    for entry in exceptions:
        excepted[entry.rule_id] = excepted.get(entry.rule_id, 0) + 1
    after = pack_of(library)
    own = set(library.rules) - set(after)
    ids = sorted({*before, *after, *parameters, *states, *excepted} - own)
    changes = [
        change
        for rule_id in ids
        for change in _of_rule(
            rule_id, before.get(rule_id), library.rules.get(rule_id), parameters.get(rule_id, {}), states.get(rule_id), excepted.get(rule_id, 0)
        )
    ]  # fmt: skip
    order = {kind: number for number, kind in enumerate((*CONFLICTS, *NOTES))}
    return sorted(changes, key=lambda one: (order[one.kind], one.rule_id, one.name))


def _of_rule(
    rule_id: str,
    old: Mapping[str, Any] | None,
    rule: Rule | None,
    local: Mapping[str, Any],
    state: str | None,
    exceptions: int,
) -> Iterator[PackChange]:
    version = "" if old is None else f"version {old['version']}"
    if rule is None:
        mine = [f"{name} = {_text(value)}" for name, value in local.items()]
        mine += ([state] if state else []) + ([f"{exceptions} exceptions"] if exceptions else [])
        yield PackChange("rule_gone", rule_id, "", version, ", ".join(mine), "")
        return
    if old is None:
        yield PackChange("new_rule", rule_id, "", "", state or "", f"version {rule.version}, {rule.status}")
        old = _remembered(rule)
    elif old["sha256"] != rule.sha256:
        yield PackChange("meaning_changed", rule_id, "", version, state or "", f"version {rule.version}")
    if old["status"] != rule.status:
        yield PackChange("state_changed", rule_id, "", old["status"], state or "", rule.status)
    if state is not None:
        yield PackChange("state_kept", rule_id, "", old["status"], state, rule.status)
    if exceptions:
        yield PackChange("exceptions_kept", rule_id, "", "", str(exceptions), "")
    yield from _of_parameters(rule_id, old["parameters"], rule.parameters, local)


def _of_parameters(
    rule_id: str, old: Mapping[str, str], new: Mapping[str, Parameter], local: Mapping[str, Any]
) -> Iterator[PackChange]:
    for name in sorted({*old, *new, *local}):
        before, own = old.get(name, ""), _text(local[name]) if name in local else ""
        after = _text(new[name].default) if name in new else ""
        kind = _kind(before, own, after, new.get(name), local.get(name))
        if kind:
            yield PackChange(kind, rule_id, name, before, own, after)


def _kind(before: str, own: str, after: str, parameter: Parameter | None, value: Any) -> str | None:
    if parameter is None:
        return "parameter_gone" if own else None
    if own and not _fits(parameter, value):
        return "value_out_of_bounds"
    if before != after and before:
        return "value_and_default_changed" if own else "default_changed"
    return "value_kept" if own else None


def _fits(parameter: Parameter, value: Any) -> bool:
    try:
        parsed: Any = parse_value(parameter.kind, value)
    except ValueError:
        return False
    low: Any = parameter.low
    high: Any = parameter.high
    return (low is None or parsed >= low) and (high is None or parsed <= high)
