"""Snapshots of the contract's tables on Parquet, named by a SQLite catalogue."""

from __future__ import annotations

from jicha.mart.catalogue import BatchInfo, BatchRecord, MartFile, SnapshotInfo, SourceFile
from jicha.mart.mart import Mart
from jicha.mart.snapshot import Snapshot
from jicha.mart.summary import LoadSummary, StagedTable, TableSummary

__all__ = [
    "BatchInfo",
    "BatchRecord",
    "LoadSummary",
    "Mart",
    "MartFile",
    "Snapshot",
    "SnapshotInfo",
    "SourceFile",
    "StagedTable",
    "TableSummary",
]
