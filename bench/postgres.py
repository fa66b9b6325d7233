"""The same rules on DuckDB over the Parquet snapshot and on a real PostgreSQL with indexes.

    python bench/postgres.py [--customers 100000] [--extract FOLDER] [--rules MR-02 CL-08 ...]

Each rule is one statement: the facts that it reads stand before it as WITH, so both sides do the same work from the
contract tables. DuckDB runs sqlglot's DuckDB text of the tree, PostgreSQL its PostgreSQL text of that very tree with
the few changes of `for_postgres`. PostgreSQL is a private cluster in a temporary folder, reached by a Unix socket
only, with the primary keys and indexes that an administrator would make, analysed and warmed. Every row of both
results is compared. Needs PostgreSQL's programs (Debian: postgresql) and the extra `postgres`.
"""

from __future__ import annotations

import argparse
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any, cast

import duckdb
import psycopg
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

import jicha
from jicha.audit.fact import WORKING_DAY
from jicha.audit.library import Library
from jicha.audit.rule import Rule
from jicha.audit.workspace import Moment, calendar_span, create_working_day, fact_sql, rule_sql
from jicha.contract import Table, contract
from jicha.demo import build

MONTH = date(2026, 10, 1)
TIMEOUT_SECONDS = 300
RUNS = 3  # the best counts; fewer once they took ENOUGH_SECONDS together
ENOUGH_SECONDS = 5.0
LONG_SECONDS = 60.0  # a warming run this long counts itself: the data are in memory after loading anyway
GOAL = 20

# Seven rules that read contract tables only and seven on facts, over all topics with much data.
RULES = (
    "BL-26", "BX-09", "CL-03", "CL-08", "MT-03", "MT-13", "SL-05",
    "BL-09", "LL-02", "MR-01", "MR-02", "MR-08", "MT-08", "SL-01",
)  # fmt: skip

# What an administrator would add to the primary and foreign keys.
EXTRA_INDEXES = {
    "reading": ("mp_id, bill_month", "bill_month, register"),
    "bill": ("customer_no, bill_month",),
    "daily_freeze": ("meter_id, day", "day"),
    "curve": ("at",),
    "metering_point": ("usage",),
    "district_daily": ("day",),
    "meter_installation": ("meter_id, installed_at",),
    "operation_log": ("at",),
    "receipt": ("received_at",),
    "price_scheme": ("tariff_code",),
}

SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "1GB",
    "work_mem": "256MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "random_page_cost": "1.1",
    "autovacuum": "off",  # VACUUM ANALYZE is run once, so that none falls into a measurement
    "fsync": "off",
    "timezone": "UTC",
}

Rows = list[tuple[Any, ...]]


# ---- one statement a rule, for both engines


def statement(library: Library, rule: Rule, moment: Moment) -> exp.Select:
    """Return the rule with its facts before it as WITH, own functions expanded."""
    body = sqlglot.parse_one(rule_sql(rule, rule.defaults, moment), dialect="duckdb")
    tree = exp.select("*").from_(cast(exp.Query, body).subquery("finding"))
    for fact in library.facts_of(rule.facts):
        tree = tree.with_(exp.to_identifier(fact.name, quoted=True), as_=_parsed(fact_sql(fact, moment)))
    return tree


def _parsed(text: str) -> exp.Query:
    return cast(exp.Query, sqlglot.parse_one(text, dialect="duckdb"))


def duckdb_text(tree: exp.Select) -> str:
    """Return the text for DuckDB."""
    return tree.sql(dialect="duckdb", identify=True)


def postgres_text(tree: exp.Select, schema: dict[str, dict[str, str]]) -> str:
    """Return the text for PostgreSQL: columns qualified, aliases and stars resolved, types known, nodes replaced."""
    typed = annotate_types(
        qualify(tree.copy(), schema=dict(schema), dialect="duckdb", validate_qualify_columns=False),
        schema=dict(schema),
        dialect="duckdb",
    )
    for node in reversed(
        list(typed.walk())
    ):  # innermost first, so that what is replaced holds only replaced parts
        changed = for_postgres(node)
        if changed is not node:
            node.replace(changed)
    return typed.sql(dialect="postgres", identify=True)


