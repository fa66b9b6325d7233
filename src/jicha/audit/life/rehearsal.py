"""Rules run over months without being kept: to preview a rule, to test it on the past, to compare two versions of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jicha.audit.library import Library
from jicha.audit.life.judgement import Judgement, Quiet, judge, quiets, share
from jicha.audit.life.outcomes import CONFIRMED, REFUTED, Outcome
from jicha.audit.run import AuditRun, RunOptions
from jicha.audit.run_store import RunStore
from jicha.mart import Mart, Snapshot

Progress = Callable[[str, int, int], None]
Outcomes = Callable[[str], Mapping[str, Outcome]]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What rules would have found: findings by month, and why a rule failed or lacked data."""

    findings: dict[date, pa.Table]
    gaps: dict[str, str]

    @property
    def all(self) -> pa.Table:
        """The findings of all months."""
        return pa.concat_tables(self.findings.values())


def rehearse(
    mart: Mart,
    snapshot: Snapshot,
    library: Library,
    options: RunOptions,
    months: Iterable[date],
    progress: Progress,
) -> Rehearsal:
    """Return what the rules of `options` find in the months, without exceptions; nothing of it is kept."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-", dir=_scratch(mart)) as name, snapshot.held():
        store = RunStore(Path(name))
        audit = AuditRun(mart, snapshot, library, options, lambda _day: frozenset(), progress, store)
        findings: dict[date, pa.Table] = {}
        gaps: dict[str, str] = {}
        for manifest in audit.over(months):
            found = store.findings(manifest)
            findings[manifest.month] = found.filter(pc.not_equal(found["status"], "cleared"))
            gaps |= {
                one.rule_id: one.detail
                for one in manifest.verdicts
                if one.verdict in ("failed", "insufficient_data")
            }
    return Rehearsal(findings, gaps)


def _scratch(mart: Mart) -> Path:
    folder = mart.root / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@dataclass(frozen=True, slots=True)
class MonthLine:
    """One rule in one past month: what it found and what became of that."""

    rule_id: str
    month: date
    findings: int
    confirmed: int
    refuted: int
    yuan_at_stake: Decimal

    @property
    def precision(self) -> Decimal | None:
        """The confirmed share of what was decided."""
        return share(Decimal(self.confirmed), Decimal(self.confirmed + self.refuted))


@dataclass(frozen=True, slots=True)
class Backtest:
    """A test on the past: a line a rule and month, a judgement and the proposed quiets of each rule."""

    lines: list[MonthLine]
    judgements: list[Judgement]
    quiets: list[Quiet]
    gaps: dict[str, str]


def backtest(rehearsal: Rehearsal, rule_ids: Sequence[str], outcomes: Outcomes) -> Backtest:
    """Return how the rules would have done in the rehearsed months, measured by what verification found."""
    lines, judgements, proposed = [], [], []
    for rule_id in rule_ids:
        known = outcomes(rule_id)
        rows: list[dict[str, Any]] = []
        for month, table in rehearsal.findings.items():
            mine = table.filter(pc.equal(table["rule_id"], rule_id)).to_pylist()
            lines.append(_line(rule_id, month, mine, known))
            rows += mine
        judgements.append(judge(rule_id, rows, known))
        proposed += quiets(rule_id, rows, known)
    return Backtest(lines, judgements, proposed, rehearsal.gaps)


def _line(rule_id: str, month: date, rows: list[dict[str, Any]], known: Mapping[str, Outcome]) -> MonthLine:
    results = [known[str(row["subject_id"])].result for row in rows if row["subject_id"] in known]
    yuan = sum((abs(row["yuan_at_stake"] or Decimal(0)) for row in rows), Decimal(0))
    return MonthLine(rule_id, month, len(rows), results.count(CONFIRMED), results.count(REFUTED), yuan)


@dataclass(frozen=True, slots=True)
class RuleDifference:
    """Two versions of one rule over the same months: found by both, only before, only after; changed are both with another amount."""

    same: int
    changed: pa.Table
    only_before: pa.Table
    only_after: pa.Table


def compare(before: Rehearsal, after: Rehearsal) -> RuleDifference:
    """Return what a change of rule or parameters makes of the findings of the rehearsed months."""
    keys = {which: _by_key(one) for which, one in (("before", before), ("after", after))}
    first, second = keys["before"], keys["after"]
    both = first.keys() & second.keys()
    moved = [second[key] for key in both if first[key]["yuan_at_stake"] != second[key]["yuan_at_stake"]]
    schema = before.all.schema
    tables = (
        moved, [row for key, row in first.items() if key not in both], [row for key, row in second.items() if key not in both],
    )  # fmt: skip
    ordered = [sorted(rows, key=lambda row: (row["bill_month"], str(row["subject_id"]))) for rows in tables]
    return RuleDifference(
        len(both) - len(moved), *(pa.Table.from_pylist(rows, schema=schema) for rows in ordered)
    )


def _by_key(one: Rehearsal) -> dict[tuple[date, str], dict[str, Any]]:
    return {
        (month, row["finding_id"]): row for month, table in one.findings.items() for row in table.to_pylist()
    }
