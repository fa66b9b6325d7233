"""The worker behind the fence: one locked engine, one query, then it ends. `python -m jicha.audit.worker FOLDER`."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.ipc as ipc
from sqlglot import exp

LOCKED = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "max_temp_directory_size": "0KB",
    "lock_configuration": "true",
}


def main(folder: Path) -> None:
    """Run the job that lies in the folder; leave answer.json and, if it went well, result.arrow."""
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    try:
        rows = answer(job, folder)
        content: dict[str, Any] = {"rows": rows}
    except (duckdb.Error, ValueError, RecursionError, MemoryError) as error:
        content = {"error": f"{type(error).__name__}: {error}"}
    (folder / "answer.json").write_text(json.dumps(content), encoding="utf-8")


def answer(job: dict[str, Any], folder: Path) -> int:
    """Return the number of rows written to result.arrow; ValueError when there are more than allowed."""
    connection = duckdb.connect(config={"memory_limit": job["engine_memory"], "threads": job["threads"]})
    tables = _tables(job, folder)
    for name, table in tables.items():
        connection.register(name, table)
    for setting, value in LOCKED.items():
        connection.execute(f"SET {setting} = '{value}'")
    _forbid_new_files()
    reader = connection.sql(job["sql"]).to_arrow_reader(10_000)
    return _write(reader, folder / "result.arrow", job["rows"])


def _tables(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return a reader for each table over exactly its files, with exactly its declared columns."""
    tables: dict[str, Any] = {}
    for name, columns in job["columns"].items():
        if name in job["inline"]:
            tables[name] = _inline(folder / f"{name}.inline").select(list(columns))
        else:
            tables[name] = ds.dataset(job["files"].get(name) or [], schema=_schema(columns), format="parquet")
    return tables


def _inline(path: Path) -> pa.Table:
    with ipc.open_file(str(path)) as reader:
        return reader.read_all()


_ARROW = {
    "VARCHAR": pa.string(), "BIGINT": pa.int64(), "INTEGER": pa.int32(), "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(), "TIMESTAMP": pa.timestamp("us"),
}  # fmt: skip


def _schema(columns: dict[str, str]) -> pa.Schema:
    return pa.schema([(name, _arrow_type(kind)) for name, kind in columns.items()])


def _arrow_type(kind: str) -> pa.DataType:
    parsed = exp.DataType.build(kind, dialect="duckdb")
    if parsed.is_type("decimal"):
        precision, scale = (int(part.name) for part in parsed.expressions)
        return pa.decimal128(precision, scale)
    return _ARROW[
        parsed.sql("duckdb")
        .replace("TEXT", "VARCHAR")
        .replace("INT", "INTEGER")
        .replace("BIGINTEGER", "BIGINT")
    ]


def _forbid_new_files() -> None:
    """Let this process write no more than its answer: results are small, and nothing else may grow."""
    limit = 2 * 1024**3
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _write(reader: pa.RecordBatchReader, path: Path, allowed: int) -> int:
    rows = 0
    with ipc.new_file(str(path), reader.schema) as writer:
        for batch in reader:
            rows += batch.num_rows
            if rows > allowed:
                raise ValueError(
                    f"the rule gives more than {allowed:,} rows; narrow it (nothing is cut silently)"
                )
            writer.write_batch(batch)
    return rows


if __name__ == "__main__":
    main(Path(sys.argv[1]))
