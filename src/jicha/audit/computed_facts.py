"""Facts that no SELECT can make: their rows come from a function over the facts that they read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa

from jicha.audit.rebill.causes import bill_causes
from jicha.billing.policies import BillingPolicies

Progress = Callable[[str, int, int], None]
Computation = Callable[[duckdb.DuckDBPyConnection, Progress], pa.Table]
COMPUTED: dict[str, Callable[[BillingPolicies, duckdb.DuckDBPyConnection, Progress], pa.Table]] = {
    "bill_cause": bill_causes
}
PACKAGE = Path(__file__).resolve().parent.parent
# What a computed row may depend on beside the facts below it: a change in any of it makes the fact anew.
_CODE = ("billing", "audit/rebill", "policies", "calendars.py", "money.py", "periods.py")


def rows_name(fact_name: str) -> str:
    """Return the name under which a computed fact's rows stand while it is built."""
    return f"{fact_name}_rows"


@contextmanager
def computed_rows(
    fact_name: str, compute: Computation | None, connection: duckdb.DuckDBPyConnection, progress: Progress
) -> Iterator[None]:
    """Make the rows of a computed fact readable inside the block; nothing to do for a fact that is a SELECT."""
    if compute is None:
        yield
        return
    connection.register(rows_name(fact_name), compute(connection, progress))
    try:
        yield
    finally:
        connection.unregister(rows_name(fact_name))


@cache
def code_fingerprint() -> str:
    """Return the hash of the code and the policies that computed facts stand on."""
    digest = hashlib.sha256()
    for path in sorted(path for part in _CODE for path in _files(PACKAGE / part)):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    else:
        yield from (one for one in path.rglob("*") if one.suffix in (".py", ".sql", ".yaml"))
