"""The whole shipped library over a large utility: time, memory, and what that is against plain scans and PostgreSQL.

    python bench/audit.py [--customers 1000000] [--extract FOLDER] [--postgres-customers 100000 | 0]

Every step runs in a process of its own, whose peak memory is taken from the kernel. The floor reads every value of
the columns that the rules and facts touch, once. Ratios are taken in this one run; seconds alone say little. On a machine
that others use too, compare the processor seconds (of all threads) instead.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb

import jicha
from jicha.demo import build

MONTH = "2026-10"


def step_build(folder: str, customers: str) -> dict[str, Any]:
    summary = build(Path(folder), customers=int(customers), file_format="parquet")
    return {"rows": sum(summary.rows.values())}


def step_load(folder: str, home: str) -> dict[str, Any]:
    report = jicha.open(home).load([folder])
    return {"rows": report.total("rows_read"), "quarantined": report.quarantined}


def step_audit(home: str, memory_limit: str) -> dict[str, Any]:
    run = jicha.open(home).audit(MONTH, memory_limit=memory_limit)
    seconds = run.manifest.seconds
    slowest = sorted(((value, name) for name, value in seconds.items() if name != "total"), reverse=True)[:8]
    failed = sorted({v.rule_id for v in run.manifest.verdicts if v.verdict == "failed"})
    facts = sum(value for name, value in seconds.items() if name.startswith("fact "))
    rules = sum(value for name, value in seconds.items() if name in run.manifest.rules)
    return {
        "rules": len(run.manifest.rules), "findings": run.findings.num_rows, "failed": failed, "slowest": slowest,
        "facts_seconds": facts, "rules_seconds": rules,
    }  # fmt: skip


def step_floor(home: str) -> dict[str, Any]:
    """Read every value of every column that any rule or fact declares, once."""
    place = jicha.open(home)
    library, snapshot = place.library, place.snapshot()
    columns: dict[str, set[str]] = defaultdict(set)
    for one in (*library.rules.values(), *library.facts.values()):
        for table, names in (*one.needs.items(), *one.uses.items()):
            columns[table] |= set(names)
    with duckdb.connect() as connection:
        snapshot.create_views(connection)
        for table, names in columns.items():
            hashes = ", ".join(f'bit_xor(hash("{name}"))' for name in sorted(names)) or "count(*)"
            connection.execute(f'SELECT {hashes} FROM "{table}"').fetchall()
    return {"tables": len(columns), "columns": sum(map(len, columns.values()))}


STEPS = {"build": step_build, "load": step_load, "audit": step_audit, "floor": step_floor}


def in_own_process(step: str, *arguments: str) -> dict[str, Any]:
    """Run a step in a fresh process; return its figures with wall seconds and peak memory in MB."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, __file__, "--step", step, *arguments], stdout=subprocess.PIPE, check=True
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    figures["wall"] = time.perf_counter() - began
    return figures


def run_step(step: str, arguments: list[str]) -> None:
    began = time.perf_counter()
    figures = STEPS[step](*arguments)
    figures["seconds"] = time.perf_counter() - began
    usage = resource.getrusage(resource.RUSAGE_SELF)
    figures["processor_seconds"] = usage.ru_utime + usage.ru_stime
    figures["peak_mb"] = usage.ru_maxrss / 1024
    print(json.dumps(figures))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--extract", type=Path, help="a demo extract that is there already")
    parser.add_argument("--memory-limit", default="2GB")
    parser.add_argument(
        "--postgres-customers", type=int, default=100_000, help="size of the comparison; 0 leaves it out"
    )
    parser.add_argument("--step", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        run_step(options.step[0], options.step[1:])
        return 0
    with tempfile.TemporaryDirectory(prefix="jicha-bench-audit-") as name:
        measure(options, Path(name))
        if options.postgres_customers:
            from postgres import compare

            compare(Path(name), options.postgres_customers)
    return 0


def measure(options: argparse.Namespace, folder: Path) -> None:
    home = str(folder / "home")
    extract = options.extract or folder / "extract"
    if options.extract is None:
        report("build", in_own_process("build", str(extract), str(options.customers)))
    report("load", in_own_process("load", str(extract), home))
    best = min((in_own_process("floor", home) for _ in range(2)), key=lambda figures: figures["seconds"])
    floor = best["seconds"]
    report("floor", best, "every value of the columns that rules and facts touch, once")
    fresh = in_own_process("audit", home, options.memory_limit)
    report(
        "fresh",
        fresh,
        f"facts and {fresh['rules']} rules, ratio to floor {fresh['seconds'] / floor:.1f} (goal <= 12)",
    )
    kept = in_own_process("audit", home, options.memory_limit)
    report("kept", kept, f"rules on kept facts, ratio to floor {kept['seconds'] / floor:.1f} (goal <= 3)")
    print(f"findings {kept['findings']:,}, failed rules {kept['failed'] or 'none'}")
    print("slowest: " + ", ".join(f"{name} {value:.1f} s" for value, name in fresh["slowest"]))


def report(label: str, figures: dict[str, Any], note: str = "") -> None:
    rows = f"{figures['rows']:,} rows" if "rows" in figures else ""
    print(
        f"{label:8} {figures['seconds']:8.1f} s   processor {figures['processor_seconds']:8.1f} s   "
        f"peak {figures['peak_mb']:,.0f} MB   {rows}{note}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
