"""From a company's extract to a snapshot of the mart: read, map, check, quarantine, commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from jicha.intake import load as _load
from jicha.intake.coverage import CoverageReport, coverage
from jicha.intake.problems import Problem, ProblemKind
from jicha.intake.quarantine import Entry
from jicha.intake.quarantine_files import quarantine_export
from jicha.intake.replay import replay
from jicha.intake.report import ControlCheck, FileReport, LoadReport
from jicha.intake.worklist import Selection, WorkList
from jicha.intake.worklist import entries as quarantine_list
from jicha.mart import Mart
from jicha.mart.merge import Mode


def load(
    mart: Mart,
    sources: Sequence[str | Path],
    *,
    profile: str | Path | None = None,
    mode: Mode = "upsert",
    progress: Callable[[str, int, int], None] | None = None,
    memory_limit: str = "1GB",
    threads: int | None = None,
    encoding: str | None = None,
    accept_control_difference: bool = False,
) -> LoadReport:
    """Load a delivery (folders, files, database URLs) as one atomic snapshot and report every row."""
    return _load.run(
        mart,
        sources,
        profile=profile,
        mode=mode,
        progress=progress,
        memory_limit=memory_limit,
        threads=threads,
        encoding=encoding,
        is_check=False,
        accept_control_difference=accept_control_difference,
    )


def check(
    mart: Mart,
    sources: Sequence[str | Path],
    *,
    profile: str | Path | None = None,
    mode: Mode = "upsert",
    progress: Callable[[str, int, int], None] | None = None,
    memory_limit: str = "1GB",
    threads: int | None = None,
    encoding: str | None = None,
    each_problem: Callable[[Problem], None] | None = None,
) -> LoadReport:
    """Do all that a load does, except to commit: what would be added, corrected, repeated and quarantined.

    The report holds the first problems of each kind; `each_problem` is told of every one.
    """
    return _load.run(
        mart,
        sources,
        profile=profile,
        mode=mode,
        progress=progress,
        memory_limit=memory_limit,
        threads=threads,
        encoding=encoding,
        is_check=True,
        accept_control_difference=True,
        each_problem=each_problem,
    )


__all__ = [
    "ControlCheck",
    "CoverageReport",
    "Entry",
    "FileReport",
    "LoadReport",
    "Problem",
    "ProblemKind",
    "Selection",
    "WorkList",
    "check",
    "coverage",
    "load",
    "quarantine_export",
    "quarantine_list",
    "replay",
]
