"""How fast a delivery is loaded, beside the bare reader of DuckDB and a chunked pandas, in one run.

    python bench/intake.py [--megabytes 2000] [--threads 2]

Makes a CSV of meter readings with 0.1 % bad rows in a temporary folder. Each way runs in a process of its own; its peak
memory is the operating system's figure. The bare reader does the least that is useful: typed columns to Parquet.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

REGISTERS = ("total", "sharp", "peak", "flat", "valley")
HEADER = "mp_id,meter_id,bill_month,register,previous_value,previous_at,value,read_at,method,status,reader_id,edited_at,edited_by,max_demand_at\n"
BLOCK_ROWS = 100_000
MONTH_ROWS = 2_000_000
ROW = "MP{0:010d},{1:022d},2026-{2:02d}-01,{3},{4}.{5:02d},2026-{2:02d}-01 00:00:00,{6}.{5:02d},2026-{2:02d}-28 0{7}:15:00,ami,read,E{8:05d},,,\n"
# Each makes a bad row of a good one. Unclosed quotes come on request only: the bare reader then loses half of the file
# without a word, and what it does not read costs it no time.
UNCLOSED = '"MP'
SPOILERS: tuple[Callable[[str], str], ...] = (
    lambda row: row.replace("-28 ", "-31 ", 1).replace("2026-", "2026-02-", 1),
    lambda row: row.replace(",ami,", ",owl,"),
    lambda row: row[: len(row) // 2] + "\n",
    lambda row: row.replace(",read,", ",read,extra,"),
    lambda row: row.replace("MP", ",MP", 1),
    lambda row: row.replace(".", ".12345", 1),
    lambda row: row.replace(",ami", "x,ami", 1),
)


def write_delivery(path: Path, megabytes: int, *, unclosed: bool = False) -> tuple[int, int]:
    """Write the file; return its rows and how many of them are bad."""
    random = np.random.default_rng(20261001)
    rows = bad = 0
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        while file.tell() < megabytes * 1_000_000:
            block = list(_block(rows, random))
            spoiled = random.choice(BLOCK_ROWS, BLOCK_ROWS // 1000, replace=False)
            for number, place in enumerate(spoiled.tolist()):
                spoil = SPOILERS[number % len(SPOILERS)]
                block[place] = block[place].replace("MP", UNCLOSED, 1) if unclosed else spoil(block[place])
            file.write("".join(block))
            rows, bad = rows + BLOCK_ROWS, bad + len(spoiled)
    return rows, bad


def _block(first: int, random: np.random.Generator) -> Iterator[str]:
    """Yield rows with keys of their own, month by month and point by point, as a system exports them."""
    starts, uses = (
        random.integers(0, 900_000, BLOCK_ROWS).tolist(),
        random.integers(0, 2_000, BLOCK_ROWS).tolist(),
    )
    for place in range(BLOCK_ROWS):
        number = first + place
        month, point, register = (
            number // MONTH_ROWS % 12 + 1,
            number % MONTH_ROWS // 5,
            REGISTERS[number % 5],
        )
        start, use = starts[place], uses[place]
        yield ROW.format(
            point, point, month, register, start, use % 100, start + use, use % 10, point % 90_000
        )


# ── the ways: each prints one line of JSON ───────────────────────────────────────────────────────────────────────


def run_bare(path: Path, folder: Path, threads: int) -> dict[str, Any]:
    """DuckDB's own reader with given columns, rejects stored, to Parquet."""
    import duckdb

    from jicha.contract import contract

    columns = ", ".join(f"'{field.name}': '{field.sql_type}'" for field in contract().table("reading").fields)
    source = (
        f"read_csv('{path}', columns = {{{columns}}}, header = true, auto_detect = false, delim = ',', quote = '\"', "
        "store_rejects = true, rejects_limit = 0)"
    )
    with duckdb.connect(config={"threads": threads}) as connection:
        connection.execute(f"COPY (SELECT * FROM {source}) TO '{folder}/bare.parquet' (COMPRESSION zstd)")
        rows = connection.execute(f"SELECT count(*) FROM '{folder}/bare.parquet'").fetchall()[0][0]
        rejected = connection.execute(
            "SELECT count(DISTINCT line_byte_position) FROM reject_errors"
        ).fetchall()[0][0]
    return {"rows": rows, "rejected": rejected}


