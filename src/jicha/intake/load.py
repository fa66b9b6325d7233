"""Loads a delivery: read → map → check → quarantine → commit, all tables as one snapshot."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from jicha.errors import ExplainedError, ManyErrors
from jicha.intake import checks, control_totals, quarantine
from jicha.intake.databases import open_database
from jicha.intake.figures import file_reports
from jicha.intake.problems import Problem, ProblemKind, kinds_of
from jicha.intake.profile import Profile, read_profile
from jicha.intake.readers import Settings, read_mapped, read_source
from jicha.intake.report import ControlCheck, FileReport, LoadReport, Remark
from jicha.intake.sources import Delivery, Source, find
from jicha.intake.staging import StagedUnit
from jicha.mart import BatchInfo, LoadSummary, Mart, SourceFile, StagedTable
from jicha.mart.merge import Mode

Progress = Callable[[str, int, int], None]
_MOST_THREADS: Final = 8


def _silent(step: str, done: int, total: int) -> None:
    """Tell nobody."""


class CheckOnly(Exception):
    """Leaves the merge of a check before anything is committed."""


@dataclass(slots=True)
class Load:
    """One load on its way."""

    mart: Mart
    delivery: Delivery
    mode: Mode
    settings: Settings
    profile: Profile | None = None
    is_check: bool = False
    accept_control_difference: bool = False
    each_problem: Callable[[Problem], None] | None = None
    units: list[StagedUnit] = field(default_factory=list)
    controls: list[ControlCheck] = field(default_factory=list)
    files: list[FileReport] = field(default_factory=list)
    kinds: tuple[ProblemKind, ...] = ()
    remarks: Mapping[int, list[Remark]] = field(default_factory=dict)
    content: str = ""

    def run(self) -> LoadReport:
        """Read everything, then commit everything, or nothing."""
        self._read_sources()
        self._check_controls()
        self.remarks = checks.orphans(self.mart, self.units)
        self.content = content_of(self.units, self.profile.sha256 if self.profile else "")
        batch = BatchInfo(self.content, self._label(), tuple(source_file(unit) for unit in self.units))
        staged = [StagedTable(unit.table.name, tuple(unit.good_paths)) for unit in self.units]
        summary = self._merge(batch, staged)
        if summary.already_committed is not None:
            self._report_files(summary)
        return LoadReport(
            files=tuple(self.files),
            controls=tuple(self.controls),
            tables=tuple(table.as_json() for table in summary.tables),
            snapshot_id=summary.snapshot_id,
            batch=self.content[:12],
            is_repeated=summary.already_committed is not None,
            is_check=self.is_check,
            ignored=(*map(str, self.delivery.ignored), *self.settings.ignored),
            kinds=self.kinds,
        )

    def _read_sources(self) -> None:
        """Read all sources; tell the problems of all files at once."""
        if self.profile is not None:
            self.units = read_mapped(self.delivery.sources, self.mart, self.profile, self.settings)
            return
        problems: list[str] = []
        for source in self.delivery.sources:
            try:
                self.units += read_source(source, self.mart, self.settings)
            except ExplainedError as error:
                problems.append(str(error))
        if problems:
            raise ManyErrors("The delivery was refused and nothing was loaded", problems)

    def _check_controls(self) -> None:
        stated = control_totals.read(self.delivery.controls, self.mart.contract)
        self.controls = control_totals.compare(stated, self.units)
        wrong = [one for one in self.controls if not one.holds]
        if wrong and not (self.is_check or self.accept_control_difference):
            raise ManyErrors(
                "The delivery does not hold what its control totals state, and nothing was loaded",
                [control_totals.message(one) for one in wrong],
            )

    def _merge(self, batch: BatchInfo, staged: Sequence[StagedTable]) -> LoadSummary:
        seen: list[LoadSummary] = []

        def before_commit(summary: LoadSummary) -> None:
            seen.append(summary)
            self._report_files(summary)
            if self.is_check:
                self.kinds = kinds_of(self.mart, self.units, summary, self.each_problem)
                raise CheckOnly
            quarantine.write(self.mart, batch.content_sha256, self.mode, self.units, summary)

        try:
            return self.mart.merge(
                batch, staged, self.mode, self.settings.progress, before_commit=before_commit
            )
        except CheckOnly:
            return seen[0]

    def _report_files(self, summary: LoadSummary) -> None:
        """Work out the figures of each file and hold them to the promise that no row is lost."""
        known = summary.already_committed is not None
        aside = quarantine.conflicts_of(self.mart, self.content, self.mode) if known else {}
        self.files = file_reports(self.mart, self.units, summary, self.remarks, aside)
        for one in self.files:
            one.check()

    def _label(self) -> str:
        names = sorted({_shown(source) for source in self.delivery.sources})
        return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _shown(source: Source) -> str:
    """Return a source for the list of deliveries: never with a password."""
    return open_database(source.place).place if source.kind == "database" else Path(source.place).name


def content_of(units: Sequence[StagedUnit], mapping: str) -> str:
    """Return the hash that names the content of a delivery and its mapping, whatever its files are called."""
    lines = [mapping, *sorted(f"{unit.table.name}\t{unit.sha256}\n" for unit in units)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def source_file(unit: StagedUnit) -> SourceFile:
    """Return what the catalogue keeps of a delivered file."""
    return SourceFile(
        unit.file_id,
        unit.table.name,
        unit.place,
        unit.sha256,
        unit.bytes,
        unit.encoding,
        unit.rows_read,
        unit.bad,
    )


def run(
    mart: Mart,
    sources: Sequence[str | Path],
    *,
    profile: str | Path | None,
    mode: Mode,
    progress: Progress | None,
    memory_limit: str,
    threads: int | None,
    encoding: str | None,
    is_check: bool,
    accept_control_difference: bool,
    each_problem: Callable[[Problem], None] | None = None,
) -> LoadReport:
    """Load, or only check, a delivery."""
    mapping = read_profile(profile, mart.contract) if profile is not None else None
    delivery = find(sources, mapping.names if mapping else mart.contract.tables)
    with mart.staging() as folder:
        count = threads or min(os.cpu_count() or 1, _MOST_THREADS)
        settings = Settings(folder, memory_limit, count, encoding, progress or _silent)
        return Load(
            mart, delivery, mode, settings, mapping, is_check, accept_control_difference, each_problem
        ).run()


__all__ = ["Load", "Remark", "content_of", "run", "source_file"]
