"""In which district (台区) customers are: what a list of clues is grouped by."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files

import duckdb
import pyarrow as pa

from jicha.mart import Snapshot


def districts_of(snapshot: Snapshot, customers: Iterable[str]) -> dict[str, str]:
    """Return the district of each customer; those without one, at high voltage, are left out."""
    if "metering_point" not in snapshot.tables:
        return {}
    wanted = pa.table({"customer_no": pa.array(sorted(set(customers)), pa.string())})
    query = files("jicha.audit").joinpath("sql", "districts.sql").read_text(encoding="utf-8")
    with duckdb.connect() as connection, snapshot.held():
        snapshot.create_views(connection)
        connection.register("wanted", wanted)
        return dict(connection.execute(query).fetchall())
