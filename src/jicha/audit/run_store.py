"""Where runs are kept: one folder a run, written whole or not at all, so that any past month can be read again."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jicha.audit.finding import FINDING_SCHEMA
from jicha.errors import ExplainedError


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule could say of one organisation."""

    rule_id: str
    org_no: str
    verdict: str  # ran | nothing_found | insufficient_data | failed
    findings: int = 0
    silenced: int = 0
    yuan_at_stake: str = "0.00"
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RunManifest:
    """Everything that decided a run's result, and what it cost: with it the run can be repeated exactly."""

    run_id: str
    month: date
    as_of: date
    snapshot_id: int
    snapshot_fingerprint: str
    scope: str
    rules: dict[str, dict[str, Any]]
    library_sha256: str
    base_run_id: str | None
    same_month_run_id: str | None
    verdicts: list[Verdict]
    organisations: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    started_at: str = ""
    is_selection: bool = False  # only some rules were asked for; then it is no base for a run of all

    @property
    def order(self) -> tuple[date, int, str]:
        """Runs in the order in which their months and snapshots follow each other."""
        return (self.month, self.snapshot_id, self.started_at)


class RunStore:
    """The runs of one home."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[tuple[str, int], RunManifest] = {}

    def manifests(self) -> list[RunManifest]:
        """Return all runs, oldest month and snapshot first."""
        # A draft that a killed process left begins with a dot and is no run.
        paths = (path for path in self.folder.glob("*/run.json") if not path.parent.name.startswith("."))
        return sorted((self._manifest(path) for path in paths), key=lambda manifest: manifest.order)

    def _manifest(self, path: Path) -> RunManifest:
        """Return a manifest, parsed once: hundreds of months may lie behind an audit."""
        key = (str(path), path.stat().st_mtime_ns)
        if key not in self._read:
            self._read[key] = _manifest(path)
        return self._read[key]

    def manifest(self, run_id: str | None = None) -> RunManifest:
        """Return one run, the newest if none is named."""
        known = self.manifests()
        for manifest in known:
            if manifest.run_id == run_id:
                return manifest
        if run_id is None and known:
            return max(known, key=lambda manifest: manifest.started_at)
        raise ExplainedError(
            where="runs",
            found=run_id or "no run",
            expected="a run of this home" + "".join(f" {m.run_id}" for m in known[-5:]),
            remedy="Run `jicha audit --month …` first.",
        )

    def base(
        self, scope: str, month: date, snapshot_id: int, rules: frozenset[str] | None = None
    ) -> RunManifest | None:
        """Return the run that a new one of these rules is compared with (None: of all rules).

        It is the last one of an earlier month, or of this month on an older snapshot.
        """
        earlier = self._comparable(scope, rules)
        before = (m for m in earlier if (m.month, m.snapshot_id) < (month, snapshot_id))
        return max(before, key=lambda m: m.order, default=None)

    def same_month(
        self, scope: str, month: date, snapshot_id: int, rules: frozenset[str] | None = None
    ) -> RunManifest | None:
        """Return the last run of this very month on an older snapshot."""
        older = (
            m for m in self._comparable(scope, rules) if m.month == month and m.snapshot_id < snapshot_id
        )
        return max(older, key=lambda m: m.order, default=None)

    def _comparable(self, scope: str, rules: frozenset[str] | None) -> list[RunManifest]:
        """A run of some rules knows nothing of the others: it is a base only for runs of those some."""
        return [
            m
            for m in self.manifests()
            if m.scope == scope and (not m.is_selection or (rules is not None and rules <= set(m.rules)))
        ]

    def ledger(self, manifest: RunManifest | None) -> pa.Table | None:
        """Return every finding ever seen up to the run, with its life."""
        return None if manifest is None else pq.read_table(self.folder / manifest.run_id / "ledger.parquet")

    def findings(self, manifest: RunManifest, *, silenced: bool = False) -> pa.Table:
        """Return the run's findings in the shape of FINDING_SCHEMA; silenced ones only when asked for."""
        ledger = pq.read_table(self.folder / manifest.run_id / "ledger.parquet")
        return findings_of(ledger, manifest.run_id, silenced=silenced)

    def write(self, manifest: RunManifest, ledger: pa.Table) -> None:
        """Keep the run: complete in a draft folder, then renamed; a repeated run takes the place of its equal."""
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f".draft-{uuid.uuid4().hex}"
        draft.mkdir()
        try:
            pq.write_table(ledger, draft / "ledger.parquet", compression="zstd")
            (draft / "run.json").write_text(_json(manifest), encoding="utf-8")
            for path in draft.iterdir():
                _sync(path)
            self._take_place(draft, self.folder / manifest.run_id)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _take_place(self, draft: Path, place: Path) -> None:
        if place.exists():
            old = place.with_name(f".old-{uuid.uuid4().hex}")
            place.rename(old)
            draft.rename(place)
            shutil.rmtree(old)
        else:
            draft.rename(place)
        _sync(self.folder)

    def pinned_snapshots(self) -> frozenset[int]:
        """Return the snapshots that runs refer to."""
        return frozenset(manifest.snapshot_id for manifest in self.manifests())


def findings_of(ledger: pa.Table, run_id: str, *, silenced: bool = False) -> pa.Table:
    """Return the rows of the ledger that the run judged, as findings."""
    mine = pc.and_(pc.equal(ledger["run_id"], run_id), pc.equal(ledger["silenced"], silenced))
    return ledger.filter(mine).select(FINDING_SCHEMA.names)


def _json(manifest: RunManifest) -> str:
    return json.dumps(asdict(manifest), ensure_ascii=False, indent=1, default=str)


def _manifest(path: Path) -> RunManifest:
    content = json.loads(path.read_text(encoding="utf-8"))
    content["month"] = date.fromisoformat(content["month"])
    content["as_of"] = date.fromisoformat(content["as_of"])
    content["verdicts"] = [Verdict(**verdict) for verdict in content["verdicts"]]
    return RunManifest(**content)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def now_text() -> str:
    """Return this moment with its offset, for the manifest only: no finding depends on it."""
    return datetime.now().astimezone().isoformat(timespec="microseconds")


def verdict_rows(manifest: RunManifest) -> Iterator[dict[str, Any]]:
    """Yield the run's verdicts as plain mappings."""
    for verdict in manifest.verdicts:
        yield asdict(verdict)
