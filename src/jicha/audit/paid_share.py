"""What share of a customer's bills came in: how much of a confirmed amount may be hoped for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from importlib.resources import files

import duckdb
import pyarrow as pa

from jicha.mart import Snapshot


def paid_shares(snapshot: Snapshot, customers: Iterable[str], as_of: date) -> dict[str, Decimal]:
    """Return receipts ÷ bills that fell due before a day, at most 1, by customer; those without such a bill are left out."""
    wanted = pa.table({"customer_no": pa.array(sorted(set(customers)), pa.string())})
    query = files("jicha.audit").joinpath("sql", "paid_share.sql").read_text(encoding="utf-8")
    with duckdb.connect() as connection, snapshot.held():
        snapshot.create_views(connection)
        connection.register("wanted", wanted)
        rows = connection.execute(query, {"as_of": as_of}).fetchall()
    return {number: _share(Decimal(paid), Decimal(due)) for number, due, paid in rows}


def _share(paid: Decimal, due: Decimal) -> Decimal:
    """Return the share from 0 to 1, half up to four decimals."""
    whole = max(Decimal(0), min(Decimal(1), paid / due))
    return whole.quantize(Decimal("0.0001"), ROUND_HALF_UP)
