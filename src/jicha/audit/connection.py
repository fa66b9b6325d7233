"""The engine as audits use it: bounded memory, a folder to spill into, no bar of its own."""

from __future__ import annotations

from typing import Any

import duckdb

from jicha.errors import ExplainedError
from jicha.mart import Mart


def connect(mart: Mart, memory_limit: str, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """Return a connection with these limits that spills into the mart's own folder."""
    folder = mart.root / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    config: dict[str, Any] = {
        "memory_limit": memory_limit,
        "temp_directory": str(folder),
        "preserve_insertion_order": False,
    }
    if threads:
        config["threads"] = threads
    try:
        connection = duckdb.connect(config=config)
        # Our own bar shows what is being done, not how far a query is.
        connection.execute("SET enable_progress_bar = false")
        return connection
    except duckdb.Error as error:
        raise ExplainedError(
            where="memory_limit and threads",
            found=f"{memory_limit}, {threads} ({error})",
            expected="a size such as 2GB and a number of threads from 1",
            remedy="Correct them on the command line or in settings.toml.",
        ) from error