def for_postgres(node: exp.Expr) -> exp.Expr:
    """Replace what PostgreSQL says in another way; everything else is sqlglot's."""
    if isinstance(node, exp.DataType) and node.this == exp.DataType.Type.INT128:
        return exp.DataType.build("DECIMAL(39, 0)")
    if isinstance(node, exp.IntDiv):
        return _quotient(node)
    if isinstance(node, exp.DateDiff):
        return exp.paren(_day(node.this) - _day(node.expression))
    if isinstance(node, (exp.Hour, exp.Minute)):
        return exp.Extract(this=exp.var(node.key.upper()), expression=node.this)
    if isinstance(node, exp.Cast) and node.this.is_type("boolean") and not node.is_type("boolean"):
        return exp.cast(exp.cast(node.this, "INT"), node.to)
    return node


def _quotient(node: exp.IntDiv) -> exp.Expr:
    """Whole division: PostgreSQL's / on two BIGINT casts, div() on everything that may be NUMERIC."""
    sides = (node.this, node.expression)
    if all(_is_surely_integer(side) for side in sides):
        return exp.Div(this=exp.paren(sides[0]), expression=exp.paren(sides[1]), typed=True, safe=False)
    return exp.Anonymous(this="div", expressions=[*(exp.cast(side, "DECIMAL") for side in sides)])


def _is_surely_integer(node: exp.Expr) -> bool:
    node = node.unnest()
    if isinstance(node, exp.Cast):
        return node.to.this in exp.DataType.INTEGER_TYPES and node.to.this != exp.DataType.Type.INT128
    if isinstance(node, exp.Literal):
        return node.is_int and len(node.name) < 19
    if isinstance(node, exp.Abs):
        return _is_surely_integer(node.this)
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul)):
        return _is_surely_integer(node.this) and _is_surely_integer(node.expression)
    return isinstance(node, exp.DateDiff)


def _day(node: exp.Expr) -> exp.Expr:
    return exp.cast(node, "DATE")


# ---- PostgreSQL: a private cluster


def _programs() -> Path:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    found = shutil.which("initdb")
    if versions:
        return versions[-1]
    if found:
        return Path(found).resolve().parent
    raise SystemExit("PostgreSQL's programs are not there; expected initdb and postgres (Debian: postgresql)")


def _unprivileged() -> dict[str, Any]:
    """Return how to start a program as a user without rights: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise SystemExit("root may not run PostgreSQL, and there is neither a user postgres nor nobody")


@contextmanager
def cluster() -> Iterator[str]:
    """Run a private PostgreSQL and give its connection string; nothing of it is left afterwards."""
    rights = _unprivileged()
    with tempfile.TemporaryDirectory(prefix="jicha-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if rights:
            os.chown(folder, rights["user"], rights["group"])
        initdb = [_programs() / "initdb", "-D", folder / "data", "-U", "audit", "-A", "trust", "-E", "UTF8"]
        subprocess.run(
            [*initdb, "--locale=C", "-N"], cwd=folder, check=True, stdout=subprocess.DEVNULL, **rights
        )
        with _server(folder, rights):
            yield f"host={folder} user=audit dbname=postgres"


@contextmanager
def _server(folder: Path, rights: dict[str, Any]) -> Iterator[None]:
    settings = {**SETTINGS, "unix_socket_directories": str(folder)}
    if shutil.disk_usage("/dev/shm").free < 2**30:
        settings["dynamic_shared_memory_type"] = "mmap"  # parallel hash tables do not fit a small /dev/shm
    options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    command = [_programs() / "postgres", "-D", folder / "data", *options]
    with (folder / "server.log").open("wb") as log:
        # A session of its own: Ctrl-C reaches this script first, which then stops the server in order.
        server = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, start_new_session=True, **rights
        )
        try:
            _wait(server, folder)
            yield
        finally:
            _stop(server)


def _wait(server: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        try:
            psycopg.connect(f"host={folder} user=audit dbname=postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit(f"PostgreSQL did not start:\n{(folder / 'server.log').read_text(errors='replace')}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Shut down at once: SIGINT ends all sessions, SIGQUIT is for a server that does not listen."""
    server.send_signal(signal.SIGINT)
    try:
        server.wait(timeout=60)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)
        server.wait(timeout=60)


