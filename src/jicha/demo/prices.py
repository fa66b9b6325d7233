"""The shipped price books (电价表) as table rows and as integer prices for billing."""

from __future__ import annotations

from functools import cache

from jicha.billing.books import PriceRow, StepRow, shipped_price_rows, shipped_step_rows
from jicha.demo.grid import day_number
from jicha.demo.points import TARIFFS

PRICE_SCALE = 10**9
OPEN_END = 10**6


@cache
def price_rows() -> tuple[PriceRow, ...]:
    """Return the prices of the tariffs that the demo utility uses."""
    return tuple(row for row in shipped_price_rows() if row.tariff_code in TARIFFS)


@cache
def step_rows() -> tuple[StepRow, ...]:
    """Return the step limits of the tariffs that the demo utility uses."""
    return tuple(row for row in shipped_step_rows() if row.tariff_code in TARIFFS)


@cache
def unit_price(tariff: str, voltage: str, component: str, register: str, day: int) -> int:
    """Return the price valid on a day in 10⁻⁹ yuan per unit; 0 where the book has no such price."""
    for row in price_rows():
        key = (row.tariff_code, row.voltage_code, row.component, row.register)
        end = day_number(row.valid_to) if row.valid_to else OPEN_END
        if key == (tariff, voltage, component, register) and day_number(row.valid_from) <= day < end:
            return int(row.unit_price * PRICE_SCALE)
    return 0


@cache
def step_limit(tariff: str, step: int) -> int:
    """Return the annual limit in kWh above which the step's increment is paid."""
    return next(int(row.above_kwh) for row in step_rows() if row.tariff_code == tariff and row.step == step)
