"""The table a person reads after a run: topics by yuan at stake, lives, verdicts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from jicha.audit.library import Library
from jicha.audit.run_store import RunManifest

STATUSES = ("new", "continuing", "recurred", "cleared")
VERDICTS = ("ran", "nothing_found", "insufficient_data", "failed")


@dataclass(slots=True)
class Stake:
    """Counts and sums of some findings; cleared ones count apart and add no money."""

    counts: Counter[str] = field(default_factory=Counter)
    yuan: Decimal = Decimal(0)
    refund_yuan: Decimal = Decimal(0)
    kwh: Decimal = Decimal(0)

    @property
    def open_count(self) -> int:
        """Findings that stand: all but the cleared."""
        return sum(self.counts[status] for status in STATUSES if status != "cleared")

    def add(self, status: str, direction: str | None, yuan: Decimal | None, kwh: Decimal | None) -> None:
        """Take one finding in."""
        self.counts[status] += 1
        if status != "cleared":
            self.kwh += kwh or 0
            if direction == "customer":
                self.refund_yuan += yuan or 0
            else:
                self.yuan += yuan or 0


@dataclass(slots=True)
class RuleLine:
    """One rule in the summary."""

    rule_id: str
    title: str
    topic: str
    severity: int
    stake: Stake
    silenced: int
    verdicts: Counter[str]
    missing: str
    seconds: float


@dataclass(slots=True)
class RunSummary:
    """A run in numbers, its rules ordered by yuan at stake."""

    run_id: str
    month: date
    as_of: date
    snapshot_id: int
    language: str
    total: Stake
    lines: list[RuleLine]
    organisations: dict[str, Stake]
    names: dict[str, str]
    verdicts: Counter[str]
    silenced: int
    silenced_yuan: Decimal
    seconds: float

    @property
    def topics(self) -> list[tuple[str, Stake]]:
        """Topic groups by yuan at stake, largest first."""
        groups: dict[str, Stake] = defaultdict(Stake)
        for line in self.lines:
            _merge(groups[line.topic], line.stake)
        return sorted(groups.items(), key=lambda item: (-item[1].yuan, -item[1].open_count, item[0]))

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as plain values for JSON; money as text."""
        return {
            "run_id": self.run_id,
            "month": f"{self.month:%Y-%m}",
            "as_of": self.as_of.isoformat(),
            "snapshot_id": self.snapshot_id,
            "total": _plain(self.total),
            "silenced": {"count": self.silenced, "yuan_at_stake": str(self.silenced_yuan)},
            "verdicts": {verdict: self.verdicts[verdict] for verdict in VERDICTS},
            "rules": [
                {"rule_id": line.rule_id, "title": line.title, "topic": line.topic, **_plain(line.stake),
                 "silenced": line.silenced, "verdicts": dict(line.verdicts), "missing": line.missing}
                for line in self.lines
            ],
            "seconds": self.seconds,
        }  # fmt: skip


def _plain(stake: Stake) -> dict[str, Any]:
    return {
        **{status: stake.counts[status] for status in STATUSES},
        "yuan_at_stake": f"{stake.yuan:.2f}",
        "refund_yuan": f"{stake.refund_yuan:.2f}",
        "kwh_at_stake": str(stake.kwh),
    }


def _merge(into: Stake, other: Stake) -> None:
    into.counts.update(other.counts)
    into.yuan += other.yuan
    into.refund_yuan += other.refund_yuan
    into.kwh += other.kwh


def summarise(
    findings: pa.Table, silenced: pa.Table, manifest: RunManifest, library: Library, language: str = "zh"
) -> RunSummary:
    """Return the run's numbers, exactly summed from its findings."""
    rules: dict[str, Stake] = defaultdict(Stake)
    organisations: dict[str, Stake] = defaultdict(Stake)
    total = Stake()
    columns = ("rule_id", "org_no", "status", "direction", "yuan_at_stake", "kwh_at_stake")
    for rule_id, org_no, status, direction, yuan, kwh in _values(findings, columns):
        for stake in (rules[rule_id], organisations[org_no or ""], total):
            stake.add(status, direction, yuan, kwh)
    lines = [_line(rule_id, rules[rule_id], manifest, library, language) for rule_id in _rule_ids(manifest)]
    return RunSummary(
        run_id=manifest.run_id,
        month=manifest.month,
        as_of=manifest.as_of,
        snapshot_id=manifest.snapshot_id,
        language=language,
        total=total,
        lines=sorted(lines, key=lambda line: (-line.stake.yuan, -line.stake.open_count, line.rule_id)),
        organisations=dict(sorted(organisations.items(), key=lambda item: -item[1].yuan)),
        names=manifest.organisations,
        verdicts=Counter(verdict.verdict for verdict in manifest.verdicts),
        silenced=silenced.num_rows,
        silenced_yuan=sum(
            (yuan or Decimal(0) for (yuan,) in _values(silenced, ("yuan_at_stake",))), Decimal(0)
        ),
        seconds=manifest.seconds.get("total", 0.0),
    )


def _rule_ids(manifest: RunManifest) -> dict[str, None]:
    """All rules of the run, and the user's own that could not be read and have only a verdict."""
    return dict.fromkeys([*manifest.rules, *(verdict.rule_id for verdict in manifest.verdicts)])


def _values(table: pa.Table, columns: tuple[str, ...]) -> Iterable[tuple[Any, ...]]:
    return zip(*(table[column].to_pylist() for column in columns), strict=True)


def _line(rule_id: str, stake: Stake, manifest: RunManifest, library: Library, language: str) -> RuleLine:
    rule = library.rules.get(rule_id)
    mine = [verdict for verdict in manifest.verdicts if verdict.rule_id == rule_id]
    details = dict.fromkeys(verdict.detail for verdict in mine if verdict.detail)
    return RuleLine(
        rule_id=rule_id,
        title=rule.title[language] if rule else rule_id,
        topic=rule.topic if rule else "",
        severity=rule.severity if rule else 0,
        stake=stake,
        silenced=sum(verdict.silenced for verdict in mine),
        verdicts=Counter(verdict.verdict for verdict in mine),
        missing="; ".join(details),
        seconds=manifest.seconds.get(rule_id, 0.0),
    )
