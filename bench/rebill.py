"""How fast bills are recomputed: by the SQL engine, by lines.py, and by NREL PySAM's UtilityRate5 on what both can express.

    python bench/rebill.py [--bills 12000000] [--lines-bills 20000] [--memory-limit 2500MB]

Every step runs in a process of its own, whose peak memory is the kernel's figure (VmHWM). The floor reads every value
of the columns that the SQL engine reads, once. Ratios are taken in this one run; seconds alone say little. Processor
seconds stand beside them: on a machine that others use too, a clock measures the others as well.
PySAM comes by `pip install nrel-pysam`; without it the comparison is left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

import jicha
from jicha.audit.library import load_library
from jicha.audit.rebill.session import Rebilling
from jicha.audit.workspace import Moment, Workspace, fact_sql
from jicha.billing.lines import price_bill
from jicha.billing.sheet import Sheet
from jicha.contract import contract
from jicha.demo import build
from jicha.mart.columns import literal
from jicha.mart.queries import named_queries
from synthetic_bills import POPULATION, make_month, months

GOAL_SQL, GOAL_MEMORY_MB = 1_000_000, 4096
GOAL_SHEET, GOAL_LINES = 5_000, 20_000
PRICING = ("recomputed_part", "recomputed_bill")
POLICIES = ("billing_rule", "billing_price", "billing_step", "power_factor_adjustment")
BILLS_A_MONTH = 1_000_000
ROUNDS = 3


def _engine(memory_limit: str, spill: str) -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "temp_directory": spill,
        "preserve_insertion_order": False,
    }
    connection = duckdb.connect(config=config)
    connection.execute("SET enable_progress_bar = false")
    return connection


def _with_policies(connection: duckdb.DuckDBPyConnection) -> None:
    """Build the facts that hold prices and rules, over an extract without a price book of its own."""
    for table in ("price", "price_step"):
        connection.execute(contract().table(table).ddl())
    moment = Moment.of(months(1, 1)[0][0])
    Workspace(connection, moment).build(load_library().facts_of(POLICIES))


# ── the steps: each in a process of its own ──────────────────────────────────────────────────────────────────────


def step_make(folder: str, bills: str, a_month: str) -> dict[str, Any]:
    """Write the synthetic population."""
    with _engine("4GB", folder) as connection:
        _with_policies(connection)
        for number, (month, count) in enumerate(months(int(bills), int(a_month))):
            make_month(connection, Path(folder) / f"{number:03d}", month, count)
    return {}


def step_floor(folder: str, *_: str) -> dict[str, Any]:
    """Read every value of the population once."""
    facts = load_library().facts
    with duckdb.connect() as connection:
        began, used = time.perf_counter(), time.process_time()
        for name in POPULATION:
            columns = ", ".join(f'bit_xor(hash("{column}"))' for column in facts[name].columns)
            connection.execute(f"SELECT {columns} FROM '{folder}/*/{name}.parquet'").fetchall()
        return {"reading": time.perf_counter() - began, "processor": time.process_time() - used}


def step_sql(folder: str, bills: str, a_month: str, memory_limit: str) -> dict[str, Any]:
    """Price every bill, every line of it, and compare its totals with the issued bill: each fact to Parquet as audits keep it."""
    seconds = dict.fromkeys(PRICING, 0.0)
    priced, refused, fastest, used = 0, 0, 0.0, 0.0
    write = named_queries("facts.sql")["write"]
    with _engine(memory_limit, folder) as connection:
        _with_policies(connection)
        facts = load_library().facts
        for number, (month, count) in enumerate(months(int(bills), int(a_month))):
            place, before, cpu = Path(folder) / f"{number:03d}", sum(seconds.values()), time.process_time()
            for name in POPULATION:
                connection.read_parquet(f"{place}/{name}.parquet").create_view(name, replace=True)
            for name in PRICING:
                began = time.perf_counter()
                target = place / f"{name}.parquet"
                sql = fact_sql(facts[name], Moment.of(month))
                connection.execute(write.format(rows=sql, path=literal(str(target))))
                connection.read_parquet(str(target)).create_view(name, replace=True)
                seconds[name] += time.perf_counter() - began
            used += time.process_time() - cpu
            fastest = max(fastest, count / (sum(seconds.values()) - before))
            counts = connection.execute(
                "SELECT count(total_yuan), count(refusal) FROM recomputed_bill"
            ).fetchall()[0]
            priced, refused = priced + counts[0], refused + counts[1]
            for name in PRICING:
                (place / f"{name}.parquet").unlink()
    figures = {"priced": priced, "refused": refused, "fastest": fastest, "processor": used}
    return {**figures, "pricing": sum(seconds.values()), **seconds}


def step_demo(extract: str, home: str, customers: str) -> dict[str, Any]:
    """Build and load a demo utility."""
    build(Path(extract), customers=int(customers), file_format="parquet")
    return {"quarantined": jicha.open(home).load([extract]).quarantined}


def step_chain(home: str, memory_limit: str) -> dict[str, Any]:
    """Recompute a month by the SQL engine from readings and archives on."""
    place = jicha.open(home)
    moment = Moment.of(place.snapshot().months("bill")[-2])
    with _engine(memory_limit, home) as connection:
        place.snapshot().create_views(connection)
        began = time.perf_counter()
        Workspace(connection, moment).build(load_library().facts_of(PRICING))
        seconds = time.perf_counter() - began
        bills, refused = connection.execute(
            "SELECT count(*), count(refusal) FROM recomputed_bill"
        ).fetchall()[0]
    return {"bills": bills, "refused": refused, "pricing": seconds}


def step_lines(home: str, bills: str) -> dict[str, Any]:
    """Price bills one by one, with and without the calculation sheet; the best of a few rounds."""
    place = jicha.open(home)
    with duckdb.connect() as connection:
        place.snapshot().create_views(connection)
        rebilling = Rebilling(connection)
        month = place.snapshot().months("bill")[-2]
        began = time.perf_counter()
        cases = list(rebilling.cases(rebilling.bill_ids(month)[: int(bills)]))
        reading = time.perf_counter() - began
        prices, inputs = rebilling.prices, [case.bill for case in cases]
        rules = [rebilling.rules.on(bill.period_from) for bill in inputs]
    figures: dict[str, Any] = {"bills": len(inputs), "reading": reading}
    for name, with_sheet in (("without", False), ("with", True)):
        rounds = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            for bill, rule in zip(inputs, rules, strict=True):
                priced = price_bill(bill, prices, rule, Sheet(bill.period_from) if with_sheet else None)
            rounds.append(time.perf_counter() - began)
        figures[name] = min(rounds)
    figures["refused"] = sum(
        1 for bill, rule in zip(inputs, rules, strict=True) if price_bill(bill, prices, rule).refusal
    )
    figures["last_yuan"] = str(priced.total_yuan)
    return figures


def step_pysam(customers: str) -> dict[str, Any]:
    """Price the same customers by PySAM and by lines.py."""
    from utility_rate import compare

    return compare(int(customers))


STEPS = {
    "make": step_make, "floor": step_floor, "sql": step_sql, "demo": step_demo, "chain": step_chain,
    "lines": step_lines, "pysam": step_pysam,
}  # fmt: skip


def in_own_process(step: str, *arguments: object) -> dict[str, Any]:
    """Run a step in a fresh process; return its figures with seconds and peak memory in MB."""
    command = [sys.executable, __file__, "--step", step, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def run_step(step: str, arguments: list[str]) -> None:
    began = time.perf_counter()
    figures = STEPS[step](*arguments)  # type: ignore[operator]
    figures["seconds"] = time.perf_counter() - began
    status = Path("/proc/self/status").read_text(encoding="ascii")
    figures["peak_mb"] = (
        next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024
    )
    print(json.dumps(figures))


# ── the report ───────────────────────────────────────────────────────────────────────────────────────────────────


def report_sql(options: argparse.Namespace, folder: Path) -> list[str]:
    sizes = (options.bills, min(options.bills, BILLS_A_MONTH))
    in_own_process("make", folder, *sizes)
    floors = [in_own_process("floor", folder) for _ in range(2)]
    floor, floor_processor = (min(one[key] for one in floors) for key in ("reading", "processor"))
    found = in_own_process("sql", folder, *sizes, options.memory_limit)
    assert found["priced"] == options.bills, f"{found['refused']} synthetic bills were refused"
    speed = options.bills / found["pricing"]
    print(f"SQL    ratio to floor {found['pricing'] / floor:5.1f}   {speed / 1e6:.2f} M bills/s   {found['pricing']:.1f} s (lines {found['recomputed_part']:.1f} s, "
          f"totals beside issued {found['recomputed_bill']:.1f} s)   peak {found['peak_mb']:,.0f} MB   {options.bills:,} synthetic bills; floor {floor:.1f} s", flush=True)  # fmt: skip
    print(f"       fastest month {found['fastest'] / 1e6:.2f} M bills/s; processor {found['processor']:.1f} s, {found['processor'] / floor_processor:.1f} times the floor's "
          f"{floor_processor:.1f} s, {options.bills / found['processor'] / 1e6:.2f} M bills a processor second", flush=True)  # fmt: skip
    return [
        met("SQL engine, bills/s", speed, GOAL_SQL),
        met("SQL engine, peak MB", found["peak_mb"], GOAL_MEMORY_MB, at_most=True),
    ]


def report_demo(options: argparse.Namespace, folder: Path) -> list[str]:
    home = folder / "home"
    in_own_process("demo", folder / "extract", home, options.lines_bills)
    chain = in_own_process("chain", home, options.memory_limit)
    print(f"chain  {chain['bills'] / chain['pricing']:12,.0f} bills/s   {chain['pricing']:.1f} s   peak {chain['peak_mb']:,.0f} MB   from readings to totals, "
          f"{chain['bills']:,} demo bills, {chain['refused']:,} refused", flush=True)  # fmt: skip
    lines = in_own_process("lines", home, options.lines_bills)
    without, with_sheet = lines["bills"] / lines["without"], lines["bills"] / lines["with"]
    print(f"lines  sheet costs {lines['with'] / lines['without']:.1f} times   {without:,.0f} bills/s without, {with_sheet:,.0f} with   {lines['bills']:,} demo bills, "
          f"{lines['refused']:,} refused, read in {lines['reading']:.1f} s   peak {lines['peak_mb']:,.0f} MB", flush=True)  # fmt: skip
    return [
        met("lines.py with sheet, bills/s a core", with_sheet, GOAL_SHEET),
        met("lines.py without sheet, bills/s a core", without, GOAL_LINES),
    ]


def report_pysam(customers: int) -> list[str]:
    if importlib.util.find_spec("PySAM") is None:
        print("PySAM  left out: pip install nrel-pysam")
        return []
    found = in_own_process("pysam", customers)
    print(f"PySAM  lines.py is {found['ours'] / found['pysam']:.1f} times as fast from hourly loads on ({found['ours']:,.0f} against {found['pysam']:,.0f} bills/s), pricing alone "
          f"{found['ours_pricing'] / found['pysam_inside']:.1f} times ({found['ours_pricing']:,.0f} against {found['pysam_inside']:,.0f})", flush=True)  # fmt: skip
    print(f"       {found['bills']:,} bills, {found['yuan']:,.2f} yuan, largest difference {found['largest']:.4f} yuan, bills further apart than the rounding of "
          f"their lines: {found['beyond_rounding']}", flush=True)  # fmt: skip
    return [met("bills further from PySAM than their rounding", found["beyond_rounding"], 0, at_most=True)]


def met(what: str, found: float, goal: float, *, at_most: bool = False) -> str:
    """Return the goal, what was seen, and whether it was met."""
    is_met = found <= goal if at_most else found >= goal
    return f"{'met   ' if is_met else 'MISSED'} {what}: {found:,.0f} (goal {'<=' if at_most else '>='} {goal:,.0f})"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--bills", type=int, default=12_000_000, help="synthetic bills for the SQL engine; 0 leaves it out"
    )
    parser.add_argument(
        "--lines-bills", type=int, default=20_000, help="customers of the demo for lines.py; 0 leaves it out"
    )
    parser.add_argument(
        "--pysam-customers", type=int, default=500, help="twelve bills each; 0 leaves the comparison out"
    )
    parser.add_argument("--memory-limit", default="2500MB")
    parser.add_argument("--step", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        run_step(options.step[0], options.step[1:])
        return 0
    goals: list[str] = []
    with tempfile.TemporaryDirectory(prefix="jicha-bench-rebill-") as name:
        if options.bills:
            goals += report_sql(options, Path(name) / "population")
        if options.lines_bills:
            goals += report_demo(options, Path(name))
        if options.pysam_customers:
            goals += report_pysam(options.pysam_customers)
    print("\n".join(goals))
    return 0


if __name__ == "__main__":
    sys.exit(main())
