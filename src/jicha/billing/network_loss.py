"""Losses of the network (线损): the statistical and the theoretical loss of feeders, buses and areas; not billed."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

_NOTHING = Decimal(0)
_THOUSAND = Decimal(1000)


def loss_kwh(supply_kwh: Decimal, sales_kwh: Iterable[Decimal], lossless_kwh: Decimal = _NOTHING) -> Decimal:
    """Return supply less sales; users without loss (无损用户) buy at the point of supply."""
    return supply_kwh - lossless_kwh - sum(sales_kwh, _NOTHING)


def rate_pct(part: Decimal, whole_kwh: Decimal) -> Decimal:
    """Return a part in percent of the whole, as exactly as the context allows."""
    return 100 * part / whole_kwh


def supply_kwh(generation: Decimal, plant_use: Decimal, purchase: Decimal, export: Decimal) -> Decimal:
    """Return what a network supplies (供电量): generation + purchase − use of the plant (厂用电) − export."""
    return generation + purchase - plant_use - export


def line_loss_kw(
    active_kw: Decimal, reactive_kvar: Decimal, voltage_kv: Decimal, resistance_ohm: Decimal
) -> Decimal:
    """Return the loss of a three-phase line, (P² + Q²) ÷ U² × R, in kW."""
    watts = (
        (active_kw * active_kw + reactive_kvar * reactive_kvar) * resistance_ohm / (voltage_kv * voltage_kv)
    )
    return watts / _THOUSAND


def current_loss_kwh(current_a: Decimal, resistance_ohm: Decimal, hours: Decimal, wires: int = 3) -> Decimal:
    """Return the loss of the root-mean-square current (均方根电流) in so many wires: 3·I²·R·T, in kWh."""
    return wires * current_a * current_a * resistance_ohm * hours / _THOUSAND
