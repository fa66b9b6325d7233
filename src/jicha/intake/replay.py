"""Brings fixed rows of the quarantine into the mart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jicha.errors import ManyErrors
from jicha.intake import quarantine
from jicha.intake.batches import TextRow, TypedRows, as_raw, read_carefully
from jicha.intake.figures import file_reports
from jicha.intake.quarantine_files import read_fixed
from jicha.intake.report import LoadReport
from jicha.intake.staging import StagedUnit, write_part
from jicha.intake.worklist import WorkList
from jicha.mart import BatchInfo, LoadSummary, Mart, SourceFile, StagedTable


@dataclass(slots=True)
class _Work:
    """The rows of a fixed work list, table by table, and the entries that they settle."""

    rows: dict[str, list[TextRow]] = field(default_factory=dict)
    ids: dict[tuple[str, int], str] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)


def replay(mart: Mart, fixed: str | Path) -> LoadReport:
    """Load the rows of a fixed work list; those that are still bad stay in quarantine.

    A row whose `_decision` is `drop` is settled without being loaded; rows taken out of the list stay as they are.
    """
    path = Path(fixed)
    content = hashlib.sha256(path.read_bytes()).hexdigest()
    known = WorkList(mart).table_of()
    # A list that was replayed before settles nothing more: its entries are no longer in quarantine.
    work = _read(path, None if mart.committed_batch(content) else known)
    with mart.staging() as folder:
        units = [_stage(mart, path, table, rows, folder) for table, rows in work.rows.items()]
        return _commit(mart, content, units, work, path)


def _read(path: Path, known: dict[str, str] | None) -> _Work:
    """Sort the rows by table; refuse rows that the quarantine does not know."""
    work, problems = _Work(), []
    for line, values in read_fixed(path):
        entry, table = values.get("_id") or "", values.get("_table") or ""
        if known is not None and known.get(entry) != table:
            problems.append(
                f"{path}:{line}:_id: found {entry!r}; expected a row that is in quarantine for {table!r}"
            )
        elif (values.get("_decision") or "").strip().lower() == "drop":
            work.dropped.append(entry)
        else:
            texts = {name: text for name, text in values.items() if not name.startswith("_")}
            work.rows.setdefault(table, []).append(TextRow(line, texts, as_raw(texts.values())))
            work.ids[(table, line)] = entry
    if problems:
        raise ManyErrors("The work list does not fit the quarantine and nothing was loaded", problems)
    return work


def _stage(mart: Mart, path: Path, table: str, rows: Sequence[TextRow], folder: Path) -> StagedUnit:
    unit = StagedUnit(mart.reserve_source_ids(1)[0], str(path), mart.contract.table(table), "work list")
    unit.bytes, unit.sha256 = path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()
    typed = TypedRows(rows_read=len(rows))
    read_carefully(unit.table, rows, typed)
    unit.bad_lines = frozenset(row.line for row in typed.bad)
    unit.take(write_part(folder, unit, typed))
    return unit


def _commit(mart: Mart, content: str, units: Sequence[StagedUnit], work: _Work, path: Path) -> LoadReport:
    sources = tuple(
        SourceFile(u.file_id, u.table.name, u.place, u.sha256, u.bytes, u.encoding, u.rows_read, u.bad)
        for u in units
    )
    batch = BatchInfo(content, f"replay of {path.name}", sources)

    def before_commit(summary: LoadSummary) -> None:
        for one in file_reports(mart, units, summary, {}, {}):
            one.check()
        _settle(mart, content, units, work, summary)

    staged = [StagedTable(unit.table.name, tuple(unit.good_paths)) for unit in units]
    summary = mart.merge(batch, staged, before_commit=before_commit)
    return LoadReport(
        files=tuple(file_reports(mart, units, summary, {}, {})),
        controls=(),
        tables=tuple(table.as_json() for table in summary.tables),
        snapshot_id=summary.snapshot_id,
        batch=content[:12],
        is_repeated=summary.already_committed is not None,
    )


def _settle(mart: Mart, content: str, units: Sequence[StagedUnit], work: _Work, summary: LoadSummary) -> None:
    """Write which entries this replay settles; they count as settled once the batch is committed."""
    still_bad = {(unit.table.name, line) for unit in units for line in unit.bad_lines}
    still_bad |= {(table.table, line) for table in summary.tables for _, line, _ in table.conflict_places()}
    settled = [entry for place, entry in work.ids.items() if place not in still_bad] + work.dropped
    folder = quarantine.folder_of(mart)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{content}.part"
    part.write_text(json.dumps(sorted(settled)), encoding="utf-8")
    part.replace(folder / f"{content}.fixed.json")