# ---- loading


def copy_tables(
    source: duckdb.DuckDBPyConnection, target: psycopg.Connection[Any], tables: Sequence[str], folder: Path
) -> int:
    """Copy the contract tables and working_day with keys, indexes and statistics; return the number of rows."""
    rows = 0
    for name in tables:
        table = contract().table(name)
        rows += _copy(source, target, name, {field.name: field.sql_type for field in table.fields}, folder)
        for command in index_statements(table):
            target.execute(command.encode())
    _copy(source, target, "working_day", WORKING_DAY, folder)
    target.execute("ALTER TABLE working_day ADD PRIMARY KEY (day)")
    target.execute("VACUUM ANALYZE")
    target.execute("CHECKPOINT")
    return rows


def _copy(
    source: duckdb.DuckDBPyConnection,
    target: psycopg.Connection[Any],
    name: str,
    columns: dict[str, str],
    folder: Path,
) -> int:
    path = folder / f"{name}.csv"
    names = ", ".join(f'"{column}"' for column in columns)
    source.execute(
        f"COPY (SELECT {names} FROM \"{name}\") TO '{path}' (FORMAT csv, HEADER false, NULLSTR '\\N')"
    )
    shape = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
    target.execute(f'CREATE TABLE "{name}" ({shape})'.encode())
    command = f"COPY \"{name}\" ({names}) FROM STDIN (FORMAT csv, NULL '\\N')"
    with target.cursor() as cursor:
        with cursor.copy(command.encode()) as copy, path.open("rb") as file:
            while chunk := file.read(1 << 20):
                copy.write(chunk)
        rows = cursor.rowcount
    path.unlink()
    return rows


def index_statements(table: Table) -> list[str]:
    """Return the primary key, an index a foreign key and month, and the extra ones."""
    key = ", ".join(f'"{name}"' for name in table.primary_key)
    wanted = [", ".join(f'"{name}"' for name in foreign.fields) for foreign in table.foreign_keys]
    if table.month_field:
        wanted.append(f'"{table.month_field}"')
    for extra in EXTRA_INDEXES.get(table.name, ()):
        wanted.append(", ".join(f'"{name.strip()}"' for name in extra.split(",")))
    covered = {key, f'"{table.primary_key[0]}"'}
    indexes = [
        f'CREATE INDEX ON "{table.name}" ({one})' for one in dict.fromkeys(wanted) if one not in covered
    ]
    return [f'ALTER TABLE "{table.name}" ADD PRIMARY KEY ({key})', *indexes]


# ---- measuring


@dataclass(frozen=True, slots=True)
class Measured:
    """One rule on both engines; `postgres` is None where the statement ran into the time limit."""

    rule_id: str
    facts: int
    rows: int
    postgres: float | None
    duckdb: float
    same: str

    @property
    def ratio(self) -> float:
        """How many times faster DuckDB is; at least so many where PostgreSQL did not finish."""
        return (self.postgres or TIMEOUT_SECONDS) / self.duckdb


def timed(run: Callable[[], Rows]) -> tuple[float, Rows]:
    """Run once to warm, then up to RUNS times; return the best time and the rows."""
    began = time.perf_counter()
    rows = run()
    warming = time.perf_counter() - began
    times = [warming] if warming > LONG_SECONDS else []
    while len(times) < RUNS and sum(times) < ENOUGH_SECONDS:
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return min(times), rows


def same_rows(left: Rows, right: Rows) -> str:
    """Say whether both results hold the same rows, each column's value compared."""
    mine, other = (Counter(tuple(map(_plain, row)) for row in rows) for rows in (left, right))
    if mine == other:
        return "equal"
    return f"DIFFER: {len(left)} and {len(right)} rows, {(mine - other).total()} only on PostgreSQL"


