"""A loading process for the tests to race and to kill: loads one version after another and says which it has committed.

python loader_process.py <mart> <first version> <number of versions> <rows>
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import duckdb

from jicha.contract import contract
from jicha.mart import BatchInfo, Mart, StagedTable
from jicha.mart.columns import column_types

GIVEN = {
    "reading": {
        "mp_id": "'M' || i",
        "meter_id": "'E'",
        "bill_month": "DATE '2026-10-01' + INTERVAL (i % 2) MONTH",
        "register": "'total'",
        "value": "{version}",
        "status": "'read'",
    },
    "bill": {
        "bill_id": "'B' || i",
        "customer_no": "'C'",
        "bill_month": "DATE '2026-10-01'",
        "kwh": "{version}",
    },
    "customer": {"customer_no": "'C' || i", "household_persons": "{version}"},
}


def stage(folder: Path, table: str, version: int, rows: int) -> StagedTable:
    """Write `rows` rows of which every one carries the version."""
    given = {name: text.format(version=version) for name, text in GIVEN[table].items()}
    given |= {"_file": "1", "_line": "i + 2"}
    columns = ", ".join(
        f'CAST({given.get(name, "NULL")} AS {sql_type}) AS "{name}"'
        for name, sql_type in column_types(contract().table(table)).items()
    )
    path = folder / f"{table}.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT {columns} FROM range({rows}) t (i)) TO '{path}' (COMPRESSION zstd)")
    return StagedTable(table, (path,))


def main() -> None:
    """Load the versions; each line of output is a version that was acknowledged."""
    mart = Mart.open(Path(sys.argv[1]), lock_wait_seconds=60)
    first, count, rows = (int(text) for text in sys.argv[2:5])
    print("ready", flush=True)
    for version in range(first, first + count):
        with mart.staging() as folder:
            staged = [stage(folder, table, version, rows) for table in GIVEN]
            digest = hashlib.sha256(f"version {version}".encode()).hexdigest()
            mart.merge(BatchInfo(digest, f"version {version}"), staged)
        print(version, flush=True)


if __name__ == "__main__":
    main()
