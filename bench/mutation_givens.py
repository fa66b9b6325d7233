"""Small utilities of one customer, from which the bills on an edge are made."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests.billing_sql.bills import Given, Row, one_customer, price, reading, readings, scheme

BANDS = ("sharp", "peak", "flat", "valley", "deep_valley")
REGISTERS = ("total", *BANDS)
PRICED = ("energy", "purchase", "line_loss", "transmission", "system")
FLAT = scheme("RES_FLAT")
OWN = scheme("OWN")
MIDDLE = date(2026, 10, 16)
DAY = timedelta(1)


def own(base: str = "", **more: Any) -> list[Row]:
    """Return a book with every charge, only one component of which is adjusted by the power factor."""
    rows = [
        price(component, f"0.{number + 1}{place + 1}7", register, in_pf_base=component == base)
        for number, component in enumerate(PRICED)
        for place, register in enumerate(REGISTERS)
    ]
    single = {"fund": "0.029", "step2": "0.05", "step3": "0.3", "capacity": "30", "demand": "48"}
    rows += [price(name, yuan, in_pf_base=name.rstrip("23") == base) for name, yuan in single.items()]
    return [{**row, **more} for row in rows]


def steps(kind: str = "monthly", second: int = 200, third: int = 400, **more: Any) -> list[Row]:
    """Return the limits of the own book."""
    return [
        {"tariff_code": "OWN", "step_scheme": kind, "step": step, "above_kwh": limit, **more}
        for step, limit in ((2, second), (3, third))
    ]


def flat(**tables: list[Row]) -> Given:
    """Return a household at the flat price."""
    return one_customer(**{"price_scheme": [FLAT], "reading": readings(total=300), **tables})


def charged(mode: str, **tables: list[Row]) -> Given:
    """Return a customer with a basic charge."""
    usual = {
        "price": own(), "price_scheme": [scheme("OWN", basic_charge_mode=mode)], "customer": [{"contract_kva": 400}],
        "reading": readings(total=300, max_demand=100),
    }  # fmt: skip
    return one_customer(**{**usual, **tables})


def behind(mp_id: str, **more: Any) -> Row:
    """Return a point behind the main one."""
    return {"mp_id": mp_id, "parent_mp_id": "M1", **more}


def sub_reading(mp_id: str, kwh: object) -> Row:
    """Return a reading of a meter of its own."""
    return reading("total", kwh, mp_id=mp_id, meter_id=f"A{mp_id}")


def installed(*mp_ids: str) -> list[Row]:
    """Return the main meter and one of each other point."""
    return [{}, *({"mp_id": mp_id, "meter_id": f"A{mp_id}"} for mp_id in mp_ids)]
