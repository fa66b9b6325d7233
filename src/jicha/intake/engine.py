"""A DuckDB of one thread for the reading of files, and texts given to it without a disk."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import duckdb


def open_engine(memory_limit: str, threads: int = 1, spill: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Return a connection that never loads an extension from the network."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "threads": threads,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if spill is not None:
        config["temp_directory"] = str(spill)
    return duckdb.connect(":memory:", config=config)


@contextlib.contextmanager
def as_file(data: bytes, folder: Path) -> Iterator[str]:
    """Give bytes a path that an engine can open: in memory where the system has it, else in the folder."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("jicha-intake")
        try:
            _write_all(descriptor, data)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
        return
    path = folder / f"chunk-{os.getpid()}-{id(data)}.csv"
    try:
        path.write_bytes(data)
        yield str(path)
    finally:
        path.unlink(missing_ok=True)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
