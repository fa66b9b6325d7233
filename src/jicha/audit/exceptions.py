"""The white list (白名单): what a rule shall not report again, by whom approved and until when.

Exceptions live in the user's home, outside the library, and survive its upgrade. What they silence is counted.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from jicha.audit.yaml_file import Keys, YamlProblem, read_mapping
from jicha.errors import ExplainedError


@dataclass(frozen=True, slots=True)
class ExceptionEntry:
    """One approved exception: the rule, the subject, why, who, from and until when (exclusive)."""

    rule_id: str
    subject_id: str
    reason: str
    approved_by: str
    added_on: date
    expires_on: date

    def covers(self, rule_id: str, subject_id: str, day: date) -> bool:
        """Return whether the exception silences a finding of the rule on the subject on that day."""
        return (self.rule_id, self.subject_id) == (rule_id, subject_id) and day < self.expires_on


class ExceptionList:
    """The exceptions of one home, kept as one YAML file that people can read and review."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries = self._read()

    def _read(self) -> list[ExceptionEntry]:
        if not self.path.exists():
            return []
        problems: list[str] = []
        items = read_mapping(self.path).get("exceptions", [])
        entries = [
            _entry(item, f"{self.path.name}: exceptions[{n}]", problems) for n, item in enumerate(items, 1)
        ]
        if problems:
            raise YamlProblem(str(self.path), problems)
        return entries

    def add(self, entry: ExceptionEntry) -> None:
        """Keep one more exception; it needs a reason, an approver and an expiry after its start."""
        if not entry.reason.strip() or not entry.approved_by.strip():
            raise ExplainedError(
                where=f"exception of {entry.rule_id} on {entry.subject_id}",
                found="no reason or no approver",
                expected="both",
                remedy="Give --reason and --approved-by.",
            )
        if entry.expires_on <= entry.added_on:
            raise ExplainedError(
                where=f"exception of {entry.rule_id} on {entry.subject_id}",
                found=f"expiry {entry.expires_on}",
                expected=f"a day after {entry.added_on}",
                remedy="Give --expires a later day.",
            )
        kept = [e for e in self.entries if (e.rule_id, e.subject_id) != (entry.rule_id, entry.subject_id)]
        self._write([*kept, entry])

    def remove(self, rule_id: str, subject_id: str) -> bool:
        """Drop the exception; return whether there was one."""
        kept = [e for e in self.entries if (e.rule_id, e.subject_id) != (rule_id, subject_id)]
        removed = len(kept) < len(self.entries)
        if removed:
            self._write(kept)
        return removed

    def silenced(self, day: date) -> frozenset[tuple[str, str]]:
        """Return the (rule, subject) pairs that are silenced on the day."""
        return frozenset((e.rule_id, e.subject_id) for e in self.entries if day < e.expires_on)

    def _write(self, entries: Iterable[ExceptionEntry]) -> None:
        self.entries = sorted(entries, key=lambda e: (e.rule_id, e.subject_id))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        content = {"exceptions": [asdict(entry) for entry in self.entries]}
        draft = self.path.with_suffix(".tmp")
        with draft.open("w", encoding="utf-8") as file:
            yaml.safe_dump(content, file, allow_unicode=True, sort_keys=False)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)


def _entry(item: dict[str, Any], where: str, problems: list[str]) -> ExceptionEntry:
    keys = Keys(item, where, problems)
    entry = ExceptionEntry(
        rule_id=keys.take("rule_id", str),
        subject_id=keys.take("subject_id", str),
        reason=keys.take("reason", str),
        approved_by=keys.take("approved_by", str),
        added_on=keys.take("added_on", date, date.min),
        expires_on=keys.take("expires_on", date, date.min),
    )
    keys.finish()
    return entry