def _plain(value: Any) -> Any:
    # An integer of DuckDB may be a NUMERIC of PostgreSQL; equal numbers compare and hash equal as Decimal.
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def measure(
    library: Library, rule: Rule, source: duckdb.DuckDBPyConnection, target: psycopg.Connection[Any]
) -> Measured:
    """Run one rule on both engines, one after the other."""
    tree = statement(library, rule, Moment.of(MONTH))
    ours = duckdb_text(tree)
    theirs = postgres_text(tree, library.contract_schema).encode()
    duckdb_seconds, found = timed(lambda: source.execute(ours).fetchall())
    facts = len(library.facts_of(rule.facts))
    try:
        postgres_seconds, rows = timed(lambda: target.execute(theirs).fetchall())
    except psycopg.errors.QueryCanceled:
        return Measured(rule.rule_id, facts, len(found), None, duckdb_seconds, "not finished")
    return Measured(rule.rule_id, facts, len(found), postgres_seconds, duckdb_seconds, same_rows(rows, found))


def tables_of(library: Library, rules: Sequence[Rule]) -> list[str]:
    """Return the contract tables that the rules read, through their facts too, in the contract's order."""
    read: set[str] = set()
    for rule in rules:
        for part in (rule, *library.facts_of(rule.facts)):
            read |= {*part.needs, *part.uses}
    return [name for name in contract().tables if name in read]


def compare(
    folder: Path, customers: int, rules: Sequence[str] = RULES, extract: Path | None = None
) -> list[Measured]:
    """Build or reuse an extract, load it into a home and PostgreSQL, run the rules on both and print the table."""
    if extract is None:
        extract = folder / f"postgres-extract-{customers}"
        if not extract.exists():
            build(extract, customers=customers, file_format="parquet")
    home = jicha.open(folder / f"postgres-home-{customers}")
    home.load([extract])
    chosen = [home.library.rule(name) for name in rules]
    tables = tables_of(home.library, chosen)
    with duckdb.connect() as source, cluster() as url, psycopg.connect(url, autocommit=True) as target:
        source.execute("SET preserve_insertion_order = false")
        home.snapshot().create_views(source)
        create_working_day(source, *calendar_span([MONTH]))
        rows = copy_tables(source, target, tables, folder)
        target.execute(f"SET statement_timeout = '{TIMEOUT_SECONDS}s'")
        print(
            f"PostgreSQL {target.info.server_version // 10000}, {len(tables)} tables, {rows:,} rows; "
            f"DuckDB {duckdb.__version__} on Parquet; {customers:,} customers, best of up to {RUNS} after one to warm"
        )
        return report(measure(home.library, rule, source, target) for rule in chosen)


def report(measured: Iterable[Measured]) -> list[Measured]:
    """Print a line a rule as it comes, then the median and the total."""
    print(f"{'rule':8} {'facts':>5} {'rows':>9} {'PostgreSQL s':>13} {'DuckDB s':>9} {'ratio':>8}  result")
    done: list[Measured] = []
    for one in measured:
        done.append(one)
        slow = f"> {TIMEOUT_SECONDS}" if one.postgres is None else f"{one.postgres:.3f}"
        ratio = f"{'> ' if one.postgres is None else ''}{one.ratio:.1f}"
        print(
            f"{one.rule_id:8} {one.facts:5} {one.rows:9,} {slow:>13} {one.duckdb:9.3f} {ratio:>8}  {one.same}",
            flush=True,
        )
    total = sum(one.postgres or TIMEOUT_SECONDS for one in done) / sum(one.duckdb for one in done)
    floor = "at least " if any(one.postgres is None for one in done) else ""
    print(
        f"median ratio {_median(done)} (contract tables only {_median(one for one in done if not one.facts)}, "
        f"with facts {_median(one for one in done if one.facts)}), total ratio {floor}{total:.1f} (goal >= {GOAL}); "
        f"equal results {sum(one.same == 'equal' for one in done)} of {len(done)}"
    )
    return done


def _median(measured: Iterable[Measured]) -> str:
    ratios = [one.ratio for one in measured]
    return f"{median(ratios):.1f}" if ratios else "none"


def main() -> int:
    """Run the comparison alone, in a temporary folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--extract", type=Path, help="a demo extract that is there already")
    parser.add_argument("--rules", nargs="+", default=list(RULES))
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a kill cleans up too
    with tempfile.TemporaryDirectory(prefix="jicha-bench-postgres-") as name:
        compare(Path(name), options.customers, options.rules, options.extract)
    return 0


if __name__ == "__main__":
    sys.exit(main())
