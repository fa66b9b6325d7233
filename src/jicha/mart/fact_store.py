"""Derived tables (facts) kept as Parquet: built once a snapshot and month, read by many rules."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from typing import Final

import duckdb

from jicha.mart.columns import literal, quoted
from jicha.mart.lock import owned_folder
from jicha.mart.mart import Mart
from jicha.mart.queries import named_queries
from jicha.mart.snapshot import Snapshot
from jicha.mart.storage import explained_disk_errors, remove_files, sync_file, sync_folder

_FINGERPRINT_DIGITS: Final = 16


def fact_key(snapshot: Snapshot, sql: str, month: date | None = None) -> str:
    """Return the key of a fact: the snapshot in front, so that garbage can be told, then the text and the month."""
    text = f"{sql}\n{month or ''}"
    return f"{snapshot.fingerprint[:_FINGERPRINT_DIGITS]}-{hashlib.sha256(text.encode()).hexdigest()[:24]}"


class FactStore:
    """The facts of one mart, as <mart>/facts/<fact>/<key>.parquet."""

    def __init__(self, mart: Mart) -> None:
        self._mart = mart
        self._folder = mart.root / "facts"
        self._sql = named_queries("facts.sql")

    def path(self, fact_name: str, key: str) -> Path:
        """Return where a fact is, or would be."""
        return self._folder / fact_name / f"{key}.parquet"

    def exists(self, fact_name: str, key: str) -> bool:
        """Tell whether a fact was built."""
        return self.path(fact_name, key).exists()

    def write(self, fact_name: str, key: str, connection: duckdb.DuckDBPyConnection, sql: str) -> Path:
        """Write the rows of a query as a fact: whole or not at all, also when two audits build it at once."""
        target = self.path(fact_name, key)
        with explained_disk_errors(self._mart.root, f"building the fact {fact_name}"):
            target.parent.mkdir(parents=True, exist_ok=True)
            with owned_folder(self._mart.root / "tmp") as folder:
                made = folder / "fact.parquet"
                connection.execute(self._sql["write"].format(rows=sql, path=literal(str(made))))
                sync_file(made)
                made.replace(target)
            sync_folder(target.parent)
        return target

    def create_view(self, connection: duckdb.DuckDBPyConnection, fact_name: str, key: str) -> None:
        """Make a fact readable by its name."""
        path = literal(str(self.path(fact_name, key)))
        connection.execute(self._sql["view"].format(fact=quoted(fact_name), path=path))

    def collect_garbage(self) -> int:
        """Delete the facts of dropped snapshots; return the bytes set free."""
        kept = {info.fingerprint[:_FINGERPRINT_DIGITS] for info in self._mart.snapshots()}
        found = list(self._folder.glob("*/*.parquet"))
        # Folders stay: an audit may be about to put a fact there.
        return remove_files((path for path in found if path.stem.split("-")[0] not in kept), prune=False)
