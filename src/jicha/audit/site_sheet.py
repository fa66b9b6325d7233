"""What a visit (现场核查) takes along of a customer: where, which meters with their last readings, which seals, and no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib.resources import files
from typing import Any

import duckdb
import pyarrow as pa

from jicha.mart import Snapshot


@dataclass(frozen=True, slots=True)
class SiteRegister:
    """One register of a meter: what it showed last. `digits` are the integer digits of the dial; values as the meter shows them."""

    mp_id: str
    usage: str
    wiring: str
    meter_id: str
    digits: int | None
    decimals: int | None
    multiplier: Decimal
    register: str | None
    previous_value: Decimal | None
    previous_at: datetime | None


@dataclass(frozen=True, slots=True)
class SiteSeal:
    """A seal that should be found, and where."""

    mp_id: str
    seal_no: str
    place: str | None


@dataclass(frozen=True, slots=True)
class SiteSheet:
    """All of one customer; `contract_kva` is the capacity that a register's advance is judged by."""

    customer_no: str
    name: str
    address: str
    contract_kva: Decimal | None
    registers: tuple[SiteRegister, ...]
    seals: tuple[SiteSeal, ...]


def site_sheets(snapshot: Snapshot, customers: Iterable[str]) -> dict[str, SiteSheet]:
    """Return the sheets by customer number; numbers that the snapshot does not know are left out."""
    wanted = pa.table({"customer_no": pa.array(sorted(set(customers)), pa.string())})
    with duckdb.connect() as connection, snapshot.held():
        snapshot.create_views(connection)
        connection.register("wanted", wanted)
        named = connection.execute(_query("site_customers")).fetchall()
        registers, seals = _by_customer(connection, "site_registers"), _by_customer(connection, "site_seals")
    return {
        number: SiteSheet(
            number, name or "", address or "", contract_kva,
            tuple(SiteRegister(*row) for row in registers[number]), tuple(SiteSeal(*row) for row in seals[number]),
        )
        for number, name, address, contract_kva in named
    }  # fmt: skip


def _query(name: str) -> str:
    return files("jicha.audit").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def _by_customer(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for number, *row in connection.execute(_query(name)).fetchall():
        found[number].append(tuple(row))
    return found