def run_pandas(path: Path, folder: Path, threads: int) -> dict[str, Any]:
    """Pandas in chunks, every column as text, rows of a wrong shape skipped."""
    import pandas

    rows = 0
    for part in pandas.read_csv(
        path, dtype=str, chunksize=200_000, on_bad_lines="skip", keep_default_na=False
    ):
        rows += len(part)
    return {"rows": rows, "threads": threads, "folder": str(folder)}


def run_jicha(path: Path, folder: Path, threads: int) -> dict[str, Any]:
    """The whole load: read, check, quarantine, merge, commit."""
    from jicha.intake import load
    from jicha.mart import Mart

    seconds: dict[str, float] = {}
    started = time.perf_counter()

    def progress(step: str, _done: int, _total: int) -> None:
        seconds[step.split()[0]] = round(time.perf_counter() - started, 1)

    report = load(Mart.open(folder / "mart"), [path], threads=threads, progress=progress)
    names = ("rows_read", "added", "corrected", "repeated", "quarantined")
    return {name: report.total(name) for name in names} | {"steps": seconds}


WAYS = {"bare": run_bare, "pandas": run_pandas, "jicha": run_jicha}


def measure(way: str, path: Path, folder: Path, threads: int) -> dict[str, Any]:
    """Run one way in a fresh process and return its figures."""
    command = [
        sys.executable,
        __file__,
        "--way",
        way,
        "--file",
        str(path),
        "--folder",
        str(folder),
        "--threads",
        str(threads),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(megabytes: int, threads: int, unclosed: bool) -> None:
    """Print the figures of all ways and the ratios between them."""
    with tempfile.TemporaryDirectory(prefix="jicha-bench-") as name:
        folder = Path(name)
        path = folder / "reading.csv"
        rows, bad = write_delivery(path, megabytes, unclosed=unclosed)
        print(f"{path.stat().st_size / 1e6:,.0f} MB, {rows:,} rows, {bad:,} of them bad, {threads} threads")
        results = {way: measure(way, path, folder, threads) for way in WAYS}
    for way, found in results.items():
        print(
            f"{way:8s} {rows / found['seconds'] / 1e6:6.2f} M rows/s {found['seconds']:7.1f} s {found['peak_mb']:7,.0f} MB peak  {found['result']}"
        )
    ratio = results["bare"]["seconds"] / results["jicha"]["seconds"]
    print(f"jicha load / bare reader: {ratio:.2f} of its speed (the bar: 0.50)")
    print(
        f"jicha load / pandas text: {results['pandas']['seconds'] / results['jicha']['seconds']:.2f} of its speed"
    )
    result = results["jicha"]["result"]
    placed = result["added"] + result["corrected"] + result["repeated"] + result["quarantined"]
    print(f"rows read {result['rows_read']:,} = placed {placed:,}: {result['rows_read'] == placed == rows}")


def run_way(way: str, path: Path, folder: Path, threads: int) -> None:
    """Run one way in this process and print its figures as JSON."""
    started = time.perf_counter()
    result = WAYS[way](path, folder, threads)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "result": result}))


def main() -> None:
    """Read the options and run."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--megabytes", type=int, default=2000)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument(
        "--unclosed", action="store_true", help="make the bad rows by quotes that never close"
    )
    options.add_argument("--way", choices=WAYS)
    options.add_argument("--file", type=Path)
    options.add_argument("--folder", type=Path)
    given = options.parse_args()
    if given.way:
        run_way(given.way, given.file, given.folder, given.threads)
    else:
        compare(given.megabytes, given.threads, given.unclosed)


if __name__ == "__main__":
    main()
