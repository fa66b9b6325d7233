"""The third fence around a user's rule: a worker process that the parent watches and kills.

Fence one is the allow-list of `dialect.py`, of which only the regenerated text comes here. Fence two is the
worker's engine: no file, network, extension or setting is within its reach, since its tables are handed to it
as Arrow readers over exactly the declared files and columns. Fence three is this parent: whoever passes the
first two still ends at the limit of memory or time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.ipc as ipc

from jicha.errors import JichaError

_MEGABYTE = 1024 * 1024
_POLL_SECONDS = 0.005
_ENGINE_SHARE = 0.5  # of the worker's limit; the engine is known to pass its own limit by up to half


class FenceError(JichaError):
    """A user's rule was stopped; the message says by which limit, or what the engine answered."""


class ResourceExceeded(FenceError):
    """The rule held more memory, or ran longer, than it may; write it with fewer rows or raise the limit."""


@dataclass(frozen=True, slots=True)
class FenceLimits:
    """What one rule of a user may use."""

    memory_mb: int = 1024
    seconds: float = 600.0
    rows: int = 1_000_000
    threads: int = 2


@dataclass(frozen=True, slots=True)
class FencedQuery:
    """One regenerated SELECT and all that it may see: columns and Parquet files by table, and small tables."""

    sql: str
    columns: Mapping[str, Mapping[str, str]]
    files: Mapping[str, list[str]]
    inline: Mapping[str, pa.Table] = field(default_factory=dict)


def run_fenced(query: FencedQuery, limits: FenceLimits) -> pa.Table:
    """Return the query's rows, computed by a worker process inside the limits.

    Raises ResourceExceeded when the worker was killed, FenceError when the engine refused the text or when
    the result has more rows than allowed (a result is never cut silently).
    """
    with tempfile.TemporaryDirectory(prefix="jicha-fence-") as name:
        folder = Path(name)
        _write_job(query, limits, folder)
        _watch(_start(folder), limits)
        return _result(folder)


def _write_job(query: FencedQuery, limits: FenceLimits, folder: Path) -> None:
    for name, table in query.inline.items():
        with ipc.new_file(str(folder / f"{name}.inline"), table.schema) as writer:
            writer.write_table(table)
    job: dict[str, Any] = {
        "sql": query.sql,
        "columns": {table: dict(columns) for table, columns in query.columns.items()},
        "files": {table: list(paths) for table, paths in query.files.items()},
        "inline": sorted(query.inline),
        "rows": limits.rows,
        "threads": limits.threads,
        "engine_memory": f"{int(limits.memory_mb * _ENGINE_SHARE)}MB",
    }
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")


def _start(folder: Path) -> subprocess.Popen[bytes]:
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONPATH": os.pathsep.join(sys.path)}
    with (folder / "stderr").open("wb") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "jicha.audit.worker", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )


def _watch(worker: subprocess.Popen[bytes], limits: FenceLimits) -> None:
    with _killed_at_the_end(worker):
        deadline = time.monotonic() + limits.seconds
        while worker.poll() is None:
            held = _resident_mb(worker.pid)
            if held > limits.memory_mb:
                raise ResourceExceeded(
                    f"the rule held {held:.0f} MB of memory; the limit is {limits.memory_mb} MB"
                )
            if time.monotonic() > deadline:
                raise ResourceExceeded(f"the rule ran longer than {limits.seconds:g} s")
            time.sleep(_POLL_SECONDS)


@contextmanager
def _killed_at_the_end(worker: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        if worker.poll() is None:
            worker.kill()
        worker.wait()


def _resident_mb(pid: int) -> float:
    try:
        return float(psutil.Process(pid).memory_info().rss) / _MEGABYTE
    except psutil.NoSuchProcess:
        return 0.0


def _result(folder: Path) -> pa.Table:
    answer = folder / "answer.json"
    if not answer.exists():
        last = (folder / "stderr").read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        raise FenceError(
            f"the rule's worker ended without an answer: {' '.join(last) or 'killed by the system'}"
        )
    content = json.loads(answer.read_text(encoding="utf-8"))
    error = content.get("error")
    if error:
        raise (ResourceExceeded if error.startswith("OutOfMemory") else FenceError)(error)
    with ipc.open_file(str(folder / "result.arrow")) as reader:
        return reader.read_all()
